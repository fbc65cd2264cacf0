"""The five-minute guides do what they say: every command of theirs runs, and prints what they show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.guides import GUIDES, ROOT, Shell, beside, blocks, steady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NAMES = ("contract-review", "insurance-claim", "loan-screening", "report-summary")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.fixture
def shell(system: Running, tmp_path: Path) -> Iterator[Shell]:
    """A user's terminals beside the running system."""
    terminals = Shell(system, tmp_path)
    yield terminals
    terminals.close()


def test_every_guide_is_known() -> None:
    """Each guide but the index is run by the tests below."""
    assert {path.stem for path in GUIDES.glob("*.md")} == {*NAMES, "README"}


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_shows_what_its_commands_print(shell: Shell, name: str) -> None:
    """Every command block of the guide ends well and prints the block behind it, but for ids and times."""
    found = blocks((GUIDES / f"{name}.md").read_text(encoding="utf-8"))
    assert sum(block.shown is not None for block in found) >= 3
    for block in found:
        printed = shell.output(block)
        if block.shown is not None:
            hint = f"after a change that was meant: python -m tests.e2e.guides {name}"
            assert steady(printed) == steady(block.shown), hint


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_starts_the_system_first(name: str) -> None:
    """A reader who types a guide from its top has a running system, which takes webhooks to this machine."""
    first, *_ = blocks((GUIDES / f"{name}.md").read_text(encoding="utf-8"))
    assert [beside(command) for command in first.commands] == ["up"]
    assert first.commands[0].endswith("--allow-loopback-webhooks")


@pytest.mark.parametrize("name", [*NAMES, "README"])
def test_a_guides_links_lead_somewhere(name: str) -> None:
    """Each link of a guide to another file names one that is there."""
    links = _LINK.findall((GUIDES / f"{name}.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (GUIDES / link).resolve().is_relative_to(ROOT)] == []
    assert [link for link in links if not (GUIDES / link).exists()] == []
