"""The policies of tests/policy/rules_*.py, over the transformed templates, in every shape of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.policy import (
    rules_access,
    rules_api,
    rules_data,
    rules_functions,
    rules_loops,
    rules_quotas,
    rules_secrets,
    rules_template,
)
from tests.policy.settings import SETTINGS, stack, templates

if TYPE_CHECKING:
    from tests.policy.rule import Rule

pytestmark = pytest.mark.xdist_group("policy")  # one worker transforms the templates, for all
MODULES = (
    rules_access,
    rules_api,
    rules_data,
    rules_functions,
    rules_loops,
    rules_quotas,
    rules_secrets,
    rules_template,
)
RULES = {rule.name: rule for module in MODULES for rule in module.RULES}
FAULTS = [(rule, fault) for rule in RULES.values() for fault in rule.faults]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_templates_keep_the_policy(rule: Rule, setting: str) -> None:
    """No shape of a deployment breaks a policy."""
    assert list(rule.violations(stack(setting))) == []


@pytest.mark.parametrize(("rule", "fault"), FAULTS, ids=[f"{rule.name}: {fault}" for rule, fault in FAULTS])
def test_the_policy_notices_a_fault(rule: Rule, fault: str) -> None:
    """Each policy finds each of the faults that are planted for it."""
    broken = templates()[rule.planted_in].copied()
    rule.faults[fault](broken)
    assert list(rule.violations(broken.stack(SETTINGS[rule.planted_in])))


def test_every_policy_has_a_fault() -> None:
    """No policy stands without a template that breaks it."""
    assert RULES
    assert [rule.name for rule in RULES.values() if not rule.faults] == []
