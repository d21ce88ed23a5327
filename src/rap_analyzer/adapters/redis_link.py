"""The line to a Redis that may go at any time: who asks learns at once that it is away, and one tries it again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

import structlog

from rap_analyzer import telemetry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger(__name__)
T = TypeVar("T")

ANSWER_SECONDS = 1.0
"""A Redis that takes longer is slower than doing without."""
RETRY_SECONDS = 10.0
"""How long a Redis that failed is left alone."""


class Away(Exception):
    """Redis did not do what it was asked: do it from memory."""


class Refused(Exception):
    """Redis answers, and refuses who we say we are."""


class RedisLink:
    """Asks Redis, and leaves it alone for a while when it fails, with one warning.

    A Redis that only refuses to write (it is full, or a replica) is still read. Afterwards one caller tries again; the
    others do without until it has an answer.

    Args:
        answer_within: seconds for one question and its answer, connecting included.
        retry_after: seconds that it is left alone.
    """

    def __init__(self, answer_within: float = ANSWER_SECONDS, retry_after: float = RETRY_SECONDS) -> None:
        self._answer_within = answer_within
        self._gone, self._refusing = _Outage(retry_after), _Outage(retry_after)

    async def read(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What Redis answers to a question that changes nothing.

        Raises:
            Away: it is left alone, or failed just now.
        """
        if not self._gone.admits():
            raise Away
        return await self._answer(ask, is_write=False)

    async def write(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What Redis answers to a command that changes something.

        Raises:
            Away: it is left alone, takes no writes, or failed just now; the command may have been carried out.
        """
        if not (self._refusing.admits() and self._gone.admits()):
            raise Away
        return await self._answer(ask, is_write=True)

    async def probe(self, ask: Callable[[], Awaitable[object]]) -> bool:
        """Whether Redis takes a write just now; it is asked also while it is left alone."""
        try:
            await self._answer(ask, is_write=True)
        except Away:
            return False
        return True

    async def introduce(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Ask Redis for the first time; one that is away is left alone.

        Raises:
            Refused: it does not let us in, which time does not mend.
        """
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(self._answer_within):
                await ask()
        except _redis_errors() as error:
            if _reason(error) == "closed":
                raise Refused(str(error)) from error
            self._failed(error, asked_at, is_write=False)
        else:
            self._answered(asked_at, is_write=False)

    async def _answer(self, ask: Callable[[], Awaitable[T]], *, is_write: bool) -> T:
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(self._answer_within):
                answer = await ask()
        except _redis_errors() as error:
            self._failed(error, asked_at, is_write=is_write)
            raise Away from error
        self._answered(asked_at, is_write=is_write)
        return answer

    def _failed(self, error: Exception, asked_at: float, *, is_write: bool) -> None:
        reason = _reason(error)
        telemetry.cache_failures.labels(reason).inc()
        if reason == "foreign":
            return
        if not (self._gone.is_on or self._refusing.is_on):
            log.warning("Redis is of no use; memory stands in", reason=reason, error=str(error))
        if is_write and reason in ("full", "read_only", "refused"):
            self._refusing.begin()
            self._gone.end(asked_at)
        else:
            self._gone.begin()
        telemetry.redis_available.set(0)

    def _answered(self, asked_at: float, *, is_write: bool) -> None:
        was_whole = not (self._gone.is_on or self._refusing.is_on)
        self._gone.end(asked_at)
        if is_write:
            self._refusing.end(asked_at)
        if not (self._gone.is_on or self._refusing.is_on):
            telemetry.redis_available.set(1)
            if not was_whole:
                log.info("Redis is used again")


class _Outage:
    """Since when something fails, and when it is tried again."""

    def __init__(self, retry_after: float) -> None:
        self._retry_after = retry_after
        self._failed_at = self._retry_at = 0.0
        self.is_on = False

    def admits(self) -> bool:
        """Whether the caller may ask. The one who may in an outage keeps the others out while he does."""
        if self.is_on and time.monotonic() < self._retry_at:
            return False
        self._retry_at = time.monotonic() + self._retry_after
        return True

    def begin(self) -> None:
        self.is_on = True
        self._failed_at = time.monotonic()
        self._retry_at = self._failed_at + self._retry_after

    def end(self, asked_at: float) -> None:
        """An answer came; one to a question from before the outage says nothing about it."""
        if asked_at >= self._failed_at:
            self.is_on = False


def _redis_errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError

    return (RedisError, OSError, TimeoutError)


def _reason(error: Exception) -> str:
    """Why Redis failed, for the metric; `foreign` is a key that another program has written as another type."""
    from redis import exceptions

    reasons: dict[str, tuple[type[Exception], ...]] = {
        "slow": (TimeoutError, exceptions.TimeoutError),
        "loading": (exceptions.BusyLoadingError,),
        "closed": (exceptions.AuthenticationError, exceptions.AuthorizationError),
        "full": (exceptions.OutOfMemoryError,),
        "read_only": (exceptions.ReadOnlyError,),
        "refused": (exceptions.ResponseError,),
    }
    if "WRONGTYPE" in str(error):
        return "foreign"
    return next((reason for reason, kinds in reasons.items() if isinstance(error, kinds)), "lost")
