"""What the corpus holds, listed a page at a time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.search import Filters

MOST_ROWS = 100_000
"""Of one page."""


class TrackOrder(StrEnum):
    """In which order tracks are listed."""

    ARTIST = "artist"
    TITLE = "title"
    YEAR = "year"
    VIEWS = "views"


class ArtistOrder(StrEnum):
    """In which order artists are listed."""

    NAME = "name"
    TRACKS = "tracks"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which part of the corpus is to be listed.

    Attributes:
        filters: what a track has to meet; of artists, tracks that do are counted, and those without any left out.
        source: where a track has to come from, such as `genius`; None for anywhere.
        order: what comes first; years and views the highest.
        limit: rows of a page.
        page: which one, from 1.
    """

    filters: Filters
    source: str | None
    order: TrackOrder | ArtistOrder
    limit: int = 50
    page: int = 1

    def check(self) -> None:
        """Raises InputError where there can be no such page."""
        if not 1 <= self.limit <= MOST_ROWS:
            raise InputError(f"--limit {self.limit}: a page has 1 to {MOST_ROWS:,} rows.")
        if not 1 <= self.page <= 10**9:
            raise InputError(f"--page {self.page}: pages are counted from 1.")

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A track in a list."""

    track_id: int
    title: str
    artist: str
    album: str | None
    year: int | None
    language: str | None
    source: str
    page_views: int | None


@dataclass(frozen=True, slots=True)
class ArtistRow:
    """An artist in a list: tracks of their own, tracks as a guest, and the years of both."""

    artist_id: int
    name: str
    tracks: int
    features: int
    first_year: int | None
    last_year: int | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list.

    Attributes:
        query: what was asked for.
        total: rows of all pages.
        rows: those of this one.
    """

    query: ListQuery
    total: int
    rows: Sequence[TrackRow] | Sequence[ArtistRow]

    @property
    def next_page(self) -> int | None:
        """Number of the page after this; None after the last."""
        return self.query.page + 1 if self.query.offset + len(self.rows) < self.total and self.rows else None

    def to_json(self, name: str) -> dict[str, Any]:
        """As programs read it, the rows under that name."""
        return {
            "total": self.total,
            "page": self.query.page,
            "limit": self.query.limit,
            "next_page": self.next_page,
            name: [asdict(row) for row in self.rows],
        }
