"""Rhyme: chains of aligned syllable spans, their kinds, the scheme of each section, and the density."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain.rhyme_classes import RhymeClass, rhyme_classes
from rap_analyzer.domain.rhyme_paths import class_paths
from rap_analyzer.domain.rhyme_stream import LAST_WORD, Place, Stream, listen_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rap_analyzer.domain.lyrics import Bar, Lyrics, Section
    from rap_analyzer.domain.rhyme_hearing import Model

ECHO_BARS = 4
"""Bars within which a repeated last word is shown as repetition."""
ALPHABET = 26
UNRHYMED = "-"


class RhymeKind(StrEnum):
    """What a chain is. A chain can be several at once; one that is `identical` is nothing else."""

    END = "end_rhyme"
    INTERNAL = "internal_rhyme"
    IDENTICAL = "identical"
    PERFECT = "perfect_rhyme"
    SLANT = "slant_rhyme"
    MULTISYLLABIC = "multisyllabic_rhyme"
    MOSAIC = "mosaic_rhyme"


@dataclass(frozen=True, slots=True)
class Member:
    """One span of a chain.

    Attributes:
        bar: index of its first syllable's bar in the song.
        word: index of that syllable's word in the bar.
        syllable: index of that syllable in the word.
        length: syllables.
        position: the chain's position that its first syllable takes.
        confidence: mean probability that it rhymes with the chain's other spans near it, in [0, 1].
    """

    bar: int
    word: int
    syllable: int
    length: int
    position: int
    confidence: float


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
        return RhymeKind.IDENTICAL not in self.kinds


@dataclass(frozen=True, slots=True)
class RhymeAnalysis:
    """The rhymes of a song.

    Attributes:
        lyrics: the song.
        stream: its syllables.
        chains: in order of their first member.
        positions: for each syllable of the stream (chain id, position), or None.
        density: syllables in chains that are not identical ÷ all syllables, in [0, 1]; 0 without syllables.
        schemes: for each section one letter a bar: bars whose last words rhyme share it, `-` rhymes with none.
    """

    lyrics: Lyrics
    stream: Stream
    chains: tuple[Chain, ...]
    positions: tuple[tuple[str, int] | None, ...]
    density: float
    schemes: tuple[tuple[str, ...], ...]


def find_rhymes(lyrics: Lyrics, model: Model | None = None) -> RhymeAnalysis:
    """Hears a song's rhymes, by the packaged model or another.

    Each section is heard by itself. Pairs of syllables within four bars or so are scored, likely pairs are joined into
    classes, and classes that follow one another at several places become the positions of one chain. Pure; never
    raises; time grows with the text.
    """
    return find_all([lyrics], model)[0]


def find_all(songs: Sequence[Lyrics], model: Model | None = None) -> list[RhymeAnalysis]:
    """The same for several songs at once, which is faster when they are short; none changes another's analysis."""
    stream, cuts = listen_all(songs)
    classes = rhyme_classes(stream, model)
    firsts = [one.members[0] for one in classes]
    found = []
    for lyrics, cut in zip(songs, cuts, strict=True):
        own = classes[bisect_left(firsts, cut.begin) : bisect_left(firsts, cut.end)]
        alone = [RhymeClass([m - cut.begin for m in one.members], one.chances) for one in own]
        found.append(_analysis(lyrics, stream.song(cut), alone))
    return found


def _analysis(lyrics: Lyrics, stream: Stream, classes: list[RhymeClass]) -> RhymeAnalysis:
    paths = class_paths(stream, classes)
    heard: list[tuple[int, int] | None] = [None] * len(stream)
    chances = [0.0] * len(stream)
    for number, path in enumerate(paths):
        for position, one in enumerate(path):
            for syllable, chance in zip(one.members, one.chances, strict=True):
                heard[syllable], chances[syllable] = (number, position), chance
    spans = _spans(stream, heard, len(paths))
    chains = [_chain(stream, str(n + 1), len(path), spans[n], chances) for n, path in enumerate(paths)]
    rhymed = sum(at is not None and chains[at[0]].rhymes for at in heard)
    _add_echoes(stream, heard, chains)
    positions = tuple((chains[at[0]].id, at[1]) if at else None for at in heard)
    density = rhymed / len(stream) if len(stream) else 0.0
    return RhymeAnalysis(lyrics, stream, tuple(chains), positions, density, _schemes(lyrics, stream, positions))


def to_json(analysis: RhymeAnalysis, song_id: object, extra_metrics: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer of `rap rhymes --jsonl` for one song: see the contract in the command's reference."""
    return {
        "id": song_id,
        "bars": _bars_json(analysis),
        "chains": [_chain_json(chain) for chain in analysis.chains],
        "schemes": ["".join(s) if all(len(x) == 1 for x in s) else " ".join(s) for s in analysis.schemes],
        "metrics": {"rhyme_density": round(analysis.density, 6), **(extra_metrics or {})},
    }


Span = tuple[int, int, int]
"""First syllable in the stream, number of syllables, position of the first."""


def _spans(stream: Stream, heard: Sequence[tuple[int, int] | None], chains: int) -> list[list[Span]]:
    """Runs of syllables at consecutive positions of one chain within a bar, for each chain."""
    spans: list[list[Span]] = [[] for _ in range(chains)]
    bars = stream.bar.tolist()
    begin = 0
    for at, here in enumerate(heard):
        if here is None:
            continue
        after = heard[at + 1] if at + 1 < len(heard) and bars[at + 1] == bars[at] else None
        if at == 0 or heard[at - 1] != (here[0], here[1] - 1) or bars[at - 1] != bars[at]:
            begin = at
        if after != (here[0], here[1] + 1):
            spans[here[0]].append((begin, at - begin + 1, here[1] - (at - begin)))
    return spans


def _chain(stream: Stream, name: str, length: int, spans: list[Span], chances: list[float]) -> Chain:
    members = tuple(_member(stream.places[span[0]], span, chances) for span in spans)
    sure = [chance for begin, size, _ in spans for chance in chances[begin : begin + size]]
    return Chain(name, _kinds(stream, spans), length, round(sum(sure) / len(sure), 4), members)


def _member(place: Place, span: Span, chances: list[float]) -> Member:
    begin, length, position = span
    confidence = sum(chances[begin : begin + length]) / length
    return Member(place.bar, place.word, place.syllable, length, position, round(confidence, 4))


def _kinds(stream: Stream, spans: list[Span]) -> tuple[RhymeKind, ...]:
    spellings = [_spelling(stream, span) for span in spans]
    if len(set(spellings)) == 1:
        return (RhymeKind.IDENTICAL,)
    last = [bool(stream.role.item(b + n - 1) & LAST_WORD) for b, n, _ in spans]
    at_end = {stream.places[b].bar for (b, _, _), ends in zip(spans, last, strict=True) if ends}
    sounds: dict[tuple[Any, ...], set[tuple[str, ...]]] = {}
    for span, spelling in zip(spans, spellings, strict=True):
        sounds.setdefault(_sound(stream, span), set()).add(spelling)
    multis = {spelling for spelling, (_, n, _) in zip(spellings, spans, strict=True) if n > 1}
    checks = {
        RhymeKind.END: len(at_end) > 1,
        RhymeKind.INTERNAL: not all(last),
        RhymeKind.PERFECT: any(len(words) > 1 for words in sounds.values()),
        RhymeKind.SLANT: len(sounds) > 1,
        RhymeKind.MULTISYLLABIC: len(multis) > 1,
        RhymeKind.MOSAIC: _mosaic(stream, spans),
    }
    return tuple(kind for kind, holds in checks.items() if holds)


def _mosaic(stream: Stream, spans: list[Span]) -> bool:
    """Whether one of several spans of two syllables and more reaches from word to word."""
    multis = [(b, b + n - 1) for b, n, _ in spans if n > 1]
    return len(multis) > 1 and any(stream.word.item(first) != stream.word.item(last) for first, last in multis)


def _spelling(stream: Stream, span: Span) -> tuple[str, ...]:
    """The words that a span touches."""
    begin, length, _ = span
    if length == 1:
        return (stream.spellings[begin],)
    return tuple(dict.fromkeys(stream.spellings[begin : begin + length]))


def _sound(stream: Stream, span: Span) -> tuple[Any, ...]:
    """What must be equal for a perfect rhyme: vowels and the consonants after them, and the positions they take."""
    begin, length, position = span
    return (position, *((s.nucleus, s.follow) for s in stream.heard[begin : begin + length]))


def _add_echoes(stream: Stream, heard: list[tuple[int, int] | None], chains: list[Chain]) -> None:
    """Chains of kind `identical`: bars that end in the same word, within a few bars, where nothing else rhymes."""
    last: dict[str, list[Span]] = {}
    for begin, length in _last_words(stream):
        if any(heard[begin : begin + length]):
            continue
        run = last.setdefault(stream.spellings[begin], [])
        if run and stream.bar[begin] - stream.bar[run[-1][0]] > ECHO_BARS:
            _add_echo(stream, heard, chains, run)
            run.clear()
        run.append((begin, length, 0))
    for run in last.values():
        _add_echo(stream, heard, chains, run)


def _add_echo(stream: Stream, heard: list[tuple[int, int] | None], chains: list[Chain], run: list[Span]) -> None:
    if len(run) < 2:  # noqa: PLR2004 - one word echoes nothing
        return
    for begin, length, _ in run:
        heard[begin : begin + length] = [(len(chains), position) for position in range(length)]
    members = tuple(Member(*stream.places[begin], length, 0, 1.0) for begin, length, _ in run)
    chains.append(Chain(str(len(chains) + 1), (RhymeKind.IDENTICAL,), run[0][1], 1.0, members))


def _last_words(stream: Stream) -> Iterator[tuple[int, int]]:
    """First syllable and number of syllables of each bar's last word."""
    ends = np.flatnonzero((stream.role & LAST_WORD > 0) & (stream.left == 0))
    sizes = stream.size[ends]
    return zip((ends - sizes + 1).tolist(), sizes.tolist(), strict=True)


def _schemes(
    lyrics: Lyrics, stream: Stream, positions: Sequence[tuple[str, int] | None]
) -> tuple[tuple[str, ...], ...]:
    ends = {
        stream.places[begin].bar: [at for at in positions[begin : begin + length] if at]
        for begin, length in _last_words(stream)
    }
    return tuple(_scheme(section, ends) for section in lyrics.sections)


def _scheme(section: Section, ends: dict[int, list[tuple[str, int]]]) -> tuple[str, ...]:
    """Letters for a section's bars with words; a bar takes the letter of the latest bar that its end answers."""
    bars = [bar.index for bar in section.bars if bar.sung]
    common = Counter(place for index in bars for place in ends.get(index, ()))
    letters: dict[tuple[str, int], str] = {}
    scheme, used = [], 0
    for index in bars:
        shared = [place for place in ends.get(index, ()) if common[place] > 1]
        letter = next((letters[place] for place in shared if place in letters), "")
        if shared and not letter:
            letter, used = _letter(used), used + 1
        for place in shared:
            letters[place] = letter
        scheme.append(letter or UNRHYMED)
    return tuple(scheme)


def _letter(number: int) -> str:
    """The letter of a number: A to Z, then AA, AB and so on."""
    head, tail = divmod(number, ALPHABET)
    return (_letter(head - 1) if head else "") + chr(ord("A") + tail)


def _bars_json(analysis: RhymeAnalysis) -> list[dict[str, Any]]:
    by_word: dict[tuple[int, int], list[dict[str, Any]]] = {}
    rows = zip(analysis.stream.places, analysis.stream.heard, analysis.positions, strict=True)
    for place, heard, at in rows:
        chains = [{"id": at[0], "position": at[1]}] if at else []
        syllable = {"phones": heard.phones, "stress": heard.stress, "chains": chains}
        by_word.setdefault((place.bar, place.word), []).append(syllable)
    return [_bar_json(bar, by_word) for bar in analysis.lyrics.bars]


def _bar_json(bar: Bar, by_word: dict[tuple[int, int], list[dict[str, Any]]]) -> dict[str, Any]:
    words = [{"text": w.text, "syllables": by_word.get((bar.index, n), [])} for n, w in enumerate(bar.words)]
    return {"words": words}


def _chain_json(chain: Chain) -> dict[str, Any]:
    members = [
        {"bar": m.bar, "word": m.word, "syllable": m.syllable, "length": m.length, "confidence": m.confidence}
        for m in chain.members
    ]
    return {
        "id": chain.id,
        "kinds": [kind.value for kind in chain.kinds],
        "length": chain.length,
        "confidence": chain.confidence,
        "members": members,
    }
