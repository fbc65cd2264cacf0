"""The public documents that cases are made from, and where in them quotes are taken."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

# beside the checkout, or beside the folder of checkouts
_PLACES = [parent / "shared" / "data" for parent in Path(__file__).parents[3:5]]
DATA = next(filter(Path.exists, _PLACES), _PLACES[0])
CUAD = DATA / "cuad" / "dev"
NDAS = DATA / "contractnli" / "dev"

Span = tuple[int, int]

_SENTENCE = re.compile(r"(?<=\s)[A-Z(“\"][^.;!?\n]{30,500}[.;](?=\s)")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Source:
    """A document and the spans of it that people quoted: its labels' evidence."""

    name: str
    text: str
    labelled: tuple[Span, ...]


def available() -> bool:
    """Whether the public documents are on this machine."""
    return CUAD.exists() and NDAS.exists()


def sources() -> list[Source]:
    """All contracts and NDAs, by name."""
    return _contracts() + _ndas()


def halves() -> tuple[list[Source], list[Source]]:
    """The documents to develop on and those to measure on: every other one."""
    found = sources()
    return found[::2], found[1::2]


def _contracts() -> list[Source]:
    found = []
    for line in (CUAD / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = (CUAD / row["text_file"]).read_text(encoding="utf-8")
        spans = {
            (label["start"], label["start"] + len(label["text"]))
            for labels in row["labels"].values()
            for label in labels
        }
        found.append(Source(row["id"], text, _usable(text, spans)))
    return sorted(found, key=lambda source: source.name)


def _ndas() -> list[Source]:
    found = []
    for line in (NDAS / "contractnli.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans = {
            (start, end) for hypothesis in row["hypotheses"].values() for start, end in hypothesis["evidence"]
        }
        found.append(Source(row["id"], row["text"], _usable(row["text"], spans)))
    return sorted(found, key=lambda source: source.name)


def _usable(text: str, spans: set[Span]) -> tuple[Span, ...]:
    return tuple(
        sorted(span for span in spans if 12 <= span[1] - span[0] <= 1500 and text[slice(*span)].strip())
    )


def pick(source: Source, rng: Random, *, words: tuple[int, int] = (8, 60)) -> Span:
    """A span to quote: a labelled one, a sentence, or words from anywhere."""
    way = rng.randrange(3)
    if way == 0 and source.labelled:
        span = stripped(source.text, rng.choice(source.labelled))
        if (
            _between_words(source.text, span)
            and words[0] <= len(source.text[slice(*span)].split()) <= words[1]
        ):
            return span
    start = rng.randrange(max(1, len(source.text) - 4000))
    match = _SENTENCE.search(source.text, start) if way == 1 else None
    if match and words[0] <= len(match[0].split()) <= words[1]:
        return match.span()
    found = []
    for match in _WORD.finditer(source.text, start):
        found.append(match.span())
        if len(found) > words[1]:
            break
    inner = found[1:] or found
    count = min(len(inner), rng.randint(*words))
    return inner[0][0], inner[count - 1][1]


def _between_words(text: str, span: Span) -> bool:
    """Whether the label begins and ends with words: some are cut."""
    return not re.match(r"\w\w", text[max(0, span[0] - 1) : span[0] + 1]) and not re.match(
        r"\w?[\w.]\w", text[span[1] - 1 : span[1] + 2].strip()
    )


def stripped(text: str, span: Span) -> Span:
    """`span` without white space at its ends."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
