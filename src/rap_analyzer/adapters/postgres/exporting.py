"""Tracks as an export has them: a batch at a time, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.standing import LEAST_GROUP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.adapters.postgres.database import Database

BATCH = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export has; None means any.

    Attributes:
        artist: whose tracks, also those with them as a guest.
        album: of this album.
        year_from: released in this year or later.
        year_to: released in this year or earlier.
        language: code of the language.
    """

    artist: str | None = None
    album: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    language: str | None = None


class ExportStore:
    """Reads tracks for an export."""

    def __init__(self, database: Database, wanted: Wanted, *, with_lyrics: bool) -> None:
        self._database = database
        self._values = {
            "artist": wanted.artist,
            "album": wanted.album,
            "year_from": wanted.year_from,
            "year_to": wanted.year_to,
            "language": wanted.language,
        }
        self._with_lyrics = with_lyrics

    async def count(self) -> int:
        """Tracks that it has."""
        [row] = await self._database.fetch("count_exported", self._values)
        return int(row["count"])

    async def tracks(self) -> AsyncIterator[dict[str, Any]]:
        """Each track by id: metadata, credits, analyses, enrichment, percentiles, and its words if they are asked for.

        Percentiles are as of the last analysis, in groups of at least LEAST_GROUP tracks.
        """
        values = {
            **self._values,
            "with_lyrics": self._with_lyrics,
            "least": LEAST_GROUP,
            "after": 0,
            "limit": BATCH,
        }
        while rows := await self._database.fetch("load_exported", values):
            for row in rows:
                if not self._with_lyrics:
                    del row["lyrics"]
                yield row
            values["after"] = rows[-1]["id"]
