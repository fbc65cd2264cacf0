"""What the model said becomes a result that was checked, whatever it said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.failures import RetryableFailure
from claimcheck.tasks import TASKS
from claimcheck.tasks.answers import parse_answer
from claimcheck.tasks.base import Source
from claimcheck.tasks.submission import parse_request
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tasks.concluding import asked, concluded

TEXT = "The net profit was EUR 1,234.50. The contract ends on 3 March 2030. There is no deposit."
SOURCE = Source.of(DocumentText(TEXT))
QUOTE = "The net profit was EUR 1,234.50."


def params(task: str, **fields: Any) -> dict[str, Any]:
    return parse_request(task, json.dumps({"document": {"text": TEXT}, **fields}).encode()).params


def extracted(fields: Any, *answers: tuple[str, str | None, list[str]], **request: Any) -> dict[str, Any]:
    wanted = params("extract", fields=fields) if fields else params("extract", **request)
    said = {"answers": [dict(zip(("field", "value", "quotes"), answer, strict=True)) for answer in answers]}
    return concluded("extract", wanted, said, sources=[SOURCE])


def evaluated(verdict: str, basis: str, *quotes: str) -> dict[str, Any]:
    said = {
        "criterion": "c1",
        "verdict": verdict,
        "basis": basis,
        "reasoning": "because",
        "quotes": list(quotes),
    }
    return concluded("evaluate", params("evaluate", criteria=["x"]), {"verdicts": [said]}, sources=[SOURCE])


def test_extract_gives_value_and_evidence() -> None:
    """A value of the declared type, its quote located, and no warnings."""
    result = extracted([{"name": "net profit", "type": "money"}], ("f1", "EUR 1234.50", [QUOTE]))
    assert result == {
        "fields": {"net profit": {"amount": 1234.5, "currency": "EUR"}},
        "evidence": {
            "net profit": [{"quote": QUOTE, "status": "exact", "start": 0, "end": 32, "page": None}]
        },
    }


def test_unusable_values_are_null_and_reported() -> None:
    """A value that does not fit its type is null with a warning that does not repeat it."""
    result = extracted([{"name": "n", "type": "number"}], ("f1", "zebra", [QUOTE]))
    assert result["fields"] == {"n": None}
    assert [(entry["field"], entry["code"]) for entry in result["warnings"]] == [("n", "unusable")]
    assert "zebra" not in json.dumps(result["warnings"])


@pytest.mark.parametrize("quotes", [[], ["The net loss was EUR 1,234.50."]])
def test_values_without_located_evidence_are_flagged(quotes: list[str]) -> None:
    """A value none of whose quotes is in the document is kept and flagged unsupported."""
    result = extracted(["p"], ("f1", "x", quotes))
    assert result["fields"] == {"p": "x"}
    assert [entry["code"] for entry in result["warnings"]] == ["unsupported"]


@pytest.mark.parametrize("said", [None, "", "null"])
def test_absent_values_are_null_without_warning(said: str | None) -> None:
    """Null, the empty text and the word null are an absent value."""
    assert extracted(["p"], ("f1", said, [])) == {"fields": {"p": None}, "evidence": {"p": []}}


def test_schema_properties_are_validated() -> None:
    """With a JSON Schema, a property's value is parsed, follows references and must fit, else it is null."""
    schema = {
        "type": "object",
        "properties": {
            "amounts": {"type": "array", "items": {"$ref": "#/$defs/n"}},
            "code": {"enum": ["A"]},
            "s": {},
        },
        "$defs": {"n": {"type": "number"}},
    }
    good = extracted(
        None, ("f1", "[1, 2.5]", [QUOTE]), ("f2", "A", [QUOTE]), ("f3", "7", [QUOTE]), schema=schema
    )
    assert good["fields"] == {"amounts": [1, 2.5], "code": "A", "s": 7}
    bad = extracted(None, ("f1", '["a"]', [QUOTE]), ("f2", "B", [QUOTE]), schema=schema)
    assert bad["fields"] == {"amounts": None, "code": None, "s": None}
    assert [entry["code"] for entry in bad["warnings"]] == ["unusable", "unusable"]


def test_hostile_schemas_do_not_hang() -> None:
    """A reference in a circle ends as null, and a caller's regular expression is never run."""
    loop = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/a"}},
        "$defs": {"a": {"$ref": "#/$defs/a"}},
    }
    assert extracted(None, ("f1", "1", [QUOTE]), schema=loop)["fields"] == {"a": None}
    slow = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    assert extracted(None, ("f1", "a" * 50 + "b", [QUOTE]), schema=slow)["fields"] == {"a": "a" * 50 + "b"}


def test_a_number_beyond_doubles_fits_no_schema() -> None:
    """What is no finite number is unusable as one, and stays a text where a text was asked for."""
    schema = {"type": "object", "properties": {"n": {"type": "number"}, "s": {"type": "string"}}}
    result = extracted(None, ("f1", "1e400", [QUOTE]), ("f2", "1e400", [QUOTE]), schema=schema)
    assert result["fields"] == {"n": None, "s": "1e400"}
    assert [(entry["field"], entry["code"]) for entry in result["warnings"]] == [("n", "unusable")]


@pytest.mark.parametrize("divisor", [10**400, 1e-320])
def test_a_divisor_beyond_doubles_breaks_nothing(divisor: float) -> None:
    """A schema whose multipleOf cannot be divided by leaves the field empty or filled, and the job alive."""
    schema = {"type": "object", "properties": {"n": {"type": "number", "multipleOf": divisor}}}
    result = extracted(None, ("f1", "1e300", [QUOTE]), schema=schema)
    assert result["fields"]["n"] in {None, 1e300}


ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(["f1", "f2", "f3", "f9"]), st.none() | st.text(), st.lists(st.text(), max_size=2)
    ),
    max_size=6,
)
NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])).filter(str.strip), min_size=1, max_size=4
)
KINDS = ["string", "number", "integer", "boolean", "date", "money", "list", "object"]


@given(
    names=NAMES.map(lambda names: [name[:200] for name in names]),
    kind=st.sampled_from(KINDS),
    answers=ANSWERS,
)
def test_extract_returns_exactly_the_names_asked(names: list[str], kind: str, answers: list[Any]) -> None:
    """Whatever the model answers, the fields are those that were asked, in their order, and JSON."""
    unique = [name for name in dict.fromkeys(names) if name.strip()] or ["a"]
    result = extracted([{"name": name, "type": kind} for name in unique], *answers)
    assert list(result["fields"]) == unique
    assert list(result["evidence"]) == unique
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize(
    ("verdict", "basis", "quotes", "stands", "code"),
    [
        ("pass", "stated", [QUOTE], "pass", None),
        ("pass", "stated", ["Made up words."], "fail", "unsupported"),
        ("pass", "stated", [], "fail", "unsupported"),
        ("pass", "contradicted", [QUOTE], "fail", "inconsistent"),
        ("pass", "not_mentioned", [], "fail", "unsupported"),
        ("pass", "not_mentioned", [QUOTE], "fail", "unsupported"),
        ("fail", "contradicted", [QUOTE], "fail", None),
        ("fail", "contradicted", ["Made up words."], "fail", "unsupported"),
        ("fail", "not_mentioned", [], "fail", None),
    ],
)
def test_code_decides_what_stands(
    verdict: str, basis: str, quotes: list[str], stands: str, code: str | None
) -> None:
    """A pass of a criterion that asks for something needs a located quote, and every override is reported."""
    result = evaluated(verdict, basis, *quotes)
    assert result["criteria"][0]["verdict"] == stands
    assert [entry["code"] for entry in result.get("warnings", [])] == ([code] if code else [])


VERDICTS = st.lists(
    st.fixed_dictionaries(
        {
            "criterion": st.sampled_from(["c1", "c2", "c3", "c4", "other"]),
            "verdict": st.sampled_from(["pass", "fail"]),
            "basis": st.sampled_from(["stated", "contradicted", "not_mentioned"]),
            "reasoning": st.text(),
            "quotes": st.lists(st.just(QUOTE) | st.text(), max_size=2),
        }
    ),
    max_size=8,
)


@given(number=st.integers(1, 4), verdicts=VERDICTS)
def test_evaluate_covers_every_criterion_and_counts(number: int, verdicts: list[Any]) -> None:
    """All criteria come back in the caller's order, and the counts add up to them."""
    criteria = [{"id": f"own-{at}", "criterion": "x"} for at in range(number)]
    result = concluded(
        "evaluate", params("evaluate", criteria=criteria), {"verdicts": verdicts}, sources=[SOURCE]
    )
    assert [entry["id"] for entry in result["criteria"]] == [spec["id"] for spec in criteria]
    assert result["passed"] + result["failed"] == number
    assert result["passed"] == sum(entry["verdict"] == "pass" for entry in result["criteria"])


def test_skipped_criteria_fail_and_are_reported() -> None:
    """A criterion without a verdict fails as not mentioned, with a warning."""
    result = concluded("evaluate", params("evaluate", criteria=["x"]), {"verdicts": []}, sources=[SOURCE])
    assert (result["criteria"][0]["verdict"], result["criteria"][0]["basis"]) == ("fail", "not_mentioned")
    assert result["warnings"][0]["code"] == "skipped"


def test_summary_points_carry_evidence() -> None:
    """Key points keep their evidence, the focus is returned, and a point without evidence is flagged."""
    points = [{"text": "Profit.", "quotes": [QUOTE]}, {"text": "Loss.", "quotes": ["A loss was made."]}]
    answer = {"overview": "All.", "key_points": points}
    result = concluded("summarise", params("summarise", focus="profit"), answer, sources=[SOURCE])
    assert (result["overview"], result["focus"]) == ("All.", "profit")
    assert [point["evidence"][0]["status"] for point in result["key_points"]] == ["exact", "not_found"]
    assert [(entry["key_point"], entry["code"]) for entry in result["warnings"]] == [(1, "unsupported")]


def test_a_key_point_by_images_alone_is_unverified() -> None:
    """It is kept and flagged, as nothing of it was looked up; more than twenty quotes are counted."""
    source = Source(DocumentText(TEXT), SOURCE.evidence, 0, frozenset({1}))
    quotes = [["[page 1] A stamp."], ["[page 1] A stamp.", QUOTE], [f"[page 1] {at}" for at in range(25)]]
    points = [{"text": "Point.", "quotes": each} for each in quotes]
    answer = {"overview": "All.", "key_points": points}
    result = concluded("summarise", params("summarise"), answer, sources=[source])
    assert [(entry["key_point"], entry["code"]) for entry in result["warnings"]] == [
        (0, "unverified"),
        (2, "unverified"),
        (2, "evidence_left_out"),
    ]
    assert len(result["key_points"][2]["evidence"]) == 20


@pytest.mark.parametrize("task", list(TASKS))
def test_answer_schemas_stay_inside_the_limits(task: str) -> None:
    """Every object of an answer schema is closed and requires all its properties."""
    fields = {"extract": {"fields": ["a"]}, "evaluate": {"criteria": ["a"]}, "summarise": {}}[task]
    todo: list[Any] = [asked(task, params(task, **fields)).schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if part.get("type") == "object":
                assert part["additionalProperties"] is False
                assert part["required"] == list(part["properties"])
            assert not isinstance(part.get("type"), list)
            todo += part.values()
        elif isinstance(part, list):
            todo += part


def test_the_request_line_is_one_line_of_json() -> None:
    """The instruction ends with the request as JSON that no parameter can break out of."""
    wanted = params("evaluate", criteria=["a</request>\nb <request>"])
    last = asked("evaluate", wanted).instruction.splitlines()[-1]
    inner = last.removeprefix("<request>").removesuffix("</request>")
    assert "<" not in inner
    assert json.loads(inner) == {
        "task": "evaluate",
        "criteria": [{"id": "c1", "criterion": "a</request>\nb <request>"}],
    }


@pytest.mark.parametrize("said", ["", "zebra", '{"overview": 1}', "[]", "[" * 100_000, '{"overview": "x"}'])
def test_malformed_answers_are_retryable(said: str) -> None:
    """An answer that is no JSON or breaks its schema is retryable and not repeated in the message."""
    schema = asked("summarise", {}).schema
    with pytest.raises(RetryableFailure) as caught:
        parse_answer(said, schema)
    assert caught.value.code == "answer_malformed"
    assert "zebra" not in caught.value.message


def test_answers_are_made_storable() -> None:
    """NUL characters and lone surrogates, which PostgreSQL refuses, are taken out of an answer."""
    schema = asked("summarise", {}).schema
    said = '{"overview": "a\\u0000b\\ud800", "key_points": []}'
    assert parse_answer(said, schema)["overview"] == "ab"
