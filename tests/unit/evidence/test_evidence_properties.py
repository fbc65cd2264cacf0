# ruff: noqa: E501 (alphabets and word lists)
"""What holds of every text and every quote."""

from __future__ import annotations

import re
import unicodedata

from claimcheck.evidence import index
from claimcheck.evidence.characters import key
from claimcheck.evidence.differences import comparable, same
from claimcheck.evidence.gaps import furniture
from claimcheck.evidence.quote import Quote
from claimcheck.evidence.skeleton import Skeleton, fold, plain
from claimcheck.evidence.tokens import whole_tokens
from hypothesis import assume, example, given
from hypothesis import strategies as st

# Characters at which folding has something to do, beside any others.
TRICKY = st.sampled_from(
    "aAiIıİßẞΣςσfﬁﬀ…-–‐— \n\t\r\f|`\u00a0\u00ad\u200b\u200d\u0301\u0323é１ｶﾞガ合同は5½²,.$%'’“\u1112\u1161\u11ab한\x00\x01"
)
TEXTS = st.text(alphabet=st.one_of(TRICKY, st.characters()), max_size=60)
WORDS = st.lists(
    st.sampled_from(("the", "fee", "Fee", "is", "not", "due", "5", "1,000", "$", "(a)", "Straße", "合同", "é", "ﬁne", "x-ray", "it’s")),
    min_size=1, max_size=14,
)  # fmt: skip
SPACES = st.sampled_from((" ", "  ", "\n", "\t", "\u00a0", "\r\n", "\u200b "))


@given(document=TEXTS, data=st.data())
@example(document="a\u00ad-\n…b", data=None)
def test_a_slice_is_found_where_the_same_is_said(document: str, data: st.DataObject | None) -> None:
    """Any slice of any text, also in another form, is found only where the text has the same key and words."""
    low = data.draw(st.integers(0, len(document))) if data else 0
    high = data.draw(st.integers(low, len(document))) if data else len(document)
    piece = document[low:high]
    for quote in (piece, piece.upper(), unicodedata.normalize("NFD", piece), " ".join(piece.split())):
        span = index(document).locate(quote)
        if span is not None and not re.search(r"[….]", quote):
            there = document[span[0] : span[1]]
            assert key(there) == key(quote)
            assert whole_tokens(document, *span)


@given(before=TEXTS, piece=TEXTS, after=TEXTS)
def test_a_slice_between_tokens_is_found(before: str, piece: str, after: str) -> None:
    """A slice that cuts no token and says something is found, with its own characters."""
    document = f"{before} {piece} {after}"
    said = piece.strip()
    start = document.index(said, len(before))
    if any(map(str.isalpha, said)) and whole_tokens(document, start, start + len(said)):
        span = index(document).locate(piece)
        assert span is not None
        assert document[span[0] : span[1]] == said


@given(words=WORDS, data=st.data())
def test_white_space_and_case_never_matter(words: list[str], data: st.DataObject) -> None:
    """Words with any white space between them are found in any case, from the first to the last one."""
    assume(any(map(str.isalpha, "".join(words))))
    document = "Before it, " + "".join(word + data.draw(SPACES) for word in words) + "and after."
    quote = data.draw(SPACES).join(words)
    span = index(document).locate(data.draw(st.sampled_from((quote, quote.upper(), quote.lower()))))
    assert span is not None
    assert key(document[span[0] : span[1]]) == key(quote)


@given(words=WORDS, extra=st.sampled_from(("not", "5", "never", "seller", "十", "x")), data=st.data())
def test_an_inserted_token_never_passes(words: list[str], extra: str, data: st.DataObject) -> None:
    """A quote with a token that its document lacks is never found, wherever the token stands."""
    assume(extra not in words)
    document = " ".join(words)
    at = data.draw(st.integers(0, len(words)))
    assert index(document).locate(" ".join([*words[:at], extra, *words[at:]])) is None


@given(words=WORDS, data=st.data())
def test_a_lost_token_never_passes(words: list[str], data: st.DataObject) -> None:
    """A quote that lacks a token from its middle is never found, unless the document says that, too."""
    assume(len(words) > 2)
    document = " ".join(words)
    at = data.draw(st.integers(1, len(words) - 2))
    quote = " ".join(words[:at] + words[at + 1 :])
    assume(key(quote) not in key(document))
    assert index(document).locate(quote) is None


@given(document=TEXTS)
def test_a_whole_document_is_found_in_itself(document: str) -> None:
    """A document that says something is its own quote, at its own characters."""
    span = index(document).locate(document)
    if span is not None:
        assert document[span[0] : span[1]] == document.strip()
    else:
        assert not any(char.isalpha() for char in document)


@given(document=TEXTS, quote=TEXTS)
def test_lookup_never_fails(document: str, quote: str) -> None:
    """Any two strings give a span inside the document or nothing."""
    span = index(document).locate(quote)
    assert span is None or 0 <= span[0] < span[1] <= len(document)


@given(text=TEXTS, copies=st.sampled_from((1, 40)))
def test_offsets_lead_back(text: str, copies: int) -> None:
    """Every byte of a skeleton leads to a character of the text whose key holds it, in order."""
    text = (text + "\n") * copies
    skeleton = Skeleton(text)
    assert len(skeleton.plain) == len(text)
    spans = [(skeleton.start_of(at), skeleton.end_of(at)) for at in range(len(skeleton.key))]
    assert spans == sorted(spans)
    for start, end in set(spans):
        assert 0 <= start < end <= len(text)
        assert key(text[start:end]) in skeleton.key
    assert skeleton.offset_of(len(text)) == len(skeleton.key)


@given(
    text=st.lists(st.sampled_from(("a", "5", " ", "-", ".", "\n", "\x01", "é", "—", "😀"))),
    size=st.integers(1, 3_000),
)
def test_a_character_stands_where_its_key_says(text: list[str], size: int) -> None:
    """In blocks with and without ASCII alone, each byte of the key leads to the very character it came from."""
    document = "".join(text) or "a"
    document = (document * size)[:3_000]
    skeleton = Skeleton(document)
    expected = [at for at, char in enumerate(document) for _ in key(char)]
    assert [skeleton.start_of(at) for at in range(len(skeleton.key))] == expected
    assert [skeleton.end_of(at) for at in range(len(skeleton.key))] == [at + 1 for at in expected]


@given(text=TEXTS)
def test_the_key_of_a_quote_is_the_key_of_its_text(text: str) -> None:
    """A quote's short way to its key leads to the same one."""
    assert Quote(text).key == key(text.strip())


def test_the_key_of_a_quote_is_its_texts_for_every_character() -> None:
    """The same for each code point of Unicode by itself, U+1FEF (a backtick by its decomposition) included."""
    every = "".join(map(chr, range(0x110000)))
    shortened = [char for char, form in zip(every, plain(every), strict=True) if form.isascii()]
    assert "\u1fef" in shortened
    assert [char for char in shortened if Quote(char).key != key(char.strip())] == []


@given(text=TEXTS)
def test_forms_settle(text: str) -> None:
    """Plain text keeps its length, and folding what is folded changes nothing."""
    assert len(plain(text)) == len(text)
    folded = fold(plain(text))
    assert fold(plain(folded)) == folded


@given(text=TEXTS)
def test_a_text_is_the_same_as_itself(text: str) -> None:
    """No text differs from itself."""
    assert same(comparable(text), comparable(text))


@given(
    lines=st.lists(
        st.sampled_from(
            ("1", "2 the fee", "3", "Page 1", "ACME Inc. Lease", "the fee is", "Due now.", "", "- 2 -")
        ),
        max_size=30,
    )
)
def test_furniture_lies_inside_the_document(lines: list[str]) -> None:
    """Whatever the lines are, furniture is disjoint, in order and inside the text."""
    text = "\n".join(lines)
    at = 0
    for start, end in furniture(text):
        assert at <= start < end <= len(text)
        at = end
