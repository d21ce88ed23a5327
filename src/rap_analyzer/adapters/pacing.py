"""How often a service is asked, and when it is left alone: in this process, behind shapes that others can have too."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

import limits
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from rap_analyzer.domain.errors import ConfigError, RateLimited

if TYPE_CHECKING:
    from limits.aio.storage import Storage


class RateLimit(Protocol):
    """Where a door waits for its turn. Whoever implements it decides who shares the rate."""

    async def acquire(self) -> None:
        """Returns when one more request is within the rate."""


class MovingWindow:
    """At most so many requests in any window of time, counted in `limits`' storage (memory unless another is given).

    Raises:
        ConfigError: `rate` is none such as `60/minute`.
    """

    def __init__(self, source: str, rate: str, storage: Storage | None = None) -> None:
        try:
            self._rate = limits.parse(rate)
        except ValueError as error:
            raise ConfigError(f"{rate!r} is no rate of requests to {source}: write one such as 60/minute.") from error
        self._source = source
        self._limiter = MovingWindowRateLimiter(storage or MemoryStorage())
        self._queue = asyncio.Lock()

    async def acquire(self) -> None:
        """Returns when one more request is within the rate; those who wait are served in order."""
        async with self._queue:
            while not await self._limiter.hit(self._rate, self._source):
                reset, _ = await self._limiter.get_window_stats(self._rate, self._source)
                await asyncio.sleep(max(0.01, reset - time.time()))


class Breaker:
    """Spares a service that is down: after five failed attempts in a row it opens for a minute, then admits one probe.

    Args:
        source: what the service is called in messages.
        threshold: failed attempts in a row that open it.
        open_s: seconds that it stays open.
    """

    def __init__(self, source: str, threshold: int = 5, open_s: float = 60.0) -> None:
        self._source = source
        self._threshold = threshold
        self._open_s = open_s
        self._failures = 0
        self._opened_at = 0.0
        self._is_probing = False

    async def admit(self) -> None:
        """Lets an attempt pass.

        Raises:
            RateLimited: it is open, or a probe is under way. Who asks for many things stops here and comes back later.
        """
        if self._failures < self._threshold:
            return
        left = self._opened_at + self._open_s - time.monotonic()
        if left > 0 or self._is_probing:
            raise RateLimited(
                f"{self._source} failed {self._failures} times in a row and is left alone: "
                f"try again in {max(1, round(left))} s.",
                retry_after=max(1.0, left),
            )
        self._is_probing = True

    async def record(self, *, failed: bool | None) -> None:
        """How the attempt ended; None when it was given up before it told anything."""
        self._is_probing = False
        if failed is None:
            return
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= self._threshold:
            self._opened_at = time.monotonic()
