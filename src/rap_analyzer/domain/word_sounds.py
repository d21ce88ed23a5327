"""Written words as syllables in numbers: what is true of a word wherever it stands, worked out once for each."""

from __future__ import annotations

from array import array
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from rap_analyzer.domain.heteronyms import depends_on_neighbours, pronounce_in
from rap_analyzer.domain.lyrics import bare_form
from rap_analyzer.domain.phonology import syllabify
from rap_analyzer.domain.pronunciation import pronounce

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.phonology import Syllable

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
LEANING_BIT, PRONOUN_BIT, JOINER_BIT = 1, 2, 4
"""Traits of words, as bits."""
TRAITS = {
    word: LEANING_BIT * (word in LEANS) + PRONOUN_BIT * (word in PRONOUNS) + JOINER_BIT * (word in JOINERS)
    for word in LEANS | PRONOUNS | JOINERS
}

ENDING = 4
"""Letters at the end of words that are compared."""
ROLE, STRESS, LEFT, SIZE, LETTERS, TRAIT, NUCLEUS, FOLLOW, ONSET, ENDINGS = range(10)
"""Columns of a word's rows; `ENDINGS` is the first of several."""
COLUMNS = ENDINGS + ENDING
MOST_WORDS = 65536
"""Words that a book has before a new one is begun, so that memory stays bounded."""


class WordSound(NamedTuple):
    """A word as it sounds.

    Attributes:
        syllables: empty when nothing can be said of it.
        rows: the `COLUMNS` of each syllable, as the bytes of 64-bit integers.
        spellings: the word's bare form, once for each syllable.
        stem: the same for the same word, possessives and dropped g aside.
    """

    syllables: tuple[Syllable, ...]
    rows: bytes
    spellings: tuple[str, ...]
    stem: str


class SoundBook(dict[str, WordSound | None]):
    """How the words that have been met sound, by text; None where that hangs on the words beside it.

    Vowels and consonant clusters have numbers, which another book may give to others. Threads may share a book.

    Attributes:
        names: vowels and clusters by their numbers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._naming = Lock()
        self._in_context: dict[tuple[str, str], WordSound] = {}

    def __missing__(self, text: str) -> WordSound | None:
        sound = self[text] = None if depends_on_neighbours(text) else self._sound(text, pronounce(text))
        return sound

    def among(self, texts: Sequence[str], index: int) -> WordSound:
        """The sound of the word at an index of a bar, heard with its neighbours."""
        entry = texts[index], pronounce_in(texts, index)
        sound = self._in_context.get(entry)
        if sound is None:
            sound = self._in_context[entry] = self._sound(*entry)
        return sound

    def _sound(self, text: str, phones: str) -> WordSound:
        bare, syllables = bare_form(text), syllabify(phones)
        roles, last = _roles(syllables, bare in FUNCTION_WORDS), len(syllables) - 1
        endings = [crc32(bare[-count:].encode("utf-8", "replace")) for count in range(1, ENDING + 1)]
        rows, traits = array("q"), TRAITS.get(bare, 0)
        for k, s in enumerate(syllables):
            names = self._named(s.nucleus, s.follow, s.onset)
            rows.extend((roles[k], s.stress, last - k, last + 1, len(bare), traits, *names, *endings))
        return WordSound(syllables, rows.tobytes(), (bare,) * len(syllables), _stem(bare))

    def _named(self, *names: str) -> list[int]:
        """Numbers of vowels and clusters."""
        with self._naming:
            for name in names:
                if name not in self._numbers:
                    self.names.append(name)
                    self._numbers[name] = len(self._numbers)
            return [self._numbers[name] for name in names]


SILENT = WordSound((), b"", (), "")
"""What nobody says."""
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
