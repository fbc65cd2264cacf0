# Made by toolchain/sync_client.py of asynchronous/client.py. Do not edit.
"""The client."""

from __future__ import annotations

from claimcheck.client.synchronous.account import Account
from claimcheck.client.synchronous.jobs import Jobs


class Client(Jobs, Account):
    """Every call of the Claimcheck API; `docs/python-client.md` shows how it is used."""
