"""Which tracks are versions of one song, which of them is the original, and what the others are to it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date


class VersionKind(StrEnum):
    """What a version is to the original."""

    SAME_WORDS = "same_words"
    RERELEASE = "rerelease"
    REMIX = "remix"
    LIVE = "live"
    TRANSLATION = "translation"
    COVER = "cover"


SAYS_OF_ITSELF = {
    "rerelease_of": VersionKind.RERELEASE,
    "remix_of": VersionKind.REMIX,
    "live_version_of": VersionKind.LIVE,
    "translation_of": VersionKind.TRANSLATION,
}
"""Relationships by which a track says that it is a version of another."""
SAYS_OF_ANOTHER = {
    "rereleased_as": VersionKind.RERELEASE,
    "remixed_by": VersionKind.REMIX,
    "performed_live_as": VersionKind.LIVE,
    "translations": VersionKind.TRANSLATION,
}
"""Relationships by which a track says that another is a version of it. Samples, interpolations and `cover_of` say
neither: a cover is a version when its words are the same."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A source says that a track is a version of another."""

    track_id: int
    version_of: int
    kind: VersionKind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A track that may be a version, as far as that is decided by it.

    Attributes:
        track_id: the track.
        artists: lower-case names of its primary artists.
        wording: the number of its words, or None without any.
        released_on: day of release, if known.
        year: of release, if known.
        page_views: how often it was looked at, if known.
    """

    track_id: int
    artists: frozenset[str] = frozenset()
    wording: int | None = None
    released_on: date | None = None
    year: int | None = None
    page_views: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A track that is a version of another.

    Attributes:
        track_id: the track.
        version_of: the original, which is a version of none.
        kind: what it is to the original.
        similarity: of their words, from 0 to 1; None where they were not compared, or are not alike.
    """

    track_id: int
    version_of: int
    kind: VersionKind
    similarity: float | None


@dataclass(frozen=True, slots=True)
class VersionEvidence:
    """All that says which tracks are versions.

    Attributes:
        tracks: those that anything below names, by id.
        same_words: pairs of tracks with the same words, or nearly.
        claims: what sources say.
        alike: similarity of two wordings, the lower number first.
    """

    tracks: Mapping[int, Candidate]
    same_words: Sequence[tuple[int, int]]
    claims: Sequence[Claim]
    alike: Mapping[tuple[int, int], float]


def read_claim(track_id: int, kind: str, other_id: int) -> Claim | None:
    """What a relationship of the source claims; None when it is not about versions."""
    if kind in SAYS_OF_ITSELF:
        return Claim(track_id, other_id, SAYS_OF_ITSELF[kind])
    if kind in SAYS_OF_ANOTHER:
        return Claim(other_id, track_id, SAYS_OF_ANOTHER[kind])
    return None


def settle(evidence: VersionEvidence) -> list[Version]:
    """The versions among the tracks, by track id.

    Tracks that are tied in any number of steps are one song. A track that claims to be a version of several songs, as
    a mash-up does, ties them not: it stays a song of its own, unless they are one song anyway.

    The original is the track that others claim to be versions of and that claims nothing itself, else the earliest
    release, then the most looked at, then the lowest id.
    """
    songs = _Songs(evidence.tracks)
    for one, other in evidence.same_words:
        songs.tie(one, other)
    claims = _upheld(songs, evidence.claims)
    found = [v for song in songs.groups() if len(song) > 1 for v in _versions(song, claims, evidence)]
    return sorted(found, key=lambda version: version.track_id)


class _Songs:
    """Sets of tracks that are tied (union-find; the root of a set is its lowest id)."""

    def __init__(self, tracks: Iterable[int]) -> None:
        self._parents = {track: track for track in tracks}

    def tie(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low

    def root(self, track: int) -> int:
        while (parent := self._parents[track]) != track:
            self._parents[track] = track = self._parents[parent]
        return track

    def groups(self) -> Iterable[list[int]]:
        members = defaultdict(list)
        for track in self._parents:
            members[self.root(track)].append(track)
        return members.values()


def _upheld(songs: _Songs, claims: Sequence[Claim]) -> dict[int, dict[int, VersionKind]]:
    """The claims of each track that claims one song, tied; those with several targets last, when most is tied."""
    by_track: dict[int, dict[int, VersionKind]] = defaultdict(dict)
    for claim in claims:
        by_track[claim.track_id].setdefault(claim.version_of, claim.kind)
    upheld = {}
    for track, targets in sorted(by_track.items(), key=lambda item: (len(item[1]), item[0])):
        if len({songs.root(target) for target in targets}) == 1:
            songs.tie(track, next(iter(targets)))
            upheld[track] = targets
    return upheld


def _versions(
    song: Sequence[int], claims: Mapping[int, Mapping[int, VersionKind]], evidence: VersionEvidence
) -> Iterable[Version]:
    members = set(song)
    claimed = {target for track in song for target in claims.get(track, ())} & members
    roots = [track for track in claimed if track not in claims]
    original = min((evidence.tracks[track] for track in roots or claimed or song), key=_precedence)
    for track in song:
        if track != original.track_id:
            mine = evidence.tracks[track]
            kind = _kind(mine, original, claims.get(track, {}))
            yield Version(track, original.track_id, kind, _similarity(mine, original, evidence.alike))


def _precedence(track: Candidate) -> tuple[int, str, int, int]:
    """Sorts the likeliest original first; a year alone stands behind the days of that year."""
    year = track.released_on.year if track.released_on else track.year
    day = track.released_on.isoformat() if track.released_on else "~"
    return (year or 9999, day, -(track.page_views or 0), track.track_id)


def _kind(track: Candidate, original: Candidate, claims: Mapping[int, VersionKind]) -> VersionKind:
    """What the track claims to be to the original, else to another; without a claim, the same words by whomever."""
    if claims:
        return claims.get(original.track_id) or next(iter(claims.values()))
    has_others = track.artists and original.artists and not track.artists & original.artists
    return VersionKind.COVER if has_others else VersionKind.SAME_WORDS


def _similarity(track: Candidate, original: Candidate, alike: Mapping[tuple[int, int], float]) -> float | None:
    if track.wording is None or original.wording is None:
        return None
    if track.wording == original.wording:
        return 1.0
    return alike.get((min(track.wording, original.wording), max(track.wording, original.wording)))
