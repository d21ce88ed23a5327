"""What tests of the caches need: one on a server, a slow maker of values, and a look at the metrics."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from rap_analyzer import telemetry
from rap_analyzer.adapters.cache import connect_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from rap_analyzer.adapters.cache import RedisCache
    from redis_server import RedisServer

LONG_TEXT = {"html": "a line of words, " * 500}
RETRY = 0.2
"""Seconds for which the tests' caches leave a lost Redis alone."""


@asynccontextmanager
async def connected(
    server: RedisServer, password: str = "", *, answer_within: float = 0.5
) -> AsyncIterator[RedisCache]:
    """A cache as a process of its own would have it, which soon tries a lost Redis again."""
    cache = connect_redis("127.0.0.1", server.port, 0, password, answer_within=answer_within, retry_after=RETRY)
    yield cache
    await cache.close()


class Maker:
    """Makes a value, counts how often, and takes its time."""

    def __init__(self, value: Any = "made", seconds: float = 0.1) -> None:
        self.calls = 0
        self.begun = asyncio.Event()
        self._value, self._seconds = value, seconds

    async def __call__(self) -> Any:
        self.calls += 1
        self.begun.set()
        await asyncio.sleep(self._seconds)
        return self._value


def failures(reason: str) -> float:
    """How often Redis has failed so."""
    return telemetry.registry.get_sample_value("rap_cache_failures_total", {"reason": reason}) or 0.0


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that comes soon."""
    for _ in range(300):
        if await holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail("what should come soon has not come")
