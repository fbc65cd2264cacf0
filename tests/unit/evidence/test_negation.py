# ruff: noqa: E501 (words side by side)
"""What an ellipsis may not hide and a header may not say."""

from __future__ import annotations

import pytest
from claimcheck.evidence.negation import hides


@pytest.mark.parametrize(
    "text",
    [
        "shall not pay", "never", "can’t", "cannot", "without consent", "except as agreed", "unless", "no fee", "No 3-song code",
        "provided, however, that", "provided that", "other than", "excluding tax", "save as agreed", "subject to", "but only",
        "nicht", "keine Haftung", "außer", "sauf accord", "salvo", "değil", "ödemeyecektir", "bila idhini", "hataruhusiwa",
        "не вправе", "без", "δεν", "χωρίς", "لا يجوز", "ولا", "دون", "باستثناء", "לא", "ללא", "नहीं", "बिना", "不得", "未经", "除外",
        "できない", "ただし", "않는다", "제외", "ไม่", "เว้นแต่", "საქმე", "ஒப்பந்தம்",
    ],
)  # fmt: skip
def test_negations_and_exceptions_are_seen(text: str) -> None:
    """Negations, exceptions and provisos are seen in every listed language; unlisted scripts count as one."""
    assert hides(text)


@pytest.mark.parametrize(
    "text",
    [
        "the notice", "another note", "Contract No. 12", "Non-Disclosure Agreement", "NON DISCLOSURE AGREEMENT", "services provided by us",
        "exceptional", "butter", "knot", "annotated", "der Vertrag", "la parte", "合同约定", "本契約", "계약", "สัญญา",
        "договор", "الاتفاقية", "הסכם", "अनुबंध", "12 / 34 €", "11130 NE 33rd Place", "",
    ],
)  # fmt: skip
def test_other_words_are_not(text: str) -> None:
    """Words that only look like one pass."""
    assert not hides(text)
