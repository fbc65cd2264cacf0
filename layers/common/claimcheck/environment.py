"""Settings are read from the environment, on first use and never at import.

A setting's variable has its field's name in upper case; what its text has to be, the field's type says.
"""

from __future__ import annotations

import os
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from claimcheck.rates import Amounts

    Ceilings = tuple[tuple[str, Amounts], ...]
    """Limits of models that an operator set."""

S = TypeVar("S")
Ports = frozenset[int]
Origins = tuple[str, ...]
DatabaseAuth = Literal["password", "iam"]
"""What opens a connection: a password, in the URL or of libpq's finding, or a token of IAM for each."""

_WORDS = {
    "Ports": "list of ports: numbers from 1 to 65535, separated by commas",
    "DatabaseAuth": "way to authenticate: password or iam",
    "Ceilings": "list of limits a minute: MODEL=REQUESTS/INPUT/OUTPUT, separated by commas, - for none",
}

_TRUE = {"true": True, "1": True, "false": False, "0": False, "": False}


class SettingsError(Exception):
    """A variable is missing or does not parse; the message names each one and no value."""


def load(kind: type[S], environ: Mapping[str, str] | None = None) -> S:
    """Read a settings dataclass from `environ` (default: the process's). Raises SettingsError."""
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field in fields(kind):  # type: ignore[arg-type]  # S is always one of the dataclasses of `settings`
        name = field.name.upper()
        if name not in source:
            if field.default is MISSING:
                faults.append(f"{name} is not set")
            continue
        try:
            values[field.name] = _PARSERS.get(str(field.type), str)(source[name])
        except (ValueError, KeyError):
            faults.append(f"{name} is not a valid {_WORDS.get(str(field.type), field.type)}")
    if faults:
        raise SettingsError("; ".join(faults))
    return kind(**values)


def _ports(text: str) -> Ports:
    ports = frozenset(int(each) for each in text.split(","))
    if not all(0 < port < 65_536 for port in ports):
        raise ValueError
    return ports


def _auth(text: str) -> str:
    if text not in get_args(DatabaseAuth):
        raise ValueError
    return text


def _ceilings(text: str) -> Ceilings:
    from claimcheck.rates import parse_ceilings

    return tuple(parse_ceilings(text).items())


def _origins(text: str) -> Origins:
    return tuple(each.strip() for each in text.split(",") if each.strip())


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "bool": lambda text: _TRUE[text.strip().lower()],
    "int": int,
    "float": float,
    "Ports": _ports,
    "Origins": _origins,
    "DatabaseAuth": _auth,
    "Ceilings": _ceilings,
}
