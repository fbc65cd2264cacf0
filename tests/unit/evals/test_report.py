"""A run's report, its tables, and the comparison of two."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from evals import compare, report, tables
from evals.examples import Example, Item, Judged, Outcome

if TYPE_CHECKING:
    from evals.examples import Outcomes

TEXT = "Some words."


def examples(count: int) -> list[Example]:
    """Documents that are asked one thing."""
    return [
        Example(f"d{n}", f"d{n}", TEXT, {"evaluate": {"criteria": [{"id": "c", "criterion": "x"}]}}, None)
        for n in range(count)
    ]


def outcome(**more: Any) -> Outcome:
    """A completed job with one quote."""
    quote = {"quote": "Some", "status": "exact", "start": 0, "end": 4, "page": None}
    made = Outcome(
        "completed",
        {"criteria": [{"id": "c", "verdict": "pass", "evidence": [quote]}]},
        usage={"model": "claude-x", "cost_usd": 0.5},
        created_at="2026-11-25T08:00:00Z",
        completed_at="2026-11-25T08:00:04Z",
    )
    return replace(made, **more)


def judge(right: set[str]) -> Any:
    """Documents in `right` have their one label met, the others' is missed."""

    def judging(example: Example, _outcomes: Outcomes, judged: Judged) -> None:
        met = example.id in right
        judged.items.append(Item(example.id, example.cluster, "g", "cat", tp=int(met), fn=int(not met)))

    return judging


def built(right: int, *, of: int = 10, job: Outcome | None = None, **about: Any) -> dict[str, Any]:
    """A report on `of` documents of which the first `right` are right."""
    chosen = examples(of)
    finished: dict[str, Outcomes] = {each.id: {"evaluate": job or outcome()} for each in chosen}
    named = {"set": "cuad", "split": "dev", "stopped": None, **about}
    marked = {f"d{n}" for n in range(right)}
    return report.build(chosen, finished, judge(marked), named, seed=0, resamples=300)


def printed(made: dict[str, Any]) -> str:
    """The report as a terminal shows it."""
    console = Console(file=io.StringIO(), width=200)
    tables.show(made, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_report_holds_cost_time_jobs_and_figures() -> None:
    """Ten documents, half a dollar and four seconds each, seven of ten right."""
    made = built(7)
    assert made["cost_usd"] == {"total": 5.0, "per_document": 0.5, "dearest": 0.5}
    assert made["seconds"] == {"p50": 4.0, "p95": 4.0, "longest": 4.0}
    assert made["jobs"] == {"made": 10, "failed": 0, "by_status": {"completed": 10}, "failures": {}}
    assert made["groups"]["g"]["categories"]["cat"]["recall"]["value"] == pytest.approx(0.7)
    assert made["models"] == ["claude-x"]
    assert json.loads(json.dumps(made)) == made


def test_only_finished_documents_count_and_the_others_are_told() -> None:
    """A run that the budget stopped says how far it came."""
    chosen = examples(4)
    named = {"set": "cuad", "split": "dev", "stopped": "the budget"}
    made = report.build(chosen, {"d1": {"evaluate": outcome()}}, judge({"d1"}), named, seed=0, resamples=300)
    assert made["documents"] == {"of": 4, "finished": 1, "clusters": 1}
    assert "documents: 1 of 4: STOPPED, the budget" in printed(made)


def test_failed_and_partial_jobs_are_counted_with_their_codes() -> None:
    """Both count as failed."""
    failed = outcome(status="failed", result=None, error={"code": "cost_cap", "message": "…"})
    assert built(0, of=2, job=failed)["jobs"]["failures"] == {"cost_cap": 2}
    assert built(0, of=2, job=outcome(status="partial"))["jobs"]["failed"] == 2


def test_the_offline_stand_in_is_told_in_large_letters() -> None:
    """On the terminal and in Markdown, and only then."""
    offline, real = built(1, job=outcome(usage={"model": "offline"})), built(1)
    assert "SAY NOTHING ABOUT CLAUDE" in printed(offline)
    assert "SAY NOTHING ABOUT CLAUDE" in tables.markdown(offline)
    assert "SAY NOTHING" not in printed(real) + tables.markdown(real)
    assert "model: claude-x" in printed(real)


def test_faults_of_the_product_are_named() -> None:
    """Quotes at wrong offsets, quotes overlooked, and texts that the API changed."""
    criteria = [
        {
            "id": "c",
            "verdict": "pass",
            "evidence": [
                {"quote": "Some", "status": "exact", "start": 1, "end": 5, "page": None},
                {"quote": "words", "status": "not_found", "start": None, "end": None, "page": None},
            ],
        }
    ]
    made = built(1, of=1, job=outcome(result={"criteria": criteria}))
    assert made["evidence"] == {
        "quotes": 2,
        "not_found": 1,
        "misplaced": 1,
        "overlooked": 1,
        "texts_changed": 0,
    }
    assert printed(made).count("FAULT OF THE PRODUCT") == 2
    assert built(1, of=1, job=outcome(same_text=False))["evidence"]["texts_changed"] == 1


def test_the_products_own_warnings_are_counted_by_code() -> None:
    """Values that it could not use, verdicts that it turned around."""
    warned = {"criteria": [], "warnings": [{"code": "unusable"}, {"code": "silent"}, {"code": "silent"}]}
    made = built(1, of=2, job=outcome(result=warned))
    assert made["warnings"] == {"silent": 4, "unusable": 2}
    assert "the product's own warnings: silent 4, unusable 2" in printed(made)


def test_figures_of_several_models_are_marked() -> None:
    """The API's model may change within a run."""
    made = {**built(1), "models": ["a", "b"]}
    assert "MORE THAN ONE" in printed(made)


def test_a_cell_shows_the_figure_with_its_interval() -> None:
    """And a dash where there is none."""
    figure = {"value": 0.5, "low": 0.25, "high": 0.756, "denominator": 4}
    assert tables.cell(figure) == "0.50 (0.25–0.76)"
    assert tables.cell({**figure, "low": None}) == "0.50"
    assert tables.cell({**figure, "value": None}) == "–"


def test_markdown_keeps_bars_out_of_its_cells() -> None:
    """A category's name must not break its table."""
    made = built(1)
    categories = made["groups"]["g"]["categories"]
    categories["a|b"] = categories.pop("cat")
    assert "| a\\|b | 10 |" in tables.markdown(made)


def test_a_run_compared_with_itself_has_no_difference() -> None:
    """The paired bootstrap sees the same documents twice."""
    found = compare.compare(built(7), built(7), seed=0, resamples=300)
    assert found.differences
    assert not any(each.beyond or each.worse for each in found.differences)
    assert not found.worse


def test_a_clear_fall_is_told_and_a_small_one_is_not() -> None:
    """From 10 of 10 to 3 of 10 is beyond chance; from 10 to 9 is not."""
    fall = compare.compare(built(10), built(3), seed=0, resamples=300)
    slip = compare.compare(built(10), built(9), seed=0, resamples=300)
    rise = compare.compare(built(3), built(10), seed=0, resamples=300)
    assert (fall.worse, slip.worse, rise.worse) == (True, False, False)
    [f1] = [each for each in fall.differences if (each.category, each.figure) == ("cat", "f1")]
    assert f1.second - f1.first == pytest.approx(6 / 13 - 1)
    assert f1.low <= f1.second - f1.first <= f1.high < 0


def test_more_quotes_not_found_is_worse() -> None:
    """It is the one figure of which less is better."""
    more = compare.Difference("g", "c", "quotes_not_found", 0.1, 0.5, 0.2, 0.6)
    assert more.worse
    assert not replace(more, figure="recall").worse


def test_only_documents_of_both_runs_are_compared() -> None:
    """What one of them did not come to is left out and told."""
    found = compare.compare(built(5, of=10), built(5, of=6), seed=0, resamples=300)
    assert (found.documents, found.left_out) == (6, 4)
    console = Console(file=io.StringIO(), width=200)
    compare.show(found, ["a.json", "b.json"], console)
    assert isinstance(console.file, io.StringIO)
    assert "6 documents that both runs have (4 left out)" in console.file.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [({"set": "tatqa"}, "the set is"), ({"split": "x"}, "the split is"), ({"format": 0}, "not reports")],
)
def test_what_is_not_about_the_same_is_not_compared(change: dict[str, Any], says: str) -> None:
    """Another set, another split, another format of the file."""
    with pytest.raises(compare.NotComparable, match=says):
        compare.compare(built(1), {**built(1), **change}, seed=0, resamples=300)
