"""Tracks in PostgreSQL: how they come in, and how pages read them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import Database, copy_rows, query
from rap_analyzer.adapters.postgres.kept_pages import keep_pages
from rap_analyzer.domain.errors import NotFound
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Role, Track

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from psycopg import AsyncCursor

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.track import TrackDraft

Key = tuple[str, str]
"""A song's source, and its number there."""
STAGED_TYPES = (
    *("int4", "text", "text", "text", "text", "text", "text", "text"),
    *("date", "int2", "text", "int8", "text", "text"),
    *("text", "text", "timestamptz", "text", "text", "jsonb", "jsonb", "jsonb", "jsonb"),
)
ANALYZED_FROM = 100
"""Rows from which PostgreSQL is told what a batch holds: guessing, it reads all of the tracks for every batch."""
SAVE_STEPS = (
    "save_staged_artists",
    "save_staged_credits",
    "save_staged_relationships",
    "save_staged_provenance",
    "save_staged_visits",
    "save_staged_revisits",
    "describe_staged_songs",
)


class TrackStore:
    """Tracks, artists, credits, provenance and visits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_tracks(self, drafts: Sequence[TrackDraft]) -> list[Outcome]:
        """Save songs with their words, credits and provenance in one transaction: all of them or none.

        Returns:
            An outcome for each draft, in order: `stored` when the words are new or changed, `unchanged` when they
            are the stored ones, `forgotten` when they are not wanted here, else the draft's own.
        """
        if not drafts:
            return []
        newest = {(d.provenance.source, d.provenance.source_id): d for d in drafts}

        async def work(connection: Connection) -> tuple[set[Key], set[Key]]:
            await connection.execute(query("create_staging"))
            rows = [_staged_row(n, draft) for n, draft in enumerate(newest.values())]
            await copy_rows(connection, "copy_staged", STAGED_TYPES, rows)
            if len(rows) >= ANALYZED_FROM:
                await connection.execute(query("analyze_staged"))
            forgotten = await _keys(await connection.execute(query("mark_staged_forgotten")))
            await connection.execute(query("save_staged_metadata"))
            written = await _keys(await connection.execute(query("save_staged_tracks")))
            for step in SAVE_STEPS:
                await connection.execute(query(step))
            await keep_pages(connection, newest.values())
            return written, forgotten

        return _outcomes(drafts, newest, *await self._database.run(work))

    async def find_copies(self, drafts: Sequence[TrackDraft]) -> list[tuple[str, str]]:
        """Of each song the source and id under which it is stored, if not under its own: same words, title and artist.

        A release of it on another album or in another year is another song. Empty where there is none.
        """
        songs = [draft.song for draft in drafts]
        values = {
            "ids": [song.source_id for song in songs],
            "digests": [draft.digest for draft in drafts],
            "titles": [song.title for song in songs],
            "artists": [song.artist for song in songs],
            "albums": [song.album for song in songs],
            "years": [song.year for song in songs],
        }
        rows = await self._database.fetch("find_copies", values) if songs else []
        found = {row["place"]: (row["source"], row["source_id"]) for row in rows}
        return [found.get(place, ("", "")) for place in range(1, len(songs) + 1)]

    async def count_sources(self) -> dict[str, int]:
        """Tracks by source."""
        rows = await self._database.fetch("count_sources")
        return {row["source"]: row["count"] for row in rows}

    async def delete_source(self, source: str) -> int:
        """Delete every track and visit of a source, and what was still to be visited. Returns the number of tracks."""

        async def work(connection: Connection) -> int:
            deleted = await connection.execute(query("delete_source_tracks"), {"source": source})
            await connection.execute(query("delete_source_visits"), {"source": source})
            await connection.execute(query("delete_source_frontier"), {"source": source})
            await connection.execute(query("delete_source_pages"), {"source": source})
            await connection.execute(query("delete_idle_artists"), {"source": source})
            return deleted.rowcount

        return await self._database.run(work)

    async def load_track(self, track_id: int) -> Track:
        """One track with its words and credits.

        Raises:
            NotFound: no track has that number.
        """
        row = await self._database.fetch_one("load_track", {"track_id": track_id})
        if row is None:
            raise NotFound(f"No track has the number {track_id}; `rap search` shows the numbers of tracks.")
        credits_ = await self._database.fetch("load_credits", {"track_id": track_id})
        return Track(**row, credits=_credits(credits_))

    async def load_tracks_of(self, artist: str) -> list[Track]:
        """An artist's tracks, also as a guest, with their words and credits; the name in any case."""
        rows = await self._database.fetch("load_tracks_of", {"artist": artist})
        return [Track(**{**row, "credits": _credits(row["credits"])}) for row in rows]

    async def find_tracks(self, title: str, artist: str | None = None) -> list[dict[str, Any]]:
        """Tracks of that title, else those whose title contains it: id, title, artist."""
        exact = await self._database.fetch("find_tracks", {"title": title, "artist": artist})
        return exact or await self._database.fetch("find_tracks_like", {"title": title})


def _credits(rows: Sequence[Mapping[str, Any]]) -> tuple[Credit, ...]:
    return tuple(Credit(ArtistRef(row["name"], str(row["id"])), Role(row["role"])) for row in rows)


async def _keys(cursor: AsyncCursor[dict[str, Any]]) -> set[Key]:
    return {(row["source"], row["source_id"]) for row in await cursor.fetchall()}


def _outcomes(
    drafts: Sequence[TrackDraft], newest: Mapping[Key, TrackDraft], written: set[Key], forgotten: set[Key]
) -> list[Outcome]:
    """A song given twice in one batch is stored once: by its last draft; the earlier one counts as unchanged."""
    outcomes: list[Outcome] = []
    for draft in drafts:
        key = (draft.provenance.source, draft.provenance.source_id)
        is_newest = newest[key] is draft
        if key in forgotten:
            outcomes.append(Outcome.FORGOTTEN)
        elif draft.outcome is not Outcome.STORED:
            outcomes.append(draft.outcome)
        else:
            outcomes.append(Outcome.STORED if is_newest and key in written else Outcome.UNCHANGED)
    return outcomes


def _staged_row(ordinal: int, draft: TrackDraft) -> tuple[Any, ...]:
    song, source = draft.song, draft.provenance
    return (
        ordinal,
        source.source,
        source.source_id,
        str(draft.outcome),
        draft.reason,
        song.title,
        song.artist,
        song.album,
        song.released_on,
        song.year,
        song.language,
        song.page_views,
        source.url,
        song.spotify_uri,
        draft.lyrics,
        draft.digest,
        source.fetched_at,
        source.parser_version,
        source.raw_digest,
        Jsonb([_credit(c) for c in song.credits]),
        Jsonb([{"kind": r.kind, "id": r.source_id} for r in song.relationships]),
        Jsonb(_validators(draft)) if draft.validators else None,
        Jsonb(draft.extra) if draft.extra else None,
    )


def _validators(draft: TrackDraft) -> dict[str, str]:
    """By what the page can be asked whether it has changed: at this address, and for what this parser read of it."""
    source = draft.provenance
    return {**asdict(draft.validators), "url": source.url, "parser_version": source.parser_version}


def _credit(credit: Credit) -> dict[str, str]:
    artist = credit.artist
    return {"id": artist.source_id or f"name:{artist.name.lower()}", "name": artist.name, "role": str(credit.role)}
