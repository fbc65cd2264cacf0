"""Execution environments and pools: what a function sees of Lambda on one machine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from local.lambdas.pool import InitError, PoolClosed, RequestTooLarge, TooManyRequests
from tests.integration.local.conftest import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.local.conftest import RunPool, WriteFunction

ECHO = """
    import os, time
    starts = 0
    def handler(event, context):
        global starts
        starts += 1
        time.sleep(event.get("sleep", 0))
        return {"pid": os.getpid(), "calls": starts, "request_id": context.aws_request_id}
"""


def test_an_environment_is_reused(write_function: WriteFunction, run_pool: RunPool) -> None:
    """The second event is given to the process of the first, which kept its state."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO)) as pool:
            first, second = await pool.invoke({}), await pool.invoke({}, request_id="known")
            assert first.init_ms is not None
            assert second.init_ms is None
            assert second.json() == {"pid": first.pid, "calls": 2, "request_id": "known"}

    asyncio.run(scenario())


def test_one_event_at_a_time(write_function: WriteFunction, run_pool: RunPool) -> None:
    """Events at the same time are worked on by environments of their own."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO)) as pool:
            results = await asyncio.gather(*(pool.invoke({"sleep": 0.5}) for _ in range(2)))
            assert len({result.json()["pid"] for result in results}) == 2
            assert {result.json()["calls"] for result in results} == {1}

    asyncio.run(scenario())


def test_the_most_recently_used_environment_goes_first(
    write_function: WriteFunction, run_pool: RunPool
) -> None:
    """With two idle environments, the same one serves a row of single events."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO)) as pool:
            await pool.warm(2)
            assert len(pool.pids()) == 2
            assert len({(await pool.invoke({})).pid for _ in range(4)}) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("yields", [False, True])
def test_who_is_not_waited_for_leaves_the_cores_to_others(
    write_function: WriteFunction, run_pool: RunPool, *, yields: bool
) -> None:
    """Its processes are nicer than this one; those of a function that answers requests are not."""

    async def scenario() -> int:
        async with run_pool(write_function(ECHO), yields=yields) as pool:
            pid = (await pool.invoke({})).pid
            return os.getpriority(os.PRIO_PROCESS, pid) - os.getpriority(os.PRIO_PROCESS, 0)

    assert (asyncio.run(scenario()) > 0) is yields


def test_timeout_kills(write_function: WriteFunction, run_pool: RunPool) -> None:
    """At its timeout the process and its children are killed, and the answer is Lambda's."""
    source = """
        import subprocess, time
        def handler(event, context):
            if event.get("hang"):
                child = subprocess.Popen(["sleep", "1000"])
                print("child", child.pid, flush=True)
                time.sleep(1000)
            return "alive"
    """

    async def scenario() -> None:
        function = write_function(source, timeout_s=1)
        async with run_pool(function) as pool:
            result = await pool.invoke({"hang": True}, request_id="slow")
            assert not result.ok
            assert result.function_error == "Unhandled"
            assert result.json() == {
                "errorType": "Sandbox.Timedout",
                "errorMessage": "RequestId: slow Error: Task timed out after 1.00 seconds",
            }
            log = (function.code_uri.parents[1] / "logs" / "Sample.log").read_text(encoding="utf-8")
            assert "slow Task timed out after 1.00 seconds" in log
            child = int(log.split("child ")[1].split()[0])
            await until(lambda: not _runs(result.pid) and not _runs(child))
            assert (await pool.invoke({})).json() == "alive"

    asyncio.run(scenario())


def test_a_crash_is_an_answer(write_function: WriteFunction, run_pool: RunPool) -> None:
    """A process that ends without an answer is a Runtime.ExitError, and the next event starts another."""
    source = """
        import os
        def handler(event, context):
            if "code" in event:
                os._exit(event["code"])
            return "alive"
    """

    async def scenario() -> None:
        async with run_pool(write_function(source)) as pool:
            result = await pool.invoke({"code": 3}, request_id="r")
            assert result.json() == {
                "errorType": "Runtime.ExitError",
                "errorMessage": "RequestId: r Error: Runtime exited with error: exit status 3",
            }
            assert (await pool.invoke({})).json() == "alive"

    asyncio.run(scenario())


def test_an_exception_leaves_the_environment_alive(write_function: WriteFunction, run_pool: RunPool) -> None:
    """An exception of the handler is reported with its type, and the environment serves on."""
    source = """
        def handler(event, context):
            if event.get("fail"):
                raise LookupError("nothing there")
            return "alive"
    """

    async def scenario() -> None:
        async with run_pool(write_function(source)) as pool:
            failed, served = await pool.invoke({"fail": True}), await pool.invoke({})
            assert failed.function_error == "Unhandled"
            assert failed.json()["errorType"] == "LookupError"
            assert failed.json()["errorMessage"] == "nothing there"
            assert failed.pid == served.pid

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("source", "error_type"),
    [
        ("import no_such_module", "Runtime.ImportModuleError"),
        ("def other(event, context): pass", "Runtime.HandlerNotFound"),
        ("def handler(:", "Runtime.UserCodeSyntaxError"),
        ("import os; os._exit(4)", "Runtime.ExitError"),
    ],
)
def test_init_errors(write_function: WriteFunction, run_pool: RunPool, source: str, error_type: str) -> None:
    """A function that cannot be initialised fails its event with the error of the initialisation."""

    async def scenario() -> None:
        async with run_pool(write_function(source)) as pool:
            result = await pool.invoke({})
            assert result.function_error == "Unhandled"
            assert result.json()["errorType"] == error_type
            assert pool.pids() == []
            with pytest.raises(InitError, match=error_type):
                await pool.warm()

    asyncio.run(scenario())


def test_the_concurrency_limit_queues_and_throttles(write_function: WriteFunction, run_pool: RunPool) -> None:
    """At the reserved concurrency an event source waits its turn, and a synchronous caller is throttled."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO, concurrency=1)) as pool:
            await pool.warm()
            running = asyncio.create_task(pool.invoke({"sleep": 1}))
            await until(lambda: any(state.busy for state in pool.environments()))
            assert pool.room() == 0
            waiting = asyncio.create_task(pool.invoke({}))
            with pytest.raises(TooManyRequests):
                await pool.invoke({}, wait_s=0.01)
            first, second = await running, await waiting
            assert first.pid == second.pid
            assert second.json()["calls"] == 2

    asyncio.run(scenario())


def test_a_waiting_event_takes_whichever_environment_is_free_first(
    write_function: WriteFunction, run_pool: RunPool
) -> None:
    """An event that started a cold start goes to the warm environment that is free before it."""
    source = """
        import os, time
        time.sleep(float(os.environ["INIT"]) if os.path.exists("slow") else 0)
        def handler(event, context):
            time.sleep(event.get("sleep", 0))
            return os.getpid()
    """

    async def scenario() -> None:
        function = write_function(source, environment={"INIT": "2"})
        async with run_pool(function) as pool:
            await pool.warm()
            (function.code_uri / "slow").touch()
            first = asyncio.create_task(pool.invoke({"sleep": 0.2}))
            await until(lambda: any(state.busy for state in pool.environments()))
            second = await pool.invoke({})
            assert second.pid == (await first).pid

    asyncio.run(scenario())


def test_a_cancelled_caller_does_not_cancel_the_function(
    write_function: WriteFunction, run_pool: RunPool, tmp_path: Path
) -> None:
    """The event of a caller that went away is finished, and its environment serves the next."""
    source = """
        import pathlib, time
        def handler(event, context):
            if "mark" in event:
                time.sleep(0.3)
                pathlib.Path(event["mark"]).touch()
            return "alive"
    """

    async def scenario() -> None:
        mark = tmp_path / "mark"
        async with run_pool(write_function(source, concurrency=1)) as pool:
            await pool.warm()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(pool.invoke({"mark": str(mark)}), 0.1)
            assert (await pool.invoke({})).json() == "alive"
            assert mark.exists()

    asyncio.run(scenario())


def test_the_environment_is_lambdas(
    write_function: WriteFunction, run_pool: RunPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A function sees the template's, Lambda's and the caller's variables, and none of the user's."""
    source = """
        import os, layered
        def handler(event, context):
            return {**os.environ, "layer": layered.__file__, "left": context.get_remaining_time_in_millis(),
                    "arn": context.invoked_function_arn, "cwd": os.getcwd()}
    """
    monkeypatch.setenv("MY_SECRET", "of the user")
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "layered.py").touch()

    async def scenario() -> None:
        function = write_function(source, environment={"SETTING": "1"}, layers=(layer,), timeout_s=9)
        async with run_pool(function, extra_environment={"AWS_ENDPOINT_URL": "http://x"}) as pool:
            seen = (await pool.invoke({})).json()
        assert "MY_SECRET" not in seen
        assert seen["SETTING"] == "1"
        assert seen["AWS_ENDPOINT_URL"] == "http://x"
        assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "test-Sample"
        assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
        assert seen["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
        assert seen["LAMBDA_TASK_ROOT"] == seen["cwd"] == str(function.code_uri)
        assert seen["layer"] == str(layer / "layered.py")
        assert seen["arn"] == function.arn
        assert 0 < seen["left"] <= 9000

    asyncio.run(scenario())


def test_limits_of_size(write_function: WriteFunction, run_pool: RunPool) -> None:
    """An event over 6 MB is refused; an answer over 6 MB is an error and costs the next event nothing."""
    source = """
        def handler(event, context):
            return "x" * event.get("size", 1)
    """

    async def scenario() -> None:
        async with run_pool(write_function(source)) as pool:
            with pytest.raises(RequestTooLarge):
                await pool.invoke({"x": "y" * (6 * 1024 * 1024)})
            large = await pool.invoke({"size": 6 * 1024 * 1024 + 200})
            assert large.json()["errorType"] == "Function.ResponseSizeTooLarge"
            assert (await pool.invoke({"size": 5_000_000})).ok

    asyncio.run(scenario())


def test_a_killed_idle_environment_is_not_used_again(
    write_function: WriteFunction, run_pool: RunPool
) -> None:
    """An environment that dies between two events costs a cold start and no event."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO)) as pool:
            first = await pool.invoke({})
            os.kill(first.pid, signal.SIGKILL)
            await until(lambda: pool.pids() == [])
            assert (await pool.invoke({})).json()["calls"] == 1

    asyncio.run(scenario())


def test_kill_fails_the_event_under_way(write_function: WriteFunction, run_pool: RunPool) -> None:
    """`kill` ends a busy environment, and its event fails as it does when a process is killed."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO)) as pool:
            await pool.warm()
            under_way = asyncio.create_task(pool.invoke({"sleep": 20}))
            await until(lambda: any(state.busy for state in pool.environments()))
            pool.kill(pool.environments()[0].id)
            assert (await under_way).json()["errorMessage"].endswith("signal: killed")
            with pytest.raises(KeyError):
                pool.kill("unknown")

    asyncio.run(scenario())


def test_idle_environments_are_retired(write_function: WriteFunction, run_pool: RunPool) -> None:
    """An environment without events for `idle_s` is ended."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO), idle_s=0.1) as pool:
            pid = (await pool.invoke({})).pid
            await until(lambda: not _runs(pid))
            assert pool.pids() == []

    asyncio.run(scenario())


def test_close_leaves_no_process(write_function: WriteFunction, run_pool: RunPool) -> None:
    """Closing ends busy, idle and starting environments, and what waits is told so."""

    async def scenario() -> None:
        async with run_pool(write_function(ECHO), concurrency=2) as pool:
            await pool.warm(2)
            pids = pool.pids()
            calls = [asyncio.create_task(pool.invoke({"sleep": 60})) for _ in range(3)]
            await until(lambda: sum(state.busy for state in pool.environments()) == 2)
            await pool.close()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(result) for result in results].count(PoolClosed) == 1
            assert not any(_runs(pid) for pid in pids)
            with pytest.raises(PoolClosed):
                await pool.invoke({})

    asyncio.run(scenario())


def test_environments_die_with_a_killed_supervisor(write_function: WriteFunction, tmp_path: Path) -> None:
    """kill -9 of the process that runs the pool leaves no environment behind."""
    function = write_function(ECHO)
    supervisor = textwrap.dedent(f"""
        import asyncio, pathlib
        from local.lambdas.pool import FunctionPool
        from local.system import Function
        code = pathlib.Path({str(function.code_uri)!r})
        function = Function("F", "f", "arn", code, "app.handler", 30, 128, {{}})
        async def main():
            pool = FunctionPool(function, logs=pathlib.Path({str(tmp_path)!r}))
            await pool.warm()
            print(pool.pids()[0], flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    process = subprocess.Popen([sys.executable, "-c", supervisor], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        pid = int(process.stdout.readline())
        assert _runs(pid)
        process.kill()
    deadline = time.monotonic() + 20
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
