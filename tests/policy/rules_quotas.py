"""What an empty account allows: a first deployment with the defaults must not fail on a quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.roles import FUNCTION
from tests.policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.cloudformation import Stack

# A new account may have ten environments at once, of which none can be reserved, and functions of this size.
NEW_ACCOUNTS_MEMORY_MB = 3008
# An account's own quotas for what the templates make of it, a region, where it has asked for nothing.
MOST = {
    "AWS::EC2::VPC": 5 - 1,  # one is there already
    "AWS::EC2::EIP": 5,
    "AWS::EC2::InternetGateway": 5 - 1,
    "AWS::RDS::DBInstance": 40,
    "AWS::RDS::DBProxy": 20,
}
# The parameter that reserves, and what it says where nobody has asked for it.
RESERVES, NOTHING = "WaitingConcurrency", "0"


def beyond_a_new_account(stack: Stack) -> Iterator[str]:
    """What a new account refuses, though nobody has asked for it by a parameter."""
    if stack.template["Parameters"][RESERVES]["Default"] != int(NOTHING):
        yield f"{RESERVES} reserves by default"
    asked = str(stack.parameters[RESERVES]) != NOTHING
    for function in stack.of(FUNCTION):
        if "ReservedConcurrentExecutions" in function.properties and not asked:
            yield f"{function.name} reserves environments, of which a new account has none to reserve"
        if int(function.get("MemorySize", 0)) > NEW_ACCOUNTS_MEMORY_MB:
            yield f"{function.name} has {function['MemorySize']} MB, a new account {NEW_ACCOUNTS_MEMORY_MB}"
    for alias in stack.of("AWS::Lambda::Alias", "AWS::Lambda::Version"):
        if "ProvisionedConcurrencyConfig" in alias.properties:
            yield f"{alias.name} has environments provisioned, which are reserved as well"
    for source in stack.of("AWS::Lambda::EventSourceMapping"):
        if "ProvisionedPollerConfig" in source.properties:
            yield f"{source.name} has pollers provisioned, which start up to ten environments each"


def too_many(stack: Stack) -> Iterator[str]:
    """What a new account has no room for."""
    for kind, most in MOST.items():
        if (count := len(list(stack.of(kind)))) > most:
            yield f"{count} of {kind}, a new account has room for {most}"


RULES = (
    Rule(
        "an empty account takes the defaults",
        beyond_a_new_account,
        {
            "reserved": lambda t: t.of("SubmitFunction").update(ReservedConcurrentExecutions=5),
            "reserved by default": lambda t: t.whole["Parameters"]["WaitingConcurrency"].update(Default=5),
            "provisioned": lambda t: t.first("AWS::Lambda::Alias").update(
                ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 1}
            ),
            "pollers": lambda t: t.first("AWS::Lambda::EventSourceMapping").update(
                ProvisionedPollerConfig={"MinimumPollers": 1}
            ),
            "large": lambda t: t.of("ProcessFunction").update(MemorySize=4096),
        },
    ),
    Rule(
        "an empty account has room for all of it",
        too_many,
        {
            "addresses": lambda t: t.whole["Resources"].update(
                {f"Address{number}": {"Type": "AWS::EC2::EIP"} for number in range(5)}
            ),
        },
    ),
)
