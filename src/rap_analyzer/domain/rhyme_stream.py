"""A song as one stream of syllables in numpy columns: what the rhyme engine hears."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, fields
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.word_sounds import (
    AMONG_OTHERS,
    ENDINGS,
    FOLLOW,
    FUNCTION,
    FUNCTION_WORDS,
    JOINER_BIT,
    LEANING_BIT,
    LEFT,
    LETTERS,
    MONOSYLLABLE,
    NUCLEUS,
    ONSET,
    PRONOUN_BIT,
    ROLE,
    SILENT,
    SIZE,
    SPELLING,
    STEM,
    STRESS,
    STRESSED,
    TRAIT,
    WORD_FINAL,
    sound_book,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Lyrics, Word
    from rap_analyzer.domain.word_sounds import SoundBook

__all__ = [
    "BAR_FINAL",
    "BEYOND",
    "FUNCTION",
    "FUNCTION_WORDS",
    "JOINER_BIT",
    "LAST_WORD",
    "LEANING_BIT",
    "MIDDLE_WORD",
    "MONOSYLLABLE",
    "PRONOUN_BIT",
    "STRESSED",
    "WORD_FINAL",
    "Cut",
    "Ints",
    "Place",
    "Stream",
    "listen",
    "listen_all",
]

Ints = npt.NDArray[np.int64]

LAST_WORD, BAR_FINAL, MIDDLE_WORD = (16 << bit for bit in range(3))
"""Roles that a syllable has in its bar; those in its word are `word_sounds`'."""

MIDDLE = (0.4, 0.62)
"""Part of a bar in which a word must end to be at its caesura: a long bar is often two phrases."""
BEYOND = 1000
"""Distance to the bar's end that ad-libs after it are given: as far as no syllable of a bar."""
LONG_BAR = 10
"""Syllables."""


class Place(NamedTuple):
    """Where a syllable stands: index of its bar in the song, of its word in the bar, of itself in the word."""

    bar: int
    word: int
    syllable: int


class Cut(NamedTuple):
    """Where one song lies in a stream of several: its syllables, exclusive of the last; its first bar and section."""

    begin: int
    end: int
    bar: int
    section: int


@dataclass(frozen=True, slots=True)
class Stream:
    """Columns with one row for each syllable that is said.

    Attributes:
        phones: what is said.
        spellings: bare form of each syllable's word.
        nuclei: names of the vowels that occur.
        clusters: the consonant clusters that occur.
        nucleus: index into `nuclei`.
        follow: index into `clusters` of the consonants after the vowel.
        onset: index into `clusters` of the consonants before it.
        role: bits: stressed, function word, last in its word, the word's only one, in the bar's last word, bar's last,
            in a word that ends around a long bar's middle.
        stress: 1 main, 2 second, 0 none.
        left: syllables after it in its word.
        size: syllables of its word.
        letters: characters of its word's bare form.
        traits: bits: its word leans on what follows, is a pronoun, joins clauses.
        ending: shape (syllables, 4): numbers that are the same for words that end in the same one to four letters.
        section: running number of the section. Sections are heard apart, so that none changes another's figures.
        bar: running number of the bar.
        word: running number of the word.
        in_bar: index of the word in its bar, those that are not said counted.
        word_id: the same number for the same word, possessives and dropped g aside.
        to_end: syllables after it in its bar, trailing ad-libs left out.
        spelling: the same number for the same bare form.
        section_begin: where its section begins.
        section_end: where its section ends, exclusive.
    """

    phones: tuple[str, ...]
    spellings: tuple[str, ...]
    nuclei: tuple[str, ...]
    clusters: tuple[str, ...]
    nucleus: Ints
    follow: Ints
    onset: Ints
    role: Ints
    stress: Ints
    left: Ints
    size: Ints
    letters: Ints
    traits: Ints
    ending: Ints
    section: Ints
    bar: Ints
    word: Ints
    in_bar: Ints
    word_id: Ints
    to_end: Ints
    spelling: Ints
    section_begin: Ints
    section_end: Ints

    def __len__(self) -> int:
        return len(self.phones)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the syllables stand; for the stream of one song."""
        in_word = self.size - 1 - self.left
        rows = zip(self.bar.tolist(), self.in_bar.tolist(), in_word.tolist(), strict=True)
        return tuple(map(Place._make, rows))

    @property
    def bounds(self) -> tuple[Ints, Ints]:
        """For each syllable where its section begins and ends, exclusive."""
        return self.section_begin, self.section_end

    def part(self, begin: int, end: int) -> Stream:
        """Rows `begin` to `end`, exclusive."""
        return self if (begin, end) == (0, len(self)) else Stream(**self._part(begin, end))

    def song(self, cut: Cut) -> Stream:
        """One of several songs, with the numbers that it has alone."""
        if cut == (0, len(self), 0, 0):
            return self
        part = self._part(cut.begin, cut.end)
        part["bar"] = part["bar"] - cut.bar
        part["section"] = part["section"] - cut.section
        part["word"] = part["word"] - part["word"][:1].sum()
        return Stream(**part)

    def _part(self, begin: int, end: int) -> dict[str, Any]:
        part: dict[str, Any] = {name: getattr(self, name)[begin:end] for name in _ROWS}
        part["section_begin"] = np.maximum(part["section_begin"] - begin, 0)
        part["section_end"] = np.minimum(part["section_end"], end) - begin
        return {**part, "nuclei": self.nuclei, "clusters": self.clusters}


_ROWS = tuple(field.name for field in fields(Stream) if field.name not in {"nuclei", "clusters"})


@dataclass(slots=True)
class _Bars:
    """The bars of songs, one after another, while they are gathered.

    Attributes:
        words: of all bars.
        sizes: words of each bar, those that are not said counted.
        numbers: the bars' running numbers, which leave out those of bars that a song leaves out.
        sections: running numbers of their sections.
        all_sections: sections of all songs.
        bracketed: places among the words that stand in a bar with brackets: the only ones that may be aside.
    """

    words: list[Word] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    sections: list[int] = field(default_factory=list)
    all_sections: int = 0
    bracketed: list[int] = field(default_factory=list)

    def add(self, song: Lyrics) -> tuple[int, int, int]:
        """Adds a song; the number of its first word, first bar and first section."""
        first = len(self.words), self.numbers[-1] + 1 if self.numbers else 0, self.all_sections
        _, first_bar, first_section = first
        for number, section in enumerate(song.sections, start=first_section):
            for bar in section.bars:
                begin = len(self.words)
                self.words += bar.words
                self.sizes.append(len(bar.words))
                self.numbers.append(first_bar + bar.index)
                self.sections.append(number)
                if bar.bracketed:
                    self.bracketed += range(begin, len(self.words))
        self.all_sections += len(song.sections)
        return first


def listen(lyrics: Lyrics) -> Stream:
    """The stream of a song. Words in square brackets, and those that nothing can be said of, have no syllables."""
    return listen_all([lyrics])[0]


def listen_all(songs: Sequence[Lyrics]) -> tuple[Stream, list[Cut]]:
    """One stream of several songs, which numpy hears faster than many short ones, and where each song lies in it."""
    bars = _Bars()
    begins = [bars.add(song) for song in songs]
    book = sound_book()
    words = _words(bars, book)
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    book.sounds.sizes.take(words).cumsum(out=offsets[1:])
    edges = offsets[[*(word for word, _, _ in begins), -1]].tolist()
    cuts = [Cut(*edge, bar, section) for edge, (_, bar, section) in zip(pairwise(edges), begins, strict=True)]
    return _stream(_frame(bars, offsets), words, offsets, book), cuts


def _words(bars: _Bars, book: SoundBook) -> Ints:
    """The number of each word in the book; those in square brackets do not sound."""
    texts = [word.text for word in bars.words]
    numbers = np.fromiter(map(book.__getitem__, texts), dtype=np.int64, count=len(texts))
    ends = list(accumulate(bars.sizes))
    for at in (numbers == AMONG_OTHERS).nonzero()[0].tolist():
        bar = bisect_right(ends, at)
        begin = ends[bar] - bars.sizes[bar]
        numbers[at] = book.among(texts[begin : ends[bar]], at - begin)
    numbers[[at for at in bars.bracketed if bars.words[at].note]] = SILENT
    return numbers


class _Frame(NamedTuple):
    """Where each syllable stands, whatever it sounds like.

    Attributes:
        word: running number of its word.
        in_bar: index of the word in its bar.
        bar: running number of the bar.
        section: running number of the section.
        begins: where its bar begins.
        ends: where its bar ends, exclusive; before trailing ad-libs, unless there are no other words.
    """

    word: Ints
    in_bar: Ints
    bar: Ints
    section: Ints
    begins: Ints
    ends: Ints


def _frame(bars: _Bars, offsets: Ints) -> _Frame:
    sizes, numbers, sections = np.array([bars.sizes, bars.numbers, bars.sections], dtype=np.int64)
    last = sizes.cumsum()
    begins, ends = offsets[last - sizes], offsets[last]
    syllables = offsets[1:] - offsets[:-1]
    said = syllables.nonzero()[0]
    bar_of_word = np.arange(len(sizes)).repeat(sizes)
    # What follows a bar's last word that is no ad-lib answers the bar and does not carry it. The last one counts.
    adlib = np.zeros(len(syllables), dtype=bool)
    adlib[[at for at in bars.bracketed if bars.words[at].adlib]] = True
    carrying = said[~adlib[said]]
    ends[bar_of_word[carrying]] = offsets[carrying + 1]
    word = np.arange(len(said)).repeat(syllables[said])
    bar = bar_of_word[said][word]
    in_bar = (said - (last - sizes)[bar_of_word[said]])[word]
    return _Frame(word, in_bar, numbers[bar], sections[bar], begins[bar], ends[bar])


def _stream(frame: _Frame, words: Ints, offsets: Ints, book: SoundBook) -> Stream:
    sounds = book.sounds
    counts = offsets[1:] - offsets[:-1]
    rows = (sounds.first.take(words) - offsets[:-1]).repeat(counts) + np.arange(offsets[-1])
    columns, names = sounds.rows.take(rows, axis=1), book.names
    size = len(frame.word)
    nucleus, nuclei = _coded(columns[NUCLEUS], names)
    both, clusters = _coded(columns[FOLLOW : ONSET + 1].ravel(), names)
    number = np.arange(size)
    edges = frame.section.searchsorted(np.arange(frame.section[-1] + 2 if size else 1))
    return Stream(
        phones=tuple(sounds.phones.take(rows).tolist()),
        spellings=tuple(sounds.spellings.take(rows).tolist()),
        nuclei=nuclei,
        clusters=clusters,
        nucleus=nucleus,
        follow=both[:size],
        onset=both[size:],
        role=columns[ROLE] | _bar_roles(columns[ROLE], frame),
        stress=columns[STRESS],
        left=columns[LEFT],
        size=columns[SIZE],
        letters=columns[LETTERS],
        traits=columns[TRAIT],
        ending=columns[ENDINGS:].T,
        section=frame.section,
        bar=frame.bar,
        word=frame.word,
        in_bar=frame.in_bar,
        word_id=_first_places(columns[STEM]),
        spelling=_first_places(columns[SPELLING]),
        to_end=np.where(number < frame.ends, frame.ends - 1 - number, BEYOND),
        section_begin=edges[frame.section],
        section_end=edges[frame.section + 1],
    )


def _first_places(numbers: Ints) -> Ints:
    """For each the first place where its number stands: the same for the same, and below their count."""
    places = np.empty(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    places[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return places.take(numbers)


def _bar_roles(role: Ints, frame: _Frame) -> Ints:
    """Roles by the place in the bar: its last syllable, the last word, and the words that end around its middle."""
    word, begins, ends = frame.word, frame.begins, frame.ends
    number = np.arange(len(word))
    final = number == ends - 1
    last = np.where(final, word, -1)[np.maximum(ends - 1, 0)] == word
    size = ends - begins
    reached = (number + 1 - begins) / np.maximum(size, 1)
    long = (size >= LONG_BAR) & (number < ends)
    ending = long & ((role & WORD_FINAL) > 0) & (reached >= MIDDLE[0]) & (reached <= MIDDLE[1])
    in_middle = np.zeros(int(word[-1]) + 1 if len(word) else 0, dtype=bool)
    in_middle[word[ending]] = True
    return np.asarray(final * BAR_FINAL | last * LAST_WORD | in_middle[word] * MIDDLE_WORD)


def _coded(numbers: Ints, names: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """For each number its rank among those that occur, and their names in that order."""
    occurs = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=bool)
    occurs[numbers] = True
    found = occurs.nonzero()[0].tolist()
    return (occurs.cumsum() - 1)[numbers], tuple([names[number] for number in found])
