"""From artists' names to their songs in the store: by any number of processes at once, each song by one of them.

What is to be visited stands in the frontier, what became of it in the store, both in PostgreSQL. So a run can be
interrupted anywhere, and the next one goes on; and what a killed process had claimed is taken over by the others.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import Blocked, InputError, NotFound, RateLimited, SourceError
from rap_analyzer.domain.frontier import REQUESTS_A_SONG, Budget, Scope, Wish, WishKind
from rap_analyzer.domain.selection import Sort
from rap_analyzer.pipeline.tally import ScrapeReport, Tally
from rap_analyzer.pipeline.visit import NotWanted, Visitor

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from rap_analyzer.domain.frontier import KnownSong, Listing
    from rap_analyzer.domain.track import ArtistRef, SongStub, TrackDraft
    from rap_analyzer.pipeline.room import Room
    from rap_analyzer.ports import Frontier, LyricsSource, Progress, TrackWriter

CONCURRENT_SONGS = 16
"""Songs under way at once. The rate decides how often we ask; this only bridges the time that answers take."""
SAVED_AT_ONCE = 64
GATHERED_S = 0.2
"""Songs are saved so long after the first that waits: a transaction costs as much for one as for ten."""
CLAIMED_AT_ONCE = 8
"""Songs. More would lie idle here while another process has nothing to do."""
LOOKED_AT_ONCE = 64
"""Songs among which those to claim are looked for: looking through a long list for each few takes long."""
LOOK_AGAIN_S = 0.2
"""How often the songs that other processes visit are looked at, once nothing else is left."""


@dataclass(frozen=True, slots=True)
class Scraper:
    """Collects artists' songs.

    Args:
        source: where songs come from.
        store: where they go.
        frontier: what is still to be visited.
        label: what `source` is called in the store (`genius`, or `demo`).
        room: how much may be done at once; as much as ever when None.
    """

    source: LyricsSource
    store: TrackWriter
    frontier: Frontier
    label: str
    room: Room | None = None

    async def scrape(
        self,
        wishes: Sequence[str | Wish],
        progress: Progress,
        scope: Scope | None = None,
        budget: Budget | None = None,
    ) -> ScrapeReport:
        """Collect the songs of these artists (by name), albums and so on, together with whoever else does.

        When the source blocks us or asks for a long wait, the songs that were listed but not read count as `blocked`,
        nothing more is requested, and a later run reads them. What the source does not know, or whose list cannot be
        read, is reported and holds nobody up.

        Raises:
            ConfigError: the source refuses us for good, such as for a wrong token.
            StoreError: the store is away.
        """
        return await _Run(self, progress, scope, budget, CONCURRENT_SONGS).collect(wishes)

    async def plan(
        self,
        wishes: Sequence[str | Wish],
        progress: Progress,
        scope: Scope | None = None,
        budget: Budget | None = None,
    ) -> ScrapeReport:
        """Read the lists that are meant, and no song: `left` says how many songs `scrape` would visit, at most.

        Raises:
            ConfigError, StoreError: as `scrape`.
        """
        return await _Run(self, progress, scope, budget, visitors=0).collect(wishes)


class _Run:
    """One run: a finder that reads lists and claims songs, and some visitors that read the songs."""

    def __init__(
        self, scraper: Scraper, progress: Progress, scope: Scope | None, budget: Budget | None, visitors: int
    ) -> None:
        self._tally = Tally(scraper.label, progress, visits=visitors > 0)
        self.report = self._tally.report
        self._source, self._store, self._frontier = scraper.source, scraper.store, scraper.frontier
        self._room = scraper.room
        self._progress = progress
        self._scope = scope or Scope()
        self._selection = self._scope.selection
        self._visitor = Visitor(scraper.source, scraper.frontier, scraper.label, self._selection)
        self._wishes: dict[str, Wish] = {}
        self._budget, self._visitors = budget or Budget(), visitors
        self._claimed: asyncio.Queue[SongStub | None] = asyncio.Queue(1)
        self._read: asyncio.Queue[TrackDraft | None] = asyncio.Queue(SAVED_AT_ONCE)
        self._reread: set[str] = set()
        self._under_way, self._is_found = 0, False

    async def collect(self, wishes: Sequence[str | Wish]) -> ScrapeReport:
        meant = (Wish(WishKind.ARTIST, wish) if isinstance(wish, str) else wish for wish in wishes)
        self._wishes = {wish.key: wish for wish in meant}
        names = list(self._wishes)
        self._progress.start("collecting songs" if self._visitors else "reading lists", None)
        try:
            await self._frontier.ask_for(names)
            await self._work(names)
            self._tally.close()
            self.report.remark = self._room.remark if self._room else ""
        finally:
            self._progress.finish()
        return self.report

    async def _work(self, names: list[str]) -> None:
        await _together(self._find_songs(names), self._read_songs(), self._save_songs())

    # Finding

    async def _find_songs(self, names: list[str]) -> None:
        """Goes through the artists until all that is wanted of them is visited, by us or by another process."""
        while names and not self._is_over:
            names = [name for name in names if not await self._is_through(name)]
            if names and not self._is_over:
                await asyncio.sleep(LOOK_AGAIN_S)
        self._is_found = True
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
        promised = self._source.requests + REQUESTS_A_SONG * self._under_way
        affordable = (self._budget.max_requests - promised) // requests
        if affordable < 1:
            self.report.ended = f"The budget of {counted(self._budget.max_requests, 'request')} is used up"
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
        except (SourceError, InputError) as error:
            self.report.problems[name] = error
            return True
        if artist is None:
            return False
        await self._claim_songs(artist, is_read=is_read)
        if not (is_read and self._visitors):
            return is_read
        return not self._tally.is_under_way(await self._known(artist), self._selection)

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
        return listing.artist, listing.is_listed or await self._has_enough(listing.artist)

    async def _read_on(self, name: str, listing: Listing) -> tuple[ArtistRef, bool]:
        """Songs are claimed page by page, so that they are visited while the list is still being read."""
        artist = listing.artist
        if artist is None:
            wish = self._wishes[name]
            is_artist = wish.kind is WishKind.ARTIST
            artist = await (self._source.find_artist(wish.name) if is_artist else self._source.find_list(wish))
            await self._frontier.save_artist(name, artist)
            listing = await self._frontier.listing(name, self._scope)
            _check_wanted(listing)
        is_stale = self._scope.refresh and name not in self._reread
        page = None if is_stale else listing.next_page
        while is_stale or not await self._has_enough(artist):
            if self._is_over or not self._affordable(1):
                return artist, False
            listed = await self._source.list_songs(artist, page or 1)
            await self._frontier.save_page(name, artist, listed)
            self._reread.add(name)
            page, is_stale = listed.next_page, False
            await self._claim_songs(artist, is_read=page is None)
            if page is None:
                break
        return artist, True

    async def _has_enough(self, artist: ArtistRef) -> bool:
        """Whether as many are known as are wanted; of all songs, and in another order, only the whole list tells."""
        most = self._selection.max_songs
        if most is None or self._selection.sort is not Sort.POPULARITY:
            return False
        return len(await self._known(artist)) >= most

    async def _claim_songs(self, artist: ArtistRef, *, is_read: bool) -> None:
        """Hands wanted songs of a list to the visitors, as many at a time as they take."""
        due = sorted((song for song in await self._known(artist) if song.is_due), key=lambda song: bool(song.outcome))
        waiting = [song.source_id for song in due]  # as the frontier takes them: those never visited come first
        may_begin = is_read or self._selection.sort is Sort.POPULARITY
        while waiting and self._visitors and may_begin and not self._is_over:
            few = self._affordable(REQUESTS_A_SONG, CLAIMED_AT_ONCE)
            first, later = waiting[:LOOKED_AT_ONCE], waiting[LOOKED_AT_ONCE:]
            songs = await self._frontier.claim_songs(first, self._scope, few) if few else []
            self._under_way += len(songs)
            self._tally.take(songs)
            for song in songs:
                await self._claimed.put(song)
            # Where there were fewer than asked for, others have the rest: it is looked at when all else is done.
            waiting = [*(number for number in first if not self._tally.is_ours(number) and len(songs) == few), *later]

    async def _known(self, artist: ArtistRef) -> Sequence[KnownSong]:
        """The wanted songs of a list, all of them counted: those that are not due for a visit with what is known."""
        wanted = []
        for song in await self._frontier.songs_of(artist, self._scope):
            if reason := self._tally.refusal(song.source_id) or self._selection.refusal(song, artist.source_id):
                self._tally.leave_out(song.source_id, reason)
            else:
                wanted.append(song)
        wanted = self._selection.first(wanted)
        self._tally.count(wanted)
        return wanted

    # Visiting

    async def _read_songs(self) -> None:
        await _together(*map(self._visit_songs, range(self._visitors)))
        await self._read.put(None)

    async def _visit_songs(self, number: int) -> None:
        while await self._has_room(number):
            if (stub := await self._claimed.get()) is None:
                self._claimed.put_nowait(None)  # the end is for the others too
                return
            if not self.report.stopped and (draft := await self._visit(stub)):
                await self._read.put(draft)
            self._under_way -= 1

    async def _has_room(self, number: int) -> bool:
        """Waits until there is memory for so many visitors; False when there is none until all songs are found."""
        while self._room and number >= self._room.of(self._visitors):
            if self._is_found:
                return False
            await asyncio.sleep(LOOK_AGAIN_S)
        return True

    async def _save_songs(self) -> None:
        """Saves what has been read, all that waits in one transaction: a busy store gets fewer and larger ones."""
        is_last = False
        while not is_last:
            waiting = [await self._read.get()]
            if waiting[0] is not None:
                await asyncio.sleep(GATHERED_S)
            while not self._read.empty() and len(waiting) < SAVED_AT_ONCE:
                waiting.append(self._read.get_nowait())
            is_last = waiting[-1] is None
            drafts = [draft for draft in waiting if draft is not None]
            self.report.kept += sum(draft.raw is not None for draft in drafts)
            for saved, outcome in zip(drafts, await self._store.save_tracks(drafts), strict=True):
                name = f"{saved.song.artist}: {saved.song.title}"
                self._tally.record(saved.song.source_id, outcome, saved.reason, name)

    async def _visit(self, stub: SongStub) -> TrackDraft | None:
        """One song with its outcome; None when it turns out not to be wanted."""
        try:
            return await self._visitor.visit(stub)
        except NotWanted as refusal:
            self._tally.leave_out(stub.source_id, str(refusal))
            return None
        except (Blocked, RateLimited) as error:
            self.report.stopped = str(error)
            return self._visitor.blocked(stub, str(error))


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Does all of this at once; where one fails the others are ended before its error goes on: nothing runs behind."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _check_wanted(listing: Listing) -> None:
    """Raises where the artist was taken out for good."""
    if listing.is_forgotten and listing.artist:
        name = listing.artist.name
        raise NotFound(
            f"{name} was forgotten here: `rap forget --undo --artist {name!r}` lets them be collected again."
        )
