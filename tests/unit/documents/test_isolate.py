"""What a parser does in its child process is that document's affair, unless it is ours."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from claimcheck.documents import isolate
from claimcheck.documents.isolate import Isolation, parse_isolated
from claimcheck.documents.read import read_document
from claimcheck.documents.text import DocumentText
from claimcheck.failures import JobFailure, PermanentFailure, RetryableFailure

from tests.unit.documents.pdfs import PICTURE, pdf, words

PDF = "application/pdf"
COMMON = Path(__file__).resolve().parents[3] / "layers" / "common"


def failure(content: bytes, *, within: Isolation | None = None, **limits: Any) -> JobFailure:
    """How reading a PDF in a child fails."""
    with pytest.raises(JobFailure) as caught:
        asyncio.run((within or Isolation()).read(content, PDF, **limits))
    return caught.value


def replaced(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let the child run this program."""
    monkeypatch.setattr(isolate, "_command", lambda *_: [sys.executable, "-c", program])


def test_child_reads_as_this_process_does() -> None:
    """A PDF parsed in the child process gives the same text, pages and gaps."""
    content = pdf(words("Text"), PICTURE, image=True)
    assert asyncio.run(parse_isolated(content, PDF)) == read_document(content, PDF)


def test_child_failures_keep_their_code() -> None:
    """What the child finds wrong with a document arrives as the same failure."""
    assert failure(pdf(b"")).code == "document_empty"


def test_plain_text_needs_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is read without starting a process."""
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    assert asyncio.run(parse_isolated(b"words", "text/plain")).text == "words"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        pytest.param("while True: pass", "document_timeout", id="endless loop"),
        pytest.param("import time; time.sleep(60)", "document_timeout", id="hangs without reading"),
        pytest.param(
            "import signal; signal.raise_signal(signal.SIGXCPU)", "document_timeout", id="processor time"
        ),
        pytest.param("import os; os.abort()", "document_corrupt", id="abort"),
        pytest.param("import signal; signal.raise_signal(signal.SIGSEGV)", "document_corrupt", id="crash"),
        pytest.param("print('no JSON')", "document_corrupt", id="nonsense"),
        pytest.param(
            "import sys\nwhile True: sys.stdout.write('x' * 65536)", "document_too_large", id="flood"
        ),
        pytest.param(
            "import sys\nwhile True: sys.stderr.write('x' * 65536)", "document_timeout", id="stderr flood"
        ),
        pytest.param("raise MemoryError", "document_too_large", id="memory"),
    ],
)
def test_a_runaway_child_fails_only_its_document(
    monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    """A crash, a hang or a flood in the parser is that document's failure with a clear code."""
    replaced(monkeypatch, program)
    found = failure(pdf(words("x")) * 2000, timeout_s=2, max_chars=10)
    assert isinstance(found, PermanentFailure)
    assert found.code == code


@pytest.mark.parametrize(
    ("program", "named"),
    [
        pytest.param("raise RuntimeError('canary')", "(RuntimeError)", id="exception"),
        pytest.param("import json; json.loads('canary')", "(JSONDecodeError)", id="of a module"),
        pytest.param("raise KeyError", "(KeyError)", id="no text"),
        pytest.param("raise ValueError('one\\ncanary')", "(of unknown type)", id="text of two lines"),
        pytest.param("import sys; sys.exit('canary')", "(of unknown type)", id="words and an exit code"),
        pytest.param("import sys; sys.exit(3)", "(of unknown type)", id="exit code only"),
        pytest.param(
            "import sys; sys.stderr.write('x' * 5_000_000 + '\\nOSError: canary\\n'); sys.exit(1)",
            "(OSError)",
            id="much said before",
        ),
        pytest.param(
            "import sys; sys.stderr.buffer.write(b'\\xff' * 9000); sys.exit(1)",
            "(of unknown type)",
            id="bytes",
        ),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "(killed)", id="killed"),
    ],
)
def test_a_child_that_fails_by_itself_is_our_fault(
    monkeypatch: pytest.MonkeyPatch, program: str, named: str
) -> None:
    """A child that ends without an answer may be tried again; of what it said, only a type is kept."""
    logged: list[Any] = []
    monkeypatch.setattr(isolate, "logger", lambda: Recorder(logged))
    replaced(monkeypatch, program)
    found = failure(pdf(words("x")))
    assert isinstance(found, RetryableFailure)
    assert found.code == "internal"
    assert named in found.message
    assert [line["error"] for line in logged] == [named.strip("()")]
    assert "canary" not in found.message + json.dumps(logged)


class Recorder:
    """A logger that keeps what it was given."""

    def __init__(self, lines: list[Any]) -> None:
        self._lines = lines

    def error(self, message: str, *, extra: dict[str, Any]) -> None:
        self._lines.append({"message": message, **extra})


def test_a_missing_parser_is_our_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where pypdfium2 cannot be imported, the document is not called damaged."""
    (tmp_path / "pypdfium2.py").write_text("raise ModuleNotFoundError('one\\nCanaryError: two')")
    monkeypatch.syspath_prepend(tmp_path)
    found = failure(pdf(words("x")))
    assert isinstance(found, RetryableFailure)
    assert (found.code, "(ModuleNotFoundError)" in found.message) == ("internal", True)


def test_little_is_kept_of_what_a_child_complains() -> None:
    """However much it writes to stderr, the end of it is all that stays in memory."""

    async def kept() -> bytes:
        pipe = asyncio.StreamReader()
        pipe.feed_data(b"x" * 1_000_000 + b"the end")
        pipe.feed_eof()
        return await isolate._end_of(pipe)

    assert asyncio.run(kept()).endswith(b"the end")
    assert len(asyncio.run(kept())) == isolate._STDERR_BYTES


def test_too_little_memory_is_a_failure_of_the_document() -> None:
    """A document that needs more memory than allowed is too large, and not a fault of ours."""
    small = Isolation(memory_bytes=200_000_000)
    assert failure(pdf(words("x")) + b"\n" * 200_000_000, within=small).code == "document_too_large"


def test_the_child_inherits_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser's environment has none of the worker's variables but those an interpreter needs."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    assert "secret" not in json.dumps(isolate._environment())


def limited(program: str) -> subprocess.CompletedProcess[bytes]:
    """A program in an interpreter that bound itself to 512 MiB and a second of processor time."""
    limit = "from claimcheck.documents.child import limit; limit(memory_bytes=512 << 20, cpu_seconds=1)"
    environment = {**os.environ, "PYTHONPATH": str(COMMON)}
    command = [sys.executable, "-c", f"{limit}\n{program}"]
    return subprocess.run(command, capture_output=True, check=False, env=environment, timeout=60)


def test_the_limits_bind(tmp_path: Path) -> None:
    """Memory ends in MemoryError, processor time in SIGXCPU, and no file can be written."""
    assert limited("bytearray(400 << 20)").returncode == 0
    assert limited("bytearray(600 << 20)").stderr.endswith(b"MemoryError\n")
    assert limited("while True: pass").returncode == -signal.SIGXCPU
    assert b"OSError" in limited(f"open({str(tmp_path / 'file')!r}, 'wb', 0).write(b'x')").stderr


class Running:
    """In place of the children: counts how many run at once, and ends each when the loop is idle."""

    def __init__(self, *, failing: bool = False) -> None:
        self.commands: list[list[str]] = []
        self.most = 0
        self._now = 0
        self._failing = failing

    async def __call__(self, command: list[str], content: bytes, **_limits: Any) -> DocumentText:
        self.commands.append(command)
        self._now += 1
        self.most = max(self.most, self._now)
        for _ in range(20):
            await asyncio.sleep(0)
        self._now -= 1
        if self._failing:
            raise PermanentFailure("document_corrupt", "damaged")
        return DocumentText(content.decode())


async def ten(within: Isolation | None = None) -> list[DocumentText | BaseException]:
    """Ten documents at once."""
    read = within.read if within else parse_isolated
    return await asyncio.gather(*(read(pdf(b""), PDF) for _ in range(10)), return_exceptions=True)


@pytest.mark.parametrize(("within", "most"), [(None, 2), (Isolation(), 2), (Isolation(parallel=3), 3)])
def test_few_children_run_at_once(
    monkeypatch: pytest.MonkeyPatch, within: Isolation | None, most: int
) -> None:
    """However many documents come together, two are parsed at a time or as many as was said; all are read."""
    running = Running()
    monkeypatch.setattr(isolate, "_parsed", running)
    assert len([text for text in asyncio.run(ten(within)) if isinstance(text, DocumentText)]) == 10
    assert running.most == most


def test_each_child_gets_half_a_gibibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default a child's address space is 512 MiB, so that two fit beside the worker."""
    running = Running()
    monkeypatch.setattr(isolate, "_parsed", running)
    asyncio.run(parse_isolated(pdf(b""), PDF))
    assert f"--memory={512 * 1024 * 1024}" in running.commands[0]


def test_an_environment_may_see_several_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents wait for each other in one event loop after another, also where each of them fails."""
    running = Running(failing=True)
    monkeypatch.setattr(isolate, "_parsed", running)
    within = Isolation()
    for _ in range(3):
        outcomes = asyncio.run(ten(within))
        assert {type(outcome) for outcome in outcomes} == {PermanentFailure}
    assert (running.most, len(running.commands)) == (2, 30)


def test_a_document_given_up_leaves_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts that are cancelled, while parsing or waiting, free what they held."""

    async def cancelled_then_read() -> int:
        within = Isolation()
        attempts = [asyncio.create_task(within.read(pdf(b""), PDF)) for _ in range(5)]
        for _ in range(5):
            await asyncio.sleep(0)
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        return len([text for text in await ten(within) if isinstance(text, DocumentText)])

    monkeypatch.setattr(isolate, "_parsed", Running())
    assert asyncio.run(cancelled_then_read()) == 10
