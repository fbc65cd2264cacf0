"""A process that has imported everything and has one thread: it forks the processes that are killed.

One line of JSON in, one fork, one line of JSON out. Not a test's own process: that one has threads, whose
locks a fork would take along.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crash_aws import FileCloud
from tests.faults.crash_boundaries import Boundaries, watch
from tests.faults.crash_invocations import Environment, environment

_PATIENCE_S = 60
_SMALL_TEXT = 1000  # characters, above which a text goes to the bucket: as INLINE_BYTES


def main() -> None:
    """Fork for each line of standard input, until it ends."""
    answers = sys.stdout
    for line in sys.stdin:
        if threading.active_count() != 1:
            raise RuntimeError("a fork would take locks of other threads along")
        print(json.dumps(_forked(json.loads(line))), file=answers, flush=True)


def _forked(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out `order` in a fork: the boundaries it came to, its answer or None, and how it ended."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _child(order, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as told:
        lines = [json.loads(line) for line in told]
    _, status = os.waitpid(child, 0)
    _import([name for line in lines for name in line.get("imported", ())])
    answers = [line["answer"] for line in lines if "answer" in line]
    return {
        "passed": [line["passed"] for line in lines if "passed" in line],
        "answer": answers[0] if answers else None,
        "ended": os.waitstatus_to_exitcode(status),
    }


def _child(order: dict[str, Any], write_end: int) -> None:
    """Never returns."""
    signal.alarm(_PATIENCE_S)  # ends a process that hangs, and with it the test
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            os.dup2(log, stream.fileno())

        def tell(what: dict[str, Any]) -> None:
            os.write(write_end, json.dumps(what).encode() + b"\n")

        known = set(sys.modules)
        tell({"answer": _carry_out(order, lambda name: tell({"passed": name}))})
        tell({"imported": sorted(set(sys.modules) - known)})
        code = 0
    except BaseException:  # noqa: BLE001 -- whatever it is, a fork must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _carry_out(order: dict[str, Any], tell: Any) -> Any:
    os.environ.update(environment(order["model_url"]))
    cloud = FileCloud(Path(order["directory"]))
    with pytest.MonkeyPatch.context() as process:
        process.setattr("claimcheck.usecases.ingest._INLINE_CHARS", _SMALL_TEXT)
        watch(Boundaries(order.get("kill_at"), tell), cloud, process)
        run = Environment(cloud, order["database_url"], order["database_address"])
        if "queue" in order:
            return run.read_queue(order["queue"])
        if "calls" in order:
            return run.calls(order["calls"])
        return run.recover(order["again"])


def _import(names: list[str]) -> None:
    """What a fork had to import, the next ones find imported."""
    if not names:
        return
    for name in names:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    gc.freeze()  # a fork that collects garbage would copy every page that it looks at


if __name__ == "__main__":
    main()
