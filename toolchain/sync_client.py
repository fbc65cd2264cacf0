"""Makes the client for programs without an event loop of the one for those with one.

python -m toolchain.sync_client            writes claimcheck/client/synchronous
python -m toolchain.sync_client --check    says what is not current; exit code 1

Only words are changed, so what is written, reviewed and tested is one client.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "layers" / "common" / "claimcheck" / "client"
SOURCE, TARGET = CLIENT / "asynchronous", CLIENT / "synchronous"
_SORT = [
    *("check", "--select", "I,F401", "--fix", "--quiet"),
    *("--config", 'lint.isort.known-first-party=["claimcheck"]'),
]
BY_HAND = frozenset({"waiting.py"})
_HEADER = "# Made by toolchain/sync_client.py of asynchronous/{}. Do not edit.\n"
_WORDS = (
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"Callable\[\[float\], Awaitable\[object\]\]", "Callable[[float], object]"),
    (r"\bAsync([A-Z])", r"\1"),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\baclose\b", "close"),
    (r"\bclient\.asynchronous\b", "client.synchronous"),
    (r"on asyncio \(or trio: all waiting goes through anyio\)", "without an event loop"),
    (r"written once: (`.*`) makes `(.*)synchronous` of it\.", r"made of `\2asynchronous` by \1."),
    (r"import Awaitable, Callable\b", "import Callable"),
    (r"\bIterator, Awaitable, Callable\b", "Iterator, Callable"),
)


def transformed(name: str, text: str) -> str:
    """The module as it is without an event loop, formatted."""
    for pattern, replacement in _WORDS:
        text = re.sub(pattern, replacement, text)
    made = _HEADER.format(name) + text
    for command in (_SORT, ["format", "--quiet"]):
        made = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                *command,
                "--stdin-filename",
                str(CLIENT / "synchronous" / name),
                "-",
            ],
            input=made,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
    return made


def made() -> dict[str, str]:
    """Each module of the synchronous client by its name."""
    names = sorted(path.name for path in SOURCE.glob("*.py") if path.name not in BY_HAND)
    return {name: transformed(name, (SOURCE / name).read_text(encoding="utf-8")) for name in names}


def main(arguments: list[str]) -> int:
    """Write, or compare; the exit code."""
    current = True
    wanted = made()
    there = {path.name for path in TARGET.glob("*.py")} - BY_HAND
    for name in sorted(there - wanted.keys()):
        print(f"synchronous/{name} is made of nothing: delete it", file=sys.stderr)
        current = False
    for name, text in wanted.items():
        path = TARGET / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments:
            print(f"synchronous/{name} is not current: python -m toolchain.sync_client", file=sys.stderr)
            current = False
        else:
            path.write_text(text, encoding="utf-8")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
