"""The directory of one local system: its lock, and what it tells about itself while it runs."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from client.called_as import command
from local import secretfiles
from local.processes import ServiceError

DEFAULT = Path(".claimcheck")


@dataclass(frozen=True)
class UpFile:
    """What `up.json` says while `claimcheck up` runs; `docs/architecture.md` describes it."""

    pid: int
    url: str
    key: str
    model: str
    database_url: str
    started_at: str
    services: dict[str, str]
    operator: dict[str, str]


class DataDirectory:
    """A directory that one `claimcheck up` holds at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    @property
    def key(self) -> Path:
        """The file of the local tenant's API key."""
        return self.path / "key"

    @property
    def webhook_key(self) -> Path:
        """The file of the key that seals webhook secrets."""
        return self.path / "webhook.key"

    @property
    def role_passwords(self) -> Path:
        """The libpq password file of the functions' database roles."""
        return self.path / "postgres.roles"

    @property
    def up_file(self) -> Path:
        """The file that tells other commands where the system is."""
        return self.path / "up.json"

    def acquire(self) -> None:
        """Make the directory if need be and hold it until `release` or the end of this process.

        Raises ServiceError when another process holds it, with its pid, or it cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ServiceError(f"cannot use {self.path}: {error.strerror}; choose another --data") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise ServiceError(
                f"{self.path} is in use by claimcheck up (pid {self._lock_text() or 'unknown'}): "
                f'run "{command(f"down --data {self.path}")}" first, or use another --data'
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._lock = descriptor
        self.up_file.unlink(missing_ok=True)  # of one that was killed

    def release(self) -> None:
        """Remove up.json and let others have the directory."""
        if self._lock is not None:
            self.up_file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def holder(self) -> int | None:
        """Return the pid of the process that holds the directory now, None where nobody does."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ServiceError(f"cannot read {self.path / 'lock'}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return int(text) if (text := self._lock_text()).isdigit() else None
        else:
            return None
        finally:
            os.close(descriptor)

    def write_up(self, up: UpFile) -> None:
        """Tell other commands where the system is."""
        secretfiles.write(self.up_file, json.dumps(asdict(up), indent=1) + "\n")

    def _lock_text(self) -> str:
        return secretfiles.read(self.path / "lock") or ""
