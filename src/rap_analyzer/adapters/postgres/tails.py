"""How bars end, in PostgreSQL: where search by sound looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rap_analyzer.adapters.postgres.database import Database, copy_rows, query
from rap_analyzer.domain.near_bars import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.near_bars import TailReading

TAIL_TYPES = ("int8", "int4", "text", "text", "text")


class TailStore:
    """The ends of bars, and which words of each track they were read from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_unread(self, version: str) -> int:
        """Tracks whose present words' ends this version has not read."""
        row = await self._database.fetch_one("count_unread_tails", {"version": version})
        return int(row["count"]) if row else 0

    async def load_unread(self, version: str, limit: int, after: int) -> list[tuple[int, str, str]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest, lyrics)."""
        rows = await self._database.fetch("load_unread_tails", {"version": version, "limit": limit, "after": after})
        return [(r["id"], r["lyrics_digest"], r["lyrics"]) for r in rows]

    async def save_tails(self, readings: Sequence[TailReading], version: str) -> None:
        """Replace the tails of each track, in one transaction; tracks that are gone or reworded are left out."""

        async def work(connection: Connection) -> None:
            cursor = await connection.execute(query("lock_tracks"), {"track_ids": [r.track_id for r in readings]})
            present = {row["id"]: row["lyrics_digest"] for row in await cursor.fetchall()}
            fresh = [r for r in readings if present.get(r.track_id) == r.lyrics_digest]
            await connection.execute(query("delete_tails"), {"track_ids": [r.track_id for r in fresh]})
            rows = [(r.track_id, *tail) for r in fresh for tail in r.tails]
            await copy_rows(connection, "copy_tails", TAIL_TYPES, rows)
            noted = [{"track_id": r.track_id, "lyrics_digest": r.lyrics_digest, "version": version} for r in fresh]
            async with connection.cursor() as writer:
                await writer.executemany(query("save_tail_reading"), noted)

        await self._database.run(work)

    async def search_tails(self, prefix: str, coda: str, word: str, limit: int) -> list[Candidate]:
        """Up to `limit` bars whose key begins so with this coda, and as many with any; none that ends in the word.

        Which ones of more is left to the indexes. The word is given by its phones.
        """
        parameters = {"prefix": prefix, "coda": coda, "word": word, "limit": limit}
        rows = await self._database.fetch("search_tails", parameters)
        return [Candidate(**row) for row in rows]

    async def load_lyrics(self, track_ids: Sequence[int]) -> dict[int, str]:
        """The words of these tracks, by their ids."""
        rows = await self._database.fetch("load_lyrics", {"track_ids": list(track_ids)})
        return {row["id"]: row["lyrics"] for row in rows}

    async def count_readings(self) -> tuple[int, int]:
        """Tracks, and those whose present words' ends were read."""
        row = await self._database.fetch_one("count_tail_readings")
        return (row["tracks"], row["read"]) if row else (0, 0)
