"""What the first hearing knows of two syllables: log-odds by their vowels, consonants, roles and places.

After Hirjee & Brown (2009, "Automatic detection of internal and imperfect rhymes in rap lyrics"), who sum a pair's
log-odds from its vowels, the consonants after them, and stress. The numbers are learned from annotated rap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain import rhyme_stream as roles

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

Floats = npt.NDArray[np.float32]

WINDOW = 48
"""Syllables. About four bars; a syllable further back is out of earshot."""
FLOOR, CEILING = -6.0, 8.0
"""Log-odds are kept within these, so that one strange pair cannot outvote the rest."""
UNLIKELY = -5.0
"""Log-odds from sound and place below which a pair is not considered."""
CLASS_OF = str.maketrans("tkdɡɾθsʃhðzʒnŋɹj", "ppbbbffffvvvmmlw")
"""Each consonant to the first of its class: voiceless stops, voiced stops, voiceless and voiced fricatives, nasals …"""
MANNER_OF = str.maketrans("tkbdɡɾθsʃhvðzʒʧʤnŋɹwj", "ppppppffffffffffmmlll")
"""Each consonant to the first of its manner: stops, fricatives and affricates, nasals, liquids and glides."""
MOST_CLUSTERS = 1024
"""Consonant clusters that are remembered; no language has so many, but odd spellings may."""
ALIGNED_TAIL = 5
"""Syllables before the bar's end where "as far from the end" is a sign of rhyme."""

CLUSTER_FEATURES = (
    "both open",
    "same consonants",
    "one open, one consonant",
    "one open, more consonants",
    "same classes",
    "same manners",
    "first or last consonant shared",
    "first manner shared",
)
ROLE_FEATURES = (
    "both stressed",
    "one stressed",
    "one function word",
    "two function words",
    "both word-final",
    "one word-final",
    "both monosyllables",
    "both in last words",
    "one in a last word",
    "both bar-final",
    "both stressed in last words",
    "function word among last words",
    "earlier one bar-final",
    "later one bar-final",
    "one in a middle word",
    "both in middle words",
    "a middle and a last word",
    "both stressed, one in a middle word",
)
PLACE_FEATURES = (
    "same onset",
    "log distance",
    "same bar",
    "next bar",
    "three or four bars on",
    "five or more bars on",
    "same word",
    "next word",
    "as far from the bar's end",
)
BARS, WORDS = 6, 3
"""How many bars, and words, from one syllable to the other `places` tells apart: 0, 1 …; the last is "or more"."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Log-odds: `nuclei` names the rows of `nucleus`; vectors follow the feature tuples of this module."""

    nuclei: tuple[str, ...]
    nucleus: Floats
    cluster: Floats
    role: Floats
    place: Floats
    bias: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of syllables within earshot, in order of the earlier one, then of the later one.

    Attributes:
        earlier: numbers of the earlier syllables.
        later: numbers of the later ones, at most `WINDOW` greater.
        vowels: log-odds from the vowels.
        kind: index into `CLUSTER_FEATURES` of how the consonants after them compare; one past the last for not at all.
        place: row of `places`.
        sound: log-odds from vowels and consonants.
        score: log-odds of the first hearing.
    """

    earlier: Ints
    later: Ints
    vowels: Floats
    kind: Ints
    place: Ints
    sound: Floats
    score: Floats

    def __len__(self) -> int:
        return len(self.earlier)

    def where(self, chosen: Ints) -> Pairs:
        """Those with these indices."""
        return Pairs(*(column.take(chosen) for column in self._columns()))

    def _columns(self) -> tuple[Any, ...]:
        return self.earlier, self.later, self.vowels, self.kind, self.place, self.sound, self.score


@lru_cache(maxsize=8)
def vowel_odds(weights: Weights) -> Floats:
    """The vowels' log-odds, with a row and a column for vowels that no rhyme was learned from."""
    known = len(weights.nuclei)
    table = np.full((known + 1, known + 1), weights.nucleus.min(), dtype=np.float32)
    table[:known, :known] = weights.nucleus
    return table


@lru_cache(maxsize=8)
def role_odds(weights: Weights) -> Floats:
    """Log-odds of every two roles: shape (roles, roles)."""
    odds: Floats = role_table() @ weights.role
    return odds


@lru_cache(maxsize=8)
def place_odds(weights: Weights) -> Floats:
    """Log-odds of every row of `places`."""
    odds: Floats = places() @ weights.place
    return odds


@lru_cache(maxsize=8)
def distance_odds(weights: Weights) -> Floats:
    """Log-odds of every distance, from one syllable to `WINDOW`."""
    logs = np.log(np.arange(1, WINDOW + 1, dtype=np.float32))
    odds: Floats = logs * weights.place[PLACE_FEATURES.index("log distance")]
    return odds


def nucleus_rows(stream: Stream, weights: Weights) -> Ints:
    """Each syllable's row in the table of vowels; one past the last for a vowel that it does not have."""
    return vowel_rows(stream.nuclei, weights).take(stream.nucleus)


def vowel_rows(nuclei: tuple[str, ...], weights: Weights) -> Ints:
    """The same for each of these vowels."""
    rows = _row_of(weights)
    return np.array([rows.get(name, len(rows)) for name in nuclei], dtype=np.int64)


@lru_cache(maxsize=8)
def _row_of(weights: Weights) -> dict[str, int]:
    return {name: row for row, name in enumerate(weights.nuclei)}


def cluster_kinds(clusters: tuple[str, ...]) -> Ints:
    """For every two consonant clusters the feature of `CLUSTER_FEATURES` that fits; one past the last if none does."""
    at, kinds = cluster_table(clusters)
    return kinds.take(at, axis=0).take(at, axis=1).astype(np.int64)


def cluster_table(clusters: tuple[str, ...]) -> tuple[Ints, npt.NDArray[np.int8]]:
    """The same in a table of more clusters, and the row of each of these in it."""
    return _compared.kinds(clusters)


class _Compared:
    """How every two of the clusters compare that were met so far: songs share most of theirs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[str, int] = {}
        self._codes: dict[str, int] = {}
        self._traits: list[list[int]] = []
        self._kinds = np.zeros((0, 0), dtype=np.int8)

    def kinds(self, clusters: tuple[str, ...]) -> tuple[Ints, npt.NDArray[np.int8]]:
        with self._lock:
            if not self._numbers.keys() >= set(clusters):
                self._meet(clusters)
            return np.array([self._numbers[cluster] for cluster in clusters], dtype=np.int64), self._kinds

    def _meet(self, clusters: tuple[str, ...]) -> None:
        if len(self._numbers) > MOST_CLUSTERS:
            self._forget()
        known, new = len(self._numbers), [c for c in dict.fromkeys(clusters) if c not in self._numbers]
        self._numbers.update(zip(new, range(known, known + len(new)), strict=True))
        self._traits += [[self._codes.setdefault(trait, len(self._codes)) for trait in _traits(c)] for c in new]
        kinds = np.empty((len(self._traits), len(self._traits)), dtype=np.int8)
        kinds[:known, :known] = self._kinds
        lengths, traits = np.array([*map(len, self._numbers)]), np.array(self._traits)
        kinds[known:] = _kinds_between((lengths[known:], traits[known:]), (lengths, traits))
        kinds[:, known:] = kinds[known:].T
        self._kinds = kinds


_compared = _Compared()


def _traits(cluster: str) -> tuple[str, ...]:
    """A cluster, its classes and its manners; its first and its last consonant; the first one's manner."""
    manners = cluster.translate(MANNER_OF)
    return cluster, cluster.translate(CLASS_OF), manners, cluster[:1], cluster[-1:], manners[:1]


def _kinds_between(some: tuple[Ints, Ints], others: tuple[Ints, Ints]) -> Ints:
    """Kinds of some clusters with others, each given by their lengths and the codes of their traits."""
    shortest, longest = np.minimum.outer(some[0], others[0]), np.maximum.outer(some[0], others[0])
    alike = np.equal(some[1].T[:, :, None], others[1].T[:, None, :])
    same, same_classes, same_manners, first, last, first_manner = alike
    conditions = [
        longest == 0,
        same,
        (shortest == 0) & (longest == 1),
        shortest == 0,
        same_classes,
        same_manners,
        first | last,
        first_manner,
    ]
    return np.select(conditions, range(len(conditions)), len(conditions))


@cache
def role_table() -> Floats:
    """`ROLE_FEATURES` for every two roles: shape (roles, roles, features)."""
    count = 2 * roles.MIDDLE_WORD
    earlier, later = np.arange(count)[:, None], np.arange(count)[None, :]

    def bit(mask: int) -> tuple[Ints, Ints]:
        return np.sign(earlier & mask), np.sign(later & mask)

    def total(mask: int) -> Ints:
        a, b = bit(mask)
        return a + b

    stressed, function, last = total(roles.STRESSED), total(roles.FUNCTION), total(roles.LAST_WORD)
    middle = total(roles.MIDDLE_WORD)
    final, bar_final = total(roles.WORD_FINAL), bit(roles.BAR_FINAL)
    pairs = 2
    columns = [
        stressed == pairs,
        stressed == 1,
        function == 1,
        function == pairs,
        final == pairs,
        final == 1,
        total(roles.MONOSYLLABLE) == pairs,
        last == pairs,
        last == 1,
        bar_final[0] + bar_final[1] == pairs,
        (stressed == pairs) & (last == pairs),
        (function > 0) & (last == pairs),
        (bar_final[0] > 0) & (later >= 0),
        (bar_final[1] > 0) & (earlier >= 0),
        middle == 1,
        middle == pairs,
        (middle > 0) & (last > 0),
        (middle > 0) & (stressed == pairs),
    ]
    return np.stack(columns, axis=-1).astype(np.float32)


@cache
def places() -> Floats:
    """`PLACE_FEATURES`, the distance left out, for every row that `place_rows` can give: shape (rows, features)."""
    row = np.arange(BARS * WORDS * 4)
    aligned, same_onset = row // (BARS * WORDS * 2), row // (BARS * WORDS) % 2
    bars, words = row % BARS, row // BARS % WORDS
    columns = [
        same_onset,
        np.zeros(len(row)),
        bars == 0,
        bars == 1,
        (bars == 3) | (bars == 4),  # noqa: PLR2004 - the feature's name
        bars == 5,  # noqa: PLR2004 - the feature's name
        words == 0,
        words == 1,
        aligned,
    ]
    return np.stack(columns, axis=-1).astype(np.float32)
