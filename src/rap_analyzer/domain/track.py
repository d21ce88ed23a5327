"""Tracks, their artists and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


class Outcome(StrEnum):
    """What became of one song of a source. Every song found has exactly one; `unchanged` and `stored` hold lyrics.

    A `repeated` one is the same song as another of the same run, which was stored.
    """

    STORED = "stored"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"
    INSTRUMENTAL = "instrumental"
    UNRELEASED = "unreleased"
    NOT_A_SONG = "not_a_song"
    MISSING = "missing"
    BLOCKED = "blocked"
    FAILED = "failed"
    FORGOTTEN = "forgotten"


class Role(StrEnum):
    """What an artist did on a track."""

    PRIMARY = "primary"
    FEATURED = "featured"
    PRODUCER = "producer"
    WRITER = "writer"


@dataclass(frozen=True, slots=True)
class ArtistRef:
    """An artist as a source names them; `source_id` is None where the source knows only a name."""

    name: str
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """One artist's part in a track."""

    artist: ArtistRef
    role: Role


@dataclass(frozen=True, slots=True)
class Relationship:
    """A link to another song of the same source, such as `remix_of`; `source_id` is the other song's."""

    kind: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a page can be asked for only where it has changed since (RFC 9110, section 8.8).

    Attributes:
        etag: the version that its source names; empty where it names none.
        last_modified: when it was last changed, as its source writes it; empty where it does not.
    """

    etag: str = ""
    last_modified: str = ""

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A song's page as an earlier visit found it.

    Attributes:
        outcome: what it told.
        url: where it was.
        parser_version: version of the parser that read it.
        validators: by what it can be asked whether it has changed.
    """

    outcome: Outcome
    url: str
    parser_version: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class SongStub:
    """A song as a list shows it: enough to decide whether to visit it. What lists often leave out is None.

    Attributes:
        source_id: its number at the source.
        title: its title.
        artist: names of the primary artists.
        url: its page.
        changed_at: when the song was last changed, in seconds since 1970.
        primary_ids: the primary artists' numbers.
        language: its code.
        year: of release.
        released_on: the day.
        page: its page on an earlier visit, where that can be asked whether it has changed.
    """

    source_id: str
    title: str
    artist: str
    url: str
    changed_at: int | None = None
    primary_ids: tuple[str, ...] = ()
    language: str | None = None
    year: int | None = None
    released_on: date | None = None
    page: KnownPage | None = None


@dataclass(frozen=True, slots=True)
class Song:
    """A song's metadata as the source gives it, without its lyrics."""

    source_id: str
    title: str
    url: str
    credits: tuple[Credit, ...]
    album: str | None = None
    released_on: date | None = None
    year: int | None = None
    language: str | None = None
    page_views: int | None = None
    spotify_uri: str | None = None
    relationships: tuple[Relationship, ...] = ()
    without_words: Outcome | None = None
    """What the source says of a song that has no words: `instrumental` or `unreleased`; None where it does not say."""

    @property
    def artist(self) -> str:
        """Names of the primary artists, joined as on a record sleeve."""
        return " & ".join(c.artist.name for c in self.credits if c.role is Role.PRIMARY)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a version of the lyrics came from.

    Attributes:
        source: `genius`, `demo`, or `import`.
        source_id: the song's id there.
        url: the page, or `file:name#row`.
        fetched_at: when it was read (UTC).
        parser_version: version of the parser that made text of the page.
        raw_digest: SHA-256 (hex) of what was read, before parsing.
    """

    source: str
    source_id: str
    url: str
    fetched_at: datetime
    parser_version: str
    raw_digest: str


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as it came: its bytes, and the content type that its answer declared."""

    body: bytes
    content_type: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the bytes."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page of an unknown shape, kept for a parser that knows it.

    Attributes:
        song: whose page it is.
        url: where it was.
        raw: the page.
        fetched_at: when it came (UTC).
    """

    song: Song
    url: str
    raw: RawPage
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class TrackDraft:
    """A song with its outcome and, where it has them, its lyrics: what a step hands to the store.

    Attributes:
        song: what is known of it.
        outcome: what became of it.
        provenance: where that came from.
        lyrics: the words, where the outcome is `stored`.
        reason: why it has none, in words.
        raw: its page, where that is worth keeping for another parser.
        validators: by what its page can be asked whether it has changed.
        extra: what else its source says of it, by the source's names; JSON-ready.
    """

    song: Song
    outcome: Outcome
    provenance: Provenance
    lyrics: str = ""
    reason: str = ""
    raw: RawPage | None = None
    validators: Validators = NO_VALIDATORS
    extra: Mapping[str, Any] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the lyrics: the version of the words."""
        return lyrics_digest(self.lyrics)


@dataclass(frozen=True, slots=True)
class Track:
    """A stored track with its words."""

    id: int
    title: str
    artist: str
    lyrics: str
    lyrics_digest: str
    source: str
    url: str
    album: str | None = None
    year: int | None = None
    language: str | None = None
    page_views: int | None = None
    credits: tuple[Credit, ...] = ()


@dataclass(slots=True)
class Account:
    """How a run ended: one count for each outcome. It adds up, or the run has lost a song.

    Attributes:
        found: songs that the run has met.
        counts: by outcome.
        reasons: why songs have no words, with how many.
        notes: what else there is to say, a sentence each.
    """

    found: int = 0
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    reasons: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def record(self, outcome: Outcome, reason: str = "") -> None:
        """Count one song."""
        self.counts[outcome] += 1
        if reason:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    @property
    def adds_up(self) -> bool:
        """Whether found is the sum of all outcomes."""
        return self.found == sum(self.counts.values())


def lyrics_digest(lyrics: str) -> str:
    """SHA-256 (hex) of the text as UTF-8."""
    return hashlib.sha256(lyrics.encode()).hexdigest()
