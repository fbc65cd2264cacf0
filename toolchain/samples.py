"""Prints the sample documents of examples/ as PDF: `python -m toolchain.samples` (needs Chromium).

From the Markdown there it makes the contract as a PDF with text, the claim as a scan as office machines write
them (a picture of each page, with the words recognised behind it), and the plumber's report as a picture and
nothing else. What it makes is committed; a test holds its words to the Markdown's.
"""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from toolchain.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_DPI = 110  # of a scan
_TURNED = 0.55  # degrees: nobody lays a sheet in straight
_POINTS = 72
_CELL_GAP = 9  # points between two pieces of a line that belong to two cells
_A4 = (595.28, 841.89)  # points
_STYLE = """
@page { size: A4; margin: 22mm 21mm 20mm 21mm }
body { font: 10.55pt/1.42 "Liberation Serif", "Times New Roman", serif; color: #111 }
h1 { font-size: 17pt; margin: 0 0 8pt } h2 { font-size: 12.5pt; margin: 15pt 0 5pt; break-after: avoid }
h3 { font-size: 11pt; margin: 11pt 0 4pt; break-after: avoid } p { margin: 0 0 6.5pt; white-space: pre-line }
table { border-collapse: collapse; margin: 7pt 0 9pt; font-size: 9.5pt; break-inside: avoid }
td, th { border: 0.5pt solid #777; padding: 2.5pt 6pt; text-align: left } hr { border: 0; margin: 12pt }
"""


_FOOTER = (
    '<div style="font: 8pt serif; width: 100%; text-align: center"><span class="pageNumber"></span></div>'
)


class Line(NamedTuple):
    """A piece of a printed line: its words, and where they stand, in points from below and left."""

    words: str
    left: float
    bottom: float
    right: float
    top: float


def main() -> int:
    """Write the PDFs, and say how large they are."""
    made = {
        "services-contract.pdf": printed("services-contract.md"),
        "insurance-claim-scan.pdf": scanned(printed("insurance-claim.md"), recognised=True),
        "plumbers-report-scan.pdf": scanned(printed("plumbers-report.md"), recognised=False),
    }
    for name, content in made.items():
        (EXAMPLES / name).write_bytes(content)
        print(f"examples/{name}: {len(content):,} bytes")
    return 0


def printed(name: str) -> bytes:
    """The Markdown file `name` of examples/ as a PDF, printed by Chromium."""
    from markdown_it import MarkdownIt
    from playwright.sync_api import sync_playwright

    program = chromium()
    if program is None:
        raise SystemExit("no Chromium here: apt-get install chromium")
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    body = MarkdownIt().enable("table").render(text)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        page = browser.new_page()
        page.set_content(f"<meta charset=utf-8><title>{name}</title><style>{_STYLE}</style>{body}")
        made = page.pdf(
            prefer_css_page_size=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_FOOTER,
        )
        browser.close()
    return made


def scanned(pdf: bytes, *, recognised: bool) -> bytes:
    """Pictures of a PDF's pages, as a scanner writes them; with `recognised` the words lie behind them."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    pages = []
    for page in document:
        picture = page.render(scale=_DPI / _POINTS, grayscale=True).to_pil()
        lines = list(_lines(page)) if recognised else []
        pages.append((_scanned(picture), lines))
    return _pdf(pages)


def _scanned(picture: Image) -> bytes:
    """The picture turned a little, grey and speckled, as JPEG; the same each time."""
    import random

    from PIL import Image, ImageChops, ImageFilter

    turned = picture.convert("L").rotate(_TURNED, Image.Resampling.BICUBIC, fillcolor=255)
    grey = turned.filter(ImageFilter.GaussianBlur(0.45)).point(lambda level: 14 + int(level * 0.925))
    shade = Image.linear_gradient("L").rotate(90).resize(grey.size).point(lambda level: level // 28)
    noise = Image.frombytes("L", grey.size, random.Random(7).randbytes(grey.width * grey.height))  # noqa: S311 - speckles
    speckled = ImageChops.add(ImageChops.subtract(grey, shade), noise.point(lambda level: level // 64))
    made = io.BytesIO()
    speckled.save(made, "JPEG", quality=38, optimize=True)
    return made.getvalue()


def _lines(page: Any) -> Iterator[Line]:
    """The pieces of a page's lines, in reading order, with the plain characters that a recogniser knows."""
    text = page.get_textpage()
    words = ""
    boxes: list[tuple[float, float, float, float]] = []
    for at in range(text.count_chars()):
        letter, box = text.get_text_range(at, 1), text.get_charbox(at, loose=True)
        far = bool(boxes) and (box[0] - boxes[-1][2] > _CELL_GAP or letter in "\r\n")
        if far:
            yield _line(words, boxes)
            words, boxes = "", []
        if letter.strip():
            boxes.append(box)
        if boxes:
            words += letter
    if boxes:
        yield _line(words, boxes)


def _line(words: str, boxes: Sequence[tuple[float, float, float, float]]) -> Line:
    left, bottoms, rights, tops = zip(*boxes, strict=True)
    plain = " ".join(words.replace("−", "-").split())
    return Line(plain, min(left), min(bottoms), max(rights), max(tops))


def _pdf(pages: Sequence[tuple[bytes, Sequence[Line]]]) -> bytes:
    """A PDF of JPEGs over text that is not painted."""
    kids = " ".join(f"{4 + 3 * at} 0 R" for at in range(len(pages)))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        font,
    ]
    for at, (jpeg, lines) in enumerate(pages):
        number = 4 + 3 * at
        resources = f"/Resources << /Font << /F1 3 0 R >> /XObject << /Im {number + 2} 0 R >> >>"
        box = f"/MediaBox [0 0 {_A4[0]} {_A4[1]}]"
        page = f"<< /Type /Page /Parent 2 0 R {box} {resources} /Contents {number + 1} 0 R >>"
        objects.append(page.encode())
        content = f"q {_A4[0]} 0 0 {_A4[1]} 0 0 cm /Im Do Q\n".encode() + b"".join(map(_behind, lines))
        objects.append(_stream(content, ""))
        width, height = _size(jpeg)
        looks = f"/Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 8"
        objects.append(_stream(jpeg, f"/Type /XObject /Subtype /Image {looks} /Filter /DCTDecode"))
    return _file(objects)


def _behind(line: Line) -> bytes:
    """A line as unpainted text, as wide as what it lies behind, and turned as the picture is."""
    size = max(4.0, (line.top - line.bottom) * 0.95)
    width = _width(line.words, size)
    stretch = 100 * (line.right - line.left) / width if width else 100
    angle = math.radians(_TURNED)
    middle_x, middle_y = _A4[0] / 2, _A4[1] / 2
    x, y = line.left - middle_x, line.bottom + 0.2 * size - middle_y
    cos, sin = math.cos(angle), math.sin(angle)
    place = (middle_x + x * cos - y * sin, middle_y + x * sin + y * cos)
    words = line.words.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        words = words.replace(special, b"\\" + special)
    matrix = f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {place[0]:.2f} {place[1]:.2f} Tm"
    return f"BT 3 Tr /F1 {size:.2f} Tf {stretch:.1f} Tz {matrix} (".encode() + words + b") Tj ET\n"


def _width(words: str, size: float) -> float:
    """About how wide Times sets a text, in points; the stretch of the line makes up for the rest."""
    from PIL import ImageFont

    font = ImageFont.truetype("LiberationSerif-Regular.ttf", 100)
    return float(font.getlength(words)) * size / 100


def _size(jpeg: bytes) -> tuple[int, int]:
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as picture:
        return picture.size


def _stream(content: bytes, entries: str) -> bytes:
    return f"<< {entries} /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    body, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


if __name__ == "__main__":
    sys.exit(main())
