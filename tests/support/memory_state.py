"""A shared state that nobody shares: for tests of what stands on it."""

from __future__ import annotations

import time

from rap_analyzer.domain.pacing import FAILURES_TO_OPEN, Rate, Standing, Turns

FREE = Rate(6_000_000, 60.0)
"""A rate that keeps nobody waiting."""


class MemoryState:
    """`ports.SharedState` of one process and one source, whatever it is called."""

    def __init__(self, open_s: float = 60.0) -> None:
        self.asked: list[tuple[str, int]] = []
        self.parked_until = 0.0
        self.slowed: list[float] = []
        self.delays: list[float] = []
        self._open_s = open_s
        self._next = self._free_until = 0.0
        self._failures = 0
        self._open_until = 0.0
        self._why = ""
        self._is_probing = False

    async def reserve(self, source: str, rate: Rate, delay_s: float, count: int) -> Turns:  # noqa: ARG002
        self.asked.append(("reserve", count))
        self.delays.append(delay_s)
        standing, now = self._standing(), time.monotonic()
        if standing.parked_s or standing.open_s:
            return Turns(standing)
        count = count if standing.is_closed else 1
        spacing = max(rate.spacing_s, delay_s)
        if self._next + (rate.burst - 1) * spacing <= now:
            self._free_until = now + rate.burst * spacing
        first = max(self._next, now)
        self._next = first + count * spacing
        return Turns(standing, count, first - now, spacing, max(0.0, self._free_until - now))

    async def admit(self, source: str) -> Standing:  # noqa: ARG002
        self.asked.append(("admit", 1))
        standing = self._standing()
        if standing.is_closed or standing.open_s or standing.parked_s:
            return standing
        self._is_probing = True
        return self._standing(is_probe=True)

    async def record(self, source: str, *, failed: bool | None) -> Standing:  # noqa: ARG002
        self.asked.append(("record", 1))
        self._is_probing = False
        if failed is not None:
            self._failures = self._failures + 1 if failed else 0
            self._open_until = time.monotonic() + self._open_s if self._failures >= FAILURES_TO_OPEN else 0.0
        return self._standing()

    async def park(self, source: str, seconds: float, why: str) -> None:  # noqa: ARG002
        self.parked_until = max(self.parked_until, time.monotonic() + seconds)
        self._why = why

    async def slow_down(self, source: str, rate: Rate, sent_s: float) -> None:  # noqa: ARG002
        self.slowed.append(sent_s)

    def _standing(self, *, is_probe: bool = False) -> Standing:
        now = time.monotonic()
        is_open = not is_probe and self._is_probing
        open_s = max(self._open_until - now, self._open_s if is_open else 0.0, 0.0)
        return Standing("memory", max(0.0, self.parked_until - now), self._why, open_s, self._failures, is_probe)
