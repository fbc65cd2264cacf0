"""`claimcheck up` in other ways than the default: another template, the real model's path, the demo."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml

from tests.e2e.conftest import COMMAND, QUIET, start
from tests.integration.services.observed import using, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Running

ROOT = Path(__file__).parents[2]
TEXT = "This Agreement is governed by the laws of Ireland. The fee is EUR 100 a month."

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

APP = """
def handler(event, context):
    return {"statusCode": 200, "body": event["pathParameters"]["word"][::-1]}
"""
FUNCTION = """
  ReverseFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/reverse
      Events:
        Reverse:
          Type: Api
          Properties: {RestApiId: !Ref Api, Method: GET, Path: "/reverse/{word}"}
"""


@contextmanager
def running(folder: Path, *arguments: str, **environ: str) -> Iterator[Running]:
    """A system of this test's own, which leaves no process behind."""
    process, system = start(folder, *arguments, **environ)
    try:
        yield system
    finally:
        process.terminate()
        assert process.wait(20) == 0
        wait_for("every process to end", lambda: not using(system.data))


def test_a_route_that_the_template_gains_works_here(tmp_path: Path) -> None:
    """A function with a route, added to the template alone, answers behind the same authorizer."""
    (tmp_path / "functions" / "reverse").mkdir(parents=True)
    (tmp_path / "functions" / "reverse" / "app.py").write_text(APP, encoding="utf-8")
    for folder in (ROOT / "functions").iterdir():
        (tmp_path / "functions" / folder.name).symlink_to(folder)
    (tmp_path / "layers").symlink_to(ROOT / "layers")
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    template = template.replace("\nResources:\n", f"\nResources:\n{FUNCTION}", 1)
    (tmp_path / "template.yaml").write_text(template, encoding="utf-8")
    with running(tmp_path, "--template", str(tmp_path / "template.yaml")) as system:
        key = {"Authorization": f"Bearer {system.key}"}
        assert httpx.get(f"{system.url}/reverse/claim", headers=key).text == "mialc"
        assert httpx.get(f"{system.url}/reverse/claim").status_code == 401


def test_the_anthropic_path_takes_any_messages_api(tmp_path: Path, system: Running) -> None:
    """With --model anthropic and ANTHROPIC_BASE_URL the official SDK calls that server, and jobs complete."""
    model = yaml.safe_load((system.data / "up.json").read_text(encoding="utf-8"))["services"]["model"]
    key = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": model}
    with running(tmp_path, "--model", "anthropic", **key) as other:
        job_id = other.api().submit("summarise", {"document": {"text": TEXT}})["job_id"]
        job = other.api().wait(job_id)
    assert job["status"] == "completed", job


def test_the_demo_ends_well(tmp_path: Path) -> None:
    """`claimcheck demo` starts a system, completes every job on exact evidence, and leaves nothing."""
    data = tmp_path / "data"
    done = subprocess.run(
        [COMMAND, "demo", "--data", str(data), "--model", "offline"],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, **QUIET},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 of 9 jobs completed" in done.stdout
    assert "offline stand-in" in done.stdout
    wait_for("every process to end", lambda: not using(data))
