"""When two values are the same: a rule for each type, each a pure function from a text to what is compared.

Rules read labels and answers alike, so that neither side's way of writing decides.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# Legal forms that are written in two ways; names differ by their form, so it is kept.
_FORMS = {
    "incorporated": "inc",
    "corporation": "corp",
    "limited": "ltd",
    "company": "co",
    "and": "&",
}
_MONTH_FORMS = ("%B %d %Y", "%b %d %Y", "%d %B %Y", "%d %b %Y")
_UNITS = {"day": "day", "week": "week", "month": "month", "year": "month"}
_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_ONES += " sixteen seventeen eighteen nineteen"
_WORDS = {word: value for value, word in enumerate(_ONES.split())}
_WORDS |= {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)  # noqa: SIM905 - shorter to read
}
_NUMBER_WORD = "|".join([*sorted(_WORDS, key=len, reverse=True), "hundred"])
_DURATION = re.compile(
    rf"(?P<number>\d+|(?:(?:{_NUMBER_WORD})[\s-]+(?:and\s+)?)*(?:{_NUMBER_WORD}))\)?[\s-]*"
    r"(?:calendar|business|consecutive|additional|successive)?\s*(?P<unit>day|week|month|year)s?\b"
)
_MONEY = re.compile(r"(?P<before>[^\d(+-]*)(?P<amount>[(+-]?[\d.,]*\d\)?)(?P<after>[^\d]*)")
_SIGNS = {"€": "EUR", "£": "GBP", "US$": "USD"}


def plain(text: str) -> str:
    """Text for comparison: NFKC, case folded, without punctuation, single spaces.

    A full stop or an apostrophe goes without a trace ("L.P." is "LP"); other marks separate words.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"[.'’`]", "", folded)
    return " ".join(re.sub(r"[^\w\s&]|_", " ", folded).split())


def unbracketed(text: str) -> str:
    """A text without what stands in round brackets, nested ones and one that is never closed included."""
    before = None
    while before != text:
        before, text = text, re.sub(r"\([^()]*\)", " ", text)
    return text.partition("(")[0].replace(")", " ")


def name(text: str) -> str:
    """A person's or a company's name: plain, without what stands in brackets or after "d/b/a"."""
    bare = re.split(r"\b[dfa]/[bk]/a\b", unbracketed(text), flags=re.IGNORECASE)[0]
    words = [_FORMS.get(word, word) for word in plain(bare).split()]
    return " ".join(words)


def calendar_date(text: str) -> str | None:
    """A full date as ISO 8601; None where the text is none.

    Reads ISO, month/day/year as in the United States, and months in letters. Two digits of a year are
    read after POSIX (strptime's %y): 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068.
    """
    bare = " ".join(text.split())
    if re.fullmatch(r"\d{4}-\d\d-\d\d", bare):
        return _valid(int(bare[:4]), int(bare[5:7]), int(bare[8:]))
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)", bare)
    if american:
        month, day, year = (int(each) for each in american.groups())
        if len(american[3]) == 2:
            year += 1900 if year >= 69 else 2000
        return _valid(year, month, day)
    worded = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", bare.replace(",", " "))
    worded = re.sub(r"\b(the|day|of)\b", " ", worded, flags=re.IGNORECASE)
    for form in _MONTH_FORMS:
        try:
            return datetime.strptime(" ".join(worded.split()), form).date().isoformat()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None


def _valid(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def durations(text: str) -> frozenset[str]:
    """The lengths of time that a text names, as "90 day" or "24 month"; a year is twelve months."""
    found = set()
    for match in _DURATION.finditer(unicodedata.normalize("NFKC", text).casefold()):
        number = int(match["number"]) if match["number"].isdigit() else _worded(match["number"])
        months = 12 if match["unit"] == "year" else 1
        found.add(f"{number * months} {_UNITS[match['unit']]}")
    return frozenset(found)


def _worded(text: str) -> int:
    """One hundred and eighty: 180."""
    total = 0
    for word in re.findall(r"[a-z]+", text):
        total = max(1, total) * 100 if word == "hundred" else total + _WORDS.get(word, 0)
    return total


def money(value: Any) -> str | None:
    """`{"amount", "currency"}` or "EUR 1,234.50" as "1234.5 EUR"; None where it is no amount.

    Amount and currency have to agree; a currency that is not named ("$ 5") is its own, "5 ?".
    """
    if isinstance(value, dict):
        amount, currency = str(value.get("amount")), value.get("currency")
    else:
        match = _MONEY.fullmatch(unicodedata.normalize("NFKC", str(value)).strip())
        if match is None:
            return None
        amount = match["amount"].replace(",", "")
        amount = f"-{amount[1:-1]}" if amount.startswith("(") else amount
        mark = (match["before"].strip() or match["after"].strip()).upper()
        currency = _SIGNS.get(mark, mark if re.fullmatch("[A-Z]{3}", mark) else None)
    try:
        return f"{Decimal(amount).normalize():f} {currency or '?'}"
    except InvalidOperation:
        return None


def texts(answer: Any) -> list[str]:
    """An answer as texts: a list's members, anything else alone; null is none."""
    if answer is None:
        return []
    members = answer if isinstance(answer, list) else [answer]
    found = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in members]
    return [each for each in found if each.strip()]


def counted(labelled: Iterable[str], answered: Iterable[str]) -> tuple[int, int, int]:
    """True positives, false positives and false negatives of two collections of values."""
    wanted, given = Counter(labelled), Counter(answered)
    right = (wanted & given).total()
    return right, given.total() - right, wanted.total() - right
