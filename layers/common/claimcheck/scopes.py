"""What a key may do: the scopes, and which of them each route of the API wants. This table alone says so.

A key has one or more scopes; none of them contains another. The authorizer's answer is kept for a minute and
for every route, so it only says which scopes the key has: the functions look their own route up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

WRITE = "jobs:write"
"""Hand in documents and jobs, and say what is to become of them."""

READ = "jobs:read"
"""See jobs, documents, results, trails, delivery logs and limits."""

ADMIN = "admin"
"""A tenant's own administration: secrets that sign, addresses, deletion, what happened to keys."""

ANY = "any"
"""Not a scope: whoever has a live key."""

PUBLIC = "public"
"""Not a scope: no key at all."""

SCOPES = (WRITE, READ, ADMIN)

# By method and resource, as the template writes them.
ROUTES: Mapping[tuple[str, str], str] = {
    ("POST", "/jobs/{id}"): WRITE,
    ("POST", "/jobs/{id}/cancel"): WRITE,
    ("POST", "/jobs/{id}/redrive"): WRITE,
    ("POST", "/documents"): WRITE,
    ("GET", "/jobs"): READ,
    ("GET", "/jobs/{id}"): READ,
    ("GET", "/jobs/{id}/events"): READ,
    ("GET", "/jobs/{id}/document"): READ,
    ("GET", "/documents/{id}"): READ,
    ("GET", "/limits"): READ,
    ("GET", "/usage"): READ,
    ("POST", "/estimates"): READ,  # asks, and leaves nothing behind
    # Whoever may hand in a job may have a webhook sent anywhere: a sample and a replay are no more than that.
    ("POST", "/jobs/{id}/deliveries/{delivery_id}/replay"): WRITE,
    ("POST", "/webhook-test"): WRITE,
    ("GET", "/jobs/{id}/deliveries"): READ,
    ("GET", "/deliveries/{id}"): READ,
    ("GET", "/webhook-addresses"): READ,
    ("POST", "/webhook-addresses/enable"): ADMIN,
    ("GET", "/webhook-secret"): ADMIN,
    ("POST", "/webhook-secret/rotate"): ADMIN,
    ("GET", "/events"): ADMIN,
    ("DELETE", "/jobs/{id}"): ADMIN,
    ("DELETE", "/documents/{id}"): ADMIN,
    ("GET", "/health"): PUBLIC,
    ("GET", "/openapi.json"): PUBLIC,
    ("GET", "/console"): PUBLIC,
    ("GET", "/console/{file+}"): PUBLIC,
    ("GET", "/docs"): PUBLIC,
    ("GET", "/docs/{file+}"): PUBLIC,
}


def missing_scope(method: str, resource: str, granted: Collection[str]) -> str | None:
    """The scope that a call wants and the key has not; None where the call may go on.

    Raises KeyError for a route that the table does not have: it is let through for nobody.
    """
    wanted = ROUTES[method, resource]
    return None if wanted in {ANY, PUBLIC} or wanted in granted else wanted
