"""Lists of tracks and artists, a page at a time; implements `ports.CorpusLists`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.listing import ArtistRow, TrackRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.domain.listing import ListQuery


class CorpusLists:
    """The corpus as a list."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_tracks(self, query: ListQuery) -> tuple[int, Sequence[TrackRow]]:
        """How many tracks meet the query, and those of its page."""
        total, rows = await self._load("list_tracks", query)
        return total, [TrackRow(**row) for row in rows]

    async def list_artists(self, query: ListQuery) -> tuple[int, Sequence[ArtistRow]]:
        """How many artists meet the query, and those of its page."""
        total, rows = await self._load("list_artists", query)
        return total, [ArtistRow(**row) for row in rows]

    async def _load(self, name: str, query: ListQuery) -> tuple[int, list[dict[str, Any]]]:
        wanted = {"source": query.source, "order": str(query.order), "limit": query.limit, "offset": query.offset}
        rows = await self._database.fetch(name, asdict(query.filters) | wanted)
        total = rows[0]["total"]  # there is a row for it also where the page has none
        return total, [{k: v for k, v in row.items() if k not in {"total", "place"}} for row in rows if row["place"]]
