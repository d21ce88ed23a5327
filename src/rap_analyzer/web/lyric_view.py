"""A song as the track page shows it: sections, bars, syllables, and for each the chain whose colour it wears."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.hues import assign_hues
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.spelling import split_spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rap_analyzer.domain.lyrics import Bar

HUES = 10
"""Colours at once; a chain that is over frees its own."""
FAINTEST = 0.35


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a bar: syllables of the same chains within a word, or what stands between words.

    Attributes:
        text: as transcribed.
        chain: number of the chain whose colour it wears, or None.
        hue: 0 to HUES - 1, or None.
        strength: in [FAINTEST, 1], from the chain's confidence.
        chains: numbers of all its chains, for the script that isolates one.
    """

    text: str
    chain: str | None = None
    hue: int | None = None
    strength: float = 0.0
    chains: str = ""


@dataclass(frozen=True, slots=True)
class BarView:
    """A bar with its number as people count (from 1), its letter in the rhyme scheme, and its pieces."""

    number: int
    letter: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section under its header."""

    header: str
    kind: str
    bars: Sequence[BarView]


@dataclass(frozen=True, slots=True)
class LyricView:
    """The whole song, with what a chain's colour stands for."""

    sections: Sequence[SectionView]
    chains: Mapping[str, str]
    rhymed: bool


def view_lyrics(text: str, rhymes: Mapping[str, Any] | None) -> LyricView:
    """Lay the rhyme engine's answer over the transcription.

    Args:
        text: the lyrics.
        rhymes: the answer in the shape of `rap rhymes --jsonl`, or None when the language is not heard.
    """
    lyrics = parse(text)
    chains = {chain["id"]: chain for chain in (rhymes or {}).get("chains", []) if chain["kinds"] != ["identical"]}
    hues = assign_hues(chains.values(), HUES)
    bars = (rhymes or {}).get("bars", [])
    schemes = (rhymes or {}).get("schemes", [])

    def bar_view(bar: Bar, letter: str) -> BarView:
        answered = bars[bar.index]["words"] if bar.index < len(bars) else []
        return BarView(bar.index + 1, letter.strip("-"), list(_pieces(bar.text, answered, chains, hues)))

    sections = []
    for number, section in enumerate(lyrics.sections):
        letters = iter(_letters(schemes[number]) if number < len(schemes) else [])
        # A scheme has a letter for each bar that has words to sing: "..." and "[laughs]" have none.
        views = [bar_view(bar, next(letters, "") if bar.sung else "") for bar in section.bars]
        sections.append(SectionView(section.header or "", str(section.kind), views))
    return LyricView(sections, {n: _described(chain) for n, chain in chains.items()}, bool(chains))


def _letters(scheme: str) -> list[str]:
    """A scheme past Z has its letters separated by spaces."""
    return scheme.split() if " " in scheme else list(scheme)


def _pieces(
    text: str, answered: Sequence[Mapping[str, Any]], chains: Mapping[str, Any], hues: Mapping[str, int]
) -> Iterator[Piece]:
    words = iter(answered)
    for n, token in enumerate(text.split()):
        if n:
            yield Piece(" ")
        word = next(words, None) if any(c.isalnum() for c in token) else None
        syllables = word["syllables"] if word else []
        if not syllables:
            yield Piece(token)
            continue
        parts = split_spelling(token, len(syllables))
        own = [[link["id"] for link in syllable["chains"] if link["id"] in chains] for syllable in syllables]
        yield from _joined(_piece(part, ids, chains, hues) for part, ids in zip(parts, own, strict=True))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbouring syllables of the same chains as one stretch of colour."""
    for _, same in groupby(pieces, key=lambda piece: (piece.chain, piece.chains)):
        run = list(same)
        yield replace(run[0], text="".join(piece.text for piece in run))


def _piece(text: str, own: list[str], chains: Mapping[str, Any], hues: Mapping[str, int]) -> Piece:
    if not own:
        return Piece(text)
    main = max(own, key=lambda n: (chains[n]["length"], chains[n]["confidence"], n))
    strength = FAINTEST + (1 - FAINTEST) * chains[main]["confidence"]
    return Piece(text, main, hues[main], round(strength, 2), " ".join(own))


def _described(chain: Mapping[str, Any]) -> str:
    kinds = ", ".join(kind.replace("_rhyme", "").replace("_", " ") for kind in chain["kinds"] if kind != "identical")
    count, length = len(chain["members"]), chain["length"]
    syllables = "1 syllable" if length == 1 else f"{length} syllables"
    return f"{count} places, {syllables}; {kinds}; confidence {chain['confidence']:.0%}"
