"""The API's Lambda authorizer: from the Authorization header to a policy and the tenant's id."""

from __future__ import annotations

from typing import Any

from claimcheck import bootstrap
from claimcheck.refusals import KeyRefusedError
from claimcheck.telemetry import count, logger, metrics, observed


def _authorize(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        tenant_id = bootstrap.authorize()(headers.get("authorization"))
    except KeyRefusedError as refusal:
        logger().info("key refused", extra={"reason": str(refusal)})
        if not refusal.known_form:
            count(metrics.KEYS_MALFORMED)
            raise Exception("Unauthorized") from None  # noqa: TRY002 -- API Gateway's contract for 401
        count(metrics.KEYS_REFUSED)
        return _policy("unknown", "Deny", event["methodArn"])
    return {**_policy(tenant_id, "Allow", event["methodArn"]), "context": {"tenant_id": tenant_id}}


def _policy(principal: str, effect: str, method_arn: str) -> dict[str, Any]:
    """For the whole stage: the answer is cached by key, and must fit the next call too."""
    api, stage = method_arn.split("/")[:2]
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": principal, "policyDocument": document}


handler = observed(_authorize)
