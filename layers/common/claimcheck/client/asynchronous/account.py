"""What belongs to the tenant: webhooks, limits, usage, estimates, events; and the service itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.client import calls
from claimcheck.client.asynchronous.connection import AsyncConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date

    from claimcheck.client import models


class AsyncAccount(AsyncConnection):
    """Every call that is about neither jobs nor documents."""

    async def estimate(
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
        return await self.send(calls.estimate(task, document, questions=questions, priority=priority))

    async def usage(self, since: date | None = None, to: date | None = None) -> models.UsageReport:
        """Jobs, time, tokens and cost by day (UTC) and task, of 93 days at most; by itself the last 30."""
        return await self.send(calls.usage(since, to))

    async def limits(self) -> models.Limits:
        """Your limits, and how much of each is used."""
        return await self.send(calls.limits())

    async def deliveries(self, job_id: str) -> models.Deliveries:
        """A job's webhooks with every attempt."""
        return await self.send(calls.deliveries(job_id))

    async def delivery(self, delivery_id: str) -> models.Delivery:
        """A webhook with every attempt."""
        return await self.send(calls.delivery(delivery_id))

    async def replay(self, job_id: str, delivery_id: str) -> models.Delivery:
        """Send a webhook once more: the same event, signed with today's secrets."""
        return await self.send(calls.replay(job_id, delivery_id))

    async def test_webhook(self, url: str) -> models.Delivery:
        """Have a signed sample sent, and see what came of it."""
        return await self.send(calls.test_webhook(url))

    async def webhook_secrets(self) -> models.WebhookSecrets:
        """What signs your webhooks; its `values()` are what `verify_webhook` takes."""
        return await self.send(calls.webhook_secrets())

    async def rotate_webhook_secret(self) -> models.WebhookSecrets:
        """Take a new secret; the old one signs beside it for 24 h."""
        return await self.send(calls.rotate_webhook_secret())

    async def webhook_addresses(self) -> models.WebhookAddresses:
        """Addresses that fail or are disabled."""
        return await self.send(calls.webhook_addresses())

    async def enable_webhook_address(self, url: str) -> models.AddressEnabled:
        """Send to a disabled address again."""
        return await self.send(calls.enable_webhook_address(url))

    async def events(self, *, page: int = 100) -> AsyncIterator[models.TenantEvent]:
        """What happened to your keys, addresses, secrets and limits, newest first."""
        cursor: str | None = None
        while True:
            found = await self.send(calls.events(limit=page, cursor=cursor))
            for each in found.events:
                yield each
            cursor = found.next_cursor
            if cursor is None:
                return

    async def health(self) -> models.Health:
        """Whether the service is alive; needs no key."""
        return await self.send(calls.health())

    async def openapi(self) -> dict[str, Any]:
        """The API's own document; needs no key."""
        return await self.send(calls.openapi())
