"""What `sam build` made: how it is run, how large it is, and what must not be in it."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from local import emulator, template
from local.lambdas.environment import lambda_variables
from local.nested import outputs as standing_in
from local.system import Physical
from tests.policy.cloudformation import Place, Stack
from tests.policy.roles import roles_file
from tests.policy.transformed import ROOT, TEMPLATE, nested, transformed
from toolchain.environments import OURS, RUNTIME

if TYPE_CHECKING:
    from local.system import Function, System

MAX_UNZIPPED_MB = 150  # of a function and its layer; Lambda itself takes 250
PLACE = Place(
    region=emulator.REGION,
    account=emulator.ACCOUNT,
    names={
        "AnthropicSecret": emulator.secret_arn("claimcheck/anthropic-key"),
        "WebhookKeySecret": emulator.secret_arn("claimcheck/webhook-key"),
    },
)
# None of the checkout's own folders is anything that a function may find.
FOREIGN = ("local", "client", "operations", "bench", "evals", "tests", "toolchain", "pytest", "moto")
_JUNK = ("__pycache__", ".env", ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".DS_Store")
_KEPT_BACK = (".pyc", ".pem", ".key", ".sqlite")
# Certificates of public authorities: what botocore and certifi bring along, and RDS's own.
_AUTHORITIES = ("cacert.pem", "rds.pem")
_TESTS = ("tests", "test", "conftest.py")
_OURS = ("app.py", "claimcheck")


def arguments(folder: Path, data: Path) -> list[str]:
    """What `claimcheck up` is told to run the artifacts in `folder`; the roles are written into `data`."""
    roles = data / "roles.json"
    roles.write_text(json.dumps(roles_file(stack())), encoding="utf-8")
    built = folder.resolve() / "template.yaml"
    return ["--template", str(built), "--python", str(RUNTIME.python), "--permissions", str(roles)]


@cache
def stack() -> Stack:
    """The stack of the template, its resources called as the local system calls them."""
    whole, *others = transformed([(path, {}) for path in (TEMPLATE, *nested())])
    named = {path.name: found for path, found in zip(nested(), others, strict=True)}
    return Stack(whole, {}, nested=named, place=PLACE)


def system(folder: Path) -> System:
    """The system of a built template."""
    outputs = standing_in("postgresql://nobody@127.0.0.1/none", "127.0.0.1/none")
    given = {f"{name}Arn": arn for name, arn in PLACE.names.items()}
    return template.load(folder / "template.yaml", given, physical=Physical(), outputs=outputs)


def sizes_mb(folder: Path) -> dict[str, float]:
    """Megabytes (1e6 bytes) of each function and its layers, unzipped, by the function's logical id."""
    functions = system(folder).functions
    return {
        name: sum(size_of(path) for path in (function.code_uri, *function.layers)) / 1e6
        for name, function in functions.items()
    }


def size_of(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def junk(folder: Path) -> list[Path]:
    """What has no business in an artifact: caches, settings, keys; tests and test data of ours."""
    return [path for path in sorted(folder.rglob("*")) if _is_junk(path, folder)]


def _is_junk(path: Path, folder: Path) -> bool:
    if path.name in _JUNK or (path.suffix in _KEPT_BACK and path.name not in _AUTHORITIES):
        return True
    ours = path.relative_to(folder).parts[0] in _OURS or path.parent == folder
    return ours and (path.name in _TESTS or path.name.startswith("test_"))


def seen_by(function: Function) -> dict[str, object]:
    """What a function's Python finds: `path`, `foreign` modules of the checkout, the `package`'s own file."""
    program = (
        "import importlib.util as u, json, sys, claimcheck\n"
        f"foreign = [n for n in {FOREIGN!r} if u.find_spec(n)]\n"
        "print(json.dumps({'path': sys.path, 'foreign': foreign, 'package': claimcheck.__file__}))"
    )
    variables = lambda_variables(function, region="us-east-1", runtime_api="127.0.0.1:1", environment_id="0")
    done = subprocess.run(
        [str(RUNTIME.python), "-B", "-c", program],
        cwd=function.code_uri,
        env={"PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def strangers(folder: Path, paths: list[str]) -> list[str]:
    """Those of `paths` that lie in the checkout or its environment, and not among artifacts or runtime."""
    ours = (ROOT, OURS.folder.resolve())
    allowed = (folder.resolve(), RUNTIME.folder, RUNTIME.folder.resolve())
    return [path for path in paths if _below(path, ours) and not _below(path, allowed)]


def _below(path: str, folders: tuple[Path, ...]) -> bool:
    return any(Path(path).is_relative_to(each) for each in folders)
