"""The trail of a job in a running system, and what altering it by hand leads to."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest

from client.connection import read_up
from tests.e2e.conftest import COMMAND, QUIET

if TYPE_CHECKING:
    from client.api import Api
    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

BODY = {
    "document": {"text": "The lease begins on 1 May 2027 and ends on 30 April 2029."},
    "fields": ["lease"],
}


@pytest.fixture
def job_id(api: Api) -> str:
    """A job that is completed."""
    job = api.wait(api.submit("extract", BODY)["job_id"])
    assert job["status"] == "completed", job
    return job["job_id"]


def verify(system: Running, job_id: str) -> subprocess.CompletedProcess[str]:
    """`claimcheck verify JOB`."""
    return subprocess.run(
        [COMMAND, "verify", job_id, "--data", str(system.data)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **QUIET},
        check=False,
    )


def alter(system: Running, statement: str, job_id: str) -> None:
    """What somebody with all rights on the database may do: switch the guard off, alter, switch it on."""
    with psycopg.connect(read_up(system.data)["database_url"]) as connection:
        connection.execute("ALTER TABLE job_events DISABLE TRIGGER USER")
        connection.execute(statement.encode(), [job_id])
        connection.execute("ALTER TABLE job_events ENABLE TRIGGER USER")


def test_an_untouched_trail_verifies(system: Running, job_id: str) -> None:
    """accepted, claimed, completed: three events whose chain holds."""
    done = verify(system, job_id)
    assert (done.returncode, done.stdout.strip()) == (0, "ok: 3 events, chain intact")


def test_an_altered_event_is_named(system: Running, job_id: str) -> None:
    """`verify` says which event was altered, and ends with code 1."""
    alter(system, "UPDATE job_events SET attempt = 7 WHERE job_id = %s AND seq = 2", job_id)
    done = verify(system, job_id)
    assert done.returncode == 1
    assert "event 2: hash differs from its content" in done.stderr


def test_a_removed_event_is_named(system: Running, job_id: str) -> None:
    """A gap is found at the event after it."""
    alter(system, "DELETE FROM job_events WHERE job_id = %s AND seq = 2", job_id)
    done = verify(system, job_id)
    assert done.returncode == 1
    assert "event 3: gap in the numbering: 2 was expected here" in done.stderr


def test_an_altered_result_is_found(system: Running, job_id: str) -> None:
    """The trail holds a digest of the result that was stored."""
    with psycopg.connect(read_up(system.data)["database_url"]) as connection:
        connection.execute(
            """UPDATE jobs SET result = jsonb_set(result, '{fields,lease}', '"forged"') WHERE id = %s""",
            [job_id],
        )
    done = verify(system, job_id)
    assert done.returncode == 1
    assert "result altered" in done.stderr
