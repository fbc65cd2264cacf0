"""TAT-QA: questions about a table and the text around it, from annual reports (Zhu et al. 2021, ACL).

Each question is a field of extract. It is asked as text, whatever the kind of its answer: the kind, the
scale and where the answer stands are labels, and so are not told. Right is what the set's own exact match
says. `labels` of an example maps a field's name to its question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals import matching, tatqa_metric
from evals.examples import Example, Item
from evals.labelled_files import read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from evals.examples import Json, Judged, Outcomes

MAX_NAME = 200  # characters that a field's name may have
FORMAT = (
    "Answer with the words or the figure of the report, a figure with its scale (thousand, million, billion, "
    "percent) where the report states one; separate several answers by semicolons."
)


def load(folder: Path, split: str) -> list[Example]:
    """The reports' excerpts of a split. Raises BadSet."""
    return [_example(line) for line in read_lines(folder / split / "tatqa.jsonl")]


def _example(line: Json) -> Example:
    asked = {f"{each['order']}. {each['question'].strip()}": each for each in line["questions"]}
    labels = {name[:MAX_NAME]: question for name, question in asked.items()}
    fields = [
        {"name": name, "type": "string", "description": f"{question['question'].strip()} {FORMAT}"}
        for name, question in labels.items()
    ]
    uid = line["table"]["uid"]
    return Example(uid, uid, document(line), {"extract": {"fields": fields}}, labels)


def document(line: Json) -> str:
    """The table, a line a row with its cells between bars, then the paragraphs in their order."""
    rows = [
        "| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in line["table"]["table"]
    ]
    paragraphs = [each["text"] for each in sorted(line["paragraphs"], key=lambda each: each["order"])]
    return "\n\n".join(["\n".join(rows), *paragraphs]) + "\n"


def judge(example: Example, outcomes: Outcomes, judged: Judged) -> None:
    """Add an item for each question, its category the kind of its answer."""
    outcome = outcomes.get("extract")
    answer = outcome.answer if outcome else None
    for name, question in example.labels.items():
        said = "; ".join(matching.texts(answer["fields"].get(name))) if answer else ""
        evidence = answer["evidence"].get(name, []) if answer else []
        exact, f1 = tatqa_metric.score(said, question)
        judged.items.append(
            Item(
                example.id,
                example.cluster,
                "extract",
                question["answer_type"],
                tp=int(exact),
                fp=int(bool(said) and not exact),
                fn=int(not exact),
                quotes=len(evidence),
                not_found=sum(each["status"] == "not_found" for each in evidence),
                scores={"exact_match": exact, "token_f1": f1},
            )
        )
