"""What `claimcheck up` is asked for, and what follows from it."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from local import emulator
from local.datadir import DEFAULT
from local.processes import LOOPBACK, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

Model = Literal["offline", "anthropic"]
TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
# What a function may need of the user's surroundings to reach the real model from behind a proxy.
_PASSED_ON = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class Options:
    """What `claimcheck up` is asked for. `model` None: anthropic where `environ` has a key, else offline.

    `python`: the interpreter of the functions, None for this one. `permissions`: a file of the functions'
    roles (local/permissions), None for functions that may do everything.
    """

    directory: Path = DEFAULT
    port: int = 3000
    model: Model | None = None
    allow_loopback_webhooks: bool = False
    template: Path = TEMPLATE
    parameters: Mapping[str, str] = field(default_factory=dict)
    python: Path | None = None
    permissions: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def choose_model(wanted: Model | None, environ: Mapping[str, str]) -> Model:
    """Return the model to use. Raises ServiceError where anthropic is wanted and cannot be called."""
    has_key = bool(environ.get("ANTHROPIC_API_KEY"))
    if wanted is None:
        return "anthropic" if has_key else "offline"
    if wanted == "anthropic" and not has_key and not environ.get("ANTHROPIC_BASE_URL"):
        raise ServiceError(
            "--model anthropic needs ANTHROPIC_API_KEY in the environment; set it and try again"
        )
    return wanted


def function_environment(options: Options, *, aws_url: str, model_url: str | None) -> dict[str, str]:
    """What tells a function's own libraries where AWS and the model are; its code never asks.

    `model_url` None leaves the Anthropic SDK's own address.
    """
    access_key, secret_key = emulator.CREDENTIALS
    extra = {name: options.environ[name] for name in _PASSED_ON if name in options.environ}
    extra |= {
        "NO_PROXY": f"{LOOPBACK},localhost",
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if model_url:
        extra["ANTHROPIC_BASE_URL"] = model_url
    if options.python is not None:  # a built folder is read-only on Lambda: nothing is to be written into it
        extra["PYTHONPYCACHEPREFIX"] = str(options.python.parents[1] / "bytecode")
    if options.allow_loopback_webhooks:
        extra["CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS"] = "true"
    return extra


def check_port(port: int) -> None:
    """Check that the gateway will be able to listen on `port`, before anything is started.

    Raises ServiceError with what to do.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise port_error(port, error) from None


def port_error(port: int, error: OSError) -> ServiceError:
    """What to tell the user when listening on `port` failed with `error`."""
    if error.errno == errno.EADDRINUSE:
        return ServiceError(
            f"port {port} is taken by another program: stop it, or use --port with another one"
        )
    return ServiceError(f"cannot listen on port {port}: {os.strerror(error.errno or 0)}; use another --port")
