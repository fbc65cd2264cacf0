"""Any order of what may happen to jobs, on a real PostgreSQL, compared with a model in plain Python.

CI runs the same examples every time; `CLAIMCHECK_MACHINE_EXAMPLES=2000` runs so many new ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from claimcheck.store import calls
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine.job_model import CIRCUIT_OPENS_AFTER
from tests.integration.machine.job_time import TimedJobMachine

if TYPE_CHECKING:
    import psycopg
    import pytest
    from claimcheck.store.connection import Database

_MORE = os.environ.get("CLAIMCHECK_MACHINE_EXAMPLES")
SETTINGS = settings(
    max_examples=int(_MORE or 100),
    stateful_step_count=60,
    derandomize=_MORE is None,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_whatever_happens_to_jobs(
    database: Database,
    sql_connection: psycopg.Connection[tuple[object, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows, events, money, webhooks and answers are what the model says, after every step."""

    class Machine(TimedJobMachine):
        def __init__(self) -> None:
            super().__init__(database, sql_connection)

    monkeypatch.setattr(calls, "CIRCUIT_OPENS_AFTER", CIRCUIT_OPENS_AFTER)
    run_state_machine_as_test(Machine, settings=SETTINGS)
