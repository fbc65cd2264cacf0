"""process: pages without text are shown to the model as images, in the order of the document."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from tests.unit.documents.pdfs import PAGE_PICTURE, pdf, words

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.stage import Stage

TEXT = "Net profit was EUR 1,200."


def extract(*pages: bytes) -> dict[str, Any]:
    """An extract over a PDF with these pages, which may show a picture."""
    encoded = base64.b64encode(pdf(*pages, image=True)).decode()
    return {"document": {"base64": encoded, "media_type": "application/pdf"}, "fields": ["net_profit"]}


def sent(model: ModelGate) -> list[dict[str, Any]]:
    """The blocks of the one call."""
    (call,) = model.calls
    blocks: list[dict[str, Any]] = call.body["messages"][0]["content"]
    return blocks


def test_a_scan_is_shown_page_by_page(stage: Stage, model: ModelGate) -> None:
    """Two scanned pages are two PNG or JPEG images behind their numbers; nothing is a gap."""
    job_id = stage.accept(**extract(PAGE_PICTURE, PAGE_PICTURE))
    assert stage.work(job_id) == []
    blocks = sent(model)
    assert [block["type"] for block in blocks] == ["text", "image", "text", "image", "text"]
    assert [block["text"].split()[1] for block in blocks if block["type"] == "text"][:2] == ["1", "2"]
    for block in blocks[1:4:2]:
        assert block["source"]["media_type"] in {"image/png", "image/jpeg"}
        assert base64.b64decode(block["source"]["data"])[:4] in {b"\x89PNG", b"\xff\xd8\xff\xe0"}
    job = stage.read(job_id)
    assert (job["status"], job["result"]["coverage"]["gaps"]) == ("completed", [])
    assert job["result"]["coverage"]["pages"] == 2


def test_a_mixed_document_is_text_and_images(stage: Stage, model: ModelGate) -> None:
    """The page with text goes as text, the scan as an image, and the text's quotes have their places."""
    job_id = stage.accept(**extract(words(TEXT), PAGE_PICTURE))
    assert stage.work(job_id) == []
    blocks = sent(model)
    assert [block["type"] for block in blocks] == ["document", "text", "image", "text"]
    assert TEXT in blocks[0]["source"]["data"]
    assert "[page 2]" in blocks[-1]["text"]
    job = stage.read(job_id)
    (citation,) = job["result"]["evidence"]["net_profit"]
    assert (citation["quote"], citation["status"], citation["page"]) == (TEXT, "exact", 1)


def test_the_same_pages_make_the_same_images(stage: Stage, model: ModelGate) -> None:
    """Byte for byte: an answer about them that was paid for is found again by its question."""
    job_id = stage.accept(**extract(PAGE_PICTURE))
    assert stage.work(job_id) == []
    other = stage.accept(**extract(PAGE_PICTURE))
    assert stage.work(other) == []
    one, two = (call.body["messages"][0]["content"] for call in model.calls)
    assert one == two
