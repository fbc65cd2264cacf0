"""The guides' command blocks: read, run, and compared with what the guides show.

`python -m tests.e2e.guides` starts a system and writes the shown outputs anew, after a change of the command
line or of an example.

A guide's block ```` ```sh ```` holds commands, the block ```` ```text ```` behind it what they print
(standard output). `JOB` stands for the latest job. `python3 run.py up` and `listen` are what runs beside, in
other terminals; what `listen` prints stands in a block ```` ```text listen ````.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.conftest import COMMAND, start
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "guides"
WIDTH = 110  # columns of the outputs that are shown
BESIDE = ("up", "listen")
RUN = "python3 run.py"
LISTENING = "http://127.0.0.1:3001"  # where `listen` is, unless told otherwise
STOP_WITHIN_S = 30.0
_BLOCK = re.compile(r"^```(?P<kind>sh|text listen|text)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# What no two runs share: ids, times, how long it took, hashes.
_VOLATILE = (
    (_ID, "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? m?s\b"), "DURATION"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "HASH"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, one a line with its continuation; or, where there are none, what `listen` prints.

    `shown` is what the guide shows of them, None where it shows nothing; `span` is where that stands.
    """

    commands: tuple[str, ...]
    shown: str | None
    span: tuple[int, int]


def blocks(guide: str) -> list[Block]:
    """A guide's blocks of commands, in order."""
    found: list[Block] = []
    for match in _BLOCK.finditer(guide):
        span, text = match.span("text"), match["text"]
        if match["kind"] == "sh":
            lines = text.replace("\\\n", " ").splitlines()
            commands = tuple(line for line in lines if line.strip() and not line.startswith("#"))
            found.append(Block(commands, None, (span[1], span[1])))
        elif match["kind"] == "text listen":
            found.append(Block((), text, span))
        else:
            found[-1] = replace(found[-1], shown=text, span=span)
    return found


def beside(command: str) -> str | None:
    """Which command it is, where it runs until it is stopped, in a terminal of its own."""
    words = command.split()
    return words[2] if command.startswith(RUN) and words[2] in BESIDE else None


class Shell:
    """A user's terminals in the repository: run a guide's commands, and know the latest job."""

    def __init__(self, system: Running, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "CLAIMCHECK_URL": system.url,
            "CLAIMCHECK_KEY": system.key,
            "CLAIMCHECK_COMMAND": RUN,
            "URL": system.url,
            "KEY": system.key,
            "COLUMNS": str(WIDTH),
            "NO_COLOR": "1",
            # what the command line remembers of other runs is not this reader's
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        self._folder = folder
        self._job = ""
        self._listener: tuple[subprocess.Popen[bytes], str, Path] | None = None

    def close(self) -> None:
        """Stop what runs beside."""
        if self._listener is not None:
            self._listener[0].terminate()
            self._listener[0].wait(STOP_WITHIN_S)

    def output(self, block: Block) -> str:
        """What a block's commands print; where it has none, what the listener printed."""
        if not block.commands:
            assert block.shown is not None
            return self._heard(len(block.shown.splitlines()))
        return "".join(self._run(command) for command in block.commands)

    def _run(self, command: str) -> str:
        """What a command prints; AssertionError with what it said where its exit code is not 0."""
        apart = beside(command)
        if apart == "listen":
            self._listen()
        if apart is not None:
            return ""
        if self._listener is not None:
            command = command.replace(LISTENING, self._listener[1])
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command.replace(RUN, COMMAND).replace("JOB", self._job)],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
        ids = _ID.findall(done.stdout)
        self._job = ids[0] if ids and " submit " in command else self._job
        return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())

    def _listen(self) -> None:
        printed, errors = self._folder / "listen.out", self._folder / "listen.err"
        with printed.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                [COMMAND, "listen", "--port", "0"], env=self._environment, stdout=out, stderr=err
            )
        wait_for("its address", lambda: len(errors.read_text().splitlines()) >= 2)
        address = next(word for word in errors.read_text().split() if word.startswith("http://"))
        self._listener = process, address.rstrip("/"), printed

    def _heard(self, lines: int) -> str:
        assert self._listener is not None, "the guide shows what `listen` prints, but starts none"
        printed = self._listener[2]
        wait_for("webhooks", lambda: len(printed.read_text().splitlines()) >= lines)
        return printed.read_text()


def steady(output: str) -> str:
    """An output without what differs from run to run."""
    for pattern, name in _VOLATILE:
        output = pattern.sub(name, output)
    return output


def rewritten(guide: str, shell: Shell) -> str:
    """A guide with the outputs that its commands print now, all of one run, where they differ."""
    printed = [(block, shell.output(block)) for block in blocks(guide)]
    shown = [(block, output) for block, output in printed if block.shown is not None]
    if all(steady(output) == steady(block.shown or "") for block, output in shown):
        return guide
    made, at = "", 0
    for block, output in shown:
        made += guide[at : block.span[0]] + output
        at = block.span[1]
    return made + guide[at:]


def main() -> int:
    """Write the outputs of all guides, or of those that are named, anew."""
    chosen = [GUIDES / f"{name}.md" for name in sys.argv[1:]] or sorted(GUIDES.glob("*.md"))
    with tempfile.TemporaryDirectory() as folder:
        process, system = start(Path(folder), "--allow-loopback-webhooks")
        try:
            for path in chosen:
                before = path.read_text(encoding="utf-8")
                shell = Shell(system, Path(folder))
                try:
                    after = rewritten(before, shell)
                finally:
                    shell.close()
                path.write_text(after, encoding="utf-8")
                print(f"{path.relative_to(ROOT)}: {'as it was' if after == before else 'written anew'}")
        finally:
            process.terminate()
            process.wait(30)
    return 0


if __name__ == "__main__":
    sys.exit(main())
