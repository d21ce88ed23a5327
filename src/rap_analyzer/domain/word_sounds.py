"""Written words as syllables in numbers: what is true of a word wherever it stands, worked out once for each."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np

from rap_analyzer.domain.heteronyms import depends_on_neighbours, pronounce_in
from rap_analyzer.domain.lyrics import bare_form
from rap_analyzer.domain.phonology import syllabify
from rap_analyzer.domain.pronunciation import pronounce

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from rap_analyzer.domain.phonology import Syllable

    Array = npt.NDArray[Any]

UNSTRESSED = """
    a an the to of and or but in on at for with from by as is am are was were be been i'm i you he she it we they me
    him her us them my your his its our their that this these those so if than then do did does don't can can't
    could would will i'll you'll i've it's that's not no just like got get have has had when what who how where
    there here up out off all some ya em yeah uh oh i'd gonna wanna ain't you're they're we're he's she's let's let
    'cause cause because til yo n da dat dis wit fo ima imma gon finna tryna
"""
FUNCTION_WORDS = frozenset(UNSTRESSED.split())
"""Words that carry little stress in a bar and seldom rhyme on purpose."""

STRESSED, FUNCTION, WORD_FINAL, MONOSYLLABLE = (1 << bit for bit in range(4))
"""Roles that a syllable has in its word, wherever that stands."""

LEANING = """
    a an the to of and or but in on at for with from by as my your his its our their i'm i i'll i've that this so if
    than then when what who how where because 'cause til like
"""
LEANS = frozenset(LEANING.split())
"""Words that lean on what follows: phrases seldom end in them and often begin with them."""
PRONOUNS = frozenset(("i", "i'm", "you", "he", "she", "we", "they"))
JOINERS = frozenset(("and", "but", "so", "or"))
LEAN_FORWARD = frozenset(("a", "an", "and", "her", "his", "i", "my", "our", "the", "their", "to", "your"))
"""Words that belong to what follows: "hold the" and "know the" share no ending."""
LEANING_BIT, PRONOUN_BIT, JOINER_BIT, FORWARD_BIT = (1 << bit for bit in range(4))
"""Traits of words, as bits."""
KINDS = ((LEANS, LEANING_BIT), (PRONOUNS, PRONOUN_BIT), (JOINERS, JOINER_BIT), (LEAN_FORWARD, FORWARD_BIT))
TRAITS = {word: sum(bit for words, bit in KINDS if word in words) for of_kind, _ in KINDS for word in of_kind}

ENDING = 4
"""Letters at the end of words that are compared."""
ROLE, STRESS, LEFT, SIZE, LETTERS, TRAIT, NUCLEUS, FOLLOW, ONSET, SPELLING, STEM, ENDINGS = range(12)
"""Columns of a syllable's numbers; `ENDINGS` is the first of several."""
COLUMNS = ENDINGS + ENDING
MOST_WORDS = 65536
"""Words that a book has before a new one is begun, so that memory stays bounded."""


SILENT = 0
"""The number of what nobody says."""
AMONG_OTHERS = -1
"""In place of the number of a word that sounds otherwise beside others."""
ROOM = 1024
"""Words that a new book has room for."""


class Sounds(NamedTuple):
    """The words of a book as they sound. A word's number stays, and so does what is said of it.

    Attributes:
        first: by a word's number the row of its first syllable.
        sizes: by a word's number its syllables; 0 when nothing can be said of it.
        rows: shape (columns, rows): the `COLUMNS` of syllables.
        phones: of each row's syllable.
        spellings: the bare form of each row's word.
    """

    first: Array
    sizes: Array
    rows: Array
    phones: Array
    spellings: Array


class SoundBook(dict[str, int]):
    """The numbers of the words that have been met, by text; `AMONG_OTHERS` where the sound hangs on the words beside.

    Vowels and consonant clusters have numbers, which another book may give to others. Threads may share a book.

    Attributes:
        names: vowels and clusters by their numbers.
        sounds: to be asked for once the numbers are known: of words that come later it may know nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        self._spellings: dict[str, int] = {}
        self._in_context: dict[tuple[str, str], int] = {}
        self._words, self._size = SILENT + 1, 0
        self._writing = Lock()
        first, sizes = np.zeros((2, ROOM), dtype=np.int64)
        rows = np.zeros((COLUMNS, ROOM), dtype=np.int64)
        self.sounds = Sounds(first, sizes, rows, *np.empty((2, ROOM), dtype=object))

    def __missing__(self, text: str) -> int:
        number = self[text] = AMONG_OTHERS if depends_on_neighbours(text) else self._sound(text, pronounce(text))
        return number

    def among(self, texts: Sequence[str], index: int) -> int:
        """The number of the word at an index of a bar, heard with its neighbours."""
        entry = texts[index], pronounce_in(texts, index)
        number = self._in_context.get(entry)
        if number is None:
            number = self._in_context[entry] = self._sound(*entry)
        return number

    def _sound(self, text: str, phones: str) -> int:
        bare, syllables = bare_form(text), syllabify(phones)
        if not syllables:
            return SILENT
        roles, last = _roles(syllables, bare in FUNCTION_WORDS), len(syllables) - 1
        endings = [crc32(bare[-count:].encode("utf-8", "replace")) for count in range(1, ENDING + 1)]
        with self._writing:
            own = self._spellings.setdefault(bare, len(self._spellings))
            stem = self._stems.setdefault(_stem(bare), len(self._stems))
            rows = [
                (roles[k], s.stress, last - k, last + 1, len(bare), TRAITS.get(bare, 0), *self._named(s), own, stem)
                for k, s in enumerate(syllables)
            ]
            return self._written(bare, syllables, [(*row, *endings) for row in rows])

    def _named(self, syllable: Syllable) -> list[int]:
        """Numbers of its vowel and clusters."""
        names = syllable.nucleus, syllable.follow, syllable.onset
        for name in names:
            if name not in self._numbers:
                self.names.append(name)
                self._numbers[name] = len(self._numbers)
        return [self._numbers[name] for name in names]

    def _written(self, bare: str, syllables: tuple[Syllable, ...], rows: list[tuple[int, ...]]) -> int:
        """The number of a new word. Whoever reads meanwhile has the arrays as they were, which stay right."""
        begin, end, number = self._size, self._size + len(rows), self._words
        first, sizes, table, phones, spellings = self.sounds
        if number == len(first):
            first, sizes = _longer(first), _longer(sizes)
        while end > table.shape[1]:
            table, phones, spellings = _longer(table), _longer(phones), _longer(spellings)
        first[number], sizes[number] = begin, len(rows)
        table[:, begin:end] = np.array(rows).T
        phones[begin:end], spellings[begin:end] = [f"{s.onset}{s.nucleus}{s.coda}" for s in syllables], bare
        self.sounds = Sounds(first, sizes, table, phones, spellings)
        self._words, self._size = number + 1, end
        return number


def _longer(array: Array) -> Array:
    """Twice as long."""
    return np.concatenate((array, np.zeros_like(array)), axis=-1)


_books = deque([SoundBook()], maxlen=1)


def sound_book() -> SoundBook:
    """The book of this process. To be asked for anew with each piece of work: a full one is put aside."""
    if len(_books[-1]) >= MOST_WORDS:
        _books.append(SoundBook())
    return _books[-1]


def _roles(syllables: tuple[Syllable, ...], function: bool) -> list[int]:
    last = len(syllables) - 1
    return [
        (STRESSED if s.stress and not function else 0)
        | (FUNCTION if function else 0)
        | (WORD_FINAL if k == last else 0)
        | (0 if last else MONOSYLLABLE)
        for k, s in enumerate(syllables)
    ]


def _stem(bare: str) -> str:
    """What counts as the same word: "step" and "step's", "running" and "runnin"."""
    short = bare.removesuffix("'s")
    return short[:-1] if short.endswith("ing") else short
