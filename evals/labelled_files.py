"""Reading the files of a labelled set, with errors that say what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from evals.examples import BadSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evals.examples import Json

VARIABLE = "CLAIMCHECK_DATA"
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def directory(given: Path | None, environment: Mapping[str, str]) -> Path:
    """Where the labelled sets are: what was given, else CLAIMCHECK_DATA, else ../shared/data of the checkout.

    Raises BadSet where that is no directory.
    """
    chosen = given or (Path(environment[VARIABLE]) if environment.get(VARIABLE) else _BESIDE)
    if not chosen.is_dir():
        raise BadSet(
            f"no labelled sets in {chosen}: give --data DIR or set {VARIABLE} to the directory that holds "
            "cuad/, contractnli/, tatqa/ and insurance_claims/ (they are not part of this repository)"
        )
    return chosen


def read(path: Path) -> str:
    """A file's text, its line ends as they are: offsets count them. Raises BadSet."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise BadSet(f"{path} is missing: is the split's name right, and the set complete?") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSet(f"cannot read {path}: {error}") from None


def read_lines(path: Path) -> list[Json]:
    """The JSON objects of a JSON Lines file. Raises BadSet."""
    found = []
    for number, line in enumerate(read(path).split("\n"), start=1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError:
                raise BadSet(f"{path}, line {number}, is not JSON") from None
    if not found:
        raise BadSet(f"{path} holds no document")
    return found
