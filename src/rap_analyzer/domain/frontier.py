"""What is still to be visited: artists asked for, and the songs in their lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rap_analyzer.domain.track import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rap_analyzer.domain.track import ArtistRef, SongStub

REQUESTS_A_SONG = 2
"""One for what is known of it, one for its words."""
SETTLED = frozenset({Outcome.STORED, Outcome.INSTRUMENTAL, Outcome.NOT_A_SONG, Outcome.FORGOTTEN})
"""Outcomes of songs that are visited again only when the source says that their words have changed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which songs of an artist are wanted.

    Attributes:
        max_songs: only so many, the most popular first; all when None.
        refresh: read every list anew, and visit songs again whose words have changed since.
    """

    max_songs: int | None = None
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
    """A song in a list, with what became of it on the last visit (None: never visited), and whether one is due."""

    source_id: str
    outcome: Outcome | None
    is_due: bool
