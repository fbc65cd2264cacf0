"""The API's Lambda authorizer: from the Authorization header to a policy, the tenant and the key's scopes."""

from __future__ import annotations

from typing import Any

from claimcheck.bootstrap import answering
from claimcheck.refusals import KeyRefusedError
from claimcheck.telemetry import count, logger, metrics, observed


def _authorize(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        caller = answering.authorize()(headers.get("authorization"))
    except KeyRefusedError as refusal:
        logger().info("key refused", extra={"reason": str(refusal)})
        if not refusal.known_form:
            count(metrics.KEYS_MALFORMED)
            raise Exception("Unauthorized") from None  # noqa: TRY002 -- API Gateway's contract for 401
        count(metrics.KEYS_REFUSED)
        return _policy("unknown", "Deny", event["methodArn"])
    context = {"tenant_id": caller.tenant_id, "scopes": " ".join(caller.scopes), "key": caller.prefix}
    return {
        **_policy(caller.tenant_id, "Allow", event["methodArn"]),
        "context": context,
        "usageIdentifierKey": caller.usage_key,
    }


def _policy(principal: str, effect: str, method_arn: str) -> dict[str, Any]:
    """For the whole stage: the answer is cached by key, and must fit the next call too.

    What the key may not do there, the functions refuse by its scopes (`claimcheck.scopes`).
    """
    api, stage = method_arn.split("/")[:2]
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": principal, "policyDocument": document}


handler = observed(_authorize)
