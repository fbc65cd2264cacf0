"""axe-core, run inside of a page: what of it would keep people from using it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 A and AA, and axe's own good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
_SERIOUS = ("serious", "critical")
_RUN = "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


def found(page: Page) -> list[str]:
    """The serious and critical issues of what the page shows now: rule, its help, and up to three places.

    The debugger puts axe into the page, past its Content-Security-Policy, which stays what it is.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate(_RUN, _RULES)
    return [_said(issue) for issue in result["violations"] if issue["impact"] in _SERIOUS]


def _said(issue: dict[str, Any]) -> str:
    places = "; ".join(" ".join(node["target"]) for node in issue["nodes"][:3])
    return f"{issue['impact']} {issue['id']}: {issue['help']} ({len(issue['nodes'])}: {places})"
