"""Schemathesis, some thousand requests: no fault of ours, no answer that the document does not have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.fuzzing.fuzz import fuzz
from tests.fuzzing.running import started
from tests.proof.check import Check, NotProvedError

if TYPE_CHECKING:
    from tests.proof.check import Ground

CASES = 2000
EXAMPLES = 40
_SEED = "CLAIMCHECK_FUZZ_SEED"


def run(ground: Ground) -> str:
    """All phases against a system of its own; the seed is `CLAIMCHECK_FUZZ_SEED`, else 1."""
    seed = int(os.environ.get(_SEED, "1"))
    with started(ground.scratch) as (url, key):
        ground.say(f"{CASES} cases and more, with seed {seed} (another one: {_SEED}=2)")
        found = fuzz(url, key, ground.scratch, examples=EXAMPLES, seed=seed)
    (ground.scratch / "schemathesis.txt").write_text(found.output, encoding="utf-8")
    if found.faults:
        raise NotProvedError("; ".join(found.faults) + f" (see {ground.scratch / 'schemathesis.txt'})")
    if found.cases < CASES:
        raise NotProvedError(f"only {found.cases} cases were tried, of {CASES}")
    return f"{found.cases} cases on {found.calls} calls, seed {seed}"


CHECK = Check("openapi", "Schemathesis finds no server error and no undocumented answer", run)
