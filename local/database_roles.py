"""Each function has a database role of its own, here as on AWS, with a password instead of tokens."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from local import secretfiles
from local.processes import ServiceError

if TYPE_CHECKING:
    from pathlib import Path

ROLES = ("claimcheck_api", "claimcheck_worker", "claimcheck_auth", "claimcheck_operator")
"""Whom functions connect as; the schema's migration makes them."""


def address_of(url: str, passwords: Path | None = None) -> str:
    """The template's DatabaseAddress for a URL: all but its user and password (those of roles in a file)."""
    from psycopg.conninfo import conninfo_to_dict

    parts: dict[str, Any] = conninfo_to_dict(url)
    user, _ = parts.pop("user", None), parts.pop("password", None)
    name = str(parts.pop("dbname", None) or user or "")
    if passwords is not None:
        parts["passfile"] = str(passwords)
    host, port = str(parts.get("host") or ""), str(parts.get("port") or "5432")
    where = ""
    if host and not host.startswith("/") and "," not in host:
        del parts["host"]
        parts.pop("port", None)
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    query = urlencode(parts, quote_via=quote)
    return f"{where}/{quote(name)}{'?' if query else ''}{query}"


def give_passwords(url: str, passwords: Path) -> None:
    """Let the roles of a migrated database log in with passwords, which are kept in a libpq password file.

    They follow from the URL's own password, so that all who use one server agree on them; where it needs
    none, neither do they. Raises ServiceError where the URL's user may not set them, or a role cannot log in.
    """
    import psycopg
    from psycopg import sql

    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            key = connection.info.password
            given = {role: password_of(role, key) for role in ROLES} if key else {}
            for role, password in given.items():
                # encrypted here: a server may log the statement
                sealed = connection.pgconn.encrypt_password(
                    password.encode(), role.encode(), b"scram-sha-256"
                ).decode()
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(role), sql.Literal(sealed)))
    except psycopg.errors.InsufficientPrivilege:
        raise ServiceError(
            f"the user of DATABASE_URL may not give the roles {', '.join(ROLES)} a password: an "
            "administrator GRANTs them to it WITH ADMIN OPTION, and CREATEROLE (docs/database.md)"
        ) from None
    secretfiles.write(passwords, "".join(f"*:*:*:{role}:{given[role]}\n" for role in given))


def check_roles(url: str, passwords: Path) -> None:
    """Raises ServiceError where a role cannot log in to the server of `url`; its address is not repeated."""
    import psycopg

    address = address_of(url, passwords)
    for role in ROLES:
        try:
            psycopg.connect(f"postgresql://{role}@{address}", connect_timeout=5).close()
        except psycopg.OperationalError as error:
            reason = " ".join(str(error).split())
            raise ServiceError(
                f"the role {role} cannot log in to the server of DATABASE_URL: {reason} (docs/database.md)"
            ) from None


def password_of(role: str, key: str) -> str:
    """What a role logs in with, where `key` is the password of the user that migrates."""
    return hmac.new(key.encode(), role.encode(), hashlib.sha256).hexdigest()
