"""Keys, secrets and signed addresses are shown to nobody: not in logs, not in repr, not in errors."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from claimcheck.client import ClaimcheckError, Client, Unreachable
from claimcheck.client.models import Document, WebhookSecrets

from tests.unit.client.standin import Answer, Asked, StandIn, script

if TYPE_CHECKING:
    from tests.unit.python_client.driven import Kind

KEY = "ck_local_s3cret"
AT = "2026-11-30T00:00:00Z"
UPLOAD = {
    "url": "https://b.example/a?X-Amz-Signature=s1gned",
    "method": "PUT",
    "headers": {"x-sig": "s1gned"},
}
DOCUMENT = {
    "document_id": "d",
    "status": "waiting",
    "name": None,
    "media_type": "text/plain",
    "bytes": 1,
    "sha256": "0",
    "created_at": AT,
    "stored_at": None,
    "upload_until": None,
    "links": {},
    "upload": {**UPLOAD, "expires_at": AT},
}


def test_a_client_shows_its_address_alone(client_of: Kind) -> None:
    """In repr, and in what its errors say."""
    with StandIn(script(Answer(403, {"title": "Forbidden"}))) as server, client_of(server.url, KEY) as client:
        assert KEY not in repr(client)
        assert server.url in repr(client)
        with pytest.raises(ClaimcheckError) as caught:
            client.limits()
    assert KEY not in f"{caught.value!r}{caught.value}"


def test_models_do_not_show_what_opens_doors() -> None:
    """Secrets and signed addresses are there, and not in repr."""
    document = Document.model_validate(DOCUMENT)
    assert document.upload is not None
    assert "s1gned" not in repr(document)
    assert "s1gned" in document.upload.url
    each = {"secret": "whsec_s3cret", "created_at": AT, "expires_at": None}
    secrets = WebhookSecrets.model_validate({"secrets": [each]})
    assert "s3cret" not in f"{secrets!r}{secrets}"
    assert secrets.values() == ["whsec_s3cret"]


def test_logs_have_no_signatures_and_no_keys(client_of: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """httpx logs each address: the query of a signed one is left out, whatever level is on."""
    server: list[StandIn] = []

    def answer(asked: Asked) -> Answer:
        if asked.method == "PUT":
            return Answer(200)
        target = {**UPLOAD, "url": f"{server[0].url}/put?a=1&X-Amz-Signature=s1gned", "expires_at": AT}
        return Answer(201, {**DOCUMENT, "upload": {**target, "headers": {"Content-Length": "1"}}})

    with caplog.at_level(logging.DEBUG), StandIn(answer) as standin, client_of(standin.url, KEY) as client:
        server.append(standin)
        client.upload(b"a")
    assert "/put" in caplog.text
    assert "s1gned" not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", ["ck_s3cret\n", "ck_s3cret ", "ck_s3crét"])
def test_a_key_that_is_none_is_not_repeated(client_of: Kind, key: str) -> None:
    """ValueError, before anything is sent."""
    with (
        pytest.raises(ValueError, match="the key has characters that no key has") as caught,
        client_of("http://a", key),
    ):
        pass
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "localhost:3000", "ftp://x", "http://[", "http://a:99999", "http:///x"),
        *("http://a..b", "http://a\x00b", "http://a/\n", "https://xn--/", f"http://{64 * 'a'}.example"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """ValueError that says where it is given."""
    monkeypatch.delenv("CLAIMCHECK_URL", raising=False)
    with pytest.raises(ValueError, match="is no http address: give base_url, or set CLAIMCHECK_URL"):
        Client(url, "k")


def test_a_key_in_the_place_of_an_address_is_not_repeated() -> None:
    """Both are strings, and easily exchanged."""
    with pytest.raises(ValueError, match="a key is no http address") as caught:
        Client(KEY, "http://a")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://u:p4ss@a", "http://a/?p4ss=1", "http://a/#p4ss"])
def test_an_address_with_more_than_a_host_and_a_stage_is_refused(url: str) -> None:
    """What should not be there is not repeated."""
    with pytest.raises(ValueError, match="more than host, port and stage") as caught:
        Client(url, "k")
    assert "p4ss" not in str(caught.value)


def test_both_come_from_the_environment(client_of: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """CLAIMCHECK_URL and CLAIMCHECK_KEY, where nothing is given."""
    with StandIn(script(Answer(404, {"title": "No"}))) as server:
        monkeypatch.setenv("CLAIMCHECK_URL", server.url)
        monkeypatch.setenv("CLAIMCHECK_KEY", KEY)
        with client_of(retries=None) as client, pytest.raises(ClaimcheckError):
            client.limits()
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_unreachable_does_not_repeat_what_httpx_said() -> None:
    """Its words may hold an address of a proxy with its password."""
    with Client("http://127.0.0.1:9", KEY, retries=None) as client, pytest.raises(Unreachable) as caught:
        client.limits()
    assert (
        str(caught.value) == "cannot connect to http://127.0.0.1:9: is it running, and is this its address?"
    )
