"""The key: typed once, kept in its tab, and nowhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.pages import Visitor, listen

if TYPE_CHECKING:
    from tests.browser.pages import Visitors

UNKNOWN = "ck_0123456789ab_0123456789012345678901234567890123456789012"


def test_a_key_that_is_none_is_refused_with_what_keys_look_like(visitor: Visitor) -> None:
    """What was pasted by mistake gets a sentence that helps, at the field, read out."""
    visitor.visit()
    visitor.sign_in("hunter2")
    expect(visitor.page.get_by_role("alert")).to_contain_text("keys look like ck_")
    expect(visitor.page.get_by_label("API key")).to_be_focused()


def test_an_unknown_key_is_refused(visitor: Visitor) -> None:
    """A key of the right form that nobody made does not sign in."""
    visitor.visit()
    visitor.sign_in(UNKNOWN)
    expect(visitor.page.get_by_role("alert")).to_contain_text("ask for another one")
    expect(visitor.heading("Sign in")).to_be_visible()


def test_the_right_key_signs_in(visitor: Visitor) -> None:
    """After a wrong key the right one still counts, and leads to the form of a new job."""
    visitor.visit()
    visitor.sign_in(UNKNOWN)
    expect(visitor.page.get_by_role("alert")).not_to_be_empty()
    visitor.sign_in()
    expect(visitor.heading("New job")).to_be_visible()


def test_a_reload_keeps_the_session_and_the_place(user: Visitor) -> None:
    """F5 neither asks for the key again nor loses where one was."""
    user.visit("usage")
    expect(user.heading("Usage")).to_be_visible()
    user.page.reload()
    expect(user.heading("Usage")).to_be_visible()


def test_a_new_tab_has_no_key(visitor: Visitor) -> None:
    """The key is the tab's own: another one asks for it."""
    visitor.visit()
    visitor.sign_in()
    expect(visitor.heading("New job")).to_be_visible()
    other = Visitor(visitor.url, visitor.key, visitor.context, visitor.context.new_page())
    listen(other)
    other.visit("jobs")
    expect(other.heading("Sign in")).to_be_visible()
    assert other.complaints == []


def test_the_key_is_in_the_tabs_storage_alone(visitor: Visitor) -> None:
    """Neither the address, nor a cookie, nor what outlives the tab has it."""
    visitor.visit()
    visitor.sign_in()
    expect(visitor.heading("New job")).to_be_visible()
    visitor.visit("jobs")
    expect(visitor.heading("Jobs")).to_be_visible()
    assert visitor.key not in visitor.page.url
    assert visitor.context.cookies() == []
    assert visitor.key not in visitor.page.evaluate("JSON.stringify(localStorage)")
    assert visitor.key in visitor.page.evaluate("JSON.stringify(sessionStorage)")


def test_signing_out_forgets_the_key(user: Visitor) -> None:
    """Nothing of it is left behind, and a reload asks for it."""
    user.page.get_by_role("button", name="Sign out").click()
    expect(user.heading("Sign in")).to_be_visible()
    assert user.key not in user.page.evaluate("JSON.stringify(sessionStorage)")
    user.page.reload()
    expect(user.heading("Sign in")).to_be_visible()


def test_a_key_that_ends_while_it_is_used_leads_back_to_the_form(user: Visitor) -> None:
    """A call that is answered 401 signs out, and says why."""
    problem = {"title": "Unauthorized", "status": 401, "code": "key_refused", "detail": "The key has ended."}
    user.page.route(re.compile(r"/jobs\?"), lambda route: route.fulfill(status=401, json=problem))
    user.visit("jobs")
    expect(user.heading("Sign in")).to_be_visible()
    expect(user.page.get_by_role("alert")).to_contain_text("The key has ended.")


def test_sent_keys_go_to_the_api_only(visitors: Visitors) -> None:
    """Every request that carries the key goes to the page's own origin."""
    visitor = visitors.open()
    carried: list[str] = []
    visitor.page.on(
        "request",
        lambda request: carried.append(request.url) if "authorization" in request.headers else None,
    )
    visitor.visit()
    visitor.sign_in()
    expect(visitor.heading("New job")).to_be_visible()
    assert carried
    assert [url for url in carried if not url.startswith(f"{visitor.url}/")] == []
