"""A document reduced to its search keys, with the way back to code points.

The text is cut into blocks; each is keyed with `str.replace` and `bytes.translate`, and only the
offsets at which the blocks begin are kept. An offset is mapped back through its block: by counting
where the block is ASCII, which is faster than a list of its positions for the few that are asked for,
else by such a list, worked out when it is first needed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, compress

from claimcheck.evidence.characters import (
    FORMS,
    LOWER,
    WITHOUT_KEY,
    beyond_ascii,
    composed,
    cut,
    encoded,
    extends,
    key,
)

_BLOCK = 1024
_FEW = 48  # up to so many different characters, one `str.replace` each beats `str.translate`
_RUNS = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_HAS_KEY = bytes(code not in WITHOUT_KEY for code in range(256))

# In plain text these stand for a dropped character and for an ellipsis of one character.
DROP = "\x00"
ELLIPSIS = "\x01"
_ASCII_FORMS = (("`", "'"), ("|", " "), (ELLIPSIS, DROP))


def plain(text: str) -> str:
    """`text` with every character replaced by its form where that is one character long.

    The length is the same, so that offsets are, too. What has another form stays, but for dropped
    characters (DROP) and the ellipsis (ELLIPSIS). Most English documents are ASCII afterwards.
    """
    special = {char: form for char, form in _ASCII_FORMS if char in text}
    if not text.isascii():
        special |= {char: form for char in beyond_ascii(text) if (form := _plain_form(char)) != char}
    return _replaced(text, special) if special else text


def _plain_form(char: str) -> str:
    form = char.translate(FORMS)
    if form == "...":
        return ELLIPSIS
    if form == "—":
        return "-"
    return form if len(form) == 1 else char if form else DROP


def _replaced(text: str, forms: dict[str, str]) -> str:
    if len(forms) > _FEW:
        return text.translate({ord(char): form for char, form in forms.items()})
    for char, form in forms.items():
        text = text.replace(char, form)
    return text


class Skeleton:
    """The key of a document's text and the mapping between offsets in both.

    `plain` is the text in plain form, `key` what quotes are searched in. Both are read-only.
    """

    __slots__ = ("_begins", "_flags", "_forms", "_key_begins", "_lists", "_marks", "key", "plain")

    def __init__(self, text: str) -> None:
        self.plain = plain(text)
        self._flags: dict[int, bytes] = {}
        self._lists: dict[int, tuple[list[int], list[int]]] = {}
        self._marks: frozenset[str] = frozenset()
        self._forms: dict[str, str] = {}
        if not self.plain.isascii():
            left = beyond_ascii(self.plain)
            self._marks = frozenset(filter(extends, left))
            keys = {char: key(char).decode("utf-8", "surrogatepass") for char in left - self._marks}
            self._forms = {char: form for char, form in keys.items() if form != char}
        self._begins = self._blocks()
        ends = [*self._begins[1:], len(self.plain)]
        pieces = [self._keyed(self.plain[start:end]) for start, end in zip(self._begins, ends, strict=True)]
        self._key_begins = list(accumulate(map(len, pieces[:-1]), initial=0))
        self.key = b"".join(pieces)

    def _blocks(self) -> list[int]:
        """Where the blocks begin; nothing composes across."""
        if not self._marks:
            return list(range(0, max(1, len(self.plain)), _BLOCK))
        begins = [0]
        while (at := cut(self.plain, begins[-1] + _BLOCK)) < len(self.plain):
            begins.append(at)
        return begins

    def _keyed(self, block: str) -> bytes:
        if not block.isascii():
            if self._marks:
                return key(block)
            block = _replaced(block, self._forms)
        return encoded(block).translate(LOWER, WITHOUT_KEY)

    def start_of(self, offset: int) -> int:
        """Where the character begins in the text whose key holds byte `offset` of the skeleton's."""
        block, within = self._block_at(offset)
        flags = self._flags_of(block)
        if flags:
            return self._begins[block] + _nth(flags, within)
        return self._positions(block)[0][within]

    def end_of(self, offset: int) -> int:
        """Where that character ends, with what combines with it."""
        block, within = self._block_at(offset)
        flags = self._flags_of(block)
        if flags:
            return self._begins[block] + _nth(flags, within) + 1
        starts, ends = self._positions(block)
        return ends[within] if ends else starts[within] + 1

    def offset_of(self, at: int) -> int:
        """How many bytes of the key belong to the text before `at`."""
        if not 0 < at < len(self.plain):
            return 0 if at <= 0 else len(self.key)
        block = bisect_right(self._begins, at) - 1
        return self._key_begins[block] + len(self._keyed(self.plain[self._begins[block] : at]))

    def _block_at(self, offset: int) -> tuple[int, int]:
        block = bisect_right(self._key_begins, offset) - 1
        return block, offset - self._key_begins[block]

    def _text_of(self, block: int) -> str:
        end = self._begins[block + 1] if block + 1 < len(self._begins) else len(self.plain)
        return self.plain[self._begins[block] : end]

    def _flags_of(self, block: int) -> bytes:
        """For each character of an ASCII block whether it has a key; empty for other blocks."""
        flags = self._flags.get(block)
        if flags is None:
            text = self._text_of(block)
            flags = self._flags[block] = text.encode().translate(_HAS_KEY) if text.isascii() else b""
        return flags

    def _positions(self, block: int) -> tuple[list[int], list[int]]:
        """For each byte of the block's key the start and the end of its character in the text.

        No ends stand for those one further on.
        """
        known = self._lists.get(block)
        if known is None:
            known = self._lists[block] = self._work_out(self._text_of(block), self._begins[block])
        return known

    def _work_out(self, text: str, start: int) -> tuple[list[int], list[int]]:
        if self._marks:
            return self._work_out_clusters(text, start)
        starts: list[int] = []
        for run in _RUNS.finditer(text):
            if run[0].isascii():
                starts += _kept(run[0], start + run.start())
            else:
                starts += [at for at, char in enumerate(run[0], start + run.start()) for _ in key(char)]
        return starts, []

    def _work_out_clusters(self, text: str, start: int) -> tuple[list[int], list[int]]:
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        while at < len(text):
            stop = self._cluster_end(text, at)
            size = len(key(text[at:stop]))
            starts += [start + at] * size
            ends += [start + stop] * size
            at = stop
        return starts, ends

    def _cluster_end(self, text: str, at: int) -> int:
        """The end of the character at `at` with all that combines with it."""
        stop = at + 1
        if self._marks:
            ahead = stop
            while ahead < len(text) and (text[ahead] in self._marks or text[ahead] == DROP):
                ahead += 1
                if text[ahead - 1] != DROP:
                    stop = ahead
        return stop


def _kept(text: str, start: int) -> list[int]:
    """The places of the characters of ASCII text that have a key; `text` begins at `start`."""
    return list(compress(range(start, start + len(text)), text.encode().translate(_HAS_KEY)))


def _nth(flags: bytes, nth: int) -> int:
    """The place of the 1 in `flags` that `nth` others stand before.

    Each step from a guess is as long as the count there is wrong: it may fall short, but never too far.
    """
    at = nth + nth // 4  # one character in five of English text has no key
    seen = flags.count(1, 0, at)
    while seen > nth:
        back = at - (seen - nth)
        seen -= flags.count(1, back, at)
        at = back
    while seen < nth:
        ahead = at + nth - seen
        seen += flags.count(1, at, ahead)
        at = ahead
    return flags.find(1, at)


def fold(piece: str) -> str:
    """A piece of plain text in the form in which most harmless differences are gone."""
    if DROP in piece:
        piece = piece.replace(DROP, "")
    if not piece.isascii():
        piece = composed(piece.translate(FORMS)).replace("—", "-")
    if ELLIPSIS in piece:
        piece = piece.replace(ELLIPSIS, "...")
    return " ".join(piece.split()).lower()
