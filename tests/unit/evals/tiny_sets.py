"""Labelled sets of a few hand-made documents, in the format of the real ones, and their perfect answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]

ALPHA = (
    "Preamble. SUPPLY AGREEMENT made on March 1, 2016 by Alpha Works, Inc. and Beta Ltd.\n"
    "Neither party competes with the other.\nThe laws of the State of Ohio apply."
)
BETA = "Preamble. PROMOTION AGREEMENT of Gamma LLC.\nGamma keeps insurance of one million."
CONTRACTS: dict[str, tuple[str, Json, dict[str, list[str]]]] = {
    "cuad-a": (
        ALPHA,
        {
            "Document Name": "SUPPLY AGREEMENT (“",
            "Parties": 'Alpha Works, Inc. ("Alpha"); Beta Limited ("Beta"); (each a "Party")',
            "Agreement Date": "3/1/16",
            "Governing Law": "Ohio",
            "Non-Compete": "Yes",
            "Insurance": "No",
        },
        {
            "Document Name": ["SUPPLY AGREEMENT"],
            "Parties": ["Alpha Works, Inc.", "Beta Ltd"],
            "Agreement Date": ["March 1, 2016"],
            "Governing Law": ["The laws of the State of Ohio apply."],
            "Non-Compete": ["Neither party competes with the other."],
        },
    ),
    "cuad-b": (
        BETA,
        {
            "Document Name": "PROMOTION AGREEMENT",
            "Parties": 'Gamma LLC ("Gamma")',
            "Agreement Date": "",
            "Governing Law": "",
            "Non-Compete": "No",
            "Insurance": "Yes",
        },
        {
            "Document Name": ["PROMOTION AGREEMENT"],
            "Parties": ["Gamma LLC"],
            "Insurance": ["Gamma keeps insurance of one million."],
        },
    ),
}
CATEGORIES = {
    "Document Name": ("extract", "The name of the contract", "Contract Name"),
    "Parties": ("extract", "The two or more parties who signed the contract", "Entity or individual names"),
    "Agreement Date": ("extract", "The date of the contract", "Date (mm/dd/yyyy)"),
    "Governing Law": ("extract", "Which state's law governs the contract?", "Name of a US State"),
    "Non-Compete": ("evaluate", "Is there a restriction on the ability to compete?", "Yes/No"),
    "Insurance": ("evaluate", "Is there a requirement for insurance?", "Yes/No"),
}
VALUES: dict[str, Json] = {
    "cuad-a": {
        "Document Name": "Supply Agreement",
        "Parties": ["Alpha Works Inc", "BETA LTD."],
        "Agreement Date": "2016-03-01",
        "Governing Law": "State of Ohio",
    },
    "cuad-b": {"Document Name": "Promotion Agreement", "Parties": ["Gamma LLC"]},
}
AGREEMENTS = {
    "nli-1": (
        "Preamble. The Recipient shall not copy. The Recipient may tell its staff.",
        {
            "nda-2": ("Permissible copy", "Contradiction", ["The Recipient shall not copy."]),
            "nda-5": ("Sharing with employees", "Entailment", ["The Recipient may tell its staff."]),
        },
    ),
    "nli-2": (
        "Preamble. Copies may be made.",
        {
            "nda-2": ("Permissible copy", "Entailment", ["Copies may be made."]),
            "nda-5": ("Sharing with employees", "NotMentioned", []),
        },
    ),
}
REPORTS = [
    {
        "table": {"uid": "tat-1", "table": [["", "2019", "2018"], ["Receivables", "$183,297", "7,111"]]},
        "paragraphs": [
            {"uid": "p2", "order": 2, "text": "Second."},
            {"uid": "p1", "order": 1, "text": "Amounts in thousands."},
        ],
        "questions": [
            {
                "uid": "q1", "order": 1, "question": "What were the receivables in 2019?",
                "answer": ["$183,297"], "answer_type": "span", "scale": "thousand",
            },
            {
                "uid": "q2", "order": 2, "question": "What was the change?",
                "answer": 176186, "answer_type": "arithmetic", "scale": "thousand",
            },
        ],
    }
]  # fmt: skip
FIGURES = {
    "1. What were the receivables in 2019?": "183,297 thousand",
    "2. What was the change?": "176186 thousand",
}
CLAIMS = [
    {
        "id": "claim-1",
        "title": "Water I",
        "policy": "Burst pipes.",
        "claim": "A pipe burst.",
        "label": "covered",
    },
    {
        "id": "claim-2",
        "title": "Water I",
        "policy": "Burst pipes.",
        "claim": "A flood.",
        "label": "not_covered",
    },
    {"id": "claim-3", "title": "Fire II", "policy": "Fire.", "claim": "Some smoke.", "label": "ambiguous"},
]
BASES = {"Entailment": "stated", "Contradiction": "contradicted", "NotMentioned": "not_mentioned"}


def write(directory: Path) -> Path:
    """Write all four sets below `directory`, split `dev`; return it."""
    for folder in ("cuad/dev/txt", "contractnli/dev", "tatqa/dev", "insurance_claims/dev"):
        (directory / folder).mkdir(parents=True)
    _write_cuad(directory / "cuad")
    _lines(directory / "tatqa" / "dev" / "tatqa.jsonl", REPORTS)
    _lines(directory / "insurance_claims" / "dev" / "claims.jsonl", CLAIMS)
    _lines(
        directory / "contractnli" / "dev" / "contractnli.jsonl",
        [
            {
                "id": name,
                "text": text,
                "hypotheses": {
                    key: {
                        "text": f"{short} is agreed.",
                        "short": short,
                        "choice": choice,
                        "evidence": [list(_place(text, quote)) for quote in quotes],
                    }
                    for key, (short, choice, quotes) in hypotheses.items()
                },
            }
            for name, (text, hypotheses) in AGREEMENTS.items()
        ],
    )
    return directory


def _write_cuad(folder: Path) -> None:
    listed = [{"category": name, "kind": kind} for name, (kind, _, _) in CATEGORIES.items()]
    (folder / "categories.json").write_text(json.dumps(listed), encoding="utf-8")
    rows = ["\ufeffCategory (incl. context and answer),Description,Answer Format,Group"]
    rows += [
        f'Category: {name},"Description: {about}",Answer Format: {form},Group: -'
        for name, (_, about, form) in CATEGORIES.items()
    ]
    (folder / "category_descriptions.csv").write_text("\n".join(rows), encoding="utf-8")
    for name, (text, _, _) in CONTRACTS.items():
        (folder / "dev" / "txt" / f"{name}.txt").write_text(text, encoding="utf-8")
    _lines(
        folder / "dev" / "labels.jsonl",
        [
            {
                "id": name,
                "text_file": f"txt/{name}.txt",
                "answers": answers,
                "labels": {
                    category: [{"text": span, "start": text.index(span)} for span in labelled]
                    for category, labelled in places.items()
                },
            }
            for name, (text, answers, places) in CONTRACTS.items()
        ],
    )


def _lines(path: Path, objects: list[Json]) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")


def _place(text: str, quote: str) -> tuple[int, int]:
    return text.index(quote), text.index(quote) + len(quote)


def evidence(text: str, *quotes: str) -> list[Json]:
    """Quotes as the API shows them, each at its first place."""
    return [
        {"quote": quote, "status": "exact", "start": start, "end": end, "page": None}
        for quote in quotes
        for start, end in [_place(text, quote)]
    ]


def verdict(key: str, word: str, basis: str, quoted: list[Json]) -> Json:
    """A criterion's part of a result of evaluate."""
    return {"id": key, "criterion": "", "verdict": word, "basis": basis, "reasoning": "", "evidence": quoted}


def perfect(task: str, body: Json) -> Json:
    """The result that agrees with every label of the document."""
    name, text = body["document"]["name"], body["document"]["text"]
    if name in CONTRACTS:
        return _perfect_contract(task, name, text)
    if name in AGREEMENTS:
        verdicts = [
            verdict(key, "pass" if choice == "Entailment" else "fail", BASES[choice], evidence(text, *quotes))
            for key, (_, choice, quotes) in AGREEMENTS[name][1].items()
        ]
        return {"criteria": verdicts}
    if name == "tat-1":
        fields = {each["name"]: FIGURES[each["name"]] for each in body["fields"]}
        return {"fields": fields, "evidence": {each: [] for each in fields}}
    label = next(each["label"] for each in CLAIMS if each["id"] == name)
    words = {key: "pass" if key == label else "fail" for key in ("covered", "not_covered")}
    return {"criteria": [verdict(key, word, "stated", []) for key, word in words.items()]}


def _perfect_contract(task: str, name: str, text: str) -> Json:
    places = {category: evidence(text, *quotes) for category, quotes in CONTRACTS[name][2].items()}
    asked = [category for category, (kind, _, _) in CATEGORIES.items() if kind == task]
    if task == "extract":
        return {
            "fields": {category: VALUES[name].get(category) for category in asked},
            "evidence": {category: places.get(category, []) for category in asked},
        }
    verdicts = [
        verdict(category, "pass", "stated", places[category])
        if category in places
        else verdict(category, "fail", "not_mentioned", [])
        for category in asked
    ]
    return {"criteria": verdicts}


def silent(task: str, body: Json) -> Json:
    """The result that finds nothing at all."""
    if task == "extract":
        names = [each["name"] for each in body["fields"]]
        return {"fields": dict.fromkeys(names), "evidence": {each: [] for each in names}}
    return {"criteria": [verdict(each["id"], "fail", "not_mentioned", []) for each in body["criteria"]]}


def elsewhere(task: str, body: Json) -> Json:
    """The perfect result, but its quotes stand where nothing is labelled."""
    result, text = perfect(task, body), body["document"]["text"]
    for quotes in list(result.get("evidence", {}).values()):
        quotes[:] = evidence(text, "Preamble.") if quotes else []
    for criterion in result.get("criteria", []):
        criterion["evidence"] = evidence(text, "Preamble.") if criterion["evidence"] else []
    return result
