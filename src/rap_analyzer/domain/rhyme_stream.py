"""A song as one stream of syllables in numpy columns: what the rhyme engine hears."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.heteronyms import syllables_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Bar, Lyrics
    from rap_analyzer.domain.phonology import Syllable

Ints = npt.NDArray[np.int64]

UNSTRESSED = """
    a an the to of and or but in on at for with from by as is am are was were be been i'm i you he she it we they me
    him her us them my your his its our their that this these those so if than then do did does don't can can't
    could would will i'll you'll i've it's that's not no just like got get have has had when what who how where
    there here up out off all some ya em yeah uh oh i'd gonna wanna ain't you're they're we're he's she's let's let
    'cause cause because til yo n da dat dis wit fo ima imma gon finna tryna
"""
FUNCTION_WORDS = frozenset(UNSTRESSED.split())
"""Words that carry little stress in a bar and seldom rhyme on purpose."""

STRESSED, FUNCTION, WORD_FINAL, MONOSYLLABLE, LAST_WORD, BAR_FINAL, MIDDLE_WORD = (1 << bit for bit in range(7))

MIDDLE = (0.4, 0.62)
"""Part of a bar in which a word must end to be at its caesura: a long bar is often two phrases."""
BEYOND = 1000
"""Distance to the bar's end that ad-libs after it are given: as far as no syllable of a bar."""
LONG_BAR = 10
"""Syllables."""
ENDING = 4
"""Letters at the end of words that are compared."""


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
        heard: the syllables.
        places: where they stand.
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
        ending: shape (syllables, 4): numbers that are the same for words that end in the same one to four letters.
        section: running number of the section. Sections are heard apart, so that none changes another's figures.
        bar: running number of the bar.
        word: running number of the word.
        word_id: the same number for the same word, possessives and dropped g aside.
        to_end: syllables after it in its bar, trailing ad-libs left out.
    """

    heard: tuple[Syllable, ...]
    places: tuple[Place, ...]
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
    ending: Ints
    section: Ints
    bar: Ints
    word: Ints
    word_id: Ints
    to_end: Ints

    def __len__(self) -> int:
        return len(self.heard)

    @property
    def bounds(self) -> tuple[Ints, Ints]:
        """For each syllable where its section begins and ends, exclusive."""
        return np.searchsorted(self.section, self.section), np.searchsorted(self.section, self.section, side="right")

    def part(self, begin: int, end: int) -> Stream:
        """Rows `begin` to `end`, exclusive."""
        whole = {"nuclei", "clusters"}
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        return Stream(**{name: c if name in whole else c[begin:end] for name, c in columns.items()})

    def song(self, cut: Cut) -> Stream:
        """One of several songs, with the numbers that it has alone."""
        if cut == (0, len(self), 0, 0):
            return self
        part = self.part(cut.begin, cut.end)
        first_word = int(part.word[0]) if len(part) else 0
        bar, section, word = part.bar - cut.bar, part.section - cut.section, part.word - first_word
        return replace(part, bar=bar, section=section, word=word)


class _Words:
    """Words with syllables, one after another, while they are gathered."""

    def __init__(self) -> None:
        self.sounds: list[tuple[Syllable, ...]] = []
        self.facts: list[npt.NDArray[np.int64]] = []
        self.spellings: list[str] = []
        self.place: list[tuple[int, int, int, int]] = []
        self.ends: list[int] = []

    def __len__(self) -> int:
        return len(self.sounds)

    def add_bar(self, bar: Bar, number: int, section: int) -> None:
        """Adds a bar's words; what follows the last word that is no ad-lib answers the bar and does not carry it."""
        texts = [word.text for word in bar.words]
        begin = end = len(self)
        for at, word in enumerate(bar.words):
            if not word.note and (sounds := syllables_in(texts, at)):
                self.sounds.append(sounds)
                self.facts.append(_facts(sounds, word.bare))
                self.spellings.append(word.bare)
                self.place.append((bar.index, at, number, section))
                end = end if word.adlib else len(self)
        self.ends += [end if end > begin else len(self)] * (len(self) - begin)


ROLE, STRESS, LEFT, SIZE, LETTERS, NUCLEUS, FOLLOW, ONSET, ENDINGS = range(9)
"""Columns of what is true of a word's syllables wherever it stands; `ENDINGS` is the first of several."""
_names: dict[str, int] = {}
_naming = Lock()


@lru_cache(maxsize=65536)
def _facts(sounds: tuple[Syllable, ...], bare: str) -> npt.NDArray[np.int64]:
    """One row a syllable."""
    ending = [crc32(bare[-count:].encode("utf-8", "replace")) for count in range(1, ENDING + 1)]
    roles = _roles(sounds, bare in FUNCTION_WORDS)
    last = len(sounds) - 1
    with _naming:
        names = [[_names.setdefault(name, len(_names)) for name in (s.nucleus, s.follow, s.onset)] for s in sounds]
    rows = [(roles[k], s.stress, last - k, last + 1, len(bare), *names[k], *ending) for k, s in enumerate(sounds)]
    return np.array(rows, dtype=np.int64)


def _roles(sounds: tuple[Syllable, ...], function: bool) -> list[int]:
    last = len(sounds) - 1
    return [
        (STRESSED if s.stress and not function else 0)
        | (FUNCTION if function else 0)
        | (WORD_FINAL if k == last else 0)
        | (0 if last else MONOSYLLABLE)
        for k, s in enumerate(sounds)
    ]


def listen(lyrics: Lyrics) -> Stream:
    """The stream of a song. Words in square brackets, and those that nothing can be said of, have no syllables."""
    return listen_all([lyrics])[0]


def listen_all(songs: Sequence[Lyrics]) -> tuple[Stream, list[Cut]]:
    """One stream of several songs, which numpy hears faster than many short ones, and where each song lies in it."""
    words = _Words()
    cuts = []
    bars = sections = syllables = 0
    for song in songs:
        first = len(words)
        for number, section in enumerate(song.sections, start=sections):
            for bar in section.bars:
                words.add_bar(bar, bars + bar.index, number)
        begin, syllables = syllables, syllables + sum(map(len, words.sounds[first:]))
        cuts.append(Cut(begin, syllables, bars, sections))
        bars += sum(len(section.bars) for section in song.sections)
        sections += len(song.sections)
    return _stream(words), cuts


def _stream(words: _Words) -> Stream:
    facts = np.concatenate([np.zeros((0, ENDINGS + ENDING), dtype=np.int64), *words.facts])
    sizes = np.array([len(sounds) for sounds in words.sounds], dtype=np.int64)
    word = np.repeat(np.arange(len(words)), sizes)
    song_bar, in_bar, bar, section = np.array(words.place, dtype=np.int64).reshape(-1, 4)[word].T
    columns = np.ascontiguousarray(facts[:, :ENDINGS].T)
    begin = np.concatenate([[0], np.cumsum(sizes)])
    ends = begin[np.array(words.ends, dtype=np.int64)][word]
    nucleus, nuclei = _coded(columns[NUCLEUS])
    both, clusters = _coded(np.concatenate([columns[FOLLOW], columns[ONSET]]))
    stems: dict[str, int] = {}
    word_ids = np.array([stems.setdefault(_stem(bare), len(stems)) for bare in words.spellings], dtype=np.int64)
    in_word = columns[SIZE] - 1 - columns[LEFT]
    places = zip(song_bar.tolist(), in_bar.tolist(), in_word.tolist(), strict=True)
    number = np.arange(len(word))
    return Stream(
        heard=tuple(chain.from_iterable(words.sounds)),
        places=tuple(map(partial(tuple.__new__, Place), places)),
        spellings=tuple(map(words.spellings.__getitem__, word.tolist())),
        nuclei=nuclei,
        clusters=clusters,
        nucleus=nucleus,
        follow=both[: len(word)],
        onset=both[len(word) :],
        role=columns[ROLE] | _bar_roles(columns[ROLE], bar, word, ends),
        stress=columns[STRESS],
        left=columns[LEFT],
        size=columns[SIZE],
        letters=columns[LETTERS],
        ending=facts[:, ENDINGS:],
        section=section,
        bar=bar,
        word=word,
        word_id=word_ids[word],
        to_end=np.where(number < ends, ends - 1 - number, BEYOND),
    )


def _bar_roles(role: Ints, bar: Ints, word: Ints, ends: Ints) -> Ints:
    """Roles by the place in the bar: its last syllable, the last word, and the words that end around its middle."""
    number = np.arange(len(bar))
    final = number == ends - 1
    last = np.where(final, word, -1)[np.maximum(ends - 1, 0)] == word
    begin = np.searchsorted(bar, bar)
    reached = (number + 1 - begin) / np.maximum(ends - begin, 1)
    long = (ends - begin >= LONG_BAR) & (number < ends)
    ending = long & ((role & WORD_FINAL) > 0) & (reached >= MIDDLE[0]) & (reached <= MIDDLE[1])
    middle = np.isin(word, word[ending])
    return np.asarray(final * BAR_FINAL | last * LAST_WORD | middle * MIDDLE_WORD)


@lru_cache(maxsize=65536)
def _stem(bare: str) -> str:
    """What counts as the same word: "step" and "step's", "running" and "runnin"."""
    short = bare.removesuffix("'s")
    return short[:-1] if short.endswith("ing") else short


def _coded(numbers: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Names by their numbers, and for each the place of its name among them."""
    found, which = np.unique(numbers, return_inverse=True)
    names = tuple(_names)
    return which.astype(np.int64), tuple(names[number] for number in found.tolist())
