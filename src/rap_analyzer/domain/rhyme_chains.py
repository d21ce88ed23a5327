"""Chains: the paths of classes as aligned spans of syllables, and what kinds of rhyme they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import compress, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rap_analyzer.domain.rhyme_stream import LAST_WORD, STRESSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_classes import RhymeClass
    from rap_analyzer.domain.rhyme_kernel import Chains
    from rap_analyzer.domain.rhyme_stream import Cut, Ints, Stream

ECHO_BARS = 4
"""Bars within which a repeated last word is shown as repetition."""
DACTYL = 3
"""Syllables of the longest ending with one stress, which is its first: *carousel*, *beat in it*."""


class RhymeKind(StrEnum):
    """What a chain is. A chain can be several at once; one that is `identical` is nothing else."""

    END = "end_rhyme"
    INTERNAL = "internal_rhyme"
    IDENTICAL = "identical"
    PERFECT = "perfect_rhyme"
    SLANT = "slant_rhyme"
    MULTISYLLABIC = "multisyllabic_rhyme"
    MOSAIC = "mosaic_rhyme"


IDENTICAL = (RhymeKind.IDENTICAL,)
"""Kinds of a chain that is repetition."""
RHYMING = tuple(kind for kind in RhymeKind if kind not in IDENTICAL)
KINDS = tuple(tuple(kind for bit, kind in enumerate(RHYMING) if bits >> bit & 1) or IDENTICAL for bits in range(1 << 6))
"""Kinds by the compiled part's bits."""


class Member(NamedTuple):
    """One span of a chain.

    Attributes:
        bar: index of its first syllable's bar in the song.
        word: index of that syllable's word in the bar.
        syllable: index of that syllable in the word.
        length: syllables.
        position: the chain's position that its first syllable takes.
        confidence: mean probability that it rhymes with the chain's other spans near it, in [0, 1].
        ends_bar: whether its last syllable is in the last word of its bar.
    """

    bar: int
    word: int
    syllable: int
    length: int
    position: int
    confidence: float
    ends_bar: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """All spans that rhyme together.

    Attributes:
        id: unique in the song.
        kinds: in the order of `RhymeKind`.
        length: positions, in syllables.
        confidence: mean probability that two of its spans near each other rhyme, in [0, 1].
        members: in the song's order.
    """

    id: str
    kinds: tuple[RhymeKind, ...]
    length: int
    confidence: float
    members: tuple[Member, ...]

    @property
    def rhymes(self) -> bool:
        """Whether it is more than repetition."""
        return self.kinds != IDENTICAL


class Chained(NamedTuple):
    """The chains of a song, and for each of its syllables the index of its chain and its position there, or -1."""

    chains: tuple[Chain, ...]
    chain_of: Ints
    position: Ints


class _Spans(NamedTuple):
    """Runs of syllables that a chain has within a bar, in order of their chains and then of the song.

    Attributes:
        chain: index of their chain.
        begin: their first syllable in the stream.
        length: their syllables.
        position: of their first syllable in the chain.
    """

    chain: Ints
    begin: Ints
    length: Ints
    position: Ints


def chains_of(stream: Stream, paths: Sequence[Sequence[RhymeClass]]) -> Chained:
    """A chain for each path, in their order; then those of repeated words that end bars where nothing else rhymes."""
    chain_of, position, chance = _placed(len(stream), paths)
    spans = _spans(stream, chain_of, position)
    chains = _chains(stream, spans, chance, list(map(len, paths)))
    for begins, size in _echoes(stream, chain_of):
        for begin in begins.tolist():
            chain_of[begin : begin + size], position[begin : begin + size] = len(chains), range(size)
        chains.append(_echo(stream, str(len(chains) + 1), begins, size))
    return Chained(tuple(chains), chain_of, position)


def chains_from(heard: Chains, stream: Stream, cuts: Sequence[Cut]) -> list[Chained]:
    """The same for each song of a stream, as the compiled part has found them."""
    spans = _Spans(heard.chain_of, heard.begin, heard.length, heard.place)
    by_song = np.diff(np.concatenate(([0], heard.span_ends)).take(heard.chain_ends), prepend=0)
    first_bar = np.array([cut.bar for cut in cuts]).repeat(by_song)
    members = _members(stream, spans, heard.confidence.tolist(), first_bar)
    own = [tuple(members[begin:end]) for begin, end in pairwise([0, *heard.span_ends.tolist()])]
    edges = list(pairwise([0, *heard.chain_ends.tolist()]))
    names = [str(number + 1) for begin, end in edges for number in range(end - begin)]
    kinds = map(KINDS.__getitem__, heard.kinds.tolist())
    chains = list(map(Chain, names, kinds, heard.sizes.tolist(), heard.sure.tolist(), own))
    return [
        Chained(tuple(chains[begin:end]), heard.chain_of[cut.begin : cut.end], heard.position[cut.begin : cut.end])
        for (begin, end), cut in zip(edges, cuts, strict=True)
    ]


def last_words(stream: Stream) -> tuple[Ints, Ints]:
    """First syllable of each bar's last word, and the one after it."""
    last = ((stream.role & LAST_WORD > 0) & (stream.left == 0)).nonzero()[0]
    return last + 1 - stream.size[last], last + 1


def endings(stream: Stream) -> tuple[Ints, Ints]:
    """First syllable of each bar's ending, and the one after it.

    The ending is the last word; where that has no stress, as in *beat in it*, it begins with the stress before it,
    which may be the third syllable from the end.
    """
    begins, ends = last_words(stream)
    number = np.arange(len(stream))
    stressed = np.maximum.accumulate(np.where(stream.role & STRESSED, number, -1))[ends - 1]
    reached = (ends - stressed <= DACTYL) & (stressed >= 0) & (stream.bar[stressed] == stream.bar[begins])
    return np.where(reached, np.minimum(stressed, begins), begins), ends


def _placed(size: int, paths: Sequence[Sequence[RhymeClass]]) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """For each syllable its path and its position there, or -1; and its chance."""
    chain_of, position, chance = np.full(size, -1), np.full(size, -1), np.zeros(size)
    if classes := [one for path in paths for one in path]:
        sizes = [len(one.members) for one in classes]
        members = np.array([member for one in classes for member in one.members])
        chain_of[members] = np.repeat([n for n, path in enumerate(paths) for _ in path], sizes)
        position[members] = np.repeat([at for path in paths for at in range(len(path))], sizes)
        chance[members] = [chance for one in classes for chance in one.chances]
    return chain_of, position, chance


def _spans(stream: Stream, chain_of: Ints, position: Ints) -> _Spans:
    """Runs of syllables at consecutive positions of one chain within a bar."""
    heard = chain_of >= 0
    goes_on = np.zeros(len(stream) + 1, dtype=bool)
    goes_on[1:-1] = heard[1:] & (chain_of[1:] == chain_of[:-1]) & (stream.bar[1:] == stream.bar[:-1])
    goes_on[1:-1] &= position[1:] == position[:-1] + 1
    begins = (heard & ~goes_on[:-1]).nonzero()[0]
    lengths = (heard & ~goes_on[1:]).nonzero()[0] + 1 - begins
    chains = chain_of[begins]
    order = chains.argsort(kind="stable")
    return _Spans(chains[order], begins[order], lengths[order], position[begins[order]])


def _chains(stream: Stream, spans: _Spans, chance: npt.NDArray[np.float64], sizes: list[int]) -> list[Chain]:
    """The chains of these spans; they have so many positions."""
    ends = spans.length.cumsum()
    syllables = (spans.begin - (ends - spans.length)).repeat(spans.length) + np.arange(spans.length.sum())
    chances = chance[syllables].tolist()
    bounds = list(pairwise([0, *ends.tolist()]))
    members = _members(stream, spans, [round(sum(chances[b:e]) / (e - b), 4) for b, e in bounds])
    words, sounds, mosaic = _words(stream, spans), _sounds(stream, spans), _mosaic(stream, spans)
    chains = []
    edges = spans.chain.searchsorted(np.arange(len(sizes) + 1)).tolist()
    for number, (size, (begin, end)) in enumerate(zip(sizes, pairwise(edges), strict=True), start=1):
        own = slice(begin, end)
        sure = chances[bounds[begin][0] : bounds[end - 1][1]]
        kinds = _kinds(members[own], words[own], sounds[own], mosaic[own])
        chains.append(Chain(str(number), kinds, size, round(sum(sure) / len(sure), 4), tuple(members[own])))
    return chains


def _members(stream: Stream, spans: _Spans, confidences: list[float], first_bar: Ints | int = 0) -> list[Member]:
    """The spans as members; their songs begin with such bars of the stream."""
    begin, last = spans.begin, spans.begin + spans.length - 1
    in_word = stream.size[begin] - 1 - stream.left[begin]
    columns = stream.bar[begin] - first_bar, stream.in_bar[begin], in_word, spans.length, spans.position
    ends_bar = (stream.role[last] & LAST_WORD > 0).tolist()
    rows = zip(*(column.tolist() for column in columns), confidences, ends_bar, strict=True)
    return list(map(partial(tuple.__new__, Member), rows))


def _words(stream: Stream, spans: _Spans) -> list[tuple[str, ...]]:
    """The words that each span touches."""
    said = stream.spellings
    rows = zip(spans.begin.tolist(), spans.length.tolist(), strict=True)
    return [(said[b],) if n == 1 else tuple(dict.fromkeys(said[b : b + n])) for b, n in rows]


def _sounds(stream: Stream, spans: _Spans) -> list[tuple[int, ...]]:
    """What must be equal for a perfect rhyme: vowels and the consonants after them, and the positions they take."""
    sound = (stream.nucleus * len(stream.clusters) + stream.follow).tolist()
    rows = zip(spans.begin.tolist(), spans.length.tolist(), spans.position.tolist(), strict=True)
    return [(position, *sound[b : b + n]) for b, n, position in rows]


def _mosaic(stream: Stream, spans: _Spans) -> list[bool]:
    """Whether spans reach from word to word."""
    reaches: list[bool] = (stream.word[spans.begin] != stream.word[spans.begin + spans.length - 1]).tolist()
    return reaches


def _kinds(
    members: list[Member], words: list[tuple[str, ...]], sounds: list[tuple[int, ...]], mosaic: list[bool]
) -> tuple[RhymeKind, ...]:
    if len(set(words)) == 1:
        return IDENTICAL
    ending = [member.bar for member in members if member.ends_bar]
    multis = [touched for member, touched in zip(members, words, strict=True) if member.length > 1]
    different = len(set(sounds))
    holds = (
        len(set(ending)) > 1,
        len(ending) < len(members),
        len(set(zip(sounds, words, strict=True))) > different,
        different > 1,
        len(set(multis)) > 1,
        len(multis) > 1 and any(mosaic),
    )
    return tuple(compress(RHYMING, holds))


def _echoes(stream: Stream, chain_of: Ints) -> list[tuple[Ints, int]]:
    """Runs of bars that end in the same word, each within a few bars of the next: its places, and its syllables."""
    begins, ends = last_words(stream)
    heard = np.concatenate([[0], (chain_of >= 0).cumsum()])
    free = (heard[begins] == heard[ends]).nonzero()[0]
    bars = stream.bar[begins[free]].tolist()
    ended: list[list[int]] = []
    runs: dict[tuple[str, int], list[int]] = {}
    sizes = (ends - begins)[free].tolist()
    for at, begin in enumerate(begins[free].tolist()):
        # One spelling can have more syllables here than there, such as a heteronym's.
        word = stream.spellings[begin], sizes[at]
        run = runs.setdefault(word, [])
        if run and bars[at] - bars[run[-1]] > ECHO_BARS:
            ended.append(run)
            run = runs[word] = []
        run.append(at)
    several = [free[run] for run in (*ended, *runs.values()) if len(run) > 1]
    return [(begins[run], int(ends[run[0]] - begins[run[0]])) for run in several]


def _echo(stream: Stream, name: str, begins: Ints, size: int) -> Chain:
    """A chain of kind `identical`."""
    whole = np.zeros_like(begins)
    members = _members(stream, _Spans(whole, begins, whole + size, whole), [1.0] * len(begins))
    return Chain(name, IDENTICAL, size, 1.0, tuple(members))
