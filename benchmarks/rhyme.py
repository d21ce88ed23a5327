"""How fast the engine hears, beside RhymeTagger on the same lines in the same run.

Prints seconds per 1,000 lines of `rap rhymes --jsonl` less its start-up (all cores), of the engine on one core, and of
RhymeTagger 1.0 on one core, with the ratios; then the start-up of `rap rhymes` and the memory of one process.
RhymeTagger (`pip install rhymetagger`, `apt install espeak-ng`) is wanted here only; without it its line is left out.
The lines are the demo songs', cut into sections of 20.

usage: rhyme.py [--lines 4000] [--peer-lines 400] [--rounds 5]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import resource
import shutil
import subprocess
import time
from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING, TypeVar

from rap_analyzer.analyzers.rhymes import all_rhymes_json
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.simulators.corpus import load_corpus

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECTION = 20
BATCH = 16
THOUSAND = 1000
BAR = 0.08
"""Seconds per 1,000 lines that are wanted."""


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lines", type=int, default=4000)
    options.add_argument("--peer-lines", type=int, default=400)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    lines = demo_lines(chosen.lines)
    whole, start = _command(lines, chosen.rounds)
    alone, peer = _side_by_side(lines, lines[: chosen.peer_lines], chosen.rounds)
    print(f"rap rhymes --jsonl, all cores  {whole:7.3f} s per 1,000 lines, {len(lines):,} of them, none heard before")
    print(f"the engine on one core         {alone:7.3f} s per 1,000 lines (wanted: {BAR})")
    if peer:
        print(f"RhymeTagger on one core        {peer:7.3f} s per 1,000 lines: {peer / alone:.0f} times the engine's")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"start-up of rap rhymes         {start:7.2f} s; a process takes {memory / 1024:.0f} MB at most")


def demo_lines(count: int) -> list[str]:
    """So many bars of the demo's songs in English."""
    songs = (s.lyrics for s in load_corpus().written.values() if s.language == "en" and s.kind == "song")
    bars = [bar.text for song in songs for bar in parse(song).bars if bar.sung]
    return list(islice(cycle(bars), count))


def _sections(lines: list[str]) -> list[str]:
    return ["\n".join(lines[at : at + SECTION]) for at in range(0, len(lines), SECTION)]


def _command(lines: list[str], rounds: int) -> tuple[float, float]:
    """Seconds per 1,000 lines less the start-up, and the start-up: the best of several, taken in turns."""
    records = [json.dumps({"id": n, "lyrics": text}) for n, text in enumerate(_sections(lines))]
    both = [(_run(records[:1]), _run(records)) for _ in range(rounds)]
    start, whole = (min(column) for column in zip(*both, strict=True))
    return (whole - start) / len(lines) * THOUSAND, start


def _run(records: list[str]) -> float:
    began = time.perf_counter()
    command = shutil.which("rap") or "rap"
    subprocess.run([command, "rhymes", "--jsonl"], input="\n".join(records), text=True, capture_output=True, check=True)
    return time.perf_counter() - began


def _side_by_side(lines: list[str], peer_lines: list[str], rounds: int) -> tuple[float, float]:
    """Seconds per 1,000 lines of the engine and of RhymeTagger (0 where it is not installed), in turns.

    Of each piece the best of the rounds counts, so that other work on the machine tells least.
    """
    songs = list(enumerate(_sections(lines)))
    batches = [songs[at : at + BATCH] for at in range(0, len(songs), BATCH)]
    tag, theirs = _peer(), [section.split("\n") for section in _sections(peer_lines)]
    ours_taken, theirs_taken = [], []
    for _ in range(rounds):
        ours_taken.append([_seconds(all_rhymes_json, batch) for batch in batches])
        if tag:
            with contextlib.redirect_stdout(io.StringIO()):
                theirs_taken.append([_seconds(tag, section) for section in theirs])
    return _best(ours_taken) / len(lines) * THOUSAND, _best(theirs_taken) / len(peer_lines) * THOUSAND


def _best(runs: list[list[float]]) -> float:
    best: list[float] = list(map(min, zip(*runs, strict=True)))
    return sum(best)


def _seconds(work: Callable[[T], object], piece: T) -> float:
    began = time.perf_counter()
    work(piece)
    return time.perf_counter() - began


def _peer() -> Callable[[list[str]], object] | None:
    if not (importlib.util.find_spec("rhymetagger") and shutil.which("espeak-ng")):
        return None
    import nltk
    from rhymetagger import RhymeTagger

    # Its tokenizer would first split sentences by a model that must be downloaded; a line of lyrics is one.
    nltk.tokenize.word_tokenize = partial(nltk.tokenize.word_tokenize, preserve_line=True)
    with contextlib.redirect_stdout(io.StringIO()):
        tagger = RhymeTagger()
        tagger.load_model(model="en")
    return partial(tagger.tag, output_format=3)


if __name__ == "__main__":
    main()
