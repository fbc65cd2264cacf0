"""The REQUEST authorizer of a REST API: who may call, decided by a function and kept for a while."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.proxy_events import API_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

    from local.lambdas.pool import FunctionPool
    from local.system import Authorizer, Physical

_CACHE_LIMIT = 10_000


class Refused(Exception):  # noqa: N818 (an answer, not a fault)
    """The request goes no further; `response_type` names the gateway response that says so."""

    def __init__(self, response_type: str) -> None:
        super().__init__(response_type)
        self.response_type = response_type


@dataclass(frozen=True)
class Admitted:
    """Who may call: what goes into `requestContext.authorizer`, and by which usage key it is counted."""

    context: Mapping[str, str]
    usage_key: str | None


class RequestAuthorizer:
    """Asks the authorizer's function, and keeps a policy for `ttl_s` seconds by the identity headers."""

    def __init__(
        self,
        authorizer: Authorizer,
        pool: FunctionPool,
        physical: Physical,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._authorizer = authorizer
        self._pool = pool
        self._physical = physical
        self._cache: dict[tuple[str, ...], tuple[float, dict[str, Any]]] = {}

    async def authorize(self, request: web.Request, event: Mapping[str, Any], *, wait_s: float) -> Admitted:
        """Who calls. Raises Refused, TooManyRequests."""
        identity = tuple(request.headers.get(name, "") for name in self._authorizer.headers)
        if not all(identity):
            raise Refused("UNAUTHORIZED")
        context = event["requestContext"]
        method_arn = self._physical.arn(
            "execute-api", f"{API_ID}/{context['stage']}/{event['httpMethod']}{event['path']}"
        )
        policy = self._kept(identity)
        if policy is None:
            question = {"type": "REQUEST", "methodArn": method_arn, **event}
            invocation = await self._pool.invoke(question, wait_s=wait_s)
            policy = _policy(invocation.payload, failed=not invocation.ok)
            self._keep(identity, policy)
        # A kept policy is asked again for each route: one that names a single route refuses the others.
        if not _allows(policy["policyDocument"], method_arn):
            raise Refused("ACCESS_DENIED")
        context = {"principalId": str(policy["principalId"]), **_context(policy.get("context"))}
        return Admitted(context, policy.get("usageIdentifierKey"))

    def _kept(self, identity: tuple[str, ...]) -> dict[str, Any] | None:
        until, policy = self._cache.get(identity, (0.0, None))
        return policy if until > self._clock() else None

    def _keep(self, identity: tuple[str, ...], policy: dict[str, Any]) -> None:
        if not identity or not self._authorizer.ttl_s:
            return
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        self._cache[identity] = (self._clock() + self._authorizer.ttl_s, policy)


def _policy(payload: bytes, *, failed: bool) -> dict[str, Any]:
    """Read the function's answer. Raises Refused: 401 for the error "Unauthorized", 500 for any other."""
    try:
        answer = json.loads(payload)
    except ValueError:
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR") from None
    if failed:
        unauthorized = isinstance(answer, dict) and answer.get("errorMessage") == "Unauthorized"
        raise Refused("UNAUTHORIZED" if unauthorized else "AUTHORIZER_FAILURE")
    document = answer.get("policyDocument") if isinstance(answer, dict) else None
    if not isinstance(document, dict) or not answer.get("principalId"):
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR")
    return dict(answer)


def _allows(document: Mapping[str, Any], method_arn: str) -> bool:
    """Whether a policy lets a method be called: one Allow is needed, one Deny is enough against it."""
    allowed = False
    for statement in _listed(document.get("Statement")):
        actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
        if not any(_fits(action.lower(), "execute-api:invoke") for action in actions):
            continue
        if not any(_fits(resource, method_arn) for resource in resources):
            continue
        if statement.get("Effect") == "Deny":
            return False
        allowed = allowed or statement.get("Effect") == "Allow"
    return allowed


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _fits(pattern: str, text: str) -> bool:
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _context(context: Any) -> dict[str, str]:
    """The authorizer's context as functions see it, every value as text. Raises Refused for nested values."""
    values: dict[str, str] = {}
    for name, value in (context or {}).items():
        if isinstance(value, dict | list):
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR")
        if value is not None:
            values[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return values
