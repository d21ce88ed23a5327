"""Trains the heads that hear emotion, from GoEmotions: `rap ml train emotion`.

The same data, seed and versions give the same files, byte for byte. Weights are learned from train, thresholds from
dev; test is scored once, with what came out.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.emotion import EMOTIONS, scores_of
from rap_analyzer.domain.emotion_heads import SCHEMA, SENTENCE, WORDS, SentenceHead, WordsHead, mean_logits
from rap_analyzer.domain.emotion_words import SOFTENING, counted, places_of, rareness_of, tokens_of, weighed
from rap_analyzer.domain.errors import InputError
from rap_analyzer.ml.labelling import best_thresholds, every_label, f1_of_each, macro_f1
from rap_analyzer.ml.logistic import fit_logistic, sparse_rows
from rap_analyzer.ml.perceptron import Recipe, fit_perceptron

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rap_analyzer.ml.goemotions import Comments, GoEmotions

Floats = npt.NDArray[np.float32]
Numbers = dict[str, npt.NDArray[Any]]

TOKENS = 8000
RAREST = 2
"""Comments that a token must stand in."""
STRENGTH = 3.0
SEED = 7


class Vectors(NamedTuple):
    """Unit vectors of the comments of each split, and the id of the model that made them."""

    model: str
    train: Floats
    dev: Floats
    test: Floats


class Trained(NamedTuple):
    """A head, as it is written: its name, its numbers as a file, and its manifest."""

    name: str
    content: bytes
    manifest: dict[str, Any]


def train_emotion(data: GoEmotions, command: str, vectors: Vectors | None = None) -> list[Trained]:
    """The words head, and with vectors the sentence head.

    Args:
        data: GoEmotions.
        command: what the manifests say that made them.
        vectors: of the same comments, in the same order.

    Raises:
        InputError: there are too few comments to learn a word from.
    """
    numbers = _words_numbers(data.train)
    words = WordsHead(numbers)
    dev, test = (words.logits(split.texts, profanity=True) for split in (data.dev, data.test))
    numbers["thresholds"] = best_thresholds(scores_of(dev), data.dev.marks)
    settings = {"tokens": len(words.rareness), "softening": SOFTENING, "strength": STRENGTH}
    facts = {"settings": settings, "metrics": _metrics(data, dev, test, numbers["thresholds"])}
    trained = [_trained(WORDS, numbers, data, command, facts)]
    if vectors is not None:
        beside = {"words_sha256": trained[0].manifest["sha256"], "embedding_model": vectors.model}
        trained.append(_sentence_head(data, command, vectors, (dev, test), beside))
    return trained


def write_heads(trained: Sequence[Trained], folder: Path) -> list[Path]:
    """Write the heads, numbers first, and name the files. An interrupted one leaves a file that is not believed."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for head in trained:
        for suffix, content in ((".npz", head.content), (".json", _as_text(head.manifest))):
            path = folder / f"{head.name}{suffix}"
            path.write_bytes(content)
            written.append(path)
    return written


def _words_numbers(train: Comments) -> Numbers:
    """The words head's numbers but the real thresholds, as they will be read."""
    tokens = [tokens_of(text) for text in train.texts]
    with_token = Counter(token for text in tokens for token in dict.fromkeys(text))
    likely = sorted(with_token.items(), key=lambda item: (-item[1], item[0]))[:TOKENS]
    vocabulary = [token for token, count in likely if count >= RAREST]
    if not vocabulary:
        raise InputError(f"No word of train.tsv stands in {RAREST} comments; there is nothing to learn from so few.")
    rareness = np.array([rareness_of(with_token[token], len(tokens)) for token in vocabulary], np.float16)
    counts = counted(tokens, places_of(vocabulary))
    values = weighed(counts, rareness.astype(np.float32), len(tokens))
    fitted = fit_logistic(sparse_rows(counts, values, (len(tokens), len(vocabulary))), train.marks, STRENGTH)
    return {
        "vocabulary": np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        "rareness": rareness,
        "weights": fitted.weights.astype(np.float16),
        "bias": fitted.bias.astype(np.float32),
        "thresholds": np.full(len(EMOTIONS), 0.5, np.float32),
    }


def _sentence_head(
    data: GoEmotions, command: str, vectors: Vectors, words: tuple[Floats, Floats], beside: dict[str, str]
) -> Trained:
    recipe = Recipe()
    fitted = fit_perceptron(vectors.train, data.train.marks, recipe, np.random.default_rng(SEED))
    numbers: Numbers = {name: value.astype(np.float16) for name, value in fitted.items()}
    numbers["thresholds"] = np.full(len(EMOTIONS), 0.5, np.float32)
    head = SentenceHead(numbers, beside)
    alone = [head.logits(split) for split in (vectors.dev, vectors.test)]
    dev, test = (mean_logits(*pair) for pair in zip(words, alone, strict=True))
    numbers["thresholds"] = best_thresholds(scores_of(dev), data.dev.marks)
    metrics = _metrics(data, dev, test, numbers["thresholds"])
    metrics["alone"] = _metrics(data, alone[0], alone[1], best_thresholds(scores_of(alone[0]), data.dev.marks))
    settings = {name: getattr(recipe, name) for name in recipe.__slots__}
    return _trained(SENTENCE, numbers, data, command, {"settings": settings, "metrics": metrics, **beside})


def _metrics(data: GoEmotions, dev: Floats, test: Floats, thresholds: Floats) -> dict[str, Any]:
    """Macro-F1 on dev, where the thresholds are from, and on test, with its interval and each label's F1."""
    told = scores_of(test) >= thresholds
    each = f1_of_each(told, data.test.marks)
    return {
        "dev_macro_f1": round(float(f1_of_each(scores_of(dev) >= thresholds, data.dev.marks).mean()), 4),
        "test_macro_f1": macro_f1(told, data.test.marks).as_json(),
        "test_f1": {name: round(float(f1), 4) for name, f1 in zip(EMOTIONS, each, strict=True)},
        "test_macro_f1_of_every_label": macro_f1(every_label(data.test.marks), data.test.marks).as_json(),
    }


def _trained(name: str, numbers: Numbers, data: GoEmotions, command: str, facts: dict[str, Any]) -> Trained:
    file = io.BytesIO()
    np.savez_compressed(file, **numbers)  # type: ignore[arg-type]  # numpy's stub takes the names for its options
    content = file.getvalue()
    manifest = {
        "schema": SCHEMA,
        "name": f"emotion-{name}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "labels": list(EMOTIONS),
        "command": command,
        "seed": SEED,
        "numpy": np.__version__,
        "data": {
            split: {"comments": len(comments.texts), "sha256": comments.sha256}
            for split, comments in data._asdict().items()
        },
        **facts,
    }
    return Trained(name, content, manifest)


def _as_text(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2) + "\n").encode()
