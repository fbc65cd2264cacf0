"""How many tokens a text may have, estimated from above without a tokenizer."""

from __future__ import annotations

IMAGE_TOKENS = 3_300
"""One page image of at most 1568 by 1568 pixels: width times height over 750 (Anthropic, "Vision")."""

_LETTERS_PER_TOKEN = 3.4  # letters and spaces: running English has about 4
_FIGURES_PER_TOKEN = 2.0  # digits, points, signs: tables of figures
_OTHERS_PER_TOKEN = 0.8  # Han, kana, Arabic, emoji: one token each, sometimes two
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz \n"


def tokens_in(text: str) -> int:
    """About how many tokens `text` has, rather too many than too few."""
    plain = text.encode("ascii", "ignore")
    figures = len(plain.translate(None, _LETTERS))
    letters, beyond = len(plain) - figures, len(text) - len(plain)
    return round(letters / _LETTERS_PER_TOKEN + figures / _FIGURES_PER_TOKEN + beyond / _OTHERS_PER_TOKEN)
