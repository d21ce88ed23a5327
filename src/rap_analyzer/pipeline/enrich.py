"""Ties stored tracks to recordings of a metadata service, and keeps what it says of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rap_analyzer.domain.enrichment import Enrichment, MatchMethod
from rap_analyzer.domain.errors import RateLimited
from rap_analyzer.pipeline.matching import best_match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.enrichment import Recording, UnenrichedTrack
    from rap_analyzer.ports import EnrichmentStore, MetadataSource, Progress

BATCH = 50


@dataclass(slots=True)
class EnrichReport:
    """How many tracks were matched in which way, and why the run stopped early, if it did."""

    methods: Counter[MatchMethod] = field(default_factory=Counter)
    with_audio: int = 0
    stopped: str = ""


async def enrich(store: EnrichmentStore, source: MetadataSource, progress: Progress) -> EnrichReport:
    """Ask the service about every track that it has not been asked about.

    A long wait asked for by the service ends the run; what was saved stays, and a later run goes on from there.
    """
    report, after = EnrichReport(), 0
    progress.start(f"enriching from {source.name}", await store.count_unenriched(source.name))
    try:
        while batch := await store.load_unenriched(source.name, BATCH, after):
            after = batch[-1].id
            found = await _enrich_batch(source, batch, progress)
            await store.save_enrichments(found)
            report.methods.update(e.method for e in found)
            report.with_audio += sum(bool(e.audio_features) for e in found)
    except RateLimited as error:
        report.stopped = str(error)
    finally:
        progress.finish()
    return report


async def _enrich_batch(
    source: MetadataSource, batch: Sequence[UnenrichedTrack], progress: Progress
) -> list[Enrichment]:
    linked = {track.id: _linked_id(source, track) for track in batch}
    recordings = await source.fetch_recordings([link for link in linked.values() if link])
    matched = []
    for track in batch:
        matched.append(await _match(source, track, recordings.get(linked[track.id])))
        progress.advance(now=f"{track.artist}: {track.title}")
    ids = [e.recording.id for e in matched if e.recording]
    features = await source.fetch_audio_features(ids) if ids else {}
    return [replace(e, audio_features=dict(features.get(e.recording.id, {}))) if e.recording else e for e in matched]


async def _match(source: MetadataSource, track: UnenrichedTrack, linked: Recording | None) -> Enrichment:
    """The cascade: the link that the lyrics' source gives, then ISRC, then title and artist of what a search finds."""
    if linked:
        return Enrichment(track.id, source.name, MatchMethod.URI, 0.0, linked)
    candidates = await source.search_recordings(track.query)
    recording, method, distance = best_match(track.query, candidates)
    return Enrichment(track.id, source.name, method, distance, recording)


def _linked_id(source: MetadataSource, track: UnenrichedTrack) -> str:
    """The service's id in a link such as `spotify:track:ID`; empty without one."""
    prefix = f"{source.name}:track:"
    uri = track.recording_uri or ""
    return uri.removeprefix(prefix) if uri.startswith(prefix) else ""
