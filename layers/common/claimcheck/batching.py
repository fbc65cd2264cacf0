"""The settings of `economy`: when questions are sent in batches, how many, how often it looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.environment import DatabaseAuth


@dataclass(frozen=True, slots=True)
class EconomySettings:
    """Batches: when they are sent, how large, and how often they are looked at.

    Questions of a model are sent when one has waited for `wait_s` seconds or there are `enough`, at most
    `most` and `most_bytes` in one batch (the API takes 100,000 and 256 MB; here they pass through memory).
    `look_s`: between two looks at a batch at least; they become rarer as it grows older, up to `look_most_s`.
    `lease_s`: nobody else looks at a batch for so long; longer than the function may run.
    `note_at_once`: results in a transaction, which holds their jobs.
    `settle_s`: how long after an unanswered attempt to send it a batch may still turn up at the API.
    """

    database_url: str
    documents_bucket: str
    jobs_queue_url: str
    anthropic_secret_arn: str
    anthropic_workspace_id: str = ""
    database_auth: DatabaseAuth = "password"
    wait_s: float = 300.0
    enough: int = 1_000
    most: int = 10_000
    most_bytes: int = 30_000_000
    look_s: float = 60.0
    look_most_s: float = 900.0
    lease_s: float = 330.0
    note_at_once: int = 100
    settle_s: float = 900.0
