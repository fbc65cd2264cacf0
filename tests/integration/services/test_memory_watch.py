"""What a process and its children take is seen while they take it."""

from __future__ import annotations

import subprocess
import sys

import psutil

from bench.memory_watch import MemoryWatch
from tests.integration.functions.waiting import until

MIB = 1 << 20
# A child of a child holds as much as its parent; both say so and wait to be told to go on.
HOLDING = """
import subprocess, sys
held = bytearray(b"x" * (60 << 20))
if sys.argv[1] == "parent":
    child = subprocess.Popen([sys.executable, "-c", sys.argv[2], "child", ""], stdout=-1, stdin=-1)
    child.stdout.readline()
print("holding", flush=True)
sys.stdin.readline()
"""


def test_the_peak_is_of_a_process_and_its_children() -> None:
    """A worker of 60 MiB with a child of 60 MiB has had 120 MiB, whatever there is of them afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, "parent", HOLDING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        worker = psutil.Process(process.pid)
        process.stdout.readline()
        with MemoryWatch(lambda: [worker]) as memory:
            assert memory.before > 120 * MIB
            until(lambda: memory.peak)
        process.stdin.write("\n")
        process.stdin.close()
    assert 120 * MIB < memory.peak < 300 * MIB


def test_a_worker_that_is_gone_takes_nothing() -> None:
    """It ends while it is watched; what it had before is not forgotten."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    worker = psutil.Process(process.pid)
    process.wait()
    with MemoryWatch(lambda: [worker]) as memory:
        pass
    assert (memory.before, memory.peak) == (0, 0)
