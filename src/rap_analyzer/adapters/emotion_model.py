"""A transformers classifier of emotions, such as j-hartmann/emotion-english-distilroberta-base, run on this machine.

Needs the group `ml-heavy` and the model's files, which are looked for on this machine alone: nothing is downloaded
unless that is asked for. The configured model carries no licence tag, so its weights are never shipped.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain.emotion import EMOTIONS
from rap_analyzer.domain.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.ports.machinery import Vectors

DEFAULT_MODEL = "j-hartmann/emotion-english-distilroberta-base"
NEEDED = ("torch", "transformers")
VERSION = 1
"""Part of the model's id: another way of asking it makes every track due again."""
MAX_TOKENS = 128
"""Word pieces read of a bar; longer lines are cut."""
BATCH = 32
KEPT = 65_536
"""Bars whose scores are remembered: hooks, and what many songs say."""


class TransformersEmotion:
    """A sequence classifier whose labels are our seven.

    Args:
        name: the model's id on the hub, or its folder.
        allow_download: whether missing files may be fetched from the hub.
    """

    def __init__(self, name: str = DEFAULT_MODEL, *, allow_download: bool = False) -> None:
        self._name = name
        self._allow_download = allow_download
        self._scores: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        self.model = f"{name}/{VERSION}"

    @property
    def is_present(self) -> bool:
        """Whether what it needs is installed, and its files are on this machine. Reads no weights."""
        try:
            self._config()
        except ModelError:
            return False
        return True

    async def scores(self, texts: Sequence[str]) -> Vectors:
        """Scores in [0, 1] in the order of `EMOTIONS`, shape (texts, 7); a row adds up to 1.

        A text that was asked about before, or stands twice, is tokenized and classified once. Works in a thread.

        Raises:
            ModelError: `ml-heavy` is not installed, or the model's files are missing or damaged.
            ConfigError: the model's labels are not our seven.
        """
        return await asyncio.to_thread(self._scored, texts)

    def _scored(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            fresh = [text for text in dict.fromkeys(texts) if text not in self._scores]
            fresh.sort(key=len)  # texts of like length: less padding
            for begin in range(0, len(fresh), BATCH):
                some = fresh[begin : begin + BATCH]
                self._scores.update(zip(some, self._classified(some), strict=True))
            rows = [self._scores[text] for text in texts]
            self._forget(texts)
        return np.stack(rows) if rows else np.zeros((0, len(EMOTIONS)), np.float32)

    def _forget(self, texts: Sequence[str]) -> None:
        """Keep what was asked of late."""
        for text in texts:
            self._scores.move_to_end(text)
        while len(self._scores) > KEPT:
            self._scores.popitem(last=False)

    def _classified(self, texts: list[str]) -> Vectors:
        tokenizer, network, columns = self._loaded
        import torch

        with torch.inference_mode():
            tokens = tokenizer(texts, truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt")
            logits = network(**tokens).logits
            scores = torch.softmax(logits.float(), dim=-1).numpy()
        return np.asarray(scores[:, columns], np.float32)

    @cached_property
    def _loaded(self) -> tuple[Any, Any, list[int]]:
        """Tokenizer, network, and where in its answer each of our labels stands."""
        columns = columns_of(self._config().id2label, self._name)
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self._name, local_files_only=not self._allow_download)
            network = AutoModelForSequenceClassification.from_pretrained(
                self._name, local_files_only=not self._allow_download
            )
        except Exception as error:  # the library raises its dependencies' own errors on damaged files
            raise self._unreadable() from error
        return tokenizer, network.eval(), columns

    def _config(self) -> Any:
        if not all(map(importlib.util.find_spec, NEEDED)):
            raise ModelError(f"The emotion model {self._name} needs `pip install rap-analyzer[ml-heavy]`.")
        from transformers import AutoConfig

        try:
            return AutoConfig.from_pretrained(self._name, local_files_only=not self._allow_download)
        except (OSError, ValueError) as error:
            raise self._unreadable() from error

    def _unreadable(self) -> ModelError:
        return ModelError(
            f"The emotion model {self._name} is not on this machine, or its files are damaged; fetch it with: "
            f"hf download {self._name}, name a folder that has it, or leave the model out: the heads that come with "
            "the program need none."
        )


def columns_of(names: Mapping[int, str], model: str) -> list[int]:
    """Where in a model's answer each of `EMOTIONS` stands.

    Args:
        names: the model's labels by their place.
        model: its name, for the message.

    Raises:
        ConfigError: its labels are not our seven.
    """
    places = {str(name).lower(): place for place, name in names.items()}
    if sorted(places) != sorted(EMOTIONS) or len(names) != len(EMOTIONS):
        raise ConfigError(
            f"The emotion model {model} has the labels {', '.join(map(str, names.values()))}; configure one with "
            f"{', '.join(EMOTIONS)}, such as {DEFAULT_MODEL}."
        )
    return [places[name] for name in EMOTIONS]
