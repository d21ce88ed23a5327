"""Recordings that a metadata service knows, and how surely one of them is our track."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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


class MatchMethod(StrEnum):
    """How a recording was tied to a track, surest first."""

    URI = "uri"
    ISRC = "isrc"
    SEARCH = "search"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RecordingQuery:
    """What is looked for; `duration_ms` and `isrc` are None where unknown."""

    title: str
    artist: str
    isrc: str | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class UnenrichedTrack:
    """A stored track as the enrichment step sees it."""

    id: int
    title: str
    artist: str
    recording_uri: str | None = None
    isrc: str | None = None

    @property
    def query(self) -> RecordingQuery:
        """The track as a question to a metadata service."""
        return RecordingQuery(self.title, self.artist, self.isrc)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as a metadata service describes it.

    Attributes:
        id: the service's id.
        title: its title there.
        artists: names, the primary one first.
        isrc: International Standard Recording Code, or None.
        duration_ms: length in milliseconds, or None.
        data: what else the service gave, JSON-ready.
        withheld: names of fields that the service exists to give but did not give us.
    """

    id: str
    title: str
    artists: tuple[str, ...]
    isrc: str | None = None
    duration_ms: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrichment:
    """A metadata service's answer about one track; `method` is `none` and `recording` None when it has no match.

    Attributes:
        track_id: our track.
        source: the service's name.
        method: how the match was made.
        distance: 0 (certain) to 1; matches above 0.25 are not accepted.
        recording: the match, or None.
        audio_features: by name, as the service scales them; empty when withheld.
    """

    track_id: int
    source: str
    method: MatchMethod
    distance: float
    recording: Recording | None = None
    audio_features: dict[str, float] = field(default_factory=dict)


def audio_embedding(features: dict[str, float]) -> list[float] | None:
    """The nine features scaled to [0, 1] in the order of AUDIO_FEATURES; None when one is missing.

    Loudness runs from -60 to 0 dB, tempo from 0 to 250 beats a minute; the others are in [0, 1] already.
    """
    if any(name not in features for name in AUDIO_FEATURES):
        return None
    scaled = dict(features)
    scaled["loudness"] = (features["loudness"] + 60.0) / 60.0
    scaled["tempo"] = features["tempo"] / 250.0
    return [min(1.0, max(0.0, scaled[name])) for name in AUDIO_FEATURES]
