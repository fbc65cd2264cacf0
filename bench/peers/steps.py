"""Which steps a peer takes: `PEER_WORK` names the module."""

from __future__ import annotations

import os
from typing import Any

from bench.peers import bare, equal

WORK = {"bare": bare, "equal": equal}


def chosen() -> Any:
    """`bare` or `equal`; both have the same names."""
    return WORK[os.environ.get("PEER_WORK", "equal")]


def claim(job_id: str) -> dict[str, str]:
    """The parameters of a claim: the job, and the call that would be made for it."""
    return {"id": job_id, "call": equal.new_call()}
