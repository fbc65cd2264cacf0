"""How much may still be spent."""

from __future__ import annotations

import threading

from evals.budget import Budget


def test_what_would_go_beyond_the_limit_is_refused_from_then_on() -> None:
    """A smaller document behind the one that does not fit is not let through either."""
    budget = Budget(3.0, spent=1.0)
    assert budget.reserve(2.0)
    budget.settle(2.0, 0.5)
    assert not budget.reserve(2.0)
    assert not budget.reserve(0.1)
    assert budget.spent == 1.5


def test_what_comes_back_is_waited_for() -> None:
    """Where another document's worst case stands in the way, its real cost decides."""
    budget, granted = Budget(3.0), threading.Event()
    assert budget.reserve(2.0)

    def second() -> None:
        if budget.reserve(2.0):
            granted.set()

    waiting = threading.Thread(target=second)
    waiting.start()
    assert not granted.is_set()
    budget.settle(2.0, 1.0)
    waiting.join(10)
    assert granted.is_set()


def test_stopping_wakes_whoever_waits() -> None:
    """Nobody is left waiting for money of a run that has ended."""
    budget, answers = Budget(1.0), list[bool]()
    assert budget.reserve(1.0)
    waiting = threading.Thread(target=lambda: answers.append(budget.reserve(1.0)))
    waiting.start()
    budget.stop()
    waiting.join(10)
    assert answers == [False]
