"""PPTX: each slide is a page; shapes in the order in which they are stacked, tables as rows, then its notes.

Read from the XML itself, as DOCX is: whether a shape can be seen takes its place, its groups' and its fill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.documents import decorative
from claimcheck.documents.charts import chart_of
from claimcheck.documents.compose import Composer
from claimcheck.documents.package import attribute, child, children, local
from claimcheck.documents.slide_looks import covers_something, is_filled, is_hidden, is_white
from claimcheck.documents.slide_places import Box, Place, box_of, is_off, placeholders, share_of
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from claimcheck.documents.charts import Chart
    from claimcheck.documents.compose import Run
    from claimcheck.documents.package import Package
    from claimcheck.documents.text import DocumentText

HIDDEN_SLIDE = "a hidden slide"
HIDDEN_SHAPE = "a hidden shape"
OFF_SLIDE = "a shape outside of the slide"
TINY = "text smaller than 2 points"
UNSEEN = "white text where nothing lies beneath it"

_TINY = 200  # hundredths of a point
_FILMS = ("videoFile", "audioFile", "wavAudioFile", "quickTimeFile", "audioCd")
_NOTES_SKIPPED = ("sldNum", "hdr", "ftr", "dt", "sldImg")
_STAMP_CHARS = 100  # as for scans in PDF
_LARGE_PICTURE = 0.5  # of the slide
_DEFAULT_SIZE = (9144000, 6858000)  # EMU


@dataclass(frozen=True, slots=True)
class _Slide:
    """What a shape's visibility depends on."""

    size: tuple[int, int]
    places: dict[tuple[str, str], Box]  # of the layout's placeholders
    bare: bool  # neither background nor picture nor filled shape: white is not seen
    hidden: str | None


def read_pptx(package: Package, main: str, *, max_chars: int) -> DocumentText:
    """Read the presentation part `main`. Raises PermanentFailure, ParseError."""
    root = package.tree(main)
    related = package.related(main)
    slides = [
        related[at][1]
        for each in children(child(root, "sldIdLst"))
        if (at := attribute_of_relation(each)) in related and package.has(related[at][1])
    ]
    if not slides:
        raise PermanentFailure("document_corrupt", "The presentation has no slides.")
    size = _size(child(root, "sldSz"))
    composer = Composer(max_chars=max_chars)
    unread = [
        number
        for number, part in enumerate(slides, start=1)
        if not _Reader(package, part, size, composer).slide()
    ]
    return composer.finish(unread_pages=unread, empty="No slide shows anything.")


def attribute_of_relation(slide: Element) -> str:
    """A slide's relationship id: `id` without a namespace is another number."""
    return next((value for key, value in slide.attrib.items() if key.endswith("}id")), "")


class _Reader:
    """Walks one slide."""

    def __init__(self, package: Package, part: str, size: tuple[int, int], composer: Composer) -> None:
        self._package = package
        self._part = part
        self._composer = composer
        self._chars = 0
        self._pictured = 0.0
        self._charts = False
        self._root = package.tree(part)
        self._slide = self._surroundings(size)

    def slide(self) -> bool:
        """Write the slide and its notes; False where it shows what is not in its text."""
        self._composer.start_page()
        tree = child(self._root, "cSld", "spTree")
        background = child(self._root, "cSld", "bg")
        if background is not None and any(local(each.tag) == "blip" for each in background.iter()):
            self._composer.unread(decorative.BACKGROUND)
        if tree is not None:
            self._shapes(tree, Place(), self._slide.hidden)
        for part in self._package.related_of(self._part, "notesSlide"):
            self._notes(self._package.tree(part))
        for part in self._package.related_of(self._part, "comments"):
            self._comments(self._package.tree(part))
        shown = self._pictured >= _LARGE_PICTURE or ((self._charts or self._pictured > 0) and not self._chars)
        return self._chars >= _STAMP_CHARS or not shown

    def _surroundings(self, size: tuple[int, int]) -> _Slide:
        layouts = self._package.related_of(self._part, "slideLayout")
        masters = [master for layout in layouts for master in self._package.related_of(layout, "slideMaster")]
        roots = [self._root, *(self._package.tree(part) for part in (*layouts, *masters))]
        places: dict[tuple[str, str], Box] = {}
        for layout in reversed(roots[1:]):
            places |= placeholders(layout)
        bare = not any(root is not None and covers_something(root) for root in roots)
        hidden = (
            HIDDEN_SLIDE
            if self._root is not None and attribute(self._root, "show") in ("0", "false")
            else None
        )
        return _Slide(size, places, bare, hidden)

    def _shapes(self, tree: Element, place: Place, hidden: str | None) -> None:
        for shape in tree:
            name = local(shape.tag)
            if name in ("AlternateContent", "Choice"):
                self._shapes(shape, place, hidden)
            elif name == "grpSp":
                how = hidden or (HIDDEN_SHAPE if is_hidden(shape) else None)
                self._shapes(shape, place.within(child(shape, "grpSpPr", "xfrm")), how)
            elif name in ("sp", "cxnSp", "graphicFrame", "pic"):
                self._shape(shape, name, place, hidden)

    def _shape(self, shape: Element, name: str, place: Place, hidden: str | None) -> None:
        box = self._box(shape, place)
        how = hidden or (HIDDEN_SHAPE if is_hidden(shape) else None)
        if how is None and box is not None and is_off(box, self._slide.size):
            how = OFF_SLIDE
        if name == "graphicFrame":
            self._graphic(shape, how)
            return
        if how is None and (name == "pic" or child(shape, "spPr", "blipFill") is not None):
            self._picture(shape, box)
        if name == "pic":
            return
        bare = self._slide.bare and not is_filled(child(shape, "spPr"), child(shape, "style"))
        for paragraph in _paragraphs(child(shape, "txBody")):
            self._write([_run_of(run, how, bare=bare) for run in _runs(paragraph)])

    def _picture(self, shape: Element, box: Box | None) -> None:
        """Count and report a picture, a film, or a shape that is filled with a picture."""
        width, height = self._slide.size
        self._pictured += share_of(box, self._slide.size)
        if any(local(each.tag) in _FILMS for each in shape.iter()):
            self._composer.unread(decorative.FILM)
        elif box is None or decorative.may_say_something(box[2] - box[0], box[3] - box[1], width * height):
            self._composer.unread(decorative.PICTURE)

    def _box(self, shape: Element, place: Place) -> Box | None:
        transform = child(shape, "spPr", "xfrm")
        transform = child(shape, "xfrm") if transform is None else transform
        own = box_of(transform)
        if own is not None:
            return place.on_slide(own)
        holder = next((each for each in shape.iter() if local(each.tag) == "ph"), None)
        if holder is None:
            return None
        kind, index = attribute(holder, "type") or "body", attribute(holder, "idx") or ""
        return self._slide.places.get((kind, index)) or self._slide.places.get((kind, ""))

    def _graphic(self, frame: Element, hidden: str | None) -> None:
        tables = [each for each in frame.iter() if local(each.tag) == "tbl"]
        for table in tables:
            for row in (each for each in table if local(each.tag) == "tr"):
                cells = [_cell(cell, hidden) for cell in row if local(cell.tag) == "tc"]
                self._count(cells)
                self._composer.row(cells)
        if not tables and not self._drawn(frame, hidden) and hidden is None:
            self._charts = True
            self._composer.unread(decorative.OBJECT)

    def _drawn(self, frame: Element, hidden: str | None) -> bool:
        """Write a chart's values or SmartArt's words; False where the frame holds something else."""
        related = self._package.related(self._part)
        found = False
        for each in frame.iter():
            kind = local(each.tag)
            if kind not in ("relIds", "chart"):
                continue
            found = True
            part = related.get(attribute(each, "dm" if kind == "relIds" else "id") or "", ("", ""))[1]
            root = self._package.tree(part)
            if kind == "chart":
                self._chart(chart_of(root), hidden)
                continue
            for paragraph in () if root is None else root.iter():
                if local(paragraph.tag) == "p":
                    self._write(
                        [(run.text or "", hidden) for run in paragraph.iter() if local(run.tag) == "t"]
                    )
            if hidden is None and root is not None and any(local(at.tag) == "blip" for at in root.iter()):
                self._composer.unread(decorative.PICTURE)
        return found

    def _chart(self, chart: Chart, hidden: str | None) -> None:
        for line in chart.lines:
            self._write([(line, hidden)])
        for row in chart.rows:
            cells: list[list[Run]] = [[(cell, hidden)] for cell in row]
            self._count(cells)
            self._composer.row(cells)
        if not chart.whole and hidden is None:
            self._charts = True
            self._composer.unread(decorative.CHART)

    def _write(self, runs: list[Run]) -> None:
        self._count([runs])
        self._composer.runs(runs)

    def _count(self, cells: list[list[Run]]) -> None:
        self._chars += sum(len(text.strip()) for runs in cells for text, hidden in runs if hidden is None)

    def _notes(self, root: Element | None) -> None:
        lines: list[list[Run]] = []
        for shape in () if root is None else root.iter():
            if local(shape.tag) != "sp":
                continue
            holder = next((each for each in shape.iter() if local(each.tag) == "ph"), None)
            if holder is not None and attribute(holder, "type") in _NOTES_SKIPPED:
                continue
            lines += [
                [(text, None) for text, _ in _texts(each)] for each in _paragraphs(child(shape, "txBody"))
            ]
        if any(text.strip() for line in lines for text, _ in line):
            self._composer.line("[speaker notes]")
            for line in lines:
                self._composer.runs(line)

    def _comments(self, root: Element | None) -> None:
        for comment in () if root is None else root.iter():
            if local(comment.tag) in ("cm", "reply"):
                text = "".join(each.text or "" for each in comment.iter() if local(each.tag) in ("text", "t"))
                self._composer.line(f"[comment] {text}" if text.strip() else "")


def _size(size: Element | None) -> tuple[int, int]:
    if size is None:
        return _DEFAULT_SIZE
    width, height = (int(attribute(size, name) or 0) for name in ("cx", "cy"))
    return (width, height) if width > 0 and height > 0 else _DEFAULT_SIZE


def _paragraphs(body: Element | None) -> Iterator[Element]:
    return (each for each in children(body) if local(each.tag) == "p")


def _runs(paragraph: Element) -> Iterator[Element]:
    return (each for each in paragraph if local(each.tag) in ("r", "fld", "br"))


def _texts(paragraph: Element) -> list[tuple[str, Element]]:
    return [
        (
            "\n" if local(run.tag) == "br" else "".join(at.text or "" for at in run if local(at.tag) == "t"),
            run,
        )
        for run in _runs(paragraph)
    ]


def _run_of(run: Element, hidden: str | None, *, bare: bool) -> Run:
    if local(run.tag) == "br":
        return "\n", None
    text = "".join(at.text or "" for at in run if local(at.tag) == "t")
    properties = child(run, "rPr")
    size = (attribute(properties, "sz") or "") if properties is not None else ""
    if hidden is None and size.isdecimal() and int(size) < _TINY:
        hidden = TINY
    if hidden is None and bare and is_white(child(properties, "solidFill")):
        hidden = UNSEEN
    return text, hidden


def _cell(cell: Element, hidden: str | None) -> list[Run]:
    runs: list[Run] = []
    for paragraph in _paragraphs(child(cell, "txBody")):
        found = [(text, hidden) for text, _ in _texts(paragraph)]
        runs += [(" ", None), *found] if runs and found else found
    return runs
