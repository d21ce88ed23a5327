"""Asks metadata services about the stored tracks, in order: which recording a track is, and how it sounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rap_analyzer.domain.enrichment import Enrichment, MatchMethod
from rap_analyzer.domain.errors import Blocked, ConfigError, RateLimited, SourceError
from rap_analyzer.pipeline.matching import best_match
from rap_analyzer.ports import MetadataSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.domain.enrichment import Recording, UnenrichedTrack
    from rap_analyzer.domain.errors import RapError
    from rap_analyzer.ports import EnrichmentStore, FeatureSource, Progress

BATCH = 40
FEATURES = "audio_features"
"""What a service calls them among the fields that it withholds."""
MOST_FAILURES = 5
"""Tracks in a row that a service cannot be asked about, after which it is the service that fails, not a track."""


@dataclass(slots=True)
class SourceReport:
    """How a run fared with one service.

    Attributes:
        name: the service.
        gives_features_only: whether it is asked by another's ids, for audio features.
        methods: tracks asked about, by how they were matched.
        with_audio: those of them that got audio features.
        failures: tracks that it could not be asked about, by the reason; they are asked about in the next run.
        stopped: why the run left the service early, or None.
        stale: where it did, matched tracks whose last answer, within a week, stands in.
        out_of_date: matched tracks whose last answer is older than that.
    """

    name: str
    gives_features_only: bool = False
    methods: Counter[MatchMethod] = field(default_factory=Counter)
    with_audio: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    stopped: RapError | None = None
    stale: int = 0
    out_of_date: int = 0


async def enrich(
    store: EnrichmentStore,
    sources: Sequence[MetadataSource | FeatureSource],
    progress: Progress,
    *,
    refresh: bool = False,
) -> list[SourceReport]:
    """Ask each service about every track that it is to be asked about.

    Those are tracks that it was not asked about, or had nothing for 30 days ago; and with `refresh` those whose answer
    is older than a week. Audio features are asked of a service only where none before it has them. One that cannot be
    asked is left, and its last answers stand in for it; the others are asked all the same.

    Raises:
        StoreError: the store does not answer.
    """
    await store.refresh_audio_embeddings()
    return [await _Turn(store, progress, SourceReport(source.name), refresh).ask(source) for source in sources]


@dataclass(slots=True)
class _Turn:
    """One service's turn in a run."""

    store: EnrichmentStore
    progress: Progress
    report: SourceReport
    refresh: bool
    failures_in_a_row: int = 0

    async def ask(self, source: MetadataSource | FeatureSource) -> SourceReport:
        """Ask until nothing is due, or the service cannot be asked."""
        report = self.report
        try:
            if isinstance(source, MetadataSource):
                await self._ask_for_recordings(source)
            else:
                report.gives_features_only = True
                await self._ask_for_features(source)
        except (SourceError, ConfigError) as error:
            report.stopped = error
            report.stale, report.out_of_date = await self.store.count_kept(source.name)
        finally:
            self.progress.finish()
        if report.methods or report.stopped:
            await self.store.save_asking(source.name, str(report.stopped or ""))
        return report

    async def _ask_for_recordings(self, source: MetadataSource) -> None:
        due = await self.store.count_unenriched(source.name, refresh=self.refresh)
        self.progress.start(f"enriching from {source.name}", due)
        after = 0
        while batch := await self.store.load_unenriched(source.name, BATCH, after, refresh=self.refresh):
            after = batch[-1].id
            await self._ask_about(source, batch)

    async def _ask_about(self, source: MetadataSource, batch: Sequence[UnenrichedTrack]) -> None:
        """Save what is found of a batch; of one that is broken off, what needs no further question."""
        wanting = {track.id for track in batch if track.wants_features}
        matched: list[Enrichment] = []
        try:
            known = await self._known(source, batch)
            for track in batch:
                if (enrichment := await self._match(source, track, known)) is not None:
                    matched.append(enrichment)
                self.progress.advance(now=f"{track.artist}: {track.title}")
            found = await self._with_features(source, matched, wanting)
        except SourceError:
            await self._save([e for e in matched if not _lacks_features(e, wanting)])
            raise
        await self._save(found)

    async def _known(self, source: MetadataSource, batch: Sequence[UnenrichedTrack]) -> Mapping[str, Recording]:
        """The recordings that tracks are linked or were tied to."""
        ids = [recording_id for track in batch for recording_id in _known_ids(source, track)]
        try:
            return await source.fetch_recordings(ids) if ids else {}
        except SourceError as error:
            self._heed(error)
            return {}

    async def _match(
        self, source: MetadataSource, track: UnenrichedTrack, known: Mapping[str, Recording]
    ) -> Enrichment | None:
        """The cascade: the link of the lyrics' source, then ISRC, then title and artist of what a search finds."""
        linked, former = known.get(_linked_id(source, track)), known.get(track.recording_id or "")
        if linked:
            return Enrichment(track.id, source.name, MatchMethod.URI, 0.0, linked)
        try:
            candidates = [former] if former else await source.search_recordings(track.query)
            recording, method, distance = best_match(track.query, candidates)
            if former and recording is None:
                recording, method, distance = best_match(track.query, await source.search_recordings(track.query))
        except SourceError as error:
            self._heed(error)
            return None
        self.failures_in_a_row = 0
        return Enrichment(track.id, source.name, method, distance, recording)

    async def _with_features(
        self, source: MetadataSource, matched: list[Enrichment], wanting: set[int]
    ) -> list[Enrichment]:
        """The matches with the audio features of those that want them; without them they are left for another run."""
        ids = [e.recording.id for e in matched if e.recording and e.track_id in wanting]
        try:
            features = await source.fetch_audio_features(ids) if ids else {}
        except SourceError as error:
            self._heed(error)
            return [e for e in matched if not _lacks_features(e, wanting)]
        return [
            replace(e, audio_features=dict(features[e.recording.id]))
            if e.recording and e.recording.id in features
            else e
            for e in matched
        ]

    async def _ask_for_features(self, source: FeatureSource) -> None:
        due = await self.store.count_featureless(source.name, source.ids_of, refresh=self.refresh)
        self.progress.start(f"features from {source.name}", due)
        after = 0
        while batch := await self.store.load_featureless(
            source.name, source.ids_of, BATCH, after, refresh=self.refresh
        ):
            after = batch[-1].id
            try:
                features = await source.fetch_audio_features([track.recording_id or "" for track in batch])
            except SourceError as error:
                self._heed(error, len(batch))
                continue
            self.failures_in_a_row = 0
            await self._save([_of_features(source, track, features) for track in batch])
            self.progress.advance(len(batch), now=f"{batch[-1].artist}: {batch[-1].title}")

    async def _save(self, enrichments: list[Enrichment]) -> None:
        await self.store.save_enrichments(enrichments)
        self.report.methods.update(e.method for e in enrichments)
        self.report.with_audio += sum(bool(e.audio_features) for e in enrichments)

    def _heed(self, error: SourceError, tracks: int = 1) -> None:
        """Go on after a failure that may be one track's; raise it when it is the service's."""
        self.failures_in_a_row += 1
        if isinstance(error, RateLimited | Blocked) or self.failures_in_a_row >= MOST_FAILURES:
            raise error
        self.report.failures[str(error)] += tracks


def _lacks_features(enrichment: Enrichment, wanting: set[int]) -> bool:
    """Whether its service is still to be asked for audio features, which it does not withhold."""
    recording = enrichment.recording
    return recording is not None and enrichment.track_id in wanting and FEATURES not in recording.withheld


def _of_features(
    source: FeatureSource, track: UnenrichedTrack, features: Mapping[str, Mapping[str, float]]
) -> Enrichment:
    """A track's audio features, tied to it as the recording is whose id was asked for."""
    found = dict(features.get(track.recording_id or "", {}))
    method, distance = (MatchMethod(track.method), track.distance) if found else (MatchMethod.NONE, 1.0)
    return Enrichment(track.id, source.name, method, distance, audio_features=found, asked_id=track.recording_id)


def _known_ids(source: MetadataSource, track: UnenrichedTrack) -> list[str]:
    return [known for known in (_linked_id(source, track), track.recording_id) if known]


def _linked_id(source: MetadataSource, track: UnenrichedTrack) -> str:
    """The service's id in a link such as `spotify:track:ID`; empty without one."""
    prefix = f"{source.name}:track:"
    uri = track.recording_uri or ""
    return uri.removeprefix(prefix) if uri.startswith(prefix) else ""
