"""The interactive reference at /docs: every call is there, and its example runs against this deployment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser import accessibility

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.pages import Visitor


def test_an_example_runs_as_it_stands(visitor: Visitor) -> None:
    """Authorize and execute: the answer to the example is a ticket of this deployment."""
    _authorised(visitor)
    answer = _executed(_operation(visitor, "jobs-extract"))
    expect(answer.get_by_text("202", exact=True).first).to_be_visible()
    expect(answer.get_by_text("job_id").first).to_be_visible()


def test_a_key_is_asked_for(visitor: Visitor) -> None:
    """Without one, a call is answered as the API answers it."""
    visitor.page.goto(f"{visitor.url}/docs")
    answer = _executed(_operation(visitor, "jobs-extract"))
    expect(answer.get_by_text("401", exact=True).first).to_be_visible()


def test_every_operation_is_shown(visitor: Visitor) -> None:
    """What /openapi.json has, the page has."""
    document = json.loads(visitor.page.goto(f"{visitor.url}/openapi.json").text())  # type: ignore[union-attr]
    known = {
        call["operationId"]
        for path in document["paths"].values()
        for method, call in path.items()
        if method in {"get", "post", "put", "delete"}
    }
    visitor.page.goto(f"{visitor.url}/docs")
    expect(visitor.page.locator(".opblock")).to_have_count(len(known) + len(document.get("webhooks", {})))


def _authorised(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.url}/docs")
    visitor.page.get_by_role("button", name="Authorize").first.click()
    dialog = visitor.page.locator(".auth-container")
    dialog.get_by_role("textbox").fill(visitor.key)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").click()


def _operation(visitor: Visitor, name: str) -> Locator:
    """An operation, opened."""
    operation = visitor.page.locator(f"#operations-{name}")
    operation.locator(".opblock-summary-control").click()
    return operation


def _executed(operation: Locator) -> Locator:
    """What the server answered to the operation's own example."""
    operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table")


def test_nothing_keeps_anybody_from_using_it(visitor: Visitor) -> None:
    """Calls opened and one answered: axe finds no serious issue."""
    _authorised(visitor)
    _operation(visitor, "jobs-getJob")
    _executed(_operation(visitor, "jobs-extract"))
    assert accessibility.found(visitor.page) == []


def test_an_id_of_an_answer_is_filled_in(visitor: Visitor) -> None:
    """The ticket's job is what the next call asks for; the key outlives a reload, in this tab alone."""
    _authorised(visitor)
    visitor.page.reload()
    answer = _executed(_operation(visitor, "jobs-extract"))
    expect(answer.get_by_text("202", exact=True).first).to_be_visible()
    asked = _operation(visitor, "jobs-getJob").locator("tr[data-param-name=job_id] input")
    expect(asked).not_to_have_value("")
    assert visitor.page.evaluate("localStorage.length") == 0
