"""Lambda: one function of ours calls another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claimcheck.aws import clients
from claimcheck.aws.faults import translated
from claimcheck.failures import CalledFunctionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_lambda.client import LambdaClient

# Whose message was written to be shown. What another error says may quote anything.
_SHOWN = ("MigrationFailedError", "SettingsError", "Runtime.", "Sandbox.")


class LambdaFunction:
    """A function by its name or ARN."""

    def __init__(self, name: str, *, connect: Callable[[], LambdaClient] = clients.functions) -> None:
        self._name = name
        self._client = clients.Lazily(connect)

    def call(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its answer. Raises CalledFunctionError where it fails, UnavailableError where it is not reached."""
        with translated("Lambda"):
            answer = self._client().invoke(FunctionName=self._name, Payload=json.dumps(event))
            payload: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise CalledFunctionError(_told(payload))
        return payload

    def start(self, event: Mapping[str, Any]) -> None:
        """Have it called without waiting for it. Raises UnavailableError."""
        with translated("Lambda"):
            self._client().invoke(FunctionName=self._name, InvocationType="Event", Payload=json.dumps(event))


def _told(error: Mapping[str, Any]) -> str:
    """What Lambda gives of an error. A timeout and a process that ended have a message and no type."""
    kind, message = str(error.get("errorType", "")), str(error.get("errorMessage", ""))
    if not kind or kind.startswith(_SHOWN):
        return message
    return f"The function failed with {kind}."
