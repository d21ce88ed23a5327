"""The compiled part of the rhyme engine: `kernel/`, in C, gives the classes that `rhyme_classes` gives, faster.

It is built when the package is, if there is a C compiler, and is left out without one: then numpy does the same.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain import rhyme_features, rhyme_ground, rhyme_hearing, rhyme_pairs, rhyme_phrases, rhyme_stream
from rap_analyzer.domain.rhyme_net import pair_tables, syllable_tables
from rap_analyzer.domain.word_sounds import ENDING

if TYPE_CHECKING:
    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_hearing import Model
    from rap_analyzer.domain.rhyme_net import Net
    from rap_analyzer.domain.rhyme_pairs import Weights
    from rap_analyzer.domain.rhyme_stream import Stream

    Array = npt.NDArray[Any]

LIBRARY = Path(__file__).parent / "kernel" / "librhyme.so"
VERSION = 1
"""Of the calls and of what they mean; raised in `kernel/kernel.c` too, so that an older library is not taken."""
COLUMNS = (
    *("nucleus", "follow", "onset", "role", "stress", "left", "size", "letters", "traits"),
    *("section", "bar", "word", "word_id", "to_end"),
)
"""Of a stream, in the order of the library's."""
LIMITS = 27
"""Thresholds: three of the hearings, and 24 of what joins."""


class _Net(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int64) for name in ("own", "numbers", "units", "hidden")),
        *((name, ctypes.c_void_p) for name in ("own_weights", "voices", "stands", "weights", "meetings")),
        *((name, ctypes.c_void_p) for name in ("second", "second_bias", "out", "out_bias")),
    )


class _Model(ctypes.Structure):
    _fields_ = (
        ("vowel_rows", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("vowels", "clusters", "roles", "places", "distances")),
        *((name, _Net) for name in ("phrases", "second", "third")),
        ("limits", ctypes.c_double * LIMITS),
    )


class _Stream(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in COLUMNS),
        ("ending", ctypes.c_void_p * ENDING),
        *((name, ctypes.c_void_p) for name in ("vowel_row", "kind_row", "cluster_length")),
        *((name, ctypes.c_int64) for name in ("clusters", "kinds_width")),
        ("kinds", ctypes.c_void_p),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """A structure for the library, and the arrays whose addresses are in it."""

    given: ctypes.Structure
    arrays: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes as the library gives them.

    Attributes:
        members: syllables, ascending within each class; classes in order of their first member.
        chances: for each member the mean probability, in [0, 1], that it rhymes with the others within earshot.
        ends: where each class ends among these, exclusive.
    """

    members: list[int]
    chances: list[float]
    ends: list[int]


class Kernel:
    """Hears one stream by one model.

    Args:
        library: from `library`.
        stream: the syllables.
        model: what was learned.
        joining: thresholds of `rhyme_classes`, in the order of the library's.
    """

    def __init__(self, library: ctypes.CDLL, stream: Stream, model: Model, joining: tuple[float, ...]) -> None:
        self._classes = library.rhyme_kernel_classes
        self._model = _model(model, joining)
        self._stream = _stream(stream, model.first)

    def classes(self, begin: int, end: int) -> Classes | None:
        """Classes among the syllables from `begin` to `end`, exclusive, by their numbers; None when memory is short."""
        size = end - begin
        members, ends = np.empty((2, size), dtype=np.int64)
        chances = np.empty(size)
        given = ctypes.byref(self._model.given), ctypes.byref(self._stream.given), begin, size
        count = self._classes(*given, *(array.ctypes.data for array in (members, chances, ends)))
        if count < 0:
            return None
        edges = ends[:count].tolist()
        heard = edges[-1] if edges else 0
        return Classes((members[:heard] + begin).tolist(), chances[:heard].tolist(), edges)


@cache
def library() -> ctypes.CDLL | None:
    """The library; None where it was not built, cannot be loaded here, or is another version's."""
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
        shape = _shape()
        if tuple((ctypes.c_int64 * len(shape)).in_dll(loaded, "rhyme_kernel_shape")) != shape:
            return None
        call = loaded.rhyme_kernel_classes
    except (OSError, ValueError, AttributeError):
        return None
    call.restype = ctypes.c_int64
    call.argtypes = [*[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 2, *[ctypes.c_void_p] * 3]
    return loaded


def _shape() -> tuple[int, ...]:
    """What is fixed in the library too."""
    pairs = rhyme_pairs
    return (
        *(VERSION, ctypes.sizeof(_Model), ctypes.sizeof(_Stream)),
        *(pairs.WINDOW, rhyme_ground.REACH, rhyme_features.FAR, rhyme_features.AROUND, rhyme_stream.BEYOND, ENDING),
        *(pairs.BARS, pairs.WORDS, pairs.ALIGNED_TAIL, 2 * rhyme_stream.MIDDLE_WORD),
    )


@lru_cache(maxsize=8)
def _model(model: Model, joining: tuple[float, ...]) -> _Held:
    first = model.first
    tables = [
        rhyme_pairs.vowel_odds(first),
        np.append(first.cluster, np.float32(0)),
        rhyme_pairs.role_odds(first),
        rhyme_pairs.place_odds(first),
        rhyme_pairs.distance_odds(first) + np.float32(first.bias),
    ]
    arrays = [_floats(table) for table in tables]
    nets = [_phrase_net(model.phrases), *(_pair_net(net, len(first.nuclei)) for net in (model.second, model.third))]
    limits = rhyme_pairs.UNLIKELY, rhyme_hearing.DOUBTFUL, rhyme_phrases.ENDS, *joining
    numbers = (ctypes.c_double * LIMITS)(*limits)
    given = _Model(len(tables[0]), *map(_address, arrays), *(net.given for net in nets), numbers)
    return _Held(given, (*arrays, *(array for net in nets for array in net.arrays)))


def _phrase_net(net: Net) -> _Held:
    return _net(net, [*[np.zeros(0)] * 3, net.pair, net.first_bias], own=0, numbers=len(net.pair))


def _pair_net(net: Net, nuclei: int) -> _Held:
    own, own_tables = syllable_tables(net, rhyme_features.syllable_sheets(nuclei))
    weights, tables = pair_tables(net, rhyme_features.pair_sheets())
    return _net(net, [own, *own_tables, weights, *tables], own=len(own), numbers=len(weights))


def _net(net: Net, first: list[Array], own: int, numbers: int) -> _Held:
    arrays = tuple(map(_floats, [*first, net.second, net.second_bias, net.out, net.out_bias]))
    given = _Net(own, numbers, *net.second.shape, *map(_address, arrays))
    return _Held(given, arrays)


def _stream(stream: Stream, weights: Weights) -> _Held:
    kind_row, kinds = rhyme_pairs.cluster_table(stream.clusters)
    columns = [*(getattr(stream, name) for name in COLUMNS), *stream.ending.T]
    known = [rhyme_pairs.vowel_rows(stream.nuclei, weights), kind_row, np.array([*map(len, stream.clusters)])]
    arrays = [np.ascontiguousarray(column, dtype=np.int64) for column in (*columns, *known)]
    at = list(map(_address, arrays))
    ending = (ctypes.c_void_p * ENDING)(*at[len(COLUMNS) : -len(known)])
    sizes = len(stream.clusters), kinds.shape[1]
    given = _Stream(*at[: len(COLUMNS)], ending, *at[-len(known) :], *sizes, _address(kinds))
    return _Held(given, (*arrays, kinds))


def _floats(table: Array) -> Array:
    return np.ascontiguousarray(table, dtype=np.float32)


def _address(array: Array) -> int:
    return int(array.ctypes.data)
