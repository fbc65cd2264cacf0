"""A deployment publishes the pages' files, and CloudFormation is answered whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.failures import UnavailableError
from claimcheck.usecases.publish import Publish
from claimcheck.usecases.site import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

URL = "https://cloudformation.test/answer"
ASKED = {
    "RequestType": "Create",
    "ResponseURL": URL,
    "StackId": "stack",
    "RequestId": "request",
    "LogicalResourceId": "Site",
}


class Shelf:
    """The bucket; `broken` refuses."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {"console/assets/old.js": (b"old", "text/javascript")}
        self.broken = False

    def put(self, key: str, content: bytes, media_type: str) -> None:
        if self.broken:
            raise UnavailableError("S3 is away: canary")
        self.files[key] = (content, media_type)

    def remove(self, prefix: str) -> int:
        gone = [key for key in self.files if key.startswith(prefix)]
        for key in gone:
            del self.files[key]
        return len(gone)


class Answers:
    """CloudFormation's bucket."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        assert url == URL
        self.sent.append(answer)


class Play:
    """One deployment."""

    def __init__(self, folder: Path) -> None:
        self.shelf, self.answers = Shelf(), Answers()
        self.publish = Publish(folder, self.shelf, self.answers)

    def __call__(self, **changes: Any) -> Mapping[str, Any]:
        self.publish({**ASKED, **changes})
        return self.answers.sent[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build has made of two pages."""
    for name in ("console", "docs"):
        (tmp_path / name / "assets").mkdir(parents=True)
        (tmp_path / name / "index.html").write_text("<!doctype html>", encoding="utf-8")
        (tmp_path / name / "assets" / "index-1a2b.js").write_text(name, encoding="utf-8")
    (tmp_path / "console" / "assets" / "style-1a2b.css").write_text("a{}", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_files_are_put_where_pages_look(folder: Path, kind: str) -> None:
    """Each under its page's name with its type, beside those of earlier versions; the HTML is not there."""
    play = Play(folder)
    answer = play(RequestType=kind)
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Files": 3})
    assert play.shelf.files == {
        "console/assets/old.js": (b"old", "text/javascript"),
        "console/assets/index-1a2b.js": (b"console", "text/javascript; charset=utf-8"),
        "console/assets/style-1a2b.css": (b"a{}", "text/css; charset=utf-8"),
        "docs/assets/index-1a2b.js": (b"docs", "text/javascript; charset=utf-8"),
    }
    assert {name: answer[name] for name in ("StackId", "RequestId", "LogicalResourceId")} == {
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Site",
    }


def test_the_resource_stays_the_same(folder: Path) -> None:
    """Another id would have CloudFormation delete the first, with the files of both."""
    play = Play(folder)
    assert play()["PhysicalResourceId"] == play(RequestType="Update")["PhysicalResourceId"]
    assert play(PhysicalResourceId="as it was")["PhysicalResourceId"] == "as it was"


def test_a_stack_that_goes_takes_its_files_along(folder: Path) -> None:
    """All of them: CloudFormation deletes no bucket that holds something."""
    play = Play(folder)
    play()
    assert play(RequestType="Delete")["Status"] == "SUCCESS"
    assert play.shelf.files == {}


def test_without_pages_a_deployment_goes_on(tmp_path: Path) -> None:
    """They answer 503 then, and the reason says so."""
    answer = Play(tmp_path / "none")()
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Files": 0})
    assert "503" in answer["Reason"]


def test_a_bucket_that_is_away_fails_the_deployment(folder: Path) -> None:
    """So that no page comes before its files; the answer quotes nothing."""
    play = Play(folder)
    play.shelf.broken = True
    answer = play()
    assert answer["Status"] == "FAILED"
    assert "UnavailableError" in answer["Reason"]
    assert "canary" not in answer["Reason"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("font-1a2b.woff2", b"x"), ("big-1a2b.js", b"x" * MOST_BYTES), ("latin-1a2b.js", b"\xe9")],
)
def test_what_cannot_be_served_is_not_deployed(folder: Path, name: str, content: bytes) -> None:
    """No text, too long for Lambda's answer, or not UTF-8."""
    (folder / "docs" / "assets" / name).write_bytes(content)
    assert Play(folder)()["Status"] == "FAILED"
