"""What a process loads for its first answer: what is not loaded at its start is waited for as well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions import first_answer
from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import get_job, post_job, recorded
from tests.integration.functions.stage import queues_endpoint

if TYPE_CHECKING:
    from tests.integration.conftest import Server

# What none of them has any use for. Making boto3's client takes longer than all else that submit loads.
NEVER = {
    "alembic",
    "anthropic",
    "boto3",
    "cryptography",
    "httpx",
    "jsonschema",
    "opentelemetry",
    "sqlalchemy",
}
ALLOWED = {
    "submit": {"aws_lambda_powertools", "botocore", "psycopg", "pydantic", "urllib3"},
    "status": {"aws_lambda_powertools", "psycopg"},
    "authorize": {"aws_lambda_powertools", "psycopg"},
}
WEIGHED = set.union(*ALLOWED.values()) | NEVER


def first_answer_of(name: str, event: dict[str, Any], variables: dict[str, str]) -> tuple[Any, set[str]]:
    """A new process's answer to its first event, and the packages that it had loaded then."""
    paths = os.pathsep.join([str(first_answer.ROOT / "layers" / "common"), str(first_answer.ROOT)])
    done = subprocess.run(
        [sys.executable, first_answer.__file__, name],
        input=json.dumps(event),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **variables, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # botocore has one module without any weight that says which errors there are.
    packages = {module.partition(".")[0] for module in found["loaded"] if module != "botocore.exceptions"}
    light = {module for module in found["loaded"] if module.startswith("botocore.")} <= {
        "botocore.exceptions"
    }
    return found["answer"], packages - ({"botocore"} if light else set())


@pytest.mark.parametrize("name", ALLOWED)
def test_the_first_answer_loads_what_it_needs(name: str, server: Server, database_url: str) -> None:
    """Of the packages that weigh, these and no others; one too many is named."""
    role = "auth" if name == "authorize" else "api"
    endpoint = queues_endpoint()
    queue = f"{endpoint}/123456789012/unknown"
    variables = {
        "DATABASE_URL": server.url_for(role, database_url),
        "DOCUMENTS_BUCKET": "documents",
        "JOBS_QUEUE_URL": queue,
        "DELIVERIES_QUEUE_URL": queue,
        "SLOW_DELIVERIES_QUEUE_URL": queue,
        "WEBHOOK_KEY_SECRET_ARN": "key",
        "SHARED_USAGE_KEY": "shared",
        "POWERTOOLS_SERVICE_NAME": "claimcheck",
        "POWERTOOLS_METRICS_NAMESPACE": "Claimcheck",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
    }
    authorize = recorded("authorizer-request")
    authorize["headers"] = {"Authorization": f"Bearer ck_{'0' * 12}_{'0' * 43}"}
    events = {
        "submit": post_job("extract", EXTRACT),
        "status": get_job("0195f3a0-0000-7000-8000-000000000000"),
        "authorize": authorize,
    }
    answer, packages = first_answer_of(name, events[name], variables)
    assert answer.get("statusCode") in {202, 404, None}
    assert packages & WEIGHED == ALLOWED[name]
