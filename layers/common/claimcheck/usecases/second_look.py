"""Quotes that were not found are asked for once more, of the passages nearest to them: a cheap question."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from claimcheck.evidence import cite, index
from claimcheck.evidence.nearest import nearest
from claimcheck.failures import JobFailure
from claimcheck.tasks.requote import REQUOTE_MOST, requote_prompt
from claimcheck.telemetry import count, logger, metrics
from claimcheck.usecases.shown import Shown

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText
    from claimcheck.evidence import Citation
    from claimcheck.usecases.examination import Ask, Examination


async def look_again(run: Examination, ask: Ask) -> None:
    """Correct what can be: a citation gets the quote that does stand in the document, and its place.

    Only a step that advises: whatever hinders it, the quotes stay `not_found`, as they are. Raises
    RetryableFailure `batched` where the question waits for a batch.
    """
    missing = run.missing()[:REQUOTE_MOST]
    if not missing:
        return
    passages = await asyncio.to_thread(_passages, run.document, missing)
    askable = [citation for citation, found in zip(missing, passages, strict=True) if found]
    if not askable:
        return
    shown = "\n\n".join(dict.fromkeys(passage for found in passages for passage in found))
    count(metrics.QUOTES_ASKED_AGAIN, len(askable))
    try:
        answer = await ask(requote_prompt([each["quote"] for each in askable]), Shown(shown))
    except JobFailure as failure:
        if failure.code == "batched":
            raise
        logger().warning("quotes not asked again", extra={"job_id": run.job.job_id, "code": failure.code})
        return
    await asyncio.to_thread(_correct, run.document, askable, answer)


def _passages(document: DocumentText, missing: list[Citation]) -> list[list[str]]:
    return [
        [document.text[start:end] for start, end in nearest(document.text, citation["quote"])]
        for citation in missing
    ]


def _correct(document: DocumentText, askable: list[Citation], answer: dict[str, Any]) -> None:
    """In place: the findings hold the same citations."""
    whole = index(document.text)
    for said in answer["quotes"]:
        at = int(said["id"][1:]) - 1
        if said["quote"] is None or not said["quote"].strip() or not 0 <= at < len(askable):
            continue
        found = cite(whole, document, said["quote"])
        if found["status"] != "not_found" and askable[at]["status"] == "not_found":
            askable[at].update(found)
            count(metrics.QUOTES_FOUND_AGAIN)
