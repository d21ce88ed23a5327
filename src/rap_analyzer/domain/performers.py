"""Who raps what: figures of each performer that the section headers name, features apart from the main artist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain.headers import split_performers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from rap_analyzer.domain.lyrics import Lyrics, Word
    from rap_analyzer.domain.rhyme import Flags
    from rap_analyzer.domain.rhyme_stream import Stream

NOBODY = ""
"""The performer of sections whose header names none: the main artist, as transcribers have it."""


@dataclass(slots=True)
class Part:
    """What one performer has.

    Attributes:
        bars: bars with words.
        words: words said.
        syllables: syllables heard.
        rhymed: of these, those in chains that are not identical.
        sounding: bars with syllables.
    """

    bars: int = 0
    words: int = 0
    syllables: int = 0
    rhymed: int = 0
    sounding: int = 0

    def add(self, other: Part) -> None:
        """Take another's counts in."""
        self.bars += other.bars
        self.words += other.words
        self.syllables += other.syllables
        self.rhymed += other.rhymed
        self.sounding += other.sounding

    def figures(self) -> dict[str, float]:
        """Bars, words, syllables, rhyme_density and syllables_per_bar, as the measures of those names."""
        return {
            "bars": self.bars,
            "words": self.words,
            "syllables": self.syllables,
            "rhyme_density": round(self.rhymed / self.syllables, 4) if self.syllables else 0.0,
            "syllables_per_bar": round(self.syllables / self.sounding, 4) if self.sounding else 0.0,
        }


def parts_of(lyrics: Lyrics, bars: Mapping[int, tuple[Word, ...]], stream: Stream, rhymed: Flags) -> dict[str, Part]:
    """Each performer's part, in order of appearance; a section that several share counts for each of them.

    Args:
        lyrics: the song.
        bars: the words that are said in each of its bars, by the bar's index.
        stream: its syllables.
        rhymed: for each syllable whether it rhymes.
    """
    size = max(bars, default=-1) + 1
    syllables = np.bincount(stream.bar, minlength=size)
    answered = np.bincount(stream.bar, weights=rhymed, minlength=size)
    words = np.zeros(size, dtype=np.int64)
    words[list(bars)] = list(map(len, bars.values()))
    counts = np.stack([words > 0, words, syllables, answered, syllables > 0]).astype(np.int64)
    parts: dict[str, Part] = {}
    for section in lyrics.sections:
        first = section.bars[0].index if section.bars else 0
        part = Part(*counts[:, first : first + len(section.bars)].sum(axis=1).tolist())
        for name in (section.performers or (NOBODY,)) if part.words else ():
            parts.setdefault(name, Part()).add(part)
    return parts


def with_roles(
    by_performer: Iterable[Mapping[str, Any]], guests: Collection[str], main: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The stored parts with what each performer is to the track.

    Parts that a header's commas and signs have made of one credited name ("Tyler, The Creator", "AC/DC") are one again.

    Args:
        by_performer: the measure of that name.
        guests: names that the credits give as featured.
        main: names that they give as primary.

    Returns:
        The same in the same order, with `role`: `featured` for guests, else `primary`: a header that names nobody, or
        someone whom the credits do not name (a member of the group, "Both"), speaks of the main artist.
    """
    parts = {part["name"]: dict(part) for part in by_performer}
    for name, pieces in _torn_names((*guests, *main)).items():
        found = [part for piece in pieces if (part := _named(parts, piece))]
        figures = [{key: value for key, value in part.items() if key != "name"} for part in found]
        if len(found) == len(pieces) and all(one == figures[0] for one in figures):
            names = [part["name"] for part in found]
            whole = {**found[0], "name": name}
            parts = {(name if key == names[0] else key): (whole if key == names[0] else part)
                     for key, part in parts.items() if key not in names[1:]}  # fmt: skip
    return [{**part, "role": "featured" if is_guest(part["name"], guests) else "primary"} for part in parts.values()]


def whole_names(performers: Sequence[str], credited: Collection[str]) -> list[str]:
    """The names of a header, credited ones that its commas and signs have torn put together again."""
    names = list(performers)
    for name, pieces in _torn_names(credited).items():
        plain = [_plain(one) for one in names]
        wanted = [_plain(piece) for piece in pieces]
        for begin in range(len(names) - len(pieces) + 1):
            if plain[begin : begin + len(pieces)] == wanted:
                names[begin : begin + len(pieces)] = [name]
                break
    return names


def _torn_names(credited: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Credited names that a header would be split at, and into what; the longest first."""
    split = {name: split_performers(name) for name in sorted(credited, key=len, reverse=True)}
    return {name: pieces for name, pieces in split.items() if len(pieces) > 1}


def _named(parts: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((part for key, part in parts.items() if _plain(key) == _plain(name)), None)


def all_guests(performers: Sequence[str], guests: Collection[str]) -> bool:
    """Whether a header names somebody, and nobody but guests."""
    names = whole_names(performers, guests)
    return bool(names) and all(is_guest(name, guests) for name in names)


def is_guest(performer: str, guests: Collection[str]) -> bool:
    """Whether a name in a header is one of these, blind to case and punctuation."""
    return _plain(performer) in {_plain(guest) for guest in guests}


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
