"""A deployment's gate: CloudFormation asks for the schema, migrate makes it, and CloudFormation is answered.

Whatever happens it is answered, because it waits for an hour where nobody does. What takes longer than a
function may run is called again, and goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.failures import CalledFunctionError, UnavailableError
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from claimcheck.usecases.ports import Answers, Callee

_ID = "schema"  # for ever: another one would have CloudFormation delete the first
_FIRST = "FirstAskedAt"  # ours, in the event that we send to ourselves: Unix time in seconds
# CloudFormation waits for 3,600 s. A round takes 900 s at most; the last one has to be answered before.
_LAST_ROUND_AFTER_S = 2_600.0
# With a call of 850 s and the answer less than the 900 s that its function has.
_PAUSES_S = (2.0, 4.0, 8.0)
_AT_ONCE_S = 30.0  # a call that fails later than this had begun: the next round asks what became of it
_MOST_CHARS = 900


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What CloudFormation is told."""

    status: str
    reason: str
    version: str = ""


class Gate:
    """Answers a custom resource's requests. `migrations` is the function migrate, `rounds` is ours."""

    def __init__(
        self,
        *,
        migrations: Callee,
        rounds: Callee,
        answers: Answers,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._migrations = migrations
        self._rounds = rounds
        self._answers = answers
        self._clock = clock
        self._sleep = sleep

    def __call__(self, request: Mapping[str, Any]) -> None:
        """Answer one request of CloudFormation's, or go on with it in another round.

        Raises UnavailableError where CloudFormation cannot be answered: Lambda calls again then.
        """
        try:
            verdict = self._verdict(request)
        except CalledFunctionError as error:
            verdict = _Verdict("FAILED", f"{error} The log of MigrateFunction says more.")
        except Exception as error:  # noqa: BLE001 -- whatever it is, CloudFormation must not wait for it
            logger().error("the gate failed", extra={"error": places_of(error)})
            verdict = _Verdict("FAILED", f"The migration could not be run ({type(error).__name__}).")
        if verdict is not None:
            self._answer(request, verdict)

    def _verdict(self, request: Mapping[str, Any]) -> _Verdict | None:
        """None where another round has been started. Raises CalledFunctionError, UnavailableError."""
        if request["RequestType"] == "Delete":
            return _Verdict("SUCCESS", "The data stays.")
        first = float(request.get(_FIRST, self._clock()))
        migrated = self._migrated()
        version, unfinished = str(migrated["version"]), migrated.get("unfinished")
        if unfinished is None:
            return _Verdict("SUCCESS", f"The schema is at version {version}.", version)
        if self._clock() - first >= _LAST_ROUND_AFTER_S:
            return _Verdict("FAILED", _how_to_go_on(version, str(unfinished)))
        self._rounds.start({**request, _FIRST: first})
        return None

    def _migrated(self) -> Mapping[str, Any]:
        """Once more where Lambda does not take the call: a new function's role takes a moment."""
        for pause_s in _PAUSES_S:
            asked = self._clock()
            try:
                return self._migrations.call({})
            except UnavailableError as error:
                logger().warning("no answer of migrate", extra={"reason": str(error)})
                if self._clock() - asked > _AT_ONCE_S:
                    return {"version": "unknown", "unfinished": "the connection to MigrateFunction was lost"}
                self._sleep(pause_s)
        return self._migrations.call({})

    def _answer(self, request: Mapping[str, Any], verdict: _Verdict) -> None:
        ids = {name: request[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        answer = {
            **ids,
            "Status": verdict.status,
            "Reason": verdict.reason[:_MOST_CHARS],
            "PhysicalResourceId": request.get("PhysicalResourceId", _ID),
            "Data": {"Version": verdict.version},
        }
        self._answers.send(str(request["ResponseURL"]), answer)
        logger().info("answered", extra={**ids, "status": verdict.status, "reason": verdict.reason})


def _how_to_go_on(version: str, unfinished: str) -> str:
    return (
        f"The migration takes longer than a deployment can wait; the schema is at version {version} "
        f"({unfinished}). It goes on in the database: deploy again when that is done."
    )
