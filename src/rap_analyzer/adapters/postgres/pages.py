"""What the pages and the diagnostics read: figures of the corpus, of artists and of decades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import NotFound
from rap_analyzer.domain.standing import LEAST_GROUP, LEAST_SCORED, SCORES, standing_of

if TYPE_CHECKING:
    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.domain.standing import Standing

AVERAGED = ["rhyme_density", "rhyme_factor", "multisyllabic_share", "syllables_per_bar", "mtld", "repetition"]
"""Measures whose means are shown of an artist."""
MOST_SONGS = 2000
"""Songs that an artist's vocabulary is looked for in; 35,000 words are about sixty."""


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

    async def load_standing(self, track_id: int) -> Standing:
        """Where a track's measures stand in the corpus, its decade and its artist's tracks, and its scores."""
        pairs = [(score, measure) for score, measures in SCORES.items() for measure in measures]
        parameters = {
            "track_id": track_id,
            "scores": [score for score, _ in pairs],
            "measures": [measure for _, measure in pairs],
            "least": LEAST_GROUP,
            "least_scored": LEAST_SCORED,
        }
        return standing_of(await self._database.fetch("load_standing", parameters))

    async def load_artist_standing(self, artist_id: int) -> list[dict[str, Any]]:
        """Means over the artist's own tracks (measure, mean, tracks), and how many percent (corpus) of n are lower."""
        parameters = {"artist_id": artist_id, "measures": AVERAGED, "least": LEAST_GROUP}
        return await self._database.fetch("load_artist_standing", parameters)

    async def load_wording(self, artist_id: int) -> str:
        """A digest that changes whenever the words of the artist's own tracks do."""
        row = await self._database.fetch_one("load_wording", {"artist_id": artist_id})
        return str(row["digest"]) if row else ""

    async def load_words(self, artist_id: int) -> list[tuple[str, list[str]]]:
        """Lyrics of the artist's own tracks in English and their guests, in order of release, each wording once."""
        rows = await self._database.fetch("load_words", {"artist_id": artist_id, "limit": MOST_SONGS})
        return [(row["lyrics"], row["guests"]) for row in rows]

    async def load_versions(self, track_id: int) -> list[dict[str, Any]]:
        """Stored tracks that this one is tied to (remix, live version, re-release), and how."""
        return await self._database.fetch("load_relationships", {"track_id": track_id})
