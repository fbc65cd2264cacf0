"""The proof `checkov` can fail: what it makes of reports (checkov itself runs in the proof alone)."""

from __future__ import annotations

from typing import Any

from tests.proof.checks.checkov import BARE, TRANSFORMED, WRITTEN, bare, faults, suppressions

SKIP = {"checkov": {"skip": [{"id": "CKV_1", "comment": "meant so, for a reason"}]}}
# `Api` becomes `Apiv1Stage`, which is what checkov finds.
TEMPLATES = {
    "template": {
        "Resources": {
            "Api": {"Type": "AWS::Serverless::Api", "Metadata": SKIP},
            "ApiKey": {"Type": "AWS::ApiGateway::ApiKey"},
        }
    }
}


def _report(
    *failed: tuple[str, str, str], unread: tuple[str, ...] = (), passed: bool = True
) -> dict[str, Any]:
    def named(folder: str, check: str, resource: str) -> dict[str, str]:
        path = f"/{folder}/template.json"
        return {"file_path": path, "check_id": check, "resource": resource, "check_name": "said"}

    good = [named(folder, "CKV_0", "A.Api") for folder in (WRITTEN, TRANSFORMED, BARE) if passed]
    results = {"passed_checks": good, "failed_checks": [named(*each) for each in failed]}
    return {"results": {**results, "parsing_errors": list(unread)}}


NEEDED = (BARE, "CKV_1", "AWS::ApiGateway::Stage.Apiv1Stage")


def test_a_suppression_that_is_needed_is_no_fault() -> None:
    """What is found only where nothing is said to checkov, and is said to be meant so, is in order."""
    assert list(faults(TEMPLATES, [_report(NEEDED)])) == []


def test_a_suppression_that_nothing_needs_is_a_fault() -> None:
    """A suppression whose check passes without it is found, and so is one on another resource."""
    idle = "a suppression that nothing needs: template Api CKV_1"
    assert list(faults(TEMPLATES, [_report()])) == [idle]
    assert list(faults(TEMPLATES, [_report((BARE, "CKV_1", "AWS::ApiGateway::ApiKey.ApiKey"))])) == [idle]


def test_a_finding_is_a_fault() -> None:
    """What checkov finds in spite of the suppressions is told, as it is written and as it is transformed."""
    found = [(folder, "CKV_2", "A.ApiKey") for folder in (WRITTEN, TRANSFORMED)]
    assert list(faults(TEMPLATES, [_report(NEEDED, *found)])) == [
        "written: CKV_2 A.ApiKey: said",
        "transformed: CKV_2 A.ApiKey: said",
    ]


def test_a_template_that_was_not_read_is_a_fault() -> None:
    """A file that checkov did not read, or says nothing of, does not pass for one without findings."""
    assert list(faults(TEMPLATES, [_report(NEEDED, unread=("template.yaml",))])) == [
        "not read: template.yaml"
    ]
    assert len(list(faults(TEMPLATES, [_report(NEEDED, passed=False)]))) == len((WRITTEN, TRANSFORMED, BARE))


def test_a_bare_template_says_nothing_to_checkov() -> None:
    """Nothing of the suppressions is left in it, and the template itself stays as it was."""
    stripped = bare(TEMPLATES["template"])
    assert list(suppressions({"template": stripped})) == []
    assert list(suppressions(TEMPLATES)) == [("template", "Api", "CKV_1")]
