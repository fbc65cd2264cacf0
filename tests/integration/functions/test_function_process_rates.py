"""process: no call before there is room in the model's rate, and no work on jobs that would wait for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.functions.documents import numbered
from tests.integration.functions.recorded import cancel_job, recorded

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

_USED_UP = """
INSERT INTO model_rates (model, told, per_minute, level, lent, lent_until, at)
VALUES ('claude-sonnet-5-5', '{60,NULL,NULL}', '{60,NULL,NULL}', '{-90,0,0}', '{3,0,0}',
  now() + interval '1 hour', now())
"""


def test_jobs_that_find_no_room_stand_in_line(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """The first is sent away as it asks, uncharged; its tenant's next one before any work is done."""
    rows.run(_USED_UP)
    asking, behind = stage.accept(**numbered(2)), stage.accept(**numbered(3))
    stage.received("JobsQueue")
    assert stage.work(asking) == []
    assert stage.work(behind) == []
    assert len(model.calls) == 0
    first, second = rows.job(asking), rows.job(behind)
    assert (first["status"], first["attempt"], first["failures"]) == ("pending", 1, 0)
    assert (second["status"], second["attempt"], second["failures"]) == ("pending", 0, 0)
    assert 60 < first["delay_s"] < 120
    assert first["available_at"] < second["available_at"]
    assert stage.delayed("JobsQueue") >= 2
    rows.run("UPDATE model_rates SET level = '{60,0,0}', lent = '{0,0,0}', at = now()")
    rows.make_due()
    assert stage.work(asking, behind) == []
    assert {stage.read(job)["status"] for job in (asking, behind)} == {"completed"}


def test_a_burst_that_was_cancelled_leaves_no_line(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """What stood behind it is rung for by the next sweep, and what comes then is worked on at once."""
    rows.run(_USED_UP)
    burst = [stage.accept(**numbered(number)) for number in range(3)]
    right = stage.accept(**numbered(4))
    assert stage.work(*burst, right) == []
    for job_id in burst:
        assert stage.call("status", cancel_job(job_id))["statusCode"] == 200
    rows.run("UPDATE model_rates SET level = '{60,0,0}', lent = '{0,0,0}', at = now()")
    stage.received("JobsQueue")
    assert stage.call("sweep", recorded("scheduler"))["jobs_called_forward"] == 1
    assert stage.bodies("JobsQueue")[-1] == {"job_id": right}
    later = stage.accept(**numbered(5))
    assert stage.work(right, later) == []
    assert {stage.read(job)["status"] for job in (right, later)} == {"completed"}
