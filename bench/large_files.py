"""Files of hundreds of megabytes, made piece by piece."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

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
