"""The settings that change the shape of a deployment, and the templates that each makes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tests.policy.rule import Templates
from tests.policy.transformed import TEMPLATE, nested, transformed

if TYPE_CHECKING:
    from tests.policy.cloudformation import Stack

_SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:of-the-account-AbCdEf"
_KEY_OF_SECRETS = "arn:aws:kms:eu-central-1:111122223333:key/of-the-account"
# A hidden value that must not turn up anywhere else.
_KEY = "sk-ant-canary-0123456789"
SETTINGS: dict[str, dict[str, str]] = {
    "defaults": {},
    "a key given": {"AnthropicApiKey": _KEY},
    "ipv6": {"Egress": "ipv6"},
    "ipv6 without endpoints": {"Egress": "ipv6", "InterfaceEndpoints": "false"},
    "nat in each zone, flow logs": {"NatPerZone": "true", "FlowLogs": "true"},
    "keyless model": {"ModelAccess": "aws", "AnthropicWorkspaceId": "wrkspc_1"},
    "secrets of the account": {"AnthropicSecretArn": _SECRET, "WebhookKeySecretArn": _SECRET},
    "secrets of the account, under its key": {
        "AnthropicSecretArn": _SECRET,
        "WebhookKeySecretArn": _SECRET,
        "SecretsKeyArn": _KEY_OF_SECRETS,
    },
    "the model's secret alone, under a key": {
        "AnthropicSecretArn": _SECRET,
        "SecretsKeyArn": _KEY_OF_SECRETS,
    },
    "snapshots": {"SnapStart": "on"},
    "all at once, x86": {"DeploymentPreference": "AllAtOnce", "Architecture": "x86_64"},
    "browsers": {"CorsOrigins": "https://console.example.com"},
    "firewall and domain": {
        "Firewall": "on",
        "DomainName": "api.example.com",
        "DomainCertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/0",
        "DomainHostedZoneId": "Z0",
    },
    "told and traced": {"AlarmEmail": "ops@example.com", "Tracing": "otlp"},
    "waiting bound": {"WaitingConcurrency": "50"},
    "an account with its own access logs": {"ManageApiGatewayAccount": "false"},
}


@cache
def templates() -> dict[str, Templates]:
    """Every setting's transformed templates; the transform runs once a process."""
    others = {each.name: template for each, template in zip(nested(), _raw(), strict=True)}
    made = transformed([(TEMPLATE, given) for given in SETTINGS.values()])
    return {name: Templates(whole, others) for name, whole in zip(SETTINGS, made, strict=True)}


@cache
def stack(setting: str) -> Stack:
    """The stack that a setting makes."""
    return templates()[setting].stack(SETTINGS[setting])


def _raw() -> list[dict[str, object]]:
    return transformed([(each, {}) for each in nested()])
