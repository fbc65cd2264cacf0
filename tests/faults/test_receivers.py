"""Twelve receivers, of which four hang and four answer 500, while notify, record and sweep are killed.

`python -m tests.faults --receivers` does so with thirty receivers and 500 deliveries, and measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from claimcheck.webhooks.standing import Widths

from tests.faults.isolation import KILLED, Storm, ground
from tests.faults.receivers import Kind
from tests.faults.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.isolation_figures import Figures

RECEIVERS = 12
SENDERS = 10  # environments that the fast queue has at once (template.yaml)
BURST = 24
SEED = 7
SCALE = 0.005

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("faults")]


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it; times in seconds."""

    figures: Figures
    waited_s: list[float]  # of each webhook to a healthy receiver, while the others hung
    hung_s: list[float]  # for how long each of the hanging calls was waited for


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Came]:
    """A call that hangs for each sender; a burst; another with kills; the bad ones recover."""
    directory = tmp_path_factory.mktemp("receivers")
    with ground(directory, receivers=RECEIVERS, schedule_scale=SCALE) as ready:
        storm = Storm(ready, seed=SEED)
        try:
            storm.idle(1)
            ready.receivers.worsen()
            hanging = storm.hold(SENDERS)
            storm.burst("bad", BURST)
            wait_for("the hanging calls to end", lambda: all(call.ended_at for call in hanging))
            storm.burst("kills", BURST, during=storm.kills(2))
            storm.recovered()
            hung_s = [call.ended_at - call.arrived_at for call in hanging if call.ended_at]
            yield Came(storm.examined(), storm.waits_s["bad"], hung_s)
        finally:
            storm.close()


def test_receivers_that_answer_wait_for_none_that_hangs(came: Came) -> None:
    """With a hanging call for every sender, each healthy receiver's first POST comes in less than half the
    time for which such a call is waited for.
    """
    assert len(came.hung_s) == SENDERS
    assert len(came.waited_s) == BURST // 3
    assert max(came.waited_s) < min(came.hung_s) / 2


def test_nothing_is_lost_through_kills(came: Came) -> None:
    """After kill -9 of notify, record and sweep, and the bad receivers' recovery, every webhook arrived."""
    assert set(came.figures.kills) == set(KILLED)
    assert came.figures.jobs == 2 + SENDERS + 2 * BURST
    assert (came.figures.missing, came.figures.undelivered) == (0, 0)


def test_every_post_is_genuine(came: Came) -> None:
    """The public library verifies each POST, and a job's event has one webhook-id, however often it comes."""
    assert came.figures.posts >= came.figures.jobs
    assert (came.figures.refused, came.figures.two_ids) == (0, 0)


def test_the_log_has_every_attempt(came: Came) -> None:
    """No delivery arrived more often than its log has attempts, and the log leaves no number out."""
    assert (came.figures.unlogged, came.figures.holes) == (0, 0)


def test_no_receiver_is_called_wider_than_its_standing(came: Came) -> None:
    """One that was never called before and hangs has four calls at once at most; no other more than ten."""
    assert came.figures.most_at_once[Kind.HANGING] <= Widths().new
    assert came.figures.too_many == 0


def test_no_address_is_disabled(came: Came) -> None:
    """Failing for a while disables nobody."""
    assert came.figures.disabled == 0
