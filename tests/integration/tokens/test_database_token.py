"""Tokens instead of passwords: what is signed, to whom it is sent, and that nobody else sees it."""

from __future__ import annotations

import ssl
import traceback
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import boto3
import psycopg
import pytest
from claimcheck.aws import database_token
from claimcheck.aws.database_token import INSTANCE_AUTHORITIES, auth_token, connect_with_token
from claimcheck.bootstrap import answering
from claimcheck.store.connection import Database
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.store.sql import Query

from tests.integration.tokens.asking_server import AskingServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "claimcheck.proxy-c1.eu-west-1.rds.example.com"
SECRET = "the-secret-access-key"


@pytest.fixture(autouse=True)
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The variables with which Lambda tells a function who it is."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    database_token._session.cache_clear()
    yield
    database_token._session.cache_clear()


def test_it_is_the_token_that_botocore_makes() -> None:
    """In every part, where both are made within the same second, the signature among them."""
    client = boto3.client("rds", region_name="eu-west-1")
    for _ in range(20):
        theirs = client.generate_db_auth_token(HOST, 5432, "claimcheck_api")
        ours = auth_token(HOST, 5432, "claimcheck_api")
        if _signed_at(theirs) == _signed_at(ours):
            assert _parts(ours) == _parts(theirs)
            return
    pytest.fail("never within one second")


def _signed_at(token: str) -> list[str]:
    return parse_qs(urlsplit(f"https://{token}").query)["X-Amz-Date"]


def _parts(token: str) -> tuple[str, str, dict[str, list[str]]]:
    parts = urlsplit(f"https://{token}")
    return parts.netloc, parts.path, parse_qs(parts.query)


def test_each_connection_has_a_token_of_its_own(tmp_path: Path) -> None:
    """Made for the URL's user, host and port, and sent as the password over TLS."""
    with AskingServer(tmp_path) as server:
        for _ in range(2):
            connect_with_token(server.url(), authorities=server.authorities, autocommit=True).close()
        assert [login.parameters["user"] for login in server.logins] == ["claimcheck_api"] * 2
        netloc, _, query = _parts(server.logins[0].password)
        assert netloc == f"localhost:{server.port}"
        assert (query["DBUser"], query["Action"]) == (["claimcheck_api"], ["connect"])
        assert query["X-Amz-Security-Token"] == ["session"]


@pytest.mark.parametrize("asked", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_a_url_cannot_ask_for_less_than_a_checked_certificate(tmp_path: Path, asked: str) -> None:
    """Whatever its sslmode says, a server with a certificate for another name gets no token."""
    with AskingServer(tmp_path, name="other.example.com") as server:
        with pytest.raises(psycopg.OperationalError):
            connect_with_token(f"{server.url()}&sslmode={asked}", authorities=server.authorities)
        assert (server.logins, server.in_clear) == ([], 0)


def test_a_server_that_nobody_vouches_for_gets_no_token(tmp_path: Path) -> None:
    """A certificate of another authority is refused before anything is said."""
    with AskingServer(tmp_path) as server:
        with pytest.raises(psycopg.OperationalError):
            connect_with_token(server.url(), authorities=INSTANCE_AUTHORITIES)
        assert server.logins == []


def test_the_url_may_name_its_own_authorities(tmp_path: Path) -> None:
    """`sslrootcert` of the URL counts."""
    with AskingServer(tmp_path) as server:
        connect_with_token(f"{server.url()}&sslrootcert={server.authorities}").close()
        assert len(server.logins) == 1


def test_a_refused_token_is_in_no_error(tmp_path: Path) -> None:
    """Neither its text, nor that of any error behind it, has the token or the secret it was signed with."""
    with AskingServer(tmp_path, refuse=True) as server:
        database = Database(f"{server.url()}&sslrootcert={server.authorities}", connect=connect_with_token)
        with pytest.raises(DatabaseUnavailableError) as refused:
            database.one(Query("one", "SELECT 1 AS n"), {})
        told = "".join(traceback.format_exception(refused.value))
        assert server.logins[0].password not in told
        assert "X-Amz-Signature" not in told
        assert SECRET not in told


def test_without_credentials_the_database_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function without a role cannot connect, and says so as of any database that is away."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    database = Database("postgresql://claimcheck_api@localhost:1/x", connect=connect_with_token)
    with pytest.raises(DatabaseUnavailableError):
        database.one(Query("one", "SELECT 1 AS n"), {})


def test_a_function_chooses_by_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_AUTH=iam is all that a function needs to be told."""
    with AskingServer(tmp_path) as server:
        monkeypatch.setenv(
            "DATABASE_URL", f"{server.url(user='claimcheck_auth')}&sslrootcert={server.authorities}"
        )
        monkeypatch.setenv("DATABASE_AUTH", "iam")
        monkeypatch.setenv("SHARED_USAGE_KEY", "of-no-account-here")
        answering.authorize.cache_clear()
        database = answering.authorize()._database
        database._open().close()
        answering.authorize.cache_clear()
        assert [login.parameters["user"] for login in server.logins] == ["claimcheck_auth"]
        assert "X-Amz-Signature" in server.logins[0].password
        assert database._begins, "and says BEGIN: it is behind RDS Proxy"


def test_the_authorities_of_rds_instances_are_with_us() -> None:
    """Eighty-one roots, of every region that the file names, which OpenSSL takes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(INSTANCE_AUTHORITIES)
    found = context.get_ca_certs()
    assert len(found) == 81
    assert "Amazon RDS eu-west-1 Root CA RSA2048 G1" in str(found)
