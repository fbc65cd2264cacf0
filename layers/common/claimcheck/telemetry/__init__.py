"""What the system tells of itself: logs, metrics and, where it is switched on, traces.

All three carry ids, codes, counts and seconds; never a document's text, a name that somebody chose or a
secret.
"""

from __future__ import annotations

from claimcheck.telemetry.invocation import observed
from claimcheck.telemetry.logs import about, ids_in, logger, places_of
from claimcheck.telemetry.metrics import count
from claimcheck.telemetry.traces import span, traceparent

__all__ = ["about", "count", "ids_in", "logger", "observed", "places_of", "span", "traceparent"]
