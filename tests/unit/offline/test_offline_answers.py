"""What the offline model answers, without its server."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from local.offline.answers import Answerer

TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}


def closed(**properties: Any) -> dict[str, Any]:
    """An object as the API wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def answers_of(item: dict[str, Any], key: str, **more: Any) -> dict[str, Any]:
    """An object with a list."""
    return closed(**more, **{key: {"type": "array", "items": item}})


STRING: dict[str, Any] = {"type": "string"}
SUMMARY = answers_of(closed(text=STRING, quotes=TEXTS), "key_points", overview=STRING)
EXTRACT = answers_of(
    closed(field=STRING, value={"anyOf": [STRING, {"type": "null"}]}, quotes=TEXTS), "answers"
)
VERDICTS = answers_of(
    closed(
        criterion=STRING,
        verdict={"type": "string", "enum": ["pass", "fail"]},
        basis={"type": "string", "enum": ["stated", "contradicted", "not_mentioned"]},
        reasoning=STRING,
        quotes=TEXTS,
    ),
    "verdicts",
)

CONTRACT = """SOFTWARE SERVICES AGREEMENT

This Software Services Agreement (the "Agreement") is made as of March 3, 2024 (the "Effective Date") by
and between Northwind Analytics, Inc., a Delaware corporation (the "Provider"), and Harbour Lane Foods
Limited, a company registered in England (the "Client").

1. Services. The Provider shall host and maintain the reporting platform for the Client.
2. Term. The initial term of this Agreement is three (3) years and expires on March 2, 2027.
3. Renewal. Thereafter this Agreement shall renew automatically for successive one (1) year periods unless
either party gives notice of non-renewal at least sixty (60) days before the end of the then current term.
4. Fees. The Client shall pay a monthly fee of EUR 12,500.00 within thirty (30) days of the invoice date.
5. Assignment. Neither party may assign this Agreement without the prior written consent of the other party.
6. Insurance. The Provider shall maintain professional liability insurance of at least EUR 2 million.
7. Audit. The Client shall not audit the books and records of the Provider.
8. Governing Law. This Agreement shall be governed by and construed in accordance with the laws of the
State of New York, without regard to its conflict of laws rules.
"""

LOAN = """LOAN APPLICATION FORM
Applicant name: Jane Q. Miller
Date of birth: 14 May 1987
Employed: Yes
Number of dependants: 2
Annual income: GBP 54,200.50
Interest rate: 4.75 %
Net profit: (1,234)
Guarantors: Tom Miller; Ruth Adams
Purpose: renovation of the roof

Item | Quantity | Price
Tiles | 400 | 1,200.00
Timber | 35 | 860.50
"""


def ask(document: str, request: dict[str, Any], schema: dict[str, Any] | None = None) -> Any:
    """The parsed answer to a request, checked against its schema and its document."""
    text = Answerer().answer(document, f"Do it.\n<request>{json.dumps(request)}</request>", schema)
    answer = json.loads(text)
    if schema is not None:
        Draft202012Validator(schema).validate(answer)
    check_quotes(document, answer)
    return answer


def check_quotes(document: str, answer: object) -> None:
    """Every quote anywhere in the answer stands in the document."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            if key == "quotes":
                assert all(quote and quote in document for quote in value)
            check_quotes(document, value)
    elif isinstance(answer, list):
        for value in answer:
            check_quotes(document, value)


def extracted(document: str, name: str, kind: str = "string", **more: Any) -> Any:
    """The value of one field."""
    request = {
        "task": "extract",
        "fields": [{"id": "f1", "name": name, "type": kind, "description": None} | more],
    }
    (answer,) = ask(document, request, EXTRACT)["answers"]
    assert answer["field"] == "f1"
    assert bool(answer["quotes"]) == (answer["value"] is not None)
    return answer["value"]


def verdict(document: str, criterion: str) -> tuple[str, str]:
    """The verdict on one criterion and its basis."""
    (found,) = ask(
        document, {"task": "evaluate", "criteria": [{"id": "c1", "criterion": criterion}]}, VERDICTS
    )["verdicts"]
    assert "offline" in found["reasoning"]
    assert bool(found["quotes"]) == (found["basis"] != "not_mentioned")
    return found["verdict"], found["basis"]


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("applicant_name", "string", "Jane Q. Miller"),
        ("dateOfBirth", "date", "1987-05-14"),
        ("employed", "boolean", "true"),
        ("number of dependants", "integer", "2"),
        ("annual_income", "money", "GBP 54200.50"),
        ("annual_income", "number", "54200.5"),
        ("interest_rate", "number", "4.75"),
        ("net_profit", "number", "-1234"),
        ("guarantors", "list", '["Tom Miller", "Ruth Adams"]'),
        ("iban", "string", None),
        ("spouse_name", "string", None),
        ("employed", "date", None),
    ],
)
def test_form_lines_give_typed_values(name: str, kind: str, value: str | None) -> None:
    """A field is read from the line with its label, in the form its type asks for; what is absent is null."""
    assert extracted(LOAN, name, kind) == value


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("document name", "string", "SOFTWARE SERVICES AGREEMENT"),
        ("parties", "list", '["Northwind Analytics, Inc.", "Harbour Lane Foods Limited"]'),
        ("agreement date", "date", "2024-03-03"),
        ("effective date", "string", "March 3, 2024"),
        ("expiration date", "date", "2027-03-02"),
        ("governing_law", "string", "State of New York"),
        ("renewal term", "string", "one (1) year"),
        ("notice period", "string", "sixty (60) days"),
        ("monthly fee", "money", "EUR 12500.00"),
        ("liability cap", "money", None),
    ],
)
def test_contract_fields_are_found_in_their_clauses(name: str, kind: str, value: str | None) -> None:
    """What nearly every contract states is found in running text."""
    assert extracted(CONTRACT, name, kind) == value


def test_a_field_with_a_schema_gets_json_that_is_valid() -> None:
    """Rows of a table become objects of the field's own schema, references included."""
    item = {
        "type": "object",
        "properties": {
            "item": {"type": "string"},
            "quantity": {"type": "integer"},
            "price": {"type": "number"},
        },
        "required": ["item", "quantity"],
    }
    request = {
        "task": "extract",
        "fields": [
            {
                "id": "f1",
                "name": "lines",
                "type": "list",
                "schema": {"type": "array", "items": {"$ref": "#/$defs/i"}},
            }
        ],
        "$defs": {"i": item},
    }
    (answer,) = ask(LOAN, request, EXTRACT)["answers"]
    assert json.loads(answer["value"]) == [
        {"item": "Tiles", "quantity": 400, "price": 1200},
        {"item": "Timber", "quantity": 35, "price": 860.5},
    ]


def test_an_ambiguous_date_is_no_date() -> None:
    """03/04/2024 can be read in two ways, so it is not read at all; 25/04/2024 cannot."""
    assert extracted("Invoice date: 03/04/2024", "invoice date", "date") is None
    assert extracted("Invoice date: 25/04/2024", "invoice date", "date") == "2024-04-25"


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ("The provider maintains professional liability insurance", ("pass", "stated")),
        ("Insurance of the provider is at least EUR 1 million", ("pass", "stated")),
        ("The monthly fee is paid within 30 days of the invoice date", ("pass", "stated")),
        ("The monthly fee is paid within 14 days of the invoice date", ("fail", "contradicted")),
        ("The client may audit the books and records of the provider", ("fail", "contradicted")),
        ("The agreement renews automatically for successive periods", ("pass", "stated")),
        ("Employees must not be solicited after termination", ("fail", "not_mentioned")),
        ("Harbour seals are protected", ("fail", "not_mentioned")),
        ("", ("fail", "not_mentioned")),
    ],
)
def test_a_criterion_passes_only_where_it_is_stated(criterion: str, expected: tuple[str, str]) -> None:
    """Words, numbers and negation of one passage decide; too little of them is not mentioned."""
    assert verdict(CONTRACT, criterion) == expected


def test_a_summary_follows_the_document_and_the_focus() -> None:
    """Three to seven key points, and a focus brings its sentences to the front."""
    plain = ask(CONTRACT, {"task": "summarise", "focus": None}, SUMMARY)
    assert 3 <= len(plain["key_points"]) <= 7
    assert plain["overview"].startswith("Offline")
    focused = ask(CONTRACT, {"task": "summarise", "focus": "insurance"}, SUMMARY)
    assert "insurance" in focused["overview"]


def test_a_document_without_text_is_not_summarised() -> None:
    """Nothing readable: the overview says so and no point is made."""
    answer = ask(" \n\f ", {"task": "summarise", "focus": None}, SUMMARY)
    assert answer["key_points"] == []
    assert "no text" in answer["overview"]


def test_any_other_schema_is_filled_validly() -> None:
    """A fourth task needs nothing here: null where allowed, empty lists, the best sentence for a text."""
    schema = closed(
        verdict={"type": "string", "enum": ["good", "unknown"]},
        best=STRING,
        score={"type": "integer"},
        maybe={"anyOf": [{"type": "number"}, {"type": "null"}]},
        items={"type": "array", "items": {"$ref": "#/$defs/inner"}, "minItems": 1},
    ) | {"$defs": {"inner": closed(flag={"type": "boolean"}, kind={"const": "x"})}}
    answer = ask(CONTRACT, {"task": "classify", "about": "insurance"}, schema)
    assert answer["verdict"] == "unknown"
    assert "insurance" in answer["best"]
    assert answer["maybe"] is None
    assert answer["items"] == [{"flag": False, "kind": "x"}]


REQUESTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"task": "summarise", "focus": "payment"}, SUMMARY),
    (
        {
            "task": "extract",
            "fields": [
                {"id": f"f{n}", "name": name, "type": kind, "description": "as stated"}
                for n, (name, kind) in enumerate(
                    [
                        ("a", "string"),
                        ("parties", "list"),
                        ("total amount", "money"),
                        ("date", "date"),
                        ("b", "boolean"),
                    ]
                )
            ]
            + [
                {
                    "id": "f9",
                    "name": "a",
                    "type": "object",
                    "schema": {"properties": {"a": {"type": "number"}}},
                }
            ],
        },
        EXTRACT,
    ),
    ({"task": "evaluate", "criteria": [{"id": "c1", "criterion": "a must pay 5 days before b"}]}, VERDICTS),
    ({"task": "other"}, closed(text=STRING, quotes=TEXTS)),
]
LINES = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            [
                "a: 1.5",
                "Total amount: EUR 1,2",
                "date | 1 May 2024",
                'between A Inc. and (the "B")',
                "\f",
                "",
                "b: no",
            ]
        ),
    ),
    max_size=12,
).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(document=LINES)
def test_any_text_has_valid_answers_with_verbatim_quotes(document: str) -> None:
    """Whatever the text, each answer matches its schema and quotes only what stands there."""
    for request, schema in REQUESTS:
        ask(document, request, schema)


@settings(max_examples=25, deadline=None)
@given(document=LINES)
def test_answers_are_deterministic(document: str) -> None:
    """The same request has the same answer, also of another process's model."""
    for request, schema in REQUESTS:
        assert ask(document, request, schema) == ask(document, request, schema)


def test_a_long_contract_is_read_fast() -> None:
    """Ten criteria over 350,000 characters take no longer than a few passes of a regular expression."""
    import re

    document = (CONTRACT.replace("3 years", "{n} years") * (350_000 // len(CONTRACT) + 1))[:350_000]
    criteria = [
        {"id": f"c{n}", "criterion": f"The provider maintains insurance and audit {n}"} for n in range(10)
    ]
    started = time.process_time()
    for _ in range(20):
        re.findall(r"\w+", document)
    yardstick = time.process_time() - started
    started = time.process_time()
    ask(document, {"task": "evaluate", "criteria": criteria}, VERDICTS)
    assert time.process_time() - started < 6 * yardstick
