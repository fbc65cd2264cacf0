"""The driver's errors, wrapped once: above the store nobody knows psycopg."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from claimcheck.failures import SchemaBehindError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator


OBJECT_LEAVING = "objects_leaving"
"""The constraint of bytes that are being deleted from the bucket at this moment."""
OBJECT_GONE = frozenset({"objects_wanted_first", "documents_object"})
"""The constraints of bytes that were here, and were deleted meanwhile."""
NAMED_DOCUMENT = "jobs_document_id_fkey"
"""The constraint of a document that a job names."""


class StoreError(Exception):
    """The database could not do what was asked."""


class DatabaseUnavailableError(StoreError, UnavailableError):
    """Cannot connect, the connection was lost, or the server is no primary any more.

    Whether the statement ran is not known.
    """


class SchemaMissesError(DatabaseUnavailableError, SchemaBehindError):
    """The schema lacks what a statement names; the statement did nothing."""


class ConstraintError(StoreError):
    """A constraint refused the change; `constraint` is its name."""

    def __init__(self, constraint: str | None) -> None:
        super().__init__(f"refused by constraint {constraint}")
        self.constraint = constraint


# What a schema lacks that a later migration brings: each is refused before the statement has done anything.
_LACKING = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,
    psycopg.errors.InvalidColumnReference,  # ON CONFLICT without its unique index
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into StoreErrors. Their text may quote data, so it is not kept."""
    try:
        yield
    except psycopg.errors.IntegrityError as error:
        raise ConstraintError(error.diag.constraint_name) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(
            f"the database call failed ({error.sqlstate or 'connection lost'})"
        ) from error
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise DatabaseUnavailableError("the server takes no changes: another one has its place") from error
    except _LACKING as error:
        raise SchemaMissesError(f"the schema lacks what the statement names ({error.sqlstate})") from error
    except psycopg.errors.InsufficientPrivilege as error:
        # Grants come with migrations too; a row that row-level security refuses has the same code.
        if (error.diag.message_primary or "").startswith("permission denied"):
            raise SchemaMissesError(f"the schema does not let the role in ({error.sqlstate})") from error
        raise StoreError(f"the database refused the statement ({error.sqlstate})") from error
    except psycopg.Error as error:
        raise StoreError(f"the database refused the statement ({error.sqlstate})") from error
    except UnicodeError as error:  # what UTF-8 cannot encode fails in the driver itself
        raise StoreError("the statement holds text that cannot be stored") from error
