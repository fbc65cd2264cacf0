"""The client."""

from __future__ import annotations

from claimcheck.client.asynchronous.account import AsyncAccount
from claimcheck.client.asynchronous.jobs import AsyncJobs


class AsyncClient(AsyncJobs, AsyncAccount):
    """Every call of the Claimcheck API; `docs/python-client.md` shows how it is used."""
