"""What a page of a named origin may send and read is what the API's document says: all of it, and no more."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from claimcheck.rest import EXPOSED

from local.intrinsics import read_yaml
from openapi.document import ROOT, document
from openapi.parameters import HEADERS, PARAMETERS
from tests.contract.documented import UndocumentedError, checked

API = read_yaml(ROOT / "template.yaml")["Resources"]["Api"]["Properties"]
RESPONSES: dict[str, Any] = API["GatewayResponses"]
# What a page may read of any answer (Fetch, section 2.2.3), as far as the API sends it.
SAFELISTED = {"Cache-Control", "Content-Type"}
REQUEST_ID = "x-amzn-RequestId"  # API Gateway's own, at every answer
ALLOW, EXPOSE = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"


def listed(static: str) -> set[str]:
    """The words of a header whose value API Gateway has in quotes."""
    return set(static.strip("'").split(","))


def test_a_page_may_read_every_header_of_an_answer() -> None:
    """Those that the document knows, which answers are held to, and the request's id."""
    assert set(EXPOSED) == set(HEADERS) - SAFELISTED | {REQUEST_ID}
    assert len(set(EXPOSED)) == len(EXPOSED)


def test_every_header_of_the_document_stands_at_an_answer() -> None:
    """None is exposed that no call has."""
    used = {
        name
        for item in document()["paths"].values()
        for call in item.values()
        for response in call["responses"].values()
        for name in response.get("headers", {})
    }
    assert used == set(HEADERS)


def test_a_header_that_the_document_lacks_is_found() -> None:
    """What answers of the running system are held to knows their headers too."""
    body = {"status": "ok", "schema": "0001", "schema_needed": "0001"}
    request = httpx.Request("GET", "http://127.0.0.1/health")
    checked(httpx.Response(200, json=body, headers={"Cache-Control": "no-store"}, request=request))
    with pytest.raises(UndocumentedError, match="x-news"):
        checked(httpx.Response(200, json=body, headers={"X-News": "1"}, request=request))


@pytest.mark.parametrize("kind", sorted(RESPONSES))
def test_a_page_may_read_what_the_gateway_itself_says(kind: str) -> None:
    """The headers of each of its refusals, where origins are named."""
    headers = RESPONSES[kind]["ResponseParameters"]["Headers"]
    own = set(headers) - SAFELISTED - {ALLOW, EXPOSE}
    assert own <= set(EXPOSED)
    assert (EXPOSE in headers) == bool(own)
    if own:
        condition, said, otherwise = headers[EXPOSE]["Fn::If"]
        assert (condition, otherwise) == ("WithCors", {"Ref": "AWS::NoValue"})
        assert listed(said) == own


def test_a_page_may_send_what_calls_take() -> None:
    """Every header that is a parameter of a call, the key, and the body's type; every method."""
    taken = {each["name"] for each in PARAMETERS.values() if each["in"] == "header"}
    assert listed(API["Cors"]["AllowHeaders"]) == taken | {"Authorization", "Content-Type"}
    methods = {method.upper() for item in document()["paths"].values() for method in item}
    assert listed(API["Cors"]["AllowMethods"]) == methods
