"""CUAD: contracts with 41 categories of clauses, labelled by lawyers (Hendrycks et al. 2021).

Its eight categories with an answer are fields of extract, the 33 that are Yes or No criteria of evaluate.
What is asked is the set's own description of each category (category_descriptions.csv), answer format
included. `labels` of an example is the line of labels.jsonl.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from evals import matching, spans
from evals.examples import BadSet, Example, Item
from evals.labelled_files import read, read_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evals.examples import Json, Judged, Outcome, Outcomes

_TYPES = {"Agreement Date": "date", "Effective Date": "date", "Parties": "list"}
_DEFINES = re.compile(r"\b(?:individually|collectively|together|each|referred)\b", re.IGNORECASE)
_AFTER_A_FORM = re.compile(r"(?<=LLC),\s+|(?<=L\.P\.),\s+")
_LAW = re.compile(r"\b(?:the|laws?|state|commonwealth|province|of)\b")

Keys = frozenset[str]


def load(folder: Path, split: str) -> list[Example]:
    """The contracts of a split. Raises BadSet."""
    kinds = {each["category"]: each["kind"] for each in json.loads(read(folder / "categories.json"))}
    described = _descriptions(read(folder / "category_descriptions.csv"))
    if missing := [each for each in kinds if each.lower() not in described]:
        raise BadSet(f"category_descriptions.csv does not describe {missing[0]}")
    questions: dict[Any, Json] = {
        "extract": {"fields": [_field(each, described) for each in kinds if kinds[each] == "extract"]},
        "evaluate": {
            "criteria": [_criterion(each, described) for each in kinds if kinds[each] == "evaluate"]
        },
    }
    return [
        Example(line["id"], line["id"], read(folder / split / line["text_file"]), questions, line)
        for line in read_lines(folder / split / "labels.jsonl")
    ]


def _descriptions(text: str) -> dict[str, tuple[str, str]]:
    """Category in lower case → its description and its answer format."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    cells = ([cell.partition(":")[2].strip() for cell in row[:3]] for row in rows)
    return {row[0].lower(): (" ".join(row[1].split()), row[2]) for row in cells if len(row) == 3}


def _field(category: str, described: dict[str, tuple[str, str]]) -> Json:
    text, form = described[category.lower()]
    kind = _TYPES.get(category, "string")
    # The type of a date says how it is to be written.
    description = text if kind == "date" else f"{text} Answer format: {form}"
    return {"name": category, "type": kind, "description": description}


def _criterion(category: str, described: dict[str, tuple[str, str]]) -> Json:
    text = described[category.lower()][0]
    return {
        "id": category,
        "criterion": f"The contract contains a clause of the category “{category}”: {text}",
    }


def judge(example: Example, outcomes: Outcomes, judged: Judged) -> None:
    """Add an item for each of the categories."""
    extracted = outcomes.get("extract")
    for field in example.questions["extract"]["fields"]:
        judged.items.append(_extract(example, field["name"], extracted))
    evaluated = outcomes.get("evaluate")
    answer = evaluated.answer if evaluated else None
    given = {each["id"]: each for each in answer["criteria"]} if answer else {}
    for criterion in example.questions["evaluate"]["criteria"]:
        judged.items.append(_evaluate(example, criterion["id"], evaluated, given.get(criterion["id"])))


def _extract(example: Example, category: str, outcome: Outcome | None) -> Item:
    keys = RULES.get(category, whole)
    label = example.labels["answers"].get(category) or ""
    places = _places(example, category)
    wanted = keys([label]) if label.strip() else frozenset()
    # A clause is labelled, or the label has a gap in it ("8/[]/2019"), and there is no value to compare with.
    unscored = not wanted and bool(label.strip() or places)
    absent = not wanted and not unscored
    answer = outcome.answer if outcome else None
    values = matching.texts(answer["fields"].get(category)) if answer else []
    evidence = answer["evidence"].get(category, []) if answer else []
    given = (keys(values) or whole(values)) if values else frozenset()
    tp, fp, fn = (0, 0, 0) if unscored else matching.counted(wanted, given)
    return _item(
        example, "extract", category, evidence, outcome,
        tp=tp, fp=fp, fn=fn, absent=absent, null=answer is not None and not values, unscored=unscored,
    )  # fmt: skip


def _evaluate(example: Example, category: str, outcome: Outcome | None, given: Json | None) -> Item:
    present = example.labels["answers"].get(category) == "Yes"
    passed = given is not None and given["verdict"] == "pass"
    failed = given is not None and not passed
    evidence = given["evidence"] if given else []
    return _item(
        example, "evaluate", category, evidence, outcome,
        tp=int(present and passed), fp=int(passed and not present), fn=int(present and not passed),
        absent=not present, null=failed,
    )  # fmt: skip


def _item(
    example: Example, group: str, category: str, evidence: list[Json], outcome: Outcome | None, **counts: Any
) -> Item:
    return Item(
        example.id,
        example.cluster,
        group,
        category,
        iou=spans.overlap(_places(example, category), evidence, outcome),
        quotes=len(evidence),
        not_found=sum(each["status"] == "not_found" for each in evidence),
        **counts,
    )


def _places(example: Example, category: str) -> list[spans.Range]:
    labels = example.labels["labels"].get(category, [])
    return [(each["start"], each["start"] + len(each["text"])) for each in labels]


def whole(values: list[str]) -> Keys:
    """All of it is one value: its plain text."""
    return frozenset({plain} if (plain := matching.plain(" ".join(values))) else ())


def _date(values: list[str]) -> Keys:
    found = [matching.calendar_date(each) for each in values]
    return frozenset(each for each in found if each)


def _date_or_perpetual(values: list[str]) -> Keys:
    said = " ".join(values)
    return frozenset({"perpetual"}) if matching.plain(said) == "perpetual" else _date([said])


def _durations(values: list[str]) -> Keys:
    """All durations together are one value: "60 days; 180 days" is not half right with one of them."""
    said = " ".join(values)
    if "perpetual" in matching.plain(said).split():
        return frozenset({"perpetual"})
    found = sorted(matching.durations(said))
    return frozenset({"; ".join(found)} if found else ())


def _law(values: list[str]) -> Keys:
    """All places together are one value; "State of New York" is "New York"."""
    parts = [
        _LAW.sub(" ", matching.plain(part)).split()
        for each in values
        for part in re.split(r"[;,]|\band\b", each)
    ]
    found = sorted({" ".join(part) for part in parts if part})
    return frozenset({"; ".join(found)} if found else ())


def _title(values: list[str]) -> Keys:
    """A contract's name without what stands in brackets: labels end in "(“" now and then."""
    return whole([matching.unbracketed(each) for each in values])


def parties(values: list[str]) -> Keys:
    """The names in a list of parties.

    A label is one text, names parted by semicolons, with what each is called in brackets. Parts that only
    say what several of them are called together ("A and B (each a “Party”)") name nobody.
    """
    pieces = [
        part for each in values for piece in _parted(each) for part in _AFTER_A_FORM.split(piece.strip())
    ]
    return frozenset(found for piece in pieces if (found := _party(piece)))


def _parted(label: str) -> list[str]:
    """Split at the semicolons outside of brackets; at every one where the brackets do not pair."""
    label = label.replace("[", "(").replace("]", ")")
    unpaired = label.count("(") - label.count(")")
    if unpaired > 0 and label.startswith("("):
        label, unpaired = label[1:], unpaired - 1
    if unpaired:
        return label.split(";")
    pieces, depth = [""], 0
    for char in label:
        depth += (char == "(") - (char == ")")
        if char == ";" and depth <= 0:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces


def _party(piece: str) -> str:
    head = matching.unbracketed(piece)
    several = (
        re.search(r"\band\b", head) and re.search(r"\bPart(?:y|ies)\b", piece) and _DEFINES.search(piece)
    )
    return "" if several or _DEFINES.search(head) else matching.name(piece)


RULES: dict[str, Callable[[list[str]], Keys]] = {
    "Document Name": _title,
    "Parties": parties,
    "Agreement Date": _date,
    "Effective Date": _date,
    "Expiration Date": _date_or_perpetual,
    "Renewal Term": _durations,
    "Notice Period To Terminate Renewal": _durations,
    "Governing Law": _law,
}
