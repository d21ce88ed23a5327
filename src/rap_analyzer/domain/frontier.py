"""What is still to be visited: artists asked for, and the songs in their lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rap_analyzer.domain.selection import EVERYTHING, Selection
from rap_analyzer.domain.track import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from rap_analyzer.domain.track import ArtistRef, SongStub

REQUESTS_A_SONG = 2
"""One for what is known of it, one for its words."""
SETTLED = frozenset({Outcome.STORED, Outcome.INSTRUMENTAL, Outcome.NOT_A_SONG, Outcome.FORGOTTEN})
"""Outcomes of songs that are visited again only when the source says that their words have changed."""


class WishKind(StrEnum):
    """What somebody asks for."""

    ARTIST = "artist"
    ARTIST_ID = "artist-id"
    ALBUM = "album"
    SONG = "song"
    ID = "id"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to collect: the songs of an artist or an album, or one song.

    Attributes:
        kind: what it is.
        name: the artist's name, the album's, the song's title; its number or the artist's at the source; or the address
            of a page.
        artist: whose album or song it is; empty where that does not matter.
    """

    kind: WishKind
    name: str
    artist: str = ""

    @property
    def key(self) -> str:
        """What it is called in the frontier and in messages: an artist just by name."""
        if self.kind in (WishKind.ARTIST, WishKind.URL):
            return self.name
        return f"{self.kind}:{self.name}" + (f" by {self.artist}" if self.artist else "")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which songs are wanted, and when those that are known.

    Attributes:
        selection: which songs of each list.
        refresh: read every list anew, and visit songs again that have changed since; those of which the source does
            not say so, where their pages can be asked.
    """

    selection: Selection = EVERYTHING
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a run may take. What is begun is brought to its end; what is left is for the next run.

    Attributes:
        max_requests: requests to the source, those that had to be repeated among them; any number when None.
        until: when to end; never when None.
    """

    max_requests: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """How far an artist's list is read.

    Attributes:
        artist: who is meant; None until the source was asked.
        next_page: the page that is read next.
        is_listed: whether it was read to its end, lately.
        is_forgotten: whether the artist was taken out for good.
    """

    artist: ArtistRef | None
    next_page: int | None
    is_listed: bool
    is_forgotten: bool


@dataclass(frozen=True, slots=True)
class SongPage:
    """A page of an artist's list.

    Attributes:
        songs: in the list's order, the most popular first.
        first: place of its first song in the whole list, from 0.
        next_page: the page after it; None after the last.
    """

    songs: Sequence[SongStub]
    first: int
    next_page: int | None


@dataclass(frozen=True, slots=True)
class KnownSong:
    """A song in a list, with what is known of it.

    Attributes:
        source_id: its number at the source.
        outcome: what became of it on the last visit; None when it was never visited.
        is_due: whether a visit is due.
        next_at: until when one that had no words is left in peace, where it is; None where it is not.
        title: its title.
        primary_ids: the primary artists' numbers; empty where the list did not say.
        language: its code; None while unknown.
        year: of release; None while unknown.
        released_on: the day; None while unknown.
        is_described: whether the song itself was asked, so that what is unknown stays so.
    """

    source_id: str
    outcome: Outcome | None
    is_due: bool
    title: str = ""
    primary_ids: tuple[str, ...] = ()
    language: str | None = None
    year: int | None = None
    released_on: date | None = None
    is_described: bool = False
    next_at: datetime | None = None
