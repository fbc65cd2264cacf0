from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from toolchain import node
from toolchain.processes import CannotGoOnError

if TYPE_CHECKING:
    from pathlib import Path

WORKS = """
import pathlib, sys
pathlib.Path("calls").open("a").write(" ".join(sys.argv[1:2]) + "\\n")
pathlib.Path("node_modules").mkdir(exist_ok=True)
if sys.argv[1] == "run":
    pathlib.Path(".built").mkdir()
    pathlib.Path(".built/index.html").write_text(pathlib.Path("page").read_text())
"""
FAILS = "import sys; sys.exit('the registry is out of reach')"


class Checkout:
    """A folder with sources of pages, and a program that stands in for npm."""

    def __init__(self, root: Path) -> None:
        self.web, self.site, self.npm = root / "web", root / "functions" / "console" / "site", root / "npm.py"
        self.web.mkdir()
        for name in ("package.json", "package-lock.json"):
            (self.web / name).write_text("{}", encoding="utf-8")
        self.page("one")
        self.npm.write_text(WORKS, encoding="utf-8")

    def page(self, text: str) -> None:
        (self.web / "page").write_text(text, encoding="utf-8")

    def built(self) -> str:
        return (self.site / "index.html").read_text(encoding="utf-8")

    def calls(self) -> list[str]:
        return (self.web / "calls").read_text(encoding="utf-8").split()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path)
    monkeypatch.setattr(node, "ROOT", tmp_path)
    monkeypatch.setattr(node, "WEB", made.web)
    monkeypatch.setattr(node, "SITE", made.site)
    monkeypatch.setattr(node, "_OUTSIDE", ())
    monkeypatch.setattr(node, "_NOT_SOURCES", {*node._NOT_SOURCES, "calls"})
    monkeypatch.setattr(node, "_command", lambda: [sys.executable, str(made.npm)])
    return made


def test_an_unchanged_tree_starts_nothing(checkout: Checkout) -> None:
    """The second build reads the sources and no more."""
    node.build()
    assert (checkout.built(), checkout.calls()) == ("one", ["ci", "run"])
    node.build()
    assert checkout.calls() == ["ci", "run"]


def test_a_changed_source_is_built_without_installing_again(checkout: Checkout) -> None:
    """Packages are installed once a lockfile."""
    node.build()
    checkout.page("two")
    node.build()
    assert (checkout.built(), checkout.calls()) == ("two", ["ci", "run", "run"])


def test_a_changed_lockfile_installs_again(checkout: Checkout) -> None:
    """What was installed for another lockfile does not count."""
    node.build()
    (checkout.web / "package-lock.json").write_text("{ }", encoding="utf-8")
    node.build()
    assert checkout.calls() == ["ci", "run", "ci", "run"]


def test_where_npm_fails_one_line_says_so_and_the_pages_from_before_stay(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """`up` goes on without the new pages; the reason is in a file that the line names."""
    node.build()
    checkout.page("two")
    checkout.npm.write_text(FAILS, encoding="utf-8")
    capsys.readouterr()
    node.build_or_say()
    said = capsys.readouterr().err.splitlines()
    why = "the pages could not be built (web/.log says why)"
    assert said[-1].endswith(f"/console and /docs stay as they were: {why}")
    assert checkout.built() == "one"
    assert "out of reach" in (checkout.web / ".log").read_text(encoding="utf-8")
    with pytest.raises(CannotGoOnError, match="could not be built"):
        node.build()


def test_packages_that_could_not_be_installed_are_tried_again(checkout: Checkout) -> None:
    """A failed `npm ci` leaves no stamp."""
    checkout.npm.write_text(FAILS, encoding="utf-8")
    with pytest.raises(CannotGoOnError, match="npm could not install"):
        node.build()
    checkout.npm.write_text(WORKS, encoding="utf-8")
    node.build()
    assert checkout.built() == "one"
