"""Rhyme: chains of aligned syllable spans, their kinds, the scheme of each section, and the density."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain import rhyme_kernel
from rap_analyzer.domain.rhyme_chains import (
    Chain,
    Chained,
    Member,
    RhymeKind,
    chains_from,
    chains_of,
    endings,
)
from rap_analyzer.domain.rhyme_classes import RhymeClass, compiled_chains, rhyme_classes
from rap_analyzer.domain.rhyme_paths import class_paths
from rap_analyzer.domain.rhyme_stream import listen_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from rap_analyzer.domain.lyrics import Lyrics
    from rap_analyzer.domain.rhyme_hearing import Model
    from rap_analyzer.domain.rhyme_stream import Cut, Ints, Stream

    Flags = npt.NDArray[np.bool_]

__all__ = ["UNRHYMED", "Chain", "Member", "RhymeAnalysis", "RhymeKind", "find_all", "find_rhymes", "to_json"]

ALPHABET = 26
UNRHYMED = "-"


@dataclass(frozen=True, slots=True)
class RhymeAnalysis:
    """The rhymes of a song.

    Attributes:
        lyrics: the song.
        stream: its syllables.
        chains: in order of their first member.
        chain_of: for each syllable of the stream the index of its chain, or -1.
        position: its position there, from 0.
        density: syllables in chains that are not identical ÷ all syllables, in [0, 1]; 0 without syllables.
        schemes: for each section one letter a bar: bars whose endings rhyme share it, `-` rhymes with none.
    """

    lyrics: Lyrics
    stream: Stream
    chains: tuple[Chain, ...]
    chain_of: Ints
    position: Ints
    density: float
    schemes: tuple[tuple[str, ...], ...]

    @property
    def positions(self) -> tuple[tuple[str, int] | None, ...]:
        """For each syllable of the stream (chain id, position), or None."""
        names = [*(chain.id for chain in self.chains), ""]
        rows = zip(self.chain_of.tolist(), self.position.tolist(), strict=True)
        return tuple([(names[chain], position) if chain >= 0 else None for chain, position in rows])

    @property
    def rhymed(self) -> Flags:
        """For each syllable of the stream whether it is in a chain that is not identical."""
        return _rhyming(self.chains, self.chain_of)


def find_rhymes(lyrics: Lyrics, model: Model | None = None) -> RhymeAnalysis:
    """Hears a song's rhymes, by the packaged model or another.

    Each section is heard by itself. Pairs of syllables within four bars or so are scored, likely pairs are joined into
    classes, and classes that follow one another at several places become the positions of one chain. Pure; never
    raises; time grows with the text.
    """
    return find_all([lyrics], model)[0]


def find_all(songs: Sequence[Lyrics], model: Model | None = None, *, compiled: bool = True) -> list[RhymeAnalysis]:
    """The same for several songs at once, which is faster when they are short; none changes another's analysis.

    Args:
        songs: heard in order.
        model: what was learned; the packaged one by default.
        compiled: whether the library of `rhyme_kernel` may do the work. Its answers are the same.
    """
    stream, cuts = listen_all(songs)
    heard = compiled_chains(stream, [0, *(cut.end for cut in cuts)], model) if compiled else None
    chained = chains_from(heard, stream, cuts) if heard else _chained(stream, cuts, model)
    return [_analysis(lyrics, stream.song(cut), own) for lyrics, cut, own in zip(songs, cuts, chained, strict=True)]


def _chained(stream: Stream, cuts: Sequence[Cut], model: Model | None) -> list[Chained]:
    """The chains of each song, without the library."""
    classes = rhyme_classes(stream, model, compiled=False)
    firsts = [one.members[0] for one in classes]
    found = []
    for cut in cuts:
        own = classes[bisect_left(firsts, cut.begin) : bisect_left(firsts, cut.end)]
        alone = [RhymeClass([m - cut.begin for m in one.members], one.chances) for one in own]
        song = stream.song(cut)
        found.append(chains_of(song, class_paths(song, alone)))
    return found


def _analysis(lyrics: Lyrics, stream: Stream, chained: Chained) -> RhymeAnalysis:
    rhymed = int(_rhyming(chained.chains, chained.chain_of).sum())
    schemes = _schemes(lyrics, stream, chained)
    return RhymeAnalysis(lyrics, stream, *chained, rhymed / len(stream) if len(stream) else 0.0, schemes)


def _rhyming(chains: Sequence[Chain], chain_of: Ints) -> Flags:
    """Which syllables are in a chain that is not identical."""
    return np.array([*(chain.rhymes for chain in chains), False])[chain_of]


def _schemes(lyrics: Lyrics, stream: Stream, chained: Chained) -> tuple[tuple[str, ...], ...]:
    """For each section the letters of its bars with words; a bar takes the letter of the latest one it answers."""
    bars = [[bar.index for bar in section.bars if bar.sung] for section in lyrics.sections]
    section_ends = list(accumulate(map(len, bars)))
    places = np.where(chained.chain_of >= 0, chained.chain_of * len(stream) + chained.position, -1)
    found = np.zeros((2, max((index for section in bars for index in section), default=-1) + 1), dtype=np.int64)
    begins, ends = endings(stream)
    found[:, stream.bar[begins]] = begins, ends
    begins, ends = found[:, [index for section in bars for index in section]]
    numbers = rhyme_kernel.schemes(places, begins, ends, section_ends)
    if numbers is None:
        bounds = list(zip(begins.tolist(), ends.tolist(), strict=True))
        at_ends = [[place for place in places[begin:end].tolist() if place >= 0] for begin, end in bounds]
        numbers = [n for begin, end in pairwise([0, *section_ends]) for n in _scheme(at_ends[begin:end])]
    letters = [*map(_letter, range(max(numbers, default=-1) + 1)), UNRHYMED]
    written = [letters[number] for number in numbers]
    return tuple([tuple(written[begin:end]) for begin, end in pairwise([0, *section_ends])])


def _scheme(ends: Sequence[Sequence[int]]) -> list[int]:
    """Letters as numbers for bars whose endings have such places of chains; -1 for one that answers none.

    A bar takes the letter of the latest one that it answers. Where that leaves an earlier one alone with its letter, it
    takes that of a bar that answers it.
    """
    counts = Counter(place for end in ends for place in end)
    shared = [[place for place in end if counts[place] > 1] for end in ends]
    letters: dict[int, int] = {}
    scheme, used = [], 0
    for places in shared:
        letter = next((letters[place] for place in places if place in letters), used if places else -1)
        used = max(used, letter + 1)
        letters.update(dict.fromkeys(places, letter))
        scheme.append(letter)
    alone = {letter for letter, bars in Counter(scheme).items() if bars == 1}
    for bar, places in enumerate(shared):
        if scheme[bar] in alone:
            scheme[bar] = next((letters[place] for place in places if letters[place] not in alone), -1)
    order = {letter: number for number, letter in enumerate(dict.fromkeys(n for n in scheme if n >= 0))}
    return [order.get(letter, -1) for letter in scheme]


def _letter(number: int) -> str:
    """The letter of a number: A to Z, then AA, AB and so on."""
    head, tail = divmod(number, ALPHABET)
    return (_letter(head - 1) if head else "") + chr(ord("A") + tail)


def to_json(analysis: RhymeAnalysis, song_id: object, extra_metrics: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer of `rap rhymes --jsonl` for one song: see the contract in the command's reference."""
    return {
        "id": song_id,
        "bars": _bars_json(analysis),
        "chains": [_chain_json(chain) for chain in analysis.chains],
        "schemes": ["".join(s) if all(len(x) == 1 for x in s) else " ".join(s) for s in analysis.schemes],
        "metrics": {"rhyme_density": round(analysis.density, 6), **(extra_metrics or {})},
    }


def _bars_json(analysis: RhymeAnalysis) -> list[dict[str, Any]]:
    bars = list(analysis.lyrics.bars)
    begins = list(accumulate([len(bar.words) for bar in bars], initial=0))
    stream, syllables = analysis.stream, _syllables_json(analysis)
    # Bars may be missing of a song that is heard in part, so a bar's index is not its place here.
    first = np.zeros(bars[-1].index + 1 if bars else 0, dtype=np.int64)
    first[[bar.index for bar in bars]] = begins[:-1]
    last = np.flatnonzero(stream.left == 0)
    sizes = np.zeros(begins[-1], dtype=np.int64)
    sizes[first.take(stream.bar.take(last)) + stream.in_bar.take(last)] = stream.size.take(last)
    spans = zip([word.text for bar in bars for word in bar.words], pairwise([0, *sizes.cumsum().tolist()]), strict=True)
    words = [{"text": text, "syllables": syllables[begin:end]} for text, (begin, end) in spans]
    return [{"words": words[begin:end]} for begin, end in pairwise(begins)]


def _syllables_json(analysis: RhymeAnalysis) -> list[dict[str, Any]]:
    names, stream = [chain.id for chain in analysis.chains], analysis.stream
    chained = analysis.chain_of.tolist(), analysis.position.tolist()
    return [
        {"phones": phones, "stress": stress, "chains": [{"id": names[chain], "position": at}] if chain >= 0 else []}
        for phones, stress, chain, at in zip(stream.phones, stream.stress.tolist(), *chained, strict=True)
    ]


def _chain_json(chain: Chain) -> dict[str, Any]:
    return {
        "id": chain.id,
        "kinds": [kind.value for kind in chain.kinds],
        "length": chain.length,
        "confidence": chain.confidence,
        "members": [
            {"bar": m.bar, "word": m.word, "syllable": m.syllable, "length": m.length, "confidence": m.confidence}
            for m in chain.members
        ],
    }
