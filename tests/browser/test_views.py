"""Every main view in every look: it fits, axe finds nothing serious, and a picture of it is kept.

The pictures go to .screenshots/, or where CLAIMCHECK_SCREENSHOTS says.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import accessibility, figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.pages import Look, Visitor, Visitors
    from tests.browser.seeds import Seeds

PICTURES = Path(
    os.environ.get("CLAIMCHECK_SCREENSHOTS") or Path(__file__).resolve().parents[2] / ".screenshots"
)
LOOKS: tuple[Look, ...] = ("light", "dark", "phone")


def _sign_in(visitor: Visitor, _: Seeds) -> None:
    visitor.visit()
    expect(visitor.heading("Sign in")).to_be_visible()


def _new(visitor: Visitor, _: Seeds) -> None:
    visitor.visit("new")
    visitor.page.get_by_role("button", name="Try a sample").click()
    visitor.page.get_by_role("button", name="Services contract").click()
    expect(visitor.page.get_by_text("Tokens in")).to_be_visible()


def _jobs(visitor: Visitor, _: Seeds) -> None:
    visitor.visit("jobs")
    expect(visitor.page.get_by_role("table", name="Jobs")).to_be_visible()


def _pdf(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.pdf}")
    visitor.page.locator('[data-field="liability_limit"]').get_by_title("Show it in the document").click()
    _expect_marked(visitor)


def _scan(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.scan}")
    visitor.page.locator('[data-field="total_claimed"]').get_by_title("Show it in the document").click()
    _expect_marked(visitor)


def _criteria(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.playbook}")
    quote = visitor.page.locator('[data-criterion="payment-30"]').get_by_role("list", name="Quotes")
    quote.get_by_role("button").click()
    _expect_marked(visitor)


def _unproven(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.unproven}")
    visitor.page.get_by_role("button", name="Edwin Fennimore gives a second").click()
    expect(visitor.page.get_by_text("This quote does not stand in the document.")).to_be_visible()


def _partial(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.partial}")
    expect(visitor.page.get_by_text("A partial answer")).to_be_visible()
    expect(
        visitor.page.get_by_role("region", name="Text of the document", include_hidden=True)
    ).to_be_attached()


def _failed(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.failed}")
    expect(visitor.page.get_by_role("button", name="Run again")).to_be_visible()


def _trail(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.text}/trail")
    expect(visitor.page.get_by_text(re.compile("hashes anew"))).to_be_visible()


def _deliveries(visitor: Visitor, seeds: Seeds) -> None:
    visitor.visit(f"jobs/{seeds.text}/webhooks")
    expect(visitor.page.get_by_role("button", name="Send again")).to_be_visible()


def _webhooks(visitor: Visitor, _: Seeds) -> None:
    visitor.visit("webhooks")
    expect(visitor.page.get_by_role("region", name="Addresses in trouble")).to_be_visible()


def _usage(visitor: Visitor, _: Seeds) -> None:
    visitor.page.route(re.compile(r"/usage\?"), figures.answer)
    visitor.visit("usage")
    expect(visitor.page.get_by_role("img", name=re.compile("^Cost: "))).to_be_visible()


def _docs(visitor: Visitor, _: Seeds) -> None:
    visitor.page.goto(f"{visitor.url}/docs")
    visitor.page.locator("#operations-jobs-extract .opblock-summary-control").click()
    expect(visitor.page.get_by_role("button", name="Execute")).to_be_visible()


VIEWS: dict[str, Callable[[Visitor, Seeds], None]] = {
    "new-job": _new,
    "jobs": _jobs,
    "result-pdf": _pdf,
    "result-scan": _scan,
    "result-criteria": _criteria,
    "unproven": _unproven,
    "partial": _partial,
    "failed": _failed,
    "trail": _trail,
    "deliveries": _deliveries,
    "webhooks": _webhooks,
    "usage": _usage,
    "docs": _docs,
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_view_is_fit_for_everyone(visitors: Visitors, seeds: Seeds, look: Look) -> None:
    """No view has a serious or critical issue by axe, or is wider than its window."""
    visitor = visitors.open(look=look)
    issues = _look_at(visitor, seeds, "sign-in", look, _sign_in)
    visitor.sign_in()
    expect(visitor.heading("New job")).to_be_visible()
    for name, show in VIEWS.items():
        issues += _look_at(visitor, seeds, name, look, show)
    assert issues == []


def test_the_help_is_fit_for_everyone(user: Visitor) -> None:
    """The dialog of the shortcuts as well."""
    user.page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(user.page.get_by_role("dialog")).to_be_visible()
    assert accessibility.found(user.page) == []


def test_axe_finds_what_is_wrong(user: Visitor) -> None:
    """A page with a button without a name and grey words on grey does not pass: the look above can fail."""
    expect(user.heading("New job")).to_be_visible()
    user.page.evaluate(_FAULTS)
    assert {issue.split(":")[0] for issue in accessibility.found(user.page)} == {
        "critical button-name",
        "serious color-contrast",
    }


def test_colours_are_chosen_by_hand_and_kept(user: Visitor) -> None:
    """The switch overrules the system's choice, also after a reload."""
    before = _background(user)
    switch = user.page.get_by_role("button", name=re.compile("^Colours"))
    switch.click()
    switch.click()
    expect(switch).to_have_accessible_name(re.compile("dark"))
    dark = _background(user)
    user.page.reload()
    expect(user.heading("New job")).to_be_visible()
    assert (before == dark, _background(user)) == (False, dark)


_FAULTS = """
() => {
  const words = document.createElement("p");
  words.textContent = "Hardly to be read";
  words.style.cssText = "color: #777; background: #888";
  document.querySelector("main").append(document.createElement("button"), words);
}
"""


def _look_at(
    visitor: Visitor, seeds: Seeds, name: str, look: Look, show: Callable[[Visitor, Seeds], None]
) -> list[str]:
    show(visitor, seeds)
    PICTURES.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=PICTURES / f"{name}-{look}.png")
    wider = visitor.sideways()
    issues = [f"is {wider} px wider than the window"] if wider > 0 else []
    # a phone's colours are those of the light look; what it lays out otherwise is seen in three views
    judged = look != "phone" or name in {"new-job", "jobs", "trail"}
    return [
        f"{name}, {look}: {issue}" for issue in issues + (accessibility.found(visitor.page) if judged else [])
    ]


def _expect_marked(visitor: Visitor) -> None:
    """The quote that was jumped to is in sight."""
    mark = visitor.page.get_by_role("note").and_(visitor.page.locator(":focus"))
    expect(mark.locator("span").first).to_be_in_viewport()


def _background(visitor: Visitor) -> str:
    colour: str = visitor.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return colour
