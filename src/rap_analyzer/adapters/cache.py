"""One cache, two homes: Redis when there is one, the memory of this process when there is none or it falls away."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from rap_analyzer import telemetry

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)

NAMESPACE = "rap:v1:"
MEMORY_ENTRIES = 10_000
RETRY_SECONDS = 10.0
"""How long a Redis that failed is left alone."""


class MemoryCache:
    """The newest entries, in this process."""

    def __init__(self, max_entries: int = MEMORY_ENTRIES) -> None:
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._max_entries = max_entries
        self._counts = _Counts()

    async def get(self, key: str) -> Any | None:
        """The value, or None when it was never there, is too old, or was pushed out."""
        expires, value = self._entries.get(key, (0.0, b""))
        found = expires > time.monotonic()
        self._counts.record(found=found)
        if not found:
            self._entries.pop(key, None)
            return None
        self._entries.move_to_end(key)
        return orjson.loads(value)

    async def set(self, key: str, value: Any, ttl: float) -> None:
        """Keep a JSON-ready value for `ttl` seconds."""
        self._entries[key] = (time.monotonic() + ttl, orjson.dumps(value))
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    async def status(self) -> str:
        """Always `memory`."""
        return "memory"

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()

    @property
    def hit_ratio(self) -> float:
        """Hits ÷ look-ups, in [0, 1]."""
        return self._counts.ratio


class RedisCache:
    """Redis, with memory standing in while it does not answer: one warning, and it is tried again every ten seconds."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._memory = MemoryCache()
        self._counts = _Counts()
        self._retry_at = 0.0

    async def get(self, key: str) -> Any | None:
        """The value, or None when it was never there, is too old, or was lost."""
        if self._is_away:
            return await self._memory.get(key)
        try:
            value = await self._redis.get(NAMESPACE + key)
        except _redis_errors() as error:
            self._went_away(error)
            return await self._memory.get(key)
        self._came_back()
        self._counts.record(found=value is not None)
        return None if value is None else orjson.loads(value)

    async def set(self, key: str, value: Any, ttl: float) -> None:
        """Keep a JSON-ready value for `ttl` seconds."""
        if self._is_away:
            await self._memory.set(key, value, ttl)
            return
        try:
            await self._redis.set(NAMESPACE + key, orjson.dumps(value), px=max(1, int(ttl * 1000)))
        except _redis_errors() as error:
            self._went_away(error)
            await self._memory.set(key, value, ttl)

    async def status(self) -> str:
        """`healthy`, or `unavailable` while memory stands in."""
        try:
            await self._redis.ping()
        except _redis_errors() as error:
            self._went_away(error)
            return "unavailable"
        self._came_back()
        return "healthy"

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    @property
    def hit_ratio(self) -> float:
        """Hits ÷ look-ups, in [0, 1]."""
        return self._counts.ratio

    @property
    def _is_away(self) -> bool:
        return time.monotonic() < self._retry_at

    def _went_away(self, error: Exception) -> None:
        if self._retry_at == 0.0:
            log.warning("Redis does not answer; memory stands in", error=str(error))
        self._retry_at = time.monotonic() + RETRY_SECONDS

    def _came_back(self) -> None:
        if self._retry_at:
            log.warning("Redis answers again")
            self._retry_at = 0.0


def connect_redis(host: str, port: int, db: int) -> RedisCache:
    """The cache on that Redis; connects when first used."""
    from redis.asyncio import Redis

    return RedisCache(Redis(host=host, port=port, db=db, socket_timeout=1.0, socket_connect_timeout=1.0))


class _Counts:
    """Hits and look-ups."""

    def __init__(self) -> None:
        self._hits = 0
        self._lookups = 0

    def record(self, *, found: bool) -> None:
        self._hits += found
        self._lookups += 1
        telemetry.redis_hit_ratio.set(self.ratio)

    @property
    def ratio(self) -> float:
        return self._hits / self._lookups if self._lookups else 0.0


def _redis_errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError

    return (RedisError, OSError, TimeoutError)
