"""Taking artists and tracks out for good: their words, what was made of them, and any return of either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Connection


@dataclass(frozen=True, slots=True)
class ToForget:
    """What is to be forgotten.

    Attributes:
        what: in words, for a question.
        track_ids: tracks whose words are deleted.
        artist_ids: artists none of whose songs is stored again.
    """

    what: str
    track_ids: Sequence[int]
    artist_ids: Sequence[int] = ()


class ForgettingStore:
    """Deletes, and keeps what was deleted from coming back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_artist(self, name: str) -> ToForget:
        """An artist, as every source knows them, with the tracks of which they are a primary artist.

        Raises:
            NotFound: no artist has that name.
        """
        rows = await self._database.fetch("find_artists_to_forget", {"name": name})
        if not rows:
            raise NotFound(f"No artist here is called {name!r}; give the name as `rap search` shows it.")
        track_ids = sorted({track_id for row in rows for track_id in row["track_ids"] or ()})
        tracks = f"{len(track_ids):,} track{'' if len(track_ids) == 1 else 's'}"
        return ToForget(f"{rows[0]['name']} and {tracks}", track_ids, [row["id"] for row in rows])

    async def find_tracks(self, track_ids: Sequence[int]) -> ToForget:
        """Some tracks, by number.

        Raises:
            NotFound: a number is no track's.
        """
        rows = await self._database.fetch("find_tracks_to_forget", {"track_ids": list(track_ids)})
        if missing := sorted(set(track_ids) - {row["id"] for row in rows}):
            raise NotFound(f"No track has the number {missing[0]}; `rap search` shows the numbers of tracks.")
        named = ", ".join(f"{row['title']!r} by {row['artist']}" for row in rows)
        return ToForget(named, [row["id"] for row in rows])

    async def forget(self, chosen: ToForget) -> None:
        """Deletes tracks with all that was made of them, and keeps them from being collected again, as one."""
        values = {"track_ids": list(chosen.track_ids), "artist_ids": list(chosen.artist_ids)}

        async def work(connection: Connection) -> None:
            for step in (
                "save_forgotten_artists",
                "save_forgotten_tracks",
                "save_forgotten_visits",
                "delete_forgotten_tracks",
                "delete_forgotten_pages",
            ):
                await connection.execute(query(step), values)

        await self._database.run(work)

    async def recall(self, name: str) -> int:
        """Lets an artist be collected again: how many artists and tracks had been forgotten under that name."""

        async def work(connection: Connection) -> int:
            artists = await connection.execute(query("recall_artist"), {"name": name})
            tracks = await connection.execute(query("recall_tracks"), {"name": name})
            return artists.rowcount + tracks.rowcount

        return await self._database.run(work)
