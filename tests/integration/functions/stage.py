"""All functions of one deployment in this process, each with the environment that the template gives it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib.util
import io
import json
import logging
import os
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from claimcheck import telemetry
from claimcheck.bootstrap import answering, operating, working
from moto.server import ThreadedMotoServer

from local import nested, template
from local.sqs_events import sqs_event
from local.system import Physical
from tests.integration.functions import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from claimcheck.usecases.submit import Submit
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient

    from local.system import System

ROOT = Path(__file__).resolve().parents[3]
REGION = "us-east-1"
MODEL_KEY = "sk-ant-the-key-in-secrets-manager"
_DATABASE_URL, _DATABASE_ADDRESS = "postgresql://each-test-has-its-own", "each-test.has-its-own"
MODEL_KEY_AT, WEBHOOK_KEY_AT = "claimcheck/anthropic", "claimcheck/webhook-key"


@cache
def queues_endpoint() -> str:
    """Where functions send to: moto as a server of this process. What `mock_aws` knows, it knows too."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@cache
def _system() -> System:
    parameters = {
        "AnthropicSecretArn": MODEL_KEY_AT,
        "WebhookKeySecretArn": WEBHOOK_KEY_AT,
        "TenantRateLimit": "10000",  # tests hurry
        "TenantBurst": "5000",
    }
    aws = Physical(aws_endpoint=queues_endpoint(), region=REGION, account="123456789012")
    return template.load(
        ROOT / "template.yaml",
        parameters,
        physical=aws,
        outputs=nested.outputs(_DATABASE_URL, _DATABASE_ADDRESS),
    )


@cache
def _aws() -> tuple[SQSClient, S3Client, SecretsManagerClient]:
    """The tests' own clients; to be made inside `mock_aws`, and good inside every later one."""
    return (
        boto3.client("sqs", region_name=REGION),
        boto3.client("s3", region_name=REGION),
        boto3.client("secretsmanager", region_name=REGION),
    )


class Context:
    """What the runtime tells a handler about an invocation."""

    memory_limit_in_mb = 512
    function_version = "$LATEST"

    def __init__(self, name: str, remaining_ms: int) -> None:
        self.function_name = name
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:123456789012:function:{name}"
        self.aws_request_id = str(uuid.uuid4())
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        """What is left of the function's timeout."""
        return self._remaining_ms


class Stage:
    """A deployment: `call` invokes a function in its warm environment, `output` is all that it printed."""

    def __init__(self, database_url: str, *, database_address: str, model_url: str) -> None:
        self.output = io.StringIO()
        self.sqs, self.s3, self.secrets = _aws()
        self.bucket = _system().buckets["DocumentsBucket"].name
        self.site_bucket = _system().buckets["SiteBucket"].name
        self._database = {_DATABASE_URL: database_url, _DATABASE_ADDRESS: database_address}
        self._overrides: dict[str, str] = {}
        self._withheld: set[str] = set()
        self._extra = {
            "ANTHROPIC_BASE_URL": model_url,
            "AWS_DEFAULT_REGION": REGION,
            "NO_PROXY": "127.0.0.1,localhost",
        }
        self._apps: dict[str, ModuleType] = {}
        self._loop = asyncio.new_event_loop()
        self._root_handler = logging.StreamHandler(self.output)
        logging.root.addHandler(self._root_handler)  # as the runtime client does
        _forget_environments()
        self._provision()

    def _provision(self) -> None:
        for queue in _system().queues.values():
            self.sqs.create_queue(QueueName=queue.name)
        for bucket in _system().buckets.values():
            self.s3.create_bucket(Bucket=bucket.name)
        self.secrets.create_secret(Name=MODEL_KEY_AT, SecretString=MODEL_KEY)
        self.secrets.create_secret(
            Name=WEBHOOK_KEY_AT, SecretString=base64.b64encode(os.urandom(32)).decode()
        )

    def move_to(self, database_url: str, database_address: str) -> None:
        """Give functions that have not run yet another database."""
        self._database = {_DATABASE_URL: database_url, _DATABASE_ADDRESS: database_address}

    def override(self, **variables: str) -> None:
        """Give these variables to functions that have not run yet, whatever the template says."""
        self._overrides |= variables

    def withhold(self, *variables: str) -> None:
        """Leave these out of the environment of functions that have not run yet."""
        self._withheld |= set(variables)

    def install(self, name: str, module: ModuleType) -> None:
        """Take this for a function's module, which was loaded from elsewhere."""
        self._apps[name] = module

    def call(self, name: str, event: Mapping[str, Any], *, remaining_s: int = 60) -> Any:
        """Invoke a function, as the runtime does; what it raises comes out."""
        with self._environment(name):
            if name not in self._apps:
                self._apps[name] = _load(name)
            return self._apps[name].handler(dict(event), Context(name, remaining_s * 1000))

    def accept(self, task: str = "extract", *, tenant: str = "acme", **fields: Any) -> str:
        """Hand in a job by `submit`; its id."""
        answer = self.call("submit", recorded.post_job(task, fields, tenant=tenant))
        assert answer["statusCode"] == 202, answer
        return str(json.loads(answer["body"])["job_id"])

    @contextlib.contextmanager
    def more_submits(self, count: int) -> Iterator[list[Submit]]:
        """So many further environments of `submit`, each with a connection of its own; good in any thread."""
        with self._environment("submit"):
            others = [answering.submit.__wrapped__() for _ in range(count)]
            yield others
        for other in others:
            other._database.close()

    def work(self, *job_ids: str) -> list[str]:
        """Ring for jobs in one batch; the ids of the messages that failed."""
        return recorded.failed_ids(self.call("process", recorded.doorbells(*job_ids)))

    def read(self, job_id: str, *, tenant: str = "acme") -> dict[str, Any]:
        """The job as `status` shows it."""
        answer = self.call("status", recorded.get_job(job_id, tenant=tenant))
        assert answer["statusCode"] == 200, answer
        job: dict[str, Any] = json.loads(answer["body"])
        return job

    def received(self, queue: str) -> recorded.Event:
        """Take what can be seen in a queue (`JobsQueue`) as the event that Lambda makes of it."""
        known = _system().queues[queue]
        messages = self.sqs.receive_message(
            QueueUrl=known.url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return sqs_event(messages, known, REGION)

    def put(self, queue: str, message: Mapping[str, Any]) -> None:
        """Put a message on a queue."""
        self.sqs.send_message(QueueUrl=_system().queues[queue].url, MessageBody=json.dumps(message))

    def bodies(self, queue: str) -> list[Any]:
        """The same messages' bodies."""
        return [json.loads(message["body"]) for message in self.received(queue)["Records"]]

    def delayed(self, queue: str) -> int:
        """How many messages of a queue wait for their delay to end."""
        url = _system().queues[queue].url
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessagesDelayed"])

    def lines(self) -> list[dict[str, Any]]:
        """Every JSON line that was printed: logs and metrics."""
        printed = self.output.getvalue().splitlines()
        return [json.loads(line) for line in printed if line.startswith("{")]

    def metric(self, name: str) -> float:
        """The sum of a metric over all invocations."""
        return sum(sum(line[name]) for line in self.lines() if "_aws" in line and name in line)

    def close(self) -> None:
        """Let go of every connection and put the process back as it was."""
        self._loop.run_until_complete(_close_model())
        _forget_environments()
        logging.root.removeHandler(self._root_handler)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        asyncio.set_event_loop(None)

    @contextlib.contextmanager
    def _environment(self, name: str) -> Iterator[None]:
        functions = _system().functions.values()
        function = next(each for each in functions if each.code_uri.name == name)
        variables = {
            **self._extra,
            **_located(function.environment, self._database),
            **{key: value for key, value in self._overrides.items() if _has(function.environment, key)},
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "LAMBDA_TASK_ROOT": str(function.code_uri),  # with it Powertools keeps to one event loop
        }
        asyncio.set_event_loop(self._loop)
        with (
            pytest.MonkeyPatch.context() as process,
            contextlib.redirect_stdout(self.output),
            contextlib.redirect_stderr(self.output),
        ):
            for each in functions:
                for variable in each.environment:
                    process.delenv(variable, raising=False)
            for variable in variables.keys() - self._withheld:
                process.setenv(variable, variables[variable])
            yield


def _has(declared: Mapping[str, str], variable: str) -> bool:
    """The database's address goes only to functions that have one; the rest is each test's wish."""
    return variable != "DATABASE_URL" or variable in declared


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_app", ROOT / "functions" / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_WITHOUT_DATABASE = (answering.openapi, answering.site, operating.publish)  # built of what they are given


def _forget_environments() -> None:
    """As if no function had run: nothing built is kept, no connection stays open."""
    for build in _builders():
        if build.cache_info().currsize and build not in _WITHOUT_DATABASE:
            _close_database(build)
        build.cache_clear()
    telemetry.logger.cache_clear()
    telemetry.metrics._sheets.cache_clear()
    telemetry.traces._tracing.cache_clear()
    # Powertools keeps a logger, with the stream it was made for, by its service's name.
    logging.root.manager.loggerDict.pop("claimcheck", None)


def _builders() -> list[Any]:
    """What `bootstrap` keeps for as long as an environment lives."""
    return [
        each
        for module in (answering, operating, working)
        for each in vars(module).values()
        if hasattr(each, "cache_clear")
    ]


async def _close_model() -> None:
    """The SDK's connections belong to this stage's event loop."""
    if working.process.cache_info().currsize:
        model: Any = working.process()._examine._answerer._called._models  # type: ignore[attr-defined]
        if model._client is not None:
            await model._client.close()


def _close_database(build: Callable[[], Any]) -> None:
    built = build()
    database = getattr(built, "_database", None) or getattr(built, "database", None)
    if database is not None:
        database.close()


def declared_environment(name: str, database_url: str, database_address: str) -> dict[str, str]:
    """What the template gives to a function of this name, its database being this one."""
    function = next(each for each in _system().functions.values() if each.code_uri.name == name)
    return _located(function.environment, {_DATABASE_URL: database_url, _DATABASE_ADDRESS: database_address})


def _located(declared: Mapping[str, str], databases: Mapping[str, str]) -> dict[str, str]:
    """What the template says, with a test's database in it: each function is its own role there."""
    variables = dict(declared)
    for placeholder, real in databases.items():
        if "DATABASE_URL" in variables:
            variables["DATABASE_URL"] = variables["DATABASE_URL"].replace(placeholder, real)
    return variables
