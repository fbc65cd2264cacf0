"""Loops of functions and queues: Lambda stops those after sixteen rounds that are not said to be meant so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.permissions.policy import Call
from tests.policy.roles import FUNCTION, judge
from tests.policy.rule import Rule
from tests.policy.rules_functions import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.cloudformation import Stack


def unwanted_ends(stack: Stack) -> Iterator[str]:
    """Functions that are called by what they have sent themselves, and would be stopped; or that never are.

    A job is rung for again as often as the model is busy. The seventeenth ring of a chain Lambda gives to
    the dead letters, which fail the job.
    """
    sources = [(each["FunctionName"].split(":")[6], each["EventSourceArn"]) for each in stack.of(SOURCE)]
    functions = {str(stack.physical(each.logical_id, None)): each for each in stack.of(FUNCTION)}
    roles = {name: judge(stack, function) for name, function in functions.items()}
    rings = {
        name: {fed for fed, queue in sources if role.judge(Call("sqs:SendMessage", queue))}
        for name, role in roles.items()
    }
    for name, function in functions.items():
        reached: set[str] = set()
        while more := set().union(rings[name], *(rings[each] for each in reached)) - reached:
            reached |= more
        if (name in reached) != (function.get("RecursiveLoop") == "Allow"):
            yield f"{function.name}: RecursiveLoop is {function.get('RecursiveLoop', 'Terminate')}"


RULES = (
    Rule(
        "who rings for itself is not stopped for it",
        unwanted_ends,
        {
            "a job's retries": lambda t: t.of("ProcessFunction").pop("RecursiveLoop"),
            "a webhook's attempts": lambda t: t.of("NotifyFunction").update(RecursiveLoop="Terminate"),
            "one that is in no loop": lambda t: t.of("SweepFunction").update(RecursiveLoop="Allow"),
        },
    ),
)
