"""A process that gives one answer: `python first_answer.py FUNCTION < EVENT`; prints what it has loaded."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Context:
    """What the runtime client tells a handler about an invocation."""

    function_name = "first"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:first"
    aws_request_id = "8f1f3f0e-3c1a-4f0e-9f70-3f0d2b5c1f11"

    def get_remaining_time_in_millis(self) -> int:
        """Plenty."""
        return 60_000


def main(name: str) -> None:
    """Load the function as Lambda does, and give it the event."""
    spec = importlib.util.spec_from_file_location("app", ROOT / "functions" / name / "app.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"there is no function {name}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answer = module.handler(json.load(sys.stdin), Context())
    print(json.dumps({"answer": answer, "loaded": sorted(sys.modules)}))


if __name__ == "__main__":
    main(sys.argv[1])
