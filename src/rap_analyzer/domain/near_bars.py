"""Bars of the corpus that rhyme with a word or a bar's end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rap_analyzer.domain.bar_endings import ending_of, endings_of, heard
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.near_rhymes import Ear

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rap_analyzer.domain.bar_endings import Ending, Tail
    from rap_analyzer.domain.lyrics import Lyrics
    from rap_analyzer.domain.near_rhymes import Match


class BarTail(NamedTuple):
    """How a bar ends.

    Attributes:
        bar: its index in the song, from 0.
        key: classes of its last vowels; see `Tail.key`.
        coda: consonants after the last of them.
        sound: phones of its last words; see `Ending.sound`.
    """

    bar: int
    key: str
    coda: str
    sound: str


@dataclass(frozen=True, slots=True)
class TailReading:
    """How the bars of a track end: those whose end can be heard, and the digest of the words that were read."""

    track_id: int
    lyrics_digest: str
    tails: Sequence[BarTail]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bar whose end may rhyme: where it stands, and the phones of its last words."""

    track_id: int
    bar: int
    sound: str
    title: str
    artist: str
    source: str


class NearBar(NamedTuple):
    """A bar whose end rhymes.

    Attributes:
        bar: where it stands.
        match: over how many syllables it rhymes, and how strongly.
        words: its last words, as transcribed.
        rhyming: how many of these the rhyme takes.
    """

    bar: Candidate
    match: Match
    words: tuple[str, ...] = ()
    rhyming: int = 0


@dataclass(frozen=True, slots=True)
class NearBars:
    """Bars that rhyme, the best first, and where they were looked for.

    Attributes:
        bars: the longest span first, then the strongest.
        tracks: of the corpus.
        read: tracks whose bars' ends are known.
    """

    bars: tuple[NearBar, ...]
    tracks: int
    read: int


def tails_of(lyrics: Lyrics) -> list[BarTail]:
    """How each bar ends whose end can be heard."""
    heard_endings = ((bar, heard(ending.sound), ending.sound) for bar, ending in endings_of(lyrics))
    return [BarTail(bar, tail.key, tail.coda, sound) for bar, tail, sound in heard_endings]


def rhyming_bars(tail: Tail, candidates: Iterable[Candidate]) -> list[NearBar]:
    """Those that rhyme, the longest span first, then the strongest; a sound that a track repeats stands once."""
    once = list({(one.track_id, one.sound): one for one in reversed(list(candidates))}.values())
    tails = [heard(one.sound) for one in once]
    ear = Ear(tail, (syllable for one in tails for syllable in one.syllables))
    matches = ((one, ear.match(other)) for one, other in zip(once, tails, strict=True))
    return sorted((NearBar(one, match) for one, match in matches if match), key=_order)


def _order(near: NearBar) -> tuple[int, float, int, int]:
    return -near.match.span, -near.match.strength, near.bar.track_id, near.bar.bar


def with_words(near: Sequence[NearBar], lyrics: Mapping[int, str]) -> list[NearBar]:
    """The bars with their last words; one that is no longer there is left out, and so is what an artist says again."""
    parsed = {track: list(parse(text).bars) for track, text in lyrics.items()}
    worded: dict[tuple[str, str], NearBar] = {}
    for one in near:
        bars = parsed.get(one.bar.track_id, [])
        ending = ending_of(bars[one.bar.bar]) if one.bar.bar < len(bars) else None
        if ending:
            spoken = " ".join(ending.words).lower()
            rhyming = _words_in(ending, one.match.span)
            worded.setdefault((one.bar.artist, spoken), one._replace(words=ending.words, rhyming=rhyming))
    return list(worded.values())


def _words_in(ending: Ending, span: int) -> int:
    """How many of the last words hold so many syllables."""
    starts = heard(ending.sound).starts[-span:]
    return sum(starts) + (not starts[0])
