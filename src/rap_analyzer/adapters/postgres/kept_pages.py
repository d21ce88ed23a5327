"""Pages of unknown shapes in PostgreSQL: compressed, for a while, and within a bound."""

from __future__ import annotations

import zlib
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.domain.track import ArtistRef, Credit, KeptPage, RawPage, Relationship, Role, Song

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.track import TrackDraft

KEPT_DAYS = 90
MOST_BYTES = 2**30
"""Of all kept pages, compressed: some thirteen thousand of half a megabyte."""


class KeptPages:
    """`ports.KeptPageStore` of one source."""

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self._source = source

    async def count(self) -> int:
        """Pages that are kept."""
        [row] = await self._database.fetch("count_kept_pages", {"source": self._source})
        return int(row["count"])

    async def load(self, limit: int, after: str) -> list[KeptPage]:
        """Up to `limit` pages whose songs' ids sort after this one, in that order."""
        values = {"source": self._source, "limit": limit, "after": after}
        return [_page(row) for row in await self._database.fetch("load_kept_pages", values)]

    async def drop_old(self) -> None:
        """Drops pages that are older than 90 days."""
        await self._database.run(_drop_old)


async def keep_pages(connection: Connection, drafts: Iterable[TrackDraft]) -> None:
    """Keeps the pages of staged drafts that bring one, and drops those of songs that have been read since."""
    await connection.execute(query("delete_read_pages"))
    kept = [_row(draft) for draft in drafts if draft.raw]
    for row in kept:
        await connection.execute(query("save_kept_page"), row)
    if kept:
        await connection.execute(query("save_kept_artists"))
        await _drop_old(connection)


async def _drop_old(connection: Connection) -> None:
    await connection.execute(query("delete_old_pages"), {"days": KEPT_DAYS, "most_bytes": MOST_BYTES})


def _row(draft: TrackDraft) -> dict[str, Any]:
    raw = draft.raw or RawPage(b"")
    song = asdict(draft.song)
    song["released_on"] = draft.song.released_on and draft.song.released_on.isoformat()
    return {
        "source": draft.provenance.source,
        "source_id": draft.provenance.source_id,
        "song": Jsonb(song),
        "content_type": raw.content_type,
        "body": zlib.compress(raw.body),
    }


def _page(row: Mapping[str, Any]) -> KeptPage:
    raw = RawPage(zlib.decompress(row["body"]), row["content_type"])
    return KeptPage(_song(row["song"]), row["url"], raw, row["fetched_at"])


def _song(kept: Mapping[str, Any]) -> Song:
    released = kept["released_on"]
    return Song(
        **{
            **kept,
            "credits": tuple(Credit(ArtistRef(**c["artist"]), Role(c["role"])) for c in kept["credits"]),
            "relationships": tuple(Relationship(**r) for r in kept["relationships"]),
            "released_on": date.fromisoformat(released) if released else None,
        }
    )
