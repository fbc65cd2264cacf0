"""The first time in a database, and harmless ever after: what only the server's master user may do.

RDS makes a master user, who may make roles, and a database that he owns. Roles are made with their limits,
and the database is handed to claimcheck_owner, who then migrates and may do nothing besides.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from claimcheck.sql.migrations.statements import Connect

_OWNER = "claimcheck_owner"
_ROLES = "0010_roles.sql"  # may be run by itself, and again
_MAY_HAND_OVER = "SELECT pg_has_role(current_user, %s, 'SET') AND pg_has_role(current_user, %s, 'USAGE')"
_OWNED_BY = "SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"


def bring_up(connect: Connect) -> None:
    """Make the roles that are missing, and claimcheck_owner the database's owner.

    `connect` opens a connection as the master user, to the database. Raises psycopg.Error.
    """
    with connect() as connection:
        connection.autocommit = True
        connection.execute((resources.files("claimcheck.sql.migrations.versions") / _ROLES).read_bytes())
        owner = sql.Identifier(_OWNER)
        if connection.execute(_MAY_HAND_OVER, [_OWNER, _OWNER]).fetchone() != (True,):
            grant = "GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"
            connection.execute(sql.SQL(grant).format(owner))
        found = connection.execute(_OWNED_BY).fetchone()
        if found is not None and found[1] != _OWNER:
            hand_over = sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(found[0]), owner)
            connection.execute(hand_over)
