"""Names are looked up apart from everything else: a resolver that hangs holds up nobody but who asked it."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest
from claimcheck.webhooks import lookup
from claimcheck.webhooks.endpoint import RefusedAddressError
from claimcheck.webhooks.guard import check
from claimcheck.webhooks.lookup import DEADLINE_S, THREADS, Lookup

from tests.unit.usecases.virtual_time import now, run
from tests.unit.webhooks.hanging_resolver import PUBLIC, HangingResolver

# More than asyncio's default executor has threads.
MANY = min(32, (os.cpu_count() or 1) + 4) + 1


async def hanging(names: Lookup, resolver: HangingResolver, count: int) -> list[asyncio.Task[object]]:
    """So many look-ups that are not answered, each in its thread."""
    tasks: list[asyncio.Task[object]] = [
        asyncio.create_task(check(f"https://hangs{number}.example/", resolver=names))
        for number in range(count)
    ]
    await asyncio.sleep(0)  # each task hands over its name
    resolver.wait_until_hanging(count)
    return tasks


async def ended(tasks: list[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_a_healthy_name_does_not_wait_for_hanging_ones() -> None:
    """With many look-ups hanging, another name is answered and every one of them still hangs."""

    async def main(resolver: HangingResolver) -> None:
        names = Lookup(resolver, deadline_s=3600)
        tasks = await hanging(names, resolver, min(MANY, THREADS - 1))
        target = await check("https://healthy.example/", resolver=names)
        assert target.ips == (PUBLIC,)
        assert not any(task.done() for task in tasks)
        await ended(tasks)

    with HangingResolver() as resolver:
        asyncio.run(main(resolver))


def test_other_threads_are_free_while_names_hang() -> None:
    """Work that asyncio gives to its own threads is done while more look-ups hang than it has threads."""

    async def main(resolver: HangingResolver) -> None:
        tasks = await hanging(Lookup(resolver, deadline_s=3600), resolver, min(MANY, THREADS))
        assert await asyncio.to_thread(lambda: "done") == "done"
        assert not any(task.done() for task in tasks)
        await ended(tasks)

    with HangingResolver() as resolver:
        asyncio.run(main(resolver))


def test_lookups_have_no_more_than_their_threads() -> None:
    """A name beyond the number of threads waits for one, and the resolver is not asked meanwhile."""

    async def main(resolver: HangingResolver) -> None:
        names = Lookup(resolver, threads=2, deadline_s=3600)
        tasks = await hanging(names, resolver, 2)
        third = asyncio.create_task(names("healthy.example", 443))
        await asyncio.sleep(0)
        assert (resolver.answered, third.done()) == ([], False)
        resolver.let_go()
        assert await third == [PUBLIC]
        await asyncio.gather(*tasks, return_exceptions=True)

    with HangingResolver() as resolver:
        asyncio.run(main(resolver))


def test_a_lookup_ends_at_its_deadline() -> None:
    """A name that is not answered within five seconds is a timeout, whatever its thread does."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            await Lookup(resolver)("hangs.example", 443)
        return now()

    with HangingResolver() as resolver:
        assert run(main) == pytest.approx(DEADLINE_S)


def test_a_name_that_does_not_exist_is_no_timeout() -> None:
    """What the resolver says comes out: such a name is refused."""

    def unknown(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(RefusedAddressError, match="a name that resolves"):
        asyncio.run(check("https://unknown.example/", resolver=Lookup(unknown)))


def test_every_address_of_a_name_is_given() -> None:
    """All that the resolver knows is given, in its order."""

    def two(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in ("2001:db8::1", PUBLIC)]

    assert asyncio.run(Lookup(two)("example.com", 443)) == ["2001:db8::1", PUBLIC]


def test_an_environment_has_one_lookup() -> None:
    """The product's own look-up is made with the first name and kept; an address is its own name."""
    lookup._lookup.cache_clear()
    for address in ("127.0.0.1", "127.0.0.2"):
        assert asyncio.run(lookup.resolve(address, 443)) == [address]
    assert (lookup._lookup.cache_info().misses, lookup._lookup.cache_info().hits) == (1, 1)
