"""The tasks by name, for those who need no more of them: `claimcheck.tasks` takes a while to import."""

from __future__ import annotations

TASK_NAMES = ("summarise", "extract", "evaluate")
