"""What every cache promises, for memory and for Redis."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caches import LONG_TEXT, Maker, connected
from rap_analyzer import telemetry
from rap_analyzer.adapters.cache import MemoryCache
from rap_analyzer.adapters.cache_values import DEFLATED, PLAIN, Marks, pack, unpack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.ports import Cache
    from redis_server import RedisServer


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    """Each kind of cache, empty."""
    if request.param == "memory":
        yield MemoryCache()
        return
    server: RedisServer = request.getfixturevalue("shared_redis")
    server.run("FLUSHALL")
    async with connected(server) as on_redis:
        yield on_redis
        assert await on_redis.status() == "healthy"


def lookups(kind: str, result: str) -> float:
    """How many look-ups of a kind came out so."""
    labels = {"kind": kind, "result": result}
    return telemetry.registry.get_sample_value("rap_cache_requests_total", labels) or 0.0


async def test_what_was_kept_comes_back(cache: Cache) -> None:
    """Any JSON value, unchanged, short or long."""
    value = {"songs": ["a", "é", 1, None, 2.5], "pages": LONG_TEXT}
    await cache.set("artist:1", value, 60)
    assert await cache.get("artist:1") == value


async def test_what_was_never_kept_is_none(cache: Cache) -> None:
    """And counts as a miss."""
    await cache.set("there", 1, 60)
    before = cache.hit_ratio
    assert await cache.get("nowhere") is None
    assert await cache.get("there") == 1
    assert 0 <= before <= 1
    assert cache.hit_ratio == 0.5


async def test_what_is_too_old_is_gone(cache: Cache) -> None:
    """After its time to live."""
    await cache.set("soon", "gone", 0.05)
    await asyncio.sleep(0.1)
    assert await cache.get("soon") is None


async def test_look_ups_are_counted_by_kind(cache: Cache) -> None:
    """The kind is what stands before the colon; a stranger's counts as other, so that labels stay few."""
    before = [lookups(*labels) for labels in (("page", "hit"), ("page", "miss"), ("other", "miss"))]
    await cache.set("page:1", "x")
    for key in ("page:1", "page:2", "no-such-kind:3"):
        await cache.get(key)
    after = [lookups(*labels) for labels in (("page", "hit"), ("page", "miss"), ("other", "miss"))]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=600),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_packing_changes_nothing(value: Any) -> None:
    """Unpacking gives the value back."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return  # infinities and half surrogates are no JSON
    assert unpack(pack(value)) == value


@given(st.binary() | st.builds(lambda body: DEFLATED + body, st.binary()) | st.builds(lambda b: PLAIN + b, st.binary()))
def test_garbage_is_a_miss_or_a_value_but_never_an_error(packed: bytes) -> None:
    """Whatever a stranger has put there: what it unpacks to could have been packed."""
    value = unpack(packed)
    assert value is None or unpack(pack(value)) == value


def test_a_torn_value_is_a_miss() -> None:
    """So is one with an unknown marker, and JSON without any, as it was written once."""
    packed = pack(LONG_TEXT)
    assert packed.startswith(DEFLATED)
    assert len(packed) < 500
    assert [unpack(torn) for torn in (packed[:-5], b"\x07" + packed[1:], b'{"a": 1}', b"", b"\x01")] == [None] * 5


async def test_an_artists_songs_are_kept_for_a_while(cache: Cache) -> None:
    """The list as it was given; an artist without songs has one too, an unknown one has none."""
    await cache.cache_artist_songs("Ann Example", [{"id": "1", "title": "One"}])
    await cache.cache_artist_songs("Quiet: Bea", [])
    await cache.cache_artist_songs("Shortly", ["x"], ttl=0.05)
    await asyncio.sleep(0.1)
    assert await cache.get_artist_songs("Ann Example") == [{"id": "1", "title": "One"}]
    assert await cache.get_artist_songs("Quiet: Bea") == []
    assert await cache.get_artist_songs("Shortly") is None
    assert await cache.get_artist_songs("ann example") is None


async def test_processed_songs_are_remembered(cache: Cache) -> None:
    """Each in its own source, marked twice or once."""
    for _ in range(2):
        await cache.mark_song_processed("genius", "7")
    assert await cache.is_song_processed("genius", "7")
    assert not await cache.is_song_processed("genius", "8")
    assert not await cache.is_song_processed("demo", "7")


async def test_many_songs_are_marked_and_looked_up_at_once(cache: Cache) -> None:
    """More than go in one command; none is none."""
    ids = [str(number) for number in range(12_000)]
    await cache.mark_songs_processed("genius", ids[::2])
    assert await cache.are_songs_processed("genius", ids) == [True, False] * 6_000
    await cache.mark_songs_processed("genius", [])
    assert await cache.are_songs_processed("genius", []) == []


def test_the_oldest_marks_go_first() -> None:
    """Memory keeps so many, and each for so long."""
    marks = Marks(ttl=60, max_marks=3)
    marks.add("s", ["1", "2", "3"])
    marks.add("s", ["1", "4"])
    assert [marks.has("s", member) for member in "1234"] == [True, False, True, True]
    short = Marks(ttl=-1, max_marks=3)
    short.add("s", ["1"])
    assert not short.has("s", "1")


async def test_one_of_many_tasks_makes_a_missing_value(cache: Cache) -> None:
    """All get it, and it is kept."""
    make = Maker({"n": 1})
    assert await asyncio.gather(*(cache.once("song:1", make, 60) for _ in range(20))) == [{"n": 1}] * 20
    assert await cache.get("song:1") == {"n": 1}
    assert make.calls == 1


async def test_a_makers_error_reaches_only_his_caller(cache: Cache) -> None:
    """The next in line makes it."""
    calls = 0

    async def make() -> str:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.05)
        if calls == 1:
            raise LookupError
        return "second"

    results = await asyncio.gather(*(cache.once("song:2", make, 60) for _ in range(4)), return_exceptions=True)
    assert [type(result) for result in results].count(LookupError) == 1
    assert results.count("second") == 3
    assert calls == 2


async def test_a_cancelled_maker_lets_the_next_one_make(cache: Cache) -> None:
    """At once, not after his lock's expiry."""
    stuck = Maker(seconds=600)
    first = asyncio.create_task(cache.once("song:3", stuck, 60, patience=100))
    await stuck.begun.wait()
    second = asyncio.create_task(cache.once("song:3", Maker("other"), 60, patience=100))
    await asyncio.sleep(0.05)
    first.cancel()
    async with asyncio.timeout(20):
        assert await second == "other"


async def test_nobody_waits_for_ever_for_a_slow_maker(cache: Cache) -> None:
    """After his patience each makes it himself."""
    stuck = Maker(seconds=600)
    first = asyncio.create_task(cache.once("song:4", stuck, 60, patience=0.1))
    await stuck.begun.wait()
    async with asyncio.timeout(20):
        assert await cache.once("song:4", Maker("own"), 60, patience=0.1) == "own"
    first.cancel()


async def test_a_cancelled_task_ends_wherever_it_is(cache: Cache) -> None:
    """No step of a look-up, a write or a mark takes the cancellation for something else and goes on."""

    async def use(key: str) -> None:
        await cache.once(key, Maker(seconds=0), 60)
        await cache.mark_song_processed("genius", key)
        await asyncio.sleep(600)

    for steps in range(120):
        task = asyncio.create_task(use(f"song:{steps}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert task.cancelled(), steps


async def test_none_is_made_and_not_kept(cache: Cache) -> None:
    """The next caller makes again."""
    make = Maker(None, seconds=0)
    assert await cache.once("song:5", make, 60) is None
    assert await cache.once("song:5", make, 60) is None
    assert make.calls == 2


async def test_memory_keeps_the_newest() -> None:
    """Beyond its size the entry that was used least recently goes."""
    memory = MemoryCache(max_entries=2)
    for name in ("a", "b"):
        await memory.set(name, name, 60)
    await memory.get("a")
    await memory.set("c", "c", 60)
    assert [await memory.get(n) for n in ("a", "b", "c")] == ["a", None, "c"]


async def test_memory_is_bounded_in_bytes() -> None:
    """Values written anew or pushed out give their room back; what is larger than all of it is not kept."""
    memory = MemoryCache(max_bytes=1_000)
    for _ in range(50):
        await memory.set("a", "x" * 400, 60)
    await memory.set("b", "y" * 400, 60)
    assert [await memory.get(name) for name in ("a", "b")] == ["x" * 400, "y" * 400]
    await memory.set("c", random.Random(1).randbytes(2_000).hex(), 60)
    assert [await memory.get(name) for name in ("a", "b", "c")] == [None] * 3
    await memory.set("d", "z" * 400, 60)
    assert await memory.get("d") == "z" * 400
