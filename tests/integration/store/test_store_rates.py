"""A model's rate: what is promised the API's buckets hold, and nobody takes what is kept for others."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from claimcheck.rates import NO_LIMITS, Amounts, Learnt, Told
from claimcheck.store.jobs import ClaimedJob, Held, cancel_job, retry_job
from claimcheck.store.rates import call_forward, claim_rate, forget_lines, place_job
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.store.jobs_in_states import (
    ECONOMY,
    OTHER_TENANT,
    STANDARD,
    TENANT,
    accepted,
    claim,
    claimed,
)
from tests.integration.store.traces import event_types, events_of, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

PER_MINUTE = (600.0, 60_000.0, 6_000.0)  # ten calls a second, of a hundred tokens and ten
CALL = (100.0, 10.0)
RESERVE = 30.0  # calls: a twentieth of a minute
HORIZON_S = 2.0
_CLAIM = "SELECT claim_rate(%s, %s::jsonb, timestamptz '2026-11-30 12:00Z' + make_interval(secs => %s))"
_PLACE = "SELECT take_place(%s, %s, timestamptz '2026-11-30 12:00Z' + make_interval(secs => %s))"
_models = itertools.count()


def value(sql: Sql, statement: LiteralString, *params: object) -> Any:
    """The one value that a statement gives."""
    row = sql.execute(statement, params).fetchone()
    assert row is not None
    return row[0]


@dataclass
class Api:
    """The API's own buckets, which know of a call when it goes; `least` is the lowest that they were."""

    level: list[float] = field(default_factory=lambda: list(PER_MINUTE))
    at: float = 0.0
    least: float = 0.0

    def call(self, at: float, cost: Sequence[float]) -> None:
        """A call arrives."""
        self.level = [
            min(most, level + most / 60 * (at - self.at)) - taken
            for most, level, taken in zip(PER_MINUTE, self.level, cost, strict=True)
        ]
        self.at = at
        self.least = min(self.least, *self.level)


class Model:
    """A model whose limits are known, at a time that a test says (seconds)."""

    def __init__(self, sql: Sql, *, left: Sequence[float] = PER_MINUTE) -> None:
        self._sql = sql
        self.name = f"model-{next(_models)}"
        self._ahead: list[float] = [0, 0, 0]
        self.claim(0, seen={"limits": PER_MINUTE, "left": left, "age_s": 0})

    def claim(self, at: float, **told: Any) -> dict[str, Any]:
        """One claim, with what is told."""
        found = value(self._sql, _CLAIM, self.name, json.dumps(told), at)
        assert isinstance(found, dict)
        return found

    def ask(
        self, at: float, tenant: str = TENANT, calls: int = 1, call: Sequence[float] = CALL
    ) -> list[float | None]:
        """What so many calls of a tenant are told: seconds to wait, or None."""
        answer = self.claim(at, asks=[[tenant, [[*call, True]] * calls]], back=self._ahead)
        self._ahead = answer["ahead"]  # nobody uses it: it goes back with the next claim
        (waits,) = answer["waits"]
        return list(waits)

    def place(self, at: float, tenant: str = TENANT) -> float:
        """The next place in a tenant's line, in seconds."""
        found = value(self._sql, _PLACE, self.name, tenant, at)
        assert isinstance(found, float)
        return found

    def use_up(self, at: float = 0.0, tenant: str = "heavy") -> None:
        """Have a tenant take what it can get at once, in small bites; promises made ahead are part of it."""
        while None not in self.ask(at, tenant, calls=20):
            pass


@pytest.fixture
def model(sql_connection: Sql) -> Model:
    return Model(sql_connection)


def test_nothing_is_held_back_while_no_limit_is_known(sql_connection: Sql) -> None:
    """An answer without the headers teaches nothing, and everything is granted."""
    name = "unknown"
    for at in range(3):
        told = {"asks": [[TENANT, [[1e9, 1e9, True]] * 50]], "seen": {"age_s": 0}}
        answer = value(sql_connection, _CLAIM, name, json.dumps(told), at)
        assert isinstance(answer, dict)
        assert (answer["limited"], set(answer["waits"][0])) == (False, {0})


def test_a_full_bucket_is_given_at_once_down_to_the_reserve(model: Model) -> None:
    """Who is first takes all but the reserve without waiting; then promises are made, each a tenth later."""
    waits = model.ask(0, "heavy", calls=int(PER_MINUTE[0]))
    at_once = sum(wait == 0 for wait in waits)
    assert at_once == PER_MINUTE[0] - RESERVE
    promised = [wait for wait in waits[at_once:] if wait is not None]
    assert promised == pytest.approx([0.1 * (number + 1) for number in range(len(promised))])
    assert promised[-1] == pytest.approx(HORIZON_S + 0.1)
    assert set(waits[at_once + len(promised) :]) == {None}


def test_a_newcomer_goes_at_once_while_another_drains_the_bucket(model: Model) -> None:
    """What is kept for those who have not had their share is theirs without a wait."""
    model.use_up()
    assert model.ask(0, "newcomer") == [0]
    assert model.ask(0, "heavy") == [None]


def test_a_newcomer_with_much_waits_in_the_line_of_promises(model: Model) -> None:
    """The reserve is lent, not given: who wants more than it holds gets promises as everybody does."""
    model.use_up()
    waits = model.ask(0.2, "newcomer", calls=60)
    lent = sum(wait == 0 for wait in waits)
    assert 0 < lent <= RESERVE
    assert all(wait is None or wait > 0 for wait in waits[lent:])


def test_the_reserve_is_lent_anew_when_promises_made_before_are_over(model: Model) -> None:
    """A newcomer every few seconds finds it each time, however long another one drains the rest."""
    for tick in range(300):
        model.ask(tick * 0.2, "heavy", calls=20)
        if tick % 20 == 19:
            assert model.ask(tick * 0.2, f"newcomer {tick}", calls=10) == [0] * 10


def test_two_tenants_with_much_to_do_get_equal_shares(model: Model) -> None:
    """Whoever came first: within a minute both have as much of what comes in, within a tenth."""
    model.use_up(tenant="first")
    had = {"first": 0, "second": 0}
    for tick in range(1_200):
        at = tick * 0.1
        for tenant in had:
            granted = sum(wait is not None for wait in model.ask(at, tenant, calls=2))
            had[tenant] += granted if tick >= 600 else 0
    assert sum(had.values()) == pytest.approx(600, rel=0.02)
    assert had["first"] == pytest.approx(had["second"], rel=0.1)


def test_a_share_that_is_not_used_is_used_by_others(model: Model) -> None:
    """Beside a tenant that asks now and then, another one gets all the rest."""
    model.use_up(tenant="heavy")
    granted = 0
    for tick in range(600):
        at = tick * 0.1
        granted += sum(wait is not None for wait in model.ask(at, "heavy", calls=3))
        if tick % 50 == 0:
            assert model.ask(at, "light") == [0]
    assert granted == pytest.approx(600, rel=0.05)


@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(data=st.data())
def test_no_promise_is_more_than_the_buckets_hold(sql_connection: Sql, data: st.DataObject) -> None:
    """Whoever asks for what and when: if each call goes when it may, the API never has to refuse one."""
    model, api = Model(sql_connection), Api()
    due: list[tuple[float, tuple[float, float, float]]] = []
    at = 0.0
    for _ in range(data.draw(st.integers(5, 40), label="steps")):
        at += data.draw(st.floats(0, 4), label="pause")
        tenant = data.draw(st.sampled_from(["a", "b", "c"]), label="tenant")
        call = data.draw(st.tuples(st.integers(0, 9_000), st.integers(0, 900)) | st.just(CALL), label="call")
        count = data.draw(st.integers(1, 60), label="calls")
        waits = model.ask(at, tenant, count, call)
        due += [(at + wait, (1.0, *call)) for wait in waits if wait is not None]
    for moment, cost in sorted(due):
        api.call(moment, cost)
    assert api.least >= -0.001  # a microsecond's worth of tokens


def test_a_promise_holds_its_room_in_a_bucket_that_fills_up_meanwhile(sql_connection: Sql) -> None:
    """A call that waits for output is not counted twice among the input, which is full before it has gone."""
    model, api = Model(sql_connection), Api()
    due: list[tuple[float, tuple[float, float, float]]] = []
    asked = [
        (6.6, "c", 13, (0, 456)),
        (9.7, "c", 1, (0, 103)),
        (9.9, "a", 1, (5867, 351)),
        (16.2, "a", 8, (7539, 0)),
    ]
    for at, tenant, calls, call in asked:
        waits = model.ask(at, tenant, calls, call)
        due += [(at + wait, (1.0, *call)) for wait in waits if wait is not None]
    assert any(wait for wait, _ in due)
    for moment, cost in sorted(due):
        api.call(moment, cost)
    assert api.least >= -0.001


def test_two_environments_do_not_exceed_the_limit_together(model: Model) -> None:
    """What both are promised in a minute is a full bucket and what comes in, and nearly all of it."""
    granted = 0
    for tick in range(600):
        for _environment in range(2):
            granted += sum(wait is not None for wait in model.ask(tick * 0.1, TENANT, calls=3))
    most = PER_MINUTE[0] + 60 * 10
    assert 0.95 * most <= granted <= most


def test_what_an_environment_claimed_ahead_and_lost_comes_in_again(model: Model) -> None:
    """It takes little ahead, only of a bucket that is half full; and the bucket is full again in a minute."""
    answer = model.claim(0, asks=[[TENANT, [[*CALL, True]]]])
    assert answer["ahead"] == [12, 1_200, 120]
    model.use_up(1.0)
    assert model.claim(1.0, asks=[["newcomer", [[*CALL, True]]]])["ahead"] == [0, 0, 0]
    waits = model.ask(65, "heavy", calls=int(PER_MINUTE[0]))
    assert sum(wait == 0 for wait in waits) == PER_MINUTE[0] - RESERVE


def test_what_was_not_used_is_given_back(model: Model) -> None:
    """A claim that brings something back finds it there for its own calls."""
    model.use_up()
    assert model.ask(0, "heavy") == [None]
    (waits,) = model.claim(0, back=[5, 500, 50], asks=[["heavy", [[*CALL, False]] * 5]])["waits"]
    assert None not in waits


def test_less_than_was_believed_is_believed_at_once(model: Model) -> None:
    """Somebody else uses the account: what the API says is left is all that is given."""
    model.ask(0, "heavy", calls=320)
    told = {"limits": PER_MINUTE, "left": [50, *PER_MINUTE[1:]], "age_s": 0}
    model.claim(0, seen=told)
    assert sum(wait == 0 for wait in model.ask(0, "heavy", calls=100)) == 50 - RESERVE
    model.claim(0, seen={**told, "left": [0, *PER_MINUTE[1:]]})
    assert model.ask(0, "newcomer") != [0]


def test_more_than_is_believed_changes_nothing(model: Model) -> None:
    """What was promised ahead the API has not seen: that it has more left is no gift."""
    model.use_up()
    model.claim(0, seen={"limits": PER_MINUTE, "left": PER_MINUTE, "age_s": 0})
    assert model.ask(0, "heavy") == [None]


def test_the_reserve_that_is_left_while_promises_are_open_says_nothing(model: Model) -> None:
    """The API has the reserve left, as it should: nothing is taken away for that, again and again."""
    model.use_up()
    before = model.claim(0)["again_s"]
    for _ in range(5):
        left = [RESERVE, *PER_MINUTE[1:]]
        assert model.claim(0, seen={"limits": PER_MINUTE, "left": left, "age_s": 0})["again_s"] == before


def test_nobody_is_promised_anything_before_the_api_takes_calls_again(model: Model) -> None:
    """After `retry-after` of a second calls wait for it; of ten seconds they are refused until it is near."""
    model.claim(0, seen={"blocked_s": 1, "age_s": 0})
    (wait,) = model.ask(0.25)
    assert wait == pytest.approx(0.75)
    model.claim(1, seen={"blocked_s": 10, "age_s": 0})
    assert model.ask(2) == [None]
    assert model.claim(2)["again_s"] == pytest.approx(9 - HORIZON_S)
    assert model.ask(11.5) == [0]


def test_an_operators_limit_holds_where_it_is_the_lower_one(sql_connection: Sql) -> None:
    """Before the API has said anything, and after it has said more."""
    name = "with-ceiling"
    told = {"ceilings": [60, None, None], "asks": [["heavy", [[*CALL, True]] * 100]]}
    for seen in (None, {"limits": PER_MINUTE, "left": PER_MINUTE, "age_s": 0}):
        answer = value(
            sql_connection, _CLAIM, name, json.dumps({**told, **({"seen": seen} if seen else {})}), 0
        )
        assert isinstance(answer, dict)
        granted = sum(wait is not None for wait in answer["waits"][0])
        assert granted <= 60
    assert value(sql_connection, "SELECT per_minute[1] FROM model_rates WHERE model = %s", name) == 60


def test_limits_that_change_hold_from_the_next_answer_on(model: Model, sql_connection: Sql) -> None:
    """A lower limit cuts what is left; a higher one brings more by the minute, and no more at once."""
    model.claim(0, seen={"limits": [60, *PER_MINUTE[1:]], "left": [60, *PER_MINUTE[1:]], "age_s": 0})
    level = "SELECT level[1] FROM model_rates WHERE model = %s"
    assert value(sql_connection, level, model.name) == 60
    model.claim(0, seen={"limits": PER_MINUTE, "left": PER_MINUTE, "age_s": 0})
    assert value(sql_connection, level, model.name) == 60
    model.claim(6, seen={"limits": PER_MINUTE, "left": PER_MINUTE, "age_s": 0})
    assert value(sql_connection, level, model.name) == pytest.approx(120)


def test_what_calls_really_take_is_learnt(model: Model) -> None:
    """Estimates come nearer to it with every call, and a single odd one does not turn them."""
    learnt = {"calls": 1, "estimated": 1_000, "input": 500, "allowed": 1_000, "output": 100}
    first = model.claim(0, learnt=learnt)
    assert 0.95 < first["input_ratio"] < 1
    assert 0.2 < first["output_ratio"] < 0.25
    many = {name: 100 * number for name, number in learnt.items()}
    later = model.claim(0, learnt=many)
    assert later["input_ratio"] == pytest.approx(0.5, abs=0.01)
    assert later["output_ratio"] == pytest.approx(0.1, abs=0.01)


def test_places_in_a_line_are_a_jobs_time_apart(model: Model) -> None:
    """Behind what is promised, each a tenth of a second after the other, and rather early."""
    model.use_up()
    places = [model.place(0, "heavy") for _ in range(50)]
    steps = [after - before for before, after in itertools.pairwise(places)]
    assert HORIZON_S < places[0] < HORIZON_S + 0.5
    assert steps == pytest.approx([0.1 / 1.15] * 49, rel=0.01)


def test_lines_of_several_tenants_share_the_rate(model: Model) -> None:
    """Where two stand in line, each moves half as fast."""
    model.use_up()
    model.place(0, "other")
    places = [model.place(0, "heavy") for _ in range(10)]
    steps = [after - before for before, after in itertools.pairwise(places)]
    assert steps == pytest.approx([0.2 / 1.15] * 9, rel=0.01)


def test_a_job_whose_tenant_stands_in_line_gets_a_place_before_any_work(
    database: Database, sql_connection: Sql
) -> None:
    """It stays pending, uncharged and unclaimed, due at its place; its trail says why."""
    _line(sql_connection, TENANT, 60)
    job_id = accepted(database)
    held = claim(database, job_id)
    assert isinstance(held, Held)
    assert (held.in_line, held.tenant_id) == (True, TENANT)
    assert 55 < held.delay_s < 65
    row = row_of(sql_connection, job_id)
    assert (row["status"], row["attempt"], row["failures"], row["waits"]) == ("pending", 0, 0, 0)
    assert event_types(sql_connection, job_id) == ["accepted", "placed"]
    detail = events_of(sql_connection, job_id)[-1]["detail"]
    assert detail["code"] == "model_paced"
    assert detail["delay_ms"] == pytest.approx(held.delay_s * 1000, abs=1)


def test_a_job_that_comes_at_its_place_is_not_sent_to_the_end_again(
    database: Database, sql_connection: Sql
) -> None:
    """Its turn is its turn, however long the line behind it is."""
    _line(sql_connection, TENANT, 60)
    job_id = accepted(database)
    assert isinstance(claim(database, job_id), Held)
    sql_connection.execute("UPDATE jobs SET available_at = now() WHERE id = %s", [job_id])
    assert isinstance(claim(database, job_id), ClaimedJob)


def test_another_tenants_job_passes_the_line(database: Database, sql_connection: Sql) -> None:
    """A line is its tenant's, and its model's."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    _line(sql_connection, TENANT, 60)
    assert isinstance(claim(database, accepted(database, tenant_id=OTHER_TENANT)), ClaimedJob)
    assert isinstance(claim(database, accepted(database, priority="economy")), ClaimedJob)


def test_a_job_in_line_does_not_use_up_the_probe(database: Database, sql_connection: Sql) -> None:
    """The circuit is probed by a job that is worked on: one that is sent to the line leaves the probe."""
    sql_connection.execute(
        "INSERT INTO model_circuits (model, failures, openings, opened_at, retry_at)"
        " VALUES (%s, 5, 1, now(), now())",
        [STANDARD],
    )
    _line(sql_connection, TENANT, 60)
    assert isinstance(claim(database, accepted(database)), Held)
    assert value(sql_connection, "SELECT probe_job FROM model_circuits") is None


def test_a_running_job_goes_to_the_line_uncharged(database: Database, sql_connection: Sql) -> None:
    """It is pending again at its place, has used up nothing, and said twice it is there once."""
    job = claimed(database)
    _line(sql_connection, TENANT, 30)
    said = {"model": STANDARD, "code": "model_paced", "message": "no room"}
    delay_s = place_job(database, job.job_id, job.attempt, **said)
    assert delay_s is not None
    assert 25 < delay_s < 35
    again_s = place_job(database, job.job_id, job.attempt, **said)
    assert again_s == pytest.approx(delay_s, abs=1)
    row = row_of(sql_connection, job.job_id)
    assert (row["status"], row["failures"], row["waits"]) == ("pending", 0, 0)
    assert event_types(sql_connection, job.job_id) == ["accepted", "claimed", "retry"]
    assert place_job(database, job.job_id, job.attempt + 1, **said) is None


def _forward(database: Database, limit: int = 100) -> list[str]:
    """The jobs that are called forward."""
    return [each.job_id for each in call_forward(database, standard=STANDARD, economy=ECONOMY, limit=limit)]


def _in_line(database: Database) -> str:
    """A job that got its place as it came."""
    job_id = accepted(database)
    assert isinstance(claim(database, job_id), Held)
    return job_id


def test_who_stands_behind_nobody_is_called_forward(database: Database, sql_connection: Sql) -> None:
    """Whoever stood before it was cancelled: it is due, and the next one finds no line."""
    _line(sql_connection, TENANT, 3_600)
    cancelled, waiting = _in_line(database), _in_line(database)
    assert cancel_job(database, TENANT, cancelled) is not None
    _limits(sql_connection, level=600)
    assert _forward(database) == [waiting]
    assert isinstance(claim(database, waiting), ClaimedJob)
    assert isinstance(claimed(database), ClaimedJob)
    assert _forward(database) == []


@pytest.mark.parametrize("used", ["level", "blocked"])
def test_nobody_is_called_forward_while_the_rate_is_used(
    database: Database, sql_connection: Sql, used: str
) -> None:
    """Less than half of a minute is left, or the API asks to wait: places hold."""
    _line(sql_connection, TENANT, 3_600)
    _in_line(database)
    _limits(sql_connection, level=290 if used == "level" else 600)
    if used == "blocked":
        sql_connection.execute("UPDATE model_rates SET blocked_until = now() + interval '1 minute'")
    assert _forward(database) == []
    assert _line_s(sql_connection, TENANT) > 3_500


def test_as_many_are_called_forward_as_there_is_room_for(database: Database, sql_connection: Sql) -> None:
    """The first ones of each tenant, who share it; the line ends where the last of the others stands."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    _limits(sql_connection, level=600)  # of which 570 may be used: 57 s
    for tenant in (TENANT, OTHER_TENANT):
        _line(sql_connection, tenant, 3_600)
        sql_connection.execute("UPDATE rate_lines SET jobs = 1, jobs_s = 0.8")  # eight calls each
    mine = [_in_line(database) for _ in range(40)]
    assert _forward(database) == mine[:35]
    last_s = value(sql_connection, "SELECT extract(epoch FROM max(available_at) - now())::float8 FROM jobs")
    assert _line_s(sql_connection, TENANT) == pytest.approx(last_s, abs=0.5)
    assert _line_s(sql_connection, OTHER_TENANT) < 1
    sql_connection.execute("DELETE FROM model_rates")  # no limit is known any more
    assert sorted(_forward(database, limit=3)) == mine[35:38]


def test_who_waits_for_anything_else_is_not_called_forward(database: Database, sql_connection: Sql) -> None:
    """A job that failed after its place had come waits as its failure says."""
    _line(sql_connection, TENANT, 60)
    job_id = _in_line(database)
    sql_connection.execute("UPDATE jobs SET available_at = now() WHERE id = %s", [job_id])
    job = claim(database, job_id)
    assert isinstance(job, ClaimedJob)
    assert retry_job(
        database, job_id, job.attempt, delay_s=120, code="model_error", message="It failed.", charged=True
    )
    _limits(sql_connection, level=600)
    assert _forward(database) == []


def test_lines_of_tenants_that_are_gone_are_forgotten(database: Database, sql_connection: Sql) -> None:
    """An hour after their last call, and never while jobs stand in them."""
    _line(sql_connection, "gone", -120, idle_s=3_700)
    _line(sql_connection, "waits", 60, idle_s=3_700)
    _line(sql_connection, "busy", -120, idle_s=60)
    assert forget_lines(database, limit=100) == 1
    assert forget_lines(database, limit=100) == 0
    left = sql_connection.execute("SELECT tenant_id FROM rate_lines ORDER BY 1").fetchall()
    assert left == [("busy",), ("waits",)]


def test_the_stores_claim_says_what_the_function_answers(database: Database) -> None:
    """Limits are told and claimed against in the words of the domain."""
    nothing: dict[str, Any] = {"ceilings": None, "back": Amounts(), "learnt": Learnt()}
    free = claim_rate(database, "m", [(TENANT, [(1.0, 1.0, True)])], told=None, age_s=0, **nothing)
    assert (free.limited, free.waits) == (False, [[0]])
    told = Told(Amounts(*PER_MINUTE), Amounts(*PER_MINUTE))
    known = claim_rate(database, "m", [(TENANT, [(1.0, 1.0, True)])], told=told, age_s=0, **nothing)
    assert (known.limited, known.waits, known.again_s) == (True, [[0]], 0)
    assert known.ahead == Amounts(12, 1_200, 120)
    assert Told().limits == NO_LIMITS


def _limits(sql: Sql, *, level: float) -> None:
    """Ten calls a second, of which so many are left by now."""
    sql.execute(
        "INSERT INTO model_rates (model, per_minute, level, reserve, usual, at)"
        " VALUES (%s, '{600,NULL,NULL}', ARRAY[%s, 0, 0]::float8[], '{30,0,0}', '{1,0,0}', now())",
        [STANDARD, level],
    )


def _line_s(sql: Sql, tenant: str) -> float:
    """In how many seconds a tenant's line ends."""
    found = value(
        sql,
        "SELECT extract(epoch FROM ends_at - now())::float8 FROM rate_lines WHERE tenant_id = %s",
        tenant,
    )
    assert isinstance(found, float)
    return found


def _line(sql: Sql, tenant: str, ends_s: float, *, idle_s: float = 0) -> None:
    sql.execute(
        "INSERT INTO rate_lines (model, tenant_id, at, ends_at) VALUES (%s, %s,"
        " now() - make_interval(secs => %s), now() + make_interval(secs => %s))",
        [STANDARD, tenant, idle_s, ends_s],
    )
