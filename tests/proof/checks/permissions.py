"""The end-to-end tests on the built artifacts, AWS refusing what a role does not allow; then: what is unused.

The local system judges every call of a function by the policies of its role in the transformed template
(local/permissions), so a missing grant breaks a test. What a statement grants beyond what was called has to
be explained below.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local.permissions.policy import matches
from tests.policy import built
from tests.policy.roles import FUNCTION, judge
from tests.policy.transformed import ROOT
from tests.proof.artifacts import build, machine
from tests.proof.check import Check, NotProvedError
from toolchain.environments import RUNTIME, SAM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.policy.cloudformation import Stack
    from tests.proof.check import Ground

# Grants that no emulator sees used, and who uses them.
UNSEEN = {
    "logs:CreateLogStream": "Lambda, when an environment starts",
    "logs:PutLogEvents": "Lambda, with what a function prints",
    "rds-db:connect": "the token of a connection: PostgreSQL here has passwords",
    "ec2:CreateNetworkInterface": "Lambda, for the VPC",
    "ec2:DeleteNetworkInterface": "Lambda, for the VPC",
    "ec2:DescribeNetworkInterfaces": "Lambda, for the VPC",
    "ec2:DescribeSubnets": "Lambda, for the VPC",
    "ec2:AssignPrivateIpAddresses": "Lambda, for the VPC",
    "ec2:UnassignPrivateIpAddresses": "Lambda, for the VPC",
    "lambda:InvokeFunction": "CloudFormation's resource Schema, which exists on AWS alone",
    "sqs:GetQueueAttributes": "Lambda, for an event source",
    "kms:Decrypt": "SQS asks for it besides GenerateDataKey, in the sender's name",
}
# Grants that the end-to-end tests have no occasion for: function, action, the end of the resource, and why.
_SLOW = "a receiver that held a sender up: tests/faults"
_CANCELLED = "a cancelled job's webhook: tests/integration/functions/test_function_status_cancel.py"
_LOST = (
    "a message that was lost, and none is: tests/integration/functions/test_function_sweep.py, tests/faults"
)
_OLD = "what is older than a tenant keeps it: nothing is"
_GONE = "an upload that is not there: tests/integration/functions/test_function_uploads.py"
_LONG = (
    "a text or a result that its row does not hold: "
    "tests/integration/functions/test_function_status_faults.py, test_function_large_results.py"
)
_PARKED = "a question that its row does not hold: tests/integration/functions/test_function_economy.py"
_EXPORTED = "an export's links: tests/integration/functions/test_function_export.py"
NO_OCCASION = (
    ("ProcessFunction", "s3:PutObject", "*", _LONG),
    ("ProcessFunction", "kms:GenerateDataKey", "DataKey", _LONG),
    ("OperatorFunction", "s3:GetObject", "*", _EXPORTED),
    ("*", "sqs:SendMessage", "SlowDeliveriesQueue", _SLOW),
    ("StatusFunction", "sqs:SendMessage", "DeliveriesQueue", _CANCELLED),
    ("StatusFunction", "secretsmanager:GetSecretValue", "webhook-key", _CANCELLED),
    ("EconomyFunction", "s3:GetObject", "requests/*", _PARKED),
    ("EconomyFunction", "sqs:SendMessage", "SweepDeadLetters", "Lambda, of a call that failed"),
    ("SweepFunction", "sqs:SendMessage", "JobsQueue", _LOST),
    ("SweepFunction", "sqs:SendMessage", "DeliveriesQueue", _LOST),
    ("SweepFunction", "kms:GenerateDataKey", "MessagesKey", _LOST),
    ("SweepFunction", "s3:GetObject", "documents/*", _GONE),
    ("SweepFunction", "sqs:SendMessage", "SweepDeadLetters", "Lambda, of a call that failed"),
    ("SweepFunction", "s3:DeleteObject*", "*", _OLD),
    ("SweepFunction", "s3:ListBucket*", "documentsbucket", _OLD),
    ("UploadsFunction", "s3:ListBucket", "documentsbucket", _GONE),
)


def run(ground: Ground) -> str:
    """Run the tests, then compare what was called with what is granted. Raises NotProvedError."""
    folder = build(ground, machine())
    tests = _tested(ground, folder)
    stack = built.stack()
    called = _called(ground.scratch)
    refused = [each for each in called if each[3] is None]
    if refused:
        raise NotProvedError(f"{len(refused)} calls are not allowed: {refused[:5]}")
    unused = [
        f"{function}: {action} on {resource} ({statement})"
        for function, action, resource, statement in grants(stack)
        if action not in UNSEEN
        and not _without_occasion(function, action, resource)
        and not _polled(stack, function, action, resource)
        and not any(
            name == function and matches(action, done) and matches(resource, what)
            for name, done, what, _ in called
        )
    ]
    for each in unused:
        ground.say(f"granted and not used: {each}")
    if unused or not called:
        raise NotProvedError(f"{len(unused)} grants are not used: {unused[:3]}")
    return f"{tests}; {len(called)} different calls, every one granted, every grant used or explained"


def grants(stack: Stack) -> list[tuple[str, str, str, str]]:
    """Function, action, resource and statement of all that the functions' roles allow."""
    return [
        (function.name, action, resource, statement.name)
        for function in stack.of(FUNCTION)
        for statement in judge(stack, function).statements
        if statement.allow
        for action in statement.actions
        for resource in statement.resources
    ]


def _without_occasion(function: str, action: str, resource: str) -> bool:
    return any(
        matches(who, function) and matches(what, action) and matches(f"*{end}", resource)
        for who, what, end, _ in NO_OCCASION
    )


def _polled(stack: Stack, function: str, action: str, resource: str) -> bool:
    """Whether Lambda itself calls it, to fetch the messages of an event source of the function's."""
    sources = stack.of("AWS::Lambda::EventSourceMapping")
    return action in {"sqs:ReceiveMessage", "sqs:DeleteMessage"} and any(
        source["EventSourceArn"] == resource and f"claimcheck-{function}" in str(source["FunctionName"])
        for source in sources
    )


def _tested(ground: Ground, folder: Path) -> str:
    """Run the tests of tests/e2e; their last line. Raises NotProvedError where one fails."""
    ground.say("the end-to-end tests on what was built (some minutes)")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/e2e"]
    done = subprocess.run(
        [*command, f"--basetemp={ground.scratch / 'tests'}", "-o", "tmp_path_retention_policy=all"],
        cwd=ROOT,
        env={**os.environ, "CLAIMCHECK_BUILT": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    (ground.scratch / "tests.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    last = (done.stdout.strip().splitlines() or ["no output"])[-1]
    if done.returncode:
        raise NotProvedError(f"the end-to-end tests fail: {last}")
    return last


def _called(scratch: Path) -> set[tuple[str, str, str, str | None]]:
    """What the functions called in all runs."""
    lines = (line for path in scratch.rglob("aws-calls.jsonl") for line in path.read_text().splitlines())
    found = map(json.loads, lines)
    return {(each["function"], each["action"], each["resource"], each["statement"]) for each in found}


CHECK = Check(
    "permissions",
    "the end-to-end tests on the built artifacts, each function held to its role; no grant unused",
    run,
    (SAM, RUNTIME),
)
