"""Which of several readings of one criterion stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.tasks.decisions import Reading, decide
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from claimcheck.evidence import Citation

STATUSES: list[Any] = ["exact", "normalised", "image", "not_found"]


def quote(status: Any, at: int = 0) -> Citation:
    start = at if status in {"exact", "normalised"} else None
    page = 1 if status == "image" else None
    return {
        "quote": f"{status} {at}",
        "status": status,
        "start": start,
        "end": start and start + 1,
        "page": page,
    }


def reading(verdict: str, basis: str, *statuses: str, at: int = 0) -> Reading:
    return Reading(
        verdict, basis, f"{verdict} {basis}", [quote(each, at + n) for n, each in enumerate(statuses)]
    )


def decided(*readings: Reading, criterion: str = "A fee is stated") -> tuple[Any, list[str]]:
    entry, reasons = decide(readings, criterion, False)
    return entry, [code for code, _ in reasons]


@pytest.mark.parametrize("text", ["exact", "normalised"])
@pytest.mark.parametrize("other", ["exact", "normalised"])
@pytest.mark.parametrize("basis", ["contradicted", "stated"])
@pytest.mark.parametrize("turned", [False, True])
def test_the_failing_of_two_supported_readings_stands(
    text: str, other: str, basis: str, turned: bool
) -> None:
    """Exact and normalised quotes weigh the same, in either order, whatever basis the failing one names."""
    both = [reading("pass", "stated", text), reading("fail", basis, other, at=5)]
    entry, codes = decided(*(reversed(both) if turned else both))
    assert (entry["verdict"], entry["basis"], codes) == ("fail", basis, ["conflict"])
    assert [one["start"] for one in entry["evidence"]] == [5, 0]


def test_two_failing_readings_do_not_conflict() -> None:
    """One that contradicts and one that states something else agree that it fails; both quotes are given."""
    entry, codes = decided(reading("fail", "stated", "exact"), reading("fail", "contradicted", "exact", at=5))
    assert (entry["verdict"], entry["basis"], codes) == ("fail", "contradicted", [])
    assert len(entry["evidence"]) == 2


def test_a_fail_by_what_is_stated_is_no_contradiction_in_itself() -> None:
    """A criterion can fail because the document states something else: it fails, without a warning."""
    entry, codes = decided(reading("fail", "stated", "exact"))
    assert (entry["verdict"], entry["basis"], codes) == ("fail", "stated", [])


@pytest.mark.parametrize("verdicts", [("pass", "fail"), ("fail", "pass")])
def test_text_outweighs_an_image(verdicts: tuple[str, str]) -> None:
    """What was found in the text stands against what was read off an image, which is a conflict."""
    by_text, by_image = verdicts
    entry, codes = decided(reading(by_image, "stated", "image"), reading(by_text, "stated", "normalised"))
    assert (entry["verdict"], codes) == (by_text, ["conflict"])


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_a_verdict_by_images_alone_is_unverified(verdict: str) -> None:
    """It stands, and says that nothing was checked; text beside the image is a check."""
    entry, codes = decided(reading(verdict, "stated", "image"))
    assert (entry["verdict"], codes) == (verdict, ["unverified"])
    assert decided(reading(verdict, "stated", "image", "exact"))[1] == []


def test_a_contradiction_without_a_quote_is_told() -> None:
    """It does not overrule a supported pass; its quote is given last."""
    entry, codes = decided(reading("fail", "contradicted", "not_found"), reading("pass", "stated", "exact"))
    assert (entry["verdict"], codes) == ("pass", ["contradiction_unsupported"])
    assert [one["status"] for one in entry["evidence"]] == ["exact", "not_found"]


def test_a_pass_without_a_quote_does_not_trouble_a_fail() -> None:
    """Only what speaks against a pass is told without support."""
    assert decided(reading("pass", "stated", "not_found"), reading("fail", "contradicted", "exact"))[1] == []


def test_silence_that_is_read_in_two_ways_fails() -> None:
    """Where one part passes what asks for absence and another does not, it fails, and says so."""
    silent = [reading("pass", "not_mentioned"), reading("fail", "not_mentioned")]
    entry, codes = decided(*silent, criterion="No dog is kept")
    assert (entry["verdict"], codes) == ("fail", ["conflict"])


def test_both_sides_of_a_conflict_are_shown() -> None:
    """Twenty quotes at most, ten for each side where both have more; the warning counts the rest."""
    both = [reading("fail", "stated", *["exact"] * 30), reading("pass", "stated", *["exact"] * 30, at=100)]
    entry, reasons = decide(both, "A fee is stated", False)
    starts = [one["start"] for one in entry["evidence"]]
    assert starts == [*range(10), *range(100, 110)]
    assert ("evidence_left_out", "40 more quotes were given, and are left out") in reasons


READINGS = st.lists(
    st.builds(
        lambda verdict, basis, statuses: reading(verdict, basis, *statuses),
        st.sampled_from(["pass", "fail"]),
        st.sampled_from(["stated", "contradicted", "not_mentioned"]),
        st.lists(st.sampled_from(STATUSES), max_size=25),
    ),
    max_size=5,
)


@given(readings=READINGS, criterion=st.sampled_from(["A fee is stated", "No fee is owed"]))
def test_the_verdict_does_not_hang_on_the_order(readings: list[Reading], criterion: str) -> None:
    """Parts in another order give the same verdict, and never more than twenty quotes."""
    entry, _ = decide(readings, criterion, False)
    turned, _ = decide(readings[::-1], criterion, False)
    assert entry["verdict"] == turned["verdict"]
    assert len(entry["evidence"]) <= 20


@given(readings=READINGS)
def test_no_pass_stands_against_text_that_fails_it(readings: list[Reading]) -> None:
    """Where any reading fails the criterion with text, it fails."""
    against = any(
        each.fails
        and each.basis != "not_mentioned"
        and {"exact", "normalised"} & {c["status"] for c in each.evidence}
        for each in readings
    )
    entry, _ = decide(readings, "A fee is stated", False)
    assert not against or entry["verdict"] == "fail"
