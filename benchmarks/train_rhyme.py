"""Learns `rap_analyzer/domain/rhyme_weights.json` from annotated rap.

Reads the development half of MCFlow from a git directory (it is not ours to ship; only the learned numbers are) and
fits two logistic regressions with a ridge: pairs of syllables alone, then with what stands beside them.

usage: train_rhyme.py --gold rhyme_gold.py --repo GIT_DIR [--out FILE] [--leave-out FOLD]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain import rhyme_pairs as pairs
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme_stream import Stream, listen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

FOLDS = 5
JOINS = (1, 2)
NEGATIVES = 0.2
"""Share of the pairs that do not rhyme that is learned from; the bias makes up for it."""
RIDGE = 3.0
NUCLEUS_RIDGE = 2.0
STEPS = 12

Columns = npt.NDArray[np.float32]
Song = tuple[str, Stream, npt.NDArray[np.bool_]]


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--gold", required=True, type=Path, help="the scoring script, which reads the gold")
    options.add_argument("--repo", required=True, help="git directory of MCFlow")
    options.add_argument("--out", type=Path, default=Path(pairs.__file__).with_name("rhyme_weights.json"))
    options.add_argument("--leave-out", type=int, help="fold of artists (0 to 4) to keep for a test")
    chosen = options.parse_args()
    songs = [song for song in _songs(_scorer(chosen.gold), chosen.repo) if fold_of(song[0]) != chosen.leave_out]
    chosen.out.write_text(json.dumps(train(songs), ensure_ascii=False), encoding="utf-8")


def fold_of(artist: str) -> int:
    """The artist's fold, from its letters."""
    return sum(map(ord, artist)) % FOLDS


def train(songs: list[Song]) -> dict[str, Any]:
    """Weights of both passes, ready for JSON."""
    nuclei = sorted({name for _, stream, _ in songs for name in stream.nuclei})
    first = _fit(songs, nuclei, None)
    loaded = pairs._weights(first)  # noqa: SLF001 - the reader of what is written here
    return {"first": first, "second": _fit(songs, nuclei, loaded)}


def _scorer(path: Path) -> ModuleType:
    """The scoring script as a module, changed to keep the classes of each syllable."""
    source = path.read_text(encoding="utf-8")
    source = source.replace('"classes": set(), "syllables"', '"of": [], "classes": set(), "syllables"')
    source = source.replace('w["text"] += text', 'w["of"].append(classes); w["text"] += text')
    spec = importlib.util.spec_from_loader("rhyme_gold", loader=None)
    module = importlib.util.module_from_spec(spec) if spec else sys.exit("no module")
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - our own scoring script
    return module


def _songs(scorer: ModuleType, repo: str) -> Iterator[Song]:
    """Artist, stream, and for each pair in the window whether it rhymes, for each section.

    Each section comes twice: one phrase a bar, and two, because one person's bar is another's two lines.
    """
    for name, _, whole in scorer.mcflow_sections(repo, 0):
        for join in JOINS:
            phrases = scorer.lines_of(whole, join)
            yield from _song(name, phrases)


def _song(name: str, phrases: list[list[dict[str, Any]]]) -> Iterator[Song]:
    stream = listen(parse("\n".join(" ".join(word["text"] for word in phrase) for phrase in phrases)))
    if len(stream) > 1:
        yield name.split("_", maxsplit=1)[0], stream, _rhymes(stream, _classes(stream, phrases))


def _classes(stream: Stream, phrases: list[list[dict[str, Any]]]) -> list[set[str]]:
    """Each syllable's annotated classes; where the counts differ, words are aligned at their ends."""
    sizes: dict[tuple[int, int], int] = {}
    for place in stream.places:
        sizes[place.bar, place.word] = place.syllable + 1
    out = []
    for place in stream.places:
        marks = phrases[place.bar][place.word]["of"]
        at = place.syllable - sizes[place.bar, place.word] + len(marks)
        out.append(marks[at] if 0 <= at < len(marks) else set())
    return out


def _rhymes(stream: Stream, classes: list[set[str]]) -> npt.NDArray[np.bool_]:
    band = pairs.band_of(len(stream))
    answer = np.zeros(band.partner.shape, dtype=bool)
    for i, mine in enumerate(classes):
        if mine:
            for d in range(1, min(pairs.WINDOW, len(classes) - 1 - i) + 1):
                answer[i, d - 1] = bool(mine & classes[i + d])
    return answer


def _fit(songs: list[Song], nuclei: list[str], first: pairs.Weights | None) -> dict[str, Any]:
    rows = {name: row for row, name in enumerate(nuclei)}
    sampled = [_sample(stream, truth, rows, first, seed) for seed, (_, stream, truth) in enumerate(songs)]
    features, truth = (np.concatenate(part) for part in zip(*sampled, strict=True))
    count = len(nuclei)
    ridge = np.full(features.shape[1], RIDGE)
    ridge[: count * count] = NUCLEUS_RIDGE
    weights = _newton(features, truth, ridge)
    return _named(nuclei, weights, has_context=first is not None)


def _sample(
    stream: Stream, truth: npt.NDArray[np.bool_], rows: dict[str, int], first: pairs.Weights | None, seed: int
) -> tuple[Columns, npt.NDArray[np.bool_]]:
    band = pairs.band_of(len(stream))
    chance = np.random.default_rng(seed).random(truth.shape) < NEGATIVES
    keep = band.valid & ~pairs.same_word(stream, band) & (truth | chance)
    vowels = pairs.nucleus_codes(stream, rows)
    low = np.minimum(vowels[:, None], vowels[band.partner])[keep]
    high = np.maximum(vowels[:, None], vowels[band.partner])[keep]
    kinds = pairs.cluster_kinds(stream.clusters)[stream.follow[:, None], stream.follow[band.partner]][keep]
    parts = [
        np.eye(len(rows) ** 2, dtype=np.float32)[low * len(rows) + high],
        np.eye(len(pairs.CLUSTER_FEATURES) + 1, dtype=np.float32)[kinds][:, :-1],
        pairs.role_table()[stream.role[:, None], stream.role[band.partner]][keep],
        _columns(pairs.place_columns(stream, band), keep),
    ]
    if first is not None:
        scores = np.maximum(pairs.base_scores(stream, band, first), pairs.FLOOR)
        scores[~band.valid] = pairs.FLOOR
        parts.append(_columns(pairs.context_columns(band, scores), keep))
    parts.append(np.ones((int(keep.sum()), 1), dtype=np.float32))
    return np.concatenate(parts, axis=1), truth[keep]


def _columns(columns: list[Any], keep: npt.NDArray[np.bool_]) -> Columns:
    return np.stack([np.broadcast_to(c, keep.shape)[keep].astype(np.float32) for c in columns], axis=1)


def _newton(features: Columns, truth: npt.NDArray[np.bool_], ridge: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
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


def _named(nuclei: list[str], weights: npt.NDArray[np.float64], *, has_context: bool) -> dict[str, Any]:
    count = len(nuclei)
    square = weights[: count * count].reshape(count, count)
    sizes = [len(pairs.CLUSTER_FEATURES), len(pairs.ROLE_FEATURES), len(pairs.PLACE_FEATURES)]
    sizes.append(len(pairs.CONTEXT_FEATURES) if has_context else 0)
    vectors = np.split(weights[count * count : -1], np.cumsum(sizes)[:-1])
    named = dict(zip(("cluster", "role", "place", "context"), (v.round(3).tolist() for v in vectors), strict=True))
    both = np.triu(square, 1) + np.triu(square, 1).T + np.diag(np.diag(square))
    return {
        "nuclei": nuclei,
        "nucleus": both.round(3).tolist(),
        "bias": round(float(weights[-1]) + float(np.log(NEGATIVES)), 3),
        **named,
    }


if __name__ == "__main__":
    main()
