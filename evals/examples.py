"""What a labelled set is made of, and what a job made of it: the data that all modules here hand around."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
TaskName = Literal["extract", "evaluate"]


class BadSet(Exception):  # noqa: N818 - says what is the case
    """The labelled set is absent or not what it should be; the message is one line and says what to do."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled document.

    `questions` holds for each task what to ask (`fields` or `criteria` as the API takes them), `labels`
    what people said, in the form of its set. Documents of one `cluster` are not independent of each
    other: they are drawn together when an interval is computed.
    """

    id: str
    cluster: str
    text: str
    questions: Mapping[TaskName, Json]
    labels: Any = field(repr=False)

    def digest(self, task: TaskName) -> str:
        """A hash of the document and of all that is asked of it: an answer belongs to exactly this."""
        asked = json.dumps([self.text, task, self.questions[task]], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A final job. `same_text`: its document's text is the set's own, so that offsets can be compared."""

    status: str
    result: Json | None = None
    error: Json | None = None
    usage: Json = field(default_factory=dict)
    created_at: str | None = None
    completed_at: str | None = None
    same_text: bool = True
    job_id: str = ""

    @property
    def answer(self) -> Json | None:
        """The result of a job that is completed. Any other job, a partial one too, counts as failed."""
        return self.result if self.status == "completed" else None

    @property
    def cost_usd(self) -> float:
        """What the job cost at most: calls of unknown end count at their worst case."""
        return float(self.usage.get("cost_usd") or 0) + float(self.usage.get("unknown_cost_usd_at_most") or 0)

    @property
    def seconds(self) -> float | None:
        """From the submission to the final state by the server's clock; None for a job never accepted."""
        if not self.created_at or not self.completed_at:
            return None
        begun, ended = (datetime.fromisoformat(each) for each in (self.created_at, self.completed_at))
        return max(0.0, (ended - begun).total_seconds())


Outcomes = dict[TaskName, Outcome]


@dataclass(frozen=True, slots=True)
class Item:
    """One label against the answer to it: what every figure is summed from.

    `tp`, `fp` and `fn` count values (most labels have one). `absent`: the label says that the document
    has no such thing; `null`: the answer says so. `iou` is None where no place is labelled. `scores`
    are the set's own metrics, 0 to 1 each. `unscored`: the label gives no value to compare with.
    """

    document: str
    cluster: str
    group: str
    category: str
    tp: int = 0
    fp: int = 0
    fn: int = 0
    absent: bool = False
    null: bool = False
    iou: float | None = None
    quotes: int = 0
    not_found: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    unscored: bool = False


@dataclass(slots=True)
class Judged:
    """All items of a run, and its confusion tables: name → (label, answer) → how often."""

    items: list[Item] = field(default_factory=list)
    confusion: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)

    def confuse(self, table: str, label: str, answer: str) -> None:
        """Count one answer in a confusion table."""
        counts = self.confusion.setdefault(table, {})
        counts[label, answer] = counts.get((label, answer), 0) + 1
