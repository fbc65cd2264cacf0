"""What must hold of the pages in web/, whoever changes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
SITE = ROOT / "functions" / "console" / "site"
SOURCES = [
    path
    for pattern in ("*.ts", "*.tsx", "*.html", "*.css")
    for path in sorted(WEB.rglob(pattern))
    if not {"node_modules", "dist", ".built"} & set(path.relative_to(WEB).parts)
]
AS_MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|srcdoc"
    r"|\beval\(|new Function\("
)
SECRETS = re.compile(rb"ck_[0-9a-f]{12}_[A-Za-z0-9_-]{43}|whsec_[A-Za-z0-9+/]{24}|sk-ant-|AKIA[0-9A-Z]{16}")

built = pytest.mark.skipif(
    not SITE.exists(), reason="the pages are not built: python -m toolchain.node build"
)


def assets() -> list[Path]:
    return sorted(path for path in SITE.rglob("*") if path.is_file())


def test_nothing_becomes_markup() -> None:
    """Documents, answers and names of files are hostile: no source turns text into HTML or code."""
    assert len(SOURCES) > 50
    found = [path.name for path in SOURCES if AS_MARKUP.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_key_is_kept_for_its_tab_alone() -> None:
    """Only state/session.ts writes the key, into sessionStorage."""
    session = (WEB / "console/src/state/session.ts").read_text(encoding="utf-8")
    assert session.count("kept.write(kept.session") == 2
    assert "kept.local" not in session
    named = [path.name for path in SOURCES if "claimcheck.key" in path.read_text(encoding="utf-8")]
    assert named == ["session.ts"]


def test_the_lockfile_names_no_host() -> None:
    """Packages come from whatever registry npm is told to use, their hashes checked."""
    packages = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = {
        name: each for name, each in packages.items() if "node_modules/" in name and not each.get("link")
    }
    assert len(installed) > 30
    assert [name for name, each in installed.items() if "resolved" in each] == []
    assert [name for name, each in installed.items() if "integrity" not in each] == []


@built
def test_a_built_page_holds_no_script_and_no_style_of_its_own() -> None:
    """The policy refuses inline ones; files are named relative to the page: a stage may stand before it."""
    for page in sorted(SITE.glob("*/index.html")):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text) == []
        loaded = re.findall(r'<(?:script|link)[^>]*?(?:src|href)="([^"]*)"', text)
        own = [each for each in loaded if not each.startswith("data:")]
        assert own
        assert all(re.fullmatch(rf"{page.parent.name}/assets/[\w.-]+", each) for each in own)


@built
def test_built_files_are_texts_that_one_answer_holds() -> None:
    """API Gateway hands on text, and Lambda 6 MB of it with escapes."""
    for path in assets():
        assert len(json.dumps(path.read_bytes().decode("utf-8"))) < 5_900_000, path.name


@built
def test_built_files_hold_no_secret() -> None:
    """Whoever opens the page may read all of it."""
    assert [path.name for path in assets() if SECRETS.search(path.read_bytes())] == []
