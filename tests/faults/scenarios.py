"""The table of scenarios, and how one is run."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults import kills, messages, storms
from tests.faults.burst import Burst
from tests.faults.invariants import Figures, examine, settle
from tests.faults.template import LEASE_S as SHORT
from tests.faults.template import SWEEP_S
from tests.faults.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.trial import Ground

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")  # Debian's package libfaketime
DEPLOYED_LEASE_S = 25.0  # template.yaml's own, as is the next
DEPLOYED_SWEEP_S = 60


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way of breaking the system while a burst goes through it.

    `outside_database`: PostgreSQL does not belong to `up`. `lease_s`: as deployed, but short where leases
    have to run out. `sweep_s`: how often sweep runs. `variables`: of the workers' environment.
    `failing_with`: how marked jobs have to fail; all others have to be completed.
    """

    name: str
    act: Callable[[Trial], None]
    about: str
    outside_database: bool = False
    lease_s: float = DEPLOYED_LEASE_S
    sweep_s: int = SWEEP_S
    variables: Mapping[str, str] = field(default_factory=dict)
    failing_with: str | None = None
    needs: Path | None = None


def _clock(seconds: int) -> dict[str, str]:
    """The wall clock alone: timers go by the monotonic one."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{seconds:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


_HANGING = {"JOB_TIMEOUT_S": "10"}  # a model call ends after five seconds

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("environment", kills.environments, "kill -9 of one environment, three times", lease_s=SHORT),
        Scenario(
            "functions", kills.functions, "kill -9 of all function processes, three times", lease_s=SHORT
        ),
        Scenario(
            "all-but-database",
            kills.all_but_database,
            "kill -9 of everything but PostgreSQL, twice",
            outside_database=True,
            lease_s=SHORT,
        ),
        Scenario("everything", kills.everything, "kill -9 of everything, twice", lease_s=SHORT),
        Scenario(
            "everything-as-deployed",
            kills.everything_once,
            "kill -9 of everything, with the template's own lease and sweep",
            sweep_s=DEPLOYED_SWEEP_S,
        ),
        Scenario("database", kills.database, "kill -9 of PostgreSQL, three times"),
        Scenario(
            "database-restart",
            kills.database_restart,
            "clean restart of PostgreSQL, three times",
            outside_database=True,
        ),
        Scenario(
            "backends",
            kills.backends,
            "every connection to PostgreSQL ended, three times",
        ),
        Scenario("queues", kills.queues, "kill -9 of the queues, every message lost, twice"),
        Scenario("duplicates", messages.duplicates, "every doorbell five times, shuffled, delayed"),
        Scenario("postman", messages.postman, "messages twice, late, in reverse order; all queues"),
        Scenario("paused", kills.paused, "a worker stopped past its lease, then going on", lease_s=SHORT),
        Scenario(
            "clock-ahead",
            kills.wrong_clock,
            "workers' clock +5 min",
            lease_s=SHORT,
            variables=_clock(300),
            needs=FAKETIME,
        ),
        Scenario(
            "clock-behind",
            kills.wrong_clock,
            "workers' clock -5 min",
            lease_s=SHORT,
            variables=_clock(-300),
            needs=FAKETIME,
        ),
        Scenario(
            "model-429",
            storms.passing("model_throttled", kind="status", status=429, retry_after=2),
            "429 with retry-after: 2",
        ),
        Scenario("model-529", storms.passing("model_overloaded", kind="status", status=529), "529"),
        Scenario("model-500", storms.outage("model_error", kind="status", status=500), "500"),
        Scenario("model-hang", storms.outage("model_timeout", kind="hang"), "no answer", variables=_HANGING),
        Scenario("model-cut", storms.outage("model_unreachable", kind="cut"), "answers cut short"),
        Scenario("model-reset", storms.outage("model_unreachable", kind="reset"), "connections reset"),
        Scenario("model-malformed", storms.passing("answer_malformed", kind="malformed"), "no JSON"),
        Scenario(
            "model-truncated",
            storms.chosen({"kind": "truncate"}),
            "max_tokens for a quarter of the jobs: they fail",
            failing_with="answer_truncated",
        ),
        Scenario(
            "model-refusal",
            storms.chosen({"kind": "refusal"}),
            "refusal for a quarter of the jobs: they fail",
            failing_with="model_refusal",
        ),
    )
}


def prove(scenario: Scenario, ground: Ground, *, seed: int, jobs: int, move_on: bool = True) -> Figures:
    """Run a scenario on a ground made for it, and count what has come of it."""
    started = time.monotonic()
    ground.model.forget()
    burst = Burst(
        f"{scenario.name}-{seed}",
        jobs,
        url=ground.system.url,
        key=ground.system.key,
        webhook_url=ground.receiver.url,
        marked=storms.MARK if scenario.failing_with else None,
        failing_with=scenario.failing_with,
    )
    trial = Trial(ground, burst, random.Random(f"{scenario.name}/{seed}"))
    figures = Figures(scenario.name, seed)
    try:
        burst.first(lambda job_id: ground.system.questions.final([job_id]) == 1)
        burst.start()
        scenario.act(trial)
        burst.join()
        figures.moved_on = settle(trial, move_on=move_on)
    finally:
        burst.close()
    examine(trial, figures)
    figures.seconds = time.monotonic() - started
    return figures
