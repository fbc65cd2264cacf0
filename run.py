"""Everything a fresh checkout needs, in one command: finds a Python, makes .venv, and runs what was asked.

python3 run.py demo            the whole pipeline on sample documents
python3 run.py test [...]      the tests (--everything: the long ones too); further arguments go to pytest
python3 run.py faults [...]    kills everything, many times, and counts what was lost
python3 run.py proof [...]     what can be proved without an AWS account and is slow; --help lists it
python3 run.py check           lint, format, types, import arrows, the template, the pages
python3 run.py evals [...]     measures the product against labelled documents; evals --help lists the sets
python3 run.py costs [...]     what a deployment costs, idle and for a thousand jobs; --help
python3 run.py sam [...]       AWS SAM's own command, with the Python it wants: sam build, sam deploy --guided
python3 run.py lock            writes the files of pinned requirements; --upgrade takes newer versions
python3 run.py up [...]        or any other command of `claimcheck`

Standard library only, and old Python 3.8 may run it. It writes nothing outside of the .venv folders, web/ and
functions/console/site here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from toolchain.environments import OURS, RUNTIME, SAM
from toolchain.interpreters import interpreters, probe
from toolchain.node import build, build_or_say
from toolchain.processes import CannotGoOnError, say

ROOT = Path(__file__).resolve().parent
LAMBDA_PYTHON = (3, 13)
# Commands that are a module of the checkout.
MODULES = {"faults": "tests.faults", "proof": "tests.proof", "costs": "costs"}
CHECKS = (
    ("lint", (OURS, "python", "-m", "ruff", "check", ".")),
    ("format", (OURS, "python", "-m", "ruff", "format", "--check", ".")),
    ("types", (OURS, "python", "-m", "mypy")),
    ("migrations, squawk", (OURS, "python", "-m", "toolchain.migrations")),
    ("client without an event loop is current", (OURS, "python", "-m", "toolchain.sync_client", "--check")),
    ("import arrows", (OURS, "lint-imports", "--no-cache")),
    ("pages: lint and format", (OURS, "python", "-m", "toolchain.node", "run", "lint")),
    ("pages: types", (OURS, "python", "-m", "toolchain.node", "run", "types")),
    ("pages: unit tests", (OURS, "python", "-m", "toolchain.node", "run", "test")),
    ("pages: generated client is current", (OURS, "python", "-m", "toolchain.node", "run", "current")),
    ("pages: build", (OURS, "python", "-m", "toolchain.node", "build")),
    ("templates, cfn-lint", (SAM, "cfn-lint", "template.yaml", "infra/*.yaml")),
    ("template, sam validate --lint", (SAM, "sam", "validate", "--lint")),
)


def main(arguments: list[str]) -> int:
    """Prepare the environment and run one command; return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    try:
        OURS.prepare(OURS.program("uv"))
        if arguments[0] in ("sam", "check", "test"):  # tests transform the template as `sam` does
            SAM.prepare(OURS.program("uv"))
        if arguments[0] == "test" and "CLAIMCHECK_BUILT" in os.environ:  # the built functions run on it
            RUNTIME.prepare(OURS.program("uv"))
        if arguments[0] in ("up", "demo", "test"):
            build_or_say()
        if arguments[:2] == ["sam", "build"]:  # what is deployed has its pages
            build()
        if arguments[0] == "check":
            return check()
        return run_instead(command_of(arguments[0], arguments[1:]))
    except CannotGoOnError as problem:
        say(str(problem))
        return 1


def command_of(name: str, rest: list[str]) -> list[str]:
    """The program behind a command, and what it needs of the surroundings. Raises CannotGoOnError."""
    if name == "test":
        os.chdir(ROOT)
        # A worker more than cores: tests of the whole system mostly wait. A selection runs in one.
        workers = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadgroup"]
        return [str(OURS.python), "-m", "pytest", *rest, *([] if set(rest) - {"--everything"} else workers)]
    if name in MODULES:
        os.chdir(ROOT)
        return [str(OURS.python), "-m", MODULES[name], *rest]
    if name == "evals":
        os.environ.setdefault("CLAIMCHECK_COMMAND", "python3 run.py")
        return [OURS.program("claimcheck-evals"), *rest]
    if name == "sam":
        os.environ.update(sam_environment())
        return [SAM.program("sam"), *rest]
    if name == "lock":
        # the index alone: a mirror here may hold one of a version's files, and so one of its hashes
        index = OURS.index_settings().get("UV_DEFAULT_INDEX")
        os.environ.update({"UV_DEFAULT_INDEX": index} if index else {})
        return [str(OURS.python), str(ROOT / "toolchain" / "lock.py"), *rest]
    os.environ.setdefault("CLAIMCHECK_COMMAND", "python3 run.py")  # what messages tell the user to type
    return [OURS.program("claimcheck"), name, *rest]


def run_instead(command: list[str]) -> int:
    """Become `command`, so that signals reach it and no process stands in between."""
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


def check() -> int:
    """Run every check, also after one has failed; return 1 if any did."""
    failed = []
    for name, (environment, program, *arguments) in CHECKS:
        say(name)
        command = [environment.program(program), *arguments]
        if subprocess.call(command, cwd=str(ROOT), env={**os.environ, "SAM_CLI_TELEMETRY": "0"}):
            failed.append(name)
    say("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


def sam_environment() -> dict[str, str]:
    """What `sam build` wants on PATH: Lambda's Python, with pip. Raises CannotGoOnError without one."""
    own = probe(str(OURS.python))
    folders = [str(OURS.python.parent)] if own and own.version == LAMBDA_PYTHON and own.has_pip else []
    fitting = (each for each in interpreters() if each.version == LAMBDA_PYTHON and each.has_pip)
    folders += [str(Path(each.path).parent) for each in fitting]
    if not folders:
        raise CannotGoOnError(
            "sam build needs Python 3.13 with pip, which is not on this machine: install it "
            "(pyenv install 3.13, brew install python@3.13) and run this again."
        )
    path = os.pathsep.join([folders[0], str(SAM.python.parent), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "SAM_CLI_TELEMETRY": "0"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
