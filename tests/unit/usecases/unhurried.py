"""A governor of a model whose rate has no end: it admits every call at once, and asks no database."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from claimcheck.rates import Amounts
from claimcheck.usecases.governor import Admission, Governor

from tests.unit.usecases.scripted_database import InlineThread, ScriptedDatabase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from claimcheck.rates import Wanted


class Unhurried(Governor):
    """Keeps what it admitted, each with what was said of it when its block ended."""

    def __init__(self, *, waited_s: float = 0.0) -> None:
        super().__init__(InlineThread(ScriptedDatabase()))
        self._waited_s = waited_s
        self.admissions: list[Admission] = []

    @contextlib.asynccontextmanager
    async def admitted(self, wanted: Wanted) -> AsyncIterator[Admission]:
        if self._waited_s:
            await asyncio.sleep(self._waited_s)
        admission = Admission(wanted, Amounts(1, wanted.tokens, wanted.max_tokens), self._waited_s)
        self.admissions.append(admission)
        yield admission
