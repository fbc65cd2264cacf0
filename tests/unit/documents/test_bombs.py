"""Documents that would exhaust the worker end as that document's failure, within the child's limits."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.documents import isolate
from claimcheck.documents.child import MEMORY_USED
from claimcheck.documents.kinds import BY_CONTENT_TYPE

from tests.unit.documents import bombs

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = isolate.MEMORY_BYTES


# In between, because the system counts what a process that starts another holds as the other's.
_MEASURE = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
sys.stderr.write(f"\\n{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}")
"""


def in_child(content: bytes, *, seconds: int = 60, pages: tuple[int, ...] = ()) -> tuple[dict[str, Any], int]:
    """What the child answers, and its peak resident size in bytes."""
    command = isolate._command(BY_CONTENT_TYPE, seconds, MEMORY, 20_000_000, pages)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command],
        input=content,
        capture_output=True,
        check=True,
        env=isolate._environment(),
        cwd="/",
    )
    complaint, _, measured = done.stderr.rpartition(b"\n")
    code, peak_kb = map(int, measured.split())
    return _judged(code, done.stdout, complaint), peak_kb * 1024


def _judged(code: int, output: bytes, complaint: bytes) -> dict[str, Any]:
    """As `Isolation` judges it."""
    if code == 0:
        answer: dict[str, Any] = json.loads(output.partition(b"\n")[0])
        return answer
    assert code < 0, complaint
    if MEMORY_USED.encode() in complaint:
        return {"failure": {"code": "document_too_large"}}
    return {"signal": -code}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (bombs.zip_bomb, "document_too_large"),
        (bombs.lying_zip, "document_corrupt"),
        (bombs.element_bomb, "document_too_large"),
        (bombs.entity_bomb, "document_corrupt"),
        (bombs.deep_xml, "document_corrupt"),
        (bombs.pdf_bomb, "document_too_large"),
        (bombs.recursive_form, "document_too_large"),
        (bombs.png_bomb, "document_too_large"),
        (bombs.deep_mail, "document_corrupt"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_bomb_has_a_code_and_stays_small(make: Callable[[], bytes], code: str) -> None:
    """Each bomb ends with its code, and the child stays within its half gibibyte."""
    answer, peak = in_child(make())
    assert answer["failure"]["code"] == code
    assert peak <= MEMORY + 64 * bombs.MEGABYTE


@pytest.mark.parametrize("make", [bombs.deep_html, bombs.many_parts])
def test_endless_work_is_stopped(make: Callable[[], bytes]) -> None:
    """What would take minutes of processor time is ended by the child's own limit, and is small till then."""
    answer, peak = in_child(make(), seconds=2)
    assert answer == {"signal": 24}, "SIGXCPU, which `Isolation` calls document_timeout"
    assert peak <= MEMORY


def test_ten_thousand_pages_are_read() -> None:
    """A PDF of ten thousand pages is read, with each page's start, in a fraction of the memory."""
    answer, peak = in_child(bombs.many_pages())
    assert len(answer["page_starts"]) == 10_000
    assert answer["text"].endswith("Page 10000 of many")
    assert peak < MEMORY / 4


def test_a_long_sheet_is_streamed() -> None:
    """Rows are forgotten once they are written: a sheet of 13 MB takes little more than its text."""
    answer, peak = in_child(bombs.wide_sheet())
    assert answer["text"].count("\n") == 200_000
    assert peak < MEMORY / 3


def test_a_page_of_any_size_is_rendered_small() -> None:
    """A page two hundred metres wide becomes an image of the usual size."""
    answer, peak = in_child(bombs.huge_page(), pages=(1,))
    assert (answer["images"][0]["page"], peak < MEMORY / 2) == (1, True)


def test_no_file_of_this_machine_is_read(tmp_path: Any) -> None:
    """An external entity brings no file into the text: such XML is refused."""
    secret = tmp_path / "secret"
    secret.write_text("canary")
    answer, _ = in_child(bombs.external_entity(str(secret)))
    assert answer["failure"]["code"] == "document_corrupt"
    assert "canary" not in json.dumps(answer)
