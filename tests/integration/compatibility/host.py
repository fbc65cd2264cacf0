"""One version's functions in a process: `python host.py ROOT`, one invocation a line of standard input.

Run as a file: it imports the package below ROOT, and nothing of this repository.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import sys
import traceback
import uuid
from pathlib import Path
from typing import Any


class Context:
    """What the runtime tells a handler about an invocation."""

    memory_limit_in_mb = 512
    function_version = "$LATEST"

    def __init__(self, name: str) -> None:
        self.function_name = name
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        self.aws_request_id = str(uuid.uuid4())

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """What is left of the function's timeout: enough for every call, too little for notify's overtime."""
        return 60_000


def main(root: Path) -> None:
    """Answer {"function", "event", "environment"} with {"answer"} or {"raised"}; {"forget"} with nothing."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what functions print goes to the log
    sys.path.insert(0, str(root / "layers" / "common"))
    asyncio.set_event_loop(asyncio.new_event_loop())
    handlers: dict[str, Any] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "forget" in order:
            _forget(handlers)
            continue
        name = order["function"]
        os.environ.update(order["environment"])
        try:
            if name not in handlers:
                handlers[name] = _handler(root, name)
            told = {"answer": handlers[name](order["event"], Context(name))}
        except Exception as error:  # noqa: BLE001 -- told to the test
            traceback.print_exc()
            told = {"raised": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), file=answers, flush=True)
    sys.stderr.flush()
    os._exit(0)  # as an environment ends: nobody waits for its threads and connections


def _forget(handlers: dict[str, Any]) -> None:
    """As if no function had run: the next call reads the environment again. Libraries stay imported."""
    handlers.clear()
    for name in [each for each in sys.modules if each.partition(".")[0] == "claimcheck"]:
        del sys.modules[name]
    logging.root.manager.loggerDict.pop("claimcheck", None)  # Powertools keeps one by its service's name


def _handler(root: Path, name: str) -> Any:
    path = root / "functions" / name / "app.py"
    spec = importlib.util.spec_from_file_location(f"{name}_app", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler


if __name__ == "__main__":
    main(Path(sys.argv[1]))
