"""The table of scopes and the template's routes are one: none is let through for want of a row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from claimcheck.scopes import ADMIN, ANY, PUBLIC, ROUTES, SCOPES, missing_scope

from local.intrinsics import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


def routes() -> Iterator[tuple[str, str, bool]]:
    """Method, path and whether a key is wanted, of each route of the template."""
    for resource in read_yaml(ROOT / "template.yaml")["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api":
                properties = event["Properties"]
                authorizer = properties.get("Auth", {}).get("Authorizer")
                yield properties["Method"], properties["Path"], authorizer != "NONE"


def test_every_route_says_what_it_wants() -> None:
    """Each has a row; one without an authorizer wants no key, and only such a one."""
    found = list(routes())
    assert len(found) > 15
    for method, path, keyed in found:
        wanted = ROUTES[method, path]
        assert (wanted == PUBLIC) == (not keyed), (method, path)
        assert wanted in {*SCOPES, ANY, PUBLIC}


def test_secrets_and_deletion_are_administration() -> None:
    """A key for jobs neither reads what signs webhooks nor deletes anything."""
    wanted = {route for route, scope in ROUTES.items() if scope == ADMIN}
    assert {
        ("GET", "/webhook-secret"),
        ("POST", "/webhook-secret/rotate"),
        ("DELETE", "/jobs/{id}"),
    } <= wanted
    assert {route for route in ROUTES if route[0] == "DELETE"} <= wanted


def test_reading_changes_nothing() -> None:
    """The scope to read opens GET alone, and what has a body to ask about and leaves nothing behind."""
    wanted = {route for route, scope in ROUTES.items() if scope == "jobs:read" and route[0] != "GET"}
    assert wanted == {("POST", "/estimates")}


@pytest.mark.parametrize("route", [("PUT", "/jobs"), ("GET", "/jobs/7"), ("get", "/jobs")])
def test_a_route_without_a_row_is_for_nobody(route: tuple[str, str]) -> None:
    """It is a fault of ours, not a way in."""
    with pytest.raises(KeyError):
        missing_scope(*route, SCOPES)


def test_the_documents_name_the_scopes_that_are_wanted() -> None:
    """Where a section is about one call and says what key it needs, it is the key that opens it."""
    said = re.compile(
        r"## [^\n]*`([A-Z]+) (/[^`\n]+)`\n(?:(?!## )[^\n]*\n)*?[^\n]*needs a key with `([^`]+)`"
    )
    pages = [page.read_text() for page in (ROOT / "docs").glob("*.md")]
    found = [each.groups() for page in pages for each in said.finditer(page)]
    assert found
    for method, path, scope in found:
        assert ROUTES[method, re.sub(r"\{\w+_id\}", "{id}", path)] == scope, (method, path)


_ROUTE = re.compile(r'^ +"((?:GET|POST|PUT|PATCH|DELETE) /[^"]*)": ', re.MULTILINE)


def test_functions_have_the_routes_that_they_are_sent() -> None:
    """Each function's table has just the template's routes of it: none answers 404 for want of an entry."""
    sent: dict[str, set[str]] = {}
    for resource in read_yaml(ROOT / "template.yaml")["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api":
                route = f"{event['Properties']['Method']} {event['Properties']['Path']}"
                sent.setdefault(resource["Properties"]["CodeUri"], set()).add(route)
    assert sum(map(len, sent.values())) > 15
    tables = {code: (ROOT / code / "app.py").read_text(encoding="utf-8") for code in sent}
    found = {
        code: _ROUTE.findall(text.replace("Api({", "Api(\n    {\n    ")) for code, text in tables.items()
    }
    assert {code: sorted(names) for code, names in found.items()} == {
        code: sorted(names) for code, names in sent.items()
    }
