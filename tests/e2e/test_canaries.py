"""Nothing of a customer's and no secret is in anything that the running system logs, whatever happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.conftest import start
from tests.integration.functions.otlp_receiver import Collector
from tests.integration.functions.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator


from tests.e2e.canary_plays import (
    cut_connections,
    fails,
    goes_well,
    is_broken,
    is_refused,
    keep_secrets,
    meets_the_database,
    refuse,
)
from tests.e2e.canary_run import Run

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("canaries")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The system after all that may happen to it, still running."""
    directory = tmp_path_factory.mktemp("canaries")
    collector, receiver = Collector(), Receiver()
    chosen = ("LogLevel=DEBUG", "Tracing=otlp", f"TracingEndpoint={collector.url}")
    parameters = [word for each in chosen for word in ("--parameter", each)]
    process, system = start(directory, "--allow-loopback-webhooks", *parameters)
    driven = Run(system, directory / "up.err", Canaries(), receiver, collector)
    try:
        receiver.answer = driven.canaries.new("receiver's answer").encode()
        keep_secrets(driven)
        for play in (goes_well, fails, is_refused, is_broken, meets_the_database):
            play(driven)
        yield driven
    finally:
        process.terminate()
        process.wait(20)
        receiver.close()
        collector.close()


def test_no_canary_is_in_anything_that_was_logged(run: Run) -> None:
    """Functions, gateway, emulator, model, database and `up` itself: in no form that a log may have."""
    logged = run.logged()
    assert len(run.canaries.values) > 60
    found = {path: run.canaries.found_in(text) for path, text in logged.items()}
    assert {path: leaks for path, leaks in found.items() if leaks} == {}


def test_what_was_searched_is_what_was_logged(run: Run) -> None:
    """Every function that was called wrote lines, and PostgreSQL told of the refused row."""
    logged = {path.rpartition("/")[2]: text for path, text in run.logged().items()}
    for function in (
        "Authorize",
        "Submit",
        "Documents",
        "Status",
        "Process",
        "Uploads",
        "Webhooks",
        "Notify",
    ):
        assert "REPORT RequestId" in logged[f"{function}Function.log"], function
    for function in ("Authorize", "Submit", "Status", "Process", "Notify", "Record"):
        assert '"function_request_id"' in logged[f"{function}Function.log"], function
    assert "violates check constraint" in logged["postgres.log"]
    assert "FROM accept_job(" in logged["postgres.log"]  # the statement, without its parameters
    assert "job worked on" in logged["ProcessFunction.log"]
    assert "signal: killed" in logged["ProcessFunction.log"]
    assert '"webhook posted"' in logged["NotifyFunction.log"]
    assert len(logged) > 12


def test_a_job_is_one_trace_through_real_processes(run: Run) -> None:
    """From the request to the webhook's outcome, each in a function of its own."""
    mine = [
        span
        for span in run.collector.spans()
        if span.attributes.get("claimcheck.job_id") == run.jobs["summary"]
    ]
    (attempt,) = [span for span in mine if span.name == "attempt summarise"]
    trace = [span for span in run.collector.spans() if span.trace_id == attempt.trace_id]
    assert {"POST /jobs/{id}", "POST webhook", "record outcome"} <= {span.name for span in trace}
    assert len({span.resource["faas.name"] for span in trace}) == 4
    (outcome,) = [span for span in trace if span.name == "record outcome"]
    assert outcome.resource["faas.name"].startswith("claimcheck-Record")


def test_every_line_of_a_job_has_its_ids(run: Run) -> None:
    """In real processes as well: each line about work on a job names the job, its tenant and the request."""
    about = ("job accepted", "job worked on", "attempt failed", "webhook posted", "webhook recorded")
    lines = [
        json.loads(line)
        for path, text in run.logged().items()
        if path.endswith("Function.log")
        for line in text.splitlines()
        if line.startswith("{") and '"level"' in line
    ]
    assert {line["message"] for line in lines} >= set(about)
    for line in lines:
        assert line["function_request_id"]
        if line["message"] in about:
            assert {"job_id", "tenant_id"} <= line.keys(), line["message"]
    accepted = {line["job_id"] for line in lines if line["message"] == "job accepted"}
    assert set(run.jobs.values()) <= accepted


def test_a_leak_of_the_database_is_found(run: Run) -> None:
    """With other settings the refused statement's parameters are in its log, and the search sees them."""
    with run.administrator() as database:
        for role in ("claimcheck", "claimcheck_api"):
            if database.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                for setting in ("log_error_verbosity = 'default'", "log_parameter_max_length_on_error = -1"):
                    database.execute(f"ALTER ROLE {role} SET {setting}".encode())
        cut_connections(database)
    run.canaries.values.clear()
    _refuse_until_logged(run)
    found = run.canaries.found_in((run.system.data / "logs" / "postgres.log").read_text(errors="replace"))
    assert "refused focus" in {kind for kind, _, _ in found}


def _refuse_until_logged(run: Run) -> None:
    """The first request after a cut connection may be answered 503."""
    for _ in range(3):
        try:
            refuse(run)
        except AssertionError:
            continue
        return
    pytest.fail("the database refused nothing")
