"""The public libraries of Standard Webhooks, which our customers use, agree on what we sign."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.contract.webhook_cases import BODIES, GROUPS, Case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

pytestmark = pytest.mark.xdist_group("node")

Verdicts = dict[str, str | None]  # by the case's name: the event's type; None where it is refused


@pytest.fixture(scope="module")
def cases() -> Mapping[str, list[Case]]:
    """The cases by group, signed now."""
    now = int(time.time())
    return {group.__name__: list(group(now)) for group in GROUPS}


def python_says(cases: Mapping[str, list[Case]]) -> dict[str, Verdicts]:
    """The verdicts of the library on PyPI."""
    return {group: {case.name: _python(case) for case in some} for group, some in cases.items()}


def _python(case: Case) -> str | None:
    try:
        event = Webhook(case.secret).verify(case.body, dict(case.headers))
    except (WebhookVerificationError, ValueError):  # as a receiver has to catch them
        return None
    return str(event["type"])


def node_says(cases: Mapping[str, list[Case]], folder: Path) -> dict[str, Verdicts]:
    """The verdicts of the library on npm, all by one process."""
    every = [(group, case) for group, some in cases.items() for case in some]
    asked = [
        {
            "secret": case.secret,
            "body": base64.b64encode(case.body).decode(),
            "headers": dict(case.headers),
        }
        for _, case in every
    ]
    script = shutil.copy(Path(__file__).parent / "verify.mjs", folder)
    done = subprocess.run(
        ["node", str(script)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Verdicts] = {group: {} for group in cases}
    for (group, case), verdict in zip(every, json.loads(done.stdout), strict=True):
        said[group][case.name] = verdict["type"] if verdict["accepted"] else None
    return said


@pytest.fixture(scope="module", params=["python", "node"])
def said(request: pytest.FixtureRequest, cases: Mapping[str, list[Case]]) -> dict[str, Verdicts]:
    """What a library says to every case."""
    if request.param == "python":
        return python_says(cases)
    return node_says(cases, request.getfixturevalue("node_folder"))


@pytest.fixture
def agreed(cases: Mapping[str, list[Case]], said: dict[str, Verdicts]) -> Callable[[str], Verdicts]:
    """The verdicts on a group, none of which differs from what has to be."""

    def check(group: str) -> Verdicts:
        expected = {case.name: "job.completed" if case.accepted else None for case in cases[group]}
        assert said[group] == expected
        assert len(expected) == len(cases[group])  # no two of one name
        return expected

    return check


def test_one_secret_verifies_every_body(agreed: Callable[[str], Verdicts]) -> None:
    """Before a rotation a receiver verifies what we sign: other scripts, emoji, big numbers, a long body."""
    assert list(agreed("before_a_rotation")) == list(BODIES)


def test_both_secrets_verify_during_a_rotation(agreed: Callable[[str], Verdicts]) -> None:
    """While two secrets sign, a receiver with either verifies, and one with another secret refuses."""
    assert len(agreed("during_a_rotation")) == 3 * len(BODIES)


def test_the_old_secret_is_refused_after_a_rotation(agreed: Callable[[str], Verdicts]) -> None:
    """Once the old secret has expired, a receiver that still has only this one refuses."""
    assert len(agreed("after_a_rotation")) == 2 * len(BODIES)


def test_a_flipped_bit_in_any_byte_of_the_body_is_refused(agreed: Callable[[str], Verdicts]) -> None:
    """A body that is not the bytes that were signed is refused, also where it says the same."""
    assert not any(agreed("altered_bodies").values())


def test_a_changed_character_in_any_header_is_refused(agreed: Callable[[str], Verdicts]) -> None:
    """Another id, another time, another signature, or one of them missing, is refused."""
    assert not any(agreed("altered_headers").values())


def test_what_is_more_than_five_minutes_off_is_refused(agreed: Callable[[str], Verdicts]) -> None:
    """Rightly signed six minutes ago, or for six minutes from now, is refused; four minutes are not."""
    assert any(agreed("times").values())


def test_unknown_versions_are_passed_over(agreed: Callable[[str], Verdicts]) -> None:
    """Of several signatures one right `v1` is enough, and nothing else counts."""
    assert any(agreed("versions").values())
