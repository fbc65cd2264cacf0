"""process: jobs about the same long document share the model's prompt cache."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from claimcheck.model.prices import cost_usd
from claimcheck.model.types import Usage

from tests.integration.functions.streaming_model import StreamingModel

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

FILLER = "Nothing of this is asked for.\n" * 1_200


def report() -> dict[str, str]:
    """A document of its own: the model outlives a test, and what it has cached does."""
    return {"text": f"The fee is EUR 5. Reference {uuid.uuid4()}.\n{FILLER}"}


TASKS: tuple[dict[str, Any], ...] = (
    {"task": "summarise", "focus": "fees"},
    {"task": "extract", "fields": [{"name": "fee", "type": "money"}]},
    {"task": "evaluate", "criteria": ["The fee is EUR 5."]},
    {"task": "extract", "fields": [{"name": f"field {at}", "type": "string"} for at in range(60)]},
)


def usage_of(stage: Stage, *jobs: str, **tenant: str) -> dict[str, int]:
    """What these jobs used, together; all of them are completed."""
    found = [stage.read(job, **tenant) for job in jobs]
    assert [job["status"] for job in found] == ["completed"] * len(jobs)
    names = ("calls", "input_tokens", "cache_read_tokens", "cache_write_tokens")
    return {name: sum(job["usage"][name] for job in found) for name in names}


def input_usd(usage: dict[str, int]) -> float:
    """The price of the input."""
    tokens = (usage["input_tokens"], usage["cache_read_tokens"], usage["cache_write_tokens"])
    return cost_usd("claude-sonnet-5-5", Usage(*tokens))


def test_jobs_of_all_tasks_share_what_one_of_them_writes(stage: Stage, model: ModelGate) -> None:
    """The document is written once and read by all others, also by a job's second group of questions."""
    document = report()
    jobs = [stage.accept(document=document, **task) for task in TASKS]
    assert stage.work(*jobs) == []
    shared = usage_of(stage, *jobs)
    assert shared["calls"] == len(model.calls) == len(TASKS) + 1
    size = shared["cache_write_tokens"]
    assert size > len(document["text"]) / 5
    assert shared["cache_read_tokens"] == len(TASKS) * size
    assert sum("cache_control" in json.dumps(call.body["messages"]) for call in model.calls) == 5
    assert stage.read(jobs[1])["result"]["fields"] == {"fee": {"amount": 5.0, "currency": "EUR"}}


def test_the_others_go_when_the_first_answer_begins(stage: Stage) -> None:
    """They wait for the first token of the call that writes, not for its last: here that comes after them."""
    said = {"answers": [{"field": "f1", "value": "EUR 5", "quotes": ["The fee is EUR 5."]}]}
    with StreamingModel(json.dumps({"summarise": None, "extract": said, "evaluate": None})) as model:
        stage.override(ANTHROPIC_BASE_URL=model.url)
        document = report()
        jobs = [stage.accept(document=document, **TASKS[1]) for _ in range(2)]
        assert stage.work(*jobs) == []
        assert [stage.read(job)["status"] for job in jobs] == ["completed"] * 2
        assert model.order == ["begun", "plain", "ended"]


def test_a_job_by_itself_writes_nothing(stage: Stage, model: ModelGate) -> None:
    """Nobody pays more for a cache that nobody reads, and nobody who comes later is taken for company."""
    document = report()
    jobs = [stage.accept(document=document, **TASKS[0])]
    assert stage.work(*jobs) == []
    jobs.append(stage.accept(document=document, **TASKS[1]))
    assert stage.work(jobs[1]) == []
    used = usage_of(stage, *jobs)
    assert (used["cache_read_tokens"], used["cache_write_tokens"]) == (0, 0)
    assert "cache_control" not in json.dumps([call.body for call in model.calls])


def test_a_lead_that_is_turned_away_hands_over(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """The call that should write hears 429: another one writes, and the first job reads later."""
    document = report()
    model.faults.fault("status", status=429, retry_after=1)
    jobs = [stage.accept(document=document, **task) for task in TASKS[:3]]
    assert stage.work(*jobs) == []
    [again] = [job for job in jobs if stage.read(job)["status"] == "pending"]
    rows.make_due()
    assert stage.work(again) == []
    used = usage_of(stage, *jobs)
    assert used["calls"] == 4
    assert used["cache_read_tokens"] == 2 * used["cache_write_tokens"] > 0


def test_an_answer_that_is_malformed_is_asked_for_again_by_itself(stage: Stage, model: ModelGate) -> None:
    """In the question's own format, without the cache, and in the same attempt."""
    document = report()
    model.faults.fault("schema")
    jobs = [stage.accept(document=document, **task) for task in TASKS[1:3]]
    assert stage.work(*jobs) == []
    assert usage_of(stage, *jobs)["calls"] == 3
    assert [stage.read(job)["attempt"] for job in jobs] == [1, 1]
    unmarked = [call for call in model.calls if "cache_control" not in json.dumps(call.body["messages"])]
    assert len(unmarked) == 1


def test_tenants_share_nothing(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """Two tenants with the same document, each with one job: neither writes for the other."""
    document = report()
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    ours = stage.accept(document=document, **TASKS[1])
    theirs = stage.accept(tenant="globex", document=document, **TASKS[1])
    assert stage.work(ours, theirs) == []
    assert usage_of(stage, ours)["cache_write_tokens"] == 0
    assert usage_of(stage, theirs, tenant="globex")["cache_read_tokens"] == 0
    assert len(model.calls) == 2


def test_usage_tells_nobody_what_another_tenant_has(stage: Stage, rows: Rows) -> None:
    """Whoever hands in a document that another tenant has shown of late writes it as if nobody had.

    The API has one cache for all of an account: what was read of it would say that somebody has the document.
    """
    document = report()
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    mine = [stage.accept(document=document, **task) for task in TASKS[:2]]
    assert stage.work(*mine) == []
    theirs = [stage.accept(tenant="globex", document=document, **task) for task in TASKS[:2]]
    assert stage.work(*theirs) == []
    assert usage_of(stage, *theirs, tenant="globex") == usage_of(stage, *mine)


def test_it_costs_less_than_half_for_four_jobs(stage: Stage, rows: Rows) -> None:
    """The same four jobs one after the other pay for the document each time."""
    document = report()
    jobs = [stage.accept(document=document, **TASKS[1]) for _ in range(4)]
    assert stage.work(*jobs) == []
    together = usage_of(stage, *jobs)
    rows.run("DELETE FROM prompt_prefixes")
    alone = []
    for _ in range(4):
        alone.append(stage.accept(document=document, **TASKS[1]))
        assert stage.work(alone[-1]) == []
    assert input_usd(together) < 0.5 * input_usd(usage_of(stage, *alone))
