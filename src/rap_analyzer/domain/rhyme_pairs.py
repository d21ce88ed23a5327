"""How surely two syllables of a stream rhyme: log-odds learned from annotated rap.

After Hirjee & Brown (2009, "Automatic detection of internal and imperfect rhymes in rap lyrics"): every pair of
syllables within a window gets log-odds from its vowels, the consonants after them, stress, and place. A second pass
sees what stands beside the pair, because a rhyme of several syllables is a run of pairs at the same distance, and how
much better the best other partner is. The numbers in `rhyme_weights.json` come from `benchmarks/train_rhyme.py`.
"""

from __future__ import annotations

import importlib.resources
import json
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
FLOOR = -8.0
NEAR = -4.0
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
CONTEXT_FEATURES = (
    "next pair",
    "previous pair",
    "next pair if likely",
    "previous pair if likely",
    "own log-odds",
    "gap to the later one's best partner before",
    "gap to the earlier one's best partner after",
    "later one's best after",
    "earlier one's best before",
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds: `nuclei` names the rows of `nucleus`; vectors follow the feature tuples of this module."""

    nuclei: dict[str, int]
    nucleus: Floats
    cluster: Floats
    role: Floats
    place: Floats
    context: Floats
    bias: float


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the first pass and of the second."""

    first: Weights
    second: Weights


@dataclass(frozen=True, slots=True)
class Band:
    """Values for pairs of syllables at most `WINDOW` apart: row i, column d − 1 is the pair (i, i + d)."""

    distance: Ints
    valid: npt.NDArray[np.bool_]
    partner: Ints


@cache
def packaged_model() -> Model:
    """The weights that come with the program."""
    text = (importlib.resources.files("rap_analyzer.domain") / "rhyme_weights.json").read_text(encoding="utf-8")
    passes: dict[str, Any] = json.loads(text)
    return Model(_weights(passes["first"]), _weights(passes["second"]))


def _weights(numbers: dict[str, Any]) -> Weights:
    vectors = {name: np.array(numbers[name], dtype=np.float32) for name in ("cluster", "role", "place", "context")}
    names = {name: row for row, name in enumerate(numbers["nuclei"])}
    return Weights(names, np.array(numbers["nucleus"], dtype=np.float32), bias=numbers["bias"], **vectors)


def pair_scores(stream: Stream, model: Model) -> Floats:
    """Log-odds that the syllables i and i + d rhyme: shape (syllables, `WINDOW`), column d − 1.

    Pairs of the same word are repetition, no rhyme, and pairs beyond the end are none: both are `FLOOR`.
    """
    band = band_of(len(stream))
    first = np.maximum(base_scores(stream, band, model.first), FLOOR)
    first[~band.valid] = FLOOR
    second = base_scores(stream, band, model.second)
    for weight, column in zip(model.second.context, context_columns(band, first), strict=True):
        second += weight * column
    second[~band.valid | same_word(stream, band)] = FLOOR
    return np.maximum(second, FLOOR)


def band_of(size: int) -> Band:
    """Pairs of a stream of `size` syllables."""
    distance = np.arange(1, WINDOW + 1)[None, :]
    partner = np.arange(size)[:, None] + distance
    return Band(distance, partner < size, np.minimum(partner, max(0, size - 1)))


def same_word(stream: Stream, band: Band) -> npt.NDArray[np.bool_]:
    """Whether a pair's words have the same bare form."""
    return np.equal(stream.word_id[:, None], stream.word_id[band.partner])


def base_scores(stream: Stream, band: Band, weights: Weights) -> Floats:
    """A pass's log-odds without what stands beside the pair."""
    p = band.partner
    vowels = nucleus_codes(stream, weights.nuclei)
    table = np.concatenate([weights.nucleus, np.full((1, weights.nucleus.shape[1]), weights.nucleus.min())])
    table = np.concatenate([table, np.full((table.shape[0], 1), weights.nucleus.min())], axis=1).astype(np.float32)
    scores = table[vowels[:, None], vowels[p]] + weights.bias
    clusters = np.append(weights.cluster, np.float32(0))[cluster_kinds(stream.clusters)]
    scores += clusters[stream.follow[:, None], stream.follow[p]]
    scores += (role_table() @ weights.role)[stream.role[:, None], stream.role[p]]
    for weight, column in zip(weights.place, place_columns(stream, band), strict=True):
        scores += weight * column
    return scores.astype(np.float32)


def nucleus_codes(stream: Stream, rows: dict[str, int]) -> Ints:
    """Rows of the stream's vowels in a table; one past the last for a vowel that it does not have."""
    known = np.array([rows.get(name, len(rows)) for name in stream.nuclei], dtype=np.int64)
    return known[stream.nucleus] if len(stream) else np.zeros(0, dtype=np.int64)


@lru_cache(maxsize=4)
def cluster_kinds(clusters: tuple[str, ...]) -> Ints:
    """For every two consonant clusters the feature of `CLUSTER_FEATURES` that fits; one past the last if none does."""
    length = np.array([len(c) for c in clusters])
    both = np.minimum(length[:, None], length[None, :]) > 0
    longest = np.maximum(length[:, None], length[None, :])
    ends = _equal([c[:1] for c in clusters]) | _equal([c[-1:] for c in clusters])
    conditions = [
        longest == 0,
        _equal(clusters),
        ~both & (longest == 1),
        ~both,
        _equal([c.translate(CLASS_OF) for c in clusters]),
        _equal([c.translate(MANNER_OF) for c in clusters]),
        ends,
        _equal([c[:1].translate(MANNER_OF) for c in clusters]),
    ]
    return np.select(conditions, list(range(len(conditions))), default=len(conditions))


def _equal(names: list[str] | tuple[str, ...]) -> npt.NDArray[np.bool_]:
    codes: dict[str, int] = {}
    array = np.array([codes.setdefault(name, len(codes)) for name in names], dtype=np.int64)
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


def place_columns(stream: Stream, band: Band) -> list[npt.NDArray[Any]]:
    """`PLACE_FEATURES` of every pair, one array each."""
    p = band.partner
    bars = stream.bar[p] - stream.bar[:, None]
    words = stream.word[p] - stream.word[:, None]
    to_end = stream.to_end[:, None]
    return [
        stream.onset[:, None] == stream.onset[p],
        np.log(band.distance).astype(np.float32),
        bars == 0,
        bars == 1,
        (bars >= 3) & (bars < 5),  # noqa: PLR2004 - the feature's name
        bars >= 5,  # noqa: PLR2004 - the feature's name
        words == 0,
        words == 1,
        (to_end == stream.to_end[p]) & (to_end < ALIGNED_TAIL),
    ]


def context_columns(band: Band, first: Floats) -> list[Floats]:
    """`CONTEXT_FEATURES` of every pair, from the first pass."""
    edge = np.full((1, WINDOW), FLOOR, dtype=np.float32)
    after = np.maximum(np.concatenate([first[1:], edge]), NEAR)
    before = np.maximum(np.concatenate([edge, first[:-1]]), NEAR)
    best_after = first.max(axis=1, initial=FLOOR)
    best_before = _best_before(first)
    widest = -NEAR
    return [
        after,
        before,
        np.maximum(after, 0),
        np.maximum(before, 0),
        first,
        np.minimum(best_before[band.partner] - first, widest),
        np.minimum(best_after[:, None] - first, widest),
        np.broadcast_to(np.clip(best_after, -6, widest)[band.partner], first.shape),
        np.broadcast_to(np.clip(best_before, -6, widest)[:, None], first.shape),
    ]


def _best_before(first: Floats) -> Floats:
    """For each syllable the best log-odds with any before it."""
    best = np.full(len(first), FLOOR, dtype=np.float32)
    for column in range(min(WINDOW, len(first) - 1)):
        distance = column + 1
        np.maximum(best[distance:], first[:-distance, column], out=best[distance:])
    return best
