"""ContractNLI: 17 hypotheses about each non-disclosure agreement.

Source: Koreeda and Manning (2021), Findings of EMNLP.

Each hypothesis is a criterion of evaluate, in the set's own words behind "The agreement states or implies":
that is what its annotators were asked, and it makes silence a fail also where the hypothesis is a negation.
Entailment is pass/stated, Contradiction fail/contradicted, NotMentioned fail/not_mentioned.
`labels` of an example is the object `hypotheses` of its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals import spans
from evals.examples import Example, Item
from evals.labelled_files import read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from evals.examples import Json, Judged, Outcomes

BASIS = {"Entailment": "stated", "Contradiction": "contradicted", "NotMentioned": "not_mentioned"}


def load(folder: Path, split: str) -> list[Example]:
    """The agreements of a split. Raises BadSet."""
    return [
        Example(
            line["id"],
            line["id"],
            line["text"],
            {"evaluate": _question(line["hypotheses"])},
            line["hypotheses"],
        )
        for line in read_lines(folder / split / "contractnli.jsonl")
    ]


def _question(hypotheses: Json) -> Json:
    return {
        "criteria": [
            {"id": key, "criterion": f"The agreement states or implies: {hypotheses[key]['text']}"}
            for key in sorted(hypotheses, key=lambda key: int(key.rpartition("-")[2]))
        ]
    }


def judge(example: Example, outcomes: Outcomes, judged: Judged) -> None:
    """Add for each hypothesis an item about the verdict, and one for each basis that is in play."""
    outcome = outcomes.get("evaluate")
    answer = outcome.answer if outcome else None
    given = {each["id"]: each for each in answer["criteria"]} if answer else {}
    for criterion in example.questions["evaluate"]["criteria"]:
        label = example.labels[criterion["id"]]
        said: Json = given.get(criterion["id"], {})
        wanted, basis, verdict = (
            BASIS[label["choice"]],
            said.get("basis", "failed"),
            said.get("verdict", "failed"),
        )
        stated, passed = wanted == "stated", verdict == "pass"
        evidence = said.get("evidence", [])
        places = [(start, end) for start, end in label["evidence"]]
        judged.items.append(
            Item(
                example.id,
                example.cluster,
                "verdict",
                label["short"],
                tp=int(stated and passed),
                fp=int(passed and not stated),
                fn=int(stated and not passed),
                absent=wanted == "not_mentioned",
                null=verdict == "fail" and basis == "not_mentioned",
                iou=spans.overlap(places, evidence, outcome),
                quotes=len(evidence),
                not_found=sum(each["status"] == "not_found" for each in evidence),
                scores={"basis_accuracy": float(basis == wanted)},
            )
        )
        judged.items += classes(example, "basis", wanted, basis)
        judged.confuse("basis", wanted, basis)
        judged.confuse("verdict", "pass" if stated else "fail", verdict)


def classes(example: Example, group: str, wanted: str, given: str) -> list[Item]:
    """One decision between classes, as an item for each class that is in play: one against the rest."""
    if wanted == given:
        return [Item(example.id, example.cluster, group, wanted, tp=1)]
    missed = Item(example.id, example.cluster, group, wanted, fn=1)
    if given == "failed":
        return [missed]
    return [missed, Item(example.id, example.cluster, group, given, fp=1)]
