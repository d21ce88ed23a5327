"""How fast one core measures songs: `algorithmic_basic` as a whole, and each part of it.

usage: analyzing.py [--songs N] [--bars N] [--times N]

The songs are the demo's in English, each filled up to so many bars with those of the next; the caches are warm, as they
are after the first few hundred songs of a corpus. As in `rap analyze`, a few songs are scored together; the parts are
of one song at a time. The best of several runs counts, so that other work on the machine tells least.
"""

from __future__ import annotations

import argparse
import time
from itertools import cycle
from typing import TYPE_CHECKING, TypeVar

from rap_analyzer.analyzers.algorithmic import AT_ONCE, score_all
from rap_analyzer.analyzers.languages import english_only
from rap_analyzer.domain.analysis import AnalysisInput
from rap_analyzer.domain.devices import devices_of
from rap_analyzer.domain.flow import flow_of
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.measures import figures_of
from rap_analyzer.domain.repetition import repetition_of
from rap_analyzer.domain.rhyme import find_rhymes
from rap_analyzer.domain.rhyme_factor import rhyme_factor
from rap_analyzer.domain.vocabulary import vocabulary_of
from rap_analyzer.domain.word_choice import word_choice_of
from rap_analyzer.simulators.corpus import load_corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

MEASURES = "all measures but rhymes"
WANTED = 150
"""Songs a second and core."""
BUDGET = 2.5
"""Milliseconds of a song for all measures once its rhymes are found."""


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--songs", type=int, default=72)
    options.add_argument("--bars", type=int, default=60)
    options.add_argument("--times", type=int, default=7)
    chosen = options.parse_args()
    songs = _songs(chosen.songs, chosen.bars)
    whole, parts = _timed(songs, chosen.times)
    print(f"{len(songs)} songs of {chosen.bars} bars, {_mean_words(songs):.0f} words each")
    print(f"score: {1000 / whole:.0f} songs/s and core, {whole:.2f} ms a song (bar: {WANTED} songs/s)")
    for name, taken in parts.items():
        print(f"  {name:<28}{taken:6.2f} ms{f'  (bar: {BUDGET})' if name == MEASURES else ''}")


def _songs(count: int, bars: int) -> list[str]:
    """Texts of so many bars each, headers kept."""
    texts = [s.lyrics for s in load_corpus().written.values() if s.language == "en" and s.kind == "song"]
    return [_filled(texts[n % len(texts) :] + texts[: n % len(texts)], bars) for n in range(count)]


def _filled(texts: Sequence[str], bars: int) -> str:
    """The first bars of these songs, one after another."""
    lines: list[str] = []
    missing = bars
    for line in cycle(line for text in texts for line in ["", *text.splitlines()]):
        missing -= bool(line) and not line.startswith("[")
        lines.append(line)
        if not missing:
            return "\n".join(lines)
    return ""


def _mean_words(songs: Sequence[str]) -> float:
    return sum(sum(1 for _ in parse(text).words) for text in songs) / len(songs)


def _timed(songs: Sequence[str], times: int) -> tuple[float, dict[str, float]]:
    """Mean milliseconds a song, for the whole and for its parts: of each piece of work the best of so many runs."""
    batches = [songs[begin : begin + AT_ONCE] for begin in range(0, len(songs), AT_ONCE)]
    whole = sum(min(_scored(batch) for _ in range(times + 1)) for batch in batches) / len(songs)
    runs = [[_stages(text) for _ in range(times)] for text in songs]
    return whole, {stage: sum(min(run[stage] for run in song) for song in runs) / len(songs) for stage in runs[0][0]}


def _scored(texts: Sequence[str]) -> float:
    """Milliseconds that the analysis of these songs takes."""
    inputs = [AnalysisInput(text, "en") for text in texts]
    began = time.perf_counter()
    score_all(inputs)
    return 1000 * (time.perf_counter() - began)


def _stages(text: str) -> dict[str, float]:
    """Milliseconds of the parts of one song's analysis, as they follow each other there."""
    taken: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        result = work()
        taken[stage] = 1000 * (time.perf_counter() - began)
        return result

    lyrics = timed("parse", lambda: parse(text))
    timed("languages", lambda: english_only(lyrics))
    rhymes = timed("find_rhymes", lambda: find_rhymes(lyrics))
    timed(MEASURES, lambda: figures_of(rhymes))
    bars = {bar.index: bar.sung for bar in lyrics.bars}
    words = [word for bar in bars.values() for word in bar]
    timed("of these: rhyme_factor", lambda: rhyme_factor(rhymes.stream))
    timed("of these: flow", lambda: flow_of(rhymes.stream))
    timed("of these: vocabulary", lambda: vocabulary_of([word.bare for word in words]))
    timed("of these: word choice", lambda: word_choice_of(words))
    timed("of these: repetition", lambda: repetition_of(lyrics, bars))
    timed("of these: devices", lambda: devices_of([bar for bar in bars.values() if bar], rhymes.stream))
    return taken


if __name__ == "__main__":
    main()
