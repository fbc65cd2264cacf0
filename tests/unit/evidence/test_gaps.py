"""Quotes are followed across what belongs to the pages, and across nothing else."""

from __future__ import annotations

import itertools

import pytest
from claimcheck.evidence import index
from claimcheck.evidence.gaps import furniture

SENTENCE = "The tenant pays the rent of the house to the landlord on the first day of each month in cash. "
PAGE = (SENTENCE * 8).strip()


def paged(*breaks: str) -> str:
    """Pages that break inside a sentence, with what stands at each break."""
    text = PAGE
    for nth, each in enumerate(breaks):
        text += f" The owner number {nth} keeps all\n\n{each}\n\nthe keys of the house with him. {PAGE}"
    return text


def found(document: str, quote: str) -> str | None:
    span = index(document).locate(quote)
    return None if span is None else document[span[0] : span[1]]


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param(["ACME Corp. – Lease"] * 3, id="running header"),
        pytest.param(["ACME Lease\n1", "ACME Lease\n2", "ACME Lease\n3"], id="header and number"),
        pytest.param(["Page 1 of 3", "Page 2 of 3", "Page 3 of 3"], id="page numbers that say so"),
        pytest.param(["Page 7"], id="one page number that says so"),
        pytest.param(["- 4 -", "- 5 -", "- 6 -"], id="page numbers between dashes"),
        pytest.param(["11", "12", "13"], id="bare page numbers"),
        pytest.param(["iv", "v", "vi"], id="Roman page numbers"),
        pytest.param(["Lease of 2020, 9/1/2020, p. 3"] * 3, id="header with numbers"),
        pytest.param(["第 3 页", "第 4 页"], id="Chinese page numbers"),
    ],
)
def test_furniture_of_pages_is_left_out(breaks: list[str]) -> None:
    """A quote is found across headers, footers and page numbers, from its first to its last character."""
    document = paged(*breaks)
    there = found(document, "The owner number 0 keeps all the keys of the house with him.")
    assert there is not None
    assert there.startswith("The owner number 0 keeps all\n\n")
    assert there.endswith("\n\nthe keys of the house with him.")


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param(["ACME Lease", "Other words", "Third words"], id="lines that do not repeat"),
        pytest.param(["ACME Lease"], id="a line that stands once"),
        pytest.param(["17"], id="a number that nothing counts"),
        pytest.param(["17", "5", "9"], id="numbers that do not count up"),
        pytest.param(["The tenant shall not keep"] * 3, id="a negation that repeats"),
        pytest.param(["UNLESS AGREED OTHERWISE"] * 3, id="an exception that repeats"),
        pytest.param(["no part of"] * 3, id="a lower-case line that repeats"),
        pytest.param(["$ 1,000", "$ 2,000", "$ 3,000"], id="amounts"),
        pytest.param(["Section 1", "Section 2", "Section 3"], id="headings"),
    ],
)
def test_content_is_not_left_out(breaks: list[str]) -> None:
    """Whatever is no furniture on the document's own evidence stays: a quote without it is refused."""
    assert found(paged(*breaks), "The owner number 0 keeps all the keys of the house with him.") is None


def numbered(form: str, lines: list[str], first: int = 1, every: int = 1) -> str:
    return "\n".join(
        form.format(n=nth, line=line) if nth % every == 0 else line for nth, line in enumerate(lines, first)
    )


LINES = [
    "This agreement is made between the owner of",
    "the house and the tenant, who takes it for a",
    "term of five years. The tenant pays the rent",
    "on the first day of each month. He keeps the",
    "house in good repair and lets the owner see",
    "it when he asks for that in writing, but no",
    "more than once in a month, at a time when he",
    "is at home himself.",
]


@pytest.mark.parametrize(
    "form", ["{n} {line}", "{n:>2}  {line}", "{n}\t{line}", "{line} {n}", "{line}\t{n}", "{n}: {line}"]
)
@pytest.mark.parametrize("first", [1, 98])
def test_line_numbers_are_left_out(form: str, first: int) -> None:
    """A quote is found across numbered lines, whichever edge the numbers stand at."""
    document = numbered(form, LINES, first)
    there = found(document, "The tenant pays the rent on the first day of each month.")
    assert there is not None
    assert there.startswith("The tenant pays the rent")
    assert there.endswith("of each month.")


def test_every_fifth_line_may_be_numbered() -> None:
    """Numbers that stand at every fifth line count the lines between."""
    document = numbered("{n} {line}", LINES * 3, first=4, every=5)
    assert found(document, "made between the owner of the house and the tenant") is not None


def test_line_numbers_start_anew_on_each_page() -> None:
    """A column may begin again with one."""
    document = numbered("{n} {line}", LINES) + "\n" + numbered("{n} {line}", LINES)
    quote = "at a time when he is at home himself. This agreement is made between the owner of the house"
    assert found(document, quote) is not None


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            "1 The tenant pays.\n2 The owner keeps.\n3 The house stands.\n4 The rent is due.", id="items"
        ),
        pytest.param("1. the tenant pays\n2. the owner keeps\n3. the house stands", id="items with stops"),
        pytest.param(
            "(1) the tenant pays\n(2) the owner keeps\n(3) the house stands", id="items in brackets"
        ),
        pytest.param("1 100 Pays\n2 200 Keeps\n3 300 Stands\n4 400 Due", id="a table"),
        pytest.param("he pays\n7 of the\n3 parts and\n9 more keeps", id="numbers that do not count"),
    ],
)
def test_numbers_of_items_are_content(document: str) -> None:
    """Enumerations, tables and numbers in the text stay: a quote without them is refused."""
    words = [word for word in document.split() if not any(map(str.isdigit, word))]
    assert found(document, " ".join(words)) is None


def test_changes_of_meaning_are_refused_across_gaps() -> None:
    """A gap forgives nothing else: one word, one digit, one negation more or less."""
    document = paged(*["ACME Lease"] * 3)
    for quote in (
        "The owner number 1 keeps all the keys of the house without him.",
        "The owner number 1 keeps not all the keys of the house with him.",
        "The owner number 9 keeps all the keys of the house with him.",
        "The owner number 1 keeps the keys of the house with him.",
        "The owner number 1 keeps all ACME the keys of the house with him.",
    ):
        assert found(document, quote) is None


def test_a_quote_may_keep_one_piece_of_furniture_and_leave_out_another() -> None:
    """Furniture in the quote's own words is found, with other furniture left out behind it."""
    document = paged("Page 1", "Page 2", "Page 3")
    start, end = (
        document.index("number 0 keeps"),
        document.index("number 1 keeps all") + len("number 1 keeps all"),
    )
    quote = document[start:end] + " the keys of the house with him."
    assert index(document).locate(quote) == (start, document.index("with him.", end) + len("with him."))


def test_a_hyphen_may_stand_before_a_gap() -> None:
    """A word broken at a page's end is joined across the header."""
    document = (
        paged(*["ACME Lease"] * 3)
        .replace("keeps all\n", "keeps under-\n")
        .replace("\nthe keys", "\nstanding keys")
    )
    assert found(document, "number 0 keeps understanding keys") is not None


@pytest.mark.parametrize(
    ("document", "quote"),
    [
        (
            "The tenant pays the rent and keeps the house in repair.",
            "The tenant pays the rent … the house in repair.",
        ),
        (
            "The tenant pays the rent and keeps the house in repair.",
            "The tenant pays the rent ... the house in repair.",
        ),
        (
            "The tenant pays the rent and keeps the house in repair.",
            "The tenant pays the rent [...] the house in repair.",
        ),
        (
            "The tenant pays the rent and keeps the house in repair.",
            "The tenant pays the rent […] the house in repair.",
        ),
        (
            "The tenant pays the rent and keeps the house in repair.",
            "The tenant pays the rent . . . the house in repair.",
        ),
        (
            "The tenant pays the rent. He keeps the house in repair.",
            "The tenant pays the rent.... the house in repair.",
        ),
        (
            "The tenant pays the rent and keeps the house in repair.",
            "… The tenant pays the rent and keeps the house in repair. …",
        ),
    ],
)
def test_an_ellipsis_joins_pieces_in_order(document: str, quote: str) -> None:
    """Pieces near each other are found from the first one's beginning to the last one's end."""
    assert index(document).locate(quote) == (0, len(document))


@pytest.mark.parametrize(
    ("document", "quote"),
    [
        pytest.param(
            "The tenant shall pay and not sublet the house.",
            "The tenant shall pay … sublet the house.",
            id="negation",
        ),
        pytest.param(
            "He pays the full rent unless the house burns down.",
            "He pays the full rent … the house burns down.",
            id="exception",
        ),
        pytest.param(
            "He pays the full rent, provided that it is due, at once each month.",
            "He pays the full rent … at once each month.",
            id="proviso",
        ),
        pytest.param(
            "Der Mieter darf die Wohnung nicht an andere vermieten.",
            "Der Mieter darf die Wohnung … an andere vermieten.",
            id="German",
        ),
        pytest.param(
            "乙方应当按时付款，不得迟延，并且保管好房屋。",
            "乙方应当按时付款，……并且保管好房屋。",
            id="Chinese",
        ),
        pytest.param(
            "He keeps the house. He pays the rent.", "He pays the rent … He keeps the house.", id="order"
        ),
        pytest.param(
            "He pays the full rent. " + "So it goes on. " * 60 + "He keeps the house.",
            "He pays the full rent … He keeps the house.",
            id="distance",
        ),
        pytest.param(
            "The tenant pays the rent and keeps the house.", "The tenant … keeps … house.", id="too little"
        ),
        pytest.param(
            "The tenant pays the rent and keeps the house.",
            "The ten … pays the rent and keeps the house.",
            id="cut word",
        ),
        pytest.param(
            "Rent is due ............ 12 and the house is kept.",
            "Rent is due .......... and the house is kept.",
            id="leader",
        ),
    ],
)
def test_an_ellipsis_hides_nothing_that_counts(document: str, quote: str) -> None:
    """Negations, exceptions, other order, distance and scraps are refused."""
    assert found(document, quote) is None


def test_pieces_are_taken_as_near_as_they_stand() -> None:
    """Where the first piece stands twice before the second, the nearer one counts."""
    document = "The tenant pays rent. So he does. The tenant pays rent and keeps the house well."
    assert found(document, "The tenant pays rent … keeps the house well.") == document[34:]


def test_furniture_is_disjoint_and_in_order() -> None:
    """The spans that are left out never overlap."""
    document = numbered(
        "{n} {line}", paged("Page 1", "Page 2", "ACME Lease", "ACME Lease", "ACME Lease").split("\n")
    )
    spans = furniture(document)
    assert spans
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
