"""Words as evidence of emotion: how a text is cut into tokens, and how those are weighed (TF-IDF).

A token counts 1 + ln(times), times how rare it is (inverse document frequency, Spärck Jones 1972), and the text's
weights are divided by their length, made a little longer: so the two words of a short bar do not speak as loudly as the
twenty of a long one, and a bar that says nothing known has no evidence at all.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.word_lists import PROFANE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

TOKEN = re.compile(r"\[(?:name|religion)\]|[^\W_]+(?:'[^\W_]+)*|[!?]|[\U0001f300-\U0001faff\u2600-\u27bf]")
"""Words, the two signs that carry a tone, emoji; and what GoEmotions writes for a name."""
MASKED = re.compile(r"\S*[^\W_][*#@$]+\S*")
"""A word in which someone has hidden letters, such as "f**k"."""
HIDING = re.compile(r"[*#@$]")
SOFTENING = 8.0
"""Added, squared, to a text's squared length: about what one rare word weighs. Picked on GoEmotions' dev."""


class Counts(NamedTuple):
    """Which known tokens stand in which texts, ordered by text and then token.

    Attributes:
        rows: the text of each entry.
        columns: its token's place in the vocabulary.
        times: how often the token stands in the text.
    """

    rows: Ints
    columns: Ints
    times: Ints


def tokens_of(text: str) -> list[str]:
    """Tokens in lower case, in order."""
    return TOKEN.findall(text.replace("\u2019", "'").lower())


def unmasked(text: str) -> str:
    """The text without words in which letters are hidden: their leftovers are no words."""
    return MASKED.sub(" ", text) if HIDING.search(text) else text


def places_of(vocabulary: Iterable[str]) -> dict[str, int]:
    """Each token's place, from 0; what ends in "ing" is also found without its g, if that is no token: "runnin"."""
    places = {token: place for place, token in enumerate(vocabulary)}
    clipped = {token[:-1]: place for token, place in places.items() if token.endswith("ing")}
    return clipped | places


def without_profanity(places: Mapping[str, int]) -> dict[str, int]:
    """The same without the words that broadcasters bleep.

    Where strangers quarrel they tell of anger; in rap they are part of every mood, and lyrics are read without them.
    """
    profane = {place for token, place in places.items() if token.removesuffix("'s") in PROFANE_WORDS}
    return {token: place for token, place in places.items() if place not in profane}


def counted(texts: Iterable[Sequence[str]], places: Mapping[str, int]) -> Counts:
    """Known tokens of each text; `places` are those of `places_of`."""
    columns: list[int] = []
    ends = [0]
    for tokens in texts:
        columns += [place for place in map(places.get, tokens) if place is not None]
        ends.append(len(columns))
    size = max(places.values(), default=0) + 1
    keys = np.repeat(np.arange(len(ends) - 1), np.diff(ends)) * size + np.array(columns, np.int64)
    unique, times = np.unique(keys, return_counts=True)
    return Counts(unique // size, unique % size, times.astype(np.int64))


def weighed(counts: Counts, rareness: npt.NDArray[Any], texts: int) -> Floats:
    """The weight of each entry: (1 + ln times) · rareness ÷ √(the text's squared length + SOFTENING²)."""
    weights = (1 + np.log(counts.times)) * rareness[counts.columns]
    squared = np.bincount(counts.rows, weights * weights, minlength=texts)
    return np.asarray(weights / np.sqrt(squared + SOFTENING**2)[counts.rows], np.float32)


def rareness_of(texts_with: int, texts: int) -> float:
    """Smoothed inverse document frequency: ln((1 + texts) ÷ (1 + those with the token)) + 1."""
    return math.log((1 + texts) / (1 + texts_with)) + 1
