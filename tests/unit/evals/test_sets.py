"""Each labelled set: what is asked of the API, and what an answer is worth against a label."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from evals import labelled_files
from evals.examples import BadSet, Judged, Outcome
from evals.sets import SETS, insurance, tatqa
from tests.unit.evals import tiny_sets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evals.examples import Example, Item


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """All four tiny sets."""
    return tiny_sets.write(tmp_path)


def load(data: Path, name: str) -> list[Example]:
    """A tiny set's documents."""
    return SETS[name].load(data / SETS[name].folder, "dev")


def judged(
    examples: list[Example], name: str, answering: Callable[[str, dict[str, Any]], dict[str, Any]] | None
) -> Judged:
    """The set's judgement on what `answering` gives; None: every job fails."""
    found = Judged()
    for example in examples:
        outcomes = {}
        for task, question in example.questions.items():
            body = {"document": {"text": example.text, "name": example.id}, **question}
            outcomes[task] = (
                Outcome("completed", answering(task, body)) if answering else Outcome("failed", error={})
            )
        SETS[name].judge(example, outcomes, found)
    return found


def one(found: Judged, document: str, category: str) -> Item:
    """The only item of a document and a category."""
    [item] = [each for each in found.items if (each.document, each.category) == (document, category)]
    return item


@pytest.mark.parametrize("name", SETS)
def test_perfect_answers_have_no_error(data: Path, name: str) -> None:
    """Every label is met, every absence is null, every place is covered exactly."""
    items = judged(load(data, name), name, tiny_sets.perfect).items
    assert sum(item.tp for item in items) > 0
    assert [item for item in items if item.fp or item.fn] == []
    assert [item for item in items if item.absent and not item.null] == []
    assert [item for item in items if item.iou not in (None, 1.0)] == []


@pytest.mark.parametrize("name", SETS)
def test_failed_jobs_miss_every_label_and_every_absence(data: Path, name: str) -> None:
    """A failed job is a failure of each of its labels, and dropped from nothing."""
    examples = load(data, name)
    perfect, failed = (judged(examples, name, how).items for how in (tiny_sets.perfect, None))
    assert sum(item.fn for item in failed) == sum(item.tp for item in perfect)
    assert sum(item.tp + item.fp for item in failed) == 0
    assert sum(item.absent for item in failed) == sum(item.absent for item in perfect)
    assert not any(item.null for item in failed)
    assert {item.iou for item in failed} <= {None, 0.0}


def test_a_partial_job_counts_as_failed(data: Path) -> None:
    """Its answers may be right, but the product itself says that it did not read all."""
    [example, *_] = load(data, "contractnli")
    found, body = Judged(), {"document": {"text": example.text, "name": example.id}}
    outcome = Outcome("partial", tiny_sets.perfect("evaluate", body))
    SETS["contractnli"].judge(example, {"evaluate": outcome}, found)
    assert sum(item.tp for item in found.items) == 0
    assert found.confusion["basis"] == {("contradicted", "failed"): 1, ("stated", "failed"): 1}


@pytest.mark.parametrize("name", SETS)
def test_nothing_of_the_labels_is_asked(data: Path, name: str) -> None:
    """Other labels for the same documents leave the questions as they are."""
    before = [example.questions for example in load(data, name)]
    for path in (data / SETS[name].folder / "dev").glob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            _relabel(line)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [example.questions for example in load(data, name)] == before


def _relabel(line: dict[str, Any]) -> None:
    if "answers" in line:
        line["answers"] = dict.fromkeys(line["answers"], "Zeta")
        line["labels"] = {}
    for hypothesis in line.get("hypotheses", {}).values():
        hypothesis |= {"choice": "NotMentioned", "evidence": []}
    for question in line.get("questions", []):
        question |= {"answer": ["Zeta"], "answer_type": "span", "scale": ""}
    if "label" in line:
        line["label"] = "ambiguous"


def test_contracts_ask_the_sets_own_descriptions(data: Path) -> None:
    """Fields and criteria carry the category's description; a date's type says how it is written."""
    questions = load(data, "cuad")[0].questions
    fields = {each["name"]: each for each in questions["extract"]["fields"]}
    assert fields["Agreement Date"] == {
        "name": "Agreement Date",
        "type": "date",
        "description": "The date of the contract",
    }
    assert fields["Parties"]["type"] == "list"
    assert fields["Governing Law"]["description"].endswith("Answer format: Name of a US State")
    [first, _] = questions["evaluate"]["criteria"]
    assert first == {
        "id": "Non-Compete",
        "criterion": "The contract contains a clause of the category “Non-Compete”: "
        "Is there a restriction on the ability to compete?",
    }


def test_an_answer_where_nothing_is_labelled_is_one_too_many(data: Path) -> None:
    """And no null: the contract names no law, the answer does."""

    def answering(task: str, body: dict[str, Any]) -> dict[str, Any]:
        result = tiny_sets.perfect(task, body)
        if task == "extract":
            result["fields"]["Governing Law"] = "Ohio"
        return result

    item = one(judged(load(data, "cuad"), "cuad", answering), "cuad-b", "Governing Law")
    assert (item.tp, item.fp, item.fn, item.absent, item.null) == (0, 1, 0, True, False)


def test_a_wrong_value_is_both_one_too_many_and_one_missed(data: Path) -> None:
    """As slot filling counts it; of two parties with one right, one is right, one too many, one missed."""

    def answering(task: str, body: dict[str, Any]) -> dict[str, Any]:
        result = tiny_sets.perfect(task, body)
        if task == "extract":
            result["fields"] |= {"Agreement Date": "2016-03-02", "Parties": ["Alpha Works, Inc.", "Delta"]}
        return result

    found = judged(load(data, "cuad")[:1], "cuad", answering)
    date, names = one(found, "cuad-a", "Agreement Date"), one(found, "cuad-a", "Parties")
    assert (date.tp, date.fp, date.fn) == (0, 1, 1)
    assert (names.tp, names.fp, names.fn) == (1, 1, 1)


def test_an_answer_that_is_no_value_of_its_kind_is_still_an_answer(data: Path) -> None:
    """A date that cannot be read as one is wrong; it is not nothing."""

    def answering(task: str, body: dict[str, Any]) -> dict[str, Any]:
        result = tiny_sets.perfect(task, body)
        if task == "extract":
            result["fields"]["Agreement Date"] = "in the spring"
        return result

    found = judged(load(data, "cuad"), "cuad", answering)
    labelled, absent = (one(found, document, "Agreement Date") for document in ("cuad-a", "cuad-b"))
    assert (labelled.tp, labelled.fp, labelled.fn) == (0, 1, 1)
    assert (absent.fp, absent.null) == (1, False)


def test_hypotheses_are_asked_so_that_silence_is_a_fail(data: Path) -> None:
    """In the set's words, behind what its annotators were asked, in the order of their numbers."""
    assert load(data, "contractnli")[0].questions["evaluate"]["criteria"] == [
        {"id": "nda-2", "criterion": "The agreement states or implies: Permissible copy is agreed."},
        {"id": "nda-5", "criterion": "The agreement states or implies: Sharing with employees is agreed."},
    ]


@pytest.mark.parametrize(("answer", "places"), [("08/[]/2019", ["March 1, 2016"]), ("", ["March 1, 2016"])])
def test_a_label_without_a_value_is_not_scored_but_its_place_is(
    data: Path, answer: str, places: list[str]
) -> None:
    """A date with a gap, or a clause without a normalised answer, is neither a value nor an absence."""
    path = data / "cuad" / "dev" / "labels.jsonl"
    line = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    line["answers"]["Agreement Date"] = answer
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    item = one(judged(load(data, "cuad"), "cuad", tiny_sets.perfect), "cuad-a", "Agreement Date")
    assert (item.tp, item.fp, item.fn, item.absent, item.unscored) == (0, 0, 0, False, True)
    assert item.iou == 1.0


def test_the_basis_of_a_verdict_is_compared_three_ways(data: Path) -> None:
    """A contradiction that is called silence has the right verdict and the wrong basis."""

    def answering(task: str, body: dict[str, Any]) -> dict[str, Any]:
        result = tiny_sets.perfect(task, body)
        for criterion in result["criteria"]:
            if criterion["basis"] == "contradicted":
                criterion["basis"] = "not_mentioned"
        return result

    found = judged(load(data, "contractnli"), "contractnli", answering)
    assert found.confusion["basis"] == {
        ("contradicted", "not_mentioned"): 1,
        ("stated", "stated"): 2,
        ("not_mentioned", "not_mentioned"): 1,
    }
    assert found.confusion["verdict"] == {("fail", "fail"): 2, ("pass", "pass"): 2}
    basis = [item for item in found.items if item.group == "basis"]
    assert [(item.category, item.tp, item.fp, item.fn) for item in basis if item.document == "nli-1"] == [
        ("contradicted", 0, 0, 1),
        ("not_mentioned", 0, 1, 0),
        ("stated", 1, 0, 0),
    ]


@pytest.mark.parametrize(
    ("covered", "outside", "expected"),
    [
        ("pass", "fail", "covered"),
        ("fail", "pass", "not_covered"),
        ("fail", "fail", "ambiguous"),
        ("pass", "pass", "both"),
    ],
)
def test_two_verdicts_decide_a_claim(covered: str, outside: str, expected: str) -> None:
    """Exactly one pass is an answer, none is ambiguous, both is no answer that can be right."""
    criteria = [
        tiny_sets.verdict("covered", covered, "stated", []),
        tiny_sets.verdict("not_covered", outside, "stated", []),
    ]
    assert insurance.decision(Outcome("completed", {"criteria": criteria})) == expected
    assert insurance.decision(Outcome("failed")) == insurance.decision(None) == "failed"


def test_claims_on_one_policy_are_one_cluster(data: Path) -> None:
    """The versions of a scenario share the policy's words, so they are not independent."""
    assert [example.cluster for example in load(data, "insurance")] == ["Water I", "Water I", "Fire II"]


def test_a_report_is_its_table_and_its_paragraphs_in_order() -> None:
    """A row is a line with bars between its cells."""
    assert tatqa.document(tiny_sets.REPORTS[0]) == (
        "|  | 2019 | 2018 |\n| Receivables | $183,297 | 7,111 |\n\nAmounts in thousands.\n\nSecond.\n"
    )


def test_the_question_is_the_fields_name_and_stands_in_full_in_its_description(data: Path) -> None:
    """A long question does not fit into a name."""
    line = json.loads((data / "tatqa" / "dev" / "tatqa.jsonl").read_text(encoding="utf-8"))
    line["questions"][0]["question"] = long = "What was it? " * 30
    (data / "tatqa" / "dev" / "tatqa.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    [first, second] = load(data, "tatqa")[0].questions["extract"]["fields"]
    assert len(first["name"]) == 200
    assert first["description"].startswith(long.strip())
    assert second["name"] == "2. What was the change?"


def test_the_data_is_looked_for_where_it_was_said(tmp_path: Path) -> None:
    """A flag comes before CLAIMCHECK_DATA, and what is not there is told with what to do."""
    other = tmp_path / "other"
    other.mkdir()
    assert labelled_files.directory(tmp_path, {"CLAIMCHECK_DATA": str(other)}) == tmp_path
    assert labelled_files.directory(None, {"CLAIMCHECK_DATA": str(other)}) == other
    with pytest.raises(BadSet, match="give --data DIR or set CLAIMCHECK_DATA"):
        labelled_files.directory(None, {"CLAIMCHECK_DATA": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("content", "says"), [(None, "missing"), (b"{]\n", "line 1, is not JSON"), (b"\n", "holds no document")]
)
def test_a_broken_set_is_told(tmp_path: Path, content: bytes | None, says: str) -> None:
    """A file that is absent, damaged or empty is named."""
    path = tmp_path / "labels.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadSet, match=says):
        labelled_files.read_lines(path)


def test_an_answer_belongs_to_its_document_and_its_question(data: Path) -> None:
    """Another text or another question has another hash."""
    [example, other] = load(data, "cuad")
    assert example.digest("extract") != example.digest("evaluate")
    assert example.digest("extract") != other.digest("extract")
