"""What every cache promises, for memory and for Redis; and what happens when Redis goes away."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from rap_analyzer.adapters.cache import MemoryCache, RedisCache, connect_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from rap_analyzer.ports import Cache


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[int]:
    """A Redis server of the tests' own."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is missing, and CI must have it")
        pytest.skip("redis-server is not installed")
    folder: Path = tmp_path_factory.mktemp("redis")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        yield port
        server.terminate()


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    """Each kind of cache."""
    if request.param == "memory":
        yield MemoryCache()
        return
    connected = connect_redis("127.0.0.1", request.getfixturevalue("redis_port"), 0)
    for _ in range(50):
        if await connected.status() == "healthy":
            break
        await asyncio.sleep(0.1)
    connected._retry_at = 0.0
    yield connected
    await connected.close()


async def test_what_was_kept_comes_back(cache: Cache) -> None:
    """Any JSON value, unchanged."""
    value = {"songs": ["a", "é", 1, None, 2.5]}
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


async def test_memory_keeps_the_newest() -> None:
    """Beyond its size the entry that was used least recently goes."""
    memory = MemoryCache(max_entries=2)
    for name in ("a", "b"):
        await memory.set(name, name, 60)
    await memory.get("a")
    await memory.set("c", "c", 60)
    assert [await memory.get(n) for n in ("a", "b", "c")] == ["a", None, "c"]


async def test_work_goes_on_while_redis_is_away() -> None:
    """Memory stands in; the status says so."""
    cache: RedisCache = connect_redis("127.0.0.1", 1, 0)
    await cache.set("k", {"v": 1}, 60)
    assert await cache.get("k") == {"v": 1}
    assert await cache.status() == "unavailable"
    await cache.close()
