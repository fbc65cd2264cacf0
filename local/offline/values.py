"""Typed values in running text: dates, money, numbers, percentages, durations, yes and no.

Each finder yields what stands in the text with its offsets and its plain form
(`2024-03-05`, `EUR 1234.50`, `-1234.5`); what is not there is never made up.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from local.offline.words import NUMBER_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Found:
    """`text[start:end]` and its plain form."""

    start: int
    end: int
    plain: str


MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december"]  # fmt: skip
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})\s*(?:st|nd|rd|t\s?h)?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})\b",
        rf"\b{_DAY}(?:\s+day)?(?:\s+of)?[\s\-]+{_MONTH}(?:\s+day\s+of)?\s*,?[\s\-]+(?P<year>\d{{4}})\b",
        rf"\b{_MONTH}\s+{_DAY}\s*,?\s+(?P<year>\d{{4}})\b",
        r"\b(?P<number>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})\b",
        r"\b(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?P<year>\d{4})\b",
        r"\b(?P<number>\d{1,2})-(?P<day>\d{1,2})-(?P<year>\d{4}|\d{2})\b",
    )
)
# "$" and "¥" stand for several currencies: the number alone is what the text says.
_SYMBOLS = {"$": "", "¥": "", "US$": "USD", "€": "EUR", "£": "GBP", "₹": "INR"}
_CODE = r"USD|EUR|GBP|JPY|CHF|CAD|AUD|INR|CNY|SEK|NOK|DKK|PLN|SGD|HKD|NZD|ZAR|BRL|MXN"
_DIGITS = r"\d{1,3}(?:[,.'\u00a0\u202f]\d{3})+(?:[.,]\d{1,4})?(?!\d)|\d+(?:[.,]\d+)?"
_SCALE = r"(?:\s*(?P<scale>thousand|million|billion|bn|mn|[kKmM](?![\w])))?"
_MONEY = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-−])?\s*(?:(?P<before>US\$|[$€£¥₹]|\b(?:{_CODE})\b)\s*(?P<sign2>[-−])?\s*(?P<a>{_DIGITS}){_SCALE}"
    rf"|(?P<b>{_DIGITS})(?:\s*(?P<scale2>thousand|million|billion))?\s*(?P<after>(?:{_CODE})\b|[€£]))"
)
_NUMBER = re.compile(
    rf"(?<![\w.,/\-])(?P<open>\()?(?P<sign>[-−])?(?P<a>{_DIGITS})(?P<close>\))?{_SCALE}(?![\w/]|-\d)"
)
_PERCENT = re.compile(rf"(?P<sign>[-−])?(?P<a>{_DIGITS})\s*(?:%|per\s?cent\b|percent\b)", re.IGNORECASE)
_WORDS = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_WRITTEN_OUT = re.compile(rf"\b(?:{_WORDS})\s*\Z", re.IGNORECASE)  # "thirty (30)" is no negative number
_DURATION = re.compile(
    rf"\b(?:(?:{_WORDS})(?:[\s-]+(?:{_WORDS}))?\s*(?:\(\s*\d+\s*\))?|\d+)[\s-]*(?:calendar\s+|business\s+|working\s+)?"
    r"(?:days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_PHONE = re.compile(r"(?<!\w)\+?\(?\d{2,4}\)?[\s./-]\d{2,4}[\s./-]\d{3,6}(?!\w)")
_YES = re.compile(r"\s*(?:yes|true|y|x|\[x\]|☒|☑|✓|✔)(?!\w)", re.IGNORECASE)
_NO = re.compile(r"\s*(?:no|false|n|none|\[\s?\]|☐)(?!\w)", re.IGNORECASE)
_FACTORS = {
    "thousand": 1000,
    "k": 1000,
    "million": 10**6,
    "mn": 10**6,
    "m": 10**6,
    "billion": 10**9,
    "bn": 10**9,
}


def dates(text: str, start: int = 0, end: int | None = None) -> Iterator[Found]:
    """Dates in order, as `YYYY-MM-DD`; 3/4/2024 can be read in two ways and is none."""
    found: list[Found] = []
    for pattern in _DATES:
        for match in pattern.finditer(text, start, len(text) if end is None else end):
            plain = _iso(match)
            overlaps = any(f.start < match.end() and match.start() < f.end for f in found)
            if plain and not overlaps:
                found.append(Found(match.start(), match.end(), plain))
    return iter(sorted(found, key=lambda f: f.start))


def _iso(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    year, day = int(groups["year"]), int(groups["day"])
    if year < 100:
        year += 1900 if year > 69 else 2000
    if groups.get("month"):
        month = next(i for i, m in enumerate(MONTHS, 1) if m.startswith(groups["month"][:3].lower()))
    else:
        month = int(groups["number"])
        dotted, iso = "." in match.group(), len(match.group().split("-")[0]) == 4
        if month > 12 >= day:
            month, day = day, month
        elif day <= 12 and day != month and not (dotted or iso):
            return None
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None


def amount(digits: str, scale: str | None = None, *, negative: bool = False) -> Decimal | None:
    """The number that `1,234.50`, `1.234,50` or `1.2 million` stands for."""
    digits = digits.replace("'", "").replace("\u00a0", "").replace("\u202f", "")
    last = max(digits.rfind(","), digits.rfind("."))
    if last >= 0:
        mark, other = digits[last], "." if digits[last] == "," else ","
        grouping = other not in digits and (
            digits.count(mark) > 1 or (mark == "," and len(digits) - last == 4)
        )
        digits = digits.replace(mark, "") if grouping else digits.replace(other, "").replace(mark, ".")
    try:
        value = Decimal(digits) * _FACTORS.get((scale or "").lower(), 1)
    except InvalidOperation:
        return None
    return -value if negative else value


def plain_number(value: Decimal) -> str:
    """A number without grouping, exponent or trailing zeros."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def money(text: str, start: int = 0, end: int | None = None) -> Iterator[Found]:
    """Amounts with a currency, as `EUR 1234.50`."""
    for match in _MONEY.finditer(text, start, len(text) if end is None else end):
        currency = match["before"] or match["after"]
        negative = bool(
            match["sign"] or match["sign2"] or (match["open"] and text[match.end() : match.end() + 1] == ")")
        )
        value = amount(match["a"] or match["b"], match["scale"] or match["scale2"], negative=negative)
        if value is not None:
            span = match.group()
            left = len(span) - len(span.lstrip("( \t\r\n"))
            yield Found(
                match.start() + left, match.end(), f"{_SYMBOLS.get(currency, currency)} {value:.2f}".strip()
            )


def numbers(text: str, start: int = 0, end: int | None = None) -> Iterator[Found]:
    """Plain numbers, also those of an amount of money; not those inside a date or a reference."""
    limit = len(text) if end is None else end
    taken = [(f.start, f.end) for f in dates(text, start, limit)]
    found = [(f.start, f.end, f.plain.split(" ")[-1]) for f in money(text, start, limit)]
    covered = taken + [(a, b) for a, b, _ in found]
    for match in _NUMBER.finditer(text, start, limit):
        if any(a < match.end() and match.start() < b for a, b in covered):
            continue
        bracketed = match["open"] and match["close"] and not _written_out(text, match.start())
        value = amount(match["a"], match["scale"], negative=bool(match["sign"] or bracketed))
        if value is not None:
            found.append((match.start(), match.end(), plain_number(value)))
    for first, last, plain in sorted(found):
        yield Found(first, last, plain_number(Decimal(plain)))


def _written_out(text: str, at: int) -> bool:
    """Whether a number in words stands just before `at`."""
    return bool(_WRITTEN_OUT.search(text, max(0, at - 16), at))


def integers(text: str, start: int = 0, end: int | None = None) -> Iterator[Found]:
    """Whole numbers among the numbers."""
    return (found for found in numbers(text, start, end) if "." not in found.plain)


def percentages(text: str, start: int = 0, end: int | None = None) -> Iterator[Found]:
    """Percentages, as plain numbers: `4.5%` is `4.5`."""
    for match in _PERCENT.finditer(text, start, len(text) if end is None else end):
        value = amount(match["a"], negative=bool(match["sign"]))
        if value is not None:
            yield Found(match.start(), match.end(), plain_number(value))


def _matches(pattern: re.Pattern[str]) -> Callable[..., Iterator[Found]]:
    def find(text: str, start: int = 0, end: int | None = None) -> Iterator[Found]:
        for match in pattern.finditer(text, start, len(text) if end is None else end):
            yield Found(match.start(), match.end(), match.group())

    return find


durations = _matches(_DURATION)
emails = _matches(_EMAIL)
phones = _matches(_PHONE)


def boolean(text: str) -> str | None:
    """`true` or `false` where a form's value says yes or no."""
    if _YES.match(text):
        return "true"
    return "false" if _NO.match(text) else None


FINDERS: dict[str, Callable[..., Iterator[Found]]] = {
    "date": dates,
    "money": money,
    "number": numbers,
    "integer": integers,
    "percent": percentages,
    "duration": durations,
    "email": emails,
    "phone": phones,
}
