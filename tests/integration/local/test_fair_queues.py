"""Fair queues of the local SQS: whose messages come first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from local.emulator import Emulator, client_of
from local.fair_queues import Fairness, tenant_of

if TYPE_CHECKING:
    from pathlib import Path


def _message(
    number: int, tenant: str | None, *, visible_at: float = 0.0, received: int = 0
) -> dict[str, Any]:
    return {"id": f"m{number}", "group_id": tenant, "visible_at": visible_at, "receive_count": received}


def _take(fairness: Fairness, messages: list[dict[str, Any]], most: int, now: float) -> list[str]:
    """Hand out as a queue does; the messages' ids."""
    taken = fairness.ordered(messages, now)[:most]
    for message in messages:
        if message in taken:
            message["visible_at"], message["receive_count"] = now + 1_000.0, 1
    fairness.handed_out(taken)
    return [str(message["id"]) for message in taken]


def test_the_first_look_is_in_order() -> None:
    """While nobody has been seen to be noisy messages come as they were sent."""
    messages = [_message(number, "a" if number < 20 else "b") for number in range(25)]
    assert _take(Fairness(), messages, 10, 1.0) == [f"m{number}" for number in range(10)]


def test_a_quiet_tenant_comes_before_a_backlog() -> None:
    """A tenant that has taken all processing time so far stands behind one that comes later."""
    fairness = Fairness()
    messages = [_message(number, "a") for number in range(50)]
    _take(fairness, messages, 10, 1.0)
    messages.append(_message(50, "b"))
    assert _take(fairness, messages, 3, 2.0) == ["m50", "m10", "m11"]


def test_thirty_in_flight_are_noise_at_once() -> None:
    """More than a tenth of what is in flight and thirty of it are noise, though no time has passed."""
    fairness = Fairness()
    flying = [_message(number, "a", visible_at=9.0, received=1) for number in range(30)]
    waiting = [_message(30, "a"), _message(31, "b")]
    assert [each["id"] for each in fairness.ordered([*flying, *waiting], 1.0)] == ["m31", "m30"]
    few = [_message(number, "a", visible_at=9.0, received=1) for number in range(29)]
    assert [each["id"] for each in Fairness().ordered([*few, *waiting], 1.0)] == ["m30", "m31"]


def test_of_two_noisy_tenants_the_one_with_less_in_flight_comes_first() -> None:
    """Noisy tenants are served by what they have in flight."""
    fairness = Fairness()
    flying = [
        _message(number, "a" if number < 60 else "b", visible_at=9.0, received=1) for number in range(100)
    ]
    waiting = [_message(100, "a"), _message(101, "b")]
    assert [each["id"] for each in fairness.ordered([*flying, *waiting], 1.0)] == ["m101", "m100"]


def test_a_tenant_whose_backlog_is_gone_is_quiet_again() -> None:
    """What was noise is forgotten with its last waiting message."""
    fairness = Fairness()
    messages = [_message(number, "a", visible_at=2.0, received=1) for number in range(30)]
    assert fairness.ordered([*messages, _message(30, "a")], 1.0)  # noisy
    assert fairness.ordered([], 1.0) == []
    again = [_message(31, "a"), _message(32, "b")]
    assert [each["id"] for each in fairness.ordered(again, 1.0)] == ["m31", "m32"]


def test_a_message_without_a_tenant_is_its_own() -> None:
    """Messages without MessageGroupId do not make each other wait."""
    assert tenant_of(_message(1, None)) != tenant_of(_message(2, None))


_MESSAGES = st.lists(
    st.builds(
        _message,
        st.integers(0, 10_000),
        st.sampled_from(["a", "b", "c", None]),
        visible_at=st.sampled_from([0.0, 9.0]),
        received=st.integers(0, 2),
    ),
    unique_by=lambda message: message["id"],
)


@given(st.lists(_MESSAGES, min_size=1, max_size=5))
def test_nothing_is_lost_or_made(looks: list[list[dict[str, Any]]]) -> None:
    """Whatever was before, all that waits is handed out once, and of each tenant the oldest first."""
    fairness = Fairness()
    for number, messages in enumerate(looks, start=1):
        ordered = fairness.ordered(messages, float(number))
        waiting = [message for message in messages if message["visible_at"] <= number]
        assert sorted(each["id"] for each in ordered) == sorted(each["id"] for each in waiting)
        for tenant in {tenant_of(message) for message in waiting}:
            mine = [each["id"] for each in ordered if tenant_of(each) == tenant]
            assert mine == [each["id"] for each in waiting if tenant_of(each) == tenant]
        fairness.handed_out(ordered[:10])


def test_the_local_sqs_is_fair(tmp_path: Path) -> None:
    """Behind a backlog of one tenant another one's message is received next, from the emulator as it runs."""

    async def scenario() -> list[str]:
        server = Emulator(tmp_path)
        await server.start()
        try:
            return await asyncio.to_thread(_received, server.url)
        finally:
            await server.stop()

    assert asyncio.run(scenario())[0] == "quiet"


def _received(url: str) -> list[str]:
    """What the receive after the quiet tenant's message gives."""
    sqs: Any = client_of("sqs", url)
    queue = sqs.create_queue(QueueName="fair")["QueueUrl"]
    for start in range(0, 50, 10):
        entries = [
            {"Id": str(number), "MessageBody": f"noisy {start + number}", "MessageGroupId": "noisy"}
            for number in range(10)
        ]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    for _ in range(3):
        assert len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]) == 10
    sqs.send_message(QueueUrl=queue, MessageBody="quiet", MessageGroupId="quiet")
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    return [str(message["Body"]) for message in found]
