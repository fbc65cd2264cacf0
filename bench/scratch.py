"""A directory for one run."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A new directory, and nothing of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        yield directory
