"""Keeps percentiles fresh while pages are looked at: when they are stale, they are made anew behind the scenes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from rap_analyzer.domain.errors import StoreError

if TYPE_CHECKING:
    from rap_analyzer.ports import AnalysisStore

log = structlog.get_logger(__name__)


class Freshener:
    """Refreshes percentiles on request, one at a time, and never lets a page wait.

    Args:
        store: where they are.
    """

    def __init__(self, store: AnalysisStore) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def nudge(self) -> None:
        """Look whether they are stale, and if so make them anew; nothing if that is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._refresh())

    async def close(self) -> None:
        """Stop what is under way; PostgreSQL keeps the old quantiles."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _refresh(self) -> None:
        try:
            await self._store.refresh_percentiles()
        except StoreError as error:
            # The page is served all the same, with the percentiles that there are.
            log.warning("percentiles could not be refreshed", error=str(error))
