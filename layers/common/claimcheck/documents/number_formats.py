"""Numbers and dates of a spreadsheet as its number formats show them (ECMA-376 part 1, 18.8.30 and 18.8.31).

What depends on the reader's own settings is shown in one way: a full stop before decimals, commas between
thousands, English names of months, and the system's short date (format 14) as YYYY-MM-DD.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

GENERAL = "General"

BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0 ;(#,##0)",
    38: "#,##0 ;[Red](#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;[Red](#,##0.00)", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
"""The formats that a workbook names by number only."""

_DAYS_1904 = 1462
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- a sheet's dates have no zone
_LAST_DAY = 2_958_466  # the year 9999 ends here
_SIGNIFICANT = 11  # digits of the General format
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|(?P<general>General)|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<ampm>AM/PM|A/P)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e|g+)"
    r"|(?P<digits>[0#?][0#?,]*(?:\.[0#?]*,*)?(?:E[+-][0#?]+)?|\.[0#?]+)(?P<fraction>\s*/\s*[0-9?#]+)?"
    r"|(?P<percent>%)|(?P<text>@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str


def shown(value: float, code: str, *, since_1904: bool = False) -> str:
    """A number as the format `code` shows it; as General where the format asks for what is not known here."""
    if not math.isfinite(value):
        return str(value)
    section, number = _section(value, code)
    tokens = _tokens(section)
    kinds = {token.kind for token in tokens}
    if kinds & {"date", "elapsed", "ampm"}:
        dated = _date(value, tokens, since_1904=since_1904)
        return _general(value) if dated is None else dated
    if "fraction" in kinds or "general" in kinds:
        return "".join(
            _general(number) if token.kind in ("fraction", "general") else _literal(token) for token in tokens
        )
    return _number(number, tokens)


def _section(value: float, code: str) -> tuple[str, float]:
    """The section for this sign, and its number: a section for negatives writes the sign itself."""
    sections = _sections(code or GENERAL)
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:
        return sections[2], value
    return sections[0], value


@lru_cache(maxsize=512)
def _sections(code: str) -> list[str]:
    sections, start, quoted = [], 0, False
    for at, char in enumerate(code):
        if char == '"':
            quoted = not quoted
        elif char == ";" and not quoted and code[at - 1 : at] != "\\":
            sections.append(code[start:at])
            start = at + 1
    return [*sections, code[start:]]


@lru_cache(maxsize=512)
def _tokens(section: str) -> list[_Token]:
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(section):
        kind = match.lastgroup or ""
        if match["fraction"]:
            tokens.append(_Token("fraction", match[0]))
        elif kind:
            tokens.append(_Token(kind, match[kind]))
    return tokens


def _literal(token: _Token) -> str:
    return token.text if token.kind in ("quoted", "escaped", "currency", "other", "percent") else ""


def _general(value: float) -> str:
    if value == int(value) and abs(value) < 10**_SIGNIFICANT:
        return str(int(value))
    text = f"{value:.{_SIGNIFICANT}G}"
    if "E" in text and 1e-4 > abs(value) >= 1e-9:
        return f"{value:.{_SIGNIFICANT}f}".rstrip("0").rstrip(".")
    return text


def _number(value: float, tokens: list[_Token]) -> str:
    percents = sum(token.kind == "percent" for token in tokens)
    digits = [token.text for token in tokens if token.kind == "digits"][:1]
    scaled = Decimal(repr(value)).scaleb(2 * percents)
    sign = "-" if value < 0 else ""
    out: list[str] = []
    for token in tokens:
        if token.kind != "digits":
            out.append(_literal(token))
        elif digits:  # a second pattern of digits would be a format of parts, which nobody writes
            out.append(_digits(abs(scaled), digits.pop()))
    text = "".join(out).strip()
    # What rounds to nothing has no sign.
    return sign + text if sign and re.search("[1-9]", text) else text


def _digits(value: Decimal, pattern: str) -> str:
    if "E" in pattern.upper():
        mantissa = pattern.upper().partition("E")[0]
        places = len(mantissa.partition(".")[2])
        text = f"{value:.{places}E}"
        base, _, exponent = text.partition("E")
        return f"{base}E{int(exponent):+03d}"
    thousands = len(pattern) - len(pattern.rstrip(","))  # each trailing comma divides by a thousand
    whole, _, decimals = pattern.rstrip(",").partition(".")
    value = value.scaleb(-3 * thousands)
    rounded = value.quantize(Decimal(1).scaleb(-len(decimals)), rounding=ROUND_HALF_UP)
    head, _, tail = f"{rounded:f}".partition(".")
    least = sum(char == "0" for char in whole)
    head = head.lstrip("0").rjust(least, "0")
    if "," in whole:
        head = f"{int(head or 0):,}" if len(head.lstrip("0")) > 3 else head
    optional = len(decimals) - len(decimals.rstrip("#?"))
    while optional and tail.endswith("0"):
        tail, optional = tail[:-1], optional - 1
    return f"{head}.{tail}" if tail else head


def _date(value: float, tokens: list[_Token], *, since_1904: bool) -> str | None:
    days = value + (_DAYS_1904 if since_1904 else 0)
    if not 0 <= days < _LAST_DAY:
        return None
    if days < 60 and not since_1904:
        days += 1  # the year 1900 had a 29th of February in Lotus 1-2-3, and has in Excel since
    precise = any("." in token.text for token in tokens if token.kind == "date")
    seconds = round(days * 86400, 3 if precise else 0)
    moment = _EPOCH + timedelta(seconds=seconds)
    noon = any(token.kind == "ampm" for token in tokens)
    out: list[str] = []
    for at, token in enumerate(tokens):
        if token.kind == "date":
            out.append(_part(moment, token.text.lower(), minutes=_is_minutes(tokens, at), noon=noon))
        elif token.kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[token.text[0].lower()]
            out.append(str(int(value * 86400 + 0.5) // unit).rjust(len(token.text), "0"))
        elif token.kind == "ampm":
            out.append(moment.strftime("%p"))
        else:
            out.append(_literal(token))
    return "".join(out).strip()


def _is_minutes(tokens: list[_Token], at: int) -> bool:
    """`m` means minutes after hours and before seconds."""
    times = [token for token in tokens if token.kind in ("date", "elapsed")]
    here = sum(token.kind in ("date", "elapsed") for token in tokens[:at])
    before = times[here - 1].text[0].lower() if here else ""
    after = times[here + 1].text[0].lower() if here + 1 < len(times) else ""
    return before == "h" or after == "s"


def _part(moment: datetime, code: str, *, minutes: bool, noon: bool) -> str:
    letter, width = code[0], len(code)
    if letter == "m" and not minutes:
        names = {
            1: str(moment.month),
            2: f"{moment.month:02d}",
            3: moment.strftime("%b"),
            5: moment.strftime("%b")[0],
        }
        return names.get(width, moment.strftime("%B"))
    if letter == "d":
        names = {1: str(moment.day), 2: f"{moment.day:02d}", 3: moment.strftime("%a")}
        return names.get(width, moment.strftime("%A"))
    if letter in "ye":
        return f"{moment.year % 100:02d}" if letter == "y" and width <= 2 else str(moment.year)
    if letter == "g":
        return ""
    if letter == "s" and "." in code:
        decimals = len(code.partition(".")[2])
        return f"{moment.second:02d}.{moment.microsecond:06d}"[: 3 + decimals]
    number = {"h": (moment.hour % 12 or 12) if noon else moment.hour, "m": moment.minute, "s": moment.second}[
        letter
    ]
    return str(number).rjust(min(width, 2), "0")
