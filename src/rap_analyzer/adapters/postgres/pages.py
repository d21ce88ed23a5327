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
        """Tracks, songs (tracks less versions), artists, years, languages, passages, analyses, and so on."""
        return await self._database.fetch_one("load_overview") or {}

    async def load_decades(self, *, every_version: bool = False) -> list[dict[str, Any]]:
        """Tracks and mean rhyme density by decade; each song counts once, or every version of it."""
        return await self._database.fetch("load_decades", {"every": every_version})

    async def load_artists(self, limit: int, *, every_version: bool = False) -> list[dict[str, Any]]:
        """Artists with most tracks: id, name, tracks, features, first_year, last_year; counted as in `load_decades`."""
        return await self._database.fetch("load_artists", {"limit": limit, "every": every_version})

    async def load_densest(self, limit: int, *, every_version: bool = False) -> list[dict[str, Any]]:
        """Tracks with the highest rhyme density; counted as in `load_decades`."""
        return await self._database.fetch("load_densest", {"limit": limit, "every": every_version})

    async def load_artist(self, artist_id: int) -> dict[str, Any]:
        """One artist with the number of their `songs` and all their tracks, newest first.

        Of a version it says what it is of, and how: version_of, version_kind, original_title.

        Raises:
            NotFound: no artist has that number.
        """
        artist = await self._database.fetch_one("load_artist", {"artist_id": artist_id})
        if artist is None:
            raise NotFound(f"No artist has the number {artist_id}; the home page lists them.")
        tracks = await self._database.fetch("load_artist_tracks", {"artist_id": artist_id})
        return {**artist, "songs": len({t["version_of"] or t["id"] for t in tracks}), "tracks": tracks}

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

    async def load_artist_standing(self, artist_id: int, *, every_version: bool = False) -> list[dict[str, Any]]:
        """Means over the artist's own tracks (measure, mean, tracks), and how many percent (corpus) of n are lower.

        Each song counts once, by the original or else by the version with the lowest number; or every version counts.
        """
        parameters = {"artist_id": artist_id, "measures": AVERAGED, "least": LEAST_GROUP, "every": every_version}
        return await self._database.fetch("load_artist_standing", parameters)

    async def load_wording(self, artist_id: int) -> str:
        """A digest that changes whenever the words of the artist's own tracks do."""
        row = await self._database.fetch_one("load_wording", {"artist_id": artist_id})
        return str(row["digest"]) if row else ""

    async def load_words(self, artist_id: int) -> list[tuple[str, list[str]]]:
        """Lyrics of the artist's own tracks in English and their guests, in order of release, each song once."""
        rows = await self._database.fetch("load_words", {"artist_id": artist_id, "limit": MOST_SONGS})
        return [(row["lyrics"], row["guests"]) for row in rows]

    async def load_versions(self, track_id: int) -> list[dict[str, Any]]:
        """The other tracks of its song, and what else the source ties it to: id, title, artist, year, kind.

        Those of the song come first, with `is_version` true, the `kind` that they are to its original (which has the
        kind `original`), and the `similarity` of their words to this track's where they were compared.
        """
        return await self._database.fetch("load_song", {"track_id": track_id})

    async def load_version(self, track_id: int) -> dict[str, Any]:
        """What a track is a version of, and how: version_of, version_kind; both None for an original."""
        found = await self._database.fetch_one("load_version", {"track_id": track_id})
        return found or {"version_of": None, "version_kind": None}
