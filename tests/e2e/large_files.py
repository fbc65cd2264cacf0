"""Files of 200 MB, made piece by piece, and what a worker's processes take while they read them."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from pathlib import Path

_LINES = (
    "This Agreement is effective as of 1 May 2027. The monthly fee is EUR 400.",
    "The Supplier shall deliver the Services within thirty days of notice.",
    "It is governed by the laws of Ireland.",
)


def write_text(path: Path, size: int, *, seed: int) -> None:
    """A text of exactly `size` bytes, and no other run's."""
    line = (" ".join(_LINES) + f" Reference {seed}.\n").encode()
    block = line * 4096
    with path.open("wb") as file:
        left = size
        while left > 0:
            left -= file.write(block[:left])


def write_pdf(path: Path, size: int, *, seed: int, side: int = 1000) -> int:
    """A PDF of at least `size` bytes: each page has some lines of text over a picture of noise; its pages.

    The pictures (RGB, `side` by `side`, not compressed) are nearly all of it, as in a scan with a text layer.
    """
    chance = random.Random(seed)
    picture = side * side * 3
    pages = -(-size // picture)
    offsets: list[int] = []
    with path.open("wb") as file:

        def add(body: bytes) -> None:
            offsets.append(file.tell())
            file.write(b"%d 0 obj\n%b\nendobj\n" % (len(offsets), body))

        file.write(b"%PDF-1.7\n")
        add(b"<< /Type /Catalog /Pages 2 0 R >>")
        kids = b" ".join(b"%d 0 R" % (4 + 3 * page) for page in range(pages))
        add(b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, pages))
        add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
        for page in range(pages):
            add(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
                b" /Resources << /Font << /F 3 0 R >> /XObject << /P %d 0 R >> >> >>"
                % (5 + 3 * page, 6 + 3 * page)
            )
            lines = b" ".join(b"(%b) Tj T*" % line.encode() for line in (*_LINES, f"Page {page} of {seed}."))
            stream = b"q 595 0 0 842 0 0 cm /P Do Q BT /F 11 Tf 14 TL 40 800 Td %b ET" % lines
            add(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream))
            add(
                b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB"
                b" /BitsPerComponent 8 /Length %d >>\nstream\n%b\nendstream"
                % (side, side, picture, chance.randbytes(picture))
            )
        start = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        file.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
        trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        file.write(trailer % (len(offsets) + 1, start))
    return pages


class MemoryWatch:
    """The most memory (RSS, bytes) that a worker of one function and its children take together.

    `before` is what the largest worker had when the watch began: it may have worked on other things.
    """

    def __init__(self, function: str, *, every_s: float = 0.01) -> None:
        self.peak = self.before = 0
        self._function = function
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self.before = max(map(self._together, self._workers()), default=0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        workers: list[psutil.Process] = []
        looked = 0.0
        while not self._over.is_set():
            if time.monotonic() - looked > 0.5:
                workers, looked = self._workers(), time.monotonic()
            self.peak = max([self.peak, *(self._together(worker) for worker in workers)])
            self._over.wait(self._every_s)

    def _workers(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == self._function:
                    found.append(process)
        return found

    @staticmethod
    def _together(worker: psutil.Process) -> int:
        total = 0
        with contextlib.suppress(psutil.Error):
            for process in (worker, *worker.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    total += process.memory_info().rss
        return total
