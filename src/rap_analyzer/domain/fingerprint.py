"""Tells whether two texts have the same words, however they are spelled, cut into sections, or edited a little."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

FINGERPRINT_VERSION = "1"
"""Changes whenever anything below makes other fingerprints."""
SHINGLE = 5
"""Words of a shingle (Broder 1997). Two songs share few runs of five words unless one has them from the other."""
BANDS, ROWS = 24, 3
"""Texts of similarity s agree in a band with probability 1 - (1 - s^3)^24: .96 at .5, .997 at .6, .02 at .1."""
LEAST_SIMILARITY = 0.5
"""From here on two texts are one song. An edit of every fourteenth word makes .5, a shared hook or verse .1 to .2."""
SHORTEST = 20
"""Words. Shorter texts are the same only when all of their words are."""

ASIDES = re.compile(r"\[[^\]\n]*\]|\([^)\n]*\)|（[^）\n]*）")
WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
"""A word is a run of letters and digits; scripts that are written without spaces have a word a sign."""
APOSTROPHES = re.compile(r"['’‘ʼ`´]")
SPACES = {code: " " for code in range(128) if not chr(code).isalnum()}
MARKS = re.compile(r"[\u0300-\u036f\u3099\u309a]")
FIRST_FACTOR, SECOND_FACTOR = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
PLACES = np.array([pow(0x9E3779B97F4A7C15, place + 1, 2**64) for place in range(SHINGLE)], np.uint64)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a store keeps of a text, to find others like it.

    Attributes:
        wording: a number for its words in their order, the same for the same words; None where there is no word.
        words: how many words it has.
        bands: keys, one of which at least is shared by texts that are alike; none for a short text.
    """

    wording: int | None
    words: int
    bands: tuple[int, ...]


def words_of(lyrics: str) -> list[str]:
    """The words of a song: lower case, without accents and apostrophes; headers, notes and ad-libs are left out."""
    text = APOSTROPHES.sub("", ASIDES.sub(" ", lyrics))
    if not text.isascii():
        text = MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    text = text.lower()
    return text.translate(SPACES).split() if text.isascii() else WORDS.findall(text)


def fingerprint(lyrics: str) -> Fingerprint:
    """The fingerprint of a song: MinHash (Broder 1997) of its shingles, in bands (Leskovec et al. 2014, 3.4)."""
    words = words_of(lyrics)
    if not words:
        return Fingerprint(None, 0, ())
    bands = _bands(_shingles(words)) if len(words) >= SHORTEST else ()
    return Fingerprint(_number(" ".join(words)), len(words), bands)


def similarity(one: str, other: str) -> float:
    """How alike two songs are in their words, from 0 to 1: the Jaccard index of their shingles (1 is the same words).

    A text of fewer than 20 words is like another only when all of their words are the same; one without words is like
    none.
    """
    mine, theirs = words_of(one), words_of(other)
    if min(len(mine), len(theirs)) < SHORTEST:
        return float(bool(mine) and mine == theirs)
    first, second = _shingles(mine), _shingles(theirs)
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)


def _shingles(words: Sequence[str]) -> Hashes:
    """A number for each run of five words, each run once; there are five words at least."""
    hashes = np.fromiter(map(_hash, words), np.uint64, len(words))
    runs = np.zeros(len(hashes) - SHINGLE + 1, np.uint64)
    for place, factor in enumerate(PLACES):
        runs += hashes[place : place + len(runs)] * factor
    return np.unique(_mixed(runs))


def _bands(shingles: Hashes) -> tuple[int, ...]:
    # Shingles look random already, so that multiplying by an odd number orders them anew (Dietzfelbinger et al. 1997).
    smallest = (_factors()[:, np.newaxis] * shingles).min(axis=1).reshape(BANDS, ROWS)
    keys = _mixed((smallest * PLACES[:ROWS]).sum(axis=1, dtype=np.uint64) + np.arange(BANDS, dtype=np.uint64))
    return tuple(keys.view(np.int64).tolist())


@lru_cache(maxsize=1)
def _factors() -> Hashes:
    return np.array([_hash(f"factor {n}") | 1 for n in range(BANDS * ROWS)], np.uint64)


def _mixed(numbers: Hashes) -> Hashes:
    """Each number made into one that looks random (the finalizer of MurmurHash3, Appleby 2011)."""
    numbers = (numbers ^ (numbers >> np.uint64(33))) * FIRST_FACTOR
    numbers = (numbers ^ (numbers >> np.uint64(33))) * SECOND_FACTOR
    return numbers ^ (numbers >> np.uint64(33))


@lru_cache(maxsize=65536)
def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def _number(text: str) -> int:
    """As PostgreSQL's bigint holds it."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)
