"""How a word that no dictionary has is read: by what its letters stand for in words that one has.

A small convolutional network looks at each letter with its neighbours (up to nine on either side) and at what the two
letters before stood for, and weighs which phones it stands for: none, one or two. It was learned from the dictionary by
`benchmarks/train_letter_to_sound.py`, and is a file of numbers; `docs/explanation/pronunciation.md` says how well it
reads words that it has not seen.
"""

from __future__ import annotations

import importlib.resources
import math
import re
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

LAYERS = ((-3, -2, -1, 0, 1, 2, 3), (-2, -1, 0, 1, 2), (-4, -2, 0, 2, 4), (0,), (0,))
"""Where each layer looks, in letters from its own; the last but one also hears the sounds of the two letters before."""
MAX_LETTERS = 40
"""A longer run of letters is noise; only so much of it is read."""
NO_LETTER = re.compile("[^a-z]")
MAIN = "ˈ"


class Numbers(NamedTuple):
    """The learned network.

    Attributes:
        letters: a vector for each letter, a to z.
        weights: one matrix a layer.
        biases: one vector a layer.
        before: for each of the two letters before, a vector for each sound it can stand for, and one for no letter.
        sounds: what a letter can stand for: phones, or none; those with main stress come last.
        weak: how many of the sounds are without main stress.
    """

    letters: Floats
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    before: tuple[Floats, Floats]
    sounds: tuple[str, ...]
    weak: int


def sound_out(word: str) -> str:
    """Phones for a word of the letters a to z in lower case; other characters are passed over.

    Exactly one vowel has main stress, so every word with a letter has a syllable; without letters there are no phones.
    """
    letters = NO_LETTER.sub("", word)[:MAX_LETTERS]
    if not letters:
        return ""
    numbers = read_numbers()
    heard = _heard(numbers, letters)
    return "".join(numbers.sounds[k] for k in _at_sight(numbers, heard) or _weighed(numbers, heard))


@cache
def read_numbers() -> Numbers:
    """The network, read once."""
    with (importlib.resources.files("rap_analyzer.domain") / "letter_to_sound.npz").open("rb") as file:
        held = dict(np.load(file))
    sounds = list(map(str, held["sounds"]))
    order = sorted(range(len(sounds)), key=lambda k: MAIN in sounds[k])
    *weights, last = (held[f"weight{k}"] * held[f"scale_weight{k}"] for k in range(len(LAYERS)))
    *biases, last_bias = (held[f"bias{k}"] for k in range(len(LAYERS)))
    rows = [*order, len(sounds)]
    return Numbers(
        held["letters"],
        (*weights, np.ascontiguousarray(last[:, order])),
        (*biases, last_bias[order]),
        ((held["before0"] * held["scale_before0"])[rows], (held["before1"] * held["scale_before1"])[rows]),
        tuple(sounds[k] for k in order),
        sum(MAIN not in sound for sound in sounds),
    )


def codes_of(letters: str) -> npt.NDArray[np.int64]:
    """Numbers of the letters, a is 0."""
    return np.frombuffer(letters.encode("ascii"), np.uint8).astype(np.int64) - ord("a")


def windows(rows: Floats, offsets: tuple[int, ...]) -> Floats:
    """Each letter's row beside those at the offsets from it (last axis but one); zeros beyond the word."""
    reach, length = max(offsets), rows.shape[-2]
    edge = np.zeros((*rows.shape[:-2], reach, rows.shape[-1]), np.float32)
    padded = np.concatenate([edge, rows, edge], axis=-2)
    return np.concatenate([padded[..., reach + k : reach + k + length, :] for k in offsets], axis=-1)


def _heard(numbers: Numbers, letters: str) -> Floats:
    """What the network makes of each letter and its neighbours, up to the layer that hears the sounds before."""
    here = numbers.letters[codes_of(letters)]
    *hidden, mixed, _ = range(len(LAYERS))
    for layer in hidden:
        added = np.maximum(windows(here, LAYERS[layer]) @ numbers.weights[layer] + numbers.biases[layer], 0)
        here = here + added if layer else added
    return here @ numbers.weights[mixed] + numbers.biases[mixed]


def _at_sight(numbers: Numbers, heard: Floats) -> list[int]:
    """The likeliest sound of each letter after those before it; empty if none of them takes the main stress."""
    weights, biases, (last, last_but_one) = numbers.weights[-1], numbers.biases[-1], numbers.before
    earlier = before = len(numbers.sounds)
    chosen, open_sounds = [], len(numbers.sounds)
    for row in heard:
        scores = np.maximum(row + last[before] + last_but_one[earlier], 0) @ weights + biases
        earlier, before = before, int(scores[:open_sounds].argmax())
        chosen.append(before)
        if before >= numbers.weak:
            open_sounds = numbers.weak
    return chosen if open_sounds == numbers.weak else []


def _weighed(numbers: Numbers, heard: Floats) -> list[int]:
    """The sounds of the letters by weighing two ways of each beginning: without main stress so far, and with it.

    Of the ways to have placed the stress by now only the likeliest goes on; at the end it is the answer.
    """
    weights, biases, (last, last_but_one) = numbers.weights[-1], numbers.biases[-1], numbers.before
    none, weak = len(numbers.sounds), numbers.weak
    ways, likely = ([none, none], [none, none]), (0.0, -math.inf)
    for row in heard:
        mixed = row + last.take((ways[0][-1], ways[1][-1]), 0) + last_but_one.take((ways[0][-2], ways[1][-2]), 0)
        scores = np.maximum(mixed, 0) @ weights + biases
        total = np.log(np.exp(scores).sum(1)).tolist()
        without, with_it = scores
        begin, go_on = int(without[:weak].argmax()), int(with_it[:weak].argmax())
        main = weak + int(without[weak:].argmax())
        placed = likely[0] + float(without[main]) - total[0]
        kept = likely[1] + float(with_it[go_on]) - total[1]
        likely = likely[0] + float(without[begin]) - total[0], max(placed, kept)
        ways = [*ways[0], begin], [*ways[0], main] if placed >= kept else [*ways[1], go_on]
    return ways[1][2:]
