"""Neither a caller's schema nor a model's value can keep a worker busy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claimcheck.refusals import InvalidRequest
from claimcheck.tasks.conformance import ANSWER_STEPS, Budget, checker
from claimcheck.tasks.pointers import expansions
from claimcheck.tasks.submission import parse_request
from hypothesis import given
from hypothesis import strategies as st

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def of(part: Any, **defs: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": part}, "$defs": defs}


def doubling(levels: int, rule: str, last: Any) -> dict[str, Any]:
    """Each level refers twice to the next."""
    defs = {f"d{at}": {rule: [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(levels)}
    return of({"$ref": "#/$defs/d0"}, **defs, **{f"d{levels}": last})


def submit(schema: dict[str, Any]) -> None:
    parse_request("extract", json.dumps({"document": {"text": "x"}, "schema": schema}).encode())


def fits(schema: dict[str, Any], value: Any, steps: int = ANSWER_STEPS) -> bool:
    return checker(schema, Budget(steps))(schema["properties"]["a"], value)


@pytest.mark.parametrize("rule", ["allOf", "anyOf", "oneOf"])
def test_references_that_double_are_refused(rule: str) -> None:
    """What unfolds to more than 10,000 references is refused at submission, with a pointer to the schema."""
    with pytest.raises(InvalidRequest) as caught:
        submit(doubling(18, rule, {"type": "string"}))
    [error] = caught.value.errors
    assert (error.pointer, "10000" in error.detail) == ("/schema", True)
    submit(doubling(8, rule, {"type": "string"}))


def test_a_long_chain_of_references_is_refused() -> None:
    """A chain that no validation could follow is refused, not crashed on."""
    with pytest.raises(InvalidRequest):
        submit(
            of(
                {"$ref": "#/$defs/d0"},
                **{f"d{at}": {"$ref": f"#/$defs/d{at + 1}"} for at in range(1900)},
                d1900={},
            )
        )


def test_a_schema_with_too_many_parts_is_refused() -> None:
    """Checking the schema itself has a bound, and what is over it is told to use fewer parts."""
    with pytest.raises(InvalidRequest, match="not valid") as caught:
        submit(of({"type": "object", "properties": {"b": {"allOf": [{}] * 15_000}}}))
    assert "too many parts" in caught.value.errors[0].detail


def test_a_tree_is_accepted_and_applied() -> None:
    """A schema that refers to itself is one: nodes are checked as deep as the value has them."""
    node = {
        "type": "object",
        "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/n"}}},
        "additionalProperties": False,
    }
    tree = of({"$ref": "#/$defs/n"}, n=node)
    submit(tree)
    assert fits(tree, {"kids": [{"kids": []}, {}]})
    assert not fits(tree, {"kids": [{"kids": [1]}, {}]})


def test_references_to_the_whole_schema_work() -> None:
    """`#` is the schema itself, and its `$schema` does not bring regular expressions back."""
    whole = {**of({"anyOf": [{"type": "null"}, {"$ref": "#"}]}), "$schema": DRAFT_7}
    whole["properties"]["b"] = {"type": "string", "pattern": "^(a+)+$"}
    submit(whole)
    assert fits(whole, {"a": {"a": None}, "b": "a" * 50 + "b"})
    assert not fits(whole, {"a": 1})


CIRCLE = {"anyOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}]}
ITEMS = [{"a": at} for at in range(6000)]


def nested(levels: int) -> Any:
    part: Any = {"type": "array"}
    for _ in range(levels):
        branch = {"anyOf": [False, part]}
        part = {"if": {"not": part}, "then": branch, "else": branch, "dependentSchemas": {"a": part}}
    return part


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (doubling(40, "allOf", {}), "x"),
        (doubling(40, "anyOf", False), "x"),
        (doubling(40, "oneOf", {"not": {}}), "x"),
        (of({"$ref": "#/$defs/n"}, n=CIRCLE), 1),
        (of(nested(40)), {"a": 1}),
        (of({"items": {"anyOf": [{"type": "string"}] * 2000}}), ITEMS),
        (of({"anyOf": [{"const": ITEMS[:3000]}] * 2000}), [*ITEMS[:2999], 1]),
    ],
    ids=["all", "any", "one", "circle", "nested", "wide", "large"],
)
def test_what_asks_for_too_much_work_does_not_conform(schema: dict[str, Any], value: Any) -> None:
    """Whatever makes the work explode, it ends, and the value is not taken."""
    assert not fits(schema, value)


def test_a_budget_is_shared() -> None:
    """All fields of an answer have one budget: a hundred costly ones cost no more than one."""
    schema = doubling(40, "allOf", {})
    check = checker(schema, Budget(2000))
    assert check({"type": "string"}, "x")
    assert not check(schema["properties"]["a"], "x")
    assert not check({"type": "string"}, "x")


def test_long_lists_fit_the_budget() -> None:
    """The largest list that an answer can hold is checked in full."""
    row = {"type": "object", "required": ["a"], "additionalProperties": False}
    schema = of(
        {"type": "array", "uniqueItems": True, "items": {**row, "properties": {"a": {"type": "integer"}}}}
    )
    assert fits(schema, ITEMS)
    assert not fits(schema, [*ITEMS, {"a": "x"}])
    assert not fits(schema, [*ITEMS, {"a": 0}])


@pytest.mark.parametrize(
    ("items", "unique"),
    [([1, True], True), ([1, 1.0], False), ([[0], [False]], True), ([{"a": 1}, {"a": 1.0}], False)],
)
def test_equal_items_are_json_schemas(items: list[Any], unique: bool) -> None:
    """1 and 1.0 are equal, true and 1 are not, at any depth."""
    assert fits(of({"uniqueItems": True}), items) is unique


def test_no_regular_expression_of_a_caller_is_run() -> None:
    """Neither as a pattern, nor to find out which properties are additional or unevaluated."""
    slow: dict[str, Any] = {"^(a+)+$": {}}
    name = {"a" * 50 + "b": 1}
    assert fits(of({"patternProperties": slow, "additionalProperties": False}), name)
    assert fits(of({"patternProperties": slow, "unevaluatedProperties": False}), name)
    assert fits(of({"$schema": DRAFT_7, "pattern": "^(a+)+$"}), "a" * 50 + "b")


def test_an_address_further_down_breaks_nothing() -> None:
    """`$id`, even one that is no URL, moves no reference and raises nothing."""
    schema = of({"$id": "other", "items": {"$ref": "#/$defs/n"}}, n={"type": "number"})
    assert (fits(schema, [1]), fits(schema, ["x"])) == (True, False)
    assert fits(of({"items": {"$id": "http://[x", "type": "string"}}), ["x"])


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.sampled_from("abcd"), max_size=3)))
def test_expansions_end_and_are_bounded(graph: dict[str, list[str]]) -> None:
    """Whatever refers to what, counting ends at the limit and finds none only where there is none."""
    schema = {name: {"allOf": [{"$ref": f"#/{to}"} for to in graph[name]]} for name in graph}
    counted = expansions(schema, schema, 20)
    assert 0 <= counted <= 21
    assert (counted == 0) == (not any(graph.values()))
