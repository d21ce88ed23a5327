"""A song as one stream of syllables in numpy columns: what the rhyme engine hears."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.phonology import Syllable, syllables

if TYPE_CHECKING:
    from rap_analyzer.domain.lyrics import Lyrics

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


class Place(NamedTuple):
    """Where a syllable stands: index of its bar in the song, of its word in the bar, of itself in the word."""

    bar: int
    word: int
    syllable: int


@dataclass(frozen=True, slots=True)
class Stream:
    """Columns with one row for each syllable that is said.

    Attributes:
        heard: the syllables.
        places: where they stand.
        spellings: bare form of each syllable's word.
        nucleus: index into `nuclei`.
        nuclei: names of the vowels that occur.
        follow: index into `clusters` of the consonants after the vowel.
        onset: index into `clusters` of the consonants before it.
        clusters: the consonant clusters that occur.
        role: bits: stressed, function word, last in its word, the word's only one, in the bar's last word, bar's last,
            in a word that ends around a long bar's middle.
        bar: running number of the bar.
        word: running number of the word.
        word_id: the same number for the same word, possessives and dropped g aside.
        to_end: syllables after it in its bar, trailing ad-libs left out.
    """

    heard: tuple[Syllable, ...]
    places: tuple[Place, ...]
    spellings: tuple[str, ...]
    nucleus: Ints
    nuclei: tuple[str, ...]
    follow: Ints
    onset: Ints
    clusters: tuple[str, ...]
    role: Ints
    bar: Ints
    word: Ints
    word_id: Ints
    to_end: Ints

    def __len__(self) -> int:
        return len(self.heard)

    def part(self, begin: int, end: int) -> Stream:
        """Rows `begin` to `end`, exclusive."""
        rows = slice(begin, end)
        columns = {
            name: getattr(self, name)[rows]
            for name in ("heard", "places", "spellings", "nucleus", "follow", "onset", "role", "bar", "word", "word_id")
        }
        return replace(self, to_end=self.to_end[rows], **columns)


@dataclass(slots=True)
class _Columns:
    """Columns while they grow."""

    heard: list[Syllable]
    places: list[Place]
    spellings: list[str]
    role: list[int]
    word: list[int]
    to_end: list[int]


def listen(lyrics: Lyrics) -> Stream:
    """The stream of a song. Words in square brackets, and those that nothing can be said of, have no syllables."""
    columns = _Columns([], [], [], [], [], [])
    for bar in lyrics.bars:
        begin = end = len(columns.heard)
        for number, word in enumerate(bar.words):
            if not word.note and (sounds := syllables(word.text)):
                _add_word(columns, bar.index, number, word.bare, sounds)
                end = end if word.adlib else len(columns.heard)
        _close_bar(columns, begin, end if end > begin else len(columns.heard))
    return _stream(columns)


def _add_word(columns: _Columns, bar: int, number: int, bare: str, sounds: tuple[Syllable, ...]) -> None:
    running = columns.word[-1] + 1 if columns.word else 0
    for k, role in enumerate(_roles(sounds, bare in FUNCTION_WORDS)):
        columns.heard.append(sounds[k])
        columns.places.append(Place(bar, number, k))
        columns.spellings.append(bare)
        columns.word.append(running)
        columns.role.append(role)


@lru_cache(maxsize=65536)
def _roles(sounds: tuple[Syllable, ...], function: bool) -> tuple[int, ...]:
    last = len(sounds) - 1
    return tuple(
        (STRESSED if s.stress and not function else 0)
        | (FUNCTION if function else 0)
        | (WORD_FINAL if k == last else 0)
        | (0 if last else MONOSYLLABLE)
        for k, s in enumerate(sounds)
    )


def _close_bar(columns: _Columns, begin: int, end: int) -> None:
    """Marks where a bar ends: before the ad-libs that trail it, because they answer the bar and do not carry it."""
    columns.to_end += range(end - begin - 1, -1, -1)
    columns.to_end += [BEYOND] * (len(columns.heard) - end)
    for at in range(end - 1, begin - 1, -1):
        if columns.word[at] != columns.word[end - 1]:
            break
        columns.role[at] |= LAST_WORD | (BAR_FINAL if at == end - 1 else 0)
    if end - begin >= LONG_BAR:
        _mark_middle(columns, begin, end)


def _mark_middle(columns: _Columns, begin: int, end: int) -> None:
    """Marks the words of a long bar that end around its middle."""
    low, high = (begin + share * (end - begin) for share in MIDDLE)
    middle = {columns.word[at] for at in range(begin, end) if columns.role[at] & WORD_FINAL and low <= at + 1 <= high}
    for at in range(begin, end):
        if columns.word[at] in middle:
            columns.role[at] |= MIDDLE_WORD


def _stream(columns: _Columns) -> Stream:
    nucleus, nuclei = _coded([s.nucleus for s in columns.heard])
    both, clusters = _coded([s.follow for s in columns.heard] + [s.onset for s in columns.heard])
    word_id, _ = _coded([_stem(spelling) for spelling in columns.spellings])
    size = len(columns.heard)
    return Stream(
        heard=tuple(columns.heard),
        places=tuple(columns.places),
        spellings=tuple(columns.spellings),
        nucleus=nucleus,
        nuclei=nuclei,
        follow=both[:size],
        onset=both[size:],
        clusters=clusters,
        role=np.array(columns.role, dtype=np.int64),
        bar=np.array([place.bar for place in columns.places], dtype=np.int64),
        word=np.array(columns.word, dtype=np.int64),
        word_id=word_id,
        to_end=np.array(columns.to_end, dtype=np.int64),
    )


def _stem(bare: str) -> str:
    """What counts as the same word: "step" and "step's", "running" and "runnin"."""
    short = bare.removesuffix("'s")
    return short[:-1] if short.endswith("ing") else short


def _coded(names: list[str]) -> tuple[Ints, tuple[str, ...]]:
    """Numbers for names, in order of their first appearance."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(name, len(numbers)) for name in names]
    return np.array(codes, dtype=np.int64), tuple(numbers)
