"""How many tokens a text may have, estimated from above without a tokenizer."""

from __future__ import annotations

import re

IMAGE_TOKENS = 3_300
"""One page image of at most 1568 by 1568 pixels: width times height over 750 (Anthropic, "Vision")."""

_ASCII_PER_TOKEN = 3.2  # running English has about 4, tables of figures about 2.5
_OTHERS_PER_TOKEN = 0.8  # Han, kana, Arabic, emoji: one token each, sometimes two
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def tokens_in(text: str) -> int:
    """About how many tokens `text` has, rather too many than too few."""
    beyond = 0 if text.isascii() else sum(len(run) for run in _BEYOND_ASCII.findall(text))
    return round((len(text) - beyond) / _ASCII_PER_TOKEN + beyond / _OTHERS_PER_TOKEN)
