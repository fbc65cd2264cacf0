"""The check over migrations finds what would break the version before, or keep everybody waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolchain.migrations import VERSIONS, faults

if TYPE_CHECKING:
    from pathlib import Path

REVISION = 'def upgrade() -> None:\n    """Run it."""\n    apply_{how}("0099_new.sql")\n'


def found(folder: Path, script: str, *, how: str = "sql") -> str:
    """What the check says of a migration with this script."""
    (folder / "0099_new.py").write_text(REVISION.format(how=how), encoding="utf-8")
    (folder / "0099_new.sql").write_text(script, encoding="utf-8")
    return "\n".join(faults(folder))


def test_the_migrations_keep_the_rules() -> None:
    """All that are newer than the check."""
    assert faults(VERSIONS) == []


BAD = {
    "DROP TABLE jobs;": "ban-drop-table",
    "ALTER TABLE jobs DROP COLUMN task;": "ban-drop-column",
    "ALTER TABLE jobs RENAME COLUMN task TO kind;": "renaming-column",
    "ALTER TABLE jobs RENAME TO work;": "renaming-table",
    "ALTER TABLE jobs ALTER COLUMN task TYPE varchar(9);": "changing-column-type",
    "ALTER TABLE jobs ADD COLUMN a text NOT NULL;": "adding-required-field",
    "ALTER TABLE jobs ALTER COLUMN a SET NOT NULL;": "adding-not-nullable-field",
    "ALTER TABLE jobs ADD CONSTRAINT a CHECK (task <> '');": "constraint-missing-not-valid",
    "CREATE INDEX a ON jobs (task);": "require-concurrent-index-creation",
    "DROP INDEX jobs_due;": "require-concurrent-index-deletion",
    "DROP FUNCTION iso(timestamptz);": "ban-drop-function",
    "TRUNCATE jobs;": "locks everybody out",
    "SET LOCAL lock_timeout = '1h';": "the runner sets the timeouts",
}


@pytest.mark.parametrize("script", BAD)
def test_what_breaks_or_blocks_is_found(tmp_path: Path, script: str) -> None:
    """Each by its rule."""
    assert BAD[script] in found(tmp_path, script)


GOOD = (
    "CREATE TABLE things (id uuid PRIMARY KEY, n integer NOT NULL);\nCREATE INDEX things_n ON things (n);",
    "ALTER TABLE jobs ADD COLUMN a text;",
    "ALTER TABLE jobs ADD COLUMN a boolean NOT NULL DEFAULT false;",
    "ALTER TABLE jobs ADD CONSTRAINT a CHECK (task <> '') NOT VALID;",
    "-- Nobody has read it since 0042.\n-- squawk-ignore ban-drop-column\nALTER TABLE jobs DROP COLUMN task;",
)


@pytest.mark.parametrize("script", GOOD, ids=["table", "nullable", "default", "unchecked", "reasoned"])
def test_what_adds_is_good(tmp_path: Path, script: str) -> None:
    """Tables with their indexes, columns, constraints for new rows, and an exception with its reason."""
    assert found(tmp_path, script) == ""


def test_indexes_one_by_one_are_good(tmp_path: Path) -> None:
    """In a migration of single statements they are made while everybody writes."""
    assert found(tmp_path, "CREATE INDEX CONCURRENTLY a ON jobs (task);", how="each") == ""


def test_an_exception_needs_its_reason(tmp_path: Path) -> None:
    """A bare one is a fault."""
    script = "-- squawk-ignore ban-drop-column\nALTER TABLE jobs DROP COLUMN task;"
    assert "without a reason" in found(tmp_path, script)


def test_sql_outside_of_the_files_is_found(tmp_path: Path) -> None:
    """What stands in Python would not be read by the check."""
    (tmp_path / "0099_new.py").write_text('def upgrade() -> None:\n    op.execute("DROP TABLE jobs")\n')
    assert "its one step is" in "\n".join(faults(tmp_path))
