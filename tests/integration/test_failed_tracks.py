"""A song that a step stumbles over is set apart with its reason, and the others go on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.failures import FailureStore
from rap_analyzer.adapters.postgres.passages import PassageStore
from rap_analyzer.adapters.postgres.tails import TailStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.postgres.versions import VersionStore
from rap_analyzer.analyzers import bar_endings
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.fingerprint import FINGERPRINT_VERSION
from rap_analyzer.domain.job import AnalyzerKey, Batch
from rap_analyzer.domain.passage import Passage
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.pipeline import tails, versions
from rap_analyzer.pipeline.analyze import Step, analyze_batch
from rap_analyzer.pipeline.embed import embed
from rap_analyzer.pipeline.tails import read_tails
from rap_analyzer.pipeline.versions import link_versions
from silence import Silence
from statements import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rap_analyzer.adapters.postgres.database import Database

GOOD = "Paint on the ladder and the ladder on the wall\nSeven in the morning and I answer every call"
BAD = "Stumbling block\nThe clerk put a comma where the clock put a dot"


def stumble(text: str) -> None:
    if "Stumbling" in text:
        raise KeyError(text[:9])


class Stumbling:
    """A process pool whose function fails on one song, or on all."""

    def __init__(self, *, everywhere: bool = False) -> None:
        self._everywhere = everywhere

    async def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        for item in items:
            if self._everywhere:
                raise KeyError("broken")
            stumble(item)
        return [function(item) for item in items]


class StumblingAnalyzer:
    name, config_hash = "algorithmic_basic", "h"

    def __init__(self, version: str = "1") -> None:
        self.version = version

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        for one in inputs:
            if self.version == "1":
                stumble(one.lyrics)
        return [Analysis(self.name, self.version, "h", Status.DONE, {"bars": len(i.lyrics)}) for i in inputs]


class StumblingEmbedder:
    model, dimensions = "m", 384

    def split(self, lyrics: str) -> list[Passage]:
        stumble(lyrics)
        return [Passage("verse", "", 0, 1, lyrics)]

    async def embed(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))


async def fill(database: Database, songs: int = 7) -> None:
    """Songs of which the fourth makes things stumble."""
    drafts = []
    for n in range(songs):
        song = Song(str(n), f"Song {n}", "", (Credit(ArtistRef("Ann"), Role.PRIMARY),))
        lyrics = BAD if n == 3 else f"{GOOD}\nVerse number {n}"
        origin = Provenance("t", str(n), "", datetime.now(UTC), "1", "")
        drafts.append(TrackDraft(song, Outcome.STORED, origin, lyrics))
    await TrackStore(database).save_tracks(drafts)


async def failed(database: Database, steps: dict[str, str], *keys: AnalyzerKey) -> list[tuple[str, str]]:
    found = await FailureStore(database).load_failed(steps, keys, 10)
    return [(f.title, f.step) for f in found]


async def test_an_analyzer_sets_one_song_apart(database: Database) -> None:
    """The others have their analyses, it has the status `failed` with the reason; a new version tries it again."""
    await fill(database)
    store, key = AnalysisStore(database), AnalyzerKey("algorithmic_basic", "1", "h")
    batch = Batch(key, 1, 100, 7)
    counts = await analyze_batch(store, Step(StumblingAnalyzer()), batch)
    assert counts == {Status.DONE: 6, Status.FAILED: 1}
    assert await store.count_unanalyzed(key) == 0
    [(reason,)] = await rows(database, "SELECT reason FROM analyses WHERE status = 'failed'")
    assert "KeyError: 'Stumbling'" in reason
    assert await failed(database, {}, key) == [("Song 3", "algorithmic_basic")]
    again = await analyze_batch(
        store, Step(StumblingAnalyzer("2")), Batch(AnalyzerKey("algorithmic_basic", "2", "h"), 1, 100, 7)
    )
    assert again == {Status.DONE: 7}


async def test_reading_endings_sets_one_song_apart(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not asked for again by this version, but by the next and with new words; the others are read."""
    await fill(database)
    store, failures = TailStore(database), FailureStore(database)
    assert await read_tails(store, failures, Stumbling(), 4, Silence()) == 6
    assert await read_tails(store, failures, Stumbling(), 4, Silence()) == 0
    assert await store.count_unread(bar_endings.READING_VERSION) == 0
    assert await failed(database, {tails.STEP: bar_endings.READING_VERSION}) == [("Song 3", "rhyme endings")]
    monkeypatch.setattr(tails, "READING_VERSION", "another")
    assert await store.count_unread("another") == 7
    await rows(
        database, "UPDATE tracks SET lyrics = 'new words', lyrics_digest = 'new' WHERE source_id = '3' RETURNING 1"
    )
    assert await store.count_unread(bar_endings.READING_VERSION) == 1


async def test_embedding_sets_one_song_apart(database: Database) -> None:
    """The others are embedded."""
    await fill(database)
    store, failures, embedder = PassageStore(database), FailureStore(database), StumblingEmbedder()
    assert await embed(store, failures, embedder, Silence()) == 6
    assert await embed(store, failures, embedder, Silence()) == 0
    assert await failed(database, {"embedding": "m"}) == [("Song 3", "embedding")]


async def test_fingerprints_set_one_song_apart(database: Database) -> None:
    """The others are compared."""
    await fill(database)
    store, failures = VersionStore(database), FailureStore(database)

    class Words(Stumbling):
        async def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
            return (
                await super().map(function, items) if items and isinstance(items[0], str) else [*map(function, items)]
            )

    await link_versions(store, failures, Words(), 4, Silence())
    assert await store.count_unfingerprinted(FINGERPRINT_VERSION) == 0
    assert await failed(database, {versions.STEP: FINGERPRINT_VERSION}) == [("Song 3", "fingerprint")]
    [(done,)] = await rows(database, "SELECT count(*) FROM fingerprints WHERE is_compared")
    assert done == 6


async def test_a_broken_program_blames_no_song(database: Database) -> None:
    """What fails on every song, also on one that is known to be good, is passed on, and nothing is set apart."""
    await fill(database)
    store, failures = TailStore(database), FailureStore(database)
    with pytest.raises(KeyError, match="broken"):
        await read_tails(store, failures, Stumbling(everywhere=True), 4, Silence())
    assert await failed(database, {tails.STEP: bar_endings.READING_VERSION}) == []
    assert await store.count_unread(bar_endings.READING_VERSION) == 7
