"""Schemathesis against a running API: what it tried, and what it found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass(frozen=True)
class Found:
    """`cases` were tried, `calls` of the document met; `faults` say what is wrong, `output` all of it."""

    cases: int
    calls: int
    faults: tuple[str, ...]
    output: str


def fuzz(
    url: str,
    key: str,
    folder: Path,
    *,
    examples: int,
    seed: int,
    phases: Sequence[str] = PHASES,
    timeout_s: float = 3600,
) -> Found:
    """Try the API at `url`: `examples` requests a call and phase at most, drawn by `seed`."""
    report = folder / "schemathesis.json"
    report.unlink(missing_ok=True)
    command = [str(Path(sys.executable).parent / "schemathesis")]
    command += ["--config-file", str(Path(__file__).with_name("schemathesis.toml")), "run"]
    command += [f"{url}/openapi.json", "--header", f"Authorization: Bearer {key}", "--no-color"]
    command += ["--phases", ",".join(phases), "--max-examples", str(examples), "--seed", str(seed)]
    command += [
        "--workers",
        "2",
        "--continue-on-failure",
        "--report",
        "json",
        "--report-json-path",
        str(report),
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzzing.hooks", "PYTHONPATH": _paths()},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    output = done.stdout + done.stderr
    if not report.exists():
        return Found(0, 0, (f"Schemathesis did not run: {output[-2000:]}",), output)
    return _read(json.loads(report.read_text(encoding="utf-8")), done.returncode, output)


def _paths() -> str:
    return os.pathsep.join([str(ROOT), str(ROOT / "layers" / "common"), os.environ.get("PYTHONPATH", "")])


def _read(report: dict[str, Any], exit_code: int, output: str) -> Found:
    faults = [f"{each['title']}: {', '.join(each['operations'])}" for each in report["failures"]]
    faults += [f"{each['title']} ({each['count']})" for each in report["errors"]]
    if not report["complete"]:
        faults.append(f"it did not end: {report['stop_reason']}")
    if exit_code and not faults:
        faults.append(f"exit code {exit_code}")
    operations = report["operations"]
    return Found(report["test_cases"]["generated"], operations["tested"], tuple(faults), _shortened(output))


def _shortened(output: str) -> str:
    """Without requests of a megabyte."""
    return re.sub(r"(.{2000}).{500,}", r"\1 …", output)
