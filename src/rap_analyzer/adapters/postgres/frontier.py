"""The frontier in PostgreSQL: what is still to be visited, shared by any number of processes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.domain.errors import StoreError
from rap_analyzer.domain.frontier import SETTLED, KnownSong, Listing
from rap_analyzer.domain.track import ArtistRef, KnownPage, Outcome, SongStub, Validators

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.frontier import Scope, SongPage
    from rap_analyzer.domain.track import Song

SPACE = 0x726170
"""First key of the advisory locks that workers hold: "rap"."""
HOLD_AGAIN_S = 1.0
"""How often a process sees to it that its lock is held."""
GRACE_S = 5.0
"""Seconds after PostgreSQL's start in which those who live take their locks again, and nobody passes for dead."""
LISTED_FOR = timedelta(hours=1)
"""How long a list that was read to its end is taken to be complete."""


class Frontier:
    """`ports.Frontier` for one process at work; made by `open_frontier`.

    Args:
        database: the store.
        source: what the songs' source is called there.
        worker: this process's number, on which it holds an advisory lock.
        started: when it began, by the store's clock.
    """

    def __init__(self, database: Database, source: str, worker: int, started: datetime) -> None:
        self._database = database
        self._source = source
        self.worker = worker
        self._started = started
        self._lock: psycopg.AsyncConnection[Any] | None = None
        self._locking = asyncio.Lock()

    async def ask_for(self, names: Sequence[str]) -> None:
        """Puts artists on the frontier, by name; those that are there stay as they are."""
        await self._run("ask_for_artists", asked=sorted(names))

    async def claim_artist(self, name: str, scope: Scope) -> bool:
        """Whether this process is to read the artist's list: it is due, and no other process reads it."""
        return bool(
            await self._run("claim_artist", asked=name, since=self._listed_since(scope), live=await self._live())
        )

    async def release_artist(self, name: str) -> None:
        """Gives the artist's list back for others to read on."""
        await self._run("release_artist", asked=name)

    async def listing(self, name: str, scope: Scope) -> Listing:
        """How far the artist's list is read."""
        [row] = await self._run("load_artist_listing", asked=name, since=self._listed_since(scope))
        artist = ArtistRef(row["name"], row["artist_id"]) if row["artist_id"] else None
        return Listing(artist, row["next_page"], row["is_listed"], row["is_forgotten"])

    async def save_artist(self, name: str, artist: ArtistRef) -> None:
        """Remembers whom a name means."""
        await self._run("save_found_artist", asked=name, artist_id=artist.source_id, name=artist.name)

    async def save_page(self, name: str, artist: ArtistRef, page: SongPage) -> None:
        """Saves a page of the artist's list, and which page comes next, as one."""
        stubs = list({song.source_id: song for song in page.songs}.values())
        values = {
            "source": self._source,
            "asked": name,
            "artist_id": artist.source_id,
            "first": page.first,
            "next_page": page.next_page,
            "ids": [song.source_id for song in stubs],
            "titles": [song.title for song in stubs],
            "artists": [song.artist for song in stubs],
            "urls": [song.url for song in stubs],
            "changed": [_moment(song.changed_at) for song in stubs],
            "primary_ids": [",".join(song.primary_ids) for song in stubs],
            "languages": [song.language for song in stubs],
            "years": [song.year for song in stubs],
            "days": [song.released_on for song in stubs],
        }

        async def work(connection: Connection) -> None:
            for step in ("save_listed_songs", "save_list", "save_page_read"):
                await connection.execute(query(step), values)

        await self._database.run(work)

    async def songs_of(self, artist: ArtistRef, scope: Scope) -> list[KnownSong]:
        """The songs of a list so far, in its order, with what is known of each."""
        rows = await self._run("load_list", artist_id=artist.source_id, **self._due(scope))
        return [_known(row) for row in rows]

    async def claim_songs(self, source_ids: Sequence[str], scope: Scope, limit: int) -> list[SongStub]:
        """Takes up to `limit` of these songs that are due and that no process visits; new ones first, then in order."""
        if not source_ids:
            return []
        values = {"ids": list(source_ids), "limit": limit, "live": await self._live()}
        return [_stub(row) for row in await self._run("claim_songs", **values, **self._due(scope))]

    async def describe(self, song: Song) -> None:
        """Remembers what a song itself says that its list may leave out."""
        await self._run(
            "describe_song",
            source_id=song.source_id,
            language=song.language,
            year=song.year,
            released_on=song.released_on,
        )

    def _listed_since(self, scope: Scope) -> datetime:
        """When a list must have been read to its end to count as read."""
        return self._started if scope.refresh else self._started - LISTED_FOR

    def _due(self, scope: Scope) -> dict[str, Any]:
        return {"since": self._started, "refresh": scope.refresh, "settled": sorted(SETTLED)}

    async def _live(self) -> list[int]:
        """Numbers of the processes at work. Asked before what they did is looked at, so that none of it is missed."""
        await self.hold()
        return [row["worker"] for row in await self._run("load_workers", space=SPACE, grace_s=GRACE_S)]

    async def _run(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of a named query, or none of a statement without; the source and the worker are always at hand."""
        return await self._database.fetch(statement, {"source": self._source, "worker": self.worker, **values})

    async def hold(self) -> None:
        """Sees to it that the lock is held: again, when its connection was lost.

        Raises:
            StoreError: PostgreSQL does not answer.
        """
        async with self._locking:
            if self._lock is not None:
                with suppress(psycopg.Error):
                    await self._lock.execute("SELECT 1")
                    return
                await self.let_go()
            self._lock = await self._database.connect()
            try:
                await self._lock.execute(query("lock_worker"), {"space": SPACE, "worker": self.worker})
            except psycopg.Error as error:
                raise StoreError(f"PostgreSQL: {' '.join(str(error).split())}") from error

    async def keep_holding(self) -> None:
        """Holds the lock until cancelled, also while nothing is claimed: an answer may take long."""
        while True:
            await asyncio.sleep(HOLD_AGAIN_S)
            with suppress(StoreError):  # whoever needs the store next is told
                await self.hold()

    async def let_go(self) -> None:
        """Gives everything that is claimed back, by letting go of the lock.

        It is unlocked before the connection is closed: a server comes to notice a closed one some time later.
        """
        if self._lock is not None:
            with suppress(psycopg.Error):  # a lost connection holds none any more
                await self._lock.execute(query("unlock_worker"), {"space": SPACE, "worker": self.worker})
            await self._lock.close()
            self._lock = None


@asynccontextmanager
async def open_frontier(database: Database, source: str) -> AsyncIterator[Frontier]:
    """The frontier of a source, for one process at work; what it claims is free again when the block ends.

    Raises:
        StoreError: PostgreSQL does not answer.
    """
    row = await database.fetch_one("new_worker")
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    frontier = Frontier(database, source, row["worker"], row["started"])
    await frontier.hold()
    holding = asyncio.create_task(frontier.keep_holding())
    try:
        yield frontier
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        await frontier.let_go()


def _stub(row: Mapping[str, Any]) -> SongStub:
    """A claimed song, with what an earlier visit knows of its page."""
    stub = SongStub(row["source_id"], row["title"], row["artist"], row["url"])
    if (known := row["validators"]) is None:
        return stub
    validators = Validators(known["etag"], known["last_modified"])
    return replace(stub, page=KnownPage(Outcome(row["outcome"]), known["url"], known["parser_version"], validators))


def _known(row: Mapping[str, Any]) -> KnownSong:
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return KnownSong(**{**row, "outcome": outcome, "primary_ids": tuple(row["primary_ids"])})


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
