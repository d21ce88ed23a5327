"""When a door may send: its turns, the breaker, and what the source asks for, all shared with every other process."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rap_analyzer import telemetry
from rap_analyzer.domain.errors import RateLimited
from rap_analyzer.domain.pacing import LONGEST_LEASE_S, Standing, next_delay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.domain.pacing import Rate, Turns
    from rap_analyzer.ports import SharedState


@dataclass(frozen=True, slots=True)
class _Turn:
    """A reserved turn: when it may be used, until when (both by this process's clock), and who gave it."""

    at: float
    until: float
    keeper: str


class Pacer:
    """Waits for the turns of one door and tells the others what became of them.

    Args:
        source: what the service is called in the shared state, in messages and in metrics.
        rate: how often it may be asked.
        state: shared with all processes that ask it.
        longest_wait: seconds; a source that asks for a longer wait is parked, and nobody sleeps for it.
        heeds_latency: whether a source that answers slowly is asked less often than the rate allows.
    """

    def __init__(
        self, source: str, rate: Rate, state: SharedState, longest_wait: float, *, heeds_latency: bool = True
    ) -> None:
        self._source = source
        self._rate = rate
        self._state = state
        self._longest_wait = longest_wait
        self._heeds_latency = heeds_latency
        self._queue = asyncio.Lock()
        self._turns: deque[_Turn] = deque()
        self._batch, self._is_growing = 1, True
        self._delay_s = 0.0
        self._known, self._known_until = Standing(""), 0.0
        self._is_tested = asyncio.Event()
        self._is_tested.set()

    async def take_turn(self) -> bool:
        """Returns when one more request may be sent; those who wait are served in order.

        While one of ours finds out if the source works again, the others wait for what it tells.

        Returns:
            Whether the request is the one that finds out if the source works again.

        Raises:
            RateLimited: the source is parked for long, or its breaker is open. Who asks for many things stops here.
        """
        started = time.monotonic()
        async with self._queue:
            await self._is_tested.wait()
            while (standing := await self._next_standing()) is None:
                continue
            if standing.is_probe:
                self._is_tested.clear()
        telemetry.source_turn_seconds.labels(self._source).observe(time.monotonic() - started)
        return standing.is_probe

    async def record(self, *, failed: bool | None, is_probe: bool) -> None:
        """How the attempt ended; None when it was given up before it told anything."""
        try:
            await self._record(failed, is_probe=is_probe)
        finally:
            if is_probe:
                self._is_tested.set()

    async def _record(self, failed: bool | None, *, is_probe: bool) -> None:
        is_news = is_probe if failed is None else failed or self._known.failures
        if not is_news:
            return
        if failed is False:  # before anything is awaited: of many successes one is enough
            self._known = replace(self._known, failures=0)
        self._heed(await self._state.record(self._source, failed=failed))

    def time_answer(self, latency_s: float, *, answered: bool) -> None:
        """How long an attempt took; the delay between requests follows it, where it is to."""
        if self._heeds_latency:
            self._delay_s = next_delay(self._delay_s, latency_s, answered=answered)

    async def slow_down(self, wait: float | None, sent_s: float) -> None:
        """The source says that an attempt, sent `sent_s` seconds ago, came too soon; and to wait so long, perhaps."""
        if not self.is_long(wait):
            await self._state.slow_down(self._source, self._rate, sent_s)
        if wait:
            await self.park(wait, "429 Too Many Requests")

    async def park(self, wait: float, why: str) -> None:
        """The source wants to be left alone for so long, by every process."""
        self._turns.clear()
        self._known_until = 0.0
        await self._state.park(self._source, wait, why)
        self._known_until = 0.0
        telemetry.source_parked_seconds.labels(self._source).set(wait)

    def is_long(self, wait: float | None) -> bool:
        """Whether nobody sleeps through that wait."""
        return wait is not None and wait > self._longest_wait

    def parked(self, wait: float, why: str = "") -> RateLimited:
        """The error of a source that is parked."""
        until = datetime.now(UTC) + timedelta(seconds=min(wait, 10 * 365 * 86_400))
        said = f" ({why})" if why else ""
        return RateLimited(
            f"{self._source} asks for a wait of {round(wait)} s{said}: go on after {until:%Y-%m-%d %H:%M} UTC.", wait
        )

    async def _next_standing(self) -> Standing | None:
        """How the source stands when a turn has come; None when it came to nothing and another is needed."""
        turn = self._waiting_turn()
        if turn is None:
            await self._reserve()
            return None
        await asyncio.sleep(max(0.0, turn.at - time.monotonic()))
        if self._turns and self._turns[0] is turn:
            self._turns.popleft()
        if time.monotonic() < self._known_until and turn.keeper == self._known.keeper:
            return self._in_time(turn, self._known)
        standing = await self._state.admit(self._source)
        self._heed(standing)
        if standing.is_probe:
            return standing
        if _lets_pass(standing, turn.keeper):
            return self._in_time(turn, standing)
        self._turns.clear()
        await self._sleep_or_raise(standing)
        return None

    def _in_time(self, turn: _Turn, standing: Standing) -> Standing | None:
        """The standing, unless we woke or were answered so late that the turn would crowd those after it."""
        return standing if time.monotonic() <= turn.until else None

    def _waiting_turn(self) -> _Turn | None:
        """The first turn that is not lost; when some are, no more are reserved the next time than were used."""
        now, reserved = time.monotonic(), len(self._turns)
        while self._turns and self._turns[0].until < now:
            self._turns.popleft()
        lost = reserved - len(self._turns)
        if lost:
            self._batch, self._is_growing = max(1, self._batch - lost), False
        return self._turns[0] if self._turns else None

    async def _reserve(self) -> None:
        most = max(1, int(self._rate.lease_s / max(self._rate.spacing_s, self._delay_s)))
        self._batch = min(self._batch * 2 if self._is_growing else self._batch, most)
        self._is_growing = True
        turns = await self._state.reserve(self._source, self._rate, self._delay_s, self._batch)
        self._heed(turns.standing)
        self._turns.extend(self._by_our_clock(turns))
        if not turns.count:
            await self._sleep_or_raise(turns.standing)

    def _by_our_clock(self, turns: Turns) -> Iterator[_Turn]:
        now = time.monotonic()
        for number in range(turns.count):
            offset = turns.wait_s + number * turns.spacing_s
            at = now if offset < turns.free_s else now + offset
            yield _Turn(at, now + offset + self._rate.lease_s, turns.standing.keeper)

    async def _sleep_or_raise(self, standing: Standing) -> None:
        """Waits while the source is shut, if that is not long."""
        if self.is_long(standing.parked_s):
            raise self.parked(standing.parked_s, standing.parked_why)
        if standing.open_s and not standing.is_closed:
            raise RateLimited(
                f"{self._source} failed {standing.failures} times in a row and is left alone: "
                f"try again in {max(1, round(standing.open_s))} s.",
                retry_after=max(1.0, standing.open_s),
            )
        await asyncio.sleep(standing.parked_s)

    def _heed(self, standing: Standing) -> None:
        """Remember how the source stands: while all is well, that is relied on for a moment."""
        self._known = standing
        is_troubled = standing.parked_s or standing.failures
        self._known_until = 0.0 if is_troubled else time.monotonic() + LONGEST_LEASE_S
        telemetry.source_breaker_open.labels(self._source).set(not standing.is_closed)
        telemetry.source_parked_seconds.labels(self._source).set(standing.parked_s)


def _lets_pass(standing: Standing, keeper: str) -> bool:
    """Whether everybody may ask, and the keeper who gave the turn still counts the turns."""
    return standing.is_closed and not standing.parked_s and standing.keeper == keeper
