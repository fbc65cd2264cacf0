# ruff: noqa: E501 (tables of forms)
"""Quotes that differ from their document in form only, kind by kind; each must be found at its place."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tests.evidence.edits import edited, window
from tests.evidence.pages import line_numbers, page_breaks, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.evidence.edits import Edit, Made, Span

Maker = "Callable[[str, Span, Random], Made | None]"

_GAP = re.compile(r"\s+")
_LETTERS = re.compile(r"[a-z]{6,}")
_LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
_TYPOGRAPHIC = {'"': "“”„«", "'": "’‘ʼ", "-": "–—‑−"}
_PLAIN = {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."}
HIDING = re.compile(
    r"\b(?:not|no(?!\.\s?\d)|never|none|nor|neither|nothing|cannot|without|except\w*|unless|exclud\w+|exclusions?|but|however|"
    r"notwithstanding|other than|otherwise than|rather than|instead of|apart from|save|subject to|provided(?=,? (?:that|however|further))|"
    r"prohibit\w*|forbid\w*|barring|n't)\b",
    re.IGNORECASE,
)


def _each_gap(quote: str, rng: Random, choose: Callable[[], str], share: float = 0.3) -> str:
    return _GAP.sub(lambda gap: choose() if rng.random() < share else gap[0], quote)


def in_quote(change: Callable[[str, Random], str | None]) -> Callable[[str, Span, Random], Made | None]:
    """A kind that changes the quote."""

    def make(text: str, span: Span, rng: Random) -> Made | None:
        quote = text[slice(*span)]
        changed = change(quote, rng)
        return (text, changed, span) if changed is not None and changed != quote else None

    return make


def in_document(
    change: Callable[[str, Random], list[Edit] | None],
) -> Callable[[str, Span, Random], Made | None]:
    """A kind that changes the document about and inside the span."""

    def make(text: str, span: Span, rng: Random) -> Made | None:
        text, span = window(text, span, rng)
        edits = [
            edit
            for edit in change(text, rng) or []
            if not (edit[0] < span[0] < edit[1] or edit[0] < span[1] < edit[1])
            and edit[0] != span[0] and edit[1] != span[1]
        ]  # fmt: skip
        if not any(span[0] < start and end < span[1] for start, end, _ in edits):
            return None
        made = edited(text, edits)
        return made.text, text[slice(*span)], made.span(span)

    return make


def exact(text: str, span: Span, rng: Random) -> Made:
    return text, text[slice(*span)], span


def runs_of_space(quote: str, rng: Random) -> str:
    return _each_gap(
        quote, rng, lambda: rng.choice((" ", "\t", "\u00a0", "\u2003", "\u3000")) * rng.randint(1, 4), 0.5
    )


def newlines(quote: str, rng: Random) -> str:
    return _each_gap(quote, rng, lambda: rng.choice(("\n", "\r\n", "\n\n", " \n ", "\u2028")))


def one_line(quote: str, rng: Random) -> str:
    return " ".join(quote.split())


def hyphenated_quote(quote: str, rng: Random) -> str | None:
    return _broken(quote, rng, lambda: rng.choice(("-\n", "-\r\n", "- \n  ", "\u2010\n", "\u00ad\n")))


def hyphen_and_space(quote: str, rng: Random) -> str | None:
    return _broken(quote, rng, lambda: "- ")


def _broken(quote: str, rng: Random, joint: Callable[[], str]) -> str | None:
    words = list(_LETTERS.finditer(quote))
    if not words:
        return None
    edits = []
    for word in rng.sample(words, max(1, len(words) // 4)):
        at = word.start() + rng.randint(2, len(word[0]) - 2)
        edits.append((at, at, joint()))
    return edited(quote, edits).text


def hyphenated(text: str, rng: Random) -> list[Edit]:
    joint = rng.choice(("-\n", "-\r\n", "- \n   ", "\u2010\n", "-\n\n"))
    return [
        (at, at, joint)
        for word in _LETTERS.finditer(text)
        if rng.random() < 0.2
        for at in [word.start() + rng.randint(2, len(word[0]) - 2)]
    ]


def own_hyphen_at_line_end(text: str, rng: Random) -> list[Edit]:
    return [(match.end(), match.end(), "\n") for match in re.finditer(r"(?<=[a-z])-(?=[a-z])", text)]


def spaces_in_document(text: str, rng: Random) -> list[Edit]:
    return [
        (*gap.span(), rng.choice(("  ", "\t", "\u00a0", "\u2009", "   ", "\n", " \r\n")))
        for gap in re.finditer(r"(?<=\S) (?=\S)", text)
        if rng.random() < 0.2
    ]


def typographic(quote: str, rng: Random) -> str:
    changed = "".join(
        rng.choice(_TYPOGRAPHIC[char]) if char in _TYPOGRAPHIC and rng.random() < 0.9 else char
        for char in quote
    )
    return "".join(
        _PLAIN.get(char, char) if char in quote and rng.random() < 0.8 else char for char in changed
    )


def typographic_document(text: str, rng: Random) -> list[Edit]:
    return [
        (at, at + 1, rng.choice(_TYPOGRAPHIC[char])) for at, char in enumerate(text) if char in _TYPOGRAPHIC
    ]


def ligatures(quote: str, rng: Random) -> str:
    return re.sub("ffi|ffl|ff|fi|fl", lambda match: _LIGATURES[match[0]], quote)


def ligatures_document(text: str, rng: Random) -> list[Edit]:
    return [(*match.span(), _LIGATURES[match[0]]) for match in re.finditer("ffi|ffl|ff|fi|fl", text)]


def _strewn(between: str, share: float) -> Callable[[str, Random], list[Edit]]:
    def change(text: str, rng: Random) -> list[Edit]:
        return [
            (at, at, rng.choice(between))
            for at in range(1, len(text))
            if text[at - 1].isalpha() and text[at].isalpha() and rng.random() < share
        ]

    return change


soft_hyphens = _strewn("\u00ad", 0.1)
zero_width = _strewn("\u200b\u200c\u200d\ufeff\u2060", 0.1)


def strewn_quote(change: Callable[[str, Random], list[Edit]]) -> Callable[[str, Random], str]:
    return lambda quote, rng: edited(quote, change(quote, rng)).text


def decomposed(quote: str, rng: Random) -> str:
    return unicodedata.normalize("NFD", quote)


def full_width(quote: str, rng: Random) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isalnum() and char.isascii() else char for char in quote)


def full_width_document(text: str, rng: Random) -> list[Edit]:
    return [
        (at, at + 1, chr(ord(char) + 0xFEE0))
        for match in re.finditer(r"[A-Za-z0-9]+", text)
        if rng.random() < 0.2
        for at, char in enumerate(match[0], match.start())
    ]


def case(quote: str, rng: Random) -> str:
    return rng.choice((str.upper, str.lower, str.title, str.swapcase, str.capitalize))(quote)


def case_document(text: str, rng: Random) -> list[Edit]:
    return [(*match.span(), match[0].upper()) for match in re.finditer(r"[a-z]+", text) if rng.random() < 0.3]


def bracketed_letter(quote: str, rng: Random) -> str | None:
    words = list(re.finditer(r"(?<![\w\[])[A-Za-z](?=[a-z])", quote))
    if not words:
        return None
    word = words[0] if rng.random() < 0.6 else rng.choice(words)
    return f"{quote[: word.start()]}[{word[0].swapcase()}]{quote[word.end() :]}"


def ellipsis(text: str, span: Span, rng: Random) -> Made | None:
    """Words left out of the middle, once or twice, where nothing that counts is hidden."""
    words = [match.span() for match in re.finditer(r"\S+", text[slice(*span)])]
    if len(words) < 14:
        return None
    quote = text[slice(*span)]
    pieces = []
    at = 0
    for _ in range(rng.randint(1, 2)):
        keep = at + rng.randint(4, max(4, (len(words) - at) // 3))
        skip = keep + rng.randint(1, 12)
        if skip + 4 > len(words):
            break
        if HIDING.search(quote[words[keep - 1][1] : words[skip][0]]):
            return None
        pieces.append(quote[words[at][0] : words[keep - 1][1]])
        at = skip
    if not pieces:
        return None
    pieces.append(quote[words[at][0] :])
    marks = (" … ", " ... ", "...", "…", " [...] ", " […] ", " . . . ", " (...) ", "\n...\n")
    return text, rng.choice(marks).join(pieces), span


def outer_ellipsis(quote: str, rng: Random) -> str:
    mark = rng.choice(("…", "...", "[...] ", "… ", ". . . ", "[…]"))
    return rng.choice((mark + quote, quote + mark, mark + quote + mark, quote + " " + mark))


def wrapped_in_marks(quote: str, rng: Random) -> str | None:
    opening, closing = rng.choice(("“”", '""', "''", "‘’", "«»"))
    return None if quote[0] in "\"'“‘" or quote[-1] in "\"'”’" else opening + quote + closing


def pipes(text: str, rng: Random) -> list[Edit]:
    return [
        (*gap.span(), rng.choice((" | ", " |", "\t|\t")))
        for gap in re.finditer(r"(?<=\S) (?=\S)", text)
        if rng.random() < 0.1
    ]


def mixed(text: str, span: Span, rng: Random) -> Made | None:
    """One change of the document and two of the quote."""
    makers = (in_document(hyphenated), in_document(wrapped), in_document(spaces_in_document), in_document(soft_hyphens),
              page_breaks(header=True, footer=True), line_numbers(at_start=True), in_document(typographic_document))  # fmt: skip
    made = rng.choice(makers)(text, span, rng)
    if made is None:
        return None
    document, quote, place = made
    for change in rng.sample(
        (
            typographic,
            case,
            runs_of_space,
            ligatures,
            strewn_quote(zero_width),
            newlines,
            one_line,
            decomposed,
        ),
        2,
    ):
        quote = change(quote, rng)
    return document, quote, place


KINDS: dict[str, Callable[[str, Span, Random], Made | None]] = {
    "exact": exact,
    "white space, quote": in_quote(runs_of_space),
    "white space, document": in_document(spaces_in_document),
    "line breaks, quote": in_quote(newlines),
    "line breaks, document": in_document(wrapped),
    "line breaks gone, quote": in_quote(one_line),
    "hyphenation, quote": in_quote(hyphenated_quote),
    "hyphenation, document": in_document(hyphenated),
    "hyphenation, line break gone": in_quote(hyphen_and_space),
    "own hyphen at a line's end": in_document(own_hyphen_at_line_end),
    "typographic, quote": in_quote(typographic),
    "typographic, document": in_document(typographic_document),
    "ligatures, quote": in_quote(ligatures),
    "ligatures, document": in_document(ligatures_document),
    "soft hyphens, quote": in_quote(strewn_quote(soft_hyphens)),
    "soft hyphens, document": in_document(soft_hyphens),
    "zero width, quote": in_quote(strewn_quote(zero_width)),
    "zero width, document": in_document(zero_width),
    "full width, quote": in_quote(full_width),
    "full width, document": in_document(full_width_document),
    "case, quote": in_quote(case),
    "case, document": in_document(case_document),
    "bracketed letter": in_quote(bracketed_letter),
    "ellipsis": ellipsis,
    "ellipsis outside": in_quote(outer_ellipsis),
    "wrapped in quotation marks": in_quote(wrapped_in_marks),
    "table pipes": in_document(pipes),
    "mixed": mixed,
    "line numbers before": line_numbers(at_start=True),
    "line numbers behind": line_numbers(at_start=False),
    "running header": page_breaks(header=True, footer=False),
    "page number": page_breaks(header=False, footer=True),
    "header and footer": page_breaks(header=True, footer=True),
}
