"""What README.md and docs/webhooks.md show of webhooks is run as it stands there."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from claimcheck.webhooks.schedule import SCHEDULE_S
from claimcheck.webhooks.signature import new_secret, signed_headers
from standardwebhooks import WebhookVerificationError

from tests.contract.webhook_cases import BODIES, BODY, ID

pytestmark = pytest.mark.xdist_group("node")

ROOT = Path(__file__).resolve().parents[2]
SECRET = new_secret()


def shown(file: str, language: str) -> str:
    """The block of a language in the section about webhooks."""
    section = (ROOT / file).read_text(encoding="utf-8").partition("# Webhooks\n")[2]
    found = re.search(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert found, f"{file} shows no {language}"
    return found[1]


def test_the_python_of_the_readme_verifies() -> None:
    """The README's Python gives the event of a genuine webhook and raises for another."""
    block = shown("README.md", "python")
    headers = signed_headers(ID, int(time.time()), BODY, [SECRET])
    names: dict[str, Any] = {"secret": SECRET, "raw_body": BODY, "headers": headers}
    exec(block, names)  # noqa: S102 (our own page)
    assert names["event"] == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        exec(block, {**names, "raw_body": BODY + b" "})  # noqa: S102


def test_the_javascript_of_the_readme_verifies(node_folder: Path) -> None:
    """The README's JavaScript gives the event of a genuine webhook and throws for another."""
    given = "const [secret, headers, encoded] = JSON.parse(process.argv[2]);\n"
    given += 'const rawBody = Buffer.from(encoded, "base64");\n'
    script = node_folder / "readme.mjs"
    script.write_text(given + shown("README.md", "js") + "console.log(JSON.stringify(event));\n")
    headers = signed_headers(ID, int(time.time()), BODY, [SECRET])

    def run(body: bytes) -> subprocess.CompletedProcess[str]:
        given = json.dumps([SECRET, headers, base64.b64encode(body).decode()])
        command = ["node", str(script), given]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert json.loads(run(BODY).stdout) == json.loads(BODY)
    assert "WebhookVerificationError" in run(BODY + b" ").stderr


@pytest.mark.parametrize("name", ["plain", "emoji", "separators", "long"])
def test_the_shell_of_the_page_signs_as_we_do(name: str, tmp_path: Path) -> None:
    """The command to verify by hand prints our signature."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    (tmp_path / "body.json").write_bytes(BODIES[name])
    headers = signed_headers(ID, 1_795_608_000, BODIES[name], [SECRET])
    given = {"SECRET": SECRET, "WEBHOOK_ID": ID, "WEBHOOK_TIMESTAMP": "1795608000"}
    done = subprocess.run(
        ["sh", "-eu", "-c", shown("docs/webhooks.md", "sh")],
        cwd=tmp_path,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert f"v1,{done.stdout.strip()}" == headers["webhook-signature"]


def test_the_page_has_the_schedule_that_is_kept() -> None:
    """The delays that docs/webhooks.md promises are those of the code."""
    units = [(3600, "h"), (60, "min"), (1, "s")]
    written = [next(f"{s / size:g} {unit}" for size, unit in units if s >= size) for s in SCHEDULE_S]
    page = " ".join((ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8").split())
    assert f"{', '.join(written[:-1])} and {written[-1]} after the one before" in page
