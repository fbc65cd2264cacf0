"""The deployment's gate: CloudFormation is answered, once, whatever the migration does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.failures import CalledFunctionError, UnavailableError
from claimcheck.usecases.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = "https://bucket.example/answer?X-Amz-Signature=canary"
ASKED: dict[str, Any] = {
    "RequestType": "Update",
    "RequestId": "r-1",
    "StackId": "stack-1",
    "LogicalResourceId": "Schema",
    "PhysicalResourceId": "schema",
    "ResponseURL": URL,
    "ResourceProperties": {"Migrations": "layer:2"},
}


class Clock:
    """Time that passes when somebody sleeps, or works."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class Scripted:
    """A function that answers, or raises, what it was told to; each call takes `took_s`."""

    def __init__(self, clock: Clock, *answers: Mapping[str, Any] | Exception, took_s: float = 1) -> None:
        self._clock = clock
        self._answers = list(answers)
        self._took_s = took_s
        self.calls = 0
        self.started: list[Mapping[str, Any]] = []

    def call(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        assert event == {}
        self.calls += 1
        self._clock.pass_(self._took_s)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def start(self, event: Mapping[str, Any]) -> None:
        if self._answers:
            answer = self._answers.pop(0)
            assert isinstance(answer, Exception)
            raise answer
        self.started.append(event)


class Kept:
    """CloudFormation's bucket: what was put to which address."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, Mapping[str, Any]]] = []

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        self.answers.append((url, answer))


class Play:
    """One gate, and what it said."""

    def __init__(self, *answers: Mapping[str, Any] | Exception, took_s: float = 1) -> None:
        self.clock = Clock()
        self.migrate = Scripted(self.clock, *answers, took_s=took_s)
        self.rounds = Scripted(self.clock)
        self.kept = Kept()
        self.gate = Gate(
            migrations=self.migrate,
            rounds=self.rounds,
            answers=self.kept,
            clock=self.clock,
            sleep=self.clock.pass_,
        )

    def asked(self, **changes: Any) -> Mapping[str, Any] | None:
        """Ask; the answer, None where there is none yet."""
        self.gate({**ASKED, **changes})
        if not self.kept.answers:
            return None
        ((url, answer),) = self.kept.answers
        assert url == URL
        return answer


DONE = {"version": "0012", "unfinished": None}
MORE = {"version": "0011", "unfinished": "the database is still at: CREATE INDEX"}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_migrated_schema_is_a_success(kind: str) -> None:
    """The answer bears the request's ids, the same physical id for ever, and the schema's version."""
    assert Play(DONE).asked(RequestType=kind) == {
        "StackId": "stack-1",
        "RequestId": "r-1",
        "LogicalResourceId": "Schema",
        "Status": "SUCCESS",
        "Reason": "The schema is at version 0012.",
        "PhysicalResourceId": "schema",
        "Data": {"Version": "0012"},
    }


def test_a_first_request_has_no_physical_id_yet() -> None:
    """It gets the one that all later ones have."""
    play = Play(DONE)
    play.gate({name: value for name, value in ASKED.items() if name != "PhysicalResourceId"})
    assert play.kept.answers[0][1]["PhysicalResourceId"] == "schema"


def test_a_deletion_touches_nothing() -> None:
    """The data stays, and a stack without a database can be deleted all the same."""
    play = Play()
    answer = play.asked(RequestType="Delete")
    assert answer is not None
    assert (answer["Status"], play.migrate.calls) == ("SUCCESS", 0)


def test_a_failed_migration_fails_the_deployment() -> None:
    """With migrate's own reason."""
    answer = Play(CalledFunctionError("Migration 0012 failed: DuplicateTable (42P07).")).asked()
    assert answer is not None
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("Migration 0012 failed: DuplicateTable (42P07).")


def test_what_nobody_foresaw_fails_it_too() -> None:
    """By the error's type: its text may hold anything."""
    answer = Play(RuntimeError("canary")).asked()
    assert answer is not None
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "The migration could not be run (RuntimeError)."


def test_an_answer_of_another_kind_fails_it() -> None:
    """A function that answers something else has not migrated."""
    answer = Play({"statusCode": 200}).asked()
    assert answer is not None
    assert answer["Status"] == "FAILED"


def test_a_call_that_lambda_does_not_take_is_made_again() -> None:
    """A new function's role takes a moment."""
    away = UnavailableError("Lambda answered AccessDeniedException")
    play = Play(away, away, DONE)
    answer = play.asked()
    assert answer is not None
    assert (answer["Status"], play.migrate.calls) == ("SUCCESS", 3)


def test_a_call_that_lambda_never_takes_fails_it() -> None:
    """Within a minute, and not after CloudFormation's hour."""
    play = Play(*[UnavailableError("Lambda answered AccessDeniedException")] * 4)
    answer = play.asked()
    assert answer is not None
    assert answer["Status"] == "FAILED"
    assert play.clock.now - 1_000_000 < 60


def test_a_lost_connection_is_asked_for_in_another_round() -> None:
    """What had begun goes on: it is not begun again beside itself while this round has no time for it."""
    play = Play(UnavailableError("Lambda could not be reached (ReadTimeoutError)"), took_s=850)
    assert play.asked() is None
    assert (play.migrate.calls, len(play.rounds.started)) == (1, 1)


def test_what_takes_longer_goes_on_in_another_round() -> None:
    """Nothing is answered; the same request comes to the gate again, with the time of the first."""
    play = Play(MORE, DONE, took_s=840)
    first = play.clock.now
    assert play.asked() is None
    (again,) = play.rounds.started
    assert again == {**ASKED, "FirstAskedAt": first}
    play.gate(again)
    assert play.kept.answers[0][1]["Status"] == "SUCCESS"


def test_before_cloudformation_gives_up_it_is_told() -> None:
    """After the last round that fits into its hour: how far it came, and that it goes on."""
    play = Play(*[MORE] * 9, took_s=840)
    first = play.clock.now
    play.asked()
    while not play.kept.answers:
        play.gate(play.rounds.started[-1])
    answer = play.kept.answers[0][1]
    assert answer["Status"] == "FAILED"
    assert "version 0011" in answer["Reason"]
    assert "deploy again" in answer["Reason"]
    assert play.migrate.calls == 4
    assert play.clock.now - first < 3_600


def test_a_round_that_cannot_be_started_fails_it() -> None:
    """Nobody would answer otherwise."""
    play = Play(MORE)
    play.rounds = Scripted(play.clock, UnavailableError("Lambda answered AccessDeniedException"))
    play.gate._rounds = play.rounds
    answer = play.asked()
    assert answer is not None
    assert answer["Status"] == "FAILED"
