"""From artists' names to their songs in the store: by any number of processes at once, each song by one of them.

What is to be visited stands in the frontier, what became of it in the store, both in PostgreSQL. So a run can be
interrupted anywhere, and the next one goes on; and what a killed process had claimed is taken over by the others.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from rap_analyzer import telemetry
from rap_analyzer.domain.errors import Blocked, NotFound, RateLimited, SourceError
from rap_analyzer.domain.frontier import REQUESTS_A_SONG, Budget, Scope
from rap_analyzer.domain.track import Account, ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.frontier import KnownSong, Listing
    from rap_analyzer.domain.track import SongStub
    from rap_analyzer.ports import Frontier, LyricsSource, Progress, TrackWriter

log = structlog.get_logger(__name__)

CONCURRENT_SONGS = 8
"""Songs under way at once. The rate decides how often we ask; this only bridges the time that answers take."""
SAVED_AT_ONCE = 32
CLAIMED_AT_ONCE = CONCURRENT_SONGS
"""Songs. More would lie idle here while another process has nothing to do."""
LOOK_AGAIN_S = 0.2
"""How often the songs that other processes visit are looked at, once nothing else is left."""


@dataclass(slots=True)
class ScrapeReport:
    """How a run ended.

    Attributes:
        account: one outcome for each song found. A song that another process stored counts as `unchanged`.
        problems: what went wrong with whole artists, by their name: nobody has it, or the list cannot be read.
        stopped: why the source made us stop early; empty when the run is complete.
        ended: what of the budget was used up; empty when nothing was.
        left: songs that are listed and not accounted for, because the budget was used up, or nothing was to be visited.
    """

    account: Account = field(default_factory=Account)
    problems: dict[str, SourceError] = field(default_factory=dict)
    stopped: str = ""
    ended: str = ""
    left: int = 0


@dataclass(frozen=True, slots=True)
class Scraper:
    """Collects artists' songs.

    Args:
        source: where songs come from.
        store: where they go.
        frontier: what is still to be visited.
        label: what `source` is called in the store (`genius`, or `demo`).
    """

    source: LyricsSource
    store: TrackWriter
    frontier: Frontier
    label: str

    async def scrape(
        self,
        artists: Sequence[str],
        progress: Progress,
        scope: Scope | None = None,
        budget: Budget | None = None,
    ) -> ScrapeReport:
        """Collect the songs of these artists, together with whoever else does.

        When the source blocks us or asks for a long wait, the songs that were listed but not read count as `blocked`,
        nothing more is requested, and a later run reads them. An artist whom the source does not know, or whose list
        cannot be read, is reported and holds nobody up.

        Raises:
            ConfigError: the source refuses us for good, such as for a wrong token.
            StoreError: the store is away.
        """
        return await _Run(self, progress, scope, budget, CONCURRENT_SONGS).collect(artists)

    async def plan(
        self,
        artists: Sequence[str],
        progress: Progress,
        scope: Scope | None = None,
        budget: Budget | None = None,
    ) -> ScrapeReport:
        """Read the lists of these artists, and no song: `left` says how many songs `scrape` would visit.

        Raises:
            ConfigError, StoreError: as `scrape`.
        """
        return await _Run(self, progress, scope, budget, visitors=0).collect(artists)


class _Run:
    """One run: a finder that reads lists and claims songs, and some visitors that read the songs."""

    def __init__(
        self, scraper: Scraper, progress: Progress, scope: Scope | None, budget: Budget | None, visitors: int
    ) -> None:
        self.report = ScrapeReport()
        self._source, self._store, self._frontier = scraper.source, scraper.store, scraper.frontier
        self._label = scraper.label
        self._progress = progress
        self._scope = scope or Scope()
        self._budget = budget or Budget()
        self._visitors = visitors
        self._claimed: asyncio.Queue[SongStub | None] = asyncio.Queue(CLAIMED_AT_ONCE)
        self._read: asyncio.Queue[TrackDraft | None] = asyncio.Queue(SAVED_AT_ONCE)
        self._ours: set[str] = set()
        self._seen: set[str] = set()
        self._open: set[str] = set()
        self._reread: set[str] = set()
        self._under_way = 0

    async def collect(self, artists: Sequence[str]) -> ScrapeReport:
        names = list(dict.fromkeys(artists))
        self._progress.start("collecting songs" if self._visitors else "reading lists", None)
        try:
            await self._frontier.ask_for(names)
            await self._work(names)
            self._account_for_the_rest()
        finally:
            self._progress.finish()
        return self.report

    def _account_for_the_rest(self) -> None:
        """Songs that were listed and not visited: blocked when the source stopped us, else left for another run."""
        if self.report.stopped and self._visitors:
            for source_id in sorted(self._open):
                self._record(source_id, Outcome.BLOCKED)
        self.report.left = len(self._open)
        self.report.account.found -= len(self._open)

    async def _work(self, names: list[str]) -> None:
        tasks = [asyncio.create_task(s) for s in (self._find_songs(names), self._read_songs(), self._save_songs())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # Finding

    async def _find_songs(self, names: list[str]) -> None:
        """Goes through the artists until all that is wanted of them is visited, by us or by another process."""
        while names and not self._is_over:
            names = [name for name in names if not await self._is_through(name)]
            if names and not self._is_over:
                await asyncio.sleep(LOOK_AGAIN_S)
        for _ in range(self._visitors):
            await self._claimed.put(None)

    @property
    def _is_over(self) -> bool:
        """Whether nothing more is to be begun."""
        return bool(self.report.stopped or self.report.ended)

    def _affordable(self, requests: int, most: int = 1) -> int:
        """How many things of so many requests each may be begun, up to `most`; when none, the run is to end."""
        if self._budget.until is not None and datetime.now(UTC) >= self._budget.until:
            self.report.ended = f"It is {self._budget.until.astimezone():%H:%M}"
            return 0
        if self._budget.max_requests is None:
            return most
        promised = REQUESTS_A_SONG * self._under_way
        affordable = (self._budget.max_requests - self._source.requests - promised) // requests
        if affordable < 1:
            self.report.ended = f"The budget of {self._budget.max_requests:,} requests is used up"
        return max(0, min(affordable, most))

    async def _is_through(self, name: str) -> bool:
        """Claims what there is to do for an artist; whether nothing is left for a later look."""
        if self._is_over:
            return False
        try:
            artist, is_read = await self._read_list(name)
        except (Blocked, RateLimited) as error:
            self.report.stopped = str(error)
            return False
        except SourceError as error:
            self.report.problems[name] = error
            return True
        if artist is None:
            return False
        await self._claim_songs(artist)
        if not self._visitors:
            return is_read
        return is_read and not self._left_to_others(await self._frontier.songs_of(artist, self._scope))

    async def _read_list(self, name: str) -> tuple[ArtistRef | None, bool]:
        """Who is meant, and whether their list is read far enough; reads on in it, unless another process does."""
        is_ours = await self._frontier.claim_artist(name, self._scope)
        listing = await self._frontier.listing(name, self._scope)
        if is_ours:
            try:
                _check_wanted(listing)
                return await self._read_on(name, listing)
            finally:
                await self._frontier.release_artist(name)
        _check_wanted(listing)
        if listing.artist is None:
            return None, False
        return listing.artist, listing.is_listed or self._is_enough(await self._known(listing.artist))

    async def _read_on(self, name: str, listing: Listing) -> tuple[ArtistRef, bool]:
        """Songs are claimed page by page, so that they are visited while the list is still being read."""
        artist = listing.artist
        if artist is None:
            artist = await self._source.find_artist(name)
            await self._frontier.save_artist(name, artist)
            listing = await self._frontier.listing(name, self._scope)
            _check_wanted(listing)
        is_stale = self._scope.refresh and name not in self._reread
        page = None if is_stale else listing.next_page
        while is_stale or not self._is_enough(await self._known(artist)):
            if self._is_over or not self._affordable(1):
                return artist, False
            listed = await self._source.list_songs(artist, page or 1)
            await self._frontier.save_page(name, artist, listed)
            self._reread.add(name)
            await self._claim_songs(artist)
            page, is_stale = listed.next_page, False
            if page is None:
                break
        return artist, True

    def _is_enough(self, songs: Sequence[KnownSong]) -> bool:
        """Whether as many songs are known as are wanted; never when all are, whose number only the list's end tells."""
        return self._scope.max_songs is not None and len(songs) >= self._scope.max_songs

    async def _claim_songs(self, artist: ArtistRef) -> None:
        """Hands the artist's songs to the visitors, as many at a time as they take."""
        await self._known(artist)
        while self._visitors and not self._is_over:
            few = self._affordable(REQUESTS_A_SONG, CLAIMED_AT_ONCE)
            songs = await self._frontier.claim_songs(artist, self._scope, few) if few else []
            self._count([song.source_id for song in songs])
            self._under_way += len(songs)
            for song in songs:
                self._ours.add(song.source_id)
                await self._claimed.put(song)
            if not songs:
                return

    async def _known(self, artist: ArtistRef) -> Sequence[KnownSong]:
        """The artist's songs, all of them counted: those that are not due for a visit with what is known of them."""
        songs = await self._frontier.songs_of(artist, self._scope)
        self._count([song.source_id for song in songs])
        self._left_to_others(songs)
        return songs

    def _count(self, source_ids: Sequence[str]) -> None:
        """Counts songs as found, each once; another process may have listed some since we last looked."""
        new = set(source_ids) - self._seen
        self._seen |= new
        self._open |= new
        self.report.account.found += len(new)
        if self._visitors:
            self._progress.expect(len(new))
        elif new:
            self._progress.advance(len(new))

    def _left_to_others(self, songs: Sequence[KnownSong]) -> bool:
        """Counts what others have visited; whether there is more that they are at."""
        others = [song for song in songs if song.source_id in self._open and song.source_id not in self._ours]
        for song in others:
            if not song.is_due and song.outcome is not None:
                done = Outcome.UNCHANGED if song.outcome is Outcome.STORED else song.outcome
                self._record(song.source_id, done)
        return any(song.is_due for song in others)

    # Visiting

    async def _read_songs(self) -> None:
        await asyncio.gather(*(self._visit_songs() for _ in range(self._visitors)))
        await self._read.put(None)

    async def _visit_songs(self) -> None:
        while (stub := await self._claimed.get()) is not None:
            if not self.report.stopped:
                await self._read.put(await self._visit(stub))
            self._under_way -= 1

    async def _save_songs(self) -> None:
        """Saves what has been read, all that waits in one transaction: a busy store gets fewer and larger ones."""
        is_last = False
        while not is_last:
            waiting = [await self._read.get()]
            while not self._read.empty() and len(waiting) < SAVED_AT_ONCE:
                waiting.append(self._read.get_nowait())
            is_last = waiting[-1] is None
            drafts = [draft for draft in waiting if draft is not None]
            for saved, outcome in zip(drafts, await self._store.save_tracks(drafts), strict=True):
                self._record(saved.song.source_id, outcome, saved.reason, f"{saved.song.artist}: {saved.song.title}")

    def _record(self, source_id: str, outcome: Outcome, reason: str = "", now: str = "") -> None:
        self._open.discard(source_id)
        self.report.account.record(outcome, reason)
        if self._visitors:
            telemetry.song_outcomes.labels(self._label, outcome).inc()
            self._progress.advance(now=now)

    async def _visit(self, stub: SongStub) -> TrackDraft:
        """One song with its outcome, and the reason when there is one to tell."""
        try:
            return await self._fetch(stub)
        except (Blocked, RateLimited) as error:
            self.report.stopped = str(error)
            return self._draft(_song_of(stub), Outcome.BLOCKED, reason=str(error))

    async def _fetch(self, stub: SongStub) -> TrackDraft:
        song = _song_of(stub)
        try:
            song = await self._source.fetch_song(stub.source_id)
            page = await self._source.fetch_lyrics(song)
        except NotFound as error:
            return self._draft(song, Outcome.MISSING, reason=str(error))
        except (Blocked, RateLimited):
            raise
        except SourceError as error:
            log.info("song failed", song=stub.url, error=str(error))
            return self._draft(song, Outcome.FAILED, reason=f"{type(error).__name__}: {error}")
        return self._draft(song, page.outcome, page.lyrics, page.raw_digest)

    def _draft(
        self, song: Song, outcome: Outcome, lyrics: str = "", raw_digest: str = "", reason: str = ""
    ) -> TrackDraft:
        provenance = Provenance(
            source=self._label,
            source_id=song.source_id,
            url=song.url,
            fetched_at=datetime.now(UTC),
            parser_version=self._source.parser_version,
            raw_digest=raw_digest,
        )
        return TrackDraft(song, outcome, provenance, lyrics, reason)


def _check_wanted(listing: Listing) -> None:
    """Raises where the artist was taken out for good."""
    if listing.is_forgotten and listing.artist:
        name = listing.artist.name
        raise NotFound(
            f"{name} was forgotten here: `rap forget --undo --artist {name!r}` lets them be collected again."
        )


def _song_of(stub: SongStub) -> Song:
    """What is known of a song whose page could not be read."""
    credit = Credit(ArtistRef(stub.artist), Role.PRIMARY)
    return Song(stub.source_id, stub.title, stub.url, (credit,))
