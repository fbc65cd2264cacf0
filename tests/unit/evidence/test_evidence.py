"""Quotes are found where they stand, differences of form are forgiven, differences of meaning are not."""

from __future__ import annotations

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.evidence import cite, index


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
        pytest.param(
            "the agree\u00ad\nment", "the agreement", "the agree\u00ad\nment", id="soft hyphen at end"
        ),
        pytest.param("the agreement", "the agree- ment", "the agreement", id="line break gone after hyphen"),
        pytest.param(
            "loss—if any—is", "loss -- if any -- is", "loss—if any—is", id="em dash typed and spaced"
        ),
        pytest.param(
            "( a ) the fee , if", "(a) the fee, if", "( a ) the fee , if", id="spaces at punctuation"
        ),
        pytest.param("Pizza          - Total", "Pizza -", "Pizza          -", id="wide space"),
        pytest.param("| Fee | 100 |", "Fee 100", "Fee | 100", id="table pipes"),
        pytest.param("x. The fee is", "[t]he fee", "The fee", id="bracketed letter"),
        pytest.param("is “due” now", "“is “due””", "is “due”", id="quotation marks about the whole"),
        pytest.param("''Term'' means", '"Term" means', "''Term'' means", id="two apostrophes"),
        pytest.param("Straße 5", "STRASSE 5", "Straße 5", id="upper case of sharp s"),
        pytest.param("sık ısı", "SIK ISI", "sık ısı", id="upper case of dotless i"),
        pytest.param("İstanbul ofisi", "istanbul ofisi", "İstanbul ofisi", id="Turkish lower case"),
        pytest.param("اتفـــاق", "اتفاق", "اتفـــاق", id="tatweel"),
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
        pytest.param("12. The fee is due", ". The fee is due", id="item number lost"),
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
        pytest.param("costs $5 now", "5 now", id="lost currency"),
        pytest.param("pay 1,000 now", "pay 1.000 now", id="separator changed"),
        pytest.param("pay 1,000 now", "pay 10,00 now", id="separator moved"),
        pytest.param("pay 1,000 now", "pay 1, 000 now", id="number divided"),
        pytest.param("loss of (5) now", "loss of 5 now", id="negative number in brackets"),
        pytest.param("value - 5 units", "value -5 units", id="sign gained by a space"),
        pytest.param("is of .5 units", "is of. 5 units", id="decimal point lost"),
        pytest.param("is notable", "is not able", id="word divided"),
        pytest.param("no table", "notable", id="words joined"),
        pytest.param("Maße", "Masse", id="sharp s"),
        pytest.param("you shall pay", "you shall [not] pay", id="bracketed negation"),
        pytest.param("you shall not pay", "you shall [not] pay", id="brackets about a negation"),
        pytest.param("in 30 days", "in [30] days", id="brackets about a number"),
        pytest.param("(a) party", "[a] party", id="brackets of an item"),
        pytest.param("eats, shoots and leaves", "eats shoots and leaves", id="comma"),
        pytest.param("the lessee’s fee", "the lessees fee", id="apostrophe"),
        pytest.param("不得转让", "得转让", id="Chinese negation cut off"),
        pytest.param("譲渡できない", "譲渡でき", id="Japanese negation cut off"),
        pytest.param("يُدفع الإيجار", "يدفع الإيجار", id="Arabic vowel sign lost"),
        pytest.param("plan 👩‍👩‍👧", "plan 👩", id="part of a joined emoji"),
        pytest.param("ตาก\u0e25ม", "ตา กลม", id="space in Thai"),
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
