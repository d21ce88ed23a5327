"""From an artist's name to their songs in the store. Interrupted anywhere, it goes on where it was."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from rap_analyzer import telemetry
from rap_analyzer.domain.errors import Blocked, NotFound, RateLimited, SourceError
from rap_analyzer.domain.track import Account, ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.track import SongStub
    from rap_analyzer.ports import LyricsSource, Progress, TrackWriter

log = structlog.get_logger(__name__)

CONCURRENT_SONGS = 6
VISITED_ONCE = {Outcome.STORED, Outcome.INSTRUMENTAL, Outcome.NOT_A_SONG}


@dataclass(slots=True)
class ScrapeReport:
    """How a run ended.

    Attributes:
        account: one outcome for each song found.
        stopped: why the source made us stop early; empty when the run is complete.
    """

    account: Account = field(default_factory=Account)
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Scraper:
    """Collects artists' songs.

    Args:
        source: where songs come from.
        store: where they go.
        label: what `source` is called in the store (`genius`, or `demo`).
    """

    source: LyricsSource
    store: TrackWriter
    label: str

    async def scrape(self, artists: Sequence[str], progress: Progress, max_songs: int | None = None) -> ScrapeReport:
        """Collect every song of these artists, at most `max_songs` of each.

        When the source blocks us or asks for a long wait, the songs that were listed but not read count as `blocked`,
        nothing more is requested, and a later run reads them.

        Raises:
            NotFound: the source knows no artist of that name; the songs of the artists before it are stored.
        """
        report, seen = ScrapeReport(), set[str]()
        progress.start("collecting songs", None)
        try:
            for name in artists:
                await self._scrape_artist(name, progress, max_songs, report, seen)
                if report.stopped:
                    break
        finally:
            progress.finish()
        return report

    async def _scrape_artist(
        self, name: str, progress: Progress, max_songs: int | None, report: ScrapeReport, seen: set[str]
    ) -> None:
        try:
            stubs = await self._listed(await self.source.find_artist(name), max_songs)
        except (Blocked, RateLimited) as error:
            report.stopped = str(error)
            return
        stubs = [stub for stub in stubs if stub.source_id not in seen]
        seen.update(stub.source_id for stub in stubs)
        report.account.found += len(stubs)
        progress.expect(len(stubs))
        known = await self.store.load_outcomes(self.label, [stub.source_id for stub in stubs])
        gate = asyncio.Semaphore(CONCURRENT_SONGS)

        async def visit(stub: SongStub) -> None:
            async with gate:
                outcome, reason = await self._visit(stub, known.get(stub.source_id), report)
            report.account.record(outcome, reason)
            telemetry.song_outcomes.labels(self.label, outcome).inc()
            progress.advance(now=f"{name}: {stub.title}")

        async with asyncio.TaskGroup() as group:
            for stub in stubs:
                group.create_task(visit(stub))

    async def _listed(self, artist: ArtistRef, max_songs: int | None) -> list[SongStub]:
        stubs: dict[str, SongStub] = {}
        async for stub in self.source.songs_of(artist):
            if max_songs is not None and len(stubs) >= max_songs:
                break
            stubs.setdefault(stub.source_id, stub)
        return list(stubs.values())

    async def _visit(self, stub: SongStub, known: Outcome | None, report: ScrapeReport) -> tuple[Outcome, str]:
        """One song: its outcome, and the reason when there is one to tell."""
        if known in VISITED_ONCE:
            return (Outcome.UNCHANGED if known is Outcome.STORED else known), ""
        if report.stopped:
            return Outcome.BLOCKED, ""
        try:
            draft = await self._fetch(stub)
        except (Blocked, RateLimited) as error:
            report.stopped = str(error)
            draft = self._draft(_song_of(stub), Outcome.BLOCKED, reason=str(error))
        [outcome] = await self.store.save_tracks([draft])
        return outcome, draft.reason

    async def _fetch(self, stub: SongStub) -> TrackDraft:
        song = _song_of(stub)
        try:
            song = await self.source.fetch_song(stub.source_id)
            page = await self.source.fetch_lyrics(song)
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
            source=self.label,
            source_id=song.source_id,
            url=song.url,
            fetched_at=datetime.now(UTC),
            parser_version=self.source.parser_version,
            raw_digest=raw_digest,
        )
        return TrackDraft(song, outcome, provenance, lyrics, reason)


def _song_of(stub: SongStub) -> Song:
    """What is known of a song whose page could not be read."""
    credit = Credit(ArtistRef(stub.artist), Role.PRIMARY)
    return Song(stub.source_id, stub.title, stub.url, (credit,))
