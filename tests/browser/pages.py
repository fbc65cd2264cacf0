"""A visitor's window: its page, what it complained of, and the console as people name its parts."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import ViewportSize, expect

from client.connection import read_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Route

    from tests.e2e.conftest import Running

Look = Literal["light", "dark", "phone"]
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
WITHIN_MS = 20_000  # the machine may be slow
_VIOLATIONS = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.effectiveDirective}: ${event.blockedURI || event.sample}`));
"""
_SIGNED_IN = """
if (location.pathname.endsWith("/console") && !sessionStorage.getItem("test.began")) {{
  sessionStorage.setItem("test.began", "yes");
  sessionStorage.setItem("claimcheck.key", {key});
}}
"""
# The browser itself tells of every answer of 400 and more; whether that was meant is the test's affair.
_TOLD_BY_THE_BROWSER = re.compile(r"Failed to load resource: the server responded with a status of")


@dataclass
class Visitor:
    """A window with one page."""

    url: str
    key: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    storage: str = ""
    """The address of the bucket, which the page may ask as well."""

    def visit(self, route: str = "") -> Page:
        """Go to a place of the console, as `jobs` or `jobs/ID`."""
        self.page.goto(f"{self.url}/console#/{route}")
        return self.page

    def sign_in(self, key: str | None = None) -> None:
        """Type a key into the form and send it."""
        self.page.get_by_label("API key").fill(self.key if key is None else key)
        self.page.get_by_role("button", name="Sign in").click()

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        """The page's main heading."""
        return self.page.get_by_role("heading", level=1, name=name)

    def meet_storage_at(self, link: str) -> None:
        """Load the console anew with a policy whose bucket is where a link of the API leads.

        On AWS, and in a checkout, all functions have the bucket at one address, and this changes nothing.
        Built artifacts are run with a door to AWS for each function, by which its permissions are known.
        """
        self.storage = "/".join(link.split("/")[:3])

        def answered(route: Route) -> None:
            asked = {name: said for name, said in route.request.headers.items() if name != "if-none-match"}
            response = route.fetch(headers=asked)
            policy = response.headers["content-security-policy"]
            moved = re.sub(r"http://127\.0\.0\.1:\d+(?=/)", self.storage, policy)
            route.fulfill(response=response, headers={**response.headers, "content-security-policy": moved})

        # to Chromium a page that a test answers is a stranger's, which may not ask this machine
        self.context.grant_permissions(["local-network-access"])
        self.page.route(re.compile(r"/console(#.*)?$"), answered)
        self.page.reload()

    def violations(self) -> list[str]:
        """What the page's Content-Security-Policy has refused it since it was loaded."""
        refused: list[str] = self.page.evaluate("window.__violations")
        return refused

    def sideways(self) -> int:
        """By how many pixels the page is wider than its window."""
        wider: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


class Visitors:
    """Opens windows, and holds each to its manners."""

    def __init__(self, browser: Browser, running: Running) -> None:
        self._browser = browser
        self._running = running
        self._opened: list[Visitor] = []

    def open(self, *, look: Look = "light", signed_in: bool = False) -> Visitor:
        """A window of its own session; with `signed_in` it has a key, as after a reload."""
        phone = look == "phone"
        context = self._browser.new_context(
            color_scheme="dark" if look == "dark" else "light",
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            reduced_motion="reduce",
            device_scale_factor=float(os.environ.get("CLAIMCHECK_SCREENSHOT_SCALE", "1")),
        )
        context.set_default_timeout(WITHIN_MS)
        context.add_init_script(_VIOLATIONS)
        storage = str(read_up(self._running.data)["services"]["aws"])
        visitor = Visitor(self._running.url, self._running.key, context, context.new_page(), storage=storage)
        listen(visitor)
        self._opened.append(visitor)
        if signed_in:
            context.add_init_script(_SIGNED_IN.format(key=json.dumps(visitor.key)))
            visitor.visit()
            expect(visitor.page.get_by_role("button", name="Sign out")).to_be_visible()
        return visitor

    def close(self) -> None:
        """Close all windows. AssertionError where a page has thrown, complained or broken its policy."""
        complaints = [each for visitor in self._opened for each in visitor.complaints]
        complaints += [f"policy: {each}" for visitor in self._opened for each in visitor.violations()]
        for visitor in self._opened:
            visitor.context.close()
        assert not complaints, "\n".join(complaints)


def listen(visitor: Visitor) -> None:
    """Note what the page throws, writes to its console, or asks of strangers."""

    def written(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _TOLD_BY_THE_BROWSER.search(message.text):
            visitor.complaints.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        known = (f"{visitor.url}/", "data:", f"blob:{visitor.url}/", visitor.storage or visitor.url)
        if not request.url.startswith(known):
            visitor.complaints.append(f"asked a stranger: {request.url}")

    visitor.page.on("console", written)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(f"thrown: {error}"))
    visitor.page.on("request", asked)
