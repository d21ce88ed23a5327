"""How long a passage should be, and whether its song's title should stand over it.

Ranks the songs of the demo corpus for each question of questions.json by their best passage alone, without the store,
for several lengths of passages, and prints the mean reciprocal rank and the share of right first hits.

usage: passage_windows.py     with the model's files in the settings' data folder (`rap models fetch`)
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.adapters.embedder import MAX_BARS, MiniLmEmbedder
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.simulators.corpus import DemoSong, load_corpus
from rap_analyzer.wiring import load_settings, model_files
from search_quality import load_questions

if TYPE_CHECKING:
    import numpy.typing as npt

    from rap_analyzer.ports.machinery import Vectors
    from search_quality import Question

WHOLE_SECTIONS = 10_000
LENGTHS = (WHOLE_SECTIONS, 16, MAX_BARS, 4, 2)


def main() -> None:
    """Print a line for each length, without the title and with it."""
    settings = load_settings()
    embedder = MiniLmEmbedder(model_files(settings), settings.embedding_precision)
    questions = load_questions()
    asked = asyncio.run(embedder.embed([question.text for question in questions]))
    songs = [song for song in load_corpus().written.values() if song.kind == "song"]
    for bars in LENGTHS:
        name = "whole sections" if bars == WHOLE_SECTIONS else f"at most {bars} bars"
        for titled in (False, True):
            passages = [(song.id, text) for song in songs for text in _passages(song, bars, titled=titled)]
            vectors = asyncio.run(embedder.embed([text for _, text in passages]))
            ranks = _ranks(asked @ vectors.T, [str(number) for number, _ in passages], questions)
            told = f"mean reciprocal rank {np.mean(1 / ranks):.3f}, first hit right {np.mean(ranks == 1):.3f}"
            print(f"{name:<16} {'under the title' if titled else 'alone':<16} {len(passages):>5} passages: {told}")


def _passages(song: DemoSong, bars: int, *, titled: bool) -> list[str]:
    """Even windows of a song's sections, as the embedder cuts them, without its limit on word pieces."""
    windows: list[str] = []
    for section in parse(song.lyrics).sections:
        lines = [bar.text for bar in section.bars if bar.words]
        if lines:
            size = -(-len(lines) // -(-len(lines) // bars))
            windows += ["\n".join(lines[start : start + size]) for start in range(0, len(lines), size)]
    return [f"{song.title}\n{window}" if titled else window for window in windows]


def _ranks(similarities: Vectors, owners: list[str], questions: list[Question]) -> npt.NDArray[np.int64]:
    """The rank of the best right song for each question."""
    ranks = []
    for question, row in zip(questions, similarities.tolist(), strict=True):
        best: dict[str, float] = {}
        for owner, similarity in zip(owners, row, strict=True):
            best[owner] = max(best.get(owner, -1.0), similarity)
        order = sorted(best, key=lambda owner: -best[owner])
        ranks.append(1 + min(order.index(answer) for answer in question.answers))
    return np.array(ranks)


if __name__ == "__main__":
    main()
