"""Models and the API's document agree: every member, every answer that it allows, and more than it knows."""

from __future__ import annotations

import inspect
import pickle
import typing
from typing import Any

import pytest
from claimcheck.client import (
    ApiProblem,
    AsyncClient,
    ClaimcheckError,
    Client,
    FieldFault,
    JobFailed,
    LimitReached,
    StorageRefused,
    Unreachable,
    WaitTimedOut,
    calls,
    models,
)
from claimcheck.client.models import account, jobs, webhooks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from openapi.document import document
from tests.unit.python_client.instances import drawn_from

DOCUMENT = document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
# Named otherwise, or one model for two schemas.
NAMED: dict[str, type[BaseModel]] = {
    "Job": models.Job[models.Result],
    "UsageOfDays": models.UsageReport,
    "Warning": models.ResultWarning,
}
# What requests hold, and what errors are read as, which are no models.
REQUESTS = {
    *("StorableValue", "DocumentSource", "Field", "FieldSchema", "Criterion", "SummariseRequest"),
    *("ExtractRequest", "EvaluateRequest", "UploadRequest", "TestRequest", "AddressRequest"),
    *("EstimateRequest", "DocumentSize"),
    *("Problem", "FieldError"),
}
ANSWERS = sorted(SCHEMAS.keys() - REQUESTS)


def model_of(name: str) -> type[BaseModel]:
    """The model of a schema."""
    for home in (models, account, jobs, webhooks):
        found = NAMED.get(name) or getattr(home, name, None)
        if found is not None:
            assert issubclass(found, BaseModel)
            return found
    raise AssertionError(f"no model for {name}")


def followed(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, where it is a reference."""
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def object_of(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The object that a member is, or a list of, or null."""
    found = followed(schema)
    for choice in found.get("anyOf", []):
        inner = object_of(choice)
        if inner is not None and len([c for c in found["anyOf"] if c != {"type": "null"}]) == 1:
            return inner
    if found.get("type") in ("array", ["array", "null"]):
        return object_of(found["items"])
    return found if "properties" in found else None


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a field's type names."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for argument in typing.get_args(annotation) for each in models_in(argument)]


def differences(model: type[BaseModel], schema: dict[str, Any], at: str) -> list[str]:
    """What one of both has and the other has not, members of members too."""
    names = {field.alias or name: field for name, field in model.model_fields.items()}
    # What may be left out may also be of another version of the service.
    unknown = (name for name in names.keys() - schema["properties"].keys() if names[name].is_required())
    found = [f"{at}.{name}: unknown to the document" for name in unknown]
    for name, inner in schema["properties"].items():
        field = names.get(name)
        if field is None:
            found.append(f"{at}.{name}: unknown to the model")
            continue
        if field.is_required() and name not in schema.get("required", []):
            found.append(f"{at}.{name}: required by the model alone")
        shape, members = object_of(inner), models_in(field.annotation)
        if shape is not None and shape.get("properties") and len(members) == 1:
            found += differences(members[0], shape, f"{at}.{name}")
    return found


@pytest.mark.parametrize("name", ANSWERS)
def test_members_are_the_same(name: str) -> None:
    """Each member of an answer is one of its model, and none is wanted that may be left out."""
    assert differences(model_of(name), SCHEMAS[name], name) == []


@pytest.mark.parametrize("name", ANSWERS)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_document_allows_is_read(name: str, data: st.DataObject) -> None:
    """Any answer by its schema, with members that nobody knows yet; what was said is what is shown."""
    said: Any = data.draw(drawn_from(SCHEMAS[name], SCHEMAS))
    said = {**said, "of a later version": {"a": 1}}
    read = model_of(name).model_validate(said)
    shown = read.model_dump(by_alias=True)
    assert shown["of a later version"] == {"a": 1}
    assert said.keys() <= shown.keys()


def test_every_operation_has_a_call() -> None:
    """The client calls what the document has, under its path, and nothing that it does not have."""
    arguments: dict[str, Any] = {
        "task": "extract",
        "asked": {},
        "job_id": "J",
        "delivery_id": "D",
        "document_id": "X",
    }
    arguments |= {"url": "https://a.example", "media_type": "a/b", "size": 1, "sha256": "0", "document": {}}
    made = set()
    for name, function in inspect.getmembers(calls, inspect.isfunction):
        if function.__module__ != calls.__name__ or name.startswith("_") or name == "segment":
            continue
        wanted = inspect.signature(function).parameters.values()
        given_ = {p.name: arguments[p.name] for p in wanted if p.default is p.empty}
        call = function(**given_)
        made.add((call.method.lower(), call.path))
    ids = {"{job_id}": "J", "{delivery_id}": "D", "{document_id}": "X"}
    there = set()
    for path, operations in DOCUMENT["paths"].items():
        for parameter, value in ids.items():
            path = path.replace(parameter, value)  # noqa: PLW2901
        there |= {(method, path) for method in operations if method in {"get", "post", "delete", "put"}}
    pages = {(method, path) for method, path in there if path.startswith(("/docs", "/console"))}
    tasks = {("post", "/jobs/summarise"), ("post", "/jobs/evaluate")}  # the same call as extract
    assert made | tasks == there - pages


def test_both_clients_have_the_same_methods() -> None:
    """By name, parameters and defaults."""

    def shape(client: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(client, inspect.isfunction)
        return {
            name.replace("aclose", "close"): [
                f"{p.name}={p.default!r}" for p in inspect.signature(f).parameters.values()
            ]
            for name, f in methods
            if not name.startswith("_")
        }

    assert shape(Client) == shape(AsyncClient)
    assert len(shape(Client)) > 25


def test_a_result_is_of_its_task() -> None:
    """Also where another one would fit; a task that is not known keeps its members."""
    coverage: dict[str, Any] = {"chars": 1, "read": 1, "pages": None, "gaps": []}
    said = {"fields": {}, "evidence": {}, "coverage": coverage}
    event = {"job_id": "j", "status": "completed", "metadata": {}, "result": said, "error": None}
    data = webhooks.JobEventData.model_validate({**event, "task": "extract"})
    assert isinstance(data.result, models.ExtractResult)
    other = webhooks.JobEventData.model_validate({**event, "task": "translate"})
    assert isinstance(other.result, models.OtherResult)
    assert other.result.model_dump()["fields"] == {}


@pytest.mark.parametrize(
    "error",
    [
        ApiProblem(status=422, code="invalid", title="No", errors=[FieldFault("/a", "b")], retry_after=2.0),
        LimitReached(status=429, code="spend_limit", title="No"),
        StorageRefused("upload", 403, "AccessDenied"),
        WaitTimedOut("j", 3),
        JobFailed("j", "failed", "refused", "no"),
        Unreachable("m", sent=False),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_whole_out_of_another_process(error: ClaimcheckError) -> None:
    """A pool of processes pickles what is raised in it."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    assert (type(again), str(again), again.args, vars(again)) == (
        type(error),
        str(error),
        error.args,
        vars(error),
    )
