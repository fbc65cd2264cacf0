"""Text that addresses a language model, told by patterns.

What is looked for is what injections have in common: to set aside earlier instructions, to speak to a model
as such, to imitate the markup of a conversation, to say what must be answered or kept quiet. Contracts
instruct people all the time, so each pattern asks for words that they do not put side by side.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import cache
from typing import TYPE_CHECKING

from claimcheck.documents.instruction_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 400  # characters of a match
_ZERO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


def instructions(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of what addresses a model, in order.

    Letters that only look other (full width, mathematical) and characters without width do not hide it.
    Patterns are tried only where a text holds what they begin with: twenty megabytes take seconds, and no
    single search is long (it would hold up every other thread).
    """
    plain, places = _plain(text)
    found = sorted(_matches(plain), key=lambda match: (match[0], -match[1]))
    end = 0
    for start, stop, tells in found:
        if start >= end:
            end = stop
            yield (places[start], places[stop - 1] + 1, tells) if places else (start, stop, tells)


def _matches(plain: str) -> Iterator[tuple[int, int, str]]:
    lower = _lower(plain).translate(_BLANKS)
    for begin, rules in _rules().items():
        at = lower.find(begin)
        while at >= 0:
            inside = at > 0 and begin[0].isalpha() and begin.isascii() and lower[at - 1].isalnum()
            for pattern, tells in () if inside else rules:
                match = pattern.match(plain, at, at + _LONGEST)
                if match:
                    yield at, match.end(), tells
            at = lower.find(begin, at + 1)


_BLANKS = {ord(blank): " " for blank in "\t\n\x0b\x0c\r\xa0"}


@cache
def _rules() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """What to try at each beginning."""
    rules: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for rule in RULES:
        pattern = re.compile(rule.pattern, re.IGNORECASE)
        for begin in rule.begins:
            rules.setdefault(begin, []).append((pattern, rule.tells))
    return rules


def _lower(text: str) -> str:
    """In lower case, character by character: offsets stay."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _plain(text: str) -> tuple[str, array[int] | None]:
    """The text with look-alikes replaced, and where its characters are in `text` if some were left out."""
    if text.isascii():
        return text, None
    alike: dict[int, str] = {}
    for char in set(text):
        simple = unicodedata.normalize("NFKC", char)
        if len(simple) == 1 and simple != char:
            alike[ord(char)] = simple
    plain = text.translate(alike) if alike else text
    if not any(char in plain for char in _ZERO_WIDTH):
        return plain, None
    places = array("I", (at for at, char in enumerate(plain) if char not in _ZERO_WIDTH))
    return plain.translate(dict.fromkeys(map(ord, _ZERO_WIDTH))), places
