"""What a deployment can set of where webhooks may go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.environment import load
from claimcheck.settings import NotifySettings, SubmitSettings

from local.intrinsics import TemplateError, read_yaml
from local.nested import outputs
from local.system import Physical
from local.template import load as load_template

if TYPE_CHECKING:
    from local.system import System

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
GIVEN = {"AnthropicSecretArn": "x", "WebhookKeySecretArn": "x"}


def deployed(**parameters: str) -> System:
    physical = Physical(aws_endpoint="http://127.0.0.1:1", region="us-east-1", account="123456789012")
    return load_template(
        TEMPLATE, {**GIVEN, **parameters}, physical=physical, outputs=outputs("postgresql://x", "y")
    )


def environments(system: System) -> dict[str, dict[str, str]]:
    return {name: dict(function.environment) for name, function in system.functions.items()}


def test_no_template_names_the_setting_for_loopback() -> None:
    """Loopback is opened by `claimcheck up` alone: neither a variable nor a parameter of a stack does it."""
    for path in [TEMPLATE, *(ROOT / "infra").rglob("*.yaml")]:
        assert "loopback" not in path.read_text(encoding="utf-8").lower()
    parameters: dict[str, Any] = read_yaml(TEMPLATE)["Parameters"]
    for name, variables in environments(deployed()).items():
        assert "CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS" not in variables, name
    assert not [name for name in parameters if "Environment" in name]


def test_submit_and_notify_have_the_same_ports() -> None:
    """`WebhookPorts` reaches both functions that read it, and is 443 and 8443 where nothing is said."""
    for given, ports in (({}, {443, 8443}), ({"WebhookPorts": "443,10443"}, {443, 10_443})):
        variables = environments(deployed(**given))
        assert load(SubmitSettings, variables["SubmitFunction"]).webhook_ports == ports
        assert load(NotifySettings, variables["NotifyFunction"]).webhook_ports == ports


@pytest.mark.parametrize("ports", ["", "0", "443,", "443;8443", "443, 8443", "https", "443\n", "123456"])
def test_ports_are_numbers(ports: str) -> None:
    """What is no list of ports is refused before anything is deployed."""
    with pytest.raises(TemplateError, match="WebhookPorts"):
        deployed(WebhookPorts=ports)
