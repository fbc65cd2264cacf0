# ruff: noqa: E501 (tables of words)
"""Quotes that say something else than their document, kind by kind; none may be found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Span = tuple[int, int]
Change = "Callable[[str, Random], str | None]"

_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_MONEY = re.compile(r"[$€£¥]\s?\d")
_SWAPS = {
    "shall, may, must, will": ("shall", "may", "must", "will"),
    "and, or": ("and", "or"),
    "any, all": ("any", "all", "each", "some"),
    "before, after": ("before", "after", "prior", "following"),
}
_NEGATIONS = ("not", "never", "without", "except", "unless", "no")
_SYNONYMS = {
    "agreement": "contract", "party": "side", "parties": "sides", "shall": "is to", "terminate": "end", "term": "period",
    "notice": "notification", "written": "paper", "pay": "remit", "information": "data", "confidential": "secret",
    "disclose": "reveal", "provide": "supply", "obligations": "duties", "rights": "entitlements", "any": "whichever",
    "under": "pursuant to", "to": "towards", "in": "within", "of": "from", "with": "alongside", "by": "through",
    "the": "this", "and": "as well as", "or": "or else", "for": "on behalf of", "be": "become", "such": "that",
}  # fmt: skip
_UNITS = (("days", "weeks"), ("years", "months"), ("months", "days"), ("%", " per mille"), ("day", "week"), ("year", "month"),
          ("percent", "per mille"), ("hours", "days"), ("miles", "kilometres"), ("million", "billion"))  # fmt: skip
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]  # fmt: skip


def _choose(pattern: str, quote: str, rng: Random, flags: int = re.IGNORECASE) -> re.Match[str] | None:
    found = list(re.finditer(pattern, quote, flags))
    return rng.choice(found) if found else None


def _put(quote: str, match: re.Match[str], new: str) -> str:
    return quote[: match.start()] + new + quote[match.end() :]


def one_digit(quote: str, rng: Random) -> str | None:
    match = _choose(r"\d", quote, rng)
    return match and _put(quote, match, rng.choice([digit for digit in "0123456789" if digit != match[0]]))


def digit_lost_or_gained(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=\S)\d|\d(?=\S)", quote, rng)  # not a page's number alone
    return match and _put(quote, match, rng.choice(("", match[0] * 2, match[0] + "0")))


def separator(quote: str, rng: Random) -> str | None:
    match = _choose(r"\d[,.]\d", quote, rng)
    if match is None:
        return None
    one, mark, other = match[0][0], match[0][1], match[0][2]
    return _put(
        quote,
        match,
        rng.choice((f"{one}{other}", f"{one}{'.' if mark == ',' else ','}{other}", f"{one}{other}{mark}")),
    )


def sign(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<![\w.,\-–(\[/])\d[\d,.]*", quote, rng)
    return match and _put(
        quote,
        match,
        rng.choice((f"-{match[0]}", f"({match[0]})", f"+{match[0]}", f"±{match[0]}", f"−{match[0]}")),
    )


def currency(quote: str, rng: Random) -> str | None:
    match = _choose(r"[$€£¥](?=\s?\d)|\b(?:USD|EUR|US\$|dollars?)\b", quote, rng)
    if match is None:
        return None
    return _put(
        quote, match, rng.choice([mark for mark in ("$", "€", "£", "¥", "", "CHF ") if mark != match[0]])
    )


def percent(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=\d)\s?%|\d+(?![\d,.%\w)])", quote, rng)
    if match is None:
        return None
    return _put(quote, match, rng.choice(("", "‰")) if "%" in match[0] else f"{match[0]}%")


def unit(quote: str, rng: Random) -> str | None:
    found = [
        (match, new) for old, new in _UNITS if (match := _choose(rf"(?<![a-z]){old}(?![a-z])", quote, rng))
    ]
    if not found:
        return None
    match, new = rng.choice(found)
    return _put(quote, match, new)


def date(quote: str, rng: Random) -> str | None:
    match = _choose(rf"\b(?:{'|'.join(_MONTHS)})\b|\b(?:19|20)\d\d\b", quote, rng, 0)
    if match is None:
        return None
    if match[0].isdigit():
        return _put(quote, match, str(int(match[0]) + rng.choice((-10, -1, 1, 2))))
    return _put(quote, match, rng.choice([month for month in _MONTHS if month != match[0]]))


def section(quote: str, rng: Random) -> str | None:
    match = _choose(
        r"(?:section|article|clause|paragraph|exhibit|schedule)s?\s+(\d[\d.]*|[A-Z]\b|[IVX]+\b)", quote, rng
    )
    if match is None:
        return None
    old = match[1]
    new = rng.choice(("7", "13.2", "4.1", "B", "IX", "XI"))
    return None if new == old else quote[: match.start(1)] + new + quote[match.end(1) :]


def negation_added(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=\w) (?=\w)", quote, rng)
    return match and _put(quote, match, f" {rng.choice(_NEGATIONS)} ")


def negation_lost(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=\w) (?:not|never|without|except|unless|no|nor|neither|non)(?= \w)", quote, rng)
    return match and _put(quote, match, "")


def negation_joined(quote: str, rng: Random) -> str | None:
    match = _choose(
        r"\b(?:exclusive|assignable|transferable|refundable|competition|limited|able|lawful|reasonable|disclosure)\b",
        quote,
        rng,
    )
    return match and _put(quote, match, rng.choice(("non-", "un", "non", "in")) + match[0])


def swapped(words: tuple[str, ...]) -> Callable[[str, Random], str | None]:
    def change(quote: str, rng: Random) -> str | None:
        match = _choose(rf"\b(?:{'|'.join(words)})\b", quote, rng)
        if match is None:
            return None
        return _put(quote, match, rng.choice([word for word in words if word != match[0].lower()]))

    return change


def names(quote: str, rng: Random) -> str | None:
    found = sorted({match[0] for match in re.finditer(r"(?<=[a-z,] )[A-Z][A-Za-z]{3,}", quote)})
    if len(found) < 2:
        return None
    one, other = rng.sample(found, 2)
    return re.sub(rf"\b(?:{one}|{other})\b", lambda match: other if match[0] == one else one, quote)


def name_replaced(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=[a-z,] )[A-Z][A-Za-z]{3,}", quote, rng, 0)
    return match and _put(quote, match, rng.choice(("Tenant", "Globex", "Licensor", "Borrower", "Umbrella")))


def word_lost(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=\w) [A-Za-z]+(?= [A-Za-z])", quote, rng)
    return match and _put(quote, match, "")


def word_added(quote: str, rng: Random) -> str | None:
    match = _choose(r" (?=[A-Za-z])", quote, rng)
    return match and _put(
        quote,
        match,
        f" {rng.choice(('reasonable', 'prior', 'only', 'material', 'such', 'the', 'a', 'full', 'sole'))} ",
    )


def word_replaced(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<= )[A-Za-z]{3,}(?= )", quote, rng)
    return match and _put(
        quote, match, rng.choice(("lessor", "promptly", "revenue", "forthwith", "audit", "seller"))
    )


def letter_changed(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=[a-z])[a-z](?=[a-z])", quote, rng, 0)
    return match and _put(quote, match, rng.choice([char for char in "aeiouxnt" if char != match[0]]))


def words_joined(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=[a-z]) (?=[a-z])", quote, rng, 0)
    return match and _put(quote, match, rng.choice(("", "-")))


def word_split(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=[a-z]{3})(?=[a-z]{3})", quote, rng, 0)
    return match and _put(quote, match, " ")


def punctuation(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=[a-z])[,;](?= [a-z])", quote, rng, 0)
    return match and _put(quote, match, rng.choice(("", ".", ":")))


def neighbours_swapped(quote: str, rng: Random) -> str | None:
    match = _choose(r"\b([A-Za-z]+) ([A-Za-z]+)\b", quote, rng)
    if match is None or match[1].lower() == match[2].lower():
        return None
    return _put(quote, match, f"{match[2]} {match[1]}")


def clauses_reordered(quote: str, rng: Random) -> str | None:
    parts = quote.rstrip(".").split(", ")
    return ", ".join([*parts[1:], parts[0]]) if len(parts) > 1 else None


def paraphrase(quote: str, rng: Random) -> str | None:
    changed = re.sub(
        r"\b[A-Za-z]+\b",
        lambda match: _SYNONYMS.get(match[0].lower(), match[0]) if rng.random() < 0.7 else match[0],
        quote,
    )
    return changed if changed != quote else None


def bracketed(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<=\w) (?=\w)", quote, rng)
    new = rng.choice(("[not]", "[Tenant]", "[30]", "[never]", "[the]", "[...not...]", "(not)", "[sic]"))
    return match and _put(quote, match, f" {new} ")


def bracketed_number(quote: str, rng: Random) -> str | None:
    match = _choose(r"(?<![\w.,$€£\[(])\d+(?![\w.,%)\]])|\b(?:not|no|never)\b", quote, rng)
    return match and _put(quote, match, f"[{match[0]}]")


def flattened(quote: str, rng: Random) -> str | None:
    """Made with `unflattened`, its document's side."""
    return quote.replace("²", "2").replace("½", "1/2").replace("⁵", "5").replace("¼", "1/4")


KINDS: dict[str, Callable[[str, Random], str | None]] = {
    "one digit": one_digit,
    "a digit lost or gained": digit_lost_or_gained,
    "separator moved": separator,
    "sign": sign,
    "currency": currency,
    "percent": percent,
    "unit": unit,
    "date": date,
    "section number": section,
    "negation added": negation_added,
    "negation lost": negation_lost,
    "negation joined to a word": negation_joined,
    **{f"swapped: {name}": swapped(words) for name, words in _SWAPS.items()},
    "names swapped": names,
    "name replaced": name_replaced,
    "word lost": word_lost,
    "word added": word_added,
    "word replaced": word_replaced,
    "letter changed": letter_changed,
    "words joined": words_joined,
    "word split": word_split,
    "punctuation": punctuation,
    "neighbours swapped": neighbours_swapped,
    "clauses reordered": clauses_reordered,
    "paraphrase": paraphrase,
    "bracketed insertion": bracketed,
    "bracketed number or negation": bracketed_number,
}
