"""One cache, two homes: Redis when there is one, the memory of this process when there is none or it falls away.

Nothing here is the only copy of anything. Any key may go at any moment (it expires, `allkeys-lru` evicts it, somebody
flushes Redis): the loss costs the time to make it again, never correctness. A lock that is lost lets two processes make
the same value; a mark that is lost lets a song be looked at twice, and the store knows it. Every key expires.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from weakref import WeakValueDictionary

from rap_analyzer import telemetry
from rap_analyzer.adapters.cache_values import Marks, Shelf, kind_of, lifetime_of, pack, unpack
from rap_analyzer.adapters.redis_link import ANSWER_SECONDS, RETRY_SECONDS, Away, RedisLink, Refused
from rap_analyzer.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis

NAMESPACE = "rap:v1:"
MEMORY_ENTRIES = 10_000
MEMORY_BYTES = 64 * 2**20
MEMORY_MARKS = 500_000
ARTIST_SONGS_SECONDS = 3_600.0
MARKED_SECONDS = 86_400
"""Marks lie in one set for each day, so that sets expire whole: each mark lives one to two of these."""
MARKS_AT_ONCE = 5_000
MAKING_SECONDS = 10.0
"""How long who makes a value keeps the others waiting."""
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.01, 0.25
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
"""Deletes a lock that is still one's own; between a get and a delete of ours it could become another's."""


class _Cache(ABC):
    """What both homes do in the same way."""

    def __init__(self) -> None:
        self._counts = _Counts()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(self, key: str) -> Any | None:
        """The value, or None when it was never there, is too old, or was lost."""
        value = await self._load(key)
        self._counts.record(kind_of(key), found=value is not None)
        return value

    @abstractmethod
    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Keep a JSON-ready value for `ttl` seconds; those of its kind (`LIFETIMES`) where none are given."""

    async def once(
        self,
        key: str,
        make: Callable[[], Awaitable[Any]],
        ttl: float | None = None,
        patience: float = MAKING_SECONDS,
    ) -> Any:
        """The value; a missing one is made by one of all who want it, and the others wait for it.

        After `patience` seconds the maker's lock expires and another becomes the maker, so a crash holds nobody up
        for longer; who has waited twice as long makes the value himself. A maker's error reaches his own caller only.
        None is not kept.
        """
        found = await self.get(key)
        if found is not None:
            return found
        until = time.monotonic() + 2 * patience
        turn = self._turns.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(2 * patience):
                await turn.acquire()
        except TimeoutError:
            return await self._make(key, make, ttl)
        try:
            return await self._make_once(key, make, ttl, patience, until)
        finally:
            turn.release()

    async def cache_artist_songs(self, artist: str, songs: Sequence[Any], ttl: float = ARTIST_SONGS_SECONDS) -> None:
        """Keep an artist's song list (JSON-ready) for `ttl` seconds."""
        await self.set(f"artist-songs:{artist}", list(songs), ttl)

    async def get_artist_songs(self, artist: str) -> list[Any] | None:
        """The artist's song list; None when it is not kept (an artist without songs has an empty list)."""
        songs = await self.get(f"artist-songs:{artist}")
        return songs if isinstance(songs, list) else None

    async def mark_song_processed(self, source: str, song_id: str) -> None:
        """Remember for a day or two that a song of a source is done with."""
        await self.mark_songs_processed(source, [song_id])

    async def is_song_processed(self, source: str, song_id: str) -> bool:
        """Whether it was marked of late; False also when the mark was lost."""
        return (await self.are_songs_processed(source, [song_id]))[0]

    async def mark_songs_processed(self, source: str, song_ids: Sequence[str]) -> None:
        """Remember many at once."""
        for start in range(0, len(song_ids), MARKS_AT_ONCE):
            await self._mark(source, song_ids[start : start + MARKS_AT_ONCE])

    async def are_songs_processed(self, source: str, song_ids: Sequence[str]) -> list[bool]:
        """Of each song, in order, whether it was marked of late."""
        starts = range(0, len(song_ids), MARKS_AT_ONCE)
        parts = [await self._marked(source, song_ids[start : start + MARKS_AT_ONCE]) for start in starts]
        return [is_marked for part in parts for is_marked in part]

    @property
    def hit_ratio(self) -> float:
        """Hits ÷ look-ups, in [0, 1]."""
        return self._counts.ratio

    @abstractmethod
    async def _load(self, key: str) -> Any | None:
        """The value, without counting the look-up."""

    @abstractmethod
    async def _mark(self, source: str, song_ids: Sequence[str]) -> None: ...

    @abstractmethod
    async def _marked(self, source: str, song_ids: Sequence[str]) -> list[bool]: ...

    @abstractmethod
    async def _make_once(
        self, key: str, make: Callable[[], Awaitable[Any]], ttl: float | None, patience: float, until: float
    ) -> Any:
        """The value, found or made; one task of this process at a time asks, and waits for others `until` then."""

    async def _find_or_make(self, key: str, make: Callable[[], Awaitable[Any]], ttl: float | None) -> Any:
        found = await self._load(key)
        return await self._make(key, make, ttl) if found is None else found

    async def _make(self, key: str, make: Callable[[], Awaitable[Any]], ttl: float | None) -> Any:
        value = await make()
        if value is not None:
            await self.set(key, value, ttl)
        return value


class MemoryCache(_Cache):
    """What was used most lately, in this process: at most so many entries, and so many bytes of them."""

    def __init__(self, max_entries: int = MEMORY_ENTRIES, max_bytes: int = MEMORY_BYTES) -> None:
        super().__init__()
        self._shelf = Shelf(max_entries, max_bytes)
        self._marks = Marks(MARKED_SECONDS, MEMORY_MARKS)

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Keep a JSON-ready value for `ttl` seconds; those of its kind where none are given."""
        self._shelf.put(key, pack(value), lifetime_of(key) if ttl is None else ttl)

    async def check_access(self) -> None:
        """Nobody refuses us our own memory."""

    async def status(self) -> str:
        """Always `memory`."""
        return "memory"

    async def close(self) -> None:
        """Forget everything."""
        self._shelf.clear()
        self._marks.clear()

    async def _load(self, key: str) -> Any | None:
        return self._shelf.take(key)

    async def _mark(self, source: str, song_ids: Sequence[str]) -> None:
        self._marks.add(source, song_ids)

    async def _marked(self, source: str, song_ids: Sequence[str]) -> list[bool]:
        return [self._marks.has(source, song_id) for song_id in song_ids]

    async def _make_once(
        self, key: str, make: Callable[[], Awaitable[Any]], ttl: float | None, patience: float, until: float
    ) -> Any:
        del patience, until  # only other processes could keep us waiting
        return await self._find_or_make(key, make, ttl)


class RedisCache(_Cache):
    """Redis, with memory standing in while it is lost, slow, full, read-only or loading.

    What Redis did not take lies in memory, and is read from there until it expires or Redis takes a newer value.

    Args:
        redis: the client, without time limits and long retries of its own.
        link: decides when Redis is left alone.
    """

    def __init__(self, redis: Redis, link: RedisLink | None = None) -> None:
        super().__init__()
        self._redis = redis
        self._link = link or RedisLink()
        self._shelf = Shelf(MEMORY_ENTRIES, MEMORY_BYTES)
        self._marks = Marks(MARKED_SECONDS, MEMORY_MARKS)

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Keep a JSON-ready value for `ttl` seconds; those of its kind where none are given."""
        packed, ttl = pack(value), lifetime_of(key) if ttl is None else ttl
        try:
            await self._link.write(lambda: self._redis.set(NAMESPACE + key, packed, px=_milliseconds(ttl)))
            self._shelf.drop(key)
        except Away:
            self._shelf.put(key, packed, ttl)

    async def check_access(self) -> None:
        """See whether Redis lets us in. One that is away does no harm, for it may come back; memory stands in.

        Raises:
            ConfigError: it answers, and refuses who we say we are.
        """
        try:
            await self._link.introduce(self._redis.ping)
        except Refused as refused:
            where = self._redis.connection_pool.connection_kwargs
            raise ConfigError(
                f"Redis at {where['host']}:{where['port']} refuses us ({str(refused).rstrip('.')}): "
                "set REDIS_PASSWORD to its password, or unset REDIS_HOST to do without it."
            ) from refused

    async def status(self) -> str:
        """`healthy`, or `unavailable` while memory stands in: also when Redis can only be read."""
        is_writable = await self._link.probe(lambda: self._redis.set(NAMESPACE + "probe", b"", px=1_000))
        return "healthy" if is_writable else "unavailable"

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _load(self, key: str) -> Any | None:
        kept = self._shelf.take(key)
        if kept is not None:
            return kept
        try:
            found = await self._link.read(lambda: self._redis.get(NAMESPACE + key))
        except Away:
            return None
        return unpack(found) if isinstance(found, bytes) else None

    async def _mark(self, source: str, song_ids: Sequence[str]) -> None:
        try:
            await self._link.write(lambda: self._add_to_day(_marks_keys(source)[0], song_ids))
        except Away:
            self._marks.add(source, song_ids)

    async def _marked(self, source: str, song_ids: Sequence[str]) -> list[bool]:
        kept = [self._marks.has(source, song_id) for song_id in song_ids]
        try:
            found = await self._link.read(lambda: self._look_in_days(_marks_keys(source), song_ids))
        except Away:
            return kept
        return [any(of_song) for of_song in zip(kept, *found, strict=True)]

    async def _add_to_day(self, key: str, song_ids: Sequence[str]) -> None:
        """In one transaction, so that no set is without expiry."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(key, *song_ids)
            pipe.expire(key, 2 * MARKED_SECONDS)
            await pipe.execute()

    async def _look_in_days(self, keys: Sequence[str], song_ids: Sequence[str]) -> list[list[int]]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.smismember(key, list(song_ids))
            return list(await pipe.execute())

    async def _make_once(
        self, key: str, make: Callable[[], Awaitable[Any]], ttl: float | None, patience: float, until: float
    ) -> Any:
        token, pause = uuid4().hex, FIRST_LOOK_SECONDS
        while time.monotonic() < until:
            if await self._lock(key, token, patience):
                try:
                    return await self._find_or_make(key, make, ttl)
                finally:
                    await self._unlock(key, token)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK_SECONDS)
            found = await self._load(key)
            if found is not None:
                return found
        return await self._make(key, make, ttl)

    async def _lock(self, key: str, token: str, seconds: float) -> bool:
        """Whether the value is ours to make; it is where Redis cannot say whose it is."""
        name = f"{NAMESPACE}lock:{key}"
        try:
            return bool(
                await self._link.write(lambda: self._redis.set(name, token, nx=True, px=_milliseconds(seconds)))
            )
        except Away:
            return True

    async def _unlock(self, key: str, token: str) -> None:
        try:
            await self._link.write(lambda: self._redis.eval(RELEASE, 1, f"{NAMESPACE}lock:{key}", token))
        except Away:
            return  # it expires


def connect_redis(
    host: str,
    port: int,
    db: int,
    password: str = "",
    *,
    answer_within: float = ANSWER_SECONDS,
    retry_after: float = RETRY_SECONDS,
) -> RedisCache:
    """The cache on that Redis; connects when first used.

    Args:
        host: name or address of the server.
        port: its port.
        db: number of the database in it.
        password: empty where it wants none.
        answer_within: seconds after which Redis counts as too slow.
        retry_after: seconds that a Redis that failed is left alone.
    """
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as ConnectionLost

    redis = Redis(
        host=host,
        port=port,
        db=db,
        password=password or None,
        # the link keeps the time: redis does it with asyncio.wait_for, which loses cancellations before Python 3.12
        socket_timeout=None,
        socket_connect_timeout=None,
        # once, for a connection that lay idle while the server was started anew
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionLost,)),
    )
    return RedisCache(redis, RedisLink(answer_within, retry_after))


class _Counts:
    """Hits and look-ups."""

    def __init__(self) -> None:
        self._hits = 0
        self._lookups = 0

    def record(self, kind: str, *, found: bool) -> None:
        self._hits += found
        self._lookups += 1
        telemetry.cache_requests.labels(kind, "hit" if found else "miss").inc()
        telemetry.redis_hit_ratio.set(self.ratio)

    @property
    def ratio(self) -> float:
        return self._hits / self._lookups if self._lookups else 0.0


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1_000))


def _marks_keys(source: str) -> tuple[str, str]:
    """The sets of today and of yesterday."""
    day = int(time.time() // MARKED_SECONDS)
    return f"{NAMESPACE}processed:{source}:{day}", f"{NAMESPACE}processed:{source}:{day - 1}"
