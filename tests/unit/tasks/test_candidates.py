"""Which of several values of one field is taken, and what is told of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.tasks.candidates import Candidate, choose
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from claimcheck.evidence import Citation


def quotes(status: Any, count: int = 1, at: int = 0) -> list[Citation]:
    text = status in {"exact", "normalised"}
    return [
        {
            "quote": f"{status} {start}",
            "status": status,
            "start": start if text else None,
            "end": start + 1 if text else None,
            "page": 1 if status == "image" else None,
        }
        for start in range(at, at + count)
    ]


def chosen(
    *candidates: Candidate, together: bool = False, incomplete: bool = False
) -> tuple[Any, dict[str, Any]]:
    """The value, and the warnings by their code."""
    made = choose(candidates, together=together, incomplete=incomplete)
    return made.value, {warning["code"]: warning for warning in made.warnings}


def test_unusable_values_are_told_beside_the_one_taken() -> None:
    """What a part gave in no usable form has its warning and its quotes, though another part has a value."""
    bad = Candidate(None, quotes("exact", at=7), "unusable: not a number")
    value, warnings = chosen(bad, bad, Candidate(4, quotes("exact")))
    assert (value, list(warnings)) == (4, ["unusable"])
    assert warnings["unusable"]["evidence"] == quotes("exact", at=7)


def test_each_kind_of_trouble_has_one_warning() -> None:
    """A thousand parts with the same trouble are one warning with five quotes."""
    bad = [Candidate(None, quotes("exact", at=at), "unusable: no list") for at in range(1000)]
    made = choose([*bad, Candidate(None, [], "unusable: other")], together=False, incomplete=False)
    assert [warning["detail"] for warning in made.warnings if warning["code"] == "unusable"] == [
        "unusable: no list",
        "unusable: other",
    ]
    assert len(made.warnings[0]["evidence"]) == 5


def test_a_list_without_a_part_of_it_is_incomplete() -> None:
    """Entries may be missing where a part's list cannot be used, has no support, or was not seen."""
    good = Candidate(["a"], quotes("exact"))
    unusable = Candidate(None, quotes("exact", at=3), "unusable: no list")
    unsupported = Candidate(["b"], quotes("not_found"))
    assert chosen(good, together=True) == (["a"], {})
    for others, incomplete in (([unusable], False), ([unsupported], False), ([], True)):
        value, warnings = chosen(good, *others, together=True, incomplete=incomplete)
        assert (value, "incomplete" in warnings) == (["a"], True)


def test_text_outweighs_images() -> None:
    """A value that stands in the text is taken before one that more parts read off images, a conflict."""
    image = Candidate(5, quotes("image"))
    value, warnings = chosen(image, image, Candidate(4, quotes("normalised")))
    assert (value, list(warnings)) == (4, ["conflict"])
    assert [other["value"] for other in warnings["conflict"]["others"]] == [5]


def test_a_value_by_images_alone_is_unverified() -> None:
    """It is taken before a claim without support, and says that nothing was checked."""
    value, warnings = chosen(Candidate(4, quotes("not_found")), Candidate(5, quotes("image")))
    assert (value, list(warnings)) == (5, ["unverified"])
    assert chosen(Candidate(5, [*quotes("image"), *quotes("exact")])) == (5, {})
    joined = [Candidate(["a"], quotes("image")), Candidate(["b"], quotes("exact"))]
    assert chosen(*joined, together=True) == (["a", "b"], {})


def test_evidence_is_bounded() -> None:
    """Twenty citations, the best of them in their order; the warning counts the rest."""
    evidence = [
        *quotes("not_found", 15),
        *quotes("image", 3),
        *quotes("normalised", 9),
        *quotes("exact", 9, at=50),
    ]
    made = choose([Candidate(4, evidence)], together=False, incomplete=False)
    statuses = [citation["status"] for citation in made.evidence]
    assert statuses == ["image"] * 2 + ["normalised"] * 9 + ["exact"] * 9
    assert [warning["detail"] for warning in made.warnings] == ["16 more quotes were given, and are left out"]


def test_other_values_are_bounded() -> None:
    """Ten other values at most, fewer where they are long, five quotes each; the rest are counted."""
    many = [Candidate(at, quotes("exact", 9, at=10 * at)) for at in range(30)]
    _, warnings = chosen(*many)
    conflict = warnings["conflict"]
    assert (len(conflict["others"]), len(conflict["others"][0]["evidence"])) == (10, 5)
    assert "not shown: 19" in conflict["detail"]
    long = [Candidate(str(at) * 15_000, quotes("exact", at=at)) for at in range(3)]
    _, warnings = chosen(*long)
    assert len(warnings["conflict"]["others"]) == 1
    assert "not shown: 1" in warnings["conflict"]["detail"]


CANDIDATES = st.lists(
    st.builds(
        lambda value, status, count, trouble: Candidate(
            None if trouble else value, quotes(status, count), trouble
        ),
        st.none() | st.integers(0, 2),
        st.sampled_from(["exact", "normalised", "image", "not_found"]),
        st.integers(0, 25),
        st.none() | st.just("unusable: no number"),
    ),
    max_size=6,
)


@given(candidates=CANDIDATES)
def test_nothing_supported_vanishes(candidates: list[Candidate]) -> None:
    """Every supported value is taken or stands in a conflict, and every trouble is told."""
    value, warnings = chosen(*candidates)
    told = {value} | {other["value"] for other in warnings.get("conflict", {}).get("others", ())}
    assert {each.value for each in candidates if each.supported} <= told
    assert ("unusable" in warnings) == any(each.trouble for each in candidates)
