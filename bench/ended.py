"""When the last job of a run was done, by the clock of the database that holds them."""

from __future__ import annotations

import time

_OURS = "jobs WHERE metadata ->> 'run' = %s"
_DONE = """
SELECT count(*) FILTER (WHERE status = 'completed'),
  count(*) FILTER (WHERE status NOT IN ('pending', 'running', 'completed')),
  extract(epoch FROM max(completed_at))::float8
FROM {table}
"""


def ended(database_url: str, run: str, jobs: int, *, most_s: float, table: str = _OURS) -> float:
    """Wait for the end of `jobs` jobs; the last one's, in Unix seconds.

    Raises RuntimeError where one ends otherwise than completed, or `most_s` seconds are over.
    """
    import psycopg

    query = _DONE.format(table=table).encode()
    until = time.monotonic() + most_s
    completed = 0
    with psycopg.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < until:
            completed, otherwise, last = connection.execute(query, (run,)).fetchone() or (0, 0, None)
            if otherwise:
                raise RuntimeError(f"{run}: {otherwise} jobs did not complete")
            if completed == jobs:
                return float(last)
            time.sleep(0.5)  # the look takes time from those who work; the end is of the database's own clock
    raise RuntimeError(f"{run}: {completed} of {jobs} jobs were done after {most_s:g} s")
