"""A queue that keeps what was sent, refuses a few, or is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class RecordingQueue:
    """Takes messages; `refuses` so many of each batch, or all where it is `away`."""

    def __init__(self, *, refuses: int = 0, away: bool = False) -> None:
        self._refuses = refuses
        self._away = away
        self.sent: list[tuple[Mapping[str, Any], str]] = []
        self.calls = 0

    def send(self, message: Mapping[str, Any], *, group: str, delay_s: float = 0) -> None:
        if self.send_all([(message, group)]):
            raise UnavailableError("SQS could not be reached (EndpointConnectionError)")

    def send_all(
        self, messages: Sequence[tuple[Mapping[str, Any], str]], *, delays_s: Sequence[float] | None = None
    ) -> int:
        self.calls += 1
        if self._away:
            return len(messages)
        self.sent += messages
        return self._refuses
