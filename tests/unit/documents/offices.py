"""Office files made for tests: by the libraries that others use, or part by part where those cannot."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def zipped(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def relations(*targets: tuple[str, str, str]) -> bytes:
    """A relationships part: ids, the types' last words, targets."""
    rows = "".join(
        f'<Relationship Id="{at}" Type="{R}/{kind}" Target="{target}"/>' for at, kind, target in targets
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{rows}</Relationships>'.encode()


def package(main: str, parts: Mapping[str, bytes], related: bytes = b"") -> bytes:
    """An office file whose main part is `main`, which names the parts in `related`."""
    folder, _, file = main.rpartition("/")
    everything = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": relations(("rId1", "officeDocument", main)),
        **parts,
    }
    if related:
        everything[f"{folder}/_rels/{file}.rels"] = related
    return zipped(everything)


def docx_xml(body: str, parts: Mapping[str, bytes] | None = None, related: bytes = b"") -> bytes:
    """A DOCX with this body."""
    root = f'<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}</w:body></w:document>'.encode()
    return package("word/document.xml", {"word/document.xml": root, **(parts or {})}, related)


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of one run."""
    return f"<w:p><w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r></w:p>"


def docx(make: Callable[[Any], object]) -> bytes:
    """A DOCX by python-docx."""
    from docx import Document

    return _saved(Document(), make)


def xlsx(make: Callable[[Any], object]) -> bytes:
    """A workbook by openpyxl."""
    from openpyxl import Workbook

    return _saved(Workbook(), make)


def pptx(make: Callable[[Any], object]) -> bytes:
    """A presentation by python-pptx."""
    from pptx import Presentation

    return _saved(Presentation(), make)


def chart_xml(
    series: Sequence[tuple[str, Mapping[str, float]]], *, code: str = "General", formula: str = "[1]S!A1"
) -> bytes:
    """A bar chart called Sales with the cached values of these series by category."""

    shown = f"<c:formatCode>{code}</c:formatCode>"

    def cache(kind: str, values: Iterable[object]) -> str:
        points = "".join(f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values))
        cached = f"<c:{kind}Cache>{shown if kind == 'num' else ''}{points}</c:{kind}Cache>"
        return f"<c:{kind}Ref><c:f>{formula}</c:f>{cached}</c:{kind}Ref>"

    plotted = "".join(
        f"<c:ser><c:tx>{cache('str', [name])}</c:tx><c:cat>{cache('str', values)}</c:cat>"
        f"<c:val>{cache('num', values.values())}</c:val></c:ser>"
        for name, values in series
    )
    title = "<c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title>"
    return (
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f"<c:chart>{title}<c:plotArea><c:barChart>{plotted}</c:barChart></c:plotArea></c:chart></c:chartSpace>"
    ).encode()


def _saved(document: Any, make: Callable[[Any], object]) -> bytes:
    make(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def png(colour: Any = "red", size: tuple[int, int] = (60, 40), form: str = "PNG", **options: Any) -> bytes:
    """A picture of one colour."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form, **options)
    return buffer.getvalue()
