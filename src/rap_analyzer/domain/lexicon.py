"""How common a written word is: common, rare, or coined, by two lists of words and the endings of English."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from rap_analyzer.domain.dictionaries import common_ranks, in_dictionary
from rap_analyzer.domain.rap_spellings import SPELLINGS
from rap_analyzer.domain.word_lists import SLANG_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = re.compile(r"[^a-z']+")
STRETCHED = re.compile(r"(.)\1\1")
VOWEL = re.compile(r"[aeiouy]")
DOUBLED = re.compile(r"(.)\1")
CONTRACTED = ("'s", "s'", "'ll", "'d", "'ve", "'re", "'m", "n't", "in'")
ENDINGS = ("ies", "ied", "ier", "iest", "ily", "es", "s", "ed", "d", "ing", "in", "ers", "er", "est", "ly", "y", "ness")
IE_ENDINGS = frozenset(("ies", "ied", "ier", "iest", "ily"))
BEGINNINGS = ("un", "re")
SHORTEST_BASE = 2
"""Letters."""
SHORTEST_HALF = 3
"""Letters of a half of a compound."""
LONGEST = 40
"""Letters; a longer word is noise, not a coinage."""


class Form(Enum):
    """How common a written word is.

    Attributes:
        COMMON: it, or what it is an inflection of, is among the 21,719 commonest forms.
        RARE: it is none of these, but a dictionary has it.
        COINED: no dictionary has it, nor what it might be an inflection or a compound of.
        OTHER: none of it can be said: numbers, other alphabets, sounds without a vowel, stretched words, known slang.
    """

    COMMON = "common"
    RARE = "rare"
    COINED = "coined"
    OTHER = "other"


@lru_cache(maxsize=65536)
def form_of(bare: str) -> Form:
    """What kind of word a bare form is; of a hyphenated one, the rarest of its parts, coined aside.

    Common words are those of BERT's vocabulary (Devlin and others 2019): the commonest forms of the English Wikipedia
    and of 11,000 novels; `benchmarks/common_words.py` writes the list. The dictionaries are misaki's, 180,000 forms.
    """
    if not bare.isascii() or any(map(str.isdigit, bare)) or len(bare) > LONGEST:
        return Form.OTHER
    parts = [part for part in PARTS.split(bare) if part.strip("'")]
    forms = {_form(part.strip("'")) for part in parts}
    # "pigeon-toed" is nobody's coinage; "blorf" is.
    ranked = (Form.COINED, Form.RARE, Form.COMMON) if len(parts) == 1 else (Form.RARE, Form.COMMON)
    return next((form for form in ranked if form in forms), Form.OTHER)


def _form(word: str) -> Form:
    bases = list(_bases(word))
    if any(base in _common() for base in bases):
        return Form.COMMON
    if word in SPELLINGS or word in SLANG_WORDS or STRETCHED.search(word) or not VOWEL.search(word):
        return Form.OTHER
    if any(map(in_dictionary, bases)):
        return Form.RARE
    return Form.OTHER if _is_compound(word) else Form.COINED


def _bases(word: str) -> Iterator[str]:
    """The word, and what it may be an inflection of."""
    yield word
    for ending in CONTRACTED:
        if word.endswith(ending):
            yield from _bases(word[: -len(ending)])
            return
    for ending in ENDINGS:
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) >= SHORTEST_BASE:
            yield from (base + "y", base + "ie") if ending in IE_ENDINGS else (base,)
            yield base + "e"
            if DOUBLED.fullmatch(base[-2:]):
                yield base[:-1]
    for beginning in BEGINNINGS:
        if word.startswith(beginning) and len(word) > len(beginning) + SHORTEST_HALF:
            yield from _bases(word[len(beginning) :])


def _is_compound(word: str) -> bool:
    """Whether it is two words written as one."""
    return any(
        word[:cut] in _common() and any(base in _common() for base in _bases(word[cut:]))
        for cut in range(SHORTEST_HALF, len(word) - SHORTEST_HALF + 1)
    )


@cache
def _common() -> frozenset[str]:
    return frozenset(("a", "i", "o", *common_ranks()))
