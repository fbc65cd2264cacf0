"""One run of one scenario: the ground it stands on, what it broke, and when."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults.model import ModelServer
from tests.faults.receiver import Receiver
from tests.faults.system import System
from tests.faults.template import SWEEP_S
from tests.faults.waiting import wait_for

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import psutil

    from tests.faults.burst import Burst


@dataclass(frozen=True, slots=True)
class Ground:
    """The system, the model server behind it and the receiver of its webhooks."""

    system: System
    model: ModelServer
    receiver: Receiver


@contextlib.contextmanager
def ground(
    directory: Path,
    *,
    outside_database: bool = False,
    lease_s: float,
    sweep_s: int = SWEEP_S,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Ground]:
    """Everything started; ended again, whatever happens."""
    with contextlib.ExitStack() as stack:
        receiver = Receiver()
        stack.callback(receiver.stop)
        model = ModelServer(directory / "model")
        stack.callback(model.stop)
        system = System(
            directory,
            model_url=model.url,
            outside_database=outside_database,
            lease_s=lease_s,
            sweep_s=sweep_s,
            variables=variables,
        )
        stack.callback(system.stop)
        yield Ground(system, model, receiver)


@dataclass(slots=True)
class Trial:
    """What a scenario acts on, and what it did.

    `hits`: the model calls that were under way at the kills, and when (epoch) that kill's fault was over.
    """

    ground: Ground
    burst: Burst
    chance: random.Random
    hits: dict[str, float | None] = field(default_factory=dict)
    ended_at: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def system(self) -> System:
        """The system that is being broken."""
        return self.ground.system

    @property
    def in_flight(self) -> set[str]:
        """The model calls that were under way at the kills."""
        return set(self.hits)

    def done(self) -> float:
        """The share of the burst that is final, 0 to 1."""
        return self.system.questions.final(self.burst.accepted()) / len(self.burst.jobs)

    def moments(self, count: int) -> Iterator[None]:
        """`count` moments during the burst, each at a random share of it done."""
        for at in sorted(self.chance.uniform(0.05, 0.6) for _ in range(count)):
            wait_for(f"{at:.0%} of the burst to be done", lambda at=at: self.done() >= at)  # type: ignore[misc]
            yield
            self.over()

    def over(self) -> None:
        """The fault has ended, as far as it does."""
        self.ended_at = time.time()
        for call, over_at in self.hits.items():
            self.hits[call] = self.ended_at if over_at is None else over_at

    def amid_calls(self, act: Callable[[], object]) -> bool:
        """Do `act` at a moment when model calls are in flight; the workers stand still meanwhile.

        So what is counted is what is hit: no call begins or ends between the count and the act. Where `act`
        finds nothing to act on and says False, another moment is sought. False when the burst was over
        before there was one. Raises RuntimeError where that is so for the first fault of a trial.
        """
        while self._any_call():
            with self.system.frozen() as calls:
                hit = calls - self.in_flight
                if hit and act() is not False:
                    self.hits |= dict.fromkeys(hit)
                    return True
        if not self.in_flight:
            raise RuntimeError("the burst was over before the fault: submit more jobs")
        self.notes.append("the burst was over before one of the faults")
        return False

    def busy_worker(self) -> psutil.Process | None:
        """One of the workers that wait for an answer now."""
        busy = self.system.busy_workers()
        return self.chance.choice(busy) if busy else None

    def _any_call(self) -> bool:
        """Wait for a call in flight that was not hit before; False when no more can come."""
        found: set[str] = set()

        def is_there() -> bool:
            found.update(self.system.questions.open_calls() - self.in_flight)
            return bool(found)

        wait_for("a model call in flight", lambda: is_there() or self.done() >= 1.0)
        return bool(found)
