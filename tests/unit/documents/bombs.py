"""Documents that are made to exhaust what reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from tests.unit.documents.offices import W, docx_xml, package, relations
from tests.unit.documents.pdfs import pdf, words

MEGABYTE = 1 << 20


def zip_bomb() -> bytes:
    """A DOCX whose body unpacks to a gigabyte."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", relations(("a", "officeDocument", "word/document.xml")))
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(1024):
                part.write(b" " * MEGABYTE)
    return buffer.getvalue()


def lying_zip() -> bytes:
    """A ZIP whose directory declares a kilobyte where a hundred megabytes are."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = body.compress(b" " * (100 * MEGABYTE)) + body.flush()
    names = {
        b"_rels/.rels": relations(("a", "officeDocument", "word/document.xml")),
        b"word/document.xml": None,
    }
    out, directory = b"", b""
    for name, content in names.items():
        data = packed if content is None else content
        size = 1024 if content is None else len(content)
        method = 8 if content is None else 0
        head = struct.pack(
            "<HHHHHIIIHH", 20, 0, method, 0, 0, zlib.crc32(data), len(data), size, len(name), 0
        )
        tail = struct.pack("<HHHII", 0, 0, 0, 0, len(out))
        directory += b"PK\x01\x02\x14\x00" + head + tail + name
        out += b"PK\x03\x04" + head + name + data
    end = struct.pack("<HHHHIIH", 0, 0, 2, 2, len(directory), len(out), 0)
    return out + directory + b"PK\x05\x06" + end


def element_bomb() -> bytes:
    """A DOCX of twenty million empty elements, which as a tree take gigabytes."""
    return docx_xml("<w:p/>" * 20_000_000)


def entity_bomb() -> bytes:
    """A DOCX whose entities would grow to gigabytes."""
    entities = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10)
    )
    body = f'<!DOCTYPE x [{entities}]><w:document xmlns:w="{W}"><w:body>&a9;</w:body></w:document>'
    return package("word/document.xml", {"word/document.xml": body.encode()})


def external_entity(path: str) -> bytes:
    """A DOCX whose text would be a file of this machine."""
    body = (
        f'<!DOCTYPE x [<!ENTITY file SYSTEM "file://{path}">]><w:document xmlns:w="{W}"><w:body><w:p><w:r>'
        "<w:t>&file;</w:t></w:r></w:p></w:body></w:document>"
    )
    return package("word/document.xml", {"word/document.xml": body.encode()})


def deep_xml() -> bytes:
    """A DOCX whose elements are nested a hundred thousand deep."""
    return docx_xml("<w:ins>" * 100_000 + "</w:ins>" * 100_000)


def wide_sheet() -> bytes:
    """A workbook of two hundred thousand rows with a value in the first and the last column."""
    row = '<row><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>'
    main = '<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>'
    parts = {
        "xl/workbook.xml": main.encode(),
        "xl/worksheets/sheet1.xml": b"<worksheet><sheetData>"
        + row.encode() * 200_000
        + b"</sheetData></worksheet>",
    }
    return package("xl/workbook.xml", parts, relations(("a", "worksheet", "worksheets/sheet1.xml")))


def pdf_bomb(megabytes: int = 1000) -> bytes:
    """A PDF of one page whose content, twice deflated, unpacks to a gigabyte of drawing."""
    once = zlib.compressobj(1)
    line = b"0 0 m 9 9 l S " * 74_899
    packed = b"".join(once.compress(line) for _ in range(megabytes)) + once.flush()
    twice = zlib.compress(packed, 9)
    plain = pdf(b"")
    filters = b"<<  /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%s\nendstream" % (
        len(twice),
        twice,
    )
    return plain.replace(b"<<  /Length 0 >>\nstream\n\nendstream", filters)


def many_pages(count: int = 10_000) -> bytes:
    """A PDF of ten thousand pages of text."""
    return pdf(*(words(f"Page {number} of many") for number in range(1, count + 1)))


def recursive_form() -> bytes:
    """A PDF whose form draws itself."""
    return pdf(b"/Fm Do", image=True, form=b"/Fm Do " * 100).replace(
        b"/Resources << /XObject << /Im 4 0 R >> >>", b"/Resources << /XObject << /Fm 5 0 R >> >>"
    )


def huge_page() -> bytes:
    """A PDF of one page, a drawing two hundred metres wide."""
    return pdf(b"0 0 m 500000 500000 l S", page=b"/MediaBox [0 0 600000 600000]")


def png_bomb(side: int = 30_000) -> bytes:
    """A PNG of 900 million pixels, each black."""
    row = b"\x00" + b"\x00" * (side // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def deep_html() -> bytes:
    """A page whose elements are nested a million deep."""
    return b"<!doctype html>" + b"<div>" * 1_000_000


def deep_mail() -> bytes:
    """A message in a message, ten thousand times."""
    return b"From: a@b.example\nMIME-Version: 1.0\n" + b"Content-Type: message/rfc822\n\n" * 10_000


def many_parts() -> bytes:
    """A message of a hundred thousand attachments."""
    part = b"--x\nContent-Disposition: attachment; filename=a\n\na\n"
    head = b"From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
    return head + part * 100_000 + b"--x--"
