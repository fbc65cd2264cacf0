"""Each test is run with both clients."""

from __future__ import annotations

import pytest

from tests.unit.python_client.driven import Kind


@pytest.fixture(params=["sync", "async"])
def client_of(request: pytest.FixtureRequest) -> Kind:
    """Makes clients of one kind."""
    return Kind(request.param)
