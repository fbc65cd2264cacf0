"""checkov over the transformed templates. What it is not to find is skipped beside the resource, reasoned."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.policy.transformed import TEMPLATE, nested, transformed
from tests.proof.check import Check, NotProvedError
from toolchain.environments import PROOF, SAM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.check import Ground


def run(ground: Ground) -> str:
    """Fail on every finding, on a skip without a reason, and where it read less than there is."""
    paths = [TEMPLATE, *nested()]
    for path, template in zip(paths, transformed([(path, {}) for path in paths]), strict=True):
        (ground.scratch / f"{path.stem}.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
    reports = _checkov(ground.scratch)
    findings = [each for report in reports for each in report["results"]["failed_checks"]]
    skipped = [each for report in reports for each in report["results"]["skipped_checks"]]
    passed = sum(report["summary"]["passed"] for report in reports)
    unread = [each for report in reports for each in report["results"]["parsing_errors"]]
    unreasoned = [each for each in skipped if len(str(each["check_result"].get("suppress_comment"))) < 20]
    for each in findings:
        ground.say(f"{each['check_id']} {each['resource']}: {each['check_name']}")
    problems = Counter(each["check_id"] for each in findings)
    if findings or unreasoned or unread or not passed:
        raise NotProvedError(
            f"{len(findings)} findings {dict(sorted(problems.items()))}, {len(unreasoned)} skips without "
            f"a reason, {len(unread)} files not read, {passed} passed"
        )
    return f"{len(paths)} templates, {passed} passed, {len(skipped)} skipped with a reason, none failed"


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
    "checkov's rules over the transformed templates, each exception reasoned beside its resource",
    run,
    (SAM, PROOF),
)
