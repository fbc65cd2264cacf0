"""The states of a job: which way leads where, and that a final state is the end."""

from __future__ import annotations

from itertools import product

import pytest
from claimcheck.jobs.states import FINAL, TRANSITIONS, Status

WAYS = {
    ("pending", "running"),
    ("pending", "failed"),
    ("pending", "cancelled"),
    ("running", "pending"),
    ("running", "completed"),
    ("running", "partial"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("failed", "pending"),  # by its owner's own call
}


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_the_drawn_ways_are_open(before: Status, after: Status) -> None:
    """A job may go exactly the ways that the design draws."""
    assert (after in TRANSITIONS[before]) == ((before.value, after.value) in WAYS)


def test_every_state_has_its_ways() -> None:
    """The table says something about every state."""
    assert set(TRANSITIONS) == set(Status)


@pytest.mark.parametrize("status", list(Status))
def test_final_means_no_way_out_but_redrive(status: Status) -> None:
    """No way leads out of a final state, but the one that puts a failed job back."""
    ways = TRANSITIONS[status] - ({Status.PENDING} if status is Status.FAILED else set())
    assert (status in FINAL) == (not ways)


def test_every_state_can_be_reached() -> None:
    """Each state lies on some way that begins at `pending`."""
    reached = {Status.PENDING}
    for _ in Status:
        reached |= {after for before in reached for after in TRANSITIONS[before]}
    assert reached == set(Status)


def test_an_answer_comes_from_work_only() -> None:
    """`completed` and `partial` are reached from `running` alone."""
    answered = {Status.COMPLETED, Status.PARTIAL}
    assert {before for before in Status if TRANSITIONS[before] & answered} == {Status.RUNNING}


@pytest.mark.parametrize("status", list(Status))
def test_a_state_is_its_word(status: Status) -> None:
    """A state compares, prints and formats as the word that the API and the rows use."""
    assert status == status.value == str(status) == f"{status}"
