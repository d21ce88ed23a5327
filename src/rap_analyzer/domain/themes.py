"""What a song is about: its passages' vectors held against sentences that describe each theme.

A theme's sentences stand in `theme_prototypes.py`, their vectors in `theme_prototypes.npz`. A passage is as near to a
theme as to the two sentences of the theme that it is nearest to, in cosine; that is told in standard deviations above
the mean of passages of the demo corpus, so that what all rap shares speaks for no theme, and then as a score in (0, 1):
the share of passages so near that were written to show this theme (logistic calibration, Platt 1999).
`docs/explanation/themes.md` says how well that does.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.errors import ModelError
from rap_analyzer.domain.theme_prototypes import PROTOTYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.passage import Passage
    from rap_analyzer.domain.verdict import Theme

Floats = npt.NDArray[np.float64]

SHIPPED = Path(__file__).with_name("theme_prototypes.npz")
THEMES: tuple[Theme, ...] = tuple(PROTOTYPES)
"""In the order of every row of scores: all of `Theme` but `other`."""
SCHEMA = 1
NEAREST = 2
"""Sentences of a theme that count: one alone may be near by a word, all together blur a theme of several sides."""
PRESENT = 0.2
"""Score from which a passage is said to have a theme; picked on the half of the bars that is for picking."""
MOST_EVIDENCE = 3
DIGITS = 3
AGAIN = "reinstall rap-analyzer, or make it again: python benchmarks/train_themes.py"


@dataclass(frozen=True, slots=True)
class EmbeddedPassage:
    """A passage with its unit vector."""

    passage: Passage
    vector: Sequence[float]


@dataclass(frozen=True, slots=True)
class EmbeddedTrack:
    """The passages of a track's present words.

    Attributes:
        language: what the source says (ISO 639-1), or None.
        model: the model that made the vectors; "" where the present words have none yet.
        passages: in order; none where the track has no words.
    """

    language: str | None
    model: str
    passages: tuple[EmbeddedPassage, ...]


@dataclass(frozen=True, slots=True)
class ThemeEvidence:
    """A passage that shows a theme, and how much, in (0, 1)."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class TrackTheme:
    """A theme of a song.

    Attributes:
        theme: which.
        score: that of the passage that shows it best, in (0, 1).
        share: bars of the passages that show it ÷ bars of all, in (0, 1].
        evidence: the passages that show it, the best first, MOST_EVIDENCE at most.
    """

    theme: Theme
    score: float
    share: float
    evidence: tuple[ThemeEvidence, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON-ready; bars are counted from 0, and the last is inclusive."""
        return {
            "theme": str(self.theme),
            "score": round(self.score, DIGITS),
            "share": round(self.share, DIGITS),
            "evidence": [
                {
                    "bars": [shown.passage.first_bar, shown.passage.last_bar],
                    "section": shown.passage.label,
                    "text": shown.passage.text,
                    "score": round(shown.score, DIGITS),
                }
                for shown in self.evidence
            ],
        }


class Prototypes:
    """The themes' sentences as vectors, and what nearness to them means.

    Args:
        numbers: `vectors` (themes × sentences × dimensions), `mean` and `spread` (themes), `slope` and `offset`.
        embedding_model: the model that made the vectors.
    """

    def __init__(self, numbers: dict[str, npt.NDArray[Any]], embedding_model: str) -> None:
        self._vectors = numbers["vectors"].astype(np.float32)
        self._mean, self._spread = (numbers[name].astype(np.float64) for name in ("mean", "spread"))
        self._slope, self._offset = (float(numbers[name]) for name in ("slope", "offset"))
        self.embedding_model = embedding_model

    def scores(self, vectors: npt.ArrayLike) -> Floats:
        """How much each text is about each theme, shape (texts, themes), in (0, 1); rows need not add up to 1."""
        return np.asarray(1 / (1 + np.exp(-self._slope * self.standing(vectors) - self._offset)), np.float64)

    def standing(self, vectors: npt.ArrayLike) -> Floats:
        """Nearness to each theme, in standard deviations above the mean of passages of the demo corpus."""
        return (nearness(np.asarray(vectors, np.float32), self._vectors) - self._mean) / self._spread

    def reads(self, model: str) -> bool:
        """Whether vectors of this model may be held against these; its precision hardly changes one."""
        return _weights_of(model) == _weights_of(self.embedding_model)


def nearness(vectors: npt.NDArray[np.float32], prototypes: npt.NDArray[np.float32]) -> Floats:
    """Mean cosine of each unit vector to the NEAREST sentences of each theme, shape (vectors, themes), in [-1, 1]."""
    vectors = vectors.reshape(-1, prototypes.shape[2])
    cosines = np.einsum("pd,tsd->pts", vectors, prototypes)
    return np.asarray(np.sort(cosines, axis=2)[:, :, -NEAREST:].mean(2), np.float64)


def themes_in(passages: Sequence[EmbeddedPassage], prototypes: Prototypes) -> tuple[TrackTheme, ...]:
    """The themes of a song, the strongest first; none where no passage has any."""
    if not passages:
        return ()
    scores = prototypes.scores([one.vector for one in passages])
    own = [_theme(THEMES[k], passages, scores[:, k]) for k in np.flatnonzero((scores >= PRESENT).any(0))]
    return tuple(sorted(own, key=lambda found: -found.score))


def _theme(theme: Theme, passages: Sequence[EmbeddedPassage], scores: Floats) -> TrackTheme:
    order = [k for k in np.argsort(-scores, kind="stable") if scores[k] >= PRESENT]
    bars = [one.passage.last_bar - one.passage.first_bar + 1 for one in passages]
    evidence = tuple(ThemeEvidence(passages[k].passage, float(scores[k])) for k in order[:MOST_EVIDENCE])
    return TrackTheme(theme, float(scores.max()), sum(bars[k] for k in order) / sum(bars), evidence)


@cache
def read_prototypes(path: Path = SHIPPED) -> Prototypes:
    """The prototypes of a file with its manifest beside it (JSON); read once a process.

    Raises:
        ModelError: a file is missing or damaged, or belongs to other sentences than those of this program.
    """
    manifest = _manifest(path.with_suffix(".json"))
    content = _content(path)
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        raise ModelError(f"{path} is not the file of its manifest (SHA-256 differs); {AGAIN}.")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            return Prototypes(dict(held), str(manifest["embedding_model"]))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} has no vectors of themes; {AGAIN}.") from error


def sentences_digest() -> str:
    """SHA-256 of the themes and their sentences: vectors of others mean something else."""
    told = [[str(theme), *sentences] for theme, sentences in PROTOTYPES.items()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read; {AGAIN}.") from error


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_content(path))
    except ValueError as error:
        raise ModelError(f"{path} is no JSON; {AGAIN}.") from error
    if not isinstance(manifest, dict) or not {"schema", "sha256", "sentences_sha256", "embedding_model"} <= set(
        manifest
    ):
        raise ModelError(f"{path} is no manifest of themes; {AGAIN}.")
    if manifest["schema"] != SCHEMA or manifest["sentences_sha256"] != sentences_digest():
        raise ModelError(f"{path} belongs to another version of the themes; {AGAIN}.")
    return manifest


def _weights_of(model: str) -> str:
    return model.partition("/")[0]
