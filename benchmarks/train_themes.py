"""Makes `rap_analyzer/domain/theme_prototypes.npz` from the sentences in `theme_prototypes.py`, with its manifest.

The sentences are embedded; what all rap shares is taken from the passages of the demo corpus, embedded as `rap embed`
does, under their titles; slope and offset are fitted by maximum likelihood to the half of `tests/data/theme_bars.tsv`
that is for picking. The same sentences, songs and model give the same file, byte for byte.

usage: train_themes.py [--out FILE]     MiniLM's files must be there (`rap models fetch`)
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.adapters.embedder import MiniLmEmbedder
from rap_analyzer.domain.theme_prototypes import PROTOTYPES
from rap_analyzer.domain.themes import SCHEMA, SHIPPED, THEMES, nearness, sentences_digest
from rap_analyzer.domain.verdict import Theme
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.wiring import load_settings, model_files

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]

BARS = Path(__file__).parents[1] / "tests" / "data" / "theme_bars.tsv"
NO_THEME = -1
STEPS = 100


class ThemeBars(NamedTuple):
    """The couplets: their words, the theme each was written to show (NO_THEME: none), and which half is for picking."""

    texts: list[str]
    meant: npt.NDArray[np.intp]
    for_picking: npt.NDArray[np.bool_]


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=SHIPPED)
    chosen = options.parse_args()
    embedder = open_embedder()
    numbers = _numbers(embedder)
    content = io.BytesIO()
    np.savez(content, **numbers)  # type: ignore[arg-type]  # numpy's stub takes the names for its options
    facts = {
        "schema": SCHEMA,
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
        "bytes": len(content.getvalue()),
        "sentences_sha256": sentences_digest(),
        "bars_sha256": hashlib.sha256(BARS.read_bytes()).hexdigest(),
        "embedding_model": embedder.model,
        "command": "python benchmarks/train_themes.py",
        "numpy": np.__version__,
    }
    chosen.out.write_bytes(content.getvalue())
    chosen.out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", "utf8")
    print(f"{chosen.out}: slope {float(numbers['slope']):.3f}, offset {float(numbers['offset']):.3f}")


def open_embedder() -> MiniLmEmbedder:
    """MiniLM, as the settings name it."""
    settings = load_settings()
    return MiniLmEmbedder(model_files(settings), settings.embedding_precision)


def load_bars() -> ThemeBars:
    """The couplets of `theme_bars.tsv`, a bar a line as in a passage."""
    with BARS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    meant = [NO_THEME if row["theme"] == Theme.OTHER else THEMES.index(Theme(row["theme"])) for row in rows]
    picking = [row["half"] == "dev" for row in rows]
    return ThemeBars([row["passage"].replace(" / ", "\n") for row in rows], np.array(meant), np.array(picking))


def demo_passages(embedder: MiniLmEmbedder) -> list[str]:
    """The passages of the English demo songs, each under its title."""
    songs = [song for song in load_corpus().written.values() if song.language == "en" and song.lyrics]
    return [f"{song.title}\n{passage.text}" for song in songs for passage in embedder.split(song.lyrics or "")]


def fitted(standing: Floats, told: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of the logistic that makes these answers likeliest (Newton's method)."""
    slope, offset = 1.0, -3.0
    for _ in range(STEPS):
        scores = 1 / (1 + np.exp(-slope * standing - offset))
        weights = scores * (1 - scores)
        gradient = np.array([((told - scores) * standing).sum(), (told - scores).sum()])
        cross = (weights * standing).sum()
        curvature = np.array([[(weights * standing**2).sum(), cross], [cross, weights.sum()]])
        step = np.linalg.solve(curvature, gradient)
        slope, offset = slope + float(step[0]), offset + float(step[1])
    return slope, offset


def _numbers(embedder: MiniLmEmbedder) -> dict[str, npt.NDArray[Any]]:
    sentences = [sentence for own in PROTOTYPES.values() for sentence in own]
    prototypes = _embedded(embedder, sentences).reshape(len(THEMES), -1, embedder.dimensions).astype(np.float16)
    usual = nearness(_embedded(embedder, demo_passages(embedder)), prototypes.astype(np.float32))
    mean, spread = usual.mean(0).astype(np.float32), usual.std(0).astype(np.float32)
    bars = load_bars()
    own = nearness(_embedded(embedder, bars.texts), prototypes.astype(np.float32))[bars.for_picking]
    told = bars.meant[bars.for_picking][:, None] == np.arange(len(THEMES))
    slope, offset = fitted((own - mean) / spread, told)
    return {
        "vectors": prototypes,
        "mean": mean,
        "spread": spread,
        "slope": np.float32(slope).reshape(()),
        "offset": np.float32(offset).reshape(()),
    }


def _embedded(embedder: MiniLmEmbedder, texts: Sequence[str]) -> Vectors:
    return asyncio.run(embedder.embed(texts))


if __name__ == "__main__":
    main()
