"""Economy: what the same jobs cost in batches and as calls, by the bills that the system makes of them.

On `claimcheck up`, against the offline model, whose batches are the API's: the same documents and questions,
once with each priority, of one model. A job's cost is rounded to a millionth of a dollar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.clients import hand_in, small_job
from bench.documents import text_of
from bench.ended import ended
from bench.measuring import Share
from bench.priced_model import MODEL
from bench.processes import processes
from bench.system import start_claimcheck, start_model

if TYPE_CHECKING:
    from bench.system import Running

JOBS = 100
CHARS = 20_000
AIM = 0.501
BATCH_S = 1.0
_PATIENCE_S = 300.0
_BILL = """
SELECT sum(cost_usd)::float8 AS usd, sum(calls) AS calls, (SELECT count(*) FROM batches) AS batches
FROM jobs WHERE metadata ->> 'run' = %s
"""


def run(rounds: int | None = None) -> Share:
    """`rounds` jobs of each priority. Raises RuntimeError where they do not end."""
    jobs = rounds or JOBS
    parameters = {"ModelStandard": MODEL, "ModelEconomy": MODEL}
    with processes() as started:
        command = ["bench.priced_model", "--batch-seconds", f"{BATCH_S:g}", "--log-level", "WARNING"]
        model = started.runner.run(start_model(started, command))
        system = started.runner.run(start_claimcheck(started, model, parameters=parameters))
        bills = {priority: _billed(system, jobs, priority) for priority in ("standard", "economy")}
    standard, economy = bills["standard"], bills["economy"]
    notes = [
        f"standard: {standard['usd']:.4f} USD for {standard['calls']} calls",
        f"economy: {economy['usd']:.4f} USD for {economy['calls']} answers in {economy['batches']} batches",
    ]
    return Share(f"{jobs} jobs in batches", economy["usd"], standard["usd"], AIM, notes)


def _billed(system: Running, jobs: int, priority: str) -> dict[str, Any]:
    """The bill of these jobs, when all are done."""
    import psycopg
    from psycopg.rows import dict_row

    hand_in(system.url, [_job(number, priority) for number in range(jobs)], clients=8, key=system.key)
    ended(system.database_url, priority, jobs, most_s=_PATIENCE_S)
    with psycopg.connect(system.database_url, row_factory=dict_row) as connection:
        return connection.execute(_BILL, [priority]).fetchone() or {}


def _job(number: int, priority: str) -> dict[str, Any]:
    """Each about a document of its own, the same for both priorities."""
    small = small_job(number, priority)
    text = f"{small['document']['text'].replace(priority, 'one')} {text_of(CHARS)}"
    return {**small, "document": {"text": text}, "priority": priority}
