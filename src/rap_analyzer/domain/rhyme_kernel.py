"""The compiled part of the rhyme engine: `kernel/`, in C, gives the classes that `rhyme_classes` gives, faster.

It also puts them in line as chains, as `rhyme_paths` and `rhyme_chains` do, and runs three loops of other measures.

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
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_hearing import Model
    from rap_analyzer.domain.rhyme_net import Net
    from rap_analyzer.domain.rhyme_pairs import Weights
    from rap_analyzer.domain.rhyme_stream import Stream

    Array = npt.NDArray[Any]

LIBRARY = Path(__file__).parent / "kernel" / "librhyme.so"
VERSION = 3
"""Of the calls and of what they mean; raised in `kernel/kernel.c` too, so that an older library is not taken."""
COLUMNS = (
    *("nucleus", "follow", "onset", "role", "stress", "left", "size", "letters", "traits"),
    *("section", "bar", "word", "word_id", "to_end", "spelling"),
)
"""Of a stream, in the order of the library's."""
OF_SYLLABLES, OF_SPANS = ("chain_of", "position"), ("begin", "length", "place", "confidence")
OF_CHAINS, OF_SONGS = ("span_ends", "sizes", "kinds", "sure"), ("chain_ends",)
FOUND = (*OF_SYLLABLES, *OF_SPANS, *OF_CHAINS, *OF_SONGS)
"""What is known of chains, in the order of the library's."""
SHARES = frozenset(("confidence", "sure"))
"""Of these, what is no whole number."""
CALLS = {
    "classes": "ppnnppp",
    "chains": "pnpnpp",
    "schemes": "ppppnp",
    "block": "pnpnp",
    "runs": "ppnnp",
    "factor": "pppn",
}
"""The library's functions, and what each takes: numbers and addresses."""
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


class _Classed(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int64), *((name, ctypes.c_void_p) for name in ("members", "ends", "chances")))


class _Found(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in FOUND)


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


@dataclass(frozen=True, slots=True)
class Chains:
    """The chains of songs as the library gives them: arrays by syllable, by span, by chain and by song.

    Spans are in order of their chains and then of the song; chains in order of their songs and then of their names.

    Attributes:
        chain_of: for each syllable the number of its chain in its song, or -1.
        position: its position there, or -1.
        begin: a span's first syllable.
        length: its syllables.
        place: the chain's position that the first of them takes.
        confidence: mean chance of its syllables, to four decimals.
        span_ends: where a chain's spans end, exclusive.
        sizes: its positions.
        kinds: as bits, in the order of `rhyme_chains.RHYMING`; 0 if it is repetition.
        sure: mean chance of its syllables, to four decimals.
        chain_ends: where a song's chains end, exclusive.
    """

    chain_of: Array
    position: Array
    begin: Array
    length: Array
    place: Array
    confidence: Array
    span_ends: Array
    sizes: Array
    kinds: Array
    sure: Array
    chain_ends: Array


class Kernel:
    """Hears one stream by one model.

    Args:
        library: from `library`.
        stream: the syllables.
        model: what was learned.
        joining: thresholds of `rhyme_classes`, in the order of the library's.
    """

    def __init__(self, library: ctypes.CDLL, stream: Stream, model: Model, joining: tuple[float, ...]) -> None:
        self._library = library
        self._model = _model(model, joining)
        self._stream = _stream(stream, model.first)
        self._size = len(stream)

    def classes(self, begin: int, end: int) -> Classes | None:
        """Classes among the syllables from `begin` to `end`, exclusive, by their numbers; None when memory is short."""
        found = self._classed([(begin, end)])
        return found and Classes(*(array.tolist() for array in found))

    def chains(self, pieces: Iterable[tuple[int, int]], edges: Sequence[int]) -> Chains | None:
        """Chains of songs that are heard in such pieces; None when memory is short.

        Args:
            pieces: where each begins and ends, exclusive; in order, without gaps.
            edges: where songs begin, and where the last one ends.
        """
        if (classed := self._classed(pieces)) is None:
            return None
        members, chances, ends = classed
        given = _Classed(len(ends), *map(_address, (members, ends, chances)))
        songs, found = len(edges) - 1, _blank(self._size, len(edges) - 1)
        written = _Found(*map(_address, found.values()))
        where = self._size, (ctypes.c_int64 * len(edges))(*edges), songs
        stream = ctypes.byref(self._stream.given)
        spans = self._library.rhyme_kernel_chains(stream, *where, ctypes.byref(given), ctypes.byref(written))
        if spans < 0:
            return None
        chains = int(found["chain_ends"][songs - 1])
        counts = (OF_SYLLABLES, self._size), (OF_SPANS, spans), (OF_CHAINS, chains), (OF_SONGS, songs)
        return Chains(**{name: found[name][:count] for names, count in counts for name in names})

    def _classed(self, pieces: Iterable[tuple[int, int]]) -> tuple[Array, Array, Array] | None:
        """The classes' members, their chances, and where each class ends among these."""
        members, ends = np.empty((2, self._size), dtype=np.int64)
        chances = np.empty(self._size)
        held, classes = 0, 0
        for begin, end in pieces:
            given = ctypes.byref(self._model.given), ctypes.byref(self._stream.given), begin, end - begin
            rooms = members[held:], chances[held:], ends[classes:]
            count = self._library.rhyme_kernel_classes(*given, *map(_address, rooms))
            if count < 0:
                return None
            own = ends[classes : classes + count]
            own += held
            first, held, classes = held, int(own[-1]) if count else held, classes + count
            members[first:held] += begin
        return members[:held], chances[:held], ends[:classes]


def _blank(size: int, songs: int) -> dict[str, Array]:
    """Room for what is known of the chains of so many syllables and songs."""
    rows = iter(np.empty((len(FOUND), max(size, songs)), dtype=np.int64))
    return {name: row.view(np.float64) if name in SHARES else row for name, row in zip(FOUND, rows, strict=True)}


@cache
def library() -> ctypes.CDLL | None:
    """The library; None where it was not built, cannot be loaded here, or is another version's."""
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
        shape = _shape()
        if tuple((ctypes.c_int64 * len(shape)).in_dll(loaded, "rhyme_kernel_shape")) != shape:
            return None
        calls = [getattr(loaded, f"rhyme_kernel_{name}") for name in CALLS]
    except (OSError, ValueError, AttributeError):
        return None
    for call, taken in zip(calls, CALLS.values(), strict=True):
        call.restype = ctypes.c_int64
        call.argtypes = [ctypes.c_int64 if kind == "n" else ctypes.c_void_p for kind in taken]
    return loaded


def _shape() -> tuple[int, ...]:
    """What is fixed in the library too."""
    pairs = rhyme_pairs
    return (
        *(VERSION, ctypes.sizeof(_Model), ctypes.sizeof(_Stream), ctypes.sizeof(_Found)),
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


def schemes(places: Array, begins: Array, ends: Array, section_ends: Sequence[int]) -> list[int] | None:
    """The letter of each bar as a number, -1 for one that rhymes with none: see `rhyme`. None without the library.

    Args:
        places: for each syllable a number of the chain and the position that it has, or -1.
        begins: where the ending of each bar begins.
        ends: where it ends, exclusive.
        section_ends: where the bars of each section end, exclusive.
    """
    if not (loaded := library()):
        return None
    arrays = [np.ascontiguousarray(column, dtype=np.int64) for column in (places, begins, ends, section_ends)]
    letters = np.empty(len(begins), dtype=np.int64)
    failed = loaded.rhyme_kernel_schemes(*map(_address, arrays), len(section_ends), _address(letters))
    return None if failed else letters.tolist()


def block(stream: bytes, at: int, steps: Array) -> tuple[int, int, int] | None:
    """Walks a block of a DEFLATE stream: see `repetition`. The bit of its end, its symbols, and the literals in it."""
    if not (loaded := library()):
        return None
    counts = np.empty(2, dtype=np.int64)
    end = loaded.rhyme_kernel_block(stream, at, _address(steps), len(steps), _address(counts))
    return int(end), int(counts[0]), int(counts[1])


def runs(repeated: Array, former: Array, percent: int) -> tuple[int, int, int] | None:
    """The runs of MTLD: see `vocabulary`. Those that end, where the last one begins, and the repeats in it."""
    if not (loaded := library()):
        return None
    found = np.empty(3, dtype=np.int64)
    columns = [np.ascontiguousarray(column, dtype=np.int64) for column in (repeated, former)]
    loaded.rhyme_kernel_runs(*map(_address, columns), len(repeated), percent, _address(found))
    ended, begin, repeats = found.tolist()
    return ended, begin, repeats


def factor(sound: Array, word_id: Array, ends: Array) -> int | None:
    """Sum of the longest runs of vowels of the words that end at these places: see `rhyme_factor`."""
    if not (loaded := library()):
        return None
    columns = [np.ascontiguousarray(column, dtype=np.int64) for column in (sound, word_id, ends)]
    return int(loaded.rhyme_kernel_factor(*map(_address, columns), len(ends)))
