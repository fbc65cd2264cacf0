"""The version of the client, which it tells the service of."""

from __future__ import annotations

VERSION = "0.1.0"
