"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# Machines here are shared and slow by turns: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
