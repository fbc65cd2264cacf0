"""Cases for the evidence index: a document, a quote, and where it must be found or that it must not."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.evidence import altered, harmless, scripts, spliced
from tests.evidence.documents import pick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.evidence.documents import Source

Span = tuple[int, int]

_TOKENS = re.compile(r"\w+|[^\w\s]")
_TRIES = 40


@dataclass(frozen=True)
class Case:
    """`place` is where the quote stands, None where it must not be found; `said` are the text's own words."""

    kind: str
    document: str
    quote: str
    place: Span | None
    said: str = ""

    def right(self, found: Span | None) -> bool:
        """Whether `found` is as good as `place`: the same there, or the same words elsewhere."""
        if self.place is None or found is None:
            return found == self.place
        if found == self.place:
            return True
        there = _letters(self.document[slice(*found)])
        return there in {_letters(self.said), _letters(self.document[slice(*self.place)])}


def words_of(text: str) -> str:
    return " ".join(_TOKENS.findall(text)).lower()


def _letters(text: str) -> str:
    """Letters alone: line numbers differ from place to place."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", text).lower()))


def kinds() -> list[str]:
    """All kinds: harmless ones, altered ones."""
    return [*harmless.KINDS, *altered.KINDS, *spliced.KINDS, "from another document"]


def cases(sources: list[Source], each: int, seed: int) -> Iterator[Case]:
    """`each` cases of every kind, by `seed`."""
    for kind in kinds():
        yield from of_kind(kind, sources, each, seed)


def of_kind(kind: str, sources: list[Source], each: int, seed: int) -> Iterator[Case]:
    """`each` cases of one kind, or as many as the documents give."""
    make = _harmless if kind in harmless.KINDS else _altered if kind in altered.KINDS else _spliced
    make = make if kind in kinds()[:-1] else _foreign
    rng = Random(f"{seed} {kind}")
    made = 0
    for _ in range(each * _TRIES):
        case = make(kind, sources, rng)
        if case is not None:
            yield case
            made += 1
        if made == each:
            return


def script_cases(each: int, seed: int) -> Iterator[Case]:
    """Cases in other scripts, `each` of every kind and language."""
    for language in scripts.TEXTS:
        for kind, change in scripts.HARMLESS.items():
            rng = Random(f"{seed} {language} {kind}")
            for _ in range(each):
                text = scripts.document(language, rng)
                span = scripts.span(language, text, rng)
                document, quote, place = change(text, span, rng, language)
                yield Case(f"{language}: {kind}", document, quote, place, text[slice(*span)])
        for kind, alter in scripts.ALTERED.items():
            rng = Random(f"{seed} {language} {kind}")
            for _ in range(each):
                text = scripts.document(language, rng)
                quote = text[slice(*scripts.span(language, text, rng))]
                changed = alter(quote, rng, language)
                if (
                    changed
                    and unicodedata.normalize("NFC", changed).lower()
                    not in unicodedata.normalize("NFC", text).lower()
                ):
                    yield Case(f"{language}: altered, {kind}", text, changed, None)


def _harmless(kind: str, sources: list[Source], rng: Random) -> Case | None:
    source = rng.choice(sources)
    span = pick(source, rng)
    made = harmless.KINDS[kind](source.text, span, rng)
    return made and Case(kind, *made, source.text[slice(*span)])


def _altered(kind: str, sources: list[Source], rng: Random) -> Case | None:
    source = rng.choice(sources)
    quote = source.text[slice(*pick(source, rng))]
    return _refused(kind, source.text, quote, altered.KINDS[kind](quote, rng))


def _spliced(kind: str, sources: list[Source], rng: Random) -> Case | None:
    made = spliced.KINDS[kind](rng.choice(sources), rng)
    return made and _refused(kind, made[0], "", made[1])


def _foreign(kind: str, sources: list[Source], rng: Random) -> Case | None:
    one, other = rng.sample(sources, 2)
    return _refused(kind, one.text, "", other.text[slice(*pick(other, rng))])


def joined_after_all(document: str, quote: str) -> bool:
    """Whether a quote with an ellipsis happens to be true of a document that repeats itself."""
    pieces = [words_of(piece) for piece in re.split(r"[\[(]?(?:…|\.\s?\.\s?\.)[\])]?", quote)]
    pieces = [piece.strip(" .") for piece in pieces if piece.strip(" .")]
    if len(pieces) < 2:
        return False
    words = words_of(document)
    pattern = re.compile(r".{0,700}?".join(map(re.escape, pieces)))
    starts = (found.start() for found in re.finditer(rf"(?={re.escape(pieces[0])})", words))
    matches = filter(None, (pattern.match(words, start) for start in starts))
    return any(not harmless.HIDING.search(match[0][len(pieces[0]) : -len(pieces[-1])]) for match in matches)


def _refused(kind: str, document: str, quote: str, changed: str | None) -> Case | None:
    """A case of a quote that must not be found; None where the change left it true."""
    if not changed or words_of(changed) == words_of(quote) or words_of(changed) in words_of(document):
        return None
    if joined_after_all(document, changed):
        return None
    return Case(kind, document, changed, None)
