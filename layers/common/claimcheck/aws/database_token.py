"""Connections to PostgreSQL that a token of IAM opens, a new one for each, made without asking anybody.

The token is a password for 15 minutes, so it goes only to a server whose certificate is checked, and into no
log: what fails here names neither it nor the address.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    import psycopg
    from botocore.session import Session
    from psycopg.rows import TupleRow

PROXY_AUTHORITIES = Path("/etc/pki/tls/certs/ca-bundle.crt")
"""Who signs the certificate of RDS Proxy: an authority of the public web's, as Amazon Linux keeps them."""
INSTANCE_AUTHORITIES = Path(__file__).with_name("rds.pem")
"""Who signs those of RDS instances: Amazon's own, which no system has (docs/database.md)."""

_EXPIRES_S = 900  # all that RDS takes; a connection that is open outlives it


def connect_with_token(
    url: str, *, authorities: Path = PROXY_AUTHORITIES, **options: Any
) -> psycopg.Connection[TupleRow]:
    """Connect as the URL's user, to its host, with a token. `options` are psycopg's own.

    The server's certificate is checked against `authorities`, or what the URL says as `sslrootcert`.
    Raises psycopg.OperationalError.
    """
    import psycopg
    from botocore.exceptions import BotoCoreError
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    host, port, user = (str(parts.get(name) or "") for name in ("host", "port", "user"))
    try:
        token = auth_token(host, int(port or 5432), user)
    except BotoCoreError as error:
        raise psycopg.OperationalError(f"no token can be made: {type(error).__name__}") from None
    checked: dict[str, Any] = {
        "sslmode": "verify-full",
        "sslrootcert": parts.get("sslrootcert") or str(authorities),
    }
    connection: psycopg.Connection[TupleRow] = psycopg.connect(url, password=token, **checked, **options)
    return connection


def auth_token(host: str, port: int, user: str) -> str:
    """A token with which `user` logs in to `host`, as botocore's `generate_db_auth_token` makes it.

    Without that client: it reads the description of RDS, which takes longer than the connection. Raises
    BotoCoreError where there are no credentials or no region.
    """
    from botocore.exceptions import NoCredentialsError, NoRegionError
    from botocore.hooks import HierarchicalEmitter
    from botocore.model import ServiceId
    from botocore.signers import RequestSigner

    session = _session()
    credentials, region = session.get_credentials(), os.environ.get("AWS_REGION")
    region = region or session.get_config_variable("region")
    if credentials is None:
        raise NoCredentialsError
    if not region:
        raise NoRegionError
    events = HierarchicalEmitter()  # the signer holds it weakly
    signer = RequestSigner(ServiceId("RDS"), region, "rds-db", "v4", credentials, events)
    query = urlencode({"Action": "connect", "DBUser": user})
    request = {
        "method": "GET",
        "url": f"https://{host}:{port}/?{query}",
        "body": {},
        "headers": {},
        "context": {},
    }
    url: str = signer.generate_presigned_url(
        request, operation_name="connect", region_name=region, expires_in=_EXPIRES_S, signing_name="rds-db"
    )
    return url.removeprefix("https://")


@cache
def _session() -> Session:
    """Kept: its credentials renew themselves where they can."""
    from botocore.session import get_session

    return get_session()
