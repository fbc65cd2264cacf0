"""What is fetched of a document is what was stored of it, or it is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from claimcheck.failures import PermanentFailure
from claimcheck.usecases.fetch import load_content, load_text, new_text_key

from tests.unit.usecases.claimed_jobs import claimed

if TYPE_CHECKING:
    from claimcheck.store.documents import StoredDocument

BYTES = b"The fee is EUR 5."
TEXT = "Die Gebühr ist 5 €."
KEY = "documents/acme/d1"


class Bucket:
    """Objects by key."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = dict(objects)

    def put(self, key: str, content: bytes, media_type: str) -> None:
        self.objects[key] = content

    def get(self, key: str) -> bytes:
        return self.objects[key]


def in_bucket(**changes: object) -> StoredDocument:
    """A document of seventeen bytes that lie in the bucket."""
    return replace(claimed().document, content=None, **changes)  # type: ignore[arg-type]


def test_the_bytes_that_were_handed_in_are_given_out() -> None:
    """From the row and from the bucket."""
    assert load_content(claimed().document, Bucket()) == BYTES
    assert load_content(in_bucket(), Bucket(**{KEY: BYTES})) == BYTES


@pytest.mark.parametrize("other", [b"", BYTES + b" ", b"The fee is EUR 6."])
def test_other_bytes_are_refused(other: bytes) -> None:
    """Bytes that do not have the document's SHA-256 are document_corrupt, wherever they lie."""
    row = replace(claimed().document, content=other)
    for document, bucket in ((row, Bucket()), (in_bucket(), Bucket(**{KEY: other}))):
        with pytest.raises(PermanentFailure) as caught:
            load_content(document, bucket)
        assert caught.value.code == "document_corrupt"


def test_bytes_that_are_the_text_are_checked_as_well() -> None:
    """A text that is not kept twice is no more trusted than the bytes that it is."""
    own = in_bucket(text_is_content=True, chars=17)
    text = load_text(own, Bucket(**{KEY: BYTES}))
    assert text is not None
    assert text.text == BYTES.decode()
    with pytest.raises(PermanentFailure, match="not those that were handed in"):
        load_text(own, Bucket(**{KEY: BYTES.replace(b"5", b"6")}))


def test_a_text_is_checked_against_its_key() -> None:
    """A text in the bucket that is not the one that was put there is document_corrupt."""
    key = new_text_key("acme", "d1", TEXT.encode())
    assert key == f"texts/acme/d1/{hashlib.sha256(TEXT.encode()).hexdigest()}"
    read = in_bucket(text_key=key, chars=len(TEXT))
    text = load_text(read, Bucket(**{key: TEXT.encode()}))
    assert text is not None
    assert text.text == TEXT
    with pytest.raises(PermanentFailure, match="not the one that was read") as caught:
        load_text(read, Bucket(**{key: TEXT.replace("5", "6").encode()}))
    assert caught.value.code == "document_corrupt"
    assert "Gebühr" not in caught.value.message


def test_bytes_that_are_no_text_are_refused() -> None:
    """Also where the key says nothing of them: what does not decode is not what was read."""
    key = "texts/acme/0193f5a0-0000-7000-8000-000000000001"
    with pytest.raises(PermanentFailure, match="not the one that was read") as caught:
        load_text(in_bucket(text_key=key, chars=3), Bucket(**{key: b"a\xffb"}))
    assert caught.value.code == "document_corrupt"


def test_a_text_of_an_earlier_version_is_read_as_it_is() -> None:
    """Its key says nothing of its bytes, so there is nothing to check it against."""
    key = "texts/acme/0193f5a0-0000-7000-8000-000000000001"
    text = load_text(in_bucket(text_key=key, chars=len(TEXT)), Bucket(**{key: TEXT.encode()}))
    assert text is not None
    assert text.text == TEXT
