"""Words that sound otherwise in another part of speech, told apart by the words beside them: "I read", "have read".

The dictionary gives a sound for each part of speech; which one is meant is guessed from the words beside it, adverbs
passed over ("have always read"), and from whether the bar tells of the past ("I read it and laughed"). That is right
where grammar leaves no choice ("to live", "the use of"); elsewhere the commonest sound is taken.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rap_analyzer.domain.dictionaries import parts_of_speech
from rap_analyzer.domain.pronunciation import pronounce
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
PASSED_OVER = frozenset(
    [
        "always",
        "never",
        "just",
        "really",
        "ever",
        "even",
        "still",
        "only",
        "not",
        "all",
        "both",
        "also",
        "once",
        "barely",
        "hardly",
    ]
)
"""Adverbs that stand between a word and what tells its part of speech."""
TELLS_PAST = frozenset(
    [
        "yesterday",
        "ago",
        "was",
        "were",
        "had",
        "did",
        "said",
        "told",
        "went",
        "came",
        "saw",
        "knew",
        "took",
        "gave",
        "made",
        "found",
        "left",
        "thought",
        "brought",
        "kept",
        "felt",
        "got",
        "wrote",
        "sat",
        "stood",
        "heard",
        "lost",
        "ran",
        "grew",
        "called",
        "laughed",
        "last",
        "back",
    ]
)
PAST_FORM = re.compile(r"[a-z]{2,}[^aeiou]ed")
"""A regular past, such as "signed"."""
PAST_AFTER = (
    "already have has had i've you've we've they've he's she's it's was were been be get got is are being having"
)
SUBJECTS = frozenset(("i", "you", "we", "they", "y'all", "who"))
HE_AFTER = "he she"
BEFORE = {
    word: part
    for part, words in (("NOUN", NOUN_AFTER), ("VBN", PAST_AFTER), ("VBD", HE_AFTER), ("VERB", VERB_AFTER))
    for word in words.split()
}
"""The part of speech that is likely after a word."""
OBJECTS = frozenset(("me", "him", "them", "us", "'em", "em", "it", "my", "your", "the", "up", "down", "apart", "out"))
"""After these a word that could be a noun or a verb is a verb: "tear it up"."""
METAL = [
    "of",
    "hot",
    "pump",
    "pumped",
    "like",
    "with",
    "got",
    "had",
    "molten",
    "cold",
    "pipe",
    "pipes",
    "paint",
    "bullets",
    "poisoning",
]
"""Words beside which "lead" is the metal."""
SOUNDS = {
    ("live", "NOUN"): "lˈIv",
    ("live", "VBN"): "lˈIv",
    ("live", "from"): "lˈIv",
    **{("lead", word): "lˈɛd" for word in METAL},
    ("close", "NOUN"): "klˈOs",
    ("close", "and"): "klˈOs",
    ("close", "by"): "klˈOs",
    ("close", "enough"): "klˈOs",
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
    bar = [_bare(word) for word in words]
    return _chosen(bar, index) or pronounce(text)


@lru_cache(maxsize=65536)
def depends_on_neighbours(text: str) -> bool:
    """Whether a word's sound hangs on the words beside it."""
    bare = _bare(text)
    return _plain(text) in CAPITALS or bare in OURS or len(set(parts_of_speech(bare).values())) > 1


def _chosen(bar: Sequence[str], index: int) -> str:
    """The sound that fits best; "" for the usual one."""
    bare, before = bar[index], bar[index - 1] if index else ""
    after = bar[index + 1] if index + 1 < len(bar) else ""
    guess = _guess(bar, index) or ("VERB" if after in OBJECTS else "")
    for key in (after, before, guess):
        if found := SOUNDS.get((bare, key)):
            return found
    sounds = parts_of_speech(bare)
    if guess == "VERB" and "VBD" in sounds and _is_of_the_past(bar, index):
        guess = "VBD"
    return next((sounds[part] for part in KIN.get(guess, ()) if part in sounds), "")


def _guess(bar: Sequence[str], index: int) -> str:
    """The part of speech that the words before ask for; "" where they ask for none."""
    place = index - 1
    while place > 0 and bar[place] in PASSED_OVER:
        place -= 1
    if place < 0:
        return ""
    return BEFORE.get(bar[place]) or BEFORE.get(bar[index - 1], "")


def _is_of_the_past(bar: Sequence[str], index: int) -> bool:
    """Whether the bar tells of the past beside a word that follows its subject, not an auxiliary."""
    subject = next((word for word in reversed(bar[:index]) if word not in PASSED_OVER), "")
    others = (*bar[:index], *bar[index + 1 :])
    return subject in SUBJECTS and any(word in TELLS_PAST or PAST_FORM.fullmatch(word) for word in others)


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    return EDGES.sub("", text.replace("\u2019", "'"))


@lru_cache(maxsize=65536)
def _bare(text: str) -> str:
    return _plain(text).lower()
