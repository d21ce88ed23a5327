"""Gives the engine texts that no one would write, and sees that it answers each.

Letters of all scripts, marks, emoji, control characters, brackets and digits, alone and among English words; every text
goes through parsing, the rhyme engine and all measures.

usage: random_text.py [--count 200000] [--seed 0]
"""

from __future__ import annotations

import argparse
import math
import random
import time
from typing import Any

from rap_analyzer.analyzers.algorithmic import score
from rap_analyzer.analyzers.rhymes import rhymes_json
from rap_analyzer.domain.analysis import AnalysisInput

SPOKEN = "paper chaser the later on a a's don't 24/7 $100 (yeah) [Hook] [Verse 1: Ada] N.Y.C. sooo f**k -- '' 9mm"
WORDS = SPOKEN.split()
PLANES = ((0, 0x7F), (0x80, 0x24F), (0x250, 0x1FFF), (0x2000, 0x2BFF), (0x3000, 0xFFFF), (0x1F000, 0x1FAFF))
SEPARATORS = (" ", "\n", "\t", "\u2028", "\x00", "\u200f", "\r\n", "-", "'")
LONGEST = 40
"""Pieces of a text."""


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    slowest = (0.0, "")
    for number in range(chosen.count):
        text = random_text(chance)
        began = time.perf_counter()
        check(text)
        slowest = max(slowest, (time.perf_counter() - began, text))
        if number % 10_000 == 0:
            print(f"{number:,} texts, slowest {slowest[0] * 1000:.0f} ms", flush=True)
    print(f"{chosen.count:,} texts answered, slowest {slowest[0] * 1000:.0f} ms: {slowest[1][:80]!r}")


def random_text(chance: random.Random) -> str:
    """A text of up to `LONGEST` pieces."""
    pieces = (_piece(chance) + chance.choice(SEPARATORS) for _ in range(chance.randrange(LONGEST)))
    return "".join(pieces)


def _piece(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(WORDS)
    low, high = chance.choice(PLANES)
    return "".join(chr(chance.randint(low, high)) for _ in range(chance.randrange(1, 8)))


def check(text: str) -> None:
    """Raises where an answer is not sound."""
    answer = rhymes_json(text)
    density = answer["metrics"]["rhyme_density"]
    if not 0 <= density <= 1:
        raise ValueError(f"density {density} of {text!r}")
    names = {chain["id"] for chain in answer["chains"]}
    for bar in answer["bars"]:
        for word in bar["words"]:
            for syllable in word["syllables"]:
                if any(link["id"] not in names for link in syllable["chains"]):
                    raise ValueError(f"a chain that is none in {text!r}")
    measures = score(AnalysisInput(text)).measures or {}
    if any(not math.isfinite(value) for value in _numbers(measures)):
        raise ValueError(f"a figure that is none in {text!r}")


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for inner in value.values() for number in _numbers(inner)]
    if isinstance(value, list | tuple):
        return [number for inner in value for number in _numbers(inner)]
    return [float(value)] if isinstance(value, int | float) else []


if __name__ == "__main__":
    main()
