"""The pages' Content-Security-Policy: strict, and kept; every test of this folder ends with a look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.pages import Visitor
    from tests.browser.seeds import Seeds

_INLINE = """
() => {
  const script = document.createElement("script");
  script.textContent = "window.__ran = true";
  document.body.append(script);
  return window.__ran === true;
}
"""


@pytest.mark.parametrize("path", ["console", "docs"])
def test_scripts_come_from_the_page_itself_alone(visitor: Visitor, path: str) -> None:
    """No inline script, no eval, no other origin; nobody may put the page into a frame."""
    response = visitor.page.goto(f"{visitor.url}/{path}")
    assert response is not None
    rules = dict(
        rule.strip().split(" ", 1) for rule in response.headers["content-security-policy"].split(";")
    )
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["style-src"] == "'self'"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_what_the_policy_forbids_does_not_run(visitor: Visitor) -> None:
    """An inline script that gets into the page is refused, and these tests would hear of it."""
    visitor.visit()
    expect(visitor.heading("Sign in")).to_be_visible()
    assert visitor.page.evaluate(_INLINE) is False
    visitor.page.wait_for_function("window.__violations.length > 0")
    assert [each.split(":")[0] for each in visitor.violations()] == ["script-src-elem"]
    assert any("Content Security Policy" in each for each in visitor.complaints)
    visitor.page.evaluate("window.__violations = []")
    visitor.complaints.clear()


def test_a_session_through_all_views_breaks_no_rule(user: Visitor, seeds: Seeds) -> None:
    """With PDF pages, plots and downloads: the policy refuses nothing that the page does."""
    for route in ("new", "jobs", f"jobs/{seeds.pdf}", f"jobs/{seeds.pdf}/trail", "webhooks", "usage"):
        user.visit(route)
        expect(user.heading("")).to_be_visible()
    user.visit(f"jobs/{seeds.scan}")
    expect(user.page.locator("canvas").first).to_be_visible()
    assert user.violations() == []
