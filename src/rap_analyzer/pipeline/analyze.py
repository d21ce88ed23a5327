"""Runs analyzers over every track that lacks their present verdict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rap_analyzer import telemetry

if TYPE_CHECKING:
    from rap_analyzer.domain.analysis import Status
    from rap_analyzer.ports import AnalysisStore, Analyzer, Progress


async def analyze(store: AnalysisStore, analyzer: Analyzer, batch_size: int, progress: Progress) -> Counter[Status]:
    """Analyse what is missing, `batch_size` tracks at a time, each batch saved at once; then compare the tracks anew.

    Returns:
        Number of tracks by status of their analysis.
    """
    statuses: Counter[Status] = Counter()
    key = (analyzer.name, analyzer.version, analyzer.config_hash)
    progress.start(f"analysing: {analyzer.name}", await store.count_unanalyzed(*key))
    after = 0
    try:
        while batch := await store.load_unanalyzed(*key, batch_size, after):
            after = batch[-1][0]
            results = await analyzer.analyze([text for _, _, text in batch])
            await store.save_analyses(
                [(track, digest, result) for (track, digest, _), result in zip(batch, results, strict=True)]
            )
            for result in results:
                statuses[result.status] += 1
                telemetry.tracks_analyzed.labels(result.analyzer, result.status).inc()
            progress.advance(len(batch))
        await store.refresh_percentiles()
    finally:
        progress.finish()
    return statuses
