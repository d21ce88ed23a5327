"""The learned numbers that hear emotion: one head reads words, one a sentence's vector. Files, checked when read.

`rap ml train emotion` makes them from GoEmotions; `docs/explanation/emotion.md` is their model card. A head is an
`.npz` of numbers with a manifest beside it (JSON) that has the file's SHA-256, what it was learned from, and how well
it does. Nothing in them is run.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.emotion import EMOTIONS
from rap_analyzer.domain.emotion_words import (
    counted,
    places_of,
    tokens_of,
    unmasked,
    weighed,
    without_profanity,
)
from rap_analyzer.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float32]

SHIPPED = Path(__file__).parent / "emotion_weights"
"""The heads that come with the program."""
WORDS, SENTENCE = "words", "sentence"
SCHEMA = 1
AGAIN = "reinstall rap-analyzer, or train them again: rap ml train emotion --data DIR"
ROWS_AT_ONCE = 4096


class WordsHead:
    """A linear head on weighed words; needs numpy alone.

    Args:
        numbers: `vocabulary` (UTF-8, a token a line), `rareness`, `weights` (tokens × emotions), `bias`, `thresholds`.
    """

    def __init__(self, numbers: dict[str, npt.NDArray[Any]]) -> None:
        tokens = numbers["vocabulary"].tobytes().decode("utf-8").split("\n")
        self._places = places_of(tokens)
        self._mild = without_profanity(self._places)
        self.rareness = numbers["rareness"].astype(np.float32)
        self.weights = numbers["weights"].astype(np.float32)
        self.bias = numbers["bias"].astype(np.float32)
        self.thresholds = numbers["thresholds"].astype(np.float32)

    def logits(self, texts: Sequence[str], *, profanity: bool = False) -> Floats:
        """Log-odds of each emotion, shape (texts, 7); without known words, those of a text that says nothing.

        Args:
            texts: bars, or comments.
            profanity: whether profane words count, as they did when it learned; in lyrics they mislead.
        """
        parts = [texts[k : k + ROWS_AT_ONCE] for k in range(0, len(texts), ROWS_AT_ONCE)]
        return np.concatenate([self._part(part, profanity) for part in parts]) if parts else _none()

    def _part(self, texts: Sequence[str], profanity: bool) -> Floats:
        if profanity:
            counts = counted(map(tokens_of, texts), self._places)
        else:
            counts = counted(map(tokens_of, map(unmasked, texts)), self._mild)
        logits = np.repeat(self.bias[None], len(texts), 0)
        if len(counts.rows):
            evidence = weighed(counts, self.rareness, len(texts))[:, None] * self.weights[counts.columns]
            rows, starts = np.unique(counts.rows, return_index=True)
            logits[rows] += np.add.reduceat(evidence, starts, axis=0)
        return logits


class SentenceHead:
    """A small perceptron on a sentence's unit vector. Its log-odds are meant to be averaged with the words head's.

    Args:
        numbers: `hidden`, `hidden_bias`, `weights`, `bias`, and `thresholds` of the averaged heads.
        manifest: says which embedding model and which words head it was trained beside.
    """

    def __init__(self, numbers: dict[str, npt.NDArray[Any]], manifest: dict[str, Any]) -> None:
        self.hidden, self.hidden_bias, self.weights, self.bias, self.thresholds = (
            numbers[name].astype(np.float32) for name in ("hidden", "hidden_bias", "weights", "bias", "thresholds")
        )
        self.embedding_model = str(manifest.get("embedding_model", ""))

    def logits(self, vectors: Floats) -> Floats:
        """Log-odds of each emotion, shape (vectors, 7)."""
        here = np.maximum(vectors @ self.hidden + self.hidden_bias, 0)
        return np.asarray(here @ self.weights + self.bias, np.float32)


class Heads:
    """Both heads of a folder, each read and checked when first needed.

    Args:
        folder: where their files lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def words(self) -> WordsHead:
        """The head that reads words.

        Raises:
            ModelError: its files are missing or damaged.
        """
        return WordsHead(self._numbers(WORDS))

    @cached_property
    def sentence(self) -> SentenceHead:
        """The head that reads a sentence's vector.

        Raises:
            ModelError: its files are missing or damaged, or it was trained beside another words head.
        """
        head = SentenceHead(self._numbers(SENTENCE), self.manifest(SENTENCE))
        if self.manifest(SENTENCE).get("words_sha256") != self.digest(WORDS):
            raise ModelError(
                f"The emotion heads in {self._folder} were trained apart; train both with "
                "rap ml train emotion --data DIR --with-embeddings."
            )
        return head

    def manifest(self, name: str) -> dict[str, Any]:
        """What a head's manifest says.

        Raises:
            ModelError: it is missing, is no manifest, or is of another schema.
        """
        path = self._folder / f"{name}.json"
        try:
            manifest = json.loads(path.read_bytes())
        except OSError as error:
            raise ModelError(f"The emotion head's manifest {path} cannot be read; {AGAIN}.") from error
        except ValueError as error:
            raise ModelError(f"The emotion head's manifest {path} is no JSON; {AGAIN}.") from error
        if not isinstance(manifest, dict) or not {"schema", "sha256", "labels"} <= manifest.keys():
            raise ModelError(f"The emotion head's manifest {path} lacks schema, sha256 or labels; {AGAIN}.")
        if manifest["schema"] != SCHEMA or tuple(manifest["labels"]) != EMOTIONS:
            raise ModelError(f"The emotion head's manifest {path} is of another version of the program; {AGAIN}.")
        return manifest

    def digest(self, name: str) -> str:
        """SHA-256 of a head's numbers, by its manifest."""
        return str(self.manifest(name)["sha256"])

    def _numbers(self, name: str) -> dict[str, npt.NDArray[Any]]:
        path = self._folder / f"{name}.npz"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"The emotion head {path} cannot be read; {AGAIN}.") from error
        if hashlib.sha256(content).hexdigest() != self.digest(name):
            raise ModelError(f"The emotion head {path} is not the file of its manifest (SHA-256 differs); {AGAIN}.")
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as held:
                return dict(held)
        except (ValueError, zipfile.BadZipFile) as error:
            raise ModelError(f"The emotion head {path} is no file of numbers; {AGAIN}.") from error


@cache
def read_heads(folder: Path = SHIPPED) -> Heads:
    """The heads of a folder; read once a process."""
    return Heads(folder)


def mean_logits(words: Floats, sentence: Floats) -> Floats:
    """Both heads together: the mean of their log-odds."""
    return ((words + sentence) / 2).astype(np.float32)


def _none() -> Floats:
    return np.zeros((0, len(EMOTIONS)), np.float32)
