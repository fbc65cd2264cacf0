"""The product's own template with short times: what takes minutes in the cloud takes seconds here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]

LEASE_S = 4.0
QUIET_S = 2
SWEEP_S = 2
WORKERS = 4  # at once; ten that import the SDK at the same time starve each other on two cores
_MINUTE = "ScheduleExpression: rate(1 minute)"
_LAST_OF_ECONOMY = "          LOOK_S: !Ref EconomyLookSeconds\n"
_SHORT_ECONOMY = {"LEASE_S": 5, "SETTLE_S": 3, "NOTE_AT_ONCE": 3}
_LAST_OF_PROCESS = "          LEASE_S: !Ref LeaseSeconds\n"  # where more variables of the worker go


def parameters(lease_s: float, sweep_s: int, more: Mapping[str, str]) -> list[str]:
    """What `up` is told besides; `more` are further parameters of the template."""
    quiet_s = QUIET_S if sweep_s == SWEEP_S else sweep_s  # as deployed: the quiet of a job is one sweep
    given = {"LeaseSeconds": f"{lease_s:g}", "QuietSeconds": quiet_s, "ProcessConcurrency": WORKERS, **more}
    return [part for name, value in given.items() for part in ("--parameter", f"{name}={value}")]


def write(directory: Path, variables: Mapping[str, str], sweep_s: int) -> Path:
    """Write the template for a test into `directory`; `variables` are added to the worker's environment.

    Nothing else is changed: routes, queues, concurrency and code are those of the checkout.
    """
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for landmark in (_MINUTE, _LAST_OF_PROCESS, _LAST_OF_ECONOMY):
        if text.count(landmark) != 1:
            raise ValueError(f"template.yaml has {landmark!r} {text.count(landmark)} times, not once")
    text = text.replace(_MINUTE, f"ScheduleExpression: rate({sweep_s} seconds)")
    added = "".join(f'          {name}: "{value}"\n' for name, value in variables.items())
    text = text.replace(_LAST_OF_PROCESS, _LAST_OF_PROCESS + added)
    short = "".join(f'          {name}: "{value}"\n' for name, value in _SHORT_ECONOMY.items())
    text = text.replace(_LAST_OF_ECONOMY, _LAST_OF_ECONOMY + short)
    directory.mkdir(parents=True, exist_ok=True)
    for part in ("functions", "layers"):
        (directory / part).symlink_to(ROOT / part)
    path = directory / "template.yaml"
    path.write_text(text, encoding="utf-8")
    return path
