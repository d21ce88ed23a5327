"""Learns `rap_analyzer/domain/rhyme_weights.npz` from annotated rap.

Reads the development half of MCFlow from a git directory (it is not ours to ship; only the learned numbers are). The
first hearing is a logistic regression with a ridge. For the later ones boosted trees are fitted (`pip install
catboost`, needed here only) and small networks learn to answer as the trees do: they are as right and far faster in
numpy. What a hearing tells the next one comes, while learning, from a model that has not seen the artist.

usage: train_rhyme.py --gold rhyme_gold.py --repo GIT_DIR [--out FILE] [--leave-out FOLD]
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain import rhyme_hearing as hearing
from rap_analyzer.domain import rhyme_pairs as pairs
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme_company import chance_of
from rap_analyzer.domain.rhyme_first import every_pair, first_hearing
from rap_analyzer.domain.rhyme_ground import ground_of
from rap_analyzer.domain.rhyme_net import Net
from rap_analyzer.domain.rhyme_phrases import inner_words, phrase_features, phrasing_of
from rap_analyzer.domain.rhyme_stream import BAR_FINAL, Stream, listen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from rap_analyzer.domain.rhyme_stream import Ints

FOLDS = 5
GROUPS = 3
"""What one hearing tells the next comes from a model that knows the other two groups of artists only."""
JOINS = (1, 2)
"""Phrases a bar: each section comes once with each, because one person's bar is another's two lines; and once with only
the last word of each, because lists of rhyme words are heard too."""
NEGATIVES = 0.3
"""Share of the pairs that do not rhyme that is learned from; the bias makes up for it."""
RIDGE = 3.0
NUCLEUS_RIDGE = 2.0
STEPS = 12
TREES: dict[str, Any] = {
    "depth": 6, "iterations": 150, "learning_rate": 0.13, "l2_leaf_reg": 6, "rsm": 0.35, "subsample": 0.7,
    "bootstrap_type": "Bernoulli", "border_count": 32, "thread_count": 1, "verbose": 0, "random_seed": 0,
    "allow_writing_files": False,
}  # fmt: skip
UNITS = (48, 16)
PHRASE_UNITS = (24, 12)
LESSONS = 4000
"""Batches that a network learns from."""
BATCH = 2048
RATE = 3e-3
DECAY = 1e-2

Columns = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Song:
    """A section of a song with what is annotated.

    Attributes:
        artist: whose it is.
        stream: its syllables.
        classes: each syllable's rhyme classes.
        ends: whether a phrase ends in it.
    """

    artist: str
    stream: Stream
    classes: list[set[str]]
    ends: Flags

    @property
    def fold(self) -> int:
        """The artist's fold."""
        return fold_of(self.artist)

    @property
    def group(self) -> int:
        """The artist's group while learning, apart from the folds."""
        return sum(map(ord, self.artist)) // 11 % GROUPS

    def rhymes(self, earlier: Ints, later: Ints) -> Flags:
        """Which pairs are annotated as rhymes.

        A multi has one class for all its syllables, so those that do not answer each other are told apart here: they
        stand as far from neither the beginning nor the end of their spans and have different vowels.
        """
        both = zip(earlier.tolist(), later.tolist(), strict=True)
        return np.array([self._answers(i, j) for i, j in both], dtype=bool)

    def _answers(self, i: int, j: int) -> bool:
        shared = self.classes[i] & self.classes[j]
        if not shared or self.stream.nucleus[i] == self.stream.nucleus[j]:
            return bool(shared)
        spans = [(self.spans[i][name], self.spans[j][name]) for name in shared]
        return any(i - one[0] == j - other[0] or one[1] - i == other[1] - j for one, other in spans)

    @cached_property
    def spans(self) -> list[dict[str, tuple[int, int]]]:
        """For each syllable and class of it the first and last syllable of the run of that class in its bar."""
        begins, ends = self._edges(1), self._edges(-1)
        return [
            {name: (first, last[name]) for name, first in begin.items()}
            for begin, last in zip(begins, ends, strict=True)
        ]

    def _edges(self, step: int) -> list[dict[str, int]]:
        bars = self.stream.bar.tolist()
        order = range(len(bars))[::step]
        edges: list[dict[str, int]] = [{} for _ in bars]
        for at in order:
            before = at - step
            goes_on = 0 <= before < len(bars) and bars[before] == bars[at]
            edges[at] = {name: edges[before].get(name, at) if goes_on else at for name in self.classes[at]}
        return edges


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--gold", required=True, type=Path, help="the scoring script, which reads the gold")
    options.add_argument("--repo", required=True, help="git directory of MCFlow")
    options.add_argument("--out", type=Path, default=Path(pairs.__file__).with_name("rhyme_weights.npz"))
    options.add_argument("--leave-out", type=int, help="fold of artists (0 to 4) to keep for a test")
    chosen = options.parse_args()
    songs = [song for song in read_songs(chosen.gold, chosen.repo) if song.fold != chosen.leave_out]
    np.savez_compressed(chosen.out, **small(train(songs)))


def small(model: hearing.Model) -> dict[str, Any]:
    """A model's arrays with numbers of two bytes, which cost no accuracy."""
    arrays = hearing.arrays_of(model)
    return {name: array.astype(np.float16) if array.dtype.kind == "f" else array for name, array in arrays.items()}


def fold_of(artist: str) -> int:
    """The artist's fold, from its letters."""
    return sum(map(ord, artist)) % FOLDS


def read_songs(gold: Path, repo: str) -> list[Song]:
    """All sections of the development half, in both layouts."""
    scorer = scorer_of(gold)
    return [song for name, _, whole in scorer.mcflow_sections(repo, 0) for song in _layouts(scorer, name, whole)]


def scorer_of(path: Path) -> ModuleType:
    """The scoring script as a module, changed to keep the classes of each syllable."""
    source = path.read_text(encoding="utf-8")
    source = source.replace('"classes": set(), "syllables"', '"of": [], "classes": set(), "syllables"')
    source = source.replace('w["text"] += text', 'w["of"].append(classes); w["text"] += text')
    spec = importlib.util.spec_from_loader("rhyme_gold", loader=None)
    module = importlib.util.module_from_spec(spec) if spec else sys.exit("no module")
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - our own scoring script
    return module


def _layouts(scorer: ModuleType, name: str, whole: list[list[dict[str, Any]]]) -> Iterator[Song]:
    for phrase in whole:
        for word in phrase:
            word["ends"] = word is phrase[-1]
    layouts = [scorer.lines_of(whole, join) for join in JOINS]
    for phrases in [*layouts, [phrase[-1:] for phrase in whole]]:
        stream = listen(parse("\n".join(" ".join(word["text"] for word in phrase) for phrase in phrases)))
        if len(stream) > 1:
            ends = np.array([phrases[place.bar][place.word]["ends"] for place in stream.places])
            yield Song(name.split("_", maxsplit=1)[0], stream, _classes(stream, phrases), ends)


def _classes(stream: Stream, phrases: list[list[dict[str, Any]]]) -> list[set[str]]:
    """Each syllable's annotated classes; where the counts differ, words are aligned at their ends."""
    out = []
    for place, left in zip(stream.places, stream.left.tolist(), strict=True):
        marks = phrases[place.bar][place.word]["of"]
        at = len(marks) - 1 - left
        out.append(marks[at] if 0 <= at < len(marks) else set())
    return out


def train(songs: list[Song]) -> hearing.Model:
    """All hearings, one after another."""
    strangers = {group: _first([s for s in songs if s.group != group]) for group in range(GROUPS)}
    first = _first(songs)
    banded = [first_hearing(song.stream, strangers[song.group], ground_of(song.stream)) for song in songs]
    say("first hearing")
    words = [inner_words(song.stream) for song in songs]
    rows = [phrase_features(s.stream, b, w).T for s, (b, _), w in zip(songs, banded, words, strict=True)]
    truths = [song.ends[at] for song, at in zip(songs, words, strict=True)]
    ends, phrases_net = _stage(songs, rows, truths, PHRASE_UNITS, 0)
    say("phrases")
    phrases = [
        phrasing_of(song.stream, _chances(song, at, odds), band.ground)
        for song, (band, _), at, odds in zip(songs, banded, words, ends, strict=True)
    ]
    heard = [
        hearing.second_hearing(song.stream, kept, band, phrasing, strangers[song.group])
        for song, (band, kept), phrasing in zip(songs, banded, phrases, strict=True)
    ]
    rows = [_inputs(h) for h in heard]
    truths = [song.rhymes(h.pairs.earlier, h.pairs.later) for song, h in zip(songs, heard, strict=True)]
    odds, second = _stage(songs, rows, truths, UNITS, len(heard[0].syllables.features()))
    say("second hearing")
    late = [hearing.third_hearing(s.stream, h, o) for s, h, o in zip(songs, heard, odds, strict=True)]
    rows = [_inputs(h) for h in late]
    truths = [song.rhymes(h.pairs.earlier, h.pairs.later) for song, h in zip(songs, late, strict=True)]
    third = _network(rows, truths, UNITS, len(late[0].syllables.features()))
    say("third hearing")
    return hearing.Model(first, phrases_net, second, third)


def say(what: str) -> None:
    """Tells how far it is."""
    sys.stderr.write(f"{what} learned\n")


def _chances(song: Song, words: Ints, odds: Columns) -> Columns:
    chance = np.zeros(len(song.stream), dtype=np.float32)
    chance[words] = chance_of(odds)
    chance[(song.stream.role & BAR_FINAL) > 0] = 1
    return chance


def _inputs(heard: hearing.Heard) -> Columns:
    """Everything that is known of each pair and of its syllables, one row a pair."""
    syllables = heard.syllables.features()
    both = [syllables[:, heard.pairs.earlier], syllables[:, heard.pairs.later]]
    return np.concatenate([*both, heard.facts.features()]).T


def _stage(
    songs: list[Song], rows: list[Columns], truths: list[Flags], units: tuple[int, int], width: int
) -> tuple[list[Columns], Net]:
    """Each song's log-odds from trees that do not know its artist, and the network that learned from all."""
    answers: list[Columns] = [np.zeros(0, dtype=np.float32)] * len(songs)
    for group in range(GROUPS):
        known = [k for k, song in enumerate(songs) if song.group != group]
        teacher = _teacher(*_sampled([rows[k] for k in known], [truths[k] for k in known]))
        for k, song in enumerate(songs):
            if song.group == group:
                answers[k] = teacher(rows[k])
    return answers, _network(rows, truths, units, width)


def _network(rows: list[Columns], truths: list[Flags], units: tuple[int, int], width: int) -> Net:
    features, truth = _sampled(rows, truths)
    return _pupil(features, _teacher(features, truth)(features), units, width)


def _sampled(rows: list[Columns], truths: list[Flags]) -> tuple[Columns, Flags]:
    """All that rhyme and a share of those that do not."""
    chosen = [truth | (np.random.default_rng(seed).random(len(truth)) < NEGATIVES) for seed, truth in enumerate(truths)]
    features = np.concatenate([row[keep] for row, keep in zip(rows, chosen, strict=True)])
    return features, np.concatenate([truth[keep] for truth, keep in zip(truths, chosen, strict=True)])


def _teacher(features: Columns, truth: Flags) -> Callable[[Columns], Columns]:
    """Boosted trees, fitted to a sample, as a function from features to log-odds."""
    from catboost import CatBoostClassifier

    trees = CatBoostClassifier(**TREES)
    trees.fit(features, truth.astype(int))

    def answer(asked: Columns) -> Columns:
        if not len(asked):
            return np.zeros(0, dtype=np.float32)
        odds = trees.predict(asked, prediction_type="RawFormulaVal") + np.log(NEGATIVES)
        return np.asarray(odds, dtype=np.float32)

    return answer


def _pupil(features: Columns, odds: Columns, units: tuple[int, int], width: int) -> Net:
    """A network that answers as the trees do; `width` features of each syllable come before those of the pair."""
    middle, spread = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    layers = _adam((features - middle) / spread, chance_of(odds), units)
    entry = layers[0] / spread[:, None]
    bias = layers[1] - middle @ entry
    one, other, pair = np.split(entry, (width, 2 * width))
    _, _, second, second_bias, out, out_bias = layers
    return Net(one, other, pair, bias, second, second_bias, out[:, 0], out_bias)


def _adam(x: Columns, y: Columns, units: tuple[int, int]) -> list[Columns]:
    """Weights and biases of three layers that minimise cross-entropy (Kingma & Ba 2015, "Adam")."""
    chance = np.random.default_rng(0)
    sizes = [x.shape[1], *units, 1]
    layers: list[Columns] = []
    for before, after in pairwise(sizes):
        layers.append((chance.standard_normal((before, after)) / np.sqrt(before)).astype(np.float32))
        layers.append(np.zeros(after, dtype=np.float32))
    layers[-1][:] = np.log(y.mean() / (1 - y.mean()))
    mean, square = [np.zeros_like(p) for p in layers], [np.zeros_like(p) for p in layers]
    for step, rows in enumerate(_batches(len(x), chance), start=1):
        rate = RATE * min(1, step / 100) * (1 - step / (LESSONS + 1))
        for k, gradient in enumerate(_gradients(layers, x[rows], y[rows])):
            mean[k] += 0.1 * (gradient - mean[k])
            square[k] += 0.001 * (gradient**2 - square[k])
            size = np.sqrt(square[k] / (1 - 0.999**step)) + 1e-8
            layers[k] -= (rate * mean[k] / (1 - 0.9**step) / size).astype(np.float32)
            if k % 2 == 0:
                layers[k] *= np.float32(1 - rate * DECAY)
    return layers


def _batches(size: int, chance: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of each lesson: all once, then all again in another order."""
    batch = min(BATCH, size)
    rows = np.zeros(0, dtype=np.int64)
    for _ in range(LESSONS):
        if len(rows) < batch:
            rows = chance.permutation(size)
        yield rows[:batch]
        rows = rows[batch:]


def _gradients(layers: list[Columns], x: Columns, y: Columns) -> list[Columns]:
    one = np.maximum(x @ layers[0] + layers[1], 0)
    two = np.maximum(one @ layers[2] + layers[3], 0)
    wrong = (chance_of((two @ layers[4] + layers[5])[:, 0]) - y)[:, None] / np.float32(len(y))
    to_two = (wrong @ layers[4].T) * (two > 0)
    to_one = (to_two @ layers[2].T) * (one > 0)
    return [x.T @ to_one, to_one.sum(0), one.T @ to_two, to_two.sum(0), two.T @ wrong, wrong.sum(0)]


def _first(songs: list[Song]) -> pairs.Weights:
    """Ridge logistic regression of the first hearing."""
    nuclei = tuple(sorted({name for song in songs for name in song.stream.nuclei}))
    sampled = [_sample(song, nuclei, seed) for seed, song in enumerate(songs)]
    features, truth = (np.concatenate(part) for part in zip(*sampled, strict=True))
    count = len(nuclei)
    ridge = np.full(features.shape[1], RIDGE)
    ridge[: count * count] = NUCLEUS_RIDGE
    weights = _newton(features, truth, ridge)
    square = weights[: count * count].reshape(count, count)
    both = np.triu(square, 1) + np.triu(square, 1).T + np.diag(np.diag(square))
    sizes = [len(pairs.CLUSTER_FEATURES), len(pairs.ROLE_FEATURES), len(pairs.PLACE_FEATURES)]
    cluster, role, place = np.split(weights[count * count : -1].astype(np.float32), np.cumsum(sizes)[:-1])
    bias = float(weights[-1]) + float(np.log(NEGATIVES))
    return pairs.Weights(nuclei, both.astype(np.float32), cluster, role, place, bias)


def _sample(song: Song, nuclei: tuple[str, ...], seed: int) -> tuple[Columns, Flags]:
    stream = song.stream
    nothing = np.zeros((len(nuclei), len(nuclei)), dtype=np.float32)
    blank = pairs.Weights(nuclei, nothing, np.zeros(len(pairs.CLUSTER_FEATURES), dtype=np.float32), nothing, nothing, 0)
    every = every_pair(stream, blank, ground_of(stream))
    every = every.where(np.flatnonzero(stream.word_id[every.earlier] != stream.word_id[every.later]))
    truth = song.rhymes(every.earlier, every.later)
    chosen = truth | (np.random.default_rng(seed).random(len(truth)) < NEGATIVES)
    every, truth = every.where(np.flatnonzero(chosen)), truth[chosen]
    rows = pairs.nucleus_rows(stream, blank)
    one, other = rows[every.earlier], rows[every.later]
    cells = np.minimum(one, other) * len(nuclei) + np.maximum(one, other)
    places = pairs.places()[every.place]
    places[:, pairs.PLACE_FEATURES.index("log distance")] = np.log(every.later - every.earlier)
    parts = [
        np.eye(len(nuclei) ** 2, dtype=np.float32)[cells],
        np.eye(len(pairs.CLUSTER_FEATURES) + 1, dtype=np.float32)[every.kind][:, :-1],
        pairs.role_table()[stream.role[every.earlier], stream.role[every.later]],
        places,
        np.ones((len(truth), 1), dtype=np.float32),
    ]
    return np.concatenate(parts, axis=1), truth


def _newton(features: Columns, truth: Flags, ridge: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ridge logistic regression by Newton's method; columns that never occur keep the weight 0."""
    used = features.any(axis=0)
    x, y, penalty = features[:, used], truth.astype(np.float32), ridge[used]
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights.astype(np.float32), -30, 30)))
        gradient = x.T @ (y - chance) - penalty * weights
        spread = (chance * (1 - chance))[:, None]
        hessian = (x.T @ (x * spread)).astype(np.float64) + np.diag(penalty)
        weights += np.linalg.solve(hessian, gradient)
    full = np.zeros(features.shape[1])
    full[used] = weights
    return full


if __name__ == "__main__":
    main()
