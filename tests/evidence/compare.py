"""The evidence index beside ready-made aligners, kind by kind: `python -m tests.evidence.compare`.

The aligners are the optional extra `aligners`; those that are not installed are left out. Each one
answers with a span or nothing; a harmless quote counts as found where the span is the right one, give
or take three characters at each end for the fuzzy ones, an altered quote as accepted wherever it is
found. `--each 100 --seed 31 --half 1` are cases of a kind, their seed, and the half of the documents.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from claimcheck.evidence import index

from tests.evidence import altered, cases, documents, harmless, spliced

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.evidence.cases import Case

Span = tuple[int, int]
Aligner = "Callable[[str, str], Span | None]"

_SLACK = 3
_INDEXES = 4


@lru_cache(maxsize=_INDEXES)
def _indexed(document: str) -> Callable[[str], Span | None]:
    return index(document).locate


def claimcheck(document: str, quote: str) -> Span | None:
    return _indexed(document)(quote)


def plain(document: str, quote: str) -> Span | None:
    at = document.find(quote)
    return None if at < 0 else (at, at + len(quote))


@lru_cache(maxsize=_INDEXES)
def _squeezed(document: str) -> tuple[str, list[int]]:
    """The text with single spaces, and where each of its characters stands in the original."""
    places = [match.start() for match in re.finditer(r"\S|\s+", document)]
    return re.sub(r"\s+", " ", document), places


def white_space(document: str, quote: str) -> Span | None:
    text, places = _squeezed(document)
    wanted = " ".join(quote.split())
    at = text.find(wanted)
    return None if at < 0 else (places[at], places[at + len(wanted) - 1] + 1)


def _rapidfuzz(cutoff: int) -> Callable[[str, str], Span | None]:
    def align(document: str, quote: str) -> Span | None:
        from rapidfuzz.fuzz import partial_ratio_alignment

        found = partial_ratio_alignment(quote, document, score_cutoff=cutoff)
        return None if found is None else (found.dest_start, found.dest_end)

    return align


def _edlib(document: str, quote: str) -> Span | None:
    import edlib

    found = edlib.align(quote, document, mode="HW", task="locations", k=len(quote) // 20)
    if found["editDistance"] < 0:
        return None
    start, end = found["locations"][0]
    return start or 0, end + 1


@lru_cache(maxsize=1)
def _word_aligner() -> object:
    from langextract.resolver import WordAligner

    return WordAligner()


def _langextract(document: str, quote: str) -> Span | None:
    from langextract.core.data import Extraction

    aligner = _word_aligner()
    groups = aligner.align_extractions([[Extraction("quote", quote)]], document)  # type: ignore[attr-defined]
    found = groups[0][0].char_interval if groups and groups[0] else None
    return None if found is None or found.start_pos is None else (found.start_pos, found.end_pos)


def aligners() -> dict[str, Callable[[str, str], Span | None]]:
    """Those that are installed, by name."""
    found: dict[str, Callable[[str, str], Span | None]] = {
        "claimcheck": claimcheck, "plain": plain, "white space": white_space,
    }  # fmt: skip
    if find_spec("rapidfuzz"):
        found |= {"rapidfuzz 90": _rapidfuzz(90), "rapidfuzz 95": _rapidfuzz(95)}
    if find_spec("edlib"):
        found["edlib 5 %"] = _edlib
    if find_spec("langextract"):
        found["langextract"] = _langextract
    return found


def _counts(case: Case, span: Span | None) -> bool:
    """Whether the answer counts: found at its place, or accepted."""
    if case.place is None or span is None:
        return span is not None
    near = all(abs(one - other) <= _SLACK for one, other in zip(span, case.place, strict=True))
    return near or case.right(span)


def _rows(each: int, seed: int, half: int, most: int) -> list[tuple[str, int, Counter[str]]]:
    sources = [source for source in documents.halves()[half] if len(source.text) <= most]
    rows = []
    for kind in cases.kinds():
        made = list(cases.of_kind(kind, sources, each, seed))
        counted = Counter(
            {
                name: sum(_counts(case, align(case.document, case.quote)) for case in made)
                for name, align in aligners().items()
            }
        )
        rows.append((kind, len(made), counted))
    return rows


def main() -> None:
    """Print a table in Markdown: shares in per cent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--longest", type=int, default=60_000, help="longest document, for the slow aligners")
    asked = parser.parse_args()
    names = list(aligners())
    print("| kind | cases |", " | ".join(names), "|\n|---|---|" + "---|" * len(names))
    for kind, count, counted in _rows(asked.each, asked.seed, asked.half, asked.longest):
        shares = (f"{100 * counted[name] / max(1, count):.1f}" for name in names)
        mark = "" if kind in harmless.KINDS else "✗ "
        print(f"| {mark}{kind} | {count} |", " | ".join(shares), "|", flush=True)
    kinds = len(altered.KINDS) + len(spliced.KINDS) + 1
    print(f"\n✗: {kinds} altered kinds, per cent accepted; the others: per cent found at their place.")


if __name__ == "__main__":
    main()
