"""How many tokens a text may have, estimated without a tokenizer, rather too many than too few.

The weights are set against the counts of three tokenizers (tests/unit/parts/test_tokens.py): prose of most
languages, tables, dates and markup are estimated from above. Thai, Polish and dense strings (hexadecimal,
base64) can have more tokens: there the API may find a part too long, which costs nothing, and it is halved.
"""

from __future__ import annotations

IMAGE_TOKENS = 3_300
"""One page image of at most 1568 by 1568 pixels: width times height over 750 (Anthropic, "Vision")."""

_LETTERS_PER_TOKEN = 3.0  # letters and spaces: running English has about 5, German 3
_FIGURES_PER_TOKEN = 1.4  # digits, points, signs: tables of figures
_OTHERS_PER_TOKEN = 0.7  # Han, kana, Arabic, emoji: one token each, sometimes two

PROSE_TOKENS = 0.36
"""Of a character of English prose, with its figures and signs, as `tokens_in` counts."""
DENSEST_TOKENS = 1 / _OTHERS_PER_TOKEN
"""Of a character of any text: `tokens_in` never counts more."""
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz \n"


def tokens_in(text: str) -> int:
    """About how many tokens `text` has."""
    plain = text.encode("ascii", "ignore")
    figures = len(plain.translate(None, _LETTERS))
    letters, beyond = len(plain) - figures, len(text) - len(plain)
    return round(letters / _LETTERS_PER_TOKEN + figures / _FIGURES_PER_TOKEN + beyond / _OTHERS_PER_TOKEN)
