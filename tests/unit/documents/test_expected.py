"""Every file of the hard and the business collection ends as the table says."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import TYPE_CHECKING

import pytest
from claimcheck.documents.isolate import parse_isolated, render_isolated
from claimcheck.documents.kinds import BY_CONTENT_TYPE
from claimcheck.failures import PermanentFailure

from tests.unit.documents.data import DATA, reads_data
from tests.unit.documents.expected import BUSINESS, CALLED, HARD, Fails, Text

if TYPE_CHECKING:
    from pathlib import Path

    from claimcheck.documents.text import DocumentText

pytestmark = [pytest.mark.data, reads_data]


def read(path: Path) -> DocumentText:
    """In a child process, as a worker reads it."""
    return asyncio.run(parse_isolated(path.read_bytes(), CALLED.get(path.suffix, BY_CONTENT_TYPE)))


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        *(pytest.param("hard", name, expected, id=name) for name, expected in HARD.items()),
        *(pytest.param("business", name, expected, id=name) for name, expected in BUSINESS.items()),
    ],
)
def test_each_file_ends_as_expected(folder: str, name: str, expected: Text | Fails) -> None:
    """It is read with its pages, words, images, findings and gaps, or fails with its code and what to do."""
    path = DATA / folder / "dev" / name
    if isinstance(expected, Fails):
        with pytest.raises(PermanentFailure) as caught:
            read(path)
        assert caught.value.code == expected.code
        assert expected.says in caught.value.message
        return
    document = read(path)
    assert (document.pages, document.image_pages, document.unread_pages) == (
        expected.pages,
        expected.images,
        expected.unread,
    )
    assert expected.chars <= len(document.text) <= 1.2 * expected.chars + 100
    at = 0
    for word in expected.words:
        at = document.text.index(word, at)
    assert {found.code for found in document.findings} == expected.found
    assert len(document.unread) == expected.gaps
    assert unicodedata.is_normalized("NFC", document.text)


def test_the_table_is_complete() -> None:
    """Every file of the two folders is in the table, and no other."""
    for folder, table in (("hard", HARD), ("business", BUSINESS)):
        assert {path.name for path in (DATA / folder / "dev").iterdir()} == set(table)


@pytest.mark.parametrize(
    "name", [name for name, expected in HARD.items() if isinstance(expected, Text) and expected.images]
)
def test_every_image_page_can_be_shown(name: str) -> None:
    """Whatever is to be shown as an image can be rendered."""
    path = DATA / "hard/dev" / name
    pages = read(path).image_pages
    images = asyncio.run(render_isolated(path.read_bytes(), BY_CONTENT_TYPE, pages))
    assert tuple(image.page for image in images) == pages
    assert all(len(image.data) > 1000 for image in images)
