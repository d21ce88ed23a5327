"""Learns `rap_analyzer/domain/letter_to_sound.npz` from the pronunciation dictionary, and says how well it reads.

Each letter is aligned to the phones it stands for, none to two, by expectation maximisation; a small convolutional
network then learns to tell them from the letters around and from the sounds before. One word in ten is held out,
together with all that share its stem's first letters, so that "walked" does not tell of "walk".

usage: train_letter_to_sound.py [--out FILE] [--epochs N] [--seed N]
       train_letter_to_sound.py --evaluate
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.resources
import json
import math
import re
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain import letter_to_sound
from rap_analyzer.domain.letter_to_sound import LAYERS, codes_of, windows
from rap_analyzer.domain.phonology import PLAIN, syllabify
from rap_analyzer.domain.pronunciation import VOWELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Floats = npt.NDArray[np.float32]
Weights = dict[str, Floats]
Chunks = tuple[str, ...]

PHONE = re.compile("[ˈˌ]?.")
MOST_PHONES = 2
"""Phones of one letter at most, as in x."""
SAMPLE, ROUNDS = 15_000, 8
"""Words and passes from which the alignment is learned."""
RAREST = 25
"""A sound that fewer letters have is an accident of alignment; its words are not learned from."""
EMBEDDING, HIDDEN = 24, 128
BATCH, RATE, DROPPED, SMOOTHED = 80, 3e-3, 0.1, 0.03
COMMON_WEIGHT = 2.0
"""How much more the hand-made half of the dictionary counts than the other."""
HELD_OUT = 10
"""One group of words in so many is kept for the test."""
STEM_LETTERS = 4
ENDING = re.compile(r"(?<=..)(?:ings?|edly|ed|ers?|est|es|ly|ness|s|e|y|i)$")


class Entry(NamedTuple):
    """A word, its phones, and the part of the dictionary it stands in: common, name, or rare."""

    word: str
    phones: str
    part: str


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=Path(letter_to_sound.__file__).with_suffix(".npz"))
    options.add_argument("--epochs", type=int, default=12)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--evaluate", action="store_true", help="only score the file that ships")
    chosen = options.parse_args()
    kept, held = _split(_entries())
    if not chosen.evaluate:
        train(kept, chosen.out, chosen.epochs, np.random.default_rng(chosen.seed))
        letter_to_sound.read_numbers.cache_clear()
    report(held, letter_to_sound.sound_out)


def _entries() -> Iterator[Entry]:
    """Words of letters alone, with a stressed vowel; of heteronyms, the default."""
    data = importlib.resources.files("misaki") / "data"
    for name, part in (("us_gold.json", "common"), ("us_silver.json", "rare")):
        for word, entry in json.loads((data / name).read_bytes()).items():
            phones = entry.get("DEFAULT") if isinstance(entry, dict) else entry
            if phones and "ˈ" in phones and re.fullmatch("[A-Z]?[a-z]+", word):
                yield Entry(word.lower(), phones, part if word.islower() else "name")


def _split(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    halves: tuple[list[Entry], list[Entry]] = ([], [])
    for entry in entries:
        halves[_group(entry.word) % HELD_OUT == 0].append(entry)
    return halves


def _group(word: str) -> int:
    stem = ENDING.sub("", word)
    stem = stem[:-1] if len(stem) > STEM_LETTERS - 1 and stem[-1] == stem[-2] else stem
    return int.from_bytes(hashlib.sha256(stem[:STEM_LETTERS].encode()).digest()[:4], "big")


# --- which letter stands for which phones -----------------------------------------------------------------------------


class Aligner:
    """How likely a letter is to stand for some phones, learned from pairs of spelling and sound."""

    def __init__(self) -> None:
        self._likely: dict[tuple[str, str], float] = defaultdict(lambda: 1e-9)

    def learn(self, pairs: list[tuple[str, list[str]]]) -> None:
        """Expectation maximisation from equal chances."""
        self._likely = defaultdict(lambda: 1.0)
        for _ in range(ROUNDS):
            counts: dict[tuple[str, str], float] = defaultdict(float)
            for word, phones in pairs:
                self._count(word, phones, counts)
            totals: dict[str, float] = defaultdict(float)
            for (letter, _), count in counts.items():
                totals[letter] += count
            self._likely = defaultdict(lambda: 1e-9, {key: n / totals[key[0]] for key, n in counts.items()})

    def _count(self, word: str, phones: list[str], counts: dict[tuple[str, str], float]) -> None:
        """Adds each letter's share of each sound, over all alignments of a word."""
        before = self._table(word, phones)
        after = self._table(word[::-1], phones[::-1], mirrored=True)
        whole = before[-1][-1]
        if whole <= 0:
            return
        for at, letter in enumerate(word):
            for begin in range(len(phones) + 1):
                for end in range(begin, min(begin + MOST_PHONES, len(phones)) + 1):
                    sound = "".join(phones[begin:end])
                    rest = after[len(word) - at - 1][len(phones) - end]
                    share = before[at][begin] * self._likely[letter, sound] * rest / whole
                    if share:
                        counts[letter, sound] += share

    def _table(self, word: str, phones: list[str], *, mirrored: bool = False) -> list[list[float]]:
        """Summed chance that the first letters stand for the first phones."""
        table = [[0.0] * (len(phones) + 1) for _ in range(len(word) + 1)]
        table[0][0] = 1.0
        for at, letter in enumerate(word):
            for begin, chance in enumerate(table[at]):
                for end in range(begin, min(begin + MOST_PHONES, len(phones)) + 1) if chance else ():
                    chunk = phones[begin:end][::-1] if mirrored else phones[begin:end]
                    table[at + 1][end] += chance * self._likely[letter, "".join(chunk)]
        return table

    def align(self, word: str, phones: list[str]) -> list[int] | None:
        """How many phones each letter takes, the likeliest way; None when there are too many phones."""
        best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
        for letter in word:
            row: dict[int, tuple[float, int]] = {}
            for begin, (score, _) in best[-1].items():
                for taken in range(min(MOST_PHONES, len(phones) - begin) + 1):
                    chance = self._likely.get((letter, "".join(phones[begin : begin + taken])), 1e-9)
                    found = (score + math.log(chance + 1e-12), taken)
                    row[begin + taken] = max(row.get(begin + taken, (-math.inf, 0)), found)
            best.append(row)
        at, counts = len(phones), []
        for row in reversed(best[1:]):
            if at not in row:
                return None
            counts.append(row[at][1])
            at -= counts[-1]
        return counts[::-1]


def aligned(entries: list[Entry], rng: np.random.Generator) -> list[tuple[Entry, Chunks]]:
    """Each word with the sound of each of its letters, stress marks with their vowels."""
    pairs = [(entry.word, PHONE.findall(entry.phones.replace("ˈ", "").replace("ˌ", ""))) for entry in entries]
    aligner = Aligner()
    aligner.learn([pairs[k] for k in rng.choice(len(pairs), min(SAMPLE, len(pairs)), replace=False)])
    out = []
    for entry, (word, phones) in zip(entries, pairs, strict=True):
        if counts := aligner.align(word, phones):
            marked, at, chunks = PHONE.findall(entry.phones), 0, []
            for count in counts:
                chunks.append("".join(marked[at : at + count]))
                at += count
            out.append((entry, tuple(chunks)))
    counted = Counter(chunk for _, chunks in out for chunk in chunks)
    return [(entry, chunks) for entry, chunks in out if min(counted[chunk] for chunk in chunks) >= RAREST]


# --- the network ------------------------------------------------------------------------------------------------------


BEFORE = ("before0", "before1")
"""Vectors for what the last letter and the last but one stood for."""


class Batch(NamedTuple):
    """Words of one length: letters, sounds, and how much each word counts."""

    letters: npt.NDArray[np.int64]
    sounds: npt.NDArray[np.int64]
    weight: Floats


def train(entries: list[Entry], out: Path, epochs: int, rng: np.random.Generator) -> None:
    """Fits the network and writes it, rounded to bytes."""
    words = aligned(entries, rng)
    sounds = sorted({chunk for _, chunks in words for chunk in chunks})
    print(f"{len(entries)} words, {len(words)} aligned, {len(sounds)} sounds")
    weights = _begin(len(sounds), rng)
    adam = Adam(weights)
    steps = epochs * sum(1 for _ in _batches(words, sounds, rng))
    step = 0
    for epoch in range(epochs):
        started, loss = time.perf_counter(), []
        for batch in _batches(words, sounds, rng):
            value, slopes = _slopes(weights, batch, rng)
            loss.append(value)
            adam.move(slopes, RATE * 0.5 * (1 + math.cos(math.pi * step / steps)) + 1e-5)
            step += 1
        print(f"epoch {epoch}: {np.mean(loss):.4f}, {time.perf_counter() - started:.0f} s", flush=True)
        _write(weights, sounds, out)


def _begin(sounds: int, rng: np.random.Generator) -> Weights:
    weights: Weights = {"letters": rng.normal(0, 0.5, (26, EMBEDDING)).astype(np.float32)}
    width = EMBEDDING
    for layer, offsets in enumerate(LAYERS):
        rows, columns = width * len(offsets), sounds if layer == len(LAYERS) - 1 else HIDDEN
        weights[f"weight{layer}"] = rng.normal(0, math.sqrt(2 / rows), (rows, columns)).astype(np.float32)
        weights[f"bias{layer}"] = np.zeros(columns, np.float32)
        width = HIDDEN
    for name in BEFORE:
        weights[name] = rng.normal(0, 0.1, (sounds + 1, HIDDEN)).astype(np.float32)
    return weights


def _batches(words: list[tuple[Entry, Chunks]], sounds: list[str], rng: np.random.Generator) -> Iterator[Batch]:
    """All words in random order, batched with others of their length."""
    number = {sound: k for k, sound in enumerate(sounds)}
    by_length: dict[int, list[int]] = defaultdict(list)
    for k in rng.permutation(len(words)):
        by_length[len(words[k][1])].append(int(k))
    groups = [rows[at : at + BATCH] for rows in by_length.values() for at in range(0, len(rows), BATCH)]
    for g in rng.permutation(len(groups)):
        chosen = [words[k] for k in groups[g]]
        yield Batch(
            np.array([codes_of(entry.word) for entry, _ in chosen]),
            np.array([[number[chunk] for chunk in chunks] for _, chunks in chosen]),
            np.array([COMMON_WEIGHT if entry.part == "common" else 1.0 for entry, _ in chosen], np.float32),
        )


def _slopes(weights: Weights, batch: Batch, rng: np.random.Generator) -> tuple[float, Weights]:
    """The loss of a batch and its gradient."""
    here = weights["letters"][batch.letters]
    seen, kept = [], []
    for layer, offsets in enumerate(LAYERS[:-2]):
        columns = windows(here, offsets)
        added = np.maximum(columns @ weights[f"weight{layer}"] + weights[f"bias{layer}"], 0)
        keep = ((rng.random(added.shape, np.float32) > DROPPED) & (added > 0)).astype(np.float32) / (1 - DROPPED)
        here = added * keep + (here if layer else 0)
        seen.append(columns)
        kept.append(keep)
    mixed, last = len(LAYERS) - 2, len(LAYERS) - 1
    seen.append(here)
    earlier = [_earlier(batch.sounds, len(weights["before0"]) - 1, back + 1) for back in range(len(BEFORE))]
    added = here @ weights[f"weight{mixed}"] + weights[f"bias{mixed}"]
    added += sum(weights[name][codes] for name, codes in zip(BEFORE, earlier, strict=True))
    here = np.maximum(added, 0)
    loss, slope = _cross_entropy(here @ weights[f"weight{last}"] + weights[f"bias{last}"], batch)
    slopes: Weights = {}
    back = _back(slopes, weights, last, here, slope) * (added > 0)
    for name, codes in zip(BEFORE, earlier, strict=True):
        slopes[name] = np.zeros_like(weights[name])
        np.add.at(slopes[name], codes, back)
    back = _back(slopes, weights, mixed, seen[mixed], back)
    for layer in reversed(range(mixed)):
        through = _back(slopes, weights, layer, seen[layer], back * kept[layer])
        back = through + back if layer else through
    slopes["letters"] = np.zeros_like(weights["letters"])
    np.add.at(slopes["letters"], batch.letters, back)
    return loss, slopes


def _earlier(sounds: npt.NDArray[np.int64], none: int, back: int) -> npt.NDArray[np.int64]:
    """The sound so many letters back, for each letter; `none` before the word."""
    shifted = np.full_like(sounds, none)
    shifted[:, back:] = sounds[:, :-back]
    return shifted


def _cross_entropy(scores: Floats, batch: Batch) -> tuple[float, Floats]:
    scores = scores - scores.max(-1, keepdims=True)
    logs = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    wanted = np.full(scores.shape, SMOOTHED / scores.shape[-1], np.float32)
    np.put_along_axis(wanted, batch.sounds[..., None], 1 - SMOOTHED, -1)
    scale = batch.weight[:, None, None] / (batch.weight.sum() * batch.letters.shape[1])
    return float(-(wanted * logs * scale).sum()), (np.exp(logs) * wanted.sum(-1, keepdims=True) - wanted) * scale


def _back(slopes: Weights, weights: Weights, layer: int, columns: Floats, slope: Floats) -> Floats:
    """Files a layer's gradient, and gives that of its input."""
    offsets = LAYERS[layer]
    slopes[f"weight{layer}"] = columns.reshape(-1, columns.shape[-1]).T @ slope.reshape(-1, slope.shape[-1])
    slopes[f"bias{layer}"] = slope.sum((0, 1))
    spread = slope @ weights[f"weight{layer}"].T
    length, width = slope.shape[1], spread.shape[-1] // len(offsets)
    reach = max(offsets)
    padded = np.zeros((len(slope), length + 2 * reach, width), np.float32)
    for k, offset in enumerate(offsets):
        padded[:, reach + offset : reach + offset + length] += spread[:, :, k * width : (k + 1) * width]
    return padded[:, reach : reach + length]


class Adam:
    """Kingma & Ba 2015: steps scaled by running moments of the gradient."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._first = {name: np.zeros_like(value) for name, value in weights.items()}
        self._second = {name: np.zeros_like(value) for name, value in weights.items()}
        self._steps = 0

    def move(self, slopes: Weights, rate: float) -> None:
        """One step."""
        self._steps += 1
        for name, slope in slopes.items():
            first, second = self._first[name], self._second[name]
            first += 0.1 * (slope - first)
            second += 0.01 * (slope * slope - second)
            scale = rate * math.sqrt(1 - 0.99**self._steps) / (1 - 0.9**self._steps)
            self._weights[name] -= scale * first / (np.sqrt(second) + 1e-7)


def _write(weights: Weights, sounds: list[str], out: Path) -> None:
    """Weights as signed bytes with one scale a column; the rest as it is."""
    numbers: dict[str, Any] = {"sounds": np.array(sounds)}
    for name, value in weights.items():
        if name.startswith(("weight", "before")):
            scale = np.abs(value).max(0) / 127
            numbers[name] = np.rint(value / scale).astype(np.int8)
            numbers[f"scale_{name}"] = scale
        else:
            numbers[name] = value
    np.savez_compressed(out, **numbers)


# --- how well it reads ------------------------------------------------------------------------------------------------


def report(held: list[Entry], read: Callable[[str], str]) -> None:
    """Prints the share of held-out words read rightly, by part of the dictionary."""
    print("part     words  syllables  rime   rhyme  word   phone errors")
    for part in ("common", "name", "rare"):
        rows = [_marks(entry.phones, read(entry.word)) for entry in held if entry.part == part]
        *right, errors, phones = np.array(rows).sum(0).tolist()
        syllables, rime, rhyme, word = (count / len(rows) for count in right)
        print(f"{part:8}{len(rows):6}  {syllables:9.3f}{rime:7.3f}{rhyme:7.3f}{word:7.3f}{errors / phones:9.3f}")


def _marks(wanted: str, given: str) -> tuple[int, ...]:
    """Right number of syllables, last rime, rhyme part and phones; wrong phones; phones."""
    one, other = syllabify(wanted), syllabify(given)
    rimes = [s[-1].nucleus + s[-1].coda if s else "" for s in (one, other)]
    parts = [_rhyme_part(phones) for phones in (wanted, given)]
    plain = [_plain(phones) for phones in (wanted, given)]
    errors = _distance(*plain)
    return (len(one) == len(other), rimes[0] == rimes[1], parts[0] == parts[1], not errors, errors, len(plain[0]))


def _plain(phones: str) -> str:
    """Without stress, and with one sign for what sounds alike."""
    return re.sub("[ˈˌ]", "", phones).translate(PLAIN)


def _rhyme_part(phones: str) -> str:
    """From the vowel with main stress on."""
    tail = phones[phones.rfind("ˈ") + 1 :]
    return _plain(tail[next((k for k, phone in enumerate(tail) if phone in VOWELS), 0) :])


def _distance(one: str, other: str) -> int:
    """Phones to change, add or drop (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


if __name__ == "__main__":
    main()
