"""Webhook secrets at rest open with the right key, for the right tenant, unaltered, or not at all."""

from __future__ import annotations

import base64
import secrets

import pytest
from claimcheck.webhooks.vault import Vault, VaultError
from hypothesis import given
from hypothesis import strategies as st


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


KEY = new_key()


def vault(key: str = KEY) -> Vault:
    return Vault(lambda: key)


@given(st.text(), st.text())
def test_what_is_sealed_opens_again(tenant_id: str, secret: str) -> None:
    """A secret comes back as it was, also from another environment with the same key."""
    assert vault().open(tenant_id, vault().seal(tenant_id, secret)) == secret


def test_sealing_hides_the_secret() -> None:
    """The sealed bytes hold neither the secret nor a sign that two secrets are the same."""
    first, second = vault().seal("acme", "whsec_hidden"), vault().seal("acme", "whsec_hidden")
    assert b"whsec_hidden" not in first
    assert first != second
    assert first[:12] != second[:12]


def test_another_tenant_cannot_open_it() -> None:
    """A sealed secret that was moved to another tenant's row does not open."""
    with pytest.raises(VaultError):
        vault().open("globex", vault().seal("acme", "whsec_hidden"))


def test_another_key_cannot_open_it() -> None:
    """A database restored beside another deployment's key gives no secret."""
    with pytest.raises(VaultError):
        vault(new_key()).open("acme", vault().seal("acme", "whsec_hidden"))


@given(st.data())
def test_a_changed_bit_is_noticed(data: st.DataObject) -> None:
    """One flipped bit anywhere, the nonce included, keeps it from opening."""
    sealed = bytearray(vault().seal("acme", "whsec_hidden"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(VaultError):
        vault().open("acme", bytes(sealed))


@given(st.binary(max_size=60))
def test_foreign_bytes_do_not_open(sealed: bytes) -> None:
    """Bytes that no vault made, the empty ones included, raise VaultError and nothing else."""
    with pytest.raises(VaultError):
        vault().open("acme", sealed)


def test_the_same_key_in_hex_opens() -> None:
    """A stack makes its key in hex (64 characters); the same 32 bytes in base64 are the same key."""
    sealed = vault(KEY).seal("acme", "whsec_hidden")
    assert vault(base64.b64decode(KEY).hex()).open("acme", sealed) == "whsec_hidden"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("not base64!", id="no base64"),
        pytest.param("ключ", id="not ASCII"),
        pytest.param(base64.b64encode(b"k" * 31).decode(), id="too short"),
        pytest.param(base64.b64encode(b"k" * 33).decode(), id="too long"),
        pytest.param(base64.b64encode(b"k" * 16).decode(), id="AES-128"),
        pytest.param("0" * 63, id="hex, too short"),
        pytest.param("0" * 66, id="hex, too long"),
    ],
)
def test_a_malformed_key_is_refused(key: str) -> None:
    """A key that is neither base64 nor hex of 32 bytes seals nothing, and the error does not repeat it."""
    with pytest.raises(VaultError) as caught:
        vault(key).seal("acme", "whsec_hidden")
    assert not key or key not in str(caught.value)


def test_a_malformed_key_is_no_excuse_to_remember() -> None:
    """After a malformed key the next call reads the key again."""
    keys = iter(["", KEY])
    one = Vault(lambda: next(keys))
    with pytest.raises(VaultError):
        one.seal("acme", "whsec_hidden")
    assert vault().open("acme", one.seal("acme", "whsec_hidden")) == "whsec_hidden"


@pytest.mark.parametrize("key", ["", "not base64!"])
def test_a_vault_that_cannot_be_unlocked_says_so(key: str) -> None:
    """Whether the key is of use is known before anything is sealed or opened."""
    with pytest.raises(VaultError):
        vault(key).unlock()


def test_an_unlocked_vault_reads_no_key() -> None:
    """After `unlock`, sealing and opening need nobody."""
    keys = iter([KEY])
    one = Vault(lambda: next(keys))
    one.unlock()
    one.unlock()
    assert one.open("acme", one.seal("acme", "whsec_hidden")) == "whsec_hidden"


def test_the_key_is_read_on_first_use_and_once() -> None:
    """Making a vault reads nothing; all its calls together read the key once."""
    reads = []

    def read() -> str:
        reads.append(1)
        return KEY

    one = Vault(read)
    assert not reads
    one.open("acme", one.seal("acme", "whsec_hidden"))
    assert len(reads) == 1
