"""Recordings that a metadata service knows, how surely one of them is our track, and how long an answer is good."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

AUDIO_FEATURES = (
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "liveness",
    "loudness",
    "speechiness",
    "tempo",
    "valence",
)
"""The nine features of `tracks.audio_embedding`, in order."""
GOOD_FOR = timedelta(days=7)
"""An answer that is older than this is out of date; until then it stands in for a service that cannot be asked."""
OF_LATE = timedelta(days=1)
"""A run that could not ask a service makes its answers stale for so long; then another run has to say so."""
ASKED_AGAIN_AFTER = timedelta(days=30)
"""A service that had nothing for a track is asked again after this: catalogues grow, but not by the day."""


class MatchMethod(StrEnum):
    """How a recording was tied to a track, surest first."""

    URI = "uri"
    ISRC = "isrc"
    SEARCH = "search"
    NONE = "none"


class Freshness(StrEnum):
    """How far an answer can be relied on.

    `stale`: within the week, but the service could not be asked of late. `out_of_date`: older than a week.
    """

    FRESH = "fresh"
    STALE = "stale"
    OUT_OF_DATE = "out_of_date"


@dataclass(frozen=True, slots=True)
class RecordingQuery:
    """What is looked for; `isrc`, `duration_ms` and `album` are None where unknown."""

    title: str
    artist: str
    isrc: str | None = None
    duration_ms: int | None = None
    album: str | None = None


@dataclass(frozen=True, slots=True)
class UnenrichedTrack:
    """A stored track as the enrichment step sees it.

    Attributes:
        recording_uri: the link that the source of the lyrics gives, such as `spotify:track:ID`.
        isrc: as a sure match has it; `duration_ms` likewise.
        recording_id: what the track was tied to before, by `method` at `distance`; None where it was not.
        wants_features: whether no service that comes earlier in the order has its audio features.
    """

    id: int
    title: str
    artist: str
    recording_uri: str | None = None
    isrc: str | None = None
    duration_ms: int | None = None
    album: str | None = None
    recording_id: str | None = None
    method: str = MatchMethod.NONE
    distance: float = 1.0
    wants_features: bool = True

    @property
    def query(self) -> RecordingQuery:
        """The track as a question to a metadata service."""
        return RecordingQuery(self.title, self.artist, self.isrc, self.duration_ms, self.album)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as a metadata service describes it.

    Attributes:
        id: the service's id.
        title: its title there.
        artists: names, the primary one first.
        isrc: International Standard Recording Code, or None.
        duration_ms: length in milliseconds, or None.
        album: title of what it came out on, or None.
        data: what else the service gave, JSON-ready.
        withheld: names of fields that the service exists to give but did not give us.
    """

    id: str
    title: str
    artists: tuple[str, ...]
    isrc: str | None = None
    duration_ms: int | None = None
    album: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """Everything worth keeping, by name, JSON-ready; what is unknown is left out."""
        own = {"title": self.title, "artists": list(self.artists), "isrc": self.isrc, "duration_ms": self.duration_ms}
        return {**{name: value for name, value in own.items() if value}, **self.data}


@dataclass(frozen=True, slots=True)
class Enrichment:
    """A metadata service's answer about one track; `method` is `none` when it has nothing.

    Attributes:
        track_id: our track.
        source: the service's name.
        method: how the track was tied to the recording.
        distance: 0 (certain) to 1.
        recording: the match, or None; a service that gives only audio features describes no recording.
        audio_features: by name, as the service scales them; empty when withheld.
        asked_id: the id that was asked for, of a service that is asked by another's ids.
    """

    track_id: int
    source: str
    method: MatchMethod
    distance: float
    recording: Recording | None = None
    audio_features: dict[str, float] = field(default_factory=dict)
    asked_id: str | None = None


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """How far one field is known: tracks with it, by service, and the dates of the oldest and the newest value."""

    name: str
    tracks: int
    sources: Mapping[str, int]
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """What became of asking one service.

    Attributes:
        methods: tracks by how they were matched; `none` are those that it has nothing for.
        withheld: tracks by the name of a field that it kept from us.
        freshness: matched tracks by how far the answer can be relied on.
        failure: why the last run could not ask it; empty when it could.
    """

    name: str
    methods: Mapping[str, int]
    withheld: Mapping[str, int]
    freshness: Mapping[str, int]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is known of the stored tracks from metadata services; `embedded` have an audio embedding."""

    tracks: int
    embedded: int
    fields: tuple[FieldCoverage, ...]
    sources: tuple[SourceCoverage, ...]


def audio_embedding(features: Mapping[str, float]) -> list[float] | None:
    """The nine features scaled to [0, 1] in the order of AUDIO_FEATURES; None when one is missing.

    Loudness runs from -60 to 0 dB, tempo from 0 to 250 beats a minute; the others are in [0, 1] already.
    """
    if any(name not in features for name in AUDIO_FEATURES):
        return None
    scaled = dict(features)
    scaled["loudness"] = (features["loudness"] + 60.0) / 60.0
    scaled["tempo"] = features["tempo"] / 250.0
    return [min(1.0, max(0.0, scaled[name])) for name in AUDIO_FEATURES]
