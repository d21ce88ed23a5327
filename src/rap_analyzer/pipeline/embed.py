"""Splits lyrics into passages and gives each, and each track, an embedding."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer import telemetry
from rap_analyzer.domain.passage import TrackEmbedding, UnembeddedTrack
from rap_analyzer.pipeline.isolation import CONTROL_LYRICS, Isolation, sort_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.passage import Passage
    from rap_analyzer.ports import Embedder, FailureStore, PassageStore, Progress
    from rap_analyzer.ports.machinery import Vectors


BATCH = 8
"""Tracks saved at once: embedding takes a tenth of a second a track, and people watch the bar."""


STEP = "embedding"
CONTROL = UnembeddedTrack(0, "", "Kites", CONTROL_LYRICS)


async def embed(store: PassageStore, failures: FailureStore, embedder: Embedder, progress: Progress) -> int:
    """Embed what is missing, BATCH tracks at a time, each batch saved at once; what fails is set apart.

    Returns:
        Number of tracks embedded.
    """
    progress.start("embedding passages", await store.count_unembedded(embedder.model))
    after = done = 0
    work = partial(_embed_batch, embedder)
    isolation = Isolation(work, partial(work, [CONTROL]))
    try:
        while batch := await store.load_unembedded(embedder.model, BATCH, after):
            after = batch[-1].id
            results = await isolation.run(batch)
            embeddings, failed = sort_out([(track.id, track.lyrics_digest) for track in batch], results)
            await store.save_embeddings([embedding for _, _, embedding in embeddings], embedder.model)
            await failures.save_failures(STEP, embedder.model, failed)
            done += len(embeddings)
            telemetry.tracks_embedded.inc(len(embeddings))
            progress.advance(len(batch), now=batch[-1].title)
    finally:
        progress.finish()
    return done


async def _embed_batch(embedder: Embedder, batch: Sequence[UnembeddedTrack]) -> list[TrackEmbedding]:
    """Each passage is embedded under its song's title: a verse seldom says what it is about, the title often does."""
    passages = [embedder.split(track.lyrics) for track in batch]
    texts = [f"{track.title}\n{p.text}" for track, own in zip(batch, passages, strict=True) for p in own]
    vectors = await embedder.embed(texts)
    embeddings, start = [], 0
    for track, own in zip(batch, passages, strict=True):
        rows = vectors[start : start + len(own)]
        start += len(own)
        embeddings.append(_track_embedding(track, own, rows))
    return embeddings


def _track_embedding(track: UnembeddedTrack, passages: Sequence[Passage], rows: Vectors) -> TrackEmbedding:
    """The track's vector is the normalised mean of its passages'; a track without words has none."""
    if not passages:
        return TrackEmbedding(track.id, track.lyrics_digest, [], [], [])
    mean = rows.mean(axis=0)
    unit = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return TrackEmbedding(track.id, track.lyrics_digest, passages, rows.tolist(), unit.tolist())
