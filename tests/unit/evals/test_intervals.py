"""Confidence intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.intervals import Resamples, interval, wilson


@pytest.mark.parametrize(
    ("successes", "cases", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),  # z² / (n + z²)
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),  # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_published_values(successes: int, cases: int, low: float, high: float) -> None:
    """The interval is Wilson's, to four places."""
    assert wilson(successes, cases) == pytest.approx((low, high), abs=5e-5)


def test_no_cases_have_no_interval() -> None:
    """Nothing is known of nothing."""
    assert wilson(0, 0) is None
    assert interval([]) is None
    assert interval([None, 0.5, None]) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_bounded_holds_the_share_and_mirrors(counted: tuple[int, int]) -> None:
    """It lies in 0 to 1 around the share, and that of the failures is its mirror image."""
    successes, cases = counted
    bounds, mirror = wilson(successes, cases), wilson(cases - successes, cases)
    assert bounds is not None
    assert mirror is not None
    assert 0 <= bounds[0] <= successes / cases <= bounds[1] <= 1
    assert (1 - mirror[1], 1 - mirror[0]) == pytest.approx(bounds)


def test_a_seed_fixes_the_draws_and_another_changes_them() -> None:
    """The same seed gives the same interval, to the last bit."""
    above, below = [1.0, 0.0, 1.0, 1.0, 0.0], [1.0] * 5
    first, again, other = (Resamples("abcde", seed=seed).ratios(above, below) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_each_draw_has_as_many_clusters_as_there_are() -> None:
    """The denominators of a draw add up to the number of clusters, each drawn with what belongs to it."""
    draws = Resamples("abcd", seed=0, times=200)
    assert draws.ratios([4, 4, 4, 4], [1, 1, 1, 1]) == [4.0] * 200
    assert set(draws.ratios([8, 0, 0, 0], [1, 1, 1, 1])) <= {0.0, 2.0, 4.0, 6.0, 8.0}


def test_one_cluster_gives_no_interval() -> None:
    """From one document nothing can be said about another."""
    assert interval(Resamples(["a"], seed=0).ratios([1], [1])) is None


def test_a_draw_without_a_case_is_left_out() -> None:
    """A figure that does not exist in a draw is neither 0 nor 1 there."""
    ratios = Resamples("ab", seed=0, times=500).ratios([1, 0], [1, 0])
    assert set(ratios) == {1.0, None}


def test_the_interval_covers_a_known_share_about_as_often_as_it_says() -> None:
    """Of 200 samples of 40 cases with share 0.3, the 95 % bootstrap interval holds 0.3 in 88 % to 99 %."""
    import random

    source, held = random.Random(7), 0
    for sample in range(200):
        cases = [float(source.random() < 0.3) for _ in range(40)]
        bounds = interval(
            Resamples([str(i) for i in range(40)], seed=sample, times=300).ratios(cases, [1] * 40)
        )
        assert bounds is not None
        held += bounds[0] <= 0.3 <= bounds[1]
    assert 0.88 <= held / 200 <= 0.99
