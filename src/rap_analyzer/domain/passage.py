"""Passages: the pieces of a song that have an embedding of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Passage:
    """A section, or a window of one that is too long for the model.

    Attributes:
        kind: the section's kind (verse, hook, …).
        label: the section's header as transcribed; empty where there is none.
        first_bar: index of its first bar in the song, from 0.
        last_bar: index of its last bar, inclusive.
        text: its bars, one a line.
    """

    kind: str
    label: str
    first_bar: int
    last_bar: int
    text: str


@dataclass(frozen=True, slots=True)
class UnembeddedTrack:
    """A track whose present words have no embedding."""

    id: int
    lyrics_digest: str
    title: str
    lyrics: str


@dataclass(frozen=True, slots=True)
class TrackEmbedding:
    """A track's passages with their unit vectors, and the track's: the normalised mean of them."""

    track_id: int
    lyrics_digest: str
    passages: Sequence[Passage]
    vectors: Sequence[Sequence[float]]
    mean: Sequence[float]
