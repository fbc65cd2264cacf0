"""The search for canaries finds a leak, in whatever form it was written."""

from __future__ import annotations

import base64

import pytest

from tests.e2e.canaries import Canaries, forms

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", [name for name, _ in forms("abc")])
def test_a_leak_in_any_form_is_found(name: str) -> None:
    """The search finds a planted leak, wherever in a line it stands."""
    canaries = Canaries()
    secret = canaries.new("planted")
    written = dict(forms(secret))[name]
    planted = f'{{"message": "x {written} y"}}\n{{"other": "line"}}'
    assert [kind for kind, _, _ in canaries.found_in(planted)]
    assert canaries.found_in('{"message": "canary"}') == []


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_leak_inside_of_base64_is_found(before: str) -> None:
    """Encoded with what stands around it, at any offset."""
    canaries = Canaries()
    text = f"{before}{canaries.new('planted')} and more"
    assert canaries.found_in(base64.b64encode(text.encode()).decode())
    assert canaries.found_in(base64.urlsafe_b64encode(text.encode()).decode())
