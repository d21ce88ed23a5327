"""How well emotion is heard: on GoEmotions' test, and on 150 bars of our own, with and without profanity.

The bars (`tests/data/emotion_bars.tsv`) were written before any prediction was seen, each to show one emotion: the
label is its author's intent, not what annotators agree on. Nothing was tuned on them but the choice that lyrics are
read without profanity.

usage: emotion.py --data DIR [--seconds N]
  DIR has GoEmotions (`labels.txt`, `train.tsv`, `dev.tsv`, `test.tsv`). The sentence head is asked where MiniLM's files
  are there (`rap models fetch`), else only the words head.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.adapters.embedder import MiniLmEmbedder
from rap_analyzer.analyzers.emotion import AT_ONCE, score_all
from rap_analyzer.domain.analysis import AnalysisInput
from rap_analyzer.domain.emotion import EMOTIONS, dominant_of, scores_of
from rap_analyzer.domain.emotion_heads import mean_logits, read_heads
from rap_analyzer.domain.emotion_words import tokens_of
from rap_analyzer.domain.word_lists import PROFANE_WORDS
from rap_analyzer.ml.goemotions import read_goemotions
from rap_analyzer.ml.labelling import confusion, every_label, f1_of_each, macro_f1, macro_f1_gain
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.wiring import load_settings, model_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rap_analyzer.domain.emotion import Floats

Labels = npt.NDArray[np.intp]

BARS = Path(__file__).parents[1] / "tests" / "data" / "emotion_bars.tsv"
DRAWS = 2000
JOY, ANGER = EMOTIONS.index("joy"), EMOTIONS.index("anger")


class Bars(NamedTuple):
    """The bars: their words, the emotion each was written to show, and two kinds of them."""

    texts: list[str]
    meant: Labels
    boasts: npt.NDArray[np.bool_]
    profane: npt.NDArray[np.bool_]


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--seconds", type=float, default=5.0, help="how long the speed is measured")
    chosen = options.parse_args()
    embedder = _embedder()
    _report_comments(chosen.data, embedder)
    _report_bars(_bars(), embedder)
    _report_speed(chosen.seconds, embedder)


def _embedder() -> MiniLmEmbedder | None:
    settings = load_settings()
    files = model_files(settings)
    return MiniLmEmbedder(files, settings.embedding_precision) if files.is_present else None


def _bars() -> Bars:
    with BARS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    texts = [row["bar"] for row in rows]
    profane = [any(token in PROFANE_WORDS for token in tokens_of(text)) for text in texts]
    return Bars(
        texts,
        np.array([EMOTIONS.index(row["label"]) for row in rows]),
        np.array([row["kind"] == "boast" for row in rows]),
        np.array(profane),
    )


def _logits(texts: Sequence[str], embedder: MiniLmEmbedder | None, *, profanity: bool) -> Floats:
    heads = read_heads()
    words = heads.words.logits(texts, profanity=profanity)
    if embedder is None:
        return words
    return mean_logits(words, heads.sentence.logits(asyncio.run(embedder.embed(texts))))


# --- GoEmotions -------------------------------------------------------------------------------------------------------


def _report_comments(data: Path, embedder: MiniLmEmbedder | None) -> None:
    """Macro-F1 on test with its interval, beside giving every label."""
    test = read_goemotions(data).test
    heads = read_heads()
    print(f"GoEmotions, test ({len(test.texts):,} comments), F1")
    print(f"{'':22} {'macro':23}" + "".join(f"{name:>9}" for name in EMOTIONS))
    told = {"every label": every_label(test.marks)}
    told["words"] = scores_of(_logits(test.texts, None, profanity=True)) >= heads.words.thresholds
    if embedder is not None:
        told["words + sentence"] = scores_of(_logits(test.texts, embedder, profanity=True)) >= heads.sentence.thresholds
    for name, given in told.items():
        figure = macro_f1(given, test.marks)
        each = "".join(f"{f1:9.3f}" for f1 in f1_of_each(given, test.marks))
        print(f"{name:22} {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]  {each}")
    if embedder is not None:
        gain = macro_f1_gain(told["words + sentence"], told["words"], test.marks)
        print(f"gained by the sentence head: {gain.value:.3f} [{gain.low:.3f}, {gain.high:.3f}]")


# --- bars of our own --------------------------------------------------------------------------------------------------


def _report_bars(bars: Bars, embedder: MiniLmEmbedder | None) -> None:
    """Accuracy and macro-F1 of the dominant label, before and after profanity is passed over."""
    heads = read_heads()
    counts = np.bincount(bars.meant, minlength=len(EMOTIONS))
    print(f"\n{len(bars.texts)} bars; always {EMOTIONS[int(counts.argmax())]!r} is right for {counts.max()}")
    print(f"with profanity: {bars.profane.sum()}, of them boasts: {(bars.profane & bars.boasts).sum()}")
    for name, used, thresholds in (
        ("words", None, heads.words.thresholds),
        ("words + sentence", embedder, heads.sentence.thresholds),
    ):
        if name != "words" and used is None:
            continue
        for when, profanity in (("before", True), ("after", False)):
            told = dominant_of(scores_of(_logits(bars.texts, used, profanity=profanity)), thresholds)
            print(f"\n{name}, {when} profanity is passed over")
            _print_told(bars, told)


def _print_told(bars: Bars, told: Labels) -> None:
    print(f"  accuracy {_interval(bars.meant, told, _accuracy)}, macro-F1 {_interval(bars.meant, told, _macro_f1)}")
    swearing = bars.boasts & bars.profane
    angry = (bars.meant == ANGER) & bars.profane
    print(f"  profane boasts told as anger: {(told[swearing] == ANGER).sum()}, as joy: {(told[swearing] == JOY).sum()}")
    print(f"  profane anger told as anger: {(told[angry] == ANGER).sum()} of {angry.sum()}")
    print(f"  {'meant / told':12}" + "".join(f"{name:>9}" for name in EMOTIONS))
    for name, row in zip(EMOTIONS, confusion(bars.meant, told, len(EMOTIONS)), strict=True):
        print(f"  {name:12}" + "".join(f"{count:9}" for count in row))


def _accuracy(meant: Labels, told: Labels) -> float:
    return float((meant == told).mean())


def _macro_f1(meant: Labels, told: Labels) -> float:
    counts = confusion(meant, told, len(EMOTIONS))
    both = counts.sum(0) + counts.sum(1)
    return float(np.mean(2 * counts.diagonal() / np.maximum(both, 1)))


def _interval(meant: Labels, told: Labels, figure: Callable[[Labels, Labels], float]) -> str:
    """The figure with the 95 % interval of a bootstrap over bars."""
    rng = np.random.default_rng(0)
    draws = (rng.integers(0, len(meant), len(meant)) for _ in range(DRAWS))
    low, high = np.percentile([figure(meant[drawn], told[drawn]) for drawn in draws], (2.5, 97.5))
    return f"{figure(meant, told):.3f} [{low:.3f}, {high:.3f}]"


# --- speed ------------------------------------------------------------------------------------------------------------


def _report_speed(seconds: float, embedder: MiniLmEmbedder | None) -> None:
    """Tracks a second of the words head on one core, with reading the text; and what vectors cost in comparison."""
    songs = [AnalysisInput(lyrics) for lyrics in _demo_lyrics()]
    score_all(songs[:AT_ONCE])
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for begin in range(0, len(songs), AT_ONCE):
            score_all(songs[begin : begin + AT_ONCE])
        done += len(songs)
    print(f"\nwords: {done / (time.perf_counter() - began):,.0f} tracks/s on one core")
    if embedder is not None:
        _report_vectors([song.lyrics for song in songs[::4]], embedder)


def _demo_lyrics() -> list[str]:
    return [song.lyrics for song in load_corpus().written.values() if song.language == "en" and song.lyrics]


def _report_vectors(songs: Sequence[str], embedder: MiniLmEmbedder) -> None:
    """Seconds to embed a song bar by bar, each different bar once, and passage by passage; on all cores."""
    asyncio.run(embedder.embed(songs[:1]))
    ways = {
        "bars": [[bar for bar in song.split("\n") if bar and bar[0] != "["] for song in songs],
        "passages": [[passage.text for passage in embedder.split(song)] for song in songs],
    }
    for name, texts in ways.items():
        began = time.perf_counter()
        for one in texts:
            asyncio.run(embedder.embed(one))
        took = (time.perf_counter() - began) / len(songs)
        print(f"vectors of {name}: {took:.3f} s a track, {np.mean([len(set(one)) for one in texts]):.1f} texts")


if __name__ == "__main__":
    main()
