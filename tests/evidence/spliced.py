# ruff: noqa: E501 (tables of words)
"""Quotes put together from true pieces, or from none, that their document does not contain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.evidence import altered
from tests.evidence.documents import pick
from tests.evidence.edits import window
from tests.evidence.harmless import ellipsis
from tests.evidence.pages import line_numbers, page_breaks

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.evidence.documents import Source

Span = tuple[int, int]
Made = tuple[str, str]

_SENTENCE = re.compile(r"[A-Z][^.;!?\n]{25,400}[.;]")
_NEGATION = re.compile(
    r"\b(?:not|no(?!\.)|never|without|except|unless|nor|neither|excluding|other than|provided that|cannot)\b",
    re.IGNORECASE,
)
_ELLIPSES = (" … ", " ... ", " [...] ", " . . . ", "...")
_INVENTED = (
    "The {a} shall indemnify the {b} for {n} days after the closing of the warehouse in {c}.",
    "Neither party may assign this deed to its {a} before the {n}th anniversary of the {c}.",
    "The total consideration payable by the {a} amounts to {n},000 crowns, due in {c}.",
    "Any dispute about the {b} is settled by the harbour court of {c} within {n} weeks.",
    "The {a} keeps all samples of the {b} at its own risk for {n} months in {c}.",
)
_FILL = {"a": ("Charterer", "Shipper", "Curator", "Underwriter"), "b": ("cargo", "orchard", "telescope", "archive"),
         "c": ("Reykjavik", "Valletta", "Port Louis", "Suva")}  # fmt: skip


def _sentences(text: str) -> list[Span]:
    return [match.span() for match in _SENTENCE.finditer(text)]


def two_sentences(source: Source, rng: Random) -> Made | None:
    """Two sentences that do not follow each other, as if they did."""
    found = _sentences(source.text)
    if len(found) < 4:
        return None
    one = rng.randrange(len(found) - 2)
    other = rng.choice([one + 2, rng.randrange(len(found))])
    if other in (one, one + 1):
        return None
    return source.text, " ".join(source.text[slice(*found[nth])] for nth in (one, other))


def sentence_lost(source: Source, rng: Random) -> Made | None:
    """The middle one of three sentences left out without a sign."""
    found = _sentences(source.text)
    if len(found) < 4:
        return None
    nth = rng.randrange(len(found) - 2)
    if not source.text[found[nth][1] : found[nth + 2][0]].strip():
        return None
    return source.text, source.text[slice(*found[nth])] + " " + source.text[slice(*found[nth + 2])]


def line_lost(source: Source, rng: Random) -> Made | None:
    """A line of the document left out without a sign."""
    lines = [match.span() for match in re.finditer(r"[^\n]*\w[^\n]*", source.text)]
    if len(lines) < 4:
        return None
    nth = rng.randrange(len(lines) - 2)
    lost = source.text[slice(*lines[nth + 1])].strip()
    if len(lost) < 8 or source.text.count(lost) > 2:
        return None  # a page's header or footer is not lost text
    one, other = source.text[slice(*lines[nth])][-200:], source.text[slice(*lines[nth + 2])][:200]
    one, other = one[one.find(" ") + 1 :], other[: other.rfind(" ")] or other
    return source.text, f"{one.strip()}\n{other.strip()}"


def out_of_order(source: Source, rng: Random) -> Made | None:
    start, end = pick(source, rng, words=(12, 50))
    words = source.text[start:end].split()
    half = len(words) // 2
    if half < 4:
        return None
    return source.text, " ".join(words[half:]) + rng.choice(_ELLIPSES) + " ".join(words[:half])


def hiding(source: Source, rng: Random) -> Made | None:
    """An ellipsis in place of words with a negation or an exception."""
    found = list(_NEGATION.finditer(source.text))
    if not found:
        return None
    match = rng.choice(found)
    before, after = source.text[: match.start()].split()[-30:], source.text[match.end() :].split()[:30]
    skipped_before, skipped_after = rng.randint(0, 5), rng.randint(0, 6)
    one = before[: len(before) - skipped_before][-rng.randint(4, 14) :]
    other = after[skipped_after:][: rng.randint(4, 14)]
    if len(one) < 4 or len(other) < 4:
        return None
    return source.text, " ".join(one) + rng.choice(_ELLIPSES) + " ".join(other)


def too_far(source: Source, rng: Random) -> Made | None:
    one = pick(source, rng, words=(5, 15))
    other = pick(source, rng, words=(5, 15))
    if other[0] - one[1] < 1500:
        return None
    return source.text, source.text[slice(*one)] + rng.choice(_ELLIPSES) + source.text[slice(*other)]


def invented(source: Source, rng: Random) -> Made:
    sentence = rng.choice(_INVENTED).format(
        n=rng.randint(2, 90), **{key: rng.choice(words) for key, words in _FILL.items()}
    )
    return source.text, sentence


def invented_from_words(source: Source, rng: Random) -> Made:
    """The document's own words in an order of nobody's."""
    start, end = pick(source, rng, words=(10, 40))
    words = source.text[start:end].split()
    rng.shuffle(words)
    return source.text, " ".join(words)


def flattened(source: Source, rng: Random) -> Made | None:
    """A superscript or a fraction in the document, plain digits in the quote."""
    text, span = window(source.text, pick(source, rng), rng)
    gaps = [match.start() for match in re.finditer(r"(?<=[a-z]) (?=[a-z])", text[slice(*span)])]
    if not gaps:
        return None
    at = span[0] + rng.choice(gaps)
    rich, poor = rng.choice(
        (
            ("10²", "102"),
            ("5½", "51/2"),
            ("5½", "5 1/2"),
            ("10⁵", "105"),
            ("¼", "1/4"),
            ("H₂O", "H2O"),
            ("①", "1"),
            ("x²", "x2"),
            ("5½", "5"),
        )
    )
    return f"{text[:at]} {rich}{text[at:]}", f"{text[span[0] : at]} {poor}{text[at : span[1]]}"


def noisy_alteration(source: Source, rng: Random) -> Made | None:
    """A change of meaning, in a document with page breaks or line numbers inside the quote."""
    span = pick(source, rng)
    maker = rng.choice(
        (
            page_breaks(header=True, footer=True),
            line_numbers(at_start=True),
            line_numbers(at_start=False),
            page_breaks(header=False, footer=True),
        )
    )
    made = maker(source.text, span, rng)
    if made is None:
        return None
    document, quote, _ = made
    change = rng.choice([kind for name, kind in altered.KINDS.items() if name != "punctuation"])
    changed = change(quote, rng)
    return (document, changed) if changed else None


def ellipsis_and_alteration(source: Source, rng: Random) -> Made | None:
    """A change of meaning beside a true ellipsis."""
    made = ellipsis(source.text, pick(source, rng, words=(16, 60)), rng)
    if made is None:
        return None
    changed = rng.choice(
        [kind for name, kind in altered.KINDS.items() if name not in ("punctuation", "word lost")]
    )(made[1], rng)
    return (source.text, changed) if changed else None


KINDS: dict[str, Callable[[Source, Random], Made | None]] = {
    "two sentences spliced": two_sentences,
    "a sentence lost": sentence_lost,
    "a line lost": line_lost,
    "pieces out of order": out_of_order,
    "ellipsis hides a negation": hiding,
    "ellipsis too far": too_far,
    "invented": invented,
    "invented from its words": invented_from_words,
    "superscript or fraction flattened": flattened,
    "altered among page breaks or line numbers": noisy_alteration,
    "altered beside an ellipsis": ellipsis_and_alteration,
}
