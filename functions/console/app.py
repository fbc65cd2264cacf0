"""The pages /console and /docs, and the files beside them. They hold no secret and want no key."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import Answer, Api, Request, known_tag
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from claimcheck.usecases.site import Site

_FOLDER = Path(__file__).with_name("site")  # `python3 run.py up` and `sam build` make it of web/
_FOR_GOOD = "public, max-age=31536000, immutable"
_TWO_YEARS = "max-age=63072000; includeSubDomains"


@cache
def _api() -> Api:
    site = answering.site(_FOLDER)
    return Api(
        {
            "GET /console": partial(_page, site, "console"),
            "GET /console/{file+}": partial(_file, site, "console"),
            "GET /docs": partial(_page, site, "docs"),
            "GET /docs/{file+}": partial(_file, site, "docs"),
        }
    )


def _page(site: Site, name: str, request: Request) -> Answer:
    if request.path.endswith("/"):  # from there the page would look for its files in a folder below it
        return Answer(308, headers={"Location": f"{request.base}/{name}", "Cache-Control": "no-cache"})
    page = site.page(name)
    tag = f'"{page.version}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", **_security(site, request)}
    if known_tag(tag, request.header("if-none-match")):
        return Answer(304, headers=headers)
    return Answer(200, page.body, page.media_type, headers)


def _file(site: Site, name: str, request: Request) -> Answer:
    file = site.file(name, request.part("file"))
    headers = {"Cache-Control": _FOR_GOOD, **_security(site, request)}  # a worker's policy is its own file's
    return Answer(200, file.body, file.media_type, headers)


def _security(site: Site, request: Request) -> dict[str, str]:
    headers = {
        "Content-Security-Policy": site.policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if request.header("x-forwarded-proto") == "https":
        headers["Strict-Transport-Security"] = _TWO_YEARS
    return headers


def _console(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return _api()(event)


handler = observed(_console)
