"""Whether two emotion heads together are no worse than the better of them: on GoEmotions' test.

The words head and the sentence head (on MiniLM's vectors) each alone, and their log-odds combined as `hybrid` combines
its parts (`weighted_mean`): with equal weights, as the program ships, and with the weights that are best on dev. Every
threshold, the weights and which head is the better one are picked on dev; test is scored with what came out. Intervals
are of a bootstrap over comments; differences are drawn in pairs, the same comments for both.

usage: hybrid.py --data DIR
  DIR has GoEmotions (`labels.txt`, `train.tsv`, `dev.tsv`, `test.tsv`); MiniLM's files must be there
  (`rap models fetch`).
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rap_analyzer.domain.agreement import weighted_mean
from rap_analyzer.domain.emotion import scores_of
from rap_analyzer.domain.emotion_heads import read_heads
from rap_analyzer.ml.goemotions import read_goemotions
from rap_analyzer.ml.labelling import best_thresholds, every_label, f1_of_each, macro_f1, macro_f1_gain
from train_themes import open_embedder

if TYPE_CHECKING:
    from rap_analyzer.adapters.embedder import MiniLmEmbedder
    from rap_analyzer.domain.emotion import Floats
    from rap_analyzer.ml.goemotions import Comments
    from rap_analyzer.ml.labelling import Figure, Truths

STEPS = 20
EQUAL = 0.5


class Heads(NamedTuple):
    """Log-odds of both heads for some comments."""

    words: Floats
    sentence: Floats

    def combined(self, of_words: float) -> Floats:
        """Their weighted mean."""
        return weighted_mean([self.words, self.sentence], [of_words, 1 - of_words])


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    data = read_goemotions(options.parse_args().data)
    embedder = open_embedder()
    dev, test = (_heads(embedder, split) for split in (data.dev, data.test))
    by_weight = {step / STEPS: _dev_f1(dev.combined(step / STEPS), data.dev) for step in range(STEPS + 1)}
    best = max(by_weight, key=by_weight.__getitem__)
    ways = {"words": 1.0, "sentence": 0.0, "both, equal": EQUAL, f"both, {best:.2f} words": best}
    told = {name: _told(dev.combined(of_words), test.combined(of_words), data.dev) for name, of_words in ways.items()}
    better = max(("words", "sentence"), key=lambda name: by_weight[ways[name]])
    print(f"GoEmotions: {len(data.dev.texts):,} comments of dev, {len(data.test.texts):,} of test; macro-F1")
    print(f"{'':20}{'dev':8}{'test':24}less {better!r}, which is the better one on dev")
    print(f"{'every label':28}{_as_text(macro_f1(every_label(data.test.marks), data.test.marks))}")
    for name, given in told.items():
        gain = "" if name == better else _as_text(macro_f1_gain(given, told[better], data.test.marks))
        print(f"{name:20}{by_weight[ways[name]]:<8.3f}{_as_text(macro_f1(given, data.test.marks)):24}{gain}")
    print("dev by the weight of words: " + ", ".join(f"{of:.2f} {f1:.3f}" for of, f1 in by_weight.items()))


def _heads(embedder: MiniLmEmbedder, comments: Comments) -> Heads:
    heads = read_heads()
    vectors = asyncio.run(embedder.embed(comments.texts))
    return Heads(heads.words.logits(comments.texts, profanity=True), heads.sentence.logits(vectors))


def _dev_f1(logits: Floats, dev: Comments) -> float:
    scores = scores_of(logits)
    return float(f1_of_each(scores >= best_thresholds(scores, dev.marks), dev.marks).mean())


def _told(dev_logits: Floats, test_logits: Floats, dev: Comments) -> Truths:
    thresholds = best_thresholds(scores_of(dev_logits), dev.marks)
    return np.asarray(scores_of(test_logits) >= thresholds)


def _as_text(figure: Figure) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


if __name__ == "__main__":
    main()
