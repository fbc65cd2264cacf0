"""JSON as anybody might write it: odd numbers, any Unicode that PostgreSQL keeps, deep nesting."""

from __future__ import annotations

import json

from hypothesis import strategies as st

_STRINGS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
_NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


def _written(text: str, escaped: bool) -> str:
    return json.dumps(text, ensure_ascii=escaped)


STRINGS = st.builds(_written, _STRINGS, st.booleans())
_SCALARS = st.one_of(st.sampled_from(["null", "true", "false"]), STRINGS, _NUMBERS)


def _lists(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items, max_size=4).map(lambda texts: "[" + ",".join(texts) + "]")


def _objects(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    # A list of pairs, not a dict: keys may come twice, as they may in JSON.
    pairs = st.lists(st.tuples(STRINGS, items), max_size=4)
    return pairs.map(lambda found: "{" + ", ".join(f"{key} : {item}" for key, item in found) + "}")


VALUES = st.recursive(_SCALARS, lambda items: st.one_of(_lists(items), _objects(items)), max_leaves=12)
OBJECTS = _objects(VALUES)
