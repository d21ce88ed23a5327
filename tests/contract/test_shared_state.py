"""What all processes share of a source: the same promises in PostgreSQL and in Redis, and when Redis comes and goes."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import pytest
from structlog.testing import capture_logs

from rap_analyzer.adapters.pacing import Pacer
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.source_states import SourceStates
from rap_analyzer.adapters.redis_state import connect_state
from rap_analyzer.domain.errors import RateLimited
from rap_analyzer.domain.pacing import LONGEST_LEASE_S, SLOWEST_PACE, Rate, Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from rap_analyzer.ports import SharedState
    from redis_server import RedisServer

MINUTELY = Rate(600, 60.0)
SOON = 1.0
"""Seconds after which a breaker of these tests lets a probe pass."""
RETRY = 2.2
"""Seconds after which a lost Redis is tried again: all have heard of its loss by then."""


class NewClient(Protocol):
    """Makes a shared state with connections of its own, as another process would have it."""

    async def __call__(self, *, server: RedisServer | None = None, probe_s: float = 150.0) -> SharedState:
        """A client of PostgreSQL, or of a Redis before it."""


@pytest.fixture
async def new_client(database: Database) -> AsyncIterator[NewClient]:
    """Makes clients of the test's database."""
    async with AsyncExitStack() as stack:

        async def make(*, server: RedisServer | None = None, probe_s: float = 150.0) -> SharedState:
            own = await stack.enter_async_context(opened(Database(database.conninfo, max_connections=4)))
            behind = SourceStates(own, open_s=SOON, probe_s=probe_s)
            if server is None:
                return behind
            state = connect_state("127.0.0.1", server.port, 0, "", behind, retry_s=RETRY)
            stack.push_async_callback(state.close)
            return state

        yield make


class NewState(Protocol):
    """Makes clients of the store that a test is about."""

    async def __call__(self, probe_s: float = 150.0) -> SharedState:
        """Another client; a probe that says nothing for so long is taken for dead."""


@pytest.fixture(params=["postgresql", "redis"])
def new_state(request: pytest.FixtureRequest, new_client: NewClient) -> NewState:
    """Makes clients of one kind, all of the same store."""
    server = request.getfixturevalue("own_redis") if request.param == "redis" else None

    async def make(probe_s: float = 150.0) -> SharedState:
        return await new_client(server=server, probe_s=probe_s)

    return make


def moments(turns: Turns, at: float) -> list[float]:
    """When these turns may be used, by the clock that said `at` when they were given."""
    offsets = [turns.wait_s + number * turns.spacing_s for number in range(turns.count)]
    return [at if offset < turns.free_s else at + offset for offset in offsets]


def most_in_window(times: list[float], window_s: float) -> int:
    """The most of these moments that lie within any window."""
    ordered = sorted(times)
    return max(sum(start <= moment < start + window_s for moment in ordered) for start in ordered)


async def open_breaker(state: SharedState) -> None:
    """Five failed attempts."""
    for _ in range(5):
        await state.record("genius", failed=True)


async def test_the_rate_is_never_passed_by_four_clients(new_state: NewState) -> None:
    """However many ask at once and however many turns each reserves, a minute has no more than the rate."""
    clients = [await new_state() for _ in range(4)]
    given: list[float] = []

    async def ask(state: SharedState, count: int) -> None:
        for _ in range(50):
            turns = await state.reserve("genius", MINUTELY, 0.0, count)
            assert turns.count == count
            given.extend(moments(turns, time.monotonic()))

    await asyncio.gather(*(ask(state, count) for count, state in enumerate(clients, 2)))
    assert len(given) == 50 * (2 + 3 + 4 + 5)
    assert MINUTELY.requests * 0.97 <= most_in_window(given, MINUTELY.window_s) <= MINUTELY.requests


async def test_turns_are_given_in_order(new_state: NewState) -> None:
    """Who asks later comes later, whichever client asks, and nobody is given the turn of another."""
    clients = [await new_state() for _ in range(3)]
    firsts = []
    for number in range(12):
        turns = await clients[number % 3].reserve("genius", MINUTELY, 0.0, 2)
        firsts.append(time.monotonic() + turns.wait_s)
    gaps = [later - earlier for earlier, later in pairwise(firsts)]
    assert all(gap > MINUTELY.spacing_s for gap in gaps)


async def test_a_slow_source_spaces_the_turns(new_state: NewState) -> None:
    """The longer of the rate's spacing and the delay that latency asks for."""
    state = await new_state()
    assert (await state.reserve("genius", MINUTELY, 0.0, 3)).spacing_s == pytest.approx(MINUTELY.spacing_s, rel=1e-4)
    assert (await state.reserve("genius", MINUTELY, 1.5, 3)).spacing_s == pytest.approx(1.5)


async def test_sources_do_not_know_each_other(new_state: NewState) -> None:
    """What one source asks for is nothing to another."""
    state = await new_state()
    await state.park("genius", 900, "429")
    await open_breaker(state)
    assert (await state.reserve("spotify", MINUTELY, 0.0, 1)).count == 1
    standing = await state.admit("spotify")
    assert (standing.parked_s, standing.failures) == (0, 0)


async def test_a_parked_source_is_parked_for_all_and_after_a_restart(new_state: NewState) -> None:
    """All clients, a new one too, are told why and for how long; a shorter wait afterwards changes nothing."""
    first, second = await new_state(), await new_state()
    await second.reserve("genius", MINUTELY, 0.0, 1)
    await first.park("genius", 79_892, "Retry-After")
    await first.park("genius", 30, "shorter")
    await asyncio.sleep(LONGEST_LEASE_S)
    for state in (first, second, await new_state()):
        turns = await state.reserve("genius", MINUTELY, 0.0, 5)
        assert turns.count == 0
        for standing in (turns.standing, await state.admit("genius")):
            assert 79_800 < standing.parked_s <= 79_892
            assert standing.parked_why == "Retry-After"


async def test_a_short_pause_ends(new_state: NewState) -> None:
    """Then turns are given again."""
    state = await new_state()
    await state.park("genius", 0.2, "429")
    assert (await state.admit("genius")).parked_s > 0
    await asyncio.sleep(0.25)
    assert (await state.reserve("genius", MINUTELY, 0.0, 1)).count == 1


async def test_failures_of_all_clients_open_the_breaker(new_state: NewState) -> None:
    """Five in a row, whoever saw them; then nobody passes, also one who has just come."""
    first, second = await new_state(), await new_state()
    for state in (first, second, first, second):
        assert (await state.record("genius", failed=True)).is_closed
    assert not (await first.record("genius", failed=True)).is_closed
    for state in (first, second, await new_state()):
        standing = await state.admit("genius")
        assert 0 < standing.open_s <= SOON
        assert not standing.is_probe
        assert (await state.reserve("genius", MINUTELY, 0.0, 5)).count == 0


async def test_a_success_of_any_client_ends_the_row(new_state: NewState) -> None:
    """Four failures, an answer to another client, four failures: the breaker is closed."""
    first, second = await new_state(), await new_state()
    for _ in range(4):
        await first.record("genius", failed=True)
    await second.record("genius", failed=False)
    for _ in range(4):
        await first.record("genius", failed=True)
    assert (await second.admit("genius")).is_closed


async def test_one_client_probes(new_state: NewState) -> None:
    """When the pause is over one of four passes; its success lets all pass, its failure none."""
    clients = [await new_state() for _ in range(4)]
    await open_breaker(clients[0])
    for outcome in (True, False):
        await asyncio.sleep(SOON + 0.05)
        standings = await asyncio.gather(*(state.admit("genius") for state in clients))
        assert sorted(s.is_probe for s in standings) == [False, False, False, True]
        assert all(s.open_s > 0 for s in standings if not s.is_probe)
        await clients[1].record("genius", failed=outcome)
        after = [await state.admit("genius") for state in clients]
        assert [s.is_closed for s in after] == [not outcome] * 4
        assert not any(s.is_probe for s in after)


async def test_a_dead_probe_does_not_keep_the_breaker_shut(new_state: NewState) -> None:
    """Nobody hears from it again, and after a while another probes; one that says it gave up makes room at once."""
    first, second = await new_state(SOON), await new_state(SOON)
    await open_breaker(first)
    await asyncio.sleep(SOON + 0.05)
    assert (await first.admit("genius")).is_probe
    assert not (await second.admit("genius")).is_probe
    await asyncio.sleep(SOON + 0.05)
    assert (await second.admit("genius")).is_probe
    await second.record("genius", failed=None)
    assert (await first.admit("genius")).is_probe


async def test_too_many_requests_double_the_spacing_once(new_state: NewState) -> None:
    """Six attempts of one moment, refused together, are one reason to slow down; later ones are another."""
    first, second = await new_state(), await new_state()
    await first.reserve("genius", MINUTELY, 0.0, 1)
    for _ in range(3):
        await first.slow_down("genius", MINUTELY, sent_s=0.05)
        await second.slow_down("genius", MINUTELY, sent_s=0.05)
    turns = await second.reserve("genius", MINUTELY, 0.0, 1)
    assert turns.spacing_s == pytest.approx(2 * MINUTELY.spacing_s, rel=0.05)
    await asyncio.sleep(3 * MINUTELY.spacing_s)
    await second.slow_down("genius", MINUTELY, sent_s=0.01)
    turns = await first.reserve("genius", MINUTELY, 0.0, 1)
    assert turns.spacing_s == pytest.approx(4 * MINUTELY.spacing_s, rel=0.1)


async def test_the_pace_recovers(new_state: NewState) -> None:
    """A little with every moment, and it never sinks without end."""
    state = await new_state()
    rate = Rate(60_000, 60.0)
    for _ in range(12):
        await state.slow_down("genius", rate, sent_s=0.0)
        await asyncio.sleep(0.09)
    slow = (await state.reserve("genius", rate, 0.0, 1)).spacing_s
    assert 8 * rate.spacing_s < slow <= rate.spacing_s / SLOWEST_PACE
    await asyncio.sleep(1.0)
    assert (await state.reserve("genius", rate, 0.0, 1)).spacing_s < slow * 0.8


# Redis comes and goes


async def passing(pacers: list[Pacer], happening: Awaitable[None], after: int) -> list[float]:
    """When requests passed while this happened, and until so many passed after it, of clients that send when they may.

    It waits for a number of requests and not for a time: each change of keepers costs seconds, and a busy machine adds
    changes of its own.
    """
    turns: asyncio.Queue[float] = asyncio.Queue()

    async def send(pacer: Pacer) -> None:
        while True:
            await pacer.take_turn()
            turns.put_nowait(time.monotonic())

    tasks = [asyncio.create_task(send(pacer)) for pacer in pacers]
    await happening
    async with asyncio.timeout(90.0):
        passed = [await turns.get() for _ in range(turns.qsize() + after)]
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
    return passed


async def kill(server: RedisServer) -> None:
    """It is away for a moment, and forgets all."""
    await asyncio.sleep(2.0)
    server.kill()
    await asyncio.sleep(2.0)
    await asyncio.to_thread(server.start)


async def flush(server: RedisServer) -> None:
    """It forgets all, three times."""
    for _ in range(3):
        await asyncio.sleep(1.0)
        await asyncio.to_thread(server.run, "FLUSHALL")


async def shut_to_writers(server: RedisServer) -> None:
    """It becomes the copy of a server that is not there, and then itself again."""
    await asyncio.sleep(2.0)
    await asyncio.to_thread(server.run, "REPLICAOF", "127.0.0.1", "1")
    await asyncio.sleep(2.0)
    await asyncio.to_thread(server.run, "REPLICAOF", "NO", "ONE")


async def fill(server: RedisServer) -> None:
    """It has no room for anything new, and then it has."""
    await asyncio.sleep(2.0)
    await asyncio.to_thread(server.run, "CONFIG", "SET", "maxmemory", "1")
    await asyncio.sleep(2.0)
    await asyncio.to_thread(server.run, "CONFIG", "SET", "maxmemory", "0")


@pytest.mark.slow
@pytest.mark.parametrize("happening", [kill, flush, shut_to_writers, fill])
async def test_the_rate_is_kept_while_redis_comes_and_goes(
    new_client: NewClient, own_redis: RedisServer, happening: Callable[[RedisServer], Awaitable[None]]
) -> None:
    """Four clients under way when it is lost, and when it is back, send no more than the rate; one line warns of it."""
    rate = Rate(100, 5.0)
    pacers = [Pacer("genius", rate, await new_client(server=own_redis), 60.0) for _ in range(4)]
    with capture_logs() as logs:
        passed = await passing(pacers, happening(own_redis), after=120)
    assert most_in_window(passed, rate.window_s) <= rate.requests
    warnings = [line["event"] for line in logs if line["log_level"] == "warning"]
    assert len(warnings) <= len(pacers)
    assert bool(warnings) == (happening is not flush)
    assert own_redis.run("KEYS", "*") == [b"rap:v1:source:genius"]


async def test_parking_and_breaker_outlive_redis(new_client: NewClient, own_redis: RedisServer) -> None:
    """What was learnt while Redis served is known when it is lost, and again when it has come back empty."""
    state = await new_client(server=own_redis)
    await state.reserve("genius", MINUTELY, 0.0, 1)
    await state.park("genius", 900, "429")
    for _ in range(4):
        await state.record("spotify", failed=True)
    own_redis.kill()
    assert (await state.admit("genius")).parked_s > 890
    assert not (await state.record("spotify", failed=True)).is_closed
    own_redis.start()
    await asyncio.sleep(RETRY + 1.1)
    for client in (state, await new_client(server=own_redis)):
        turns = await client.reserve("genius", MINUTELY, 0.0, 1)
        assert turns.standing.keeper.startswith("redis")
        assert turns.standing.parked_s > 890
        assert not (await client.admit("spotify")).is_closed


async def test_who_knows_no_redis_takes_the_turns_over(new_client: NewClient, own_redis: RedisServer) -> None:
    """A process without REDIS_HOST begins when the turns that Redis gave are used up, and the others follow it."""
    with_redis, without = await new_client(server=own_redis), await new_client()
    before = await with_redis.reserve("genius", MINUTELY, 0.0, 1)
    assert before.standing.keeper.startswith("redis")
    turns = await without.reserve("genius", MINUTELY, 0.0, 1)
    assert turns.standing.keeper == "postgresql"
    assert turns.wait_s > before.wait_s + 1
    await asyncio.sleep(1.1)
    assert (await with_redis.admit("genius")).keeper != before.standing.keeper


async def test_a_redis_that_hangs_costs_a_second_once(new_client: NewClient, own_redis: RedisServer) -> None:
    """Then it is left alone for a while."""
    import signal

    state = await new_client(server=own_redis)
    await state.reserve("genius", MINUTELY, 0.0, 1)
    own_redis.send_signal(signal.SIGSTOP)
    try:
        turns = await state.reserve("genius", MINUTELY, 0.0, 1)
        assert turns.standing.keeper == "postgresql"
    finally:
        own_redis.send_signal(signal.SIGCONT)


async def test_a_parked_source_stops_a_door_at_once(new_client: NewClient) -> None:
    """The error tells how long."""
    state = await new_client()
    await state.park("genius", 7_200, "429")
    with pytest.raises(RateLimited, match="7200 s") as raised:
        await Pacer("genius", MINUTELY, await new_client(), 60.0).take_turn()
    assert 7_100 < (raised.value.retry_after or 0) <= 7_200
