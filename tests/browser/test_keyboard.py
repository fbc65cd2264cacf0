"""The whole way without a mouse: sign in, hand in, look at the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.pages import Visitor


def test_a_job_is_handed_in_and_read_by_keyboard_alone(visitor: Visitor) -> None:
    """Every control is reached by Tab and worked by the keys that it is known for."""
    keys = visitor.page.keyboard
    visitor.visit()
    _tab_to(visitor, "API key")
    keys.insert_text(visitor.key)
    keys.press("Enter")
    expect(visitor.heading("New job")).to_be_focused()
    _tab_to(visitor, "File")
    keys.press("ArrowRight")  # to "Paste text", as radio buttons go
    _tab_to(visitor, "Text of the document")
    keys.insert_text("The monthly fee is EUR 400. Irish law governs the agreement.")
    _tab_to(visitor, "Extract")
    keys.press("ArrowRight")
    keys.press("ArrowRight")  # to "Summarise"
    _tab_to(visitor, "Focus (optional)")
    keys.insert_text("money")
    keys.press("Control+Enter")
    expect(visitor.heading("Summarise")).to_be_focused()
    expect(visitor.page.get_by_role("region", name="Key points")).to_be_visible()
    keys.press("j")
    expect(visitor.page.locator("mark:focus")).to_be_visible()
    keys.press("Escape")
    expect(visitor.page.get_by_role("list", name="Quotes").locator("button:focus")).to_be_visible()


def test_shortcuts_lead_everywhere_and_can_be_switched_off(user: Visitor) -> None:
    """`g` and a letter change the view; `?` lists them, and has the switch that WCAG asks for."""
    expect(user.heading("New job")).to_be_visible()
    for letter, name in (("j", "Jobs"), ("w", "Webhooks"), ("u", "Usage"), ("n", "New job")):
        user.page.keyboard.press("g")
        user.page.keyboard.press(letter)
        expect(user.heading(name)).to_be_focused()
    user.page.keyboard.press("?")
    dialog = user.page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.get_by_label("Single-key shortcuts are on").uncheck()
    user.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    user.page.keyboard.press("g")
    user.page.keyboard.press("j")
    expect(user.heading("New job")).to_be_visible()


def test_the_focus_is_always_seen(user: Visitor) -> None:
    """Whatever Tab reaches on the form has an outline or a border of its own."""
    expect(user.heading("New job")).to_be_visible()
    unseen = []
    for _ in range(25):
        user.page.keyboard.press("Tab")
        seen = user.page.evaluate(_IS_SEEN)
        if seen is not True:
            unseen.append(seen)
    assert unseen == []


def test_one_can_skip_to_the_content(user: Visitor) -> None:
    """The first Tab of a page offers to skip what all pages begin with."""
    user.page.reload()
    expect(user.heading("New job")).to_be_visible()
    user.page.keyboard.press("Tab")
    expect(user.page.get_by_role("button", name="Skip to content")).to_be_focused()
    user.page.keyboard.press("Enter")
    expect(user.page.get_by_role("main")).to_be_focused()


# The element or what stands for it (the label of a hidden radio button) is outlined while it has the focus.
_IS_SEEN = """
() => {
  const element = document.activeElement;
  if (element === document.body) return true; // beyond the last one
  const outlined = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  };
  return outlined(element) || (element.closest("label") !== null && outlined(element.closest("label")))
    || element.outerHTML.slice(0, 120);
}
"""


def _tab_to(visitor: Visitor, name: str) -> None:
    """Press Tab until the control of that name has the focus. AssertionError after forty."""
    wanted = visitor.page.get_by_label(name, exact=True).or_(
        visitor.page.get_by_role("button", name=name, exact=True)
    )
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        if wanted.evaluate_all("(found) => found.some((each) => each === document.activeElement)"):
            return
    raise AssertionError(f"Tab does not reach {name}")
