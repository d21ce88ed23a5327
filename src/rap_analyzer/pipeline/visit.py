"""One song of a source: what is known of it, its words, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from rap_analyzer.domain.errors import Blocked, NotFound, PageChanged, RateLimited, SourceError
from rap_analyzer.domain.frontier import KnownSong
from rap_analyzer.domain.non_songs import is_no_song
from rap_analyzer.domain.track import (
    NO_VALIDATORS,
    ArtistRef,
    Credit,
    Outcome,
    Provenance,
    Role,
    Song,
    TrackDraft,
)

if TYPE_CHECKING:
    from rap_analyzer.domain.selection import Selection
    from rap_analyzer.domain.track import KnownPage, SongStub
    from rap_analyzer.ports import Frontier, LyricsSource

log = structlog.get_logger(__name__)


class NotWanted(Exception):
    """A song says of itself what its list left out, and by that it is not wanted; the message says why."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Reads songs.

    Args:
        source: where they are.
        frontier: remembers what a song says of itself where that decides whether it is wanted.
        label: what `source` is called in the store.
        selection: which songs are wanted.
    """

    source: LyricsSource
    frontier: Frontier
    label: str
    selection: Selection

    async def visit(self, stub: SongStub) -> TrackDraft:
        """The song with its outcome, and the reason when there is one to tell.

        A title that names no song, such as a track list, is believed without a request.

        Raises:
            NotWanted: it is not one of those that are wanted.
            Blocked, RateLimited: nothing more is to be asked for.
        """
        song = _song_of(stub)
        if is_no_song(stub.title):
            return self.draft(song, Outcome.NOT_A_SONG)
        try:
            song = await self._described(await self.source.fetch_song(stub.source_id))
            known = self._known_page(stub, song)
            page = await self.source.fetch_lyrics(song, known.validators if known else NO_VALIDATORS)
        except NotFound as error:
            return self.draft(song, Outcome.MISSING, reason=str(error))
        except (Blocked, RateLimited):
            raise
        except SourceError as error:
            log.info("song failed", song=stub.url, error=str(error))
            failed = self.draft(song, Outcome.FAILED, reason=f"{type(error).__name__}: {error}")
            return replace(failed, raw=error.raw) if isinstance(error, PageChanged) else failed
        if known and page.outcome is Outcome.UNCHANGED:
            outcome = Outcome.UNCHANGED if known.outcome is Outcome.STORED else known.outcome
            return replace(self.draft(song, outcome), validators=known.validators)
        draft = self.draft(song, page.outcome, page.lyrics, page.raw_digest)
        return replace(draft, validators=page.validators)

    def _known_page(self, stub: SongStub, song: Song) -> KnownPage | None:
        """The page of an earlier visit, unless it has moved since, or would now be read otherwise."""
        known, now = stub.page, (song.url, self.source.parser_version)
        return known if known and (known.url, known.parser_version) == now else None

    def blocked(self, stub: SongStub, why: str) -> TrackDraft:
        """A song that the source did not let us read."""
        return self.draft(_song_of(stub), Outcome.BLOCKED, reason=why)

    def draft(
        self, song: Song, outcome: Outcome, lyrics: str = "", raw_digest: str = "", reason: str = ""
    ) -> TrackDraft:
        """What goes to the store."""
        provenance = Provenance(
            source=self.label,
            source_id=song.source_id,
            url=song.url,
            fetched_at=datetime.now(UTC),
            parser_version=self.source.parser_version,
            raw_digest=raw_digest,
        )
        return TrackDraft(song, outcome, provenance, lyrics, reason)

    async def _described(self, song: Song) -> Song:
        """The song, if it is wanted now that all is known of it."""
        if not self.selection.needs_description:
            return song
        await self.frontier.describe(song)
        known = KnownSong(song.source_id, None, is_due=True, language=song.language, year=song.year, is_described=True)
        if reason := self.selection.refusal(known, None):
            raise NotWanted(reason)
        return song


def _song_of(stub: SongStub) -> Song:
    """What is known of a song that could not be read."""
    credit = Credit(ArtistRef(stub.artist), Role.PRIMARY)
    return Song(stub.source_id, stub.title, stub.url, (credit,))
