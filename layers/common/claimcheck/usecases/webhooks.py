"""What a tenant may see and do about its webhooks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from claimcheck.refusals import AddressNotDisabledError
from claimcheck.store.deliveries import get_deliveries
from claimcheck.store.webhooks import enable_address, list_addresses, list_events
from claimcheck.tasks.address import parse_known_address
from claimcheck.usecases.paging import page_cursor, page_limit
from claimcheck.usecases.read import checked_id, missing
from claimcheck.usecases.replay import shown

if TYPE_CHECKING:
    from claimcheck.store.connection import Database


class Webhooks:
    """Delivery logs, addresses in trouble, and the tenant's own events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deliveries(self, tenant_id: str, job_id: str) -> str:
        """A job's webhook log, as JSON. Raises JobNotFoundError, PurgedError."""
        found = get_deliveries(self._database, tenant_id, checked_id(job_id))
        if found is None:
            raise missing(self._database, tenant_id, job_id)
        return found

    def delivery(self, tenant_id: str, delivery_id: str) -> str:
        """A delivery with its attempts, as JSON: a sample's only place. Raises DeliveryNotFoundError."""
        return shown(self._database, tenant_id, delivery_id).body

    def addresses(self, tenant_id: str) -> str:
        """The addresses that fail or are disabled, as JSON."""
        return list_addresses(self._database, tenant_id)

    def enable(self, tenant_id: str, body: bytes) -> str:
        """Send to a disabled address again; what ended meanwhile can be replayed.

        Raises InvalidRequest, AddressNotDisabledError.
        """
        url = parse_known_address(body)
        if not enable_address(self._database, tenant_id, url):
            raise AddressNotDisabledError
        return json.dumps({"url": url, "status": "enabled"}, ensure_ascii=False)

    def events(self, tenant_id: str, *, cursor: str | None = None, limit: str | None = None) -> str:
        """A page of the tenant's events, newest first, as JSON. Raises InvalidQueryError."""
        most = page_limit(limit)
        found = list_events(self._database, tenant_id, before=page_cursor(cursor), limit=most + 1)
        page = found[:most]
        following = json.dumps(page[-1].event_id if len(found) > most else None)
        return f'{{"events":[{",".join(each.body for each in page)}],"next_cursor":{following}}}'
