"""What each character counts as when a quote is compared with a document.

Two mappings, both one character at a time and free of context:

- a *form* is the character without what typography does to it: width, presentation forms and
  ligatures, typographic quotes and dashes, kinds of white space, invisible characters (Unicode
  Character Database, field 5: only decompositions that name another shape of the same character);
- a *key* is what is left of a form for searching: letters, digits, marks and symbols, in lower case.
  White space and punctuation have no key. They are compared afterwards, in `differences`.

There is no blanket NFKC or casefold: they turn 10² into 102, 5½ into 51/2 and ß into ss.
"""

from __future__ import annotations

import unicodedata

# Scripts written without spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer; kana and Han.
SPACE_MAY_DIVIDE = "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
IDEOGRAPHS = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
UNSPACED = SPACE_MAY_DIVIDE + IDEOGRAPHS

_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_SINGLE_QUOTES = "`´‘’‚‛′‹›ʼ׳"
_DOUBLE_QUOTES = "“”„‟″«»״〝〞〟"
_HYPHENS = "‐‑‒–−⁃﹣－֊־"
_EM_DASHES = "—―⸺⸻﹘"
# Soft hyphen, zero-width and bidirectional controls, word joiner, byte-order mark, tatweel.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u0640\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_VARIATION_SELECTORS = "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
DROPPED = _INVISIBLE + _VARIATION_SELECTORS
_FIXED = (
    dict.fromkeys(map(chr, (*range(0x09), *range(0x0E, 0x1C), 0x7F)), "")
    | dict.fromkeys(DROPPED, "")
    | dict.fromkeys(_LINE_BREAKS, "\n")
    | dict.fromkeys(_SINGLE_QUOTES, "'")
    | dict.fromkeys(_DOUBLE_QUOTES, '"')
    | dict.fromkeys(_HYPHENS, "-")
    | dict.fromkeys(_EM_DASHES, "—")
    | {"…": "...", "⋯": "...", "‥": "..", "|": " ", "Σ": "σ", "ς": "σ"}
)
# <super>, <sub>, <fraction>, <circle>, <square> and <font> change what is said and stay.
_SHAPE_TAGS = frozenset(
    ("<wide>", "<narrow>", "<small>", "<vertical>", "<initial>", "<medial>", "<final>", "<isolated>")
)
_LATIN_LIGATURES = range(0xFB00, 0xFB18)
_RADICALS = range(0x2E80, 0x2FE0)
_MOST_CACHED = 20_000  # of 1.1 million code points: a document of all of them shall not fill the memory

_PIECE = 1024
_LONGEST_CLUSTER = 64


def _form(char: str) -> str:
    if char in _FIXED:
        return _FIXED[char]
    if char.isspace():
        return " "
    tag = unicodedata.decomposition(char).partition(" ")[0]
    if tag in _SHAPE_TAGS or (tag == "<compat>" and ord(char) in _LATIN_LIGATURES) or _is_radical(char, tag):
        return "".join(map(_form, unicodedata.normalize("NFKC", char)))
    return unicodedata.normalize("NFC", char)


def _is_radical(char: str, tag: str) -> bool:
    return tag == "<compat>" and ord(char) in _RADICALS


def _key(char: str) -> str:
    """The key of one character that is a form already."""
    if char in "ßẞ":
        return "ss"
    if char in "İı":
        return "i"
    return char.lower() if is_kept(char) else ""


def is_kept(char: str) -> bool:
    """Whether a form is searched for: no white space and no punctuation."""
    if char.isalnum():
        return True
    kind = unicodedata.category(char)
    return kind[0] in "LMNS" or kind in {"Cn", "Co", "Cs"}


class Table(dict[int, str]):
    """A mapping for `str.translate`, filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        found = self._make(chr(code))
        if len(self) < _MOST_CACHED:
            self[code] = found
        return found

    def _make(self, char: str) -> str:
        raise NotImplementedError


class _Forms(Table):
    def _make(self, char: str) -> str:
        return _form(char)


class _Keys(Table):
    def _make(self, char: str) -> str:
        return _key(char)


FORMS = _Forms()
KEYS = _Keys()

_ASCII = bytes(range(128))
LOWER = bytes(range(256)).lower()
WITHOUT_KEY = bytes(code for code in _ASCII if not chr(code).translate(FORMS).translate(KEYS))


def encoded(text: str) -> bytes:
    """UTF-8; lone surrogates are let through."""
    return text.encode("utf-8", "surrogatepass")


def forms(text: str) -> str:
    """`text` in forms, composed."""
    formed = text.translate(FORMS)
    return formed if formed.isascii() else composed(formed)


def composed(text: str) -> str:
    """`text` in NFC, in pieces: ordering marks takes the square of their number in a row."""
    pieces = []
    start = 0
    while start < len(text):
        end = cut(text, start + _PIECE)
        pieces.append(unicodedata.normalize("NFC", text[start:end]))
        start = end
    return "".join(pieces)


def cut(text: str, at: int) -> int:
    """The first place from `at` on where nothing composes across, or one a little further on."""
    end = min(at + _LONGEST_CLUSTER, len(text))
    while at < end and (extends(text[at]) or text[at] == "\x00"):
        at += 1
    return min(at, len(text))


def key(text: str) -> bytes:
    """The search key of `text`, as UTF-8."""
    if text.isascii():
        return text.encode().translate(LOWER, WITHOUT_KEY)
    return encoded(forms(text).translate(KEYS).replace("i\u0307", "i"))


def beyond_ascii(text: str) -> set[str]:
    """The distinct characters of `text` that are not ASCII."""
    return set(encoded(text).translate(None, _ASCII).decode("utf-8", "surrogatepass"))


def extends(char: str) -> bool:
    """Whether `char` may combine with the one before it: a mark, or a Hangul vowel or final."""
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff"
