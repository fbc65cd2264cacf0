"""A task from stored parameters to its result, with answers that a test writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.tasks.base import Prompt, Source


def asked(task: str, params: Mapping[str, Any]) -> Prompt:
    """The question about everything that the job asks for."""
    kind = TASKS[task]
    wanted = kind.params(params)
    return kind.prompt(wanted, len(kind.items(wanted)))


def concluded(
    task: str,
    params: Mapping[str, Any],
    *answers: Mapping[str, Any],
    sources: Sequence[Source],
    incomplete: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The result of one answer for each of the sources, which are the parts of a document in order."""
    kind = TASKS[task]
    wanted = kind.params(params)
    findings: dict[str, list[Any]] = {}
    for answer, source in zip(answers, sources, strict=True):
        for item, finding in kind.read(wanted, answer, source).items():
            findings.setdefault(item, []).append(finding)
    return kind.merge(wanted, findings, incomplete)
