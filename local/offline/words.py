"""Words: tokens, stems, stop words and numbers written out."""

from __future__ import annotations

import re
from functools import lru_cache

TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

STOP = frozenset(
    ["a", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could",
        "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "if", "in",
        "into", "is", "it", "its", "may", "might", "must", "of", "on", "or", "our", "shall", "she",
        "should", "so", "such", "than", "that", "the", "their", "them", "then", "there", "these",
        "they", "this", "those", "to", "under", "upon", "was", "we", "were", "what", "when", "where",
        "which", "who", "whom", "whose", "why", "will", "with", "would", "you", "your", "all", "each",
        "other", "also", "both", "either", "herein", "hereof", "hereto", "hereby", "thereof", "therein",
        "thereto", "hereunder", "t", "s"]
)  # fmt: skip

# What is said about documents in general: weak evidence, used only when nothing else is left.
GENERIC = frozenset(
    ["contract", "agreement", "document", "clause", "provision", "contain", "include", "state",
        "specify", "mention", "require", "provide", "define", "describe", "give", "party", "parties",
        "value", "field", "text", "set", "exist", "whether", "say", "section", "term"]
)  # fmt: skip

NEGATIONS = frozenset(
    ["no", "not", "never", "neither", "nor", "without", "cannot", "none", "nothing", "prohibited"]
)

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_TENS = {"thirty": "30", "forty": "40", "forty-five": "45", "fifty": "50", "sixty": "60", "ninety": "90"}
NUMBER_WORDS = {word: str(value) for value, word in enumerate(_UNITS)} | _TENS

_ENDINGS = (
    ("izations", ""), ("isations", ""), ("ization", ""), ("isation", ""), ("ational", ""), ("ations", ""),
    ("ation", ""), ("ating", ""), ("ated", ""), ("ates", ""), ("ate", ""), ("ments", ""), ("ment", ""),
    ("ances", ""), ("ance", ""), ("ities", "i"), ("ity", "i"), ("ivity", ""), ("ively", ""), ("ive", ""),
    ("ings", ""), ("ing", ""), ("ions", ""), ("ion", ""), ("ies", "i"), ("ied", "i"), ("als", ""), ("al", ""),
    ("ers", ""), ("er", ""), ("ed", ""), ("es", ""), ("ly", ""), ("s", ""), ("e", ""), ("y", "i"),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A rough common form: `terminated`, `termination` and `terminate` share one."""
    word = word.lower()
    if word[:1].isdigit():
        return word.replace(",", "").rstrip(".")
    if word in NUMBER_WORDS:
        return NUMBER_WORDS[word]
    if len(word) <= 3:
        return word
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4 - len(replacement):
            root = word[: len(word) - len(ending)] + replacement
            return root[:-1] if len(root) > 4 and root[-1] == root[-2] else root
    return word


_STOP_STEMS = frozenset(map(stem, STOP)) | STOP
GENERIC_STEMS = frozenset(map(stem, GENERIC))


def stems(text: str) -> list[str]:
    """Stems of all words of `text` that are no stop words, in order, with repeats."""
    return [s for s in map(stem, TOKEN.findall(text)) if s not in _STOP_STEMS]


def name_words(name: str) -> str:
    """A field's name as words: `netProfit` and `net_profit` are `net profit`."""
    return _CAMEL.sub(" ", name).replace("_", " ").replace("-", " ").replace(".", " ")


def content(text: str) -> list[str]:
    """Distinct stems that carry the meaning of a short text, in order; generic ones only when alone."""
    distinct = [s for s in dict.fromkeys(stems(text)) if s not in NEGATIONS and s != "non"]
    return [s for s in distinct if s not in GENERIC_STEMS] or distinct
