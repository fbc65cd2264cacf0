"""The tasks, by the name they have in `POST /jobs/{task}`. A new one is a module and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.tasks.evaluate import EVALUATE
from claimcheck.tasks.extract import EXTRACT
from claimcheck.tasks.summarise import SUMMARISE

if TYPE_CHECKING:
    from claimcheck.tasks.base import Task

TASKS: dict[str, Task[Any, Any]] = {
    task.name: task
    for task in (
        SUMMARISE,
        EXTRACT,
        EVALUATE,
    )
}
