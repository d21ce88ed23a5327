"""Our MiniLM on onnxruntime beside sentence-transformers on torch: the same weights, texts and number of threads.

Two sets of texts: the distinct passages of the demo corpus as they are embedded (title and passage), and texts of bars
joined until they fill all that the model reads (256 word pieces). The contestants take turns; medians count.

usage: embedding.py --peer-python PYTHON --peer-model FOLDER [--rounds N]
  PYTHON is an interpreter that has sentence-transformers, FOLDER the same model as it reads it; our own model's files
  are those of the settings' data folder (`rap models fetch`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from materials import alternate
from rap_analyzer.adapters.embedder import MAX_TOKENS, MiniLmEmbedder
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.wiring import load_settings, model_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rap_analyzer.ports.machinery import Vectors

THREADS = 2
WARM_UP = 32
FULL_TEXTS = 160
NEIGHBOURS = 10
BARS_AT_LEAST = 12


class Ours:
    """One of our embedders, timed."""

    def __init__(self, precision: str) -> None:
        self._embedder = MiniLmEmbedder(model_files(load_settings()), precision)

    def seconds(self, texts: Sequence[str]) -> float:
        """Seconds to embed them."""
        began = time.perf_counter()
        self.vectors(texts)
        return time.perf_counter() - began

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Their vectors."""
        return asyncio.run(self._embedder.embed(texts))


class Peer:
    """sentence-transformers in its own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def seconds(self, texts: Sequence[str]) -> float:
        """Seconds to embed them."""
        return float(self._ask(texts)["seconds"])

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Their vectors."""
        answer = self._ask(texts)
        assert answer["reads"] == MAX_TOKENS, f"the peer reads {answer['reads']} word pieces"
        vectors: Vectors = np.load(answer["vectors"])
        return vectors

    def _ask(self, texts: Sequence[str]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(texts)) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peer-python", required=True)
    options.add_argument("--peer-model", required=True)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])  # the peer inherits it
    fp32, int8 = Ours("fp32"), Ours("int8")
    passages, full = demo_passages(), full_texts()
    with peer_running(chosen.peer_python, chosen.peer_model) as peer:
        print(f"{THREADS} threads, medians of {chosen.rounds}, load {os.getloadavg()[0]:.1f} before the start")
        for name, texts in (("passages", passages), (f"full ({MAX_TOKENS} word pieces)", full)):
            _compare_speed(name, texts, (peer, fp32, int8), chosen.rounds)
        theirs, mine, small = peer.vectors(passages), fp32.vectors(passages), int8.vectors(passages)
    print(f"cosine of fp32 and the peer, least of {len(passages)}: {(theirs * mine).sum(axis=1).min():.6f} (bar: .999)")
    print(f"recall@{NEIGHBOURS} of int8 against fp32: {recall(mine, small):.3f} (bar: .97)")
    print(f"load at the end: {os.getloadavg()[0]:.1f}")


def demo_passages() -> list[str]:
    """The distinct texts that the embedding step makes of the demo corpus."""
    embedder = MiniLmEmbedder(model_files(load_settings()))
    songs = [song for song in load_corpus().written.values() if song.kind == "song"]
    texts = [f"{song.title}\n{passage.text}" for song in songs for passage in embedder.split(song.lyrics)]
    return list(dict.fromkeys(texts))


def full_texts() -> list[str]:
    """Texts of consecutive bars that have at least as many word pieces as the model reads."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model_files(load_settings()).tokenizer))
    tokenizer.no_truncation()
    songs = [song for song in load_corpus().written.values() if song.kind == "song"]
    bars = [bar for song in songs for bar in song.lyrics.splitlines() if bar and not bar.startswith("[")]
    texts = []
    for start in range(0, len(bars), max(1, len(bars) // FULL_TEXTS)):
        end = start + BARS_AT_LEAST
        while len(tokenizer.encode("\n".join(bars[start:end])).ids) < MAX_TOKENS and end < len(bars):
            end += 1
        texts.append("\n".join(bars[start:end]))
    return [text for text in texts if len(tokenizer.encode(text).ids) >= MAX_TOKENS]


def recall(exact: Vectors, other: Vectors) -> float:
    """Mean share of each text's nearest NEIGHBOURS among the others that are its nearest by the other vectors too."""
    shared = [len(set(a) & set(b)) for a, b in zip(_nearest(exact), _nearest(other), strict=True)]
    return sum(shared) / (NEIGHBOURS * len(shared))


def _nearest(vectors: Vectors) -> list[list[int]]:
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -1.0)
    nearest: list[list[int]] = np.argsort(-similarities, axis=1)[:, :NEIGHBOURS].tolist()
    return nearest


def _compare_speed(name: str, texts: Sequence[str], contestants: Sequence[Ours | Peer], rounds: int) -> None:
    for contestant in contestants:
        contestant.seconds(texts[:WARM_UP])
    theirs, fp32, int8 = alternate(rounds, [lambda c=c: c.seconds(texts) for c in contestants])  # type: ignore[misc]
    rates = ", ".join(
        f"{who} {len(texts) / taken:.0f}/s" for who, taken in (("peer", theirs), ("fp32", fp32), ("int8", int8))
    )
    print(f"{name}, {len(texts)} texts: {rates}; fp32 {theirs / fp32:.2f} times the peer (bar: 1.2), "
          f"int8 {theirs / int8:.2f} times (bar: 2.2)", flush=True)  # fmt: skip


@contextmanager
def peer_running(python: str, model: str) -> Iterator[Peer]:
    """The peer's process, ended with the block."""
    command = [python, str(Path(__file__).with_name("embedding_peer.py")), model]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = str(THREADS)  # torch's threads
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()


if __name__ == "__main__":
    main()
