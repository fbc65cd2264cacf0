"""PgBouncer in transaction mode before a test's database: the nearest thing to RDS Proxy that runs here."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psycopg

from local.processes import LOOPBACK, free_port

_PROGRAMS = ("pgbouncer", "/usr/sbin/pgbouncer")
_NOBODY = 65_534  # as root it refuses to run
_PATIENCE_S = 20.0


def program() -> str | None:
    """The path of PgBouncer, None where this machine has none (Debian's package `pgbouncer` has it)."""
    return next((found for each in _PROGRAMS if (found := shutil.which(each)) is not None), None)


class Bouncer:
    """At most `servers` connections to the database at `address` (host:port/name?passfile=…)."""

    def __init__(self, address: str, passwords: Path, *, servers: int, clients: int) -> None:
        # of its own: as root the bouncer is nobody, who may not enter a test's directory
        self._directory = directory = Path(tempfile.mkdtemp(prefix="claimcheck-pgbouncer-"))
        self._name = urlsplit(f"x://{address}").path.lstrip("/")
        self._port = free_port()
        found = program()
        if found is None:
            raise FileNotFoundError("pgbouncer")
        self._program = found
        where = urlsplit(f"x://{address}")
        roles = [tuple(line.split(":")[3:]) for line in passwords.read_text(encoding="ascii").splitlines()]
        users = directory / "users.txt"
        users.write_text("".join(f'"{role}" "{password}"\n' for role, password in roles), encoding="ascii")
        self._roles = {str(role): str(password) for role, password in roles}
        settings = {
            "listen_addr": LOOPBACK,
            "listen_port": self._port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": users,
            "pool_mode": "transaction",
            "max_client_conn": clients + 20,
            "default_pool_size": servers,
            "max_db_connections": servers,
            "query_wait_timeout": 60,
            "stats_users": "claimcheck_api",
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        database = f"{self._name} = host={where.hostname} port={where.port}"
        self._ini = directory / "pgbouncer.ini"
        text = "\n".join(["[databases]", database, "[pgbouncer]", *lines, ""])
        self._ini.write_text(text, encoding="ascii")
        for path in (directory, users, self._ini):
            path.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    def url_for(self, role: str) -> str:
        """The database's URL for a function's role, by way of the bouncer."""
        name = f"claimcheck_{role}"
        return f"postgresql://{name}:{self._roles[name]}@{LOOPBACK}:{self._port}/{self._name}"

    def __enter__(self) -> Self:
        as_nobody = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self._directory / "pgbouncer.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, str(self._ini)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                **as_nobody,  # type: ignore[call-overload]
            )
        until = time.monotonic() + _PATIENCE_S
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url_for("api"), connect_timeout=2).close()
                return self
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self._directory / "pgbouncer.log").read_text(encoding="utf-8")[-2000:])
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()  # SIGQUIT is ignored by what a shell started in the background
            self._process.wait(10)
        shutil.rmtree(self._directory, ignore_errors=True)
