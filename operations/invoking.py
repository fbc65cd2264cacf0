"""One command to the operator's function, and what can come of it."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

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


def invoke(target: Target, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The command's result. Raises Refusal, Failed, and botocore's errors."""
    import boto3
    from botocore.config import Config

    key, secret = target.credentials or (None, None)
    client = boto3.Session().client(
        "lambda",
        region_name=target.region,
        endpoint_url=target.endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        # Never a second time by itself: a key would be made twice.
        config=Config(connect_timeout=5, read_timeout=_TIMEOUT_S, retries={"total_max_attempts": 1}),
    )
    event = {"command": command} | {name: value for name, value in arguments.items() if value is not None}
    answer = client.invoke(FunctionName=target.function, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        kind = payload.get("errorType", "error") if isinstance(payload, dict) else "error"
        raise Failed(f"the function {target.function} failed ({kind}); its log says more")
    if "error" in payload:
        raise Refusal(payload["error"]["code"], payload["error"]["message"])
    result: dict[str, Any] = payload["result"]
    return result


def ask(stack: str | None, region: str | None, data: Path, command: str, **arguments: Any) -> dict[str, Any]:
    """Find the system, say which it is on stderr, and run one command there."""
    target = resolve(stack, region, data)
    typer.echo(f"on {target.name}", err=True)
    return invoke(target, command, arguments)


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
    program = os.environ.get("CLAIMCHECK_COMMAND", "claimcheck")
    return _COMMAND.sub(lambda command: f"`{program} {command[1]} {command[2]}`", message)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    raise typer.Exit(code)
