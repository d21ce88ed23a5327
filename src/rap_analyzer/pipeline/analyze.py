"""Runs an analyzer over tracks that lack its present verdict: what a queued batch does when its turn comes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from rap_analyzer import telemetry
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.errors import AnalysisStopped, NotReady
from rap_analyzer.domain.failure import Fault
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.pipeline.isolation import CONTROL_LYRICS, Isolation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.job import Batch
    from rap_analyzer.ports import Analyzer, VerdictStore

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """An analyzer as it is run over the corpus.

    Attributes:
        analyzer: says something of each track.
        parts: analyses that it combines; a track is due when all of them are there.
        batch_size: tracks that are worked on and saved at a time.
        priority: of its batches; the highest are begun first.
    """

    analyzer: Analyzer
    parts: tuple[AnalyzerKey, ...] = ()
    batch_size: int = 100
    priority: int = 0

    @property
    def key(self) -> AnalyzerKey:
        """What its analyses are filed under."""
        return AnalyzerKey(self.analyzer.name, self.analyzer.version, self.analyzer.config_hash)


async def analyze_batch(store: VerdictStore, step: Step, batch: Batch) -> Counter[Status]:
    """Analyse what is still missing of a batch, saved at once. To do it twice changes nothing.

    A track that the analyzer stumbles over gets an analysis with the status `failed` and the reason; the others go on.

    Returns:
        Number of tracks by status of their analysis.

    Raises:
        NotReady: it is to be done again later, because what it builds on is not there for all tracks.
        AnalysisStopped: the analyzer stopped before the end; what it had finished is saved, the rest is still due.
    """
    statuses: Counter[Status] = Counter()
    after = batch.first - 1
    while due := await store.load_unanalyzed(step.key, step.batch_size, after, batch.last, batch.where, step.parts):
        after = due[-1][0]
        await _analyze(store, step, due, statuses)
    if step.parts and await store.load_unanalyzed(step.key, 1, batch.first - 1, batch.last, batch.where):
        raise NotReady(f"Some of {batch.tracks:,} tracks wait for the analyzers that {step.analyzer.name} combines.")
    return statuses


async def _analyze(
    store: VerdictStore,
    step: Step,
    due: Sequence[tuple[int, str, AnalysisInput]],
    statuses: Counter[Status],
) -> None:
    async def work(some: Sequence[tuple[int, str, AnalysisInput]]) -> Sequence[Analysis | None]:
        try:
            results: Sequence[Analysis | None] = await step.analyzer.analyze([text for _, _, text in some])
        except AnalysisStopped as stopped:
            await _save(store, some, stopped.finished, statuses)
            raise
        await _save(store, some, results, statuses)
        return results

    check = partial(step.analyzer.analyze, [AnalysisInput(CONTROL_LYRICS, "en")])
    results = await Isolation(work, check).run(due)
    for one, result in zip(due, results, strict=True):
        if isinstance(result, Fault):
            await _save(store, [one], [_failed(step.key, result)], statuses)


def _failed(key: AnalyzerKey, fault: Fault) -> Analysis:
    return Analysis(key.analyzer, key.version, key.config_hash, Status.FAILED, reason=fault.reason)


async def _save(
    store: VerdictStore,
    due: Sequence[tuple[int, str, AnalysisInput]],
    results: Sequence[Analysis | None],
    statuses: Counter[Status],
) -> None:
    finished = [
        (track, digest, result) for (track, digest, _), result in zip(due, results, strict=True) if result is not None
    ]
    await store.save_analyses(finished)
    for _, _, result in finished:
        statuses[result.status] += 1
        telemetry.tracks_analyzed.labels(result.analyzer, result.status).inc()
