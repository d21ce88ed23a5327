"""How much is done at once, by the memory that there is for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from rap_analyzer import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

FULL, TIGHT = 0.95, 0.8
"""Shares of the limit: from the one on things are done one at a time, below the other as many as ever."""
LOOK_S = 0.1
"""How often the memory is looked at: to ask costs as much as a row of the store."""


class Room:
    """Keeps a step under MEMORY_LIMIT_MB: near it less is done at once, and it is said once.

    Args:
        limit_mb: memory that this process should stay under.
        used_mb: tells what it has now.
    """

    def __init__(self, limit_mb: float, used_mb: Callable[[], float] = telemetry.resident_mb) -> None:
        self._limit_mb = limit_mb
        self._used_mb = used_mb
        self._highest_mb = self._last_mb = 0.0
        self._looked_at = -LOOK_S

    def of(self, most: int) -> int:
        """How many of `most` things may be under way: all of them below 80 % of the limit, one from 95 % on."""
        used = self._used()
        share = (FULL - used / self._limit_mb) / (FULL - TIGHT)
        if share >= 1:
            return most
        if not self._highest_mb:
            log.info("memory is short: less is done at once", used_mb=round(used), limit_mb=self._limit_mb)
        self._highest_mb = max(self._highest_mb, used)
        return max(1, int(most * share))

    def _used(self) -> float:
        if time.monotonic() >= self._looked_at + LOOK_S:
            self._looked_at, self._last_mb = time.monotonic(), self._used_mb()
        return self._last_mb

    @property
    def remark(self) -> str:
        """A sentence for people when memory was short; empty when it was not."""
        if not self._highest_mb:
            return ""
        return (
            f"Memory was short ({self._highest_mb:,.0f} MB of MEMORY_LIMIT_MB={self._limit_mb:,.0f}), "
            "so less was done at once: raise the limit to go faster"
        )
