"""How well the engine hears rap by artists it has not learned from, with intervals, and how right its confidence is.

Learns five models, each without a fold of artists, and lets each answer for its fold; the scoring script counts. The
95 % intervals are of a bootstrap that draws artists, because songs of one artist are alike. Reads the development half
of MCFlow only. Learning takes some minutes a fold; the models are kept in a folder and used again.

usage: rhyme_accuracy.py --gold rhyme_gold.py --repo GIT_DIR --models FOLDER [--join 2] [--misses]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from rap_analyzer.domain import rhyme_hearing as hearing
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme import find_rhymes, to_json
from train_rhyme import FOLDS, fold_of, read_songs, scorer_of, small, train

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

ROUNDS = 2000
SCORES = ("end5", "end1", "word", "memb")
BINS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MISSES = 20
Word = tuple[dict[str, Any], set[tuple[str, int]]]
"""A word as annotated, and the positions of chains that it takes."""


@dataclass(slots=True)
class Heard:
    """What was counted of one artist: for each score true and false positives and false negatives; songs' densities."""

    counts: list[tuple[int, int, int]]
    annotated: list[float]
    ours: list[float]
    pairs: list[tuple[float, bool]] = field(default_factory=list)
    misses: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--gold", required=True, type=Path)
    options.add_argument("--repo", required=True)
    options.add_argument("--models", required=True, type=Path)
    options.add_argument("--join", type=int, default=1)
    options.add_argument("--misses", action="store_true", help="print the commonest misses as pairs of words")
    chosen = options.parse_args()
    learn_missing(chosen.gold, chosen.repo, chosen.models)
    heard = listen_to_all(scorer_of(chosen.gold), chosen.repo, chosen.models, chosen.join)
    print_scores(heard)
    print_reliability([pair for one in heard for pair in one.pairs])
    if chosen.misses:
        print_misses(heard)


def learn_missing(gold: Path, repo: str, folder: Path) -> None:
    """Learns the models that the folder lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    for fold in range(FOLDS):
        file = folder / f"{fold}.npz"
        if not file.exists():
            sys.stderr.write(f"learning without fold {fold}\n")
            songs = [song for song in read_songs(gold, repo) if song.fold != fold]
            np.savez_compressed(file, **small(train(songs)))


def listen_to_all(scorer: ModuleType, repo: str, folder: Path, join: int) -> list[Heard]:
    """What each artist's model, which does not know them, makes of them."""
    models = {fold: _loaded(folder / f"{fold}.npz") for fold in range(FOLDS)}
    artists: dict[str, list[Any]] = defaultdict(list)
    for section in scorer.mcflow_sections(repo, 0):
        artists[section[0].split("_")[0]].append(section)
    return [_counted(scorer, sections, models[fold_of(artist)], join) for artist, sections in artists.items()]


def _loaded(file: Path) -> hearing.Model:
    with np.load(file) as arrays:
        return hearing.model_of({name: arrays[name] for name in arrays.files})


def _counted(scorer: ModuleType, sections: list[Any], model: hearing.Model, join: int) -> Heard:
    """Runs the scoring script with this process in the command's place, and keeps its counts."""
    kept: list[Any] = []
    densities: list[list[float]] = []
    answers: list[dict[str, Any]] = []

    class Kept(scorer.Count):  # type: ignore[misc,name-defined] # a class of the script
        def __init__(self) -> None:
            super().__init__()
            kept.append(self)

    def run(_: str, records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], float]:
        answers.extend(to_json(find_rhymes(parse(r["lyrics"]), model), r["id"]) for r in records)
        return answers, 0.0

    def spearman(annotated: list[float], ours: list[float]) -> float:
        densities.extend((annotated, ours))
        return 0.0

    with patch.multiple(scorer, Count=Kept, run=run, spearman=spearman):
        scorer.score_rap(sections, "", join)
    annotated, ours = densities
    heard = Heard([(c.tp, c.fp, c.fn) for c in kept], annotated, ours)
    if join == 1:
        _add_pairs(scorer, heard, sections, answers)
    return heard


def _add_pairs(scorer: ModuleType, heard: Heard, sections: list[Any], answers: list[dict[str, Any]]) -> None:
    """Adds the pairs that a chain holds, with its confidence, and the errors at the ends of phrases."""
    for (_, _, phrases), answer in zip(sections, answers, strict=True):
        sure = {chain["id"]: chain["confidence"] for chain in answer["chains"]}
        ours = scorer.chains_of(answer, phrases)
        words = [
            [(word, found[0]) for word, found in zip(phrase, its, strict=True)]
            for phrase, its in zip(phrases, ours, strict=True)
        ]
        for one, other in _near(words):
            shared = one[1] & other[1]
            if shared:
                heard.pairs.append((max(sure[chain] for chain, _ in shared), _annotated(one, other)))
        for one, other in _ends(words):
            if _annotated(one, other) != bool(one[1] & other[1]):
                kind = "missed" if _annotated(one, other) else "imagined"
                heard.misses[kind, *sorted((one[0]["text"], other[0]["text"]))] += 1


def _annotated(one: Word, other: Word) -> bool:
    return bool(one[0]["classes"] & other[0]["classes"])


def _near(phrases: list[list[Word]]) -> Iterator[tuple[Word, Word]]:
    """Different words of the same or the neighbouring phrase."""
    for at, phrase in enumerate(phrases):
        after = phrases[at + 1] if at + 1 < len(phrases) else []
        for k, one in enumerate(phrase):
            yield from ((one, other) for other in phrase[k + 1 :] + after if one[0]["text"] != other[0]["text"])


def _ends(phrases: list[list[Word]]) -> Iterator[tuple[Word, Word]]:
    """Different words that end phrases at most five phrases apart."""
    last = [phrase[-1] for phrase in phrases]
    for at, one in enumerate(last):
        yield from ((one, other) for other in last[at + 1 : at + 6] if one[0]["text"] != other[0]["text"])


def print_scores(heard: list[Heard]) -> None:
    """Each score with its interval."""
    chance = np.random.default_rng(0)
    draws = [chance.integers(len(heard), size=len(heard)) for _ in range(ROUNDS)]
    for name in (*SCORES, "rho"):
        spread = [_score(name, [heard[k] for k in draw]) for draw in draws]
        low, high = np.quantile(spread, (0.025, 0.975))
        print(f"{name:6}{_score(name, heard):.3f}  [{low:.3f}, {high:.3f}]")


def _score(name: str, heard: Iterable[Heard]) -> float:
    if name == "rho":
        annotated, ours = (np.concatenate([getattr(one, side) for one in heard]) for side in ("annotated", "ours"))
        return float(np.corrcoef(_ranks(annotated), _ranks(ours))[0, 1])
    at = SCORES.index(name)
    right, wrong, missed = np.sum([one.counts[at] for one in heard], axis=0)
    return float(2 * right / max(1, 2 * right + wrong + missed))


def _ranks(values: Any) -> Any:
    """Ranks with ties at their mean."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]


def print_reliability(pairs: list[tuple[float, bool]]) -> None:
    """For each range of confidence its mean and the share of pairs that are annotated: alike if it is calibrated."""
    if not pairs:
        return
    sure, right = np.array(pairs).T
    print("confidence   said  true  pairs")
    for low, high in pairwise(BINS):
        inside = (sure >= low) & (sure < high if high < 1 else sure <= high)
        if inside.any():
            print(f"{low:.1f} to {high:.1f}   {sure[inside].mean():.2f}  {right[inside].mean():.2f}  {inside.sum():5}")


def print_misses(heard: list[Heard]) -> None:
    """The commonest misses by kind, as pairs of words."""
    total: Counter[tuple[str, str, str]] = sum((one.misses for one in heard), Counter())
    for kind in ("missed", "imagined"):
        words = [(pair[1:], count) for pair, count in total.most_common() if pair[0] == kind]
        print(f"{kind}: " + ", ".join(f"{'/'.join(pair)} ({count})" for pair, count in words[:MISSES]))


if __name__ == "__main__":
    main()
