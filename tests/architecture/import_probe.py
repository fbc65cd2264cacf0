"""Imports what it is told in a process of its own, and reports what the imports did besides.

`python tests/architecture/import_probe.py NAME…`: a NAME is a module, or a path to a handler. The answer is
JSON: `reads` (variables that the package read or had read), `connections`, `loaded` (all modules).
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("PYDANTIC_",)  # pydantic's own switches, which it reads when a model is declared
OURS = (str(ROOT / "layers" / "common" / "claimcheck"), str(ROOT / "functions"))


class HostileEnviron(MutableMapping[str, str]):
    """Raises where our code reads it at import, by itself or through a library that it calls.

    A library that reads it because it is being imported itself is left alone: that is not ours to change.
    """

    def __init__(self, real: MutableMapping[str, str]) -> None:
        self._real = real
        self.reads: list[str] = []

    def _judge(self, name: str) -> None:
        if name.startswith(LIBRARIES):
            return
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename.startswith(OURS):
                self.reads.append(f"{name} at {frame.f_code.co_filename}:{frame.f_lineno}")
                raise RuntimeError(f"the environment is read at import: {self.reads[-1]}")
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                return
            frame = frame.f_back

    def __getitem__(self, name: str) -> str:
        self._judge(name)
        return self._real[name]

    def __iter__(self) -> Iterator[str]:
        self._judge("all of it")
        return iter(self._real)

    def __len__(self) -> int:
        self._judge("all of it")
        return len(self._real)

    def __setitem__(self, name: str, value: str) -> None:
        self._judge(name)
        self._real[name] = value

    def __delitem__(self, name: str) -> None:
        self._judge(name)
        del self._real[name]


def main(names: list[str]) -> dict[str, Any]:
    """Import each name and say what happened."""
    connections: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "sqlite3.connect"}:
            connections.append(f"{event} {arguments!r}")

    environ = HostileEnviron(os.environ)
    sys.addaudithook(watch)
    os.environ = environ  # type: ignore[assignment]  # noqa: B003 -- os.getenv reads this name too
    for name in names:
        if name.endswith(".py"):
            load_handler(Path(name))
        else:
            importlib.import_module(name)
    return {"reads": environ.reads, "connections": connections, "loaded": sorted(sys.modules)}


def load_handler(path: Path) -> None:
    """Import a function's app.py as Lambda does: by its file."""
    spec = importlib.util.spec_from_file_location(f"handler_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
