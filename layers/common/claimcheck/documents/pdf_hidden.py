"""Text of a PDF page that a reader of the page does not see.

A text hides by its render mode, its opacity, its size or its place: those are read from the page's objects.
It also hides behind a later object, or in the colour of what is beneath it. Which objects those might be is
told from a coarse painting of the page in the order of its objects; whether they do hide, by rendering the
page with and without them: text that makes no difference cannot be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.documents.painting import Painting
from claimcheck.documents.pdf_direction import in_reading_order
from claimcheck.documents.pdf_objects import IMAGE, PATH, SHADING, TEXT, PageObjects, address

if TYPE_CHECKING:
    from claimcheck.documents.compose import Run
    from claimcheck.documents.painting import Colour, Spot
    from claimcheck.documents.pdf_objects import Matrix
    from claimcheck.documents.pictures import Box

INVISIBLE = "text without paint, with no scan beneath"
TINY = "text smaller than 2 points"
OUTSIDE = "text outside of the page"
UNSEEN = "text in the colour of its background, or covered"

_TINY_PT = 1.99
_NO_PAINT = (3, 7)  # ISO 32000-1, table 106: neither fill nor stroke
_STROKED = (1, 5)
_NEAR = 24  # of 255: colours of text and background that call for a closer look
_RENDER_PX = 900  # the long edge of the page as rendered for that
_DIFFERENCE = 10  # of 255 grey levels: less is not seen
_BLACK: tuple[Colour, int] = ((0, 0, 0), 255)


@dataclass(slots=True)
class _Text:
    handle: Any
    box: Box
    order: int
    spot: Spot
    suspect: bool


def page_text(page: Any, layer: Any) -> list[Run]:
    """A page's text in pdfium's order, cut where it begins or ends to be seen. Raises PdfiumError."""
    text = layer.get_text_range()
    if not text.strip():
        return [(text, None)]
    text = in_reading_order(layer, text)
    hidden = _hidden_objects(page)
    return _cut(layer, text, hidden) if hidden else [(text, None)]


def _hidden_objects(page: Any) -> dict[int, str]:
    """The addresses of text objects that cannot be seen, and how they hide."""
    objects = PageObjects(page)
    frame: Box = page.get_bbox()
    painting = Painting(frame)
    found: dict[int, str] = {}
    texts: list[_Text] = []
    unpainted: list[_Text] = []
    for order, (handle, kind, matrix) in enumerate(objects.all(), start=1):
        box = objects.box(handle, matrix)
        if box is None:
            continue
        if kind != TEXT:
            if kind == IMAGE:
                painting.show_image(box, order)
                continue
            covers, colour_of_it = _fills(objects, handle, kind)
            if covers:
                painting.paint(box, colour_of_it, order)
            continue
        mode = objects.render_mode(handle)
        colour, alpha = objects.colour(handle, stroke=mode in _STROKED) or _BLACK
        text = _Text(handle, box, order, painting.spot(box), suspect=False)
        if mode in _NO_PAINT or alpha == 0:
            unpainted.append(text)
        elif how := _by_itself(objects, handle, matrix, box, frame):
            found[address(handle)] = how
        else:
            text.suspect = _blends(colour, painting.colour_at(text.spot))
            texts.append(text)
    bare = [text for text in unpainted if not painting.has_image_at(text.box)]
    found |= {address(text.handle): INVISIBLE for text in bare}
    suspects = [text for text in texts if text.suspect or painting.painted_after(text.spot, text.order)]
    return found | {address(text.handle): UNSEEN for text in _without_effect(page, suspects, frame)}


def _by_itself(objects: PageObjects, handle: Any, matrix: Matrix, box: Box, frame: Box) -> str | None:
    """How a painted text hides without regard to what surrounds it."""
    if box[2] <= frame[0] or box[0] >= frame[2] or box[3] <= frame[1] or box[1] >= frame[3]:
        return OUTSIDE
    points = objects.points(handle, matrix)
    return TINY if points is not None and points < _TINY_PT else None


def _fills(objects: PageObjects, handle: Any, kind: int) -> tuple[bool, Colour | None]:
    """Whether an object covers what is beneath it, and with which colour, where that can be told."""
    if kind == SHADING:
        return True, None
    if kind != PATH or not objects.is_filled(handle):
        return False, None
    colour, alpha = objects.colour(handle) or _BLACK
    return alpha > 0, colour if alpha == 255 else None


def _blends(colour: Colour, beneath: Colour | None) -> bool:
    """Whether a text's colour might be that of its background: then a rendering decides."""
    return beneath is None or (
        abs(colour[0] - beneath[0]) <= _NEAR
        and abs(colour[1] - beneath[1]) <= _NEAR
        and abs(colour[2] - beneath[2]) <= _NEAR
    )


def _without_effect(page: Any, suspects: list[_Text], frame: Box) -> list[_Text]:
    """Those texts that change nothing on the page where they stand."""
    if not suspects:
        return []
    from pypdfium2 import raw

    before = _rendered(page)
    for text in suspects:
        raw.FPDFPageObj_SetIsActive(text.handle, False)
    after = _rendered(page)
    for text in suspects:
        raw.FPDFPageObj_SetIsActive(text.handle, True)
    return [text for text in suspects if not _differs(before, after, text.box, frame)]


def _rendered(page: Any) -> Any:
    """The page in grey, lying as its coordinates do: its own rotation is undone."""
    scale = _RENDER_PX / max(*page.get_size(), 1)
    upright = (360 - int(page.get_rotation())) % 360
    return page.render(scale=scale, grayscale=True, rotation=upright, may_draw_forms=False)


def _differs(before: Any, after: Any, box: Box, frame: Box) -> bool:
    across, up = before.width / (frame[2] - frame[0]), before.height / (frame[3] - frame[1])
    left = max(0, int((box[0] - frame[0]) * across) - 1)
    right = min(before.width, int((box[2] - frame[0]) * across) + 2)
    top = max(0, int((frame[3] - box[3]) * up) - 1)
    bottom = min(before.height, int((frame[3] - box[1]) * up) + 2)
    for row in range(top, bottom):
        start, end = row * before.stride + left, row * before.stride + right
        mine, other = bytes(before.buffer[start:end]), bytes(after.buffer[start:end])
        if mine != other and any(abs(a - b) > _DIFFERENCE for a, b in zip(mine, other, strict=True)):
            return True
    return False


def _cut(layer: Any, text: str, hidden: dict[int, str]) -> list[Run]:
    """Cut the text where it changes between seen and hidden; what pdfium put between words goes along."""
    from pypdfium2 import raw

    units = text.encode("utf-16-le", "surrogatepass")
    runs: list[Run] = []
    start, how = 0, None

    def cut(end: int) -> None:
        runs.append((units[2 * start : 2 * end].decode("utf-16-le", "replace"), how))

    for char in range(raw.FPDFText_CountChars(layer)):
        at = raw.FPDFText_GetTextIndexFromCharIndex(layer, char)
        handle = raw.FPDFText_GetTextObject(layer, char)
        if at < 0 or not handle:
            continue
        now = hidden.get(address(handle))
        if now != how:
            cut(at)
            start, how = at, now
    cut(len(units) // 2)
    return runs
