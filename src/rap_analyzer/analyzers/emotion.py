"""The analyzer of emotions: six and neutral, of every bar, every section and the song."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from rap_analyzer.analyzers.emotion_reading import Song, read
from rap_analyzer.analyzers.english import Refused
from rap_analyzer.analyzers.languages import THRESHOLDS
from rap_analyzer.analyzers.uncollected import uncollected
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.emotion import EMOTIONS, scores_of, song_measures
from rap_analyzer.domain.emotion_heads import SENTENCE, SHIPPED, WORDS, mean_logits, read_heads
from rap_analyzer.domain.emotion_words import SOFTENING
from rap_analyzer.domain.errors import ModelError
from rap_analyzer.domain.word_lists import PROFANE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rap_analyzer.domain.emotion import Floats
    from rap_analyzer.domain.emotion_heads import Heads
    from rap_analyzer.ports import CpuPool, Embedder, EmotionModel

NAME = "emotion"
VERSION = "1"
AT_ONCE = 16
"""Texts that are judged together."""
MOST_READ = 1000
"""Different bars of a text that more than the words head reads. No song has as many, and a text without end would take
minutes: the words head judges it alone, and `reason` says so."""
STANDS_OUT = 2 / len(EMOTIONS)
"""Threshold for a model whose scores add up to 1: twice an even share."""


class _Reader(Protocol):
    """A way of judging bars in this process.

    Attributes:
        used: names of the heads or the model.
        key: what its scores depend on.
        thresholds: for each emotion.
    """

    used: tuple[str, ...]
    key: str
    thresholds: Floats

    async def scores(self, texts: Sequence[str]) -> Floats:
        """A row for each text."""


class _BothHeads:
    """The mean of what the words and what the sentence's vector say."""

    used: tuple[str, ...] = (WORDS, SENTENCE)

    def __init__(self, embedder: Embedder, heads: Heads) -> None:
        trained_on = heads.sentence.embedding_model
        if _weights_of(embedder.model) != _weights_of(trained_on):
            raise ModelError(
                f"The emotion head reads vectors of {trained_on}, and the embedder is {embedder.model}; give none, or "
                "train the head again: rap ml train emotion --data DIR --with-embeddings."
            )
        self._embedder, self._heads = embedder, heads
        self.thresholds = heads.sentence.thresholds
        self.key = heads.digest(WORDS) + heads.digest(SENTENCE) + embedder.model

    async def scores(self, texts: Sequence[str]) -> Floats:
        """A row for each text."""
        vectors = await self._embedder.embed(texts)
        return await asyncio.to_thread(self._scored, texts, vectors)

    def _scored(self, texts: Sequence[str], vectors: Floats) -> Floats:
        return scores_of(mean_logits(self._heads.words.logits(texts), self._heads.sentence.logits(vectors)))


class _Model:
    """A model with its own weights."""

    def __init__(self, model: EmotionModel) -> None:
        self._model = model
        self.used: tuple[str, ...] = (model.model,)
        self.key = model.model
        self.thresholds = np.full(len(EMOTIONS), STANDS_OUT, np.float32)

    async def scores(self, texts: Sequence[str]) -> Floats:
        """A row for each text."""
        return await self._model.scores(texts)


class _Job(NamedTuple):
    """A song, and who has judged its bars; the words head, where nothing else is said.

    Attributes:
        song: its bars, or why it has none.
        weights: folder with the heads.
        config_hash: what the analysis is filed under.
        scores: of each bar; None if nobody has judged them yet.
        thresholds: None for the words head's.
        used: the heads, or the model.
        note: a sentence for the reader of the analysis.
    """

    song: Song | Refused
    weights: Path
    config_hash: str
    scores: Floats | None = None
    thresholds: Floats | None = None
    used: tuple[str, ...] = (WORDS,)
    note: str = ""


class EmotionAnalyzer:
    """Scores anger, disgust, fear, joy, sadness, surprise and neutral in English lyrics.

    The words head is fast and always there. With an embedder, the mean of its log-odds and the sentence head's counts;
    with a model, that model's scores do, and no head is asked.

    Args:
        pool: processes that do the work on words.
        embedder: the embedding model that the sentence head was trained on. Takes a hundred times as long.
        model: a classifier with its own weights.
        weights: folder with the heads; those that come with the program by default.

    Raises:
        ModelError: the heads' files are missing or damaged, or were trained on another embedding model.
    """

    name: str = NAME
    version: str = VERSION

    def __init__(
        self,
        pool: CpuPool,
        embedder: Embedder | None = None,
        model: EmotionModel | None = None,
        weights: Path = SHIPPED,
    ) -> None:
        self._pool = pool
        self._weights = weights
        self._reader = _reader(read_heads(weights), embedder, model)
        self.config_hash = config_hash(weights, self._reader.key if self._reader else "")

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        """One analysis for each input, in order; a text that cannot be judged gets a status and a reason.

        Raises:
            ModelError: the embedder's or the model's weights are missing or cannot be run.
        """
        batches = [inputs[begin : begin + AT_ONCE] for begin in range(0, len(inputs), AT_ONCE)]
        if self._reader is None:
            judged = await self._pool.map(partial(score_all, weights=self._weights), batches)
            return [analysis for batch in judged for analysis in batch]
        return [analysis for batch in batches for analysis in await self._by(self._reader, batch)]

    async def _by(self, reader: _Reader, batch: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        """What a reader in this process makes of some texts: each different bar is read once."""
        songs = await self._pool.map(read, batch)
        texts = list(dict.fromkeys(itertools.chain.from_iterable(map(_to_be_read, songs))))
        scores = await reader.scores(texts) if texts else np.zeros((0, len(EMOTIONS)), np.float32)
        row = {text: k for k, text in enumerate(texts)}
        jobs = [self._job(song, reader, scores, row) for song in songs]
        return await self._pool.map(_answer, jobs)

    def _job(self, song: Song | Refused, reader: _Reader, scores: Floats, row: Mapping[str, int]) -> _Job:
        if texts := _to_be_read(song):
            own = scores[[row[text] for text in texts]]
            return _Job(song, self._weights, self.config_hash, own, reader.thresholds, reader.used)
        note = f"Judged by its words alone: more than {MOST_READ:,} different bars."
        return _Job(song, self._weights, self.config_hash, note=note)


def score(given: AnalysisInput) -> Analysis:
    """The words head's analysis of one text. Pure: the same words give the same figures."""
    return score_all([given])[0]


def score_all(given: Sequence[AnalysisInput], weights: Path = SHIPPED) -> list[Analysis]:
    """The same for several texts, in order; faster than one by one."""
    with uncollected():
        songs = list(map(read, given))
        texts = [text for song in songs if isinstance(song, Song) for text in song.texts]
        scores = iter(scores_of(read_heads(weights).words.logits(texts)))
        key = config_hash(weights)
        return [_answer(_Job(song, weights, key, _taken(song, scores))) for song in songs]


def _taken(song: Song | Refused, scores: Iterator[Floats]) -> Floats | None:
    """The next of the scores, one for each of the song's bars."""
    return np.array(list(itertools.islice(scores, len(song.texts)))) if isinstance(song, Song) else None


@cache
def config_hash(weights: Path = SHIPPED, reader: str = "") -> str:
    """Covers what the measures depend on besides this version.

    Args:
        weights: folder with the heads.
        reader: what the scores of a reader depend on; "" for the words head alone.

    Raises:
        ModelError: the words head is missing or damaged.
    """
    heads = read_heads(weights)
    limits = heads.words.thresholds.tolist()  # reads the head: a damaged one is found now, not at the first song
    parameters = (
        heads.digest(WORDS),
        limits,
        reader,
        THRESHOLDS,
        sorted(PROFANE_WORDS),
        SOFTENING,
        MOST_READ,
        STANDS_OUT,
    )
    return hashlib.sha256(repr(parameters).encode()).hexdigest()[:12]


def _reader(heads: Heads, embedder: Embedder | None, model: EmotionModel | None) -> _Reader | None:
    """Who judges bars besides the words head."""
    if model is not None:
        return _Model(model)
    return _BothHeads(embedder, heads) if embedder is not None else None


def _weights_of(model: str) -> str:
    """An embedding model's name without the precision it is run in, which hardly changes a vector."""
    return model.partition("/")[0]


def _to_be_read(song: Song | Refused) -> Sequence[str]:
    """The bars that a reader gets of a song; none of one that has too many."""
    if isinstance(song, Refused) or len(set(song.texts)) > MOST_READ:
        return ()
    return song.texts


def _answer(job: _Job) -> Analysis:
    """The analysis of a song; the words head judges it if nobody has."""
    filed = partial(Analysis, NAME, VERSION, job.config_hash)
    if isinstance(job.song, Refused):
        return filed(job.song.status, reason=job.song.reason)
    head = read_heads(job.weights).words
    scores = scores_of(head.logits(job.song.texts)) if job.scores is None else job.scores
    thresholds = head.thresholds if job.thresholds is None else job.thresholds
    measures = {**song_measures(job.song.sections, scores, thresholds), "heads": list(job.used)}
    return filed(Status.DONE, measures, reason=" ".join(filter(None, (job.song.left_out, job.note))))
