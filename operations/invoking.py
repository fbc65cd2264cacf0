"""One command to the operator's function, and what can come of it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from client.called_as import command as called_as
from operations.target import NoTarget, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from operations.target import Target

EXIT_REFUSED, EXIT_USAGE, EXIT_UNREACHABLE = 1, 2, 3
_WRONG_USE = {"arguments_invalid", "command_unknown"}
_COMMAND = re.compile(r"\b(keys|tenants)\.([a-z]+)\b")
_TIMEOUT_S = 70.0  # the function has 60


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """The function refused the command; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Failed(Exception):  # noqa: N818 - says what is the case
    """The function itself failed; the message is one line."""


class Operator:
    """The operator's function of one system: each call is a command's name and its arguments."""

    def __init__(self, target: Target) -> None:
        import boto3
        from botocore.config import Config

        self.target = target
        key, secret = target.credentials or (None, None)
        self._client = boto3.Session().client(
            "lambda",
            region_name=target.region,
            endpoint_url=target.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            # Never a second time by itself: a key would be made twice.
            config=Config(connect_timeout=5, read_timeout=_TIMEOUT_S, retries={"total_max_attempts": 1}),
        )

    def __call__(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The command's result; what is None is left out. Raises Refusal, Failed, and botocore's errors."""
        event = {"command": command} | {name: value for name, value in arguments.items() if value is not None}
        answer = self._client.invoke(FunctionName=self.target.function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            kind = payload.get("errorType", "error") if isinstance(payload, dict) else "error"
            raise Failed(f"the function {self.target.function} failed ({kind}); its log says more")
        if "error" in payload:
            raise Refusal(payload["error"]["code"], payload["error"]["message"])
        result: dict[str, Any] = payload["result"]
        return result


def reach(stack: str | None, region: str | None, data: Path) -> Operator:
    """Find the system, and say on stderr which it is. Raises NoTarget, and botocore's errors."""
    target = resolve(stack, region, data)
    typer.echo(f"on {target.name}", err=True)
    return Operator(target)


def ask(stack: str | None, region: str | None, data: Path, command: str, **arguments: Any) -> dict[str, Any]:
    """One command to the system that `reach` finds."""
    return reach(stack, region, data)(command, **arguments)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what can go wrong into one line on stderr and the exit code that belongs to it."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except Refusal as refusal:
        _stop(as_typed(str(refusal)), EXIT_USAGE if refusal.code in _WRONG_USE else EXIT_REFUSED)
    except (NoTarget, Failed) as error:
        _stop(str(error), EXIT_UNREACHABLE)
    except ClientError as error:
        _stop(
            f"AWS refused it: {error.response['Error']['Code']}: {error.response['Error']['Message']}",
            EXIT_UNREACHABLE,
        )
    except BotoCoreError as error:  # no credentials, no region, no connection
        _stop(f"AWS cannot be asked: {error}", EXIT_UNREACHABLE)


def as_typed(message: str) -> str:
    """The function's message; what it calls `keys.revoke` is typed `claimcheck keys revoke`."""
    return _COMMAND.sub(lambda found: f"`{called_as(f'{found[1]} {found[2]}')}`", message)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    raise typer.Exit(code)
