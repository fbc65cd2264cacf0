"""Office files: a ZIP of XML parts that name each other (ECMA-376, part 2). Hostile until read.

Sizes are checked before anything is unpacked: zipfile reads no more of an entry than its directory declares.
XML with a document type declaration, which could define entities that grow, is refused: the standard forbids
it in every part (ECMA-376 part 2, 7.1.4), and expat would be asked to expand it.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.parsers import expat

from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from typing import IO

MAX_ENTRIES = 20_000
MAX_UNPACKED = 300_000_000
"""Bytes of all parts together. Real office files unpack to tens of megabytes."""
MAX_PART = 150_000_000
"""Bytes of one XML part; as a tree it takes several times that, which the child's memory bounds."""

_RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PROLOG_CHUNK = 1 << 12
_ENCRYPTED = 0x1  # of an entry's flags


class Package:
    """The parts of an office file by name, without a leading slash."""

    def __init__(self, content: bytes) -> None:
        """Raises PermanentFailure `document_corrupt`, `document_encrypted`, `document_too_large`."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise PermanentFailure(
                "document_corrupt", "The ZIP file is damaged and cannot be opened."
            ) from error
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise PermanentFailure(
                "document_too_large",
                f"The file unpacks to more than {MAX_UNPACKED // 1_000_000} MB or {MAX_ENTRIES:,} parts.",
            )
        if any(entry.flag_bits & _ENCRYPTED for entry in entries):
            raise PermanentFailure(
                "document_encrypted", "The file needs a password. Hand in a copy without one."
            )
        # Part names are equal without regard to case (ECMA-376 part 2, 6.2.2.3).
        self._entries = {entry.filename.lstrip("/").lower(): entry for entry in entries}

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.lower() in self._entries

    def names(self) -> list[str]:
        """All parts, in lower case."""
        return list(self._entries)

    def stream(self, name: str) -> IO[bytes]:
        """An XML part, unpacked while it is read. Raises PermanentFailure; KeyError where it is missing."""
        entry = self._entries[name.lower()]
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PermanentFailure("document_corrupt", "A part is compressed as no office program does it.")
        if entry.file_size > MAX_PART:
            raise PermanentFailure(
                "document_too_large", f"A part of the file unpacks to more than {MAX_PART // 1_000_000} MB."
            )
        with self._zip.open(entry) as part:
            _refuse_doctype(part)
        return self._zip.open(entry)

    def tree(self, name: str) -> ET.Element | None:
        """An XML part as a tree; None where there is none. Raises PermanentFailure, ParseError."""
        if not self.has(name):
            return None
        with self.stream(name) as part:
            return ET.parse(part).getroot()  # noqa: S314 -- see `_refuse_doctype`

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part names: by id, the relationship's type (its last word) and the part. No links."""
        folder, file = posixpath.split(name)
        root = self.tree(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = {}
        for each in () if root is None else root.iter(_RELATIONSHIPS):
            if each.get("TargetMode") == "External":
                continue
            target = unquote(each.get("Target", ""))
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = each.get("Type", "").rpartition("/")[2]
            found[each.get("Id", "")] = (kind, posixpath.normpath(path))
        return found

    def related_of(self, name: str, kind: str) -> list[str]:
        """The parts that `name` names as of one kind, where they exist."""
        return [part for found, part in self.related(name).values() if found == kind and self.has(part)]


def _refuse_doctype(part: IO[bytes]) -> None:
    """Look at what stands before the root element."""
    parser = expat.ParserCreate()
    state = {"root": False}

    def doctype(*_: object) -> NoReturn:
        raise PermanentFailure("document_corrupt", "The file holds XML with a document type declaration.")

    def element(*_: object) -> None:
        state["root"] = True

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = element
    while not state["root"]:
        chunk = part.read(_PROLOG_CHUNK)
        parser.Parse(chunk, not chunk)
        if not chunk:
            return


def local(tag: object) -> str:
    """An element's name without its namespace: the strict and the transitional one are read alike."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: ET.Element, name: str) -> str | None:
    """An attribute by its local name."""
    value = element.get(name)
    if value is not None:
        return value
    return next((value for key, value in element.attrib.items() if key.endswith("}" + name)), None)


def child(element: ET.Element | None, *path: str) -> ET.Element | None:
    """The first descendant along a path of local names."""
    for name in path:
        element = None if element is None else next((at for at in element if local(at.tag) == name), None)
    return element


def children(element: ET.Element | None) -> list[ET.Element]:
    """An element's children; none where there is no element."""
    return [] if element is None else list(element)


def on(element: ET.Element | None, *, default: bool = False) -> bool:
    """An on/off property (ECMA-376 part 1, 17.17.4): there means on unless its value says otherwise."""
    if element is None:
        return default
    return (attribute(element, "val") or "true").lower() not in ("0", "false", "off", "none")
