"""Quotes are found where they stand, differences of form are forgiven, differences of meaning are not."""

from __future__ import annotations

import unicodedata

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.evidence import cite, index
from claimcheck.evidence.skeleton import fold, plain
from hypothesis import example, given
from hypothesis import strategies as st


def found(document: str, quote: str) -> str | None:
    span = index(document).locate(quote)
    return None if span is None else document[span[0] : span[1]]


@pytest.mark.parametrize(
    ("document", "quote", "stands_as"),
    [
        pytest.param(
            "The  fee\r\n\tis due.", "fee is due", "fee\r\n\tis due", id="white space and line breaks"
        ),
        pytest.param(
            "the agree-\nment holds", "the agreement holds", "the agree-\nment holds", id="broken word"
        ),
        pytest.param(
            "a non-\ncompete clause", "non-compete clause", "non-\ncompete clause", id="own hyphen at end"
        ),
        pytest.param("two-\nand three-bed", "two- and three-bed", "two-\nand three-bed", id="hanging hyphen"),
        pytest.param("The FEE is due", "the fee IS due", "The FEE is due", id="case"),
        pytest.param("“Term” means ‘it’", "\"Term\" means 'it'", "“Term” means ‘it’", id="quotation marks"),
        pytest.param("2019–2020 — now", "2019-2020 - now", "2019–2020 — now", id="dashes"),
        pytest.param("ﬁve ofﬁces", "five offices", "ﬁve ofﬁces", id="ligatures"),
        pytest.param(
            "agree\u00adment\u200b now", "agreement now", "agree\u00adment\u200b now", id="invisible"
        ),
        pytest.param("cafe\u0301 bar", "café bar", "cafe\u0301 bar", id="decomposed document"),
        pytest.param("café bar", "cafe\u0301 bar", "café bar", id="decomposed quote"),
        pytest.param("ｶﾞｽ １２３", "ガス 123", "ｶﾞｽ １２３", id="width"),
        pytest.param("合同\n约定如下", "合同约定", "合同\n约定", id="line break inside Chinese"),
        pytest.param("契約は第10条による", "第10条", "第10条", id="no word spaces in Japanese"),
        pytest.param("ΟΔΟΣ ΑΒΓ", "οδος αβγ", "ΟΔΟΣ ΑΒΓ", id="final sigma"),
        pytest.param("İstanbul ofisi", "i̇stanbul ofisi", "İstanbul ofisi", id="dotted capital I"),
        pytest.param("Straße 5", "STRAẞE 5", "Straße 5", id="capital sharp s"),
        pytest.param("the Company’s right", "the Company", "the Company", id="before a possessive"),
        pytest.param("👍🏽 agreed 🎉", "agreed 🎉", "agreed 🎉", id="emoji"),
        pytest.param("شركة ﻣﺤﺪودة", "محدودة", "ﻣﺤﺪودة", id="Arabic presentation forms"),
    ],
)
def test_harmless_differences_are_found(document: str, quote: str, stands_as: str) -> None:
    """A quote that differs in form only is found, at the exact characters of the document."""
    assert found(document, quote) == stands_as


@pytest.mark.parametrize(
    ("document", "quote"),
    [
        pytest.param("$1,000,000 now", "$1,000", id="part of a number"),
        pytest.param("1.5 now", "1", id="before decimals"),
        pytest.param("1.5 now", "5", id="decimals"),
        pytest.param("is 5.5", "is 5.", id="a full stop that is a decimal point"),
        pytest.param("it is -5 now", "5 now", id="lost sign"),
        pytest.param("it is −$5 now", "5 now", id="lost sign before currency"),
        pytest.param("a rate of 5%", "a rate of 5", id="lost percent"),
        pytest.param("5½ days", "5", id="lost fraction"),
        pytest.param("10² items", "102 items", id="superscript"),
        pytest.param("5½ days", "51/2 days", id="vulgar fraction"),
        pytest.param("1\u00a0000\u00a0000 shares", "1\u00a0000", id="space-grouped number"),
        pytest.param("Section 2.1 applies", "Section 2", id="section number"),
        pytest.param("Exhibit A-1", "Exhibit A", id="exhibit number"),
        pytest.param("category", "cat", id="start of a word"),
        pytest.param("concatenate", "cat", id="inside a word"),
        pytest.param("agree\u00adment", "agree", id="part of a word with a soft hyphen"),
        pytest.param("agree-\nment", "agree", id="part of a broken word"),
        pytest.param("non-exclusive licence", "exclusive licence", id="lost non-"),
        pytest.param("Licensee can’t assign", "Licensee can", id="lost n't"),
        pytest.param("shall not assign", "shall assign", id="lost not"),
        pytest.param("shall pay", "may pay", id="shall for may"),
        pytest.param("USD 100", "EUR 100", id="currency"),
        pytest.param("sık", "sik", id="dotless i"),
        pytest.param("re-sign", "resign", id="hyphen inside a line"),
    ],
)
def test_changes_of_meaning_are_refused(document: str, quote: str) -> None:
    """A quote that cuts a token or differs in what it says is not found."""
    assert found(document, quote) is None


@pytest.mark.parametrize("quote", ["", " \n", "...", "“”", "—", "$", "\u200b", "\u00ad"])
def test_quotes_that_say_nothing_are_not_found(quote: str) -> None:
    """Empty, blank and punctuation-only quotes are not evidence, wherever they stand."""
    assert found(f"a {quote} b ... “” — $ x", quote) is None


def test_the_first_occurrence_counts() -> None:
    """Where a quote stands more than once the first whole-token occurrence is taken."""
    assert index("category cat cat").locate("cat") == (9, 12)


def test_citation_statuses() -> None:
    """exact: the same characters; normalised: the same words; not_found: no offsets and no page."""
    document = DocumentText("page one\n\nThe  fee", (0, 10))
    at = index(document.text)
    assert cite(at, document, "page one") == {
        "quote": "page one", "status": "exact", "start": 0, "end": 8, "page": 1,
    }  # fmt: skip
    assert cite(at, document, "the fee") == {
        "quote": "the fee", "status": "normalised", "start": 10, "end": 18, "page": 2,
    }  # fmt: skip
    assert cite(at, document, "no fee") == {
        "quote": "no fee", "status": "not_found", "start": None, "end": None, "page": None,
    }  # fmt: skip


# Characters at which folding has something to do, beside any others.
TRICKY = st.sampled_from(
    "aAiIıİßẞΣςσfﬁﬀ…-–‐ \n\t\r\u00a0\u00ad\u200b\u200d\u0301\u0323é１ｶﾞガ合同は5½²,.$%'’“\u1112\u1161\u11ab한"
)
TEXTS = st.text(alphabet=st.one_of(TRICKY, st.characters(exclude_categories=["Cs"])), max_size=60)


@given(document=TEXTS, data=st.data())
@example(document="a\u00ad-\n…b", data=None)
def test_located_text_equals_the_quote_when_folded(document: str, data: st.DataObject | None) -> None:
    """Whatever is located has the quote's own folded form."""
    low = data.draw(st.integers(0, len(document))) if data else 0
    high = data.draw(st.integers(low, len(document))) if data else len(document)
    piece = document[low:high]
    for quote in (piece, piece.upper(), unicodedata.normalize("NFD", piece), " ".join(piece.split())):
        span = index(document).locate(quote)
        if span is not None:
            place = document[span[0] : span[1]]
            same = [
                fold(place, mode).text.strip() == fold(quote.strip(), mode).text.strip()
                for mode in HYPHEN_MODES
            ]
            assert any(same)


@given(document=TEXTS)
def test_a_whole_document_is_found_in_itself(document: str) -> None:
    """A document that says something is its own quote, at its own characters."""
    span = index(document).locate(document)
    if span is not None:
        assert document[span[0] : span[1]] == document
    else:
        assert not any(char.isalpha() for char in document)


@given(text=TEXTS)
def test_folded_offsets_lead_back(text: str) -> None:
    """The whole of a folded text has its origin inside the original, and edits never overlap."""
    folded = fold(text)
    origin = folded.origin(0, len(folded.text))
    assert origin is not None
    assert 0 <= origin[0] <= origin[1] <= len(text)
    assert folded.from_starts == sorted(folded.from_starts)
    assert all(end <= start for end, start in zip(folded.from_ends, folded.from_starts[1:], strict=False))


@given(document=TEXTS, quote=TEXTS)
def test_lookup_never_fails(document: str, quote: str) -> None:
    """Any two strings give a span inside the document or nothing."""
    span = index(document).locate(quote)
    assert span is None or 0 <= span[0] < span[1] <= len(document)
