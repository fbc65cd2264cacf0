"""Large documents, as a client of the running system uploads them."""

from __future__ import annotations

import hashlib
import random
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import psycopg
import pytest
from botocore.config import Config
from claimcheck.client.errors import ApiProblem, StorageRefused

from bench.large_files import write_pdf, write_text
from bench.memory_watch import MemoryWatch, workers_of
from client import upload
from client.api import Api
from client.connection import read_up
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

# Two hundred megabytes are made, hashed, sent and read: that took more than four minutes at a load of 26.
ENDLESS = pytest.mark.timeout(1200)
BOUND = 512 << 20
LARGEST = 200 << 20


def watched(system: Running) -> MemoryWatch:
    """A watch over the environments of process of this system."""
    database_url = read_up(system.data)["database_url"]
    return MemoryWatch(lambda: workers_of("claimcheck-ProcessFunction", database_url))


@pytest.fixture
def content() -> bytes:
    """A document that no other test has."""
    return f"File {uuid.uuid4()}. The monthly fee is EUR 400.".encode()


def announce(api: Api, content: bytes, **changes: Any) -> dict[str, Any]:
    """Announce bytes."""
    said = {"name": "a.txt", "media_type": "text/plain", "size": len(content)}
    return api.announce(**{**said, "sha256": hashlib.sha256(content).hexdigest(), **changes})


def summarise(api: Api, document_id: str) -> str:
    """A job that names a document; its id."""
    return api.submit("summarise", {"document": {"document_id": document_id}})["job_id"]


def kinds(api: Api, job_id: str) -> list[str]:
    """What happened to a job."""
    return [event["type"] for event in api.events(job_id)["events"]]


def refused(api: Api, target: dict[str, Any], content: bytes) -> str:
    """The storage's word against an upload."""
    with pytest.raises(StorageRefused) as caught:
        api.upload(target, [content])
    return f"{caught.value.status} {caught.value.code}"


def objects_of(system: Running, content: bytes) -> list[str]:
    """The keys under which the documents' bucket has these bytes' digest; the pages have another one."""
    s3: Any = boto3.client(
        "s3",
        endpoint_url=read_up(system.data)["services"]["aws"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(s3={"addressing_style": "path"}),
    )
    (bucket,) = (each for each in s3.list_buckets()["Buckets"] if "site" not in each["Name"].lower())
    digest = hashlib.sha256(content).hexdigest()
    found = s3.list_objects_v2(Bucket=bucket["Name"], Prefix="documents/").get("Contents", [])
    return [each["Key"] for each in found if each["Key"].endswith(digest)]


def readable_by_pages(system: Running, api: Api, job_id: str, content: bytes) -> None:
    """What was handed in is behind the link, for a page of the console as well, which may upload, too."""
    url = api.json("GET", f"/jobs/{job_id}/document")["original"]["url"]
    page = {"Origin": "http://127.0.0.1:3000"}
    answer = httpx.get(url, headers=page)
    assert answer.content == content
    assert answer.headers["access-control-allow-origin"] == "*"
    asked = {"Access-Control-Request-Method": "PUT"}
    asked |= {"Access-Control-Request-Headers": "content-type,x-amz-checksum-sha256"}
    # Built functions have the bucket at an address each (local/permissions), where nobody asks beforehand.
    itself = httpx.URL(url).copy_with(port=httpx.URL(read_up(system.data)["services"]["aws"]).port)
    allowed = httpx.options(itself, headers=page | asked).headers
    assert "PUT" in allowed["access-control-allow-methods"]
    assert allowed["access-control-allow-headers"] == "*"


def test_a_document_is_uploaded_and_then_named(system: Running, api: Api, content: bytes) -> None:
    """The job is worked on at once; the text is the document's."""
    document = announce(api, content)
    api.upload(document["upload"], [content])
    wait_for("the document", lambda: api.get_document(document["document_id"])["status"] == "stored")
    job = api.wait(summarise(api, document["document_id"]))
    assert job["status"] == "completed", job
    assert kinds(api, job["job_id"]) == ["accepted", "claimed", "completed"]
    assert api.document(job["job_id"]) == content.decode()
    readable_by_pages(system, api, job["job_id"], content)
    assert api.get_document(document["document_id"])["status"] == "read"


def test_a_document_is_named_and_then_uploaded(api: Api, content: bytes) -> None:
    """The job waits, says for what, and goes on when the bytes are here."""
    document = announce(api, content)
    job_id = summarise(api, document["document_id"])
    waiting: Any = api.get(job_id)
    assert (waiting["status"], waiting["attempt"]) == ("pending", 0)
    assert waiting["waits_for"]["document"] == f"/documents/{document['document_id']}"
    api.upload(document["upload"], [content])
    job = api.wait(job_id)
    assert job["status"] == "completed", job
    assert kinds(api, job_id) == ["accepted", "document_arrived", "claimed", "completed"]


def test_a_document_that_is_not_uploaded_can_be_cancelled(api: Api, content: bytes) -> None:
    """A job that waits is a pending one."""
    job_id = summarise(api, announce(api, content)["document_id"])
    assert api.cancel(job_id)["status"] == "cancelled"


def test_an_upload_takes_no_other_bytes(system: Running, api: Api, content: bytes) -> None:
    """Other bytes, fewer, another type or no word of the digest: all are refused, and nothing is kept."""
    document = announce(api, content)
    target = document["upload"]

    def with_headers(**changes: str | None) -> dict[str, Any]:
        changed = {**target["headers"], **{name.replace("_", "-"): value for name, value in changes.items()}}
        headers = {name: value for name, value in changed.items() if value is not None}
        return {**target, "headers": headers}

    assert refused(api, target, content[::-1]) == "400 BadDigest"
    fewer = with_headers(**{"Content-Length": str(len(content) - 1)})
    assert refused(api, fewer, content[:-1]) == "403 SignatureDoesNotMatch"
    typed = with_headers(**{"Content-Type": "application/pdf"})
    assert refused(api, typed, content) == "403 SignatureDoesNotMatch"
    silent = with_headers(**{"x-amz-checksum-sha256": None})
    assert refused(api, silent, content) == "403 SignatureDoesNotMatch"
    elsewhere = {**target, "url": target["url"].replace("/documents/local/", "/documents/other/")}
    assert refused(api, elsewhere, content) == "403 SignatureDoesNotMatch"
    assert objects_of(system, content) == []
    assert api.get_document(document["document_id"])["status"] == "waiting"


def test_the_same_bytes_are_uploaded_once(system: Running, api: Api, content: bytes) -> None:
    """A second announcement needs no upload; uploading again all the same changes nothing."""
    document = announce(api, content)
    api.upload(document["upload"], [content])
    api.upload(document["upload"], [content])
    wait_for("the document", lambda: api.get_document(document["document_id"])["status"] == "stored")
    again = announce(api, content)
    assert (again["document_id"], again["upload"]) == (document["document_id"], None)
    other = announce(api, content, name="b.txt")
    assert (other["status"], other["upload"]) == ("stored", None)
    jobs = [summarise(api, each["document_id"]) for each in (again, other)]
    assert [api.wait(job_id)["status"] for job_id in jobs] == ["completed", "completed"]
    assert len(objects_of(system, content)) == 1


def test_another_tenants_document_is_none(system: Running, api: Api, content: bytes) -> None:
    """Neither shown nor to be named in a job: as one that never was."""
    from claimcheck.store.connection import Database
    from claimcheck.usecases.keys import create_key

    document_id = announce(api, content)["document_id"]
    database = Database(read_up(system.data)["database_url"])
    with Api(system.url, create_key(database, f"t{uuid.uuid4().hex[:8]}")) as other:
        for unknown in (document_id, str(uuid.uuid4())):
            with pytest.raises(ApiProblem, match="404 Not Found: There is no such document"):
                other.get_document(unknown)
            with pytest.raises(ApiProblem, match=r"422 .*\(/document/document_id names no document of yours"):
                summarise(other, unknown)
    database.close()


def test_requests_without_a_key_are_refused(system: Running) -> None:
    """As everywhere."""
    assert httpx.post(f"{system.url}/documents", json={}).status_code == 401
    assert httpx.get(f"{system.url}/documents/{uuid.uuid4()}").status_code == 401


@pytest.mark.long
@ENDLESS
def test_200_mb_of_pdf_are_read_and_shown_in_half_a_gibibyte(
    system: Running, api: Api, tmp_path: Path
) -> None:
    """Uploaded piece by piece by the client's own way; worker, parser and page images stay below 512 MiB."""
    file = tmp_path / "scan.pdf"
    pages = write_pdf(file, 206_000_000, seed=random.randrange(1 << 30))
    assert 196 << 20 < file.stat().st_size <= LARGEST
    with watched(system) as memory, upload.opened(str(file)) as source:
        document = upload.handed_in(api, source)
        job = api.wait(api.submit("summarise", {"document": document})["job_id"])
    assert job["status"] == "completed", job
    assert (job["result"] or {})["coverage"]["pages"] == pages
    assert file.stat().st_size < memory.peak < BOUND
    kept = psycopg.connect(read_up(system.data)["database_url"])
    ((size, in_row),) = kept.execute(
        "SELECT o.size_bytes, o.content IS NOT NULL FROM jobs JOIN documents d ON d.id = document_id"
        " JOIN objects o ON o.key = d.object_key WHERE jobs.id = %s",
        [job["job_id"]],
    ).fetchall()
    kept.close()
    assert (size, in_row) == (file.stat().st_size, False)


@ENDLESS
def test_200_mb_of_text_are_refused_unread(system: Running, api: Api, tmp_path: Path) -> None:
    """More than 20 million characters are too many, and the worker does not load them to find out."""
    file = tmp_path / "endless.txt"
    write_text(file, LARGEST, seed=random.randrange(1 << 30))
    with watched(system) as memory, upload.opened(str(file)) as source:
        document = upload.handed_in(api, source)
        job = api.wait(api.submit("summarise", {"document": document})["job_id"])
    assert (job["error"] or {"code": None})["code"] == "document_too_large", job
    assert 0 < memory.peak < BOUND
    assert memory.peak - memory.before < file.stat().st_size


def test_more_than_200_mb_are_refused_before_they_are_sent(api: Api) -> None:
    """422 with a pointer to the size."""
    with pytest.raises(ApiProblem, match=r"422 .*\(/bytes must be a whole number from 1 to 209715200"):
        announce(api, b"", size=LARGEST + 1)
