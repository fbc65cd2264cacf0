"""A file too large for a request: announced, put where the service says, and named in the job."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from claimcheck.client.errors import StorageRefused, Unreachable
from claimcheck.client.requests import INLINE_BYTES

from client import upload
from client.api import Api
from client.submission import Unusable

if TYPE_CHECKING:
    from pathlib import Path

TEXT = ("One line of a long text.\n" * 200_000).encode()  # 5 MB
DIGEST = hashlib.sha256(TEXT).hexdigest()


DOCUMENT: dict[str, object] = {
    "document_id": "0193-d",
    "status": "waiting",
    "name": None,
    "media_type": "text/plain",
    "bytes": 1,
    "sha256": "0",
    "created_at": "2026-11-30T00:00:00Z",
    "stored_at": None,
    "upload_until": None,
    "links": {},
}


class Service:
    """The API and its storage; keeps what each was sent. `storage` answers the uploads in turn."""

    def __init__(self, *storage: httpx.Response | httpx.HTTPError, known: bool = False) -> None:
        self._storage = list(storage) or [httpx.Response(200)]
        self._known = known
        self.announced: list[Any] = []
        self.uploads: list[tuple[httpx.Headers, bytes]] = []
        self.api = Api("http://api", "ck_test", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        if request.url.host == "api":
            self.announced.append(httpx.Response(200, content=content).json())
            return httpx.Response(201, json={**DOCUMENT, "upload": self._target()})
        self.uploads.append((request.headers, content))
        answer = self._storage.pop(0)
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer

    def _target(self) -> Any:
        if self._known:
            return None
        headers = {
            "Content-Length": str(len(TEXT)),
            "Content-Type": "text/plain",
            "x-amz-checksum-sha256": "s",
        }
        target = {"url": "http://storage/d?signed", "method": "PUT", "headers": headers}
        return {**target, "expires_at": "2026-11-30T01:00:00Z"}

    def hand_in(self, file: Path) -> Any:
        """Upload a file as `claimcheck submit` does."""
        with upload.opened(str(file)) as source:
            return upload.handed_in(self.api, source)


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A large text."""
    path = tmp_path / "long.md"
    path.write_bytes(TEXT)
    return path


def test_a_large_file_is_announced_and_put(file: Path) -> None:
    """With its size and digest; the bytes go out as they are, of known length, and the key stays at home."""
    service = Service()
    assert service.hand_in(file) == {"document_id": "0193-d", "name": "long.md"}
    said = {"name": "long.md", "media_type": "text/plain", "bytes": len(TEXT), "sha256": DIGEST}
    assert service.announced == [said]
    ((headers, content),) = service.uploads
    assert content == TEXT
    assert headers["content-length"] == str(len(TEXT))
    assert headers["x-amz-checksum-sha256"] == "s"
    assert "transfer-encoding" not in headers
    assert "authorization" not in headers


def test_known_bytes_are_not_put(file: Path) -> None:
    """The service has them: the job names the document, and that is all."""
    service = Service(known=True)
    assert service.hand_in(file)["document_id"] == "0193-d"
    assert service.uploads == []


def test_an_upload_that_is_cut_off_starts_again(file: Path) -> None:
    """From its beginning, three times at most."""
    cut = httpx.WriteError("connection reset")
    service = Service(cut, cut, httpx.Response(200))
    service.hand_in(file)
    assert [content for _, content in service.uploads] == [TEXT] * 3
    with pytest.raises(Unreachable, match="the upload was cut off"):
        Service(cut, cut, cut).hand_in(file)


def test_a_refusal_of_the_storage_is_said(file: Path) -> None:
    """With its code, and without another try."""
    service = Service(httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>"))
    with pytest.raises(StorageRefused, match="the storage refused the upload: 403 AccessDenied"):
        service.hand_in(file)
    assert len(service.uploads) == 1


@pytest.mark.parametrize(
    ("name", "head", "media_type"),
    [
        ("a.txt", b"%PDF-1.7\n\xff", "application/pdf"),
        ("a.pdf", b"plain words", "text/plain"),
        ("a.bin", "é".encode() * 40_000, "text/plain"),
        ("a.bin", b"x" + "é".encode() * 40_000, "text/plain"),  # cut in the middle of a character
        ("a.csv", b"a;b\n\x81\x40;1\n", "text/csv"),
        ("a.HTML", b"<p>words", "text/html"),
        ("a.eml", b"From: a@example.com\n", "message/rfc822"),
        (
            "a.docx",
            b"PK\x03\x04\xff",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a.JPG", b"\xff\xd8\xff", "image/jpeg"),
        ("a.zip", b"PK\x03\x04\xff", "application/octet-stream"),
        ("a.doc", b"\xd0\xcf\x11\xe0", "application/octet-stream"),
        ("a.what", b"\xff\x00", "application/octet-stream"),
        ("a", b"\x00\x01", "application/octet-stream"),
    ],
)
def test_the_type_is_told_by_the_first_bytes(tmp_path: Path, name: str, head: bytes, media_type: str) -> None:
    """As for a small file: PDF and text by what they are, the rest by its name, or left to the service."""
    (tmp_path / name).write_bytes(head)
    service = Service(known=True)
    service.hand_in(tmp_path / name)
    assert service.announced[0]["media_type"] == media_type


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """In one line, for what is not there and for what is no file."""
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(Unusable, match="cannot read"), upload.opened(str(path)):
            pass


def test_the_inline_limit_fits_a_request() -> None:
    """As base64 and with its frame, what goes along is below the API's 5 MB."""
    assert len(base64.b64encode(bytes(INLINE_BYTES))) < 4_500_000
