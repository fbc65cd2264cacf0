"""The API's document against the template, the codes, and the rules of OpenAPI 3.1."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.jobs.names import TASK_NAMES
from claimcheck.scopes import PUBLIC, ROUTES
from claimcheck.settings import DocumentsSettings, OpenapiSettings, SubmitSettings
from claimcheck.tasks import TASKS
from claimcheck.usecases.describe import Describe
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.intrinsics import read_yaml
from openapi.document import FILE, ROOT, document, written
from openapi.problems import CODES
from openapi.shapes import stored
from openapi.webhooks import TENANT_EVENTS
from tests.contract.documented import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = document()
TEMPLATE = read_yaml(ROOT / "template.yaml")["Resources"]
PROBLEMS = ROOT / "layers" / "common" / "claimcheck" / "problems.py"


def test_the_file_is_what_the_code_says() -> None:
    """The served file is up to date: `python -m openapi` writes it."""
    assert FILE.read_text(encoding="utf-8") == written(), "run: python -m openapi"


def test_it_is_valid_openapi_3_1() -> None:
    """A checker that others wrote finds nothing."""
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_its_calls_are_the_templates_routes() -> None:
    """No route without a description and no description without a route; the tasks are one route."""
    assert {(method, path): bool(call["security"]) for method, path, call in _calls()} == _routes()


def test_its_scopes_are_those_that_are_checked() -> None:
    """Each call names the scope that its function wants of a key."""
    wanted = {(m.lower(), re.sub(r"\{[^}]+\}", "{}", path)): scope for (m, path), scope in ROUTES.items()}
    wanted |= {("post", f"/jobs/{task}"): wanted["post", "/jobs/{}"] for task in TASKS}
    for method, path, call in _calls():
        said = call["security"][0]["key"] if call["security"] else [PUBLIC]
        assert said == [wanted[method, path]], (method, path)


def _calls() -> Iterator[tuple[str, str, Any]]:
    for path, item in DOCUMENT["paths"].items():
        for method, call in item.items():
            yield method, re.sub(r"\{[^}]+\}", "{}", path), call


def _routes() -> dict[tuple[str, str], bool]:
    """Each route with whether it wants a key."""
    found: dict[tuple[str, str], bool] = {}
    for resource in TEMPLATE.values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] != "Api":
                continue
            properties = event["Properties"]
            if properties["Path"].endswith("+}"):  # files beside a page
                continue
            path = re.sub(r"\{[^}]+\}", "{}", properties["Path"])
            keyed = properties.get("Auth", {}).get("Authorizer") != "NONE"
            method = properties["Method"].lower()
            if (method, path) == ("post", "/jobs/{}"):
                found |= {(method, f"/jobs/{task}"): keyed for task in TASKS}
            else:
                found[method, path] = keyed
    return found


def test_its_codes_are_those_that_are_answered() -> None:
    """The functions' codes and API Gateway's, each with its status, and no others."""
    said = {(code, status) for code, (statuses, _) in CODES.items() for status in statuses}
    assert said == set(_codes_of_functions()) | set(_codes_of_the_gateway())


def _codes_of_functions() -> Iterator[tuple[str, int]]:
    """What problems.py makes Problems of; those of InvalidRequest stand where it is raised."""
    for node in ast.walk(ast.parse(PROBLEMS.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
            status, code = node.args[0], node.args[1]
            if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                yield str(code.value), int(str(status.value))
            else:
                assert ast.unparse(status) == "error.status", ast.unparse(node)
    yield from (("json_malformed", 400), ("fields_invalid", 422))


def _codes_of_the_gateway() -> Iterator[tuple[str, int]]:
    for kind, response in TEMPLATE["Api"]["Properties"]["GatewayResponses"].items():
        body = response["ResponseTemplates"]["application/json"]
        problem = json.loads(re.sub(r":(\$context[\w.]+)", r':"\1"', body))
        assert problem.get("status") == response.get("StatusCode"), kind
        yield problem["code"], response.get("StatusCode", 400)


@pytest.mark.parametrize("code", [code for code in CODES if code != "task_unknown"])
def test_every_code_stands_at_a_call(code: str) -> None:
    """At least one call says that it may be answered. (A path without a call is no call of the document.)"""
    assert f'"{code}"' in json.dumps([call["responses"] for _, _, call in _calls()])


def test_its_examples_are_what_it_describes() -> None:
    """Every example fits its schema."""
    count = 0
    for pointer, schema, value in _examples(DOCUMENT, ""):
        assert not faults(schema, value), (pointer, faults(schema, value))
        count += 1
    assert count >= 10


def _examples(part: Any, at: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(part, list):
        for place, each in enumerate(part):
            yield from _examples(each, f"{at}/{place}")
    elif isinstance(part, dict):
        if isinstance(part.get("examples"), dict) and "schema" in part:
            for name, example in part["examples"].items():
                yield f"{at}/examples/{name}", _escaped(f"{at}/schema"), example["value"]
        for key, each in part.items():
            yield from _examples(each, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")


def _escaped(pointer: str) -> str:
    return pointer.replace("{", "%7B").replace("}", "%7D")


def test_it_tells_the_limits_of_the_deployment() -> None:
    """The size of an upload and of a body are those of the function's settings, the server is its base."""
    text = FILE.read_text(encoding="utf-8")
    described = Describe(text, OpenapiSettings(max_upload_bytes=7, max_body_bytes=9))
    shown, elsewhere = json.loads(described("/v1").body), json.loads(described("").body)
    assert shown["components"]["schemas"]["UploadRequest"]["properties"]["bytes"]["maximum"] == 7
    assert shown["info"]["x-max-body-bytes"] == 9
    assert (shown["servers"][0]["url"], elsewhere["servers"][0]["url"]) == ("/v1", "/")
    assert described("/v1").version != described("").version


def test_its_limits_are_those_that_are_kept() -> None:
    """Template and functions agree on the defaults, and the function of the document gets the same ones."""
    parameters = read_yaml(ROOT / "template.yaml")["Parameters"]
    assert parameters["MaxUploadBytes"]["Default"] == DocumentsSettings("", "").max_upload_bytes
    assert parameters["MaxBodyBytes"]["Default"] == SubmitSettings("", "", "").max_body_bytes
    given = [
        resource["Properties"]["Environment"]["Variables"]
        for resource in TEMPLATE.values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    readers = (("MAX_UPLOAD_BYTES", "MaxUploadBytes", 3), ("MAX_BODY_BYTES", "MaxBodyBytes", 2))
    for name, parameter, count in readers:
        refs = [variables[name] for variables in given if name in variables]
        assert refs == [{"Ref": parameter}] * count


def test_its_events_are_those_that_are_written() -> None:
    """Every type of event that a statement writes for a tenant, and no other."""
    found: set[str] = set()
    for path in (ROOT / "layers" / "common" / "claimcheck" / "sql").rglob("*.sql"):
        text = path.read_text(encoding="utf-8")
        for block in text.split("INSERT INTO tenant_events")[1:]:
            statement = re.split(r"\n\)|\n\n-- name|RETURNING|;", block)[0]
            found |= set(re.findall(r"'([a-z_]+\.[a-z]+)'", statement))
    assert found == set(TENANT_EVENTS)


def test_blank_is_what_the_functions_call_blank() -> None:
    """The pattern of a text that must say something fits exactly where `strip` leaves something."""
    pattern = re.compile(stored("")["pattern"])
    for number in range(1, 0x1_0000):
        assert bool(pattern.search(chr(number))) == bool(chr(number).strip()), hex(number)
    assert pattern.search(" \n") is None
    assert pattern.search(" x\n")
    assert pattern.search("x\x00") is None


def test_the_tasks_names_are_the_tasks() -> None:
    """The light list says the same as the tasks themselves."""
    assert tuple(TASKS) == TASK_NAMES
