"""What one environment of process takes while it works on ten large documents at once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.ground import TENANT
from bench.large_files import write_pdf
from bench.measuring import Count
from bench.memory_watch import MemoryWatch
from bench.quick_model import quick_model
from local import database_roles, emulator, nested, template
from local.emulator import Emulator
from local.lambdas.environment import Environment
from local.postgres import Postgres
from local.sqs_events import sqs_event
from local.system import Physical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

    from local.system import Function, System

_ROOT = Path(__file__).resolve().parents[1]
_MODEL_KEY, _WEBHOOK_KEY = "bench/model", "bench/webhooks"
_JOBS = 10
_TEXT_CHARS = 19_900_000  # a little less than a document may have
_PDF_BYTES = 60_000_000
_LATENCY_S = 2.0
_SENTENCES = (
    "The Supplier shall deliver the “Services” 📦 within thirty days of notice.",
    "The monthly fee is EUR 400 (four hundred) and is due on the first day of a month.",
    "Neither party is liable for delays that it could not foresee.",
)


class NotDoneError(Exception):
    """A job did not come to its end, so what was measured is not what was meant."""


def run(rounds: int | None) -> list[Count]:  # noqa: ARG001 (a peak is taken once)
    """Ten texts; five texts and five scans; ten scans: each in a new environment, by the template's size."""
    batches = {"ten texts": (10, 0), "five texts, five scans": (5, 5), "ten scans": (0, 10)}
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as scratch:
        directory = Path(scratch)
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        return asyncio.run(_measured(directory, batches))


async def _measured(directory: Path, batches: dict[str, tuple[int, int]]) -> list[Count]:
    postgres, aws = Postgres(directory), Emulator(directory)
    await asyncio.gather(postgres.start(), aws.start())
    try:
        passwords = directory / "roles"
        system = _system(postgres.url, passwords, aws.url)
        await asyncio.to_thread(_prepared, postgres.url, passwords, aws.url, system)
        async with quick_model(latency_s=_LATENCY_S) as model:
            stand = _Stand(directory, postgres.url, aws.url, model, system)
            return [await stand.peak(name, *counts) for name, counts in batches.items()]
    finally:
        await asyncio.gather(postgres.stop(), aws.stop())


def _system(database_url: str, passwords: Path, aws_url: str) -> System:
    parameters = {
        "AnthropicSecretArn": emulator.secret_arn(_MODEL_KEY),
        "WebhookKeySecretArn": emulator.secret_arn(_WEBHOOK_KEY),
    }
    names = Physical(aws_endpoint=aws_url, region=emulator.REGION, account=emulator.ACCOUNT)
    return template.load(
        _ROOT / "template.yaml",
        parameters,
        physical=names,
        outputs=nested.outputs(database_url, database_roles.address_of(database_url, passwords)),
    )


def _prepared(database_url: str, passwords: Path, aws_url: str, system: System) -> None:
    from claimcheck.store.connection import Database
    from claimcheck.usecases.keys import create_key
    from claimcheck.usecases.migrate import migrate

    key = base64.b64encode(secrets.token_bytes(32)).decode()
    emulator.provision(aws_url, system, {_MODEL_KEY: "offline", _WEBHOOK_KEY: key})
    migrate(database_url)
    database_roles.give_passwords(database_url, passwords)
    database = Database(database_url)
    create_key(database, TENANT)
    database.close()


@dataclass(frozen=True)
class _Stand:
    """Where environments are measured."""

    directory: Path
    database_url: str
    aws_url: str
    model_url: str
    system: System

    @property
    def function(self) -> Function:
        return self.system.functions["ProcessFunction"]

    async def peak(self, name: str, texts: int, scans: int) -> Count:
        """The most that a new environment and its parsers take for one batch, in MiB."""
        jobs = await asyncio.to_thread(self._accepted, texts, scans)
        queue = self.system.queues["JobsQueue"]
        messages: Any = [
            {
                "MessageId": str(uuid.uuid4()),
                "ReceiptHandle": "r",
                "Body": json.dumps({"job_id": job}),
                "MD5OfBody": "",
                "Attributes": {},
            }
            for job in jobs
        ]
        event = json.dumps(sqs_event(messages, queue, emulator.REGION)).encode()
        environment = Environment(self.function, self.directory / "process.log")
        await environment.start(region=emulator.REGION, extra=self._variables())
        try:
            worker = psutil.Process(environment.pid)
            with MemoryWatch(lambda: [worker]) as memory:
                answer = await environment.invoke(event, str(uuid.uuid4()))
        finally:
            await environment.close()
        if answer.failed:
            raise NotDoneError(answer.payload.decode(errors="replace"))
        ended = await asyncio.to_thread(self._ended, jobs)
        notes = (f"{memory.before >> 20} MiB before the batch", ended)
        return Count(f"MiB of process, {name}", memory.peak >> 20, self.function.memory_mb, notes)

    def _variables(self) -> dict[str, str]:
        access_key, secret_key = emulator.CREDENTIALS
        return {
            "ANTHROPIC_BASE_URL": self.model_url,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def _accepted(self, texts: int, scans: int) -> list[str]:
        from claimcheck.aws.objects import S3Objects
        from claimcheck.store.connection import Database

        database = Database(self.database_url)
        client = emulator.client_of("s3", self.aws_url)
        objects = S3Objects(self.system.buckets["DocumentsBucket"].name, connect=lambda: client)
        jobs = []
        for number in range(texts + scans):
            text = _text(number) if number < texts else None
            content = _scan(self.directory, number) if text is None else text.encode()
            media_type = "application/pdf" if text is None else "text/plain"
            jobs.append(_accept(database, objects, content, media_type))
            if text is not None:
                _as_read(database, jobs[-1], text)
        database.close()
        return jobs

    def _ended(self, jobs: Sequence[str]) -> str:
        from claimcheck.store.connection import Database
        from claimcheck.store.reading import get_job

        database = Database(self.database_url)
        views = [get_job(database, TENANT, job) for job in jobs]
        database.close()
        found = [json.loads(view.body) for view in views if view is not None]
        failed = [job["error"]["code"] for job in found if job["error"] is not None]
        if failed:
            raise NotDoneError(f"{len(failed)} of {len(jobs)} jobs failed: {', '.join(failed)}")
        calls = sum(job["usage"]["calls"] for job in found)
        done = sum(job["status"] == "completed" for job in found)
        return f"{done} of {len(jobs)} jobs done in one attempt, {calls} calls"


def _accept(database: Database, objects: Any, content: bytes, media_type: str) -> str:
    from claimcheck.store.documents import object_key
    from claimcheck.store.jobs import NewJob, Ticket, accept_job

    sha256 = hashlib.sha256(content).digest()
    objects.put(object_key(TENANT, sha256), content, media_type)
    job = NewJob(
        tenant_id=TENANT,
        task="extract",
        params={"fields": [{"name": "fee", "type": "string"}]},
        priority="standard",
        metadata={},
        webhook_url=None,
        max_cost_usd=None,
        name="large",
        media_type=media_type,
        size_bytes=len(content),
        sha256=sha256,
    )
    ticket = accept_job(database, job)
    if not isinstance(ticket, Ticket):
        raise NotDoneError("a job was not accepted")
    return ticket.job_id


def _as_read(database: Database, job_id: str, text: str) -> None:
    """As an attempt before leaves it. All texts are in memory at once then, at the very beginning."""
    from claimcheck.documents.text import DocumentText
    from claimcheck.store.documents import get_document, save_text

    document = get_document(database, TENANT, job_id)
    if document is None:
        raise NotDoneError("a job was not accepted")
    save_text(database, document.document_id, DocumentText(text), text_is_content=True)


def _text(number: int) -> str:
    """The longest text that is read, and no other one's; with a character that makes each take four bytes."""
    block = "".join(f"{at}. {_SENTENCES[at % 3]} Reference {number}.\n" for at in range(20_000))
    return (block * (_TEXT_CHARS // len(block) + 1))[:_TEXT_CHARS]


def _scan(directory: Path, number: int) -> bytes:
    """A PDF whose every page is a picture under lines of text, so that all are shown as images."""
    file = directory / "scan.pdf"
    write_pdf(file, _PDF_BYTES, seed=number)
    content = file.read_bytes()
    file.unlink()
    return content
