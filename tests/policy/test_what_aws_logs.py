"""On AWS the database and API Gateway log as little as where canaries are looked for (tests/e2e)."""

from __future__ import annotations

import json
import re

from tests.architecture.alarms import ROOT, template


def test_the_database_on_aws_logs_as_little() -> None:
    """The parameter group of RDS has the settings under which the search found nothing."""
    from local.postgres import _SETTINGS

    group = template("infra/database.yaml")["Resources"]["Parameters"]["Properties"]["Parameters"]
    for name in ("log_error_verbosity", "log_parameter_max_length", "log_parameter_max_length_on_error"):
        assert str(group[name]) == _SETTINGS[name], name
    assert group.get("log_statement", "none") == "none"
    assert "log_min_error_statement" not in group or group["log_min_error_statement"] != "debug5"


def test_the_access_log_has_nothing_that_a_caller_writes() -> None:
    """API Gateway's format names ids, the route, the outcome and times; no path, query, header or body."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    (chosen,) = re.findall(r"^ +Format: '(.*)'$", text, re.MULTILINE)
    assert json.loads(chosen.replace("$context.status", "0"))
    assert set(re.findall(r"\$context\.([\w.]+)", chosen)) <= {
        "authorizer.tenant_id",
        "error.responseType",
        "httpMethod",
        "identity.sourceIp",
        "integrationLatency",
        "requestId",
        "requestTimeEpoch",
        "resourcePath",
        "responseLatency",
        "responseLength",
        "status",
    }
