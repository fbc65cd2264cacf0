"""A process is killed before and after every statement and every call to the outside, one run for each.

`pytest -rP` prints the boundaries of each run.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from local.postgres import Postgres
from tests.faults import crash_plays as plays
from tests.faults.crash_deployment import Deployment, request
from tests.faults.crash_invariants import jobs_of, paid_for, unknown_calls
from tests.faults.crash_points import every_crash
from tests.integration.conftest import Server
from tests.integration.functions.model_gate import ModelGate
from tests.integration.functions.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from tests.faults.crash_points import Staged

    Prepare = Callable[[Deployment, str], Staged]

PROCESS = [
    plays.process,
    plays.process_large,
    plays.process_throttled,
    plays.process_malformed,
    plays.process_refused,
    plays.process_cut_off,
    plays.process_paid,
    plays.process_held,
    plays.process_two,
    plays.process_shared,
]
ECONOMY = [
    plays.economy_send,
    plays.economy_read,
    plays.economy_park,
    plays.economy_search,
    plays.economy_use,
    plays.economy_cancel,
]
SUBMIT = [plays.submit, plays.submit_large, plays.submit_without_a_key, plays.submit_again]
OTHERS = [plays.notify, plays.record, plays.sweep, plays.cancel, plays.redrive, plays.bury]
WITH_NOTHING_LEFT = [plays.economy_read, plays.submit, plays.process, plays.notify, plays.record, plays.sweep]
# A use case's first play and those that end elsewhere run in CI, its variants where there is time.
IN_CI = {plays.submit, plays.process, plays.process_paid, plays.economy_send, *OTHERS}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment that has worked on one job: what is imported on first use has been imported."""
    directory = tmp_path_factory.mktemp("crash")
    postgres = Postgres(directory / "postgres")
    model, receiver = ModelGate(), Receiver()
    with asyncio.Runner() as runner:
        try:
            runner.run(postgres.start())
            server = Server(postgres, directory)
            url = server.migrated()
            where = server.address_of(url)
            deployed = Deployment(url, where, directory / "cloud", model, receiver)
            try:
                deployed.accept(request(deployed.tenant(), webhook_url=receiver.url))
                deployed.recover()
                yield deployed
            finally:
                deployed.close()
        finally:
            runner.run(postgres.stop())
            model.close()
            receiver.close()


def _name(play: Prepare) -> str:
    return play.__name__


def _chosen(plays_: Sequence[Prepare], in_ci: Collection[Prepare]) -> list[object]:
    return [each if each in in_ci else pytest.param(each, marks=pytest.mark.long) for each in plays_]


def _killed_everywhere(deployment: Deployment, play: Prepare, *, lost: bool) -> None:
    boundaries, wrong = every_crash(deployment, play, lost=lost)
    print(f"{play.__name__}: {len(boundaries)} boundaries", *boundaries, sep="\n")
    assert len(boundaries) > 1
    assert wrong == {}


@pytest.mark.parametrize("play", _chosen([*SUBMIT, *PROCESS, *ECONOMY, *OTHERS], IN_CI), ids=_name)
def test_a_process_may_be_killed_anywhere(deployment: Deployment, play: Prepare) -> None:
    """Each job ends once, is told of and paid for once, and a client that asks again gets the same one."""
    _killed_everywhere(deployment, play, lost=False)


@pytest.mark.parametrize("play", _chosen(WITH_NOTHING_LEFT, {plays.process}), ids=_name)
def test_a_process_may_be_killed_anywhere_and_every_message_lost(
    deployment: Deployment, play: Prepare
) -> None:
    """The same holds where nothing is left but the database."""
    _killed_everywhere(deployment, play, lost=True)


def test_a_refusal_is_paid_for_once(deployment: Deployment) -> None:
    """A worker that dies when a refusal is known and the job not yet failed is followed by no second call."""
    deployment.model.reset()
    plays.process_refused(deployment, deployment.tenant())
    assert deployment.run(queue="process", kill_at="before finish_job").killed
    deployment.recover()
    assert paid_for(deployment) == 1


def test_an_overloaded_model_costs_nothing(deployment: Deployment) -> None:
    """A capped job that hears 529 is told of no unknown call, and its cap is as far away as before."""
    deployment.model.reset()
    tenant = deployment.tenant()
    deployment.model.faults.fault("status", status=529)
    deployment.accept(request(tenant, max_cost_usd=5))
    deployment.run(queue="process")
    deployment.change(
        "UPDATE jobs SET max_cost_usd = 1.5 * (SELECT max(worst_usd) FROM model_calls WHERE job_id = jobs.id)"
        " WHERE tenant_id = %s",
        tenant,
    )
    deployment.recover()
    assert list(jobs_of(deployment, tenant).values()) == ["completed"]
    assert unknown_calls(deployment, tenant) == 0
