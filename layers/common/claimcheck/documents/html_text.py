"""HTML as a browser shows it without scripts: blocks as lines, tables as rows. What CSS hides is reported.

lexbor (through selectolax) builds the tree that browsers build, and matches selectors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.documents.compose import Composer
from claimcheck.documents.css import NOT_DISPLAYED, UNSEEN, colours, declarations, hides, hiding_rules
from claimcheck.documents.encodings import decode_guessing
from claimcheck.documents.html_pictures import DRAWN, unread_of
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from claimcheck.documents.compose import Run
    from claimcheck.documents.text import DocumentText

LIBRARIES = ("selectolax.lexbor",)

# What is no text of the page: code, and what stands in for what a browser shows otherwise.
_SKIPPED = {
    "script", "style", "template", "noscript", "head", "canvas", "datalist", "-comment", "_comment",
    "!doctype",
}  # fmt: skip
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "html", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary",
    "table", "tbody", "tfoot", "thead", "tr", "ul",
}  # fmt: skip
_SPACE = re.compile(r"[ \t\r\n\f]+")
_DECLARED = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_PROLOG = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_DECLARED_WITHIN = 4096
_PICTURES = "img, picture, svg, canvas, object, embed, iframe, video"
_PAGE = "ffffff"


@dataclass(frozen=True, slots=True)
class _Look:
    """What an element inherits."""

    hidden: str | None = None
    colour: str | None = None
    background: str | None = _PAGE


class _State:
    """Where the walk stands: the line, and the row of the outermost table, that are being written."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._line: list[Run] = []
        self._cells: list[list[Run]] | None = None
        self.unread: list[str] = []
        """What the line or row shows that is not read."""

    def text(self, text: str, hidden: str | None) -> None:
        runs = self._line if self._cells is None or not self._cells else self._cells[-1]
        blank = not runs or runs[-1][0].endswith((" ", "\n"))
        text = text.lstrip(" ") if blank else text
        if text:
            runs.append((text, hidden))

    def line_end(self) -> None:
        if self._cells is not None:
            self.text(" ", None)  # a row is one line, whatever its cells hold
            return
        self._composer.runs(self._line)
        self._line = []
        self._report()

    def row_start(self) -> None:
        self.line_end()
        self._cells = []

    def cell(self) -> None:
        if self._cells is not None:
            self._cells.append([])

    def row_end(self) -> None:
        self._composer.row(self._cells or [])
        self._cells = None
        self._report()

    def _report(self) -> None:
        for reason in self.unread:
            self._composer.unread(reason)
        self.unread.clear()


def read(content: bytes, *, max_chars: int) -> DocumentText:
    """Read a page. Raises PermanentFailure as `read_document` says."""
    composer = Composer(max_chars=max_chars)
    write_html(decode_guessing(content, declared_encoding(content)), composer)
    if not composer.has_text and _has_pictures(content):
        raise PermanentFailure(
            "document_unsupported",
            "The page shows only pictures. Print it to PDF, whose pages can be looked at.",
        )
    return composer.finish()


def declared_encoding(content: bytes) -> str | None:
    """The encoding that a page names in its first kilobytes."""
    head = content[:_DECLARED_WITHIN]
    match = _PROLOG.match(head.lstrip()) or _DECLARED.search(head)
    return match[1].decode("ascii") if match else None


def write_html(html: str, composer: Composer) -> None:
    """Write what the page shows, and what it hides."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    title = tree.css_first("head > title")
    if title is not None:
        composer.line(_SPACE.sub(" ", title.text()))
    hidden = _hidden_by_sheets(tree)
    if tree.body is not None:
        _walk(tree.body, _State(composer), hidden)


def _hidden_by_sheets(tree: Any) -> dict[int, str]:
    """The elements that a rule of a style sheet hides."""
    found: dict[int, str] = {}
    for sheet in tree.css("style"):
        for selector, how in hiding_rules(sheet.text(deep=True) or ""):
            try:
                nodes = tree.css(selector)
            except Exception:  # noqa: BLE001, S112 -- a selector that cannot be parsed selects nothing
                continue
            for node in nodes:
                found.setdefault(node.mem_id, how)
    return found


def _walk(body: Any, state: _State, by_sheet: dict[int, str]) -> None:
    """In document order, without recursion: pages may be nested as deeply as their author likes."""
    stack: list[tuple[Any, _Look, bool]] = [(body, _Look(), True)]
    rows = 0
    while stack:
        node, look, entering = stack.pop()
        tag = node.tag or ""
        if not entering:
            rows = _leave(tag, state, rows)
            continue
        if tag in DRAWN:
            _drawn(node, tag, _looks(node, look, by_sheet), state)
            continue
        if tag == "-text":
            state.text(_SPACE.sub(" ", node.text_content or ""), look.hidden)
            continue
        if tag in _SKIPPED or tag.startswith("!"):
            continue
        look = _looks(node, look, by_sheet)
        rows = _enter(node, tag, state, rows, look)
        stack.append((node, look, False))
        at = node.last_child
        while at is not None:
            stack.append((at, look, True))
            at = at.prev
    state.line_end()


def _enter(node: Any, tag: str, state: _State, rows: int, look: _Look) -> int:
    if tag == "tr":
        if rows == 0:
            state.row_start()
        return rows + 1
    if tag in ("td", "th") and rows == 1:
        state.cell()
    elif tag in ("td", "th", *_BLOCKS):
        state.line_end()
    elif tag in ("input", "textarea"):
        _control(node, tag, state, look)
    return rows


def _leave(tag: str, state: _State, rows: int) -> int:
    if tag == "tr" and rows:
        if rows == 1:
            state.row_end()
        else:
            state.line_end()
        return rows - 1
    if tag in _BLOCKS or (tag in ("td", "th") and rows != 1):
        state.line_end()
    return rows


def _control(node: Any, tag: str, state: _State, look: _Look) -> None:
    """What a form's field says."""
    attributes = node.attributes
    kind = (attributes.get("type") or "text").lower()
    if tag == "input" and kind in ("checkbox", "radio"):
        state.text("☒ " if "checked" in attributes else "☐ ", look.hidden)
    elif tag == "input" and kind not in ("password", "submit", "button", "image", "reset", "file"):
        how = look.hidden or (NOT_DISPLAYED if kind == "hidden" else None)
        state.text(attributes.get("value") or "" if how is None else "", how)


def _drawn(node: Any, tag: str, look: _Look, state: _State) -> None:
    """What a picture's text says of it, and what of it is not read."""
    if tag == "img":
        state.text(node.attributes.get("alt") or "", look.hidden)
    reason = unread_of(node, tag)
    if reason and look.hidden is None:
        state.unread.append(reason)


def _looks(node: Any, look: _Look, by_sheet: dict[int, str]) -> _Look:
    attributes = node.attributes
    style = declarations(attributes.get("style") or "") if attributes else {}
    how = look.hidden or hides(style) or by_sheet.get(node.mem_id)
    if how is None and attributes and "hidden" in attributes:
        how = NOT_DISPLAYED
    own, background = colours(style)
    if node.tag == "font" and attributes.get("color"):
        own = colours({"color": (attributes["color"] or "").lower()})[0]
    if attributes and attributes.get("bgcolor"):
        background = colours({"background-color": (attributes["bgcolor"] or "").lower()})[1]
    colour, background = own or look.colour, background or look.background
    if how is None and own and own == background:
        how = UNSEEN
    return _Look(how, colour, background)


def _has_pictures(content: bytes) -> bool:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(content).css_first(_PICTURES) is not None
