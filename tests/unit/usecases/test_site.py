"""The API's own pages: what is served of what was built, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.refusals import NoSuchFileError, PagesNotBuiltError
from claimcheck.usecases.site import MEDIA_TYPES, Site

if TYPE_CHECKING:
    from pathlib import Path

HTML = "<!doctype html><script src='console/assets/index-1a2b.js'></script>"
BUCKET = "https://s3.eu-central-1.amazonaws.test/documents/"


class Published:
    """The files of other versions."""

    def __init__(self) -> None:
        self.files = {"console/assets/index-0old.js": b"old()"}
        self.asked: list[str] = []

    def find(self, key: str) -> bytes | None:
        self.asked.append(key)
        return self.files.get(key)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build has made."""
    assets = tmp_path / "site" / "console" / "assets"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_text(HTML, encoding="utf-8")
    (assets / "index-1a2b.js").write_text("new('é')", encoding="utf-8")
    (assets / "index-1a2b.png").write_bytes(b"no text")
    (tmp_path / "site" / "stamp").write_text("x", encoding="utf-8")
    (tmp_path / "app.py").write_text("secret = 1", encoding="utf-8")
    return tmp_path / "site"


@pytest.fixture
def published() -> Published:
    """The bucket."""
    return Published()


@pytest.fixture
def site(folder: Path, published: Published) -> Site:
    """The pages."""
    return Site(folder, published, lambda: BUCKET)


def test_a_page_is_what_was_built(site: Site) -> None:
    """The HTML as it stands, and the same version each time."""
    page = site.page("console")
    assert (page.body, page.media_type) == (HTML, "text/html; charset=utf-8")
    assert page == site.page("console")


def test_another_policy_is_another_version(folder: Path, published: Published) -> None:
    """A browser that has the page asks again where it may speak to another bucket."""
    here, there = (Site(folder, published, lambda at=at: at).page("console") for at in ("a", "b"))  # type: ignore[misc]
    assert here.body == there.body
    assert here.version != there.version


def test_a_page_that_was_not_built_is_told_apart(site: Site) -> None:
    """It is our fault, not the caller's."""
    with pytest.raises(PagesNotBuiltError):
        site.page("docs")


def test_a_file_is_the_packages(site: Site, published: Published) -> None:
    """Nobody is asked for it."""
    file = site.file("console", "assets/index-1a2b.js")
    assert (file.body, file.media_type) == ("new('é')", "text/javascript; charset=utf-8")
    assert published.asked == []


def test_another_versions_file_is_found(site: Site, published: Published) -> None:
    """In the bucket, below the page's name."""
    assert site.file("console", "assets/index-0old.js").body == "old()"
    with pytest.raises(NoSuchFileError):
        site.file("docs", "assets/index-0old.js")
    assert published.asked == ["console/assets/index-0old.js", "docs/assets/index-0old.js"]


ODD = [
    "../app.py", "assets/../../app.py", "assets/..", "assets/.", "assets/", "assets", "", ".", "index.html",
    "stamp", "assets/index-1a2b.png", "assets/sub/index-1a2b.js", "/etc/passwd", "assets//etc/passwd",
    "assets\\index-1a2b.js", "assets/index-1a2b.js\0", "assets/index-1a2b.js/", "assets/index-1a2b.js?x",
    "assets/.hidden.js", "assets/é.js", "ASSETS/index-1a2b.js", "assets/" + "a" * 300 + ".js", "assets/a.py",
    "assets/index-1a2b.js\n", "../docs/assets/index-1a2b.js",
]  # fmt: skip


@pytest.mark.parametrize("path", ODD, ids=range(len(ODD)))
def test_what_no_build_names_is_nowhere(site: Site, published: Published, path: str) -> None:
    """Neither the folder nor the bucket is looked into for it."""
    with pytest.raises(NoSuchFileError):
        site.file("console", path)
    assert published.asked == []


def test_pages_are_two(site: Site) -> None:
    """Another folder's name is none."""
    with pytest.raises(NoSuchFileError):
        site.file("..", "assets/index-1a2b.js")


def test_scripts_are_ours_alone(site: Site) -> None:
    """No inline script, no eval, no other host; the pages reach the API and the documents alone."""
    rules = dict(each.split(" ", 1) for each in site.policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["connect-src"] == f"'self' {BUCKET}"
    assert "unsafe" not in site.policy


def test_every_type_is_text() -> None:
    """API Gateway passes on nothing else as it is."""
    assert {each.split("/")[0] for each in MEDIA_TYPES.values()} == {"text", "application", "image"}
    assert {MEDIA_TYPES[each] for each in MEDIA_TYPES if "text" not in MEDIA_TYPES[each]} == {
        "application/json",
        "image/svg+xml",
    }
