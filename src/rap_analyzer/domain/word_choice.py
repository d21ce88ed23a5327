"""Which words: how many are rare or coined, slang, profane."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rap_analyzer.domain.lexicon import Form, form_of
from rap_analyzer.domain.word_lists import PROFANE_WORDS, SLANG_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Word

CENSORED = re.compile(r"[a-z][a-z*#@$!'-]*[*#@$!][a-z*#@$!'-]*")
MASKS = re.compile(r"[*#@$!]+")


@dataclass(frozen=True, slots=True)
class WordChoice:
    """What kinds of words a song takes.

    Attributes:
        rare: rare words ÷ different words, in [0, 1]; see `lexicon.form_of`.
        coined: different words that no dictionary has; a count. Words of other languages in Latin letters are in it.
        slang: words of our list of slang and rap spellings ÷ words, in [0, 1].
        profanity: words of our list of bleeped words ÷ words, in [0, 1]. What is meant by them is left to the reader.
    """

    rare: float
    coined: int
    slang: float
    profanity: float


def word_choice_of(words: Sequence[Word]) -> WordChoice:
    """Kinds of a song's words; all 0 without words.

    A word that the song only writes with a capital is taken for a name, so it is neither rare nor coined.
    """
    if not words:
        return WordChoice(0.0, 0, 0.0, 0.0)
    counts = Counter([word.bare for word in words])
    forms = list(map(form_of, {word.bare for word in words if not word.capital}))
    profane = [bare for bare in counts if not bare.isalpha() and _is_censored(bare)]
    return WordChoice(
        rare=forms.count(Form.RARE) / len(counts),
        coined=forms.count(Form.COINED),
        slang=_sum(counts, SLANG_WORDS) / len(words),
        profanity=_sum(counts, PROFANE_WORDS.union(profane)) / len(words),
    )


def _sum(counts: Counter[str], chosen: frozenset[str]) -> int:
    return sum([counts[word] for word in counts.keys() & chosen])


@lru_cache(maxsize=65536)
def _is_censored(bare: str) -> bool:
    """Whether a word on the list may be meant: "f**k" and "sh*t" are what their letters allow."""
    if not CENSORED.fullmatch(bare):
        return False
    letters = re.compile("[a-z]+".join(map(re.escape, MASKS.split(bare))))
    return any(letters.fullmatch(word) for word in PROFANE_WORDS)
