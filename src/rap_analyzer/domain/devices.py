"""Sound and figure: alliteration, assonance, consonance, anaphora, similes, names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.rhyme_stream import FUNCTION_WORDS, STRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rap_analyzer.domain.lyrics import Word
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

    Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

REACH = 4
"""Stressed syllables within which a sound that comes back is heard."""
OPENING_WORDS = 2
"""Words that bars must begin with alike for anaphora."""
VERB_SUBJECTS = "i you we they to not don't would i'd you'd we'd they'd didn't really ain't never who"
LIKE_IS_NO_SIMILE = frozenset(VERB_SUBJECTS.split())
"""Words before "like" that make it a verb ("I like the way")."""
POINTING = frozenset(("it", "that", "this", "these", "those"))
"""Words after "like" that point at a scene rather than compare ("like that")."""
AS_AS = re.compile(r"\bas \w[\w']* as\b")
SAME_THING = re.compile(r"\bas (?:well|soon|long|far|much|many) as\b")
CAPITALISED = """
    i i'm i'll i'd i've i'ma imma god lord mc dj tv cd ok monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december
"""
NO_NAMES = FUNCTION_WORDS | frozenset(CAPITALISED.split())
"""What English writes with a capital, and is no name of anyone or any place."""
SENTENCE_END = (".", "!", "?", "…", ":", '"', "”", "“", "-", "–", "—")
OPENING = '"“(['
FIRST_PERSON = frozenset(("I", "I'm", "I'll", "I'd", "I've", "I’m", "I’ll"))
MOSTLY = 0.5
"""Share of a bar's later words above which capitals say nothing: a title, or shouting."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Figures of a song.

    Attributes:
        alliteration: stressed syllables whose first consonant one of the four stressed syllables before it in the bar
            begins with too, in another word ÷ all stressed syllables, in [0, 1].
        assonance: the same for the vowel, where what follows it differs (else it is rhyme), in [0, 1].
        consonance: the same for the consonants after the vowel, where the vowel differs, in [0, 1].
        anaphora: bars that begin with the same two words as the bar before, and do not say the same; a count.
        similes: "like a …" and "as … as"; a count. Told by rule: "like" after words that make it a verb is none.
        names: different names dropped; a count. Told by rule: see `_names`.
    """

    alliteration: float
    assonance: float
    consonance: float
    anaphora: int
    similes: int
    names: int


def devices_of(bars: Sequence[tuple[Word, ...]], stream: Stream) -> Devices:
    """Counts and shares of a song's figures; shares are 0 without stressed syllables.

    Args:
        bars: the words of each bar that has words.
        stream: the song's syllables.
    """
    bare = [[word.bare for word in bar] for bar in bars]
    names = {name for bar in bars for name in _names(bar)}
    return Devices(*_echoes(stream), _anaphora(bare), sum(map(_similes, bare)), len(names))


def _echoes(stream: Stream) -> tuple[float, float, float]:
    """Shares of the stressed syllables that echo an earlier one of the bar: by onset, by vowel, by what follows it."""
    kept = np.flatnonzero(stream.role & STRESSED)
    if not len(kept):
        return 0.0, 0.0, 0.0
    bar, word = stream.bar.take(kept), stream.word_id.take(kept)
    begins = {cluster[:1]: code for code, cluster in enumerate(stream.clusters)}
    onset = np.array([begins[cluster[:1]] for cluster in stream.clusters])[stream.onset[kept]]
    nucleus, follow = stream.nucleus[kept], stream.follow[kept]
    silent = stream.clusters.index("") if "" in stream.clusters else -1
    opens, closes = onset != begins.get("", -1), follow != silent
    found = np.zeros((3, len(kept)), dtype=bool)
    for back in range(1, min(REACH, len(kept) - 1) + 1):
        near = _same(bar, back) & ~_same(word, back)
        vowel, ending = _same(nucleus, back), _same(follow, back)
        found[0, back:] |= near & _same(onset, back) & opens[back:]
        found[1, back:] |= near & vowel & ~ending
        found[2, back:] |= near & ending & ~vowel & closes[back:]
    alliteration, assonance, consonance = found.mean(axis=1).tolist()
    return alliteration, assonance, consonance


def _same(column: Ints, back: int) -> Flags:
    """Where a row is equal to the one so many before it."""
    return np.asarray(column[back:] == column[:-back])


def _anaphora(bars: Sequence[list[str]]) -> int:
    return sum(
        len(later) > OPENING_WORDS and one[:OPENING_WORDS] == later[:OPENING_WORDS] and one != later
        for one, later in pairwise(bars)
    )


def _similes(words: list[str]) -> int:
    found = 0
    if "like" in words:
        found = sum(
            word == "like" and bool(after) and before not in LIKE_IS_NO_SIMILE and after not in POINTING
            for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False)
        )
    if words.count("as") > 1:
        text = " ".join(words)
        found += len(AS_AS.findall(text)) - len(SAME_THING.findall(text))
    return found


def _names(bar: Sequence[Word]) -> Iterator[str]:
    """Names by their capitals: words in mid-bar that no sentence begins with; neighbours are one name.

    A bar of which more than half is in capitals says nothing. What a transcriber wrote small is missed, and a word
    capitalised for weight is taken for a name.
    """
    capital = [at for at, word in enumerate(bar) if word.capital and at and not _is_i(word.text)]
    if not capital or len(capital) > MOSTLY * (len(bar) - 1):
        return
    named = (at for at in capital if bar[at].bare not in NO_NAMES)
    name: list[str] = []
    end = 0
    for at in named:
        if name and at != end:
            yield " ".join(name)
            name = []
        if name or not (bar[at - 1].text.endswith(SENTENCE_END) or bar[at].text[0] in OPENING):
            name.append(bar[at].bare.removesuffix("'s"))
            end = at + bar[at].text[-1].isalnum()
    if name:
        yield " ".join(name)


@lru_cache(maxsize=1024)
def _is_i(text: str) -> bool:
    """Whether a word is "I" or one of its contractions."""
    return text.strip("\"'“”(),.!?") in FIRST_PERSON
