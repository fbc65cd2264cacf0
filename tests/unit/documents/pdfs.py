"""Hand-made PDF: pages 300 by 300 points, their content streams as given."""

from __future__ import annotations

PICTURE = b"q 100 0 0 100 0 0 cm /Im Do Q"
PAGE_PICTURE = b"q 300 0 0 300 0 0 cm /Im Do Q"
MARKS_FONT = "F2"
"""In this font `A` is U+0315 and `B` is U+0300, combining marks that NFC puts the other way round."""

_UNICODE = b"""\
/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def
1 begincodespacerange <00> <ff> endcodespacerange
2 beginbfchar <41> <0315> <42> <0300> endbfchar
endcmap end end"""


def pdf(*contents: bytes, image: bool = False, form: bytes = b"", page: bytes = b"") -> bytes:
    """A PDF with these pages. With `image`, /Im is a picture of one unit square, and /Fm is a form.

    `form` is the form's content, drawn at half its size; `page` goes into every page's dictionary.
    """
    kids = " ".join(f"{8 + 2 * at} 0 R" for at in range(len(contents)))
    helvetica = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica %s >>"
    drawing = b"/Type /XObject /Subtype /Form /BBox [0 0 3000 3000] /Matrix [0.5 0 0 0.5 0 0]"
    gray = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        3: helvetica % b"",
        4: _stream(b"\x00", gray),
        5: _stream(form, drawing + b" /Resources << /XObject << /Im 4 0 R >> >>"),
        6: helvetica % b"/ToUnicode 7 0 R",
        7: _stream(_UNICODE),
    }
    used = b"/Font << /F1 3 0 R /F2 6 0 R >>" + (b" /XObject << /Im 4 0 R /Fm 5 0 R >>" if image else b"")
    for at, content in enumerate(contents):
        number = 8 + 2 * at
        objects[number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] %s /Resources << %s >> /Contents %d 0 R >>"
            % (page, used, number + 1)
        )
        objects[number + 1] = _stream(content)
    body, places = b"%PDF-1.4\n", []
    for number in sorted(objects):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


def words(text: str, font: str = "F1") -> bytes:
    """A line of text in red, which is seen on paper and on the picture, which is black."""
    return f"\nBT 1 0 0 rg /{font} 2 Tf 20 200 Td ({text}) Tj ET".encode()


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)
