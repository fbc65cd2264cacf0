"""The operator's commands: one table from a command's name to its arguments and what it does.

A refusal is an answer, `{"error": {"code", "message"}}`; what raises is a fault of ours, which Lambda counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.refusals import CommandRefused
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel, ValidationError


@dataclass(frozen=True, slots=True)
class Command:
    """What one command takes, as a model that checks it, and what it does with that.

    `run` returns what goes into the answer, as JSON data, and raises CommandRefused.
    """

    arguments: type[BaseModel]
    run: Callable[[Any], Mapping[str, Any]]


class Operate:
    """Runs the commands it is made of."""

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self._commands = dict(sorted(commands.items()))

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """`{"result": {…}}`, or `{"error": {"code", "message"}}`. Raises StoreError for a fault of ours."""
        from pydantic import ValidationError

        name = event.get("command")
        command = self._commands.get(name) if isinstance(name, str) else None
        if command is None:
            known = ", ".join(self._commands)
            return _error("command_unknown", f"There is no such command; there are {known}.")
        given = {key: value for key, value in event.items() if key != "command"}
        try:
            arguments = command.arguments.model_validate(given)
            result = dict(command.run(arguments))
        except ValidationError as error:
            return _error("arguments_invalid", _what_is_wrong(error))
        except CommandRefused as refusal:
            logger().info("command refused", extra={"command": name, "code": refusal.code})
            return _error(refusal.code, refusal.message)
        except UnavailableError as error:
            logger().error("command failed", extra={"command": name, "error": places_of(error)})
            return _error(
                "unavailable",
                "A part of the service cannot be reached. Whether it was done is not known: look first.",
            )
        logger().info("command done", extra={"command": name})
        return {"result": result}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _what_is_wrong(error: ValidationError) -> str:
    """Each fault in one sentence; what was given is not repeated."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'the command'}: {fault['msg']}" for fault in faults
    )
