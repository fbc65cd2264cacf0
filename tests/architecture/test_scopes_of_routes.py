"""The table of scopes and the template's routes are one: none is let through for want of a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from claimcheck.scopes import ADMIN, ANY, PUBLIC, ROUTES, SCOPES, missing_scope

from local import template
from local.system import Physical

ROOT = Path(__file__).resolve().parents[2]


def routes() -> Any:
    """The routes of the template."""
    parameters = dict.fromkeys(("DatabaseUrl", "AnthropicSecretArn", "WebhookKeySecretArn"), "x")
    known = {name: value for name, value in parameters.items() if _has(name)}
    return template.load(ROOT / "template.yaml", known, physical=Physical()).routes


def _has(name: str) -> bool:
    try:
        return template.parameter(ROOT / "template.yaml", name, {}) is not None
    except template.TemplateError:  # it has no default
        return True


def test_every_route_says_what_it_wants() -> None:
    """Each has a row; one without an authorizer wants no key, and only such a one."""
    found = routes()
    assert len(found) > 15
    for route in found:
        wanted = ROUTES[route.method, route.path]
        assert (wanted == PUBLIC) == (not route.authorized), route
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
    """The scope to read opens GET alone."""
    assert {method for (method, _), scope in ROUTES.items() if scope == "jobs:read"} == {"GET"}


@pytest.mark.parametrize("route", [("PUT", "/jobs"), ("GET", "/jobs/7"), ("get", "/jobs")])
def test_a_route_without_a_row_is_for_nobody(route: tuple[str, str]) -> None:
    """It is a fault of ours, not a way in."""
    with pytest.raises(KeyError):
        missing_scope(*route, SCOPES)
