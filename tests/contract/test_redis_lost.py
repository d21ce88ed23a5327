"""Redis goes away, or keys go, in the middle of work."""

from __future__ import annotations

import asyncio
import random
import signal
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from caches import RETRY, Maker, connected, failures, until
from rap_analyzer import telemetry
from rap_analyzer.adapters.cache import connect_redis
from rap_analyzer.adapters.cache_values import unpack
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rap_analyzer.adapters.cache import RedisCache
    from rap_analyzer.ports import Cache


async def test_work_goes_on_where_there_is_no_redis() -> None:
    """Memory stands in; the status says so."""
    cache: RedisCache = connect_redis("127.0.0.1", 1, 0)
    await cache.set("k", {"v": 1}, 60)
    assert await cache.get("k") == {"v": 1}
    assert await cache.status() == "unavailable"
    await cache.close()


OUTAGES: dict[str, tuple[str, Callable[[RedisServer], object], Callable[[RedisServer], object]]] = {
    "killed": ("lost", RedisServer.kill, RedisServer.start),
    "frozen": ("slow", lambda s: s.send_signal(signal.SIGSTOP), lambda s: s.send_signal(signal.SIGCONT)),
    "paused": ("slow", lambda s: s.run("CLIENT", "PAUSE", "2500", "ALL"), lambda _: None),
    "full": (
        "full",
        lambda s: (
            s.run("CONFIG", "SET", "maxmemory-policy", "noeviction"),
            s.run("CONFIG", "SET", "maxmemory", "1kb"),
        ),
        lambda s: s.run("CONFIG", "SET", "maxmemory", "0"),
    ),
    "read-only": (
        "read_only",
        lambda s: s.run("REPLICAOF", "127.0.0.1", "1"),
        lambda s: s.run("REPLICAOF", "NO", "ONE"),
    ),
}
"""How Redis goes away: the reason that the metric gives, how it is done, and how it is mended."""


@pytest.mark.parametrize("name", OUTAGES)
async def test_work_goes_on_from_memory_and_redis_is_used_again(own_redis: RedisServer, name: str) -> None:
    """One warning however many ask; every promise holds meanwhile, and what was written then is read afterwards."""
    reason, break_it, mend_it = OUTAGES[name]
    before = failures(reason)
    async with connected(own_redis) as cache:
        await cache.set("song:0", "from before")
        await cache.mark_song_processed("genius", "0")
        with capture_logs() as logs:
            break_it(own_redis)
            await asyncio.gather(*(cache.set(f"song:{number}", number, 60) for number in range(1, 20)))
            await check_promises(cache)
            assert await cache.status() == "unavailable"
            assert telemetry.registry.get_sample_value("rap_redis_available") == 0
            if reason in ("full", "read_only"):
                assert await cache.get("song:0") == "from before"
                assert await cache.is_song_processed("genius", "0")
            mend_it(own_redis)
            await until(lambda: is_written(cache, own_redis))
            assert [await cache.get(f"song:{number}") for number in range(1, 20)] == list(range(1, 20))
            assert await cache.is_song_processed("genius", "1")
            await cache.set("song:1", "anew", 60)
            assert await cache.get("song:1") == "anew"
            assert await cache.status() == "healthy"
    assert failures(reason) > before
    assert telemetry.registry.get_sample_value("rap_redis_available") == 1
    assert [(log["log_level"], log.get("reason")) for log in logs] == [("warning", reason), ("info", None)]
    assert unpack(own_redis.run("GET", "rap:v1:song:1")) == "anew"


async def check_promises(cache: Cache) -> None:
    """What holds for every cache, also while Redis is away."""
    assert [await cache.get(f"song:{number}") for number in range(1, 20)] == list(range(1, 20))
    await cache.cache_artist_songs("Ann Example", ["x"])
    assert await cache.get_artist_songs("Ann Example") == ["x"]
    await cache.mark_songs_processed("genius", ["1", "2"])
    assert await cache.are_songs_processed("genius", ["1", "2", "3"]) == [True, True, False]
    make = Maker("once")
    assert await asyncio.gather(*(cache.once("list:9", make) for _ in range(5))) == ["once"] * 5
    assert make.calls == 1
    assert await cache.get("song:none") is None


async def is_written(cache: Cache, server: RedisServer) -> bool:
    """Whether a value reaches Redis."""
    await cache.set("song:back", 1, 60)
    return bool(server.run("EXISTS", "rap:v1:song:back") == 1)


async def test_a_redis_that_is_left_alone_is_not_asked(own_redis: RedisServer) -> None:
    """Until its time has come: a frozen one costs a second once, not each time."""
    cache = connect_redis("127.0.0.1", own_redis.port, 0, answer_within=0.2, retry_after=600)
    before = failures("slow")
    own_redis.send_signal(signal.SIGSTOP)
    for number in range(50):
        await cache.set(f"song:{number}", number)
        assert await cache.get(f"song:{number}") == number
    own_redis.send_signal(signal.SIGCONT)
    await cache.close()
    assert failures("slow") == before + 1


async def test_one_caller_tries_again_and_the_others_do_without(own_redis: RedisServer) -> None:
    """So that a Redis that is still frozen holds up one task, not all."""
    async with connected(own_redis, answer_within=0.2) as cache:
        own_redis.send_signal(signal.SIGSTOP)
        await cache.set("song:1", 1)
        before = failures("slow")
        await asyncio.sleep(RETRY + 0.1)
        assert await asyncio.gather(*(cache.get(f"song:{number}") for number in (2, 3, 4))) == [None] * 3
        own_redis.send_signal(signal.SIGCONT)
    assert failures("slow") == before + 1


async def test_work_goes_on_while_redis_loads(own_redis: RedisServer) -> None:
    """A server that reads its snapshot answers that it is loading."""
    numbers = random.Random(1)
    for number in range(400):
        own_redis.run("SET", f"x{number}", numbers.randbytes(200))
    own_redis.run("SAVE")
    own_redis.kill()
    before = failures("loading")
    async with connected(own_redis) as cache:
        own_redis.start("--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024")
        with capture_logs() as logs:
            await cache.set("song:1", 1)
            assert await cache.get("song:1") == 1
            await until(lambda: is_written(cache, own_redis))
    assert failures("loading") > before
    assert [(log["log_level"], log.get("reason")) for log in logs] == [("warning", "loading"), ("info", None)]


async def work(cache: Cache, rounds: int, seed: int) -> None:
    """Use everything in a random order, and check each answer: right or missing."""
    chance = random.Random(seed)
    for _ in range(rounds):
        number = chance.randrange(30)
        song = {"number": number, "text": f"{number} " * 300}
        assert await cache.once(f"song:{number}", Maker(song, seconds=0), patience=0.5) == song
        assert await cache.get(f"song:{number}") in (None, song)
        await cache.cache_artist_songs(f"artist {number}", [number])
        assert await cache.get_artist_songs(f"artist {number}") in (None, [number])
        await cache.mark_song_processed("genius", str(2 * number))
        odd, _ = await cache.are_songs_processed("genius", [str(2 * number + 1), str(2 * number)])
        assert not odd


async def lose_random_keys(server: RedisServer) -> None:
    while True:
        keys = await asyncio.to_thread(server.held)
        for key in random.Random(len(keys)).sample(keys, k=len(keys) // 2):
            await asyncio.to_thread(server.run, "DEL", key)
        await asyncio.sleep(0)


async def flush(server: RedisServer) -> None:
    while True:
        await asyncio.to_thread(server.run, "FLUSHALL")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("lose", [lose_random_keys, flush])
async def test_losing_any_key_costs_time_and_never_correctness(
    own_redis: RedisServer, lose: Callable[[RedisServer], Awaitable[None]]
) -> None:
    """Values, lists, marks and locks vanish under four workers; no answer is wrong, and Redis stays in use."""
    async with connected(own_redis, answer_within=5.0) as a, connected(own_redis, answer_within=5.0) as b:
        with capture_logs() as logs:
            losing = asyncio.ensure_future(lose(own_redis))
            await asyncio.gather(*(work(cache, 80, seed) for seed, cache in enumerate((a, b, a, b))))
            assert not losing.done()
            losing.cancel()
    assert logs == []


async def test_what_is_evicted_is_a_miss(own_redis: RedisServer) -> None:
    """With `allkeys-lru` a full Redis takes every write, and is in use all the time."""
    own_redis.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    used = own_redis.run("INFO", "memory")["used_memory"]
    own_redis.run("CONFIG", "SET", "maxmemory", str(used + 500_000))
    numbers = random.Random(2)
    values = {f"page:{number}": numbers.randbytes(2_000).hex() for number in range(800)}
    async with connected(own_redis, answer_within=5.0) as cache:
        with capture_logs() as logs:
            for key, value in values.items():
                await cache.set(key, value)
            found = {key: await cache.get(key) for key in values}
            await work(cache, 20, seed=3)
    missing = [key for key, value in found.items() if value is None]
    assert all(value in (None, values[key]) for key, value in found.items())
    assert 0 < len(missing) < len(values)
    assert logs == []


async def test_redis_is_killed_and_started_again_in_the_middle_of_work(own_redis: RedisServer) -> None:
    """Twice; no answer is wrong, each process warns once each time, and Redis is used in the end."""
    async with connected(own_redis) as a, connected(own_redis) as b:
        with capture_logs() as logs:
            working = [asyncio.create_task(work_on(cache, seed)) for seed, cache in enumerate((a, b, a, b))]
            for _ in range(2):
                await asyncio.sleep(0.3)
                await asyncio.to_thread(own_redis.kill)
                await asyncio.sleep(0.5)
                await asyncio.to_thread(own_redis.start)
                await until(lambda: is_written(a, own_redis))
                await asyncio.to_thread(own_redis.run, "FLUSHALL")
                await until(lambda: is_written(b, own_redis))
            for task in working:
                task.cancel()
            ends = await asyncio.gather(*working, return_exceptions=True)
        assert [await cache.status() for cache in (a, b)] == ["healthy"] * 2
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
    assert [log["log_level"] for log in logs].count("warning") == 4


async def work_on(cache: Cache, seed: int) -> None:
    """Work until cancelled."""
    while True:
        await work(cache, 10, seed)
        await asyncio.sleep(0)
