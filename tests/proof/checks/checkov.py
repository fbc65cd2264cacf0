"""checkov over the transformed templates. What it finds and is meant so is listed here, with the reason.

Most of it holds for every function: a list says it once, where comments in the template would say it sixty
times (decision 153). An entry that nothing needs any more fails as well.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

from local.permissions.policy import matches
from tests.policy.transformed import TEMPLATE, nested, transformed
from tests.proof.check import Check, NotProvedError
from toolchain.environments import PROOF, SAM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.check import Ground

_FUNCTION = "AWS::Lambda::Function."
# Check, resource (with `*` and `?`), and why it is meant so.
ACCEPTED = (
    (
        "CKV_AWS_115",
        f"{_FUNCTION}*",
        "a reservation leaves 100 beside it, a new account has 10; sources have limits",
    ),
    (
        "CKV_AWS_116",
        f"{_FUNCTION}*",
        "queues have dead letters, a caller sees the error, sweep's failures a queue",
    ),
    (
        "CKV_AWS_173",
        f"{_FUNCTION}*",
        "no variable is a secret, which a policy sees to; Lambda's own key suffices",
    ),
    (
        "CKV_AWS_117",
        f"{_FUNCTION}NotifyFunction",
        "outside on purpose: a customer's address reaches nothing of ours",
    ),
    (
        "CKV_AWS_117",
        f"{_FUNCTION}OpenapiFunction",
        "answers one text, and needs neither database nor network",
    ),
    (
        "CKV_AWS_117",
        f"{_FUNCTION}SchemaFunction",
        "its answer to CloudFormation must not hang on the network",
    ),
    (
        "CKV_AWS_111",
        "AWS::IAM::ManagedPolicy.InVpcPolicy",
        "Lambda asks for it; the code itself is denied it",
    ),
    (
        "CKV_AWS_118",
        "AWS::RDS::DBInstance.Instance",
        "a parameter, 60 s by default, which checkov does not follow",
    ),
    (
        "CKV_AWS_157",
        "AWS::RDS::DBInstance.Instance",
        "a parameter, on by default, which checkov does not follow",
    ),
    (
        "CKV_AWS_120",
        "AWS::ApiGateway::Stage.*",
        "answers differ by tenant and moment: there is nothing to cache",
    ),
    ("CKV_AWS_73", "AWS::ApiGateway::Stage.*", "traces are OpenTelemetry's, by the parameter Tracing"),
    ("CKV_AWS_18", "AWS::S3::Bucket.DocumentsBucket", "who asked for what is in the API's log and the trail"),
    (
        "CKV_AWS_21",
        "AWS::S3::Bucket.DocumentsBucket",
        "nothing is put over anything; a version outlives a deletion",
    ),
)


def run(ground: Ground) -> str:
    """Fail on every finding that is not listed, on an entry without a finding, and on a file not read."""
    paths = [TEMPLATE, *nested()]
    for path, template in zip(paths, transformed([(path, {}) for path in paths]), strict=True):
        (ground.scratch / f"{path.stem}.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
    reports = _checkov(ground.scratch)
    found = [each for report in reports for each in report["results"]["failed_checks"]]
    unread = [each for report in reports for each in report["results"]["parsing_errors"]]
    passed = sum(report["summary"]["passed"] for report in reports)
    findings = [each for each in found if not any(_accepts(entry, each) for entry in ACCEPTED)]
    idle = [entry[:2] for entry in ACCEPTED if not any(_accepts(entry, each) for each in found)]
    for each in findings:
        ground.say(f"{each['check_id']} {each['resource']}: {each['check_name']}")
    problems = Counter(each["check_id"] for each in findings)
    if findings or idle or unread or not passed:
        raise NotProvedError(
            f"{len(findings)} findings {dict(sorted(problems.items()))}, {len(unread)} files not read, "
            f"accepted and not found: {idle}, {passed} passed"
        )
    return (
        f"{len(paths)} templates, {passed} passed, {len(found)} findings meant so, by {len(ACCEPTED)} reasons"
    )


def _accepts(entry: tuple[str, str, str], finding: dict[str, Any]) -> bool:
    check, resource, _ = entry
    return bool(finding["check_id"] == check) and matches(resource, finding["resource"])


def _checkov(folder: Path) -> list[dict[str, Any]]:
    command = [PROOF.program("checkov"), "--directory", str(folder), "--framework", "cloudformation"]
    # --skip-download: it would ask its maker's server for what it says of each check
    flags = ["--compact", "--skip-download", "--output", "json"]
    done = subprocess.run(
        [*command, *flags],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    if done.returncode not in (0, 1):
        raise NotProvedError(f"checkov ended with {done.returncode}: {done.stderr[-500:]}")
    said = json.loads(done.stdout)
    return said if isinstance(said, list) else [said]


CHECK = Check(
    "checkov",
    "checkov's rules over the transformed templates, each exception reasoned",
    run,
    (SAM, PROOF),
)
