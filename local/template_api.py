"""The API of a template: stage, authorizer, gateway responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.intrinsics import Resolver, TemplateError
from local.system import Api, Authorizer, GatewayResponse, Throttle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HONOURED = {
    "ApiKeySourceType", "Auth", "BinaryMediaTypes", "Cors", "GatewayResponses", "StageName", "Variables",
}  # fmt: skip
_AUTH_HONOURED = {
    "AddApiKeyRequiredToCorsPreflight", "AddDefaultAuthorizerToCorsPreflight", "ApiKeyRequired",
    "Authorizers", "DefaultAuthorizer",
}  # fmt: skip
_WITHOUT_MEANING = {
    "AccessLogSetting", "AlwaysDeploy", "CanarySetting", "Description",
    "DisableExecuteApiEndpoint", "Domain", "EndpointAccessMode", "EndpointConfiguration", "FailOnWarnings",
    "MethodSettings", "MinimumCompressionSize", "Mode", "Name", "OpenApiVersion", "Policy", "PropagateTags",
    "SecurityPolicy", "Tags", "TracingEnabled",
}  # fmt: skip
_DEFAULT_REAUTHORIZE_S = 300
_OF_REQUEST = "method.request.header."


@dataclass(frozen=True)
class Authorization:
    """Which routes ask the authorizer: `default`, unless a route names one of `names` or NONE.

    `metered`: whether routes that say nothing of it need an API key, by which a usage plan counts.
    """

    names: frozenset[str] = frozenset()
    default: str | None = None
    metered: bool = False

    def of(self, chosen: str | None) -> bool:
        """Whether a route is authorized, `chosen` being its own Auth.Authorizer."""
        name = self.default if chosen is None else chosen
        if name is None or name == "NONE":
            return False
        if name not in self.names:
            raise TemplateError(f"authorizer {name} is not declared by the API")
        return True


def read_api(
    apis: Mapping[str, Mapping[str, Any]],
    resolver: Resolver,
    arns: Mapping[str, str],
    plans: Sequence[Mapping[str, Any]] = (),
) -> tuple[Api, Authorization]:
    """Read the properties of the template's API and of its usage plan; `arns` leads from ARNs to logical ids.

    Raises TemplateError for more than one API and for what would have to be honoured and is not known.
    """
    if len(apis) > 1:
        raise TemplateError(f"one API is supported on one machine, here are {', '.join(sorted(apis))}")
    for name, properties in apis.items():
        unknown = sorted(set(properties) - _HONOURED - _WITHOUT_MEANING)
        if unknown:
            raise TemplateError(f"{name}: {', '.join(unknown)} is not supported on one machine")
        auth = properties.get("Auth") or {}
        declared = auth.get("Authorizers") or {}
        if len(declared) > 1:
            raise TemplateError(f"{name}: one authorizer is supported on one machine")
        if unknown := sorted(set(auth) - _AUTH_HONOURED):
            raise TemplateError(f"{name}: Auth {', '.join(unknown)} is not supported on one machine")
        if "Cors" in properties and auth.get("AddDefaultAuthorizerToCorsPreflight", True):
            raise TemplateError(f"{name}: an authorizer before a preflight is not supported on one machine")
        authorizers = [_authorizer(key, item, resolver, arns) for key, item in declared.items()]
        metered = bool(auth.get("ApiKeyRequired"))
        if "Cors" in properties and metered and auth.get("AddApiKeyRequiredToCorsPreflight", True):
            raise TemplateError(f"{name}: an API key before a preflight is not supported on one machine")
        if metered and properties.get("ApiKeySourceType") != "AUTHORIZER":
            raise TemplateError(f"{name}: only ApiKeySourceType AUTHORIZER is supported on one machine")
        authorization = Authorization(frozenset(declared), auth.get("DefaultAuthorizer"), metered)
        authorization.of(None)  # an undeclared default is an error even where no route uses it
        api = Api(
            stage=resolver.text(properties.get("StageName", "Prod")),
            authorizer=authorizers[0] if authorizers else None,
            responses={
                kind: _response(f"{name}: {kind}", item or {}, resolver)
                for kind, item in (properties.get("GatewayResponses") or {}).items()
            },
            preflight=_preflight(f"{name}: Cors", properties["Cors"], resolver)
            if "Cors" in properties
            else None,
            binary_media_types=tuple(
                resolver.text(item).replace("~1", "/") for item in properties.get("BinaryMediaTypes") or []
            ),
            stage_variables={
                key: resolver.text(item) for key, item in (properties.get("Variables") or {}).items()
            },
            throttle=_throttle(plans, resolver),
        )
        return api, authorization
    return Api(), Authorization()


def _authorizer(
    name: str, properties: Mapping[str, Any], resolver: Resolver, arns: Mapping[str, str]
) -> Authorizer:
    identity = properties.get("Identity") or {}
    if properties.get("FunctionPayloadType") != "REQUEST":
        raise TemplateError(
            f"authorizer {name}: only FunctionPayloadType REQUEST is supported on one machine"
        )
    if unknown := sorted(set(identity) - {"Headers", "ReauthorizeEvery"}):
        raise TemplateError(
            f"authorizer {name}: Identity {', '.join(unknown)} is not supported on one machine"
        )
    arn = resolver.text(properties.get("FunctionArn", ""))
    if arn not in arns:
        raise TemplateError(f"authorizer {name}: FunctionArn {arn!r} is no function of this template")
    return Authorizer(
        function=arns[arn],
        headers=tuple(resolver.text(header) for header in identity.get("Headers") or []),
        ttl_s=int(resolver.text(identity.get("ReauthorizeEvery", _DEFAULT_REAUTHORIZE_S))),
    )


def _throttle(plans: Sequence[Mapping[str, Any]], resolver: Resolver) -> Throttle | None:
    if len(plans) > 1:
        raise TemplateError("one usage plan is supported on one machine")
    for plan in plans:
        if "Quota" in plan or not (limits := plan.get("Throttle")):
            raise TemplateError("a usage plan is supported on one machine with its Throttle alone")
        return Throttle(float(resolver.text(limits["RateLimit"])), int(resolver.text(limits["BurstLimit"])))
    return None


_CORS = {
    "AllowHeaders": "Access-Control-Allow-Headers",
    "AllowMethods": "Access-Control-Allow-Methods",
    "AllowOrigin": "Access-Control-Allow-Origin",
    "MaxAge": "Access-Control-Max-Age",
}


def _preflight(where: str, declared: Any, resolver: Resolver) -> dict[str, str]:
    """The headers of the answers that SAM adds as OPTIONS to every path."""
    properties = resolver.value(declared)
    if not isinstance(properties, dict) or set(properties) - set(_CORS):
        raise TemplateError(f"{where}: only {', '.join(sorted(_CORS))} are supported on one machine")
    return {_CORS[name]: _static(where, resolver.text(value)) for name, value in properties.items()}


def _response(where: str, properties: Mapping[str, Any], resolver: Resolver) -> GatewayResponse:
    status = properties.get("StatusCode")
    parameters = properties.get("ResponseParameters") or {}
    templates = properties.get("ResponseTemplates") or {}
    if unknown := sorted(set(parameters) - {"Headers"}):
        raise TemplateError(f"{where}: ResponseParameters {', '.join(unknown)} is not supported")
    if unknown := sorted(set(templates) - {"application/json"}):
        raise TemplateError(f"{where}: a template for {', '.join(unknown)} is not supported")
    headers: dict[str, str] = resolver.value(parameters.get("Headers") or {})
    echoes = {name: value for name, value in headers.items() if value.startswith(_OF_REQUEST)}
    return GatewayResponse(
        status=None if status is None else int(resolver.text(status)),
        template=resolver.text(templates["application/json"]) if templates else None,
        headers={name: _static(where, value) for name, value in headers.items() if name not in echoes},
        echoes={name: value.removeprefix(_OF_REQUEST) for name, value in echoes.items()},
    )


def _static(where: str, value: str) -> str:
    """A static value is written in single quotes; anything else maps something of the request."""
    if len(value) < 2 or not (value.startswith("'") and value.endswith("'")):
        raise TemplateError(f"{where}: header value {value} is not static ('…'), which is not supported")
    return value[1:-1]
