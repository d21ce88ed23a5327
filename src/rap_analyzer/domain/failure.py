"""What a step could not do with one track: it is set apart, so that the others go on."""

from __future__ import annotations

from dataclasses import dataclass

MAX_REASON = 300
"""Characters that are kept of an error's own words: they may quote lyrics."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands in the place of a result that could not be had.

    Attributes:
        reason: the error in one line.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class StepFailure:
    """A track that a step has set apart.

    It is tried again when its words change, or when the step has another version.

    Attributes:
        track_id: the track.
        lyrics_digest: SHA-256 (hex) of the words that failed.
        reason: the error in one line.
    """

    track_id: int
    lyrics_digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class FailedTrack:
    """A track that was set apart, as people are told of it.

    Attributes:
        track_id: the track.
        title: its title.
        artist: its primary artists.
        step: what failed: an analyzer's name, `rhyme endings`, `embedding` or `fingerprint`.
        reason: the error in one line.
    """

    track_id: int
    title: str
    artist: str
    step: str
    reason: str


def fault_of(error: Exception) -> Fault:
    """An unexpected error in one line."""
    words = " ".join(str(error).split())[:MAX_REASON]
    return Fault(f"unexpected {type(error).__name__}{f': {words}' if words else ''}; please report it")
