"""The emotions of a song as a picture: a row for each, a step for each bar, a line for each section's mean."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain.analysis import Status
from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.emotion import sentiment_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.domain.analysis import Analysis
    from rap_analyzer.domain.emotion import Floats
    from rap_analyzer.domain.lyrics import Bar, Lyrics, Section

Span = tuple[int, int]
"""The first bar, from 0, and one past the last."""
SHOWN = ("joy", "surprise", "sadness", "fear", "anger", "disgust")
"""From top to bottom. Neutral is what is left, and stands in the table alone."""
HUES = {"joy": 0, "surprise": 5, "sadness": 1, "fear": 6, "anger": 4, "disgust": 2}
ROW = 100
"""Height of a row in the picture's own units; a bar is as wide as BAR of them."""
BAR = 10
LEAST_TOP = 0.3
"""A full row is at least this score, so that a song with next to no emotion looks it."""
LEAST_LABEL, LEAST_LETTER = 0.07, 0.05
"""Shares of the song that a section needs for its name, and for a letter of it, to have room."""
LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class ArcRow:
    """An emotion through the song.

    Attributes:
        name: of the emotion, or `sentiment`.
        hue: number of its colour.
        bars: path of its bars, in the picture's units.
        means: path of the sections' means.
        figure: the song's, as people read it.
    """

    name: str
    hue: int
    bars: str
    means: str
    figure: str


@dataclass(frozen=True, slots=True)
class ArcSection:
    """A section's place under the picture, in percent of its width, and its figures.

    Attributes:
        label: short name, empty where there is no room.
        letter: a letter and the number, for narrow windows; empty where there is no room.
        header: whole name.
        first_bar: number as people count, from 1.
        left, width: in percent.
        judged: its figures; None where it was left out.
    """

    label: str
    letter: str
    header: str
    first_bar: int
    left: float
    width: float
    judged: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ArcPoint:
    """What stands at a bar, for who points at it: its number from 1, its place, and what is said of it."""

    number: int
    left: int
    width: int
    title: str


@dataclass(frozen=True, slots=True)
class ArcView:
    """The whole picture.

    Attributes:
        width: in the picture's units.
        top: the score that a full row stands for.
        rows: the emotions.
        sentiment: the derived row, from -1 at the bottom to 1 at the top.
        sections: of the song, those that were left out among them.
        points: its bars.
        bars_per_point: bars that a step stands for; 1 but for very long texts.
        measures: the analysis's own.
        summary: a sentence for who cannot see it.
    """

    width: int
    top: float
    rows: Sequence[ArcRow]
    sentiment: ArcRow
    sections: Sequence[ArcSection]
    points: Sequence[ArcPoint]
    bars_per_point: int
    measures: Mapping[str, Any]
    summary: str


def view_arc(analysis: Analysis | None, lyrics: Lyrics) -> ArcView | None:
    """The picture of what `emotion` says of a song; None where it says nothing."""
    if analysis is None or analysis.status is not Status.DONE:
        return None
    measures = analysis.measures
    arc = measures["arc"]
    scores = np.array(arc["scores"], np.float32)
    bars = [bar for section in lyrics.sections for bar in section.bars]
    if arc["bar"][-1] >= len(bars):
        return None  # by a former way of telling bars apart; it is due again
    spans = _spans(arc, len(bars))
    columns = {name: arc["order"].index(name) for name in SHOWN}
    top = max(LEAST_TOP, float(scores[:, list(columns.values())].max()))
    rows = [_row(name, scores[:, column], spans, measures, top) for name, column in columns.items()]
    felt = [sentiment_of(row) for row in scores]
    points = [
        _point(span, bars, dict(zip(arc["order"], row, strict=True)), value)
        for span, row, value in zip(spans, arc["scores"], felt, strict=True)
    ]
    return ArcView(
        width=len(bars) * BAR,
        top=top,
        rows=rows,
        sentiment=_sentiment(felt, spans, measures),
        sections=_sections(lyrics, measures["sections"], len(bars)),
        points=points,
        bars_per_point=arc["bars_per_point"],
        measures=measures,
        summary=_summary(measures),
    )


def _row(name: str, scores: Floats, spans: Sequence[Span], measures: Mapping[str, Any], top: float) -> ArcRow:
    means = [(part["bars"], part["scores"][name] / top) for part in measures["sections"]]
    return ArcRow(name, HUES[name], _steps(spans, scores / top), _levels(means), _percent(measures["scores"][name]))


def _sentiment(felt: Sequence[float], spans: Sequence[Span], measures: Mapping[str, Any]) -> ArcRow:
    """The derived row: 0 in its middle."""
    means = [(part["bars"], (part["sentiment"]["value"] + 1) / 2) for part in measures["sections"]]
    columns = _steps(spans, [(value + 1) / 2 for value in felt], base=0.5)
    return ArcRow("sentiment", 7, columns, _levels(means), _signed(measures["sentiment"]["value"]))


def _spans(arc: Mapping[str, Any], bars: int) -> list[Span]:
    """The bars, from the first up to one past the last, that each point stands for."""
    step = arc["bars_per_point"]
    starts = [*arc["bar"], bars]
    return [(start, max(start + 1, min(start + step, after))) for start, after in pairwise(starts)]


def _steps(spans: Sequence[Span], heights: Sequence[float] | Floats, base: float = 0.0) -> str:
    """Columns from the base line, heights in [0, 1]."""
    ground = ROW - base * ROW
    return "".join(
        f"M{first * BAR} {ground:g}V{ROW - float(height) * ROW:.1f}H{last * BAR}V{ground:g}z"
        for (first, last), height in zip(spans, heights, strict=True)
    )


def _levels(means: Sequence[tuple[Sequence[int], float]]) -> str:
    """A level line for each section, by its first and last bar, heights in [0, 1]."""
    return "".join(f"M{first * BAR} {ROW - mean * ROW:.1f}H{(last + 1) * BAR}" for (first, last), mean in means)


def _sections(lyrics: Lyrics, parts: Sequence[Mapping[str, Any]], bars: int) -> list[ArcSection]:
    judged = {part["bars"][0]: part for part in parts}
    return [_section(section, judged, bars) for section in lyrics.sections if section.bars]


def _section(section: Section, judged: Mapping[int, Mapping[str, Any]], bars: int) -> ArcSection:
    first, width = section.bars[0].index, len(section.bars) / bars
    own = next((judged[bar.index] for bar in section.bars if bar.index in judged), None)
    header = section.header or str(section.kind).replace("_", " ")
    label, letter = _names(section)
    return ArcSection(
        label=label if width >= LEAST_LABEL else "",
        letter=letter if width >= LEAST_LETTER else "",
        header=header,
        first_bar=first + 1,
        left=round(100 * first / bars, 3),
        width=round(100 * width, 3),
        judged=own,
    )


def _names(section: Section) -> tuple[str, str]:
    """Verse 2 and V2."""
    kind = str(section.kind).replace("_", " ").capitalize()
    return (f"{kind} {section.number}", f"{kind[0]}{section.number}") if section.number else (kind, kind[0])


def _point(span: Span, bars: Sequence[Bar], scores: Mapping[str, float], sentiment: float) -> ArcPoint:
    first, last = span
    strongest = sorted(scores.items(), key=lambda item: -item[1])
    told = ", ".join(f"{name} {_percent(score)}" for name, score in strongest)
    named = f"Bar {first + 1}" if last == first + 1 else f"Bars {first + 1} to {last}"
    said = bars[first].text[:LONGEST_TITLE]
    return ArcPoint(
        first + 1, first * BAR, (last - first) * BAR, f"{named}: {told}; sentiment {_signed(sentiment)}\n{said}"
    )


def _summary(measures: Mapping[str, Any]) -> str:
    scores = ", ".join(f"{name} {_percent(measures['scores'][name])}" for name in SHOWN)
    neutral = _percent(measures["scores"]["neutral"])
    return f"Scores of {counted(measures['bars'], 'bar')}. Means: {scores}, neutral {neutral}."


def _percent(score: float) -> str:
    return f"{100 * score:.0f}\u00a0%"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
