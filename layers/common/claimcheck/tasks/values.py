"""The model's text for one field, to a value of the type that was asked for.

The model is asked for a plain form of each type (docs/architecture.md); forms that can be read in
one way only are accepted beside it. What can be read in two ways (03/04/2024) is refused.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime
from typing import Any

from claimcheck.tasks.storable import storable


class UnusableError(ValueError):
    """The text cannot be read as the type. The message says which form is wanted, not what was there."""


# ISO 4217, active codes of currencies and of the metals (list one, 2025).
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
    KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XAG XAU XCD XCG XOF XPD XPF XPT YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 -- a page of quotation marks is harder to check
)
# Signs that stand for one currency. "$" and "¥" stand for several: their currency stays open.
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "US$": "USD",
    "C$": "CAD",
    "A$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
}
_OPEN_SIGNS = ("$", "¥", "￥")
_CURRENCY_SIGNS = "$¢£¤¥€₹₩₽₺₫₪₦₱฿￥"

# A space or apostrophe separates thousands only before exactly three digits: "10 20" is two numbers.
_GROUPING = re.compile(r"(?<=\d)[\s'’_](?=\d{3}(?!\d))")
_PLAIN = re.compile(r"(?P<sign>[+-]?)(?P<digits>\d[\d.,]*|[.]\d+)(?P<power>[eE][+-]?\d{1,3})?", re.ASCII)
_COMMA_GROUPS = re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?")
_DOT_GROUPS = re.compile(r"\d{1,3}(\.\d{3})+(,\d*)?")
_MANY_DOTS = re.compile(r"\d{1,3}(\.\d{3}){2,}")
_MONEY = re.compile(r"(?P<before>[^\d(+.,−-]*)(?P<amount>[(+.,−-]?.*\d\)?)(?P<after>[^\d)]*)", re.DOTALL)
# Signs and separators belong to the amount; what else stands before or after it is its unit.
_AMOUNT = re.compile(r"[(+−-]?\s?[.,]?\d(?:[\d.,'’_\s]*\d)?[.,]?(?:[eE][+-]?\d{1,3}(?!\w))?\)?")
_UNIT_CHARS = 30
_DATE_FORMS = ("%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y", "%B %d %Y", "%Y/%m/%d", "%Y.%m.%d")


def coerce(text: str, kind: str) -> Any:
    """`text` as a value of `kind` (a field type). Raises UnusableError."""
    return _READERS[kind](text)


def quantity(text: str) -> tuple[str, str | None]:
    """A number's text and the unit or currency that stands with it: `12.5 %`, `40 kg`, `EUR 5` have one.

    A unit has at most 30 characters and no digits; before a number only a currency is one.
    """
    match = _AMOUNT.search(text)
    if match is None:
        return text, None
    before, after = text[: match.start()].strip(), text[match.end() :].strip().rstrip(".,;")
    unit = before or after
    if not unit or (before and after) or len(unit) > _UNIT_CHARS or any(map(str.isdecimal, unit)):
        return text, None
    if before and not (before in _SIGNS or before in _CURRENCY_SIGNS or before.upper() in CURRENCIES):
        return text, None
    return match.group().strip(), unit


def number(text: str) -> int | float:
    """A number from a decimal with optional thousands separators, currency sign or percent sign.

    `12.5%` is 12.5 and `(1,200)` is -1200. A comma before three digits separates thousands.
    """
    bare = text.strip().replace("−", "-")
    if bare.startswith("(") and bare.endswith(")"):
        bare = "-" + bare[1:-1]
    bare = bare.rstrip("%‰ \u00a0\u202f")
    sign = "-" if bare.startswith("-") else ""
    bare = bare.removeprefix("-").strip(_CURRENCY_SIGNS + " \u00a0\u202f")
    bare = sign + _GROUPING.sub("", bare)
    match = _PLAIN.fullmatch(bare)
    if match is None:
        raise UnusableError("is not a decimal number")
    digits = _decimal(match["digits"])
    if digits.isdigit() and not match["power"] and len(digits) <= 300:
        return int(match["sign"] + digits)
    value = float(match["sign"] + digits + (match["power"] or ""))
    if not math.isfinite(value):
        raise UnusableError("is too large a number")
    return value


def _decimal(digits: str) -> str:
    """Digits with separators to digits with at most a decimal point."""
    if "," not in digits and digits.count(".") <= 1:
        return digits.rstrip(".")
    if _COMMA_GROUPS.fullmatch(digits):
        return digits.replace(",", "").rstrip(".")
    if (_DOT_GROUPS.fullmatch(digits) and "," in digits) or _MANY_DOTS.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".").rstrip(".")
    if digits.count(",") == 1 and "." not in digits:
        return digits.replace(",", ".").rstrip(".")
    raise UnusableError("is not a decimal number")


def integer(text: str) -> int:
    """A whole number; `12.0` is one, `12.5` is not."""
    value = number(text)
    if isinstance(value, float):
        if not value.is_integer():
            raise UnusableError("is not a whole number")
        return int(value)
    return value


def boolean(text: str) -> bool:
    """true or false; yes and no count."""
    word = text.strip().lower()
    if word not in {"true", "false", "yes", "no"}:
        raise UnusableError("is neither true nor false")
    return word in {"true", "yes"}


def iso_date(text: str) -> str:
    """A calendar date as ISO 8601 (YYYY-MM-DD), from that or a form with the month in letters."""
    bare = " ".join(text.split())
    try:
        return (
            date.fromisoformat(bare[:10]).isoformat()
            if re.match(r"\d{4}-\d\d-\d\d(?!\d)", bare)
            else _worded(bare)
        )
    except ValueError:
        raise UnusableError("is not a full date (YYYY-MM-DD)") from None


def _worded(text: str) -> str:
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text).replace(" of ", " ")
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(plain, form).date().isoformat()  # noqa: DTZ007 -- a date has no zone
        except ValueError:
            continue
    raise ValueError


def money(text: str) -> dict[str, Any]:
    """`{"amount": number, "currency": ISO 4217 code or None}`; a bare `$` leaves the currency open."""
    match = _MONEY.fullmatch(text.strip())
    if match is None:
        raise UnusableError("is not an amount of money")
    marks = [mark for mark in (match["before"].strip(), match["after"].strip()) if mark]
    amount = match["amount"].strip()
    if marks and marks[-1] in {")", "-"}:
        raise UnusableError("is not an amount of money")
    codes = {_currency(mark) for mark in marks}
    named = codes - {None}
    if len(named) > 1:
        raise UnusableError("names two currencies")
    return {"amount": number(amount), "currency": named.pop() if named else None}


def _currency(mark: str) -> str | None:
    if mark in _OPEN_SIGNS:
        return None
    parts = [part for part in re.split(r"\s+|(?<=[A-Z]{3})(?=[^\w\s])", mark) if part not in _OPEN_SIGNS]
    if len(parts) != 1:
        raise UnusableError("has no ISO 4217 currency code")
    code = _SIGNS.get(parts[0]) or parts[0].upper()
    if code not in CURRENCIES:
        raise UnusableError("has no ISO 4217 currency code")
    return code


def parsed(text: str) -> Any:
    """`text` as JSON (RFC 8259, so no NaN), with strings made storable and every number finite.

    A number beyond double precision's range (1.8e308) is refused, whole numbers too: where it became
    infinite it could not be stored, and what reads the result as doubles could not read it.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite_float, parse_int=_finite_int)
        return storable(value)
    except (ValueError, RecursionError):
        raise UnusableError("is not valid JSON") from None
    except OverflowError:
        raise UnusableError("holds too large a number") from None


def _refuse(_name: str) -> Any:
    raise ValueError


def _finite_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise OverflowError
    return value


def _finite_int(digits: str) -> int:
    _finite_float(digits)
    return int(digits)


def _list(text: str) -> list[Any]:
    value = parsed(text)
    if not isinstance(value, list):
        raise UnusableError("is not a list")
    return value


def _object(text: str) -> dict[str, Any]:
    value = parsed(text)
    if not isinstance(value, dict):
        raise UnusableError("is not an object")
    return value


_READERS = {
    "string": lambda text: text,
    "number": number,
    "integer": integer,
    "boolean": boolean,
    "date": iso_date,
    "money": money,
    "list": _list,
    "object": _object,
}
