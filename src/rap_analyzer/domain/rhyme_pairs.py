"""Which syllables of a stream may rhyme: log-odds learned from annotated rap, for pairs within earshot and section.

After Hirjee & Brown (2009, "Automatic detection of internal and imperfect rhymes in rap lyrics"): a pair's log-odds are
summed from its vowels, the consonants after them, stress and place. This first hearing is cheap and keeps most true
rhymes among a few pairs; `rhyme_hearing` judges those by all that surrounds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
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
FAINT = -3.5
"""Log-odds from sound alone below which a pair is not considered."""
UNLIKELY = -5.0
"""Log-odds from sound and place below which a pair is not considered."""
CLASS_OF = str.maketrans("tkdɡɾθsʃhðzʒnŋɹj", "ppbbbffffvvvmmlw")
"""Each consonant to the first of its class: voiceless stops, voiced stops, voiceless and voiced fricatives, nasals …"""
MANNER_OF = str.maketrans("tkbdɡɾθsʃhvðzʒʧʤnŋɹwj", "ppppppffffffffffmmlll")
"""Each consonant to the first of its manner: stops, fricatives and affricates, nasals, liquids and glides."""
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


@dataclass(frozen=True, slots=True)
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
        sound: log-odds from vowels and consonants.
        score: log-odds of the first hearing.
    """

    earlier: Ints
    later: Ints
    vowels: Floats
    kind: Ints
    sound: Floats
    score: Floats

    def __len__(self) -> int:
        return len(self.earlier)

    def where(self, keep: npt.NDArray[Any]) -> Pairs:
        """Those of a mask or of indices."""
        at = keep if keep.dtype != bool else np.flatnonzero(keep)
        return Pairs(*(column.take(at) for column in self._columns()))

    def _columns(self) -> tuple[Any, ...]:
        return self.earlier, self.later, self.vowels, self.kind, self.sound, self.score


@dataclass(frozen=True, slots=True)
class _Sounds:
    """What every two vowels and every two clusters of a stream give, and which each syllable has.

    Attributes:
        row: each syllable's row of `vowels`.
        vowels: log-odds.
        follow: each syllable's row of `kinds` and `clusters`.
        kinds: index into `CLUSTER_FEATURES`, as in `Pairs`.
        clusters: log-odds.
    """

    row: Ints
    vowels: Floats
    follow: Ints
    kinds: Ints
    clusters: Floats

    def near(self) -> Floats:
        """Log-odds from sound of every syllable with those after it: shape (`WINDOW`, syllables)."""
        sound = _together(self.vowels, self.row)
        sound += _together(self.clusters, self.follow)
        return sound

    def pairs(self, chosen: npt.NDArray[np.bool_]) -> Pairs:
        """The pairs that a mask of that shape chooses; their score is still 0."""
        number = np.flatnonzero(np.ascontiguousarray(chosen.T))
        earlier = number // WINDOW
        later = number - (WINDOW - 1) * earlier + 1
        vowels = self.vowels.ravel().take(_cell(self.vowels, self.row, earlier, later))
        cell = _cell(self.kinds, self.follow, earlier, later)
        kind, sound = self.kinds.ravel().take(cell), vowels + self.clusters.ravel().take(cell)
        return Pairs(earlier, later, vowels, kind, sound, np.zeros(len(earlier), dtype=np.float32))


def _sounds(stream: Stream, weights: Weights) -> _Sounds:
    kinds = cluster_kinds(stream.clusters)
    clusters = np.append(weights.cluster, np.float32(0)).take(kinds)
    return _Sounds(nucleus_rows(stream, weights), _vowel_table(weights), stream.follow, kinds, clusters)


def _cell(table: npt.NDArray[Any], code: Ints, earlier: Ints, later: Ints) -> Ints:
    """Where a square table, flat, holds pairs of syllables with these codes."""
    return (code * len(table)).take(earlier) + code.take(later)


def _together(table: Floats, code: Ints) -> Floats:
    """What a square table holds for every syllable with those after it: shape (`WINDOW`, syllables)."""
    after = np.append(code[1:], np.zeros(WINDOW, dtype=code.dtype))
    return table.ravel().take(np.lib.stride_tricks.sliding_window_view(after, len(code))[:WINDOW] + code * len(table))


def _in_section(stream: Stream) -> npt.NDArray[np.bool_]:
    """Which syllables after each are in its section: shape (`WINDOW`, syllables)."""
    room = stream.bounds[1] - np.arange(len(stream))
    return np.arange(1, WINDOW + 1)[:, None] < room


def first_hearing(stream: Stream, weights: Weights) -> Pairs:
    """The pairs that may rhyme at all, their log-odds above `FLOOR`; those of one word with itself are among them."""
    sounds, by_role = _sounds(stream, weights), role_table() @ weights.role
    bound = sounds.near()
    heard = _in_section(stream) & (bound > FAINT)
    bound += _together(by_role, stream.role)
    heard &= bound > FLOOR - weights.bias - _most_by_place(weights)
    pairs = sounds.pairs(heard)
    score = pairs.sound + weights.bias
    score += by_role.ravel().take(_cell(by_role, stream.role, pairs.earlier, pairs.later))
    for weight, column in zip(weights.place, place_columns(stream, pairs), strict=True):
        score += weight * column
    scored = Pairs(pairs.earlier, pairs.later, pairs.vowels, pairs.kind, pairs.sound, np.minimum(score, CEILING))
    return scored.where(np.flatnonzero(score > FLOOR))


def _most_by_place(weights: Weights) -> float:
    """What a pair can gain by its place at most: every feature is at most 1 but for the distance."""
    most = np.maximum(weights.place, 0)
    most[PLACE_FEATURES.index("log distance")] *= np.log(WINDOW)
    return float(most.sum())


def echoes(stream: Stream, weights: Weights, faint: float = FAINT) -> Pairs:
    """The pairs whose sound alone gives more than `faint` log-odds; their score is still 0."""
    sounds = _sounds(stream, weights)
    return sounds.pairs(_in_section(stream) & (sounds.near() > faint))


def likely(stream: Stream, pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Which pairs are worth a second hearing: likely enough, and not one word said twice."""
    other = stream.word_id.take(pairs.earlier) != stream.word_id.take(pairs.later)
    return np.asarray((pairs.score > UNLIKELY) & other)


def _vowel_table(weights: Weights) -> Floats:
    """The vowels' log-odds, with a row and a column for vowels that no rhyme was learned from."""
    known = len(weights.nuclei)
    table = np.full((known + 1, known + 1), weights.nucleus.min(), dtype=np.float32)
    table[:known, :known] = weights.nucleus
    return table


def _nucleus_rows(nuclei: tuple[str, ...], weights: Weights) -> Ints:
    rows = {name: row for row, name in enumerate(weights.nuclei)}
    return np.array([rows.get(name, len(rows)) for name in nuclei], dtype=np.int64)


def nucleus_rows(stream: Stream, weights: Weights) -> Ints:
    """Each syllable's row in the table of vowels; one past the last for a vowel that it does not have."""
    return _nucleus_rows(stream.nuclei, weights)[stream.nucleus]


@lru_cache(maxsize=4)
def cluster_kinds(clusters: tuple[str, ...]) -> Ints:
    """For every two consonant clusters the feature of `CLUSTER_FEATURES` that fits; one past the last if none does."""
    length = np.array([len(c) for c in clusters], dtype=np.int32)
    both = np.minimum(length[:, None], length[None, :]) > 0
    longest = np.maximum(length[:, None], length[None, :])
    same, same_classes, same_manners, first, last, first_manner = map(_equal, zip(*map(_traits, clusters), strict=True))
    conditions = [
        longest == 0,
        same,
        ~both & (longest == 1),
        ~both,
        same_classes,
        same_manners,
        first | last,
        first_manner,
    ]
    kinds = np.full(both.shape, len(conditions))
    for kind in reversed(range(len(conditions))):
        np.putmask(kinds, conditions[kind], kind)
    return kinds


@lru_cache(maxsize=4096)
def _traits(cluster: str) -> tuple[str, ...]:
    """A cluster, its classes and its manners; its first and its last consonant; the first one's manner."""
    manners = cluster.translate(MANNER_OF)
    return cluster, cluster.translate(CLASS_OF), manners, cluster[:1], cluster[-1:], manners[:1]


def _equal(names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    array = np.array([codes[name] for name in names], dtype=np.int32)
    return np.equal(array[:, None], array[None, :])


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


def place_columns(stream: Stream, pairs: Pairs) -> list[npt.NDArray[Any]]:
    """`PLACE_FEATURES` of every pair, one array each."""
    i, j = pairs.earlier, pairs.later
    bars = stream.bar.take(j) - stream.bar.take(i)
    words = stream.word.take(j) - stream.word.take(i)
    to_end = stream.to_end.take(i)
    return [
        stream.onset.take(i) == stream.onset.take(j),
        np.log(np.arange(1, WINDOW + 1, dtype=np.float32))[j - i - 1],
        bars == 0,
        bars == 1,
        (bars >= 3) & (bars < 5),  # noqa: PLR2004 - the feature's name
        bars >= 5,  # noqa: PLR2004 - the feature's name
        words == 0,
        words == 1,
        (to_end == stream.to_end.take(j)) & (to_end < ALIGNED_TAIL),
    ]
