"""What the pages and the diagnostics read: figures of the corpus, of artists and of decades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import NotFound

if TYPE_CHECKING:
    from rap_analyzer.adapters.postgres.database import Database


class CorpusPages:
    """Read-only views of the corpus."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_overview(self) -> dict[str, Any]:
        """Tracks, artists, years, languages, passages, analyses, enriched, embedded, is_demo."""
        return await self._database.fetch_one("load_overview") or {}

    async def load_decades(self) -> list[dict[str, Any]]:
        """Tracks and mean rhyme density by decade."""
        return await self._database.fetch("load_decades")

    async def load_artists(self, limit: int) -> list[dict[str, Any]]:
        """Artists with most tracks: id, name, tracks, features, first_year, last_year."""
        return await self._database.fetch("load_artists", {"limit": limit})

    async def load_densest(self, limit: int) -> list[dict[str, Any]]:
        """Tracks with the highest rhyme density."""
        return await self._database.fetch("load_densest", {"limit": limit})

    async def load_artist(self, artist_id: int) -> dict[str, Any]:
        """One artist with their tracks, newest first.

        Raises:
            NotFound: no artist has that number.
        """
        artist = await self._database.fetch_one("load_artist", {"artist_id": artist_id})
        if artist is None:
            raise NotFound(f"No artist has the number {artist_id}; the home page lists them.")
        tracks = await self._database.fetch("load_artist_tracks", {"artist_id": artist_id})
        return {**artist, "tracks": tracks}

    async def load_versions(self, track_id: int) -> list[dict[str, Any]]:
        """Stored tracks that this one is tied to (remix, live version, re-release), and how."""
        return await self._database.fetch("load_relationships", {"track_id": track_id})
