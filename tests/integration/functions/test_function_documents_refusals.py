"""documents: what cannot be announced is refused, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.uploads import announcement, refusal

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

ANNOUNCED = announcement()


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("bytes", 0, "/bytes"),
        ("bytes", 209_715_201, "/bytes"),
        ("bytes", "28", "/bytes"),
        ("bytes", 28.5, "/bytes"),
        ("bytes", True, "/bytes"),
        ("media_type", "video/mp4", "/media_type"),
        ("media_type", None, "/media_type"),
        ("sha256", "ff", "/sha256"),
        ("sha256", "g" * 64, "/sha256"),
        ("sha256", "٣" * 64, "/sha256"),
        ("name", "", "/name"),
        ("name", "n" * 256, "/name"),
        ("name", "a\x00", "/name"),
        ("owner", "me", "/owner"),
    ],
)
def test_a_field_at_fault_is_pointed_at(
    standing: tuple[Stage, Rows], field: str, value: Any, pointer: str
) -> None:
    """422 with a pointer and what is wanted, and nothing is kept."""
    stage, rows = standing
    status, code, errors = refusal(stage, {**ANNOUNCED, field: value})
    assert (status, code, list(errors)) == (422, "fields_invalid", [pointer])
    assert rows.stored() == 0


@pytest.mark.parametrize("missing", ["bytes", "media_type", "sha256"])
def test_what_is_needed_is_said(standing: tuple[Stage, Rows], missing: str) -> None:
    """Each field that is left out is named."""
    body = {name: value for name, value in ANNOUNCED.items() if name != missing}
    assert refusal(standing[0], body) == (422, "fields_invalid", {f"/{missing}": "is required"})


@pytest.mark.parametrize("body", ["", "[]", "{", '"text"'])
def test_what_is_no_object_is_refused(standing: tuple[Stage, Rows], body: str) -> None:
    """As everywhere: 400 for what is no JSON, 422 for what is no object."""
    assert refusal(standing[0], body)[:2] in {(400, "json_malformed"), (422, "fields_invalid")}
