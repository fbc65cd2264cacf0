"""CORS at the gateway: what a browser asks before it calls, and what it may read of refusals."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local import nested, template
from local.system import Physical
from tests.integration.local.test_gateway import TEMPLATE, serving

if TYPE_CHECKING:
    import httpx

PRODUCT = Path(__file__).parents[3] / "template.yaml"
ORIGIN = "https://console.example.com"
CORS = """
      Cors:
        AllowOrigin: "'https://console.example.com'"
        AllowMethods: "'GET'"
        AllowHeaders: "'Authorization'"
      Auth:
        AddDefaultAuthorizerToCorsPreflight: false"""
WITH_CORS = TEMPLATE.replace("\n      Auth:", CORS, 1).replace(
    """{WWW-Authenticate: "'Bearer'"}""", "{Access-Control-Allow-Origin: method.request.header.Origin}"
)


def asked(folder: Path, text: str, method: str, path: str) -> httpx.Response:
    """One request without a key, from a page."""

    async def scenario() -> httpx.Response:
        async with serving(folder, text) as client:
            return await client.request(method, path, headers={"Origin": ORIGIN})

    return asyncio.run(scenario())


def test_a_preflight_needs_no_key(tmp_path: Path) -> None:
    """OPTIONS of a path that there is says who may call and how; the authorizer is not asked."""
    answer = asked(tmp_path, WITH_CORS, "OPTIONS", "/jobs/17/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "GET"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization"


def test_a_path_that_there_is_not_has_no_preflight(tmp_path: Path) -> None:
    """OPTIONS is added to the routes, not to everything."""
    assert asked(tmp_path, WITH_CORS, "OPTIONS", "/nothing").status_code == 404


def test_without_cors_there_is_no_preflight(tmp_path: Path) -> None:
    """A template without Cors has no OPTIONS."""
    assert asked(tmp_path, TEMPLATE, "OPTIONS", "/jobs/17").status_code == 404


def test_a_page_may_read_why_it_was_refused(tmp_path: Path) -> None:
    """A gateway response that maps the request's Origin repeats it; the others carry none."""
    refused = asked(tmp_path, WITH_CORS, "GET", "/jobs/17")
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)


def test_an_authorizer_before_the_preflight_is_refused(tmp_path: Path) -> None:
    """SAM asks the authorizer for OPTIONS unless told otherwise, and no browser could answer."""
    text = WITH_CORS.replace("        AddDefaultAuthorizerToCorsPreflight: false\n", "")
    with pytest.raises(template.TemplateError, match="preflight"):
        asked(tmp_path, text, "GET", "/open")


@pytest.mark.parametrize(
    ("origins", "said"),
    [("", None), (ORIGIN, ORIGIN), (f"{ORIGIN},https://b.example.com", "*")],
    ids=["none", "one", "two"],
)
def test_the_products_preflight(origins: str, said: str | None) -> None:
    """No origin is named by default; one is named, of several the functions name the one that called."""
    given = {"AnthropicSecretArn": "-", "WebhookKeySecretArn": "-", "CorsOrigins": origins}
    outputs = nested.outputs("postgresql://x", "y")
    system = template.load(PRODUCT, given, physical=Physical(), outputs=outputs)
    assert system.api.preflight is not None
    assert system.api.preflight.get("Access-Control-Allow-Origin") == said
    assert {"Authorization", "Idempotency-Key"} <= set(
        system.api.preflight["Access-Control-Allow-Headers"].split(",")
    )
    echoes = {kind: dict(response.echoes) for kind, response in system.api.responses.items()}
    assert set(map(bool, echoes.values())) == {bool(origins)}, echoes
    assert {each.environment["CORS_ORIGINS"] for each in system.functions.values()} == {origins}
