"""The offline model under the name of a model that has a price: its answers cost something."""

from __future__ import annotations

from local.offline import wire
from local.offline.__main__ import main

MODEL = "claude-haiku-5-5"

if __name__ == "__main__":
    wire.MODEL = MODEL
    raise SystemExit(main())
