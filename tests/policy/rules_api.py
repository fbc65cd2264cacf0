"""The API: who may call which route, how much at once, and what is written down of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.usecases.authorize import CACHED_S

from tests.policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.policy.cloudformation import Stack
    from tests.policy.rule import Templates

API = "AWS::ApiGateway::RestApi"
STAGE = "AWS::ApiGateway::Stage"
# Routes without a key, and why.
OPEN = {
    ("GET", "/health"): "says no more than that the system is alive, and the schema's version",
    ("GET", "/openapi.json"): "the published interface",
    ("GET", "/docs"): "the same for people",
    ("GET", "/docs/{file+}"): "its scripts and styles",
    ("GET", "/console"): "a page without data; what it shows it fetches with the user's key",
    ("GET", "/console/{file+}"): "its scripts and styles",
}
AUTHORIZER = "KeyAuthorizer"
USAGE_KEY = "api_key"
PLAN = "AWS::ApiGateway::UsagePlan"


def routes(stack: Stack) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Method, path and definition of every route."""
    for api in stack.of(API):
        for path, methods in api["Body"]["paths"].items():
            for method, definition in methods.items():
                yield method.upper(), path, definition


def open_routes(stack: Stack) -> Iterator[str]:
    """Routes that anybody can call; preflights of browsers, which carry no key, answer nothing of ours."""
    for method, path, definition in routes(stack):
        integration = definition.get("x-amazon-apigateway-integration", {})
        if (method, path) in OPEN or (method == "OPTIONS" and integration.get("type", "").lower() == "mock"):
            continue
        # API Gateway knows no choice of them: a method has an authorizer, and wants a key of a plan or not
        if [set(each) for each in definition.get("security", [])] != [{AUTHORIZER}, {USAGE_KEY}]:
            yield f"{method} {path} needs no key, or is not counted"


def uncounted(stack: Stack) -> Iterator[str]:
    """Open routes that want a usage key, which nobody names there; APIs and plans that count nothing."""
    for method, path, definition in routes(stack):
        wants = [set(each) for each in definition.get("security", [])]
        if ((method, path) in OPEN or method == "OPTIONS") and any(USAGE_KEY in each for each in wants):
            yield f"{method} {path} wants a usage key without an authorizer"
    for api in stack.of(API):
        if api.get("ApiKeySourceType") != "AUTHORIZER":
            yield f"{api.name} counts by what a caller sends"
    for function in stack.of("AWS::Lambda::Function"):
        shared = function.get("Environment", {}).get("Variables", {}).get("SHARED_USAGE_KEY")
        values = [key["Value"] for key in stack.of("AWS::ApiGateway::ApiKey")]
        if shared is not None and (values != [shared] or not 20 <= len(shared) <= 128):
            yield f"{function.name} names a usage key that API Gateway does not know"
    plans = list(stack.of(PLAN))
    inside = [each for each in stack.of("AWS::ApiGateway::UsagePlanKey") if each.get("UsagePlanId")]
    if len(plans) != 1 or len(inside) != 1:
        yield "no usage plan with the shared key in it"
    for plan in plans:
        throttle = plan.get("Throttle", {})
        if not (throttle.get("RateLimit") and throttle.get("BurstLimit") and plan.get("ApiStages")):
            yield f"{plan.name} limits nothing"


def weak_authorizers(stack: Stack) -> Iterator[str]:
    """Authorizers that are asked without a key, or believed for longer than a revocation may take."""
    for api in stack.of(API):
        body = api["Body"]
        schemes = body.get("securityDefinitions") or body.get("components", {}).get("securitySchemes", {})
        if AUTHORIZER not in schemes:
            yield f"{api.name} has no {AUTHORIZER}"
            continue
        says = schemes[AUTHORIZER]["x-amazon-apigateway-authorizer"]
        if says.get("authorizerResultTtlInSeconds") != CACHED_S:
            yield f"{api.name}: an answer is believed for {says.get('authorizerResultTtlInSeconds')} s"
        if says.get("identitySource") != "method.request.header.Authorization":
            yield f"{api.name}: an answer is kept by {says.get('identitySource')}"


def loud_stages(stack: Stack) -> Iterator[str]:
    """Stages without limits, and stages that write bodies or headers into a log."""
    for stage in stack.of(STAGE):
        settings = stage.get("MethodSettings", [])
        everything = [
            each for each in settings if (each.get("ResourcePath"), each.get("HttpMethod")) == ("/*", "*")
        ]
        if not any(
            each.get("ThrottlingRateLimit") and each.get("ThrottlingBurstLimit") for each in everything
        ):
            yield f"{stage.name} has no limit of requests"
        if any(str(each.get("DataTraceEnabled", False)).lower() == "true" for each in settings):
            yield f"{stage.name} logs bodies"
        said = str(stage.get("AccessLogSetting", {}).get("Format", ""))
        if not said:
            yield f"{stage.name} has no access log"
        if "$context.authorizer.key" in said or "header" in said.lower() or "querystring" in said.lower():
            yield f"{stage.name} logs more than who called what"


def wide_origins(stack: Stack) -> Iterator[str]:
    """Answers that let the page of any site read them."""
    for method, path, definition in routes(stack):
        if "'*'" in str(definition.get("x-amazon-apigateway-integration", {}).get("responses", {})):
            yield f"{method} {path} is for every origin"
    for function in stack.of("AWS::Lambda::Function"):
        if "*" in str(function.get("Environment", {}).get("Variables", {}).get("CORS_ORIGINS", "")):
            yield f"{function.name} answers every origin"


def _route(templates: Templates, path: str, method: str) -> dict[str, Any]:
    route: dict[str, Any] = templates.first(API)["Body"]["paths"][path][method]
    return route


def _authorizer(templates: Templates) -> dict[str, Any]:
    body = templates.first(API)["Body"]
    schemes = body.get("securityDefinitions") or body["components"]["securitySchemes"]
    said: dict[str, Any] = schemes[AUTHORIZER]["x-amazon-apigateway-authorizer"]
    return said


def _opened(templates: Templates) -> None:
    _route(templates, "/jobs", "get")["security"] = [{"NONE": []}]


def _second_way(templates: Templates) -> None:
    _route(templates, "/jobs", "get")["security"].append({"NONE": []})


def _settings(templates: Templates, **more: Any) -> None:
    templates.first(STAGE)["MethodSettings"][0].update(more)


def _any_origin(templates: Templates) -> None:
    answer = {
        "default": {"responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"}}
    }
    _route(templates, "/jobs", "get")["x-amazon-apigateway-integration"]["responses"] = answer


RULES = (
    Rule(
        "every route needs a key, but for the named ones",
        open_routes,
        {
            "opened": _opened,
            "left out": lambda t: _route(t, "/jobs", "get").pop("security"),
            "a second way in": _second_way,
            "counted by nothing": lambda t: _route(t, "/jobs", "get")["security"].pop(),
        },
    ),
    Rule(
        "each tenant's requests are counted, and nobody is refused for want of a usage key",
        uncounted,
        {
            "health wants one": lambda t: _route(t, "/health", "get").update(security=[{USAGE_KEY: []}]),
            "by a header": lambda t: t.first(API).update(ApiKeySourceType="HEADER"),
            "another shared key": lambda t: t.first("AWS::ApiGateway::ApiKey").update(Value="0" * 36),
            "the shared key in no plan": lambda t: t.first("AWS::ApiGateway::UsagePlanKey").clear(),
            "no numbers": lambda t: t.first(PLAN).pop("Throttle"),
        },
    ),
    Rule(
        "a key that was revoked is refused within a minute",
        weak_authorizers,
        {
            "an hour": lambda t: _authorizer(t).update(authorizerResultTtlInSeconds=3600),
            "kept by nothing": lambda t: _authorizer(t).pop("identitySource"),
        },
    ),
    Rule(
        "a stage has limits, and its log no content",
        loud_stages,
        {
            "no limit": lambda t: _settings(t, ThrottlingRateLimit=0),
            "bodies": lambda t: _settings(t, DataTraceEnabled=True),
            "no log": lambda t: t.first(STAGE).pop("AccessLogSetting"),
            "headers": lambda t: t.first(STAGE)["AccessLogSetting"].update(Format="$input.params().header"),
        },
    ),
    Rule("only named origins read an answer", wide_origins, {"every origin": _any_origin}),
)
