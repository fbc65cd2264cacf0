# Made by toolchain/sync_client.py of asynchronous/account.py. Do not edit.
"""What belongs to the tenant: webhooks, limits, usage, estimates, events; and the service itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.client import calls
from claimcheck.client.synchronous.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from claimcheck.client import models


class Account(Connection):
    """Every call that is about neither jobs nor documents."""

    def estimate(
        self,
        task: str,
        *,
        characters: int | None = None,
        pages: int | None = None,
        size: int | None = None,
        media_type: str | None = None,
        questions: int | None = None,
        priority: str | None = None,
    ) -> models.Estimate:
        """What a job would cost: by characters, or by pages or bytes (`size`) of a media type."""
        said = {"characters": characters, "pages": pages, "bytes": size, "media_type": media_type}
        document = {name: value for name, value in said.items() if value is not None}
        return self.send(calls.estimate(task, document, questions=questions, priority=priority))

    def usage(self, since: date | None = None, to: date | None = None) -> models.UsageReport:
        """Jobs, time, tokens and cost by day (UTC) and task, of 93 days at most; by itself the last 30."""
        return self.send(calls.usage(since, to))

    def limits(self) -> models.Limits:
        """Your limits, and how much of each is used."""
        return self.send(calls.limits())

    def deliveries(self, job_id: str) -> models.Deliveries:
        """A job's webhooks with every attempt."""
        return self.send(calls.deliveries(job_id))

    def delivery(self, delivery_id: str) -> models.Delivery:
        """A webhook with every attempt."""
        return self.send(calls.delivery(delivery_id))

    def replay(self, job_id: str, delivery_id: str) -> models.Delivery:
        """Send a webhook once more: the same event, signed with today's secrets."""
        return self.send(calls.replay(job_id, delivery_id))

    def test_webhook(self, url: str) -> models.Delivery:
        """Have a signed sample sent, and see what came of it."""
        return self.send(calls.test_webhook(url))

    def webhook_secrets(self) -> models.WebhookSecrets:
        """What signs your webhooks; its `values()` are what `verify_webhook` takes."""
        return self.send(calls.webhook_secrets())

    def rotate_webhook_secret(self) -> models.WebhookSecrets:
        """Take a new secret; the old one signs beside it for 24 h."""
        return self.send(calls.rotate_webhook_secret())

    def webhook_addresses(self) -> models.WebhookAddresses:
        """Addresses that fail or are disabled."""
        return self.send(calls.webhook_addresses())

    def enable_webhook_address(self, url: str) -> models.AddressEnabled:
        """Send to a disabled address again."""
        return self.send(calls.enable_webhook_address(url))

    def events(self, *, page: int = 100) -> Iterator[models.TenantEvent]:
        """What happened to your keys, addresses, secrets and limits, newest first."""
        cursor: str | None = None
        while True:
            found = self.send(calls.events(limit=page, cursor=cursor))
            for each in found.events:
                yield each
            cursor = found.next_cursor
            if cursor is None:
                return

    def health(self) -> models.Health:
        """Whether the service is alive; needs no key."""
        return self.send(calls.health())

    def openapi(self) -> dict[str, Any]:
        """The API's own document; needs no key."""
        return self.send(calls.openapi())
