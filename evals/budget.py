"""How much may still be spent: what may be under way is set aside before it starts."""

from __future__ import annotations

import threading


class Budget:
    """At most `limit` dollars, of which `spent` are gone. Safe to use from several threads.

    A document's worst case is set aside before its jobs are submitted, and given back for what they cost
    in the end: whatever happens in between, the limit holds as far as the API keeps `max_cost_usd`.
    """

    def __init__(self, limit: float, spent: float = 0.0) -> None:
        self.limit = limit
        self.spent = spent
        self.closed = False
        self._aside = 0.0
        self._change = threading.Condition()

    def reserve(self, worst: float) -> bool:
        """Set `worst` dollars aside; False, now and from then on, where that would go beyond the limit.

        Waits as long as others have something aside that may come back.
        """
        with self._change:
            while not self.closed and self.spent + self._aside + worst > self.limit:
                if not self._aside:
                    self._close()
                    break
                self._change.wait()
            if self.closed:
                return False
            self._aside += worst
            return True

    def settle(self, worst: float, cost: float) -> None:
        """Give back what was set aside, and count what it cost."""
        with self._change:
            self._aside = max(0.0, self._aside - worst)
            self.spent += cost
            self._change.notify_all()

    def stop(self) -> None:
        """Let nobody set anything aside any more."""
        with self._change:
            self._close()

    def _close(self) -> None:
        self.closed = True
        self._change.notify_all()
