"""Words that sound otherwise in another part of speech, told apart by the words beside them: "I read", "have read".

The dictionary gives a sound for each part of speech; which one is meant is guessed from one word before and one after.
It is right where grammar leaves no choice ("to live", "the use of"), and takes the commonest sound elsewhere.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rap_analyzer.domain.pronunciation import parts_of_speech, pronounce
from rap_analyzer.domain.rap_spellings import CAPITALS

if TYPE_CHECKING:
    from collections.abc import Sequence

VERB_AFTER = """
    to will won't can can't cannot could couldn't would wouldn't should shouldn't must might may shall do don't did
    didn't does doesn't i you we they ya y'all who i'll you'll we'll they'll he'll she'll it'll i'd you'd we'd they'd
    gonna gon' gon gotta wanna tryna finna ima imma i'ma i'mma let's lemme never hafta better ain't
"""
NOUN_AFTER = """
    the a an my your yo his her its our their this that these those no any some every each another of in on with for
    from at by what whose much more nice good bad first last
"""
PAST_AFTER = "have has had i've you've we've they've he's she's it's was were been be get got is are being having"
HE_AFTER = "he she"
BEFORE = {
    word: part
    for part, words in (("NOUN", NOUN_AFTER), ("VBN", PAST_AFTER), ("VBD", HE_AFTER), ("VERB", VERB_AFTER))
    for word in words.split()
}
"""The part of speech that is likely after a word."""
OBJECTS = frozenset(("me", "him", "them", "us", "'em", "em", "it", "my", "your", "the", "up", "down", "apart", "out"))
"""After these a word that could be a noun or a verb is a verb: "tear it up"."""
SOUNDS = {
    ("live", "NOUN"): "lˈIv",
    ("live", "VBN"): "lˈIv",
    ("live", "from"): "lˈIv",
    ("lead", "of"): "lˈɛd",
    ("lead", "hot"): "lˈɛd",
    ("lead", "pump"): "lˈɛd",
    ("close", "NOUN"): "klˈOs",
    ("minute", "NOUN"): "mˈɪnət",
    ("wound", "up"): "wˈWnd",
    ("bow", "down"): "bˈW",
    ("use", "to"): "jˈus",
    ("used", "to"): "jˈust",
    ("used", "VBN"): "jˈuzd",
    ("used", "VBD"): "jˈuzd",
}
"""What rap means where the dictionary's parts of speech mislead: by part of speech or by a word on either side."""
OURS = frozenset(word for word, _ in SOUNDS)
KIN = {"VBN": ("VBN", "VBD", "ADJ"), "VBD": ("VBD", "VERB"), "VERB": ("VERB",), "NOUN": ("NOUN", "ADJ")}
"""Entries of the dictionary that fit a guess, the best first."""
EDGES = re.compile(r"^[^\w']+|[^\w']+$")


def pronounce_in(words: Sequence[str], index: int) -> str:
    """Phones of the word at an index of a bar, heard with its neighbours; `pronounce` for all but a few hundred words.

    In a bar that is all in capitals, capitals make no initialism of a word ("LA LA LA").

    Args:
        words: a bar's words as transcribed.
        index: which of them, from 0 on.
    """
    text = words[index]
    if not depends_on_neighbours(text):
        return pronounce(text)
    if _plain(text) in CAPITALS:
        shouted = len(words) > 1 and all(word == word.upper() for word in words)
        return pronounce(text.lower() if shouted else text)
    before = _bare(words[index - 1]) if index else ""
    after = _bare(words[index + 1]) if index + 1 < len(words) else ""
    return _chosen(_bare(text), before, after) or pronounce(text)


@lru_cache(maxsize=65536)
def depends_on_neighbours(text: str) -> bool:
    """Whether a word's sound hangs on the words beside it."""
    bare = _bare(text)
    return _plain(text) in CAPITALS or bare in OURS or len(set(parts_of_speech(bare).values())) > 1


def _chosen(bare: str, before: str, after: str) -> str:
    """The sound that fits best; "" for the usual one."""
    guess = BEFORE.get(before) or ("VERB" if after in OBJECTS else "")
    for key in (after, before, guess):
        if found := SOUNDS.get((bare, key)):
            return found
    sounds = parts_of_speech(bare)
    return next((sounds[part] for part in KIN.get(guess, ()) if part in sounds), "")


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    return EDGES.sub("", text.replace("\u2019", "'"))


@lru_cache(maxsize=65536)
def _bare(text: str) -> str:
    return _plain(text).lower()
