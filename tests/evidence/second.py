# ruff: noqa: E501 (tables of words)
"""A second generator, written after the rules were, with other shapes of noise.

It lays whole documents out as pages: lines filled and justified, paragraphs indented, words broken,
headers that alternate between left and right pages, stamps, footers in the styles of filings and
courts. Quotes are what a model makes of a passage: its own typography, its own omissions. Alterations
are of what lawyers argue about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.evidence.cases import Case, joined_after_all, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.evidence.documents import Source

Span = tuple[int, int]


@dataclass
class Page:
    """How a document is laid out."""

    width: int
    lines: int
    numbers: str  # "", "left", "right", "fifth"
    header: str  # "", "same", "alternating"
    footer: str
    justified: bool
    broken: float  # share of lines at whose end a word is broken
    indent: str
    gap: str  # what separates a page's text from its header and footer


_FOOTERS = ("", "{p}", "[{p}]", "- {p} -", "Page {p} of {n}", "{title} / Page {p}", "EX-10.1 {p}", "{p} of {n}", "~ {p} ~",
            "Page |{p}", "{title}\n{p}", "Confidential Treatment Requested\n{p}", "v2.3 12/05/2019 p. {p}/{n}", "A-{p}")  # fmt: skip
_TITLES = ("License and Supply Agreement", "PROJECT BLUEBIRD: CONFIDENTIAL", "Smith & Sons LLP draft 4", "Case No. 3:19-cv-00412 Document 71",
           "Zenith Corp. (NYSE: ZNC)", "Contract 88/2019")  # fmt: skip


def layout(rng: Random) -> Page:
    numbers = rng.choice(("", "", "", "left", "right", "fifth"))
    header = rng.choice(("", "same", "alternating"))
    return Page(
        rng.randint(48, 96), rng.choice((25, 28, 40, 54)), numbers, header, rng.choice(_FOOTERS),
        rng.random() < 0.3, rng.choice((0.0, 0.15, 0.5)), rng.choice(("", "    ", "\t")), rng.choice(("\n", "\n\n", "\n\f", "\n\n\n\n")),
    )  # fmt: skip


class Typesetter:
    """Sets words on pages and keeps where each of them went."""

    def __init__(self, page: Page, title: str, rng: Random) -> None:
        self._page, self._title, self._rng = page, title, rng
        self._out: list[str] = []
        self._size = 0
        self._line, self._number = 0, rng.randint(1, 60)
        self._pages = self._number + 80
        self.places: list[Span] = []

    @property
    def text(self) -> str:
        return "".join(self._out)

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._size += len(text)

    def paragraph(self, words: list[str]) -> None:
        """Set one paragraph; `places` gets a span for each word."""
        left, used = list(words), 0
        first = True
        carried = ""
        while left or carried:
            self._begin_line()
            room = self._page.width - (len(self._page.indent) if first else 0)
            if first:
                self._put(self._page.indent)
            used = self._fill(left, carried, room)
            carried = self._carry(left, used)
            self._end_line()
            first = False
        self._put("\n")

    def _fill(self, left: list[str], carried: str, room: int) -> int:
        """Set words until the line is full; `left` loses them."""
        used = 0
        if carried:
            begun = self.places[-1][0]
            self._put(carried)
            self.places[-1] = (begun, self._size)
            used = len(carried) + 1
        while left and (used == 0 or used + len(left[0]) <= room):
            if used:
                self._put("  " if self._page.justified and self._rng.random() < 0.25 else " ")
            word = left.pop(0)
            self.places.append((self._size, self._size + len(word)))
            self._put(word)
            used += len(word) + 1
        return used

    def _carry(self, left: list[str], used: int) -> str:
        """Break the next word at the line's end, where that is the way here; what is left of it."""
        if (
            not left
            or self._rng.random() >= self._page.broken
            or not re.fullmatch(r"[a-z]{6,}", left[0])
            or not used
        ):
            return ""
        word = left.pop(0)
        at = self._rng.randint(2, len(word) - 3)
        self._put(" ")
        self.places.append((self._size, self._size + at))
        self._put(word[:at] + "-")
        return word[at:]

    def _begin_line(self) -> None:
        if self._line == self._page.lines:
            self._turn()
        self._line += 1
        if self._page.numbers == "left":
            self._put(f"{self._line:>2} ")
        if self._page.numbers == "fifth" and self._line % 5 == 0:
            self._put(f"{self._line:<4}")

    def _end_line(self) -> None:
        self._put(f"    {self._line}\n" if self._page.numbers == "right" else "\n")

    def _turn(self) -> None:
        footer = self._page.footer.format(p=self._number, n=self._pages, title=self._title)
        self._number += 1
        self._line = 0
        odd = self._number % 2 == 1
        header = {
            "": "",
            "same": self._title,
            "alternating": self._title if odd else f"{self._title[:20]} - continued",
        }[self._page.header]
        parts = [part for part in (footer, header) if part]
        if parts:
            self._put(self._page.gap + self._page.gap.join(parts) + self._page.gap)


def typeset(text: str, page: Page, rng: Random) -> tuple[str, list[Span], list[str]]:
    """The text on pages, where its words went, and the words."""
    setter = Typesetter(page, rng.choice(_TITLES), rng)
    words: list[str] = []
    for paragraph in text.split("\n"):
        found = paragraph.split()
        if found:
            setter.paragraph(list(found))
            words += found
    return setter.text, setter.places, words


def _straight(quote: str, rng: Random) -> str:
    return quote.translate(
        {ord("“"): '"', ord("”"): '"', ord("’"): "'", ord("‘"): "'", ord("–"): "-", ord("—"): "--"}
    )


def _curly(quote: str, rng: Random) -> str:
    quote = re.sub(r'"(?=\w)', "“", quote).replace('"', "”")
    return re.sub(r"(?<=\w)'", "’", quote).replace("--", "—")


def _shouted(quote: str, rng: Random) -> str:
    return quote.upper()


def _lowered(quote: str, rng: Random) -> str:
    return quote[:1].swapcase() + quote[1:]


def _bracket(quote: str, rng: Random) -> str:
    return f"[{quote[0].swapcase()}]{quote[1:]}" if re.match(r"[A-Za-z][a-z]", quote) else quote


def _markdown(quote: str, rng: Random) -> str:
    return f"“{quote}”" if not re.search('["“”]', quote) else quote


def _pasted(quote: str, rng: Random) -> str:
    return quote.replace(" ", "\u00a0", 3).replace("fi", "ﬁ").replace("fl", "ﬂ")


_MODELS: tuple[Callable[[str, Random], str], ...] = (
    _straight,
    _curly,
    _shouted,
    _lowered,
    _bracket,
    _markdown,
    _pasted,
)

_CONFUSED = (
    ("including", "excluding"), ("Licensee", "Licensor"), ("Licensor", "Licensee"), ("Buyer", "Seller"), ("Discloser", "Recipient"),
    ("Disclosing", "Receiving"), ("Receiving", "Disclosing"), ("Recipient", "Discloser"), ("business days", "days"), ("days", "business days"),
    ("thirty", "sixty"), ("thirty", "thirteen"), ("sixty", "sixteen"), ("two", "ten"), ("five", "fifteen"), ("one", "two"), ("third", "first"),
    ("prior written", "written"), ("written", "oral"), ("exclusive", "non-exclusive"), ("non-exclusive", "exclusive"), ("direct", "indirect"),
    ("reasonable", "unreasonable"), ("at least", "at most"), ("more than", "less than"), ("not later than", "later than"), ("either", "neither"),
    ("shall not", "shall"), ("may not", "may"), ("shall", "shall not"), ("will", "need not"), ("is", "is not"), ("are", "are no longer"),
    ("best efforts", "efforts"), ("sole", "joint"), ("up to", "over"), ("from", "to"), ("with", "without"), ("without", "with"),
    ("if", "unless"), ("unless", "if"), ("until", "after"), ("and/or", "and"), ("and", "and/or"), ("material", "immaterial"),
    ("annual", "monthly"), ("monthly", "annual"), ("per year", "per month"), ("New York", "New Jersey"), ("Delaware", "Nevada"),
    ("assign", "assign or sublicense"), ("its Affiliates", "Affiliates"), ("Affiliates", "affiliate"), ("terminate", "renew"), ("the", "a"),
)  # fmt: skip


def _confused(words: list[str], rng: Random) -> list[str] | None:
    quote = " ".join(words)
    found = [
        (old, new) for old, new in _CONFUSED if re.search(rf"(?<![\w-]){re.escape(old)}(?![\w-])", quote)
    ]
    if not found:
        return None
    old, new = rng.choice(found)
    return re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, quote, count=1).split()


def _number(words: list[str], rng: Random) -> list[str] | None:
    places = [at for at, word in enumerate(words) if re.search(r"\d", word)]
    if not places:
        return None
    at = rng.choice(places)
    changes: tuple[Callable[[str], str], ...] = (
        lambda word: re.sub(r"\d", lambda match: str((int(match[0]) + 3) % 10), word, count=1),
        lambda word: word.replace(",", "", 1) if "," in word[:-1] else f"1{word}",
        lambda word: re.sub(r"(\d)(\d)", r"\2\1", word, count=1),
        lambda word: f"{word}0" if word[-1].isdigit() else f"{word[:-1]}0{word[-1]}",
        lambda word: re.sub(r"\d+", lambda match: match[0][1:], word, count=1),
        lambda word: word.replace("$", "", 1).replace("%", "", 1).replace("(", "-", 1),
    )
    return [*words[:at], rng.choice(changes)(words[at]), *words[at + 1 :]]


def _marker(words: list[str], rng: Random) -> list[str] | None:
    places = [at for at, word in enumerate(words) if re.fullmatch(r"\(?(?:[a-h]|[ivx]{1,4})\)", word)]
    if not places:
        return None
    at = rng.choice(places)
    return [*words[:at], *([rng.choice(("(k)", "(xii)"))] if rng.random() < 0.6 else []), *words[at + 1 :]]


def _cut_out(words: list[str], rng: Random) -> list[str] | None:
    if len(words) < 12:
        return None
    at = rng.randint(2, len(words) - 8)
    return words[:at] + words[at + rng.randint(1, 5) :]


def _repeated(words: list[str], rng: Random) -> list[str]:
    at = rng.randrange(1, len(words))
    return [*words[:at], words[at - 1], *words[at:]]


def _moved(words: list[str], rng: Random) -> list[str]:
    one, other = sorted(rng.sample(range(len(words)), 2))
    words = list(words)
    words.insert(other, words.pop(one))
    return words


def _end_cut(words: list[str], rng: Random) -> list[str] | None:
    """Only a part of the last or the first word."""
    if rng.random() < 0.5:
        match = re.fullmatch(r"(\$?\d[\d,.]*)[,.]\d+\W*|(\w{3,})\w{2}\W*", words[-1])
        return [*words[:-1], match[1] or match[2]] if match else None
    match = re.fullmatch(r"\W*\d+[,.](\d[\d,.]*)|\W*\w{2}(\w{3,})", words[0])
    return [match[1] or match[2], *words[1:]] if match else None


def _glued(words: list[str], rng: Random) -> list[str]:
    at = rng.randrange(1, len(words))
    return [*words[: at - 1], words[at - 1] + rng.choice(("", "-", "/")) + words[at], *words[at + 1 :]]


_ALTERATIONS: dict[str, Callable[[list[str], Random], list[str] | None]] = {
    "second: confused term": _confused,
    "second: number": _number,
    "second: item marker": _marker,
    "second: words cut out": _cut_out,
    "second: word repeated": _repeated,
    "second: word moved": _moved,
    "second: end cut": _end_cut,
    "second: words glued": _glued,
}


def _placed(source: Source, rng: Random) -> tuple[str, list[Span], list[str], int, int] | None:
    start = rng.randrange(max(1, len(source.text) - 25_000))
    text = source.text[start : start + 25_000]
    text = text[text.find(" ") + 1 : text.rfind(" ")]
    document, places, words = typeset(text, layout(rng), rng)
    if len(words) < 80:
        return None
    count = rng.randint(6, 70)
    first = rng.randrange(len(words) - count)
    return document, places, words, first, first + count


def second_cases(sources: list[Source], each: int, seed: int) -> Iterator[Case]:
    """`each` harmless cases a model's habit, and as many of every alteration."""
    for model in _MODELS:
        rng = Random(f"{seed} {model.__name__}")
        made = 0
        while made < each:
            placed = _placed(rng.choice(sources), rng)
            if placed is None:
                continue
            document, places, words, first, last = placed
            said = " ".join(words[first:last])
            if re.search(r"(?<![^\W_])\W*$|^\W*$", words[first]) or not any(map(str.isalpha, said)):
                continue
            made += 1
            yield Case(
                f"second: laid out, {model.__name__[1:]}",
                document,
                model(said, rng),
                (places[first][0], places[last - 1][1]),
                said,
            )
    for kind, alter in _ALTERATIONS.items():
        yield from _altered(kind, alter, sources, each, seed)


def _altered(
    kind: str,
    alter: Callable[[list[str], Random], list[str] | None],
    sources: list[Source],
    each: int,
    seed: int,
) -> Iterator[Case]:
    rng = Random(f"{seed} {kind}")
    made = 0
    for _ in range(each * 40):
        placed = _placed(rng.choice(sources), rng)
        changed = alter(placed[2][placed[3] : placed[4]], rng) if placed else None
        if placed is None or changed is None:
            continue
        quote, whole = " ".join(changed), " ".join(placed[2])
        if kind != "second: end cut" and (
            words_of(quote) in words_of(whole) or joined_after_all(whole, quote)
        ):
            continue
        yield Case(kind, placed[0], quote, None)
        made += 1
        if made == each:
            return
