"""Themes of a track from the embeddings that the store keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rap_analyzer.adapters.postgres.passages import PassageStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.errors import NotFound
from rap_analyzer.domain.passage import Passage, TrackEmbedding
from rap_analyzer.domain.themes import SHIPPED, THEMES
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.domain.verdict import Theme
from rap_analyzer.pipeline.themes import themes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Database

MODEL = "all-MiniLM-L6-v2/fp32/1"
COUNTED = Passage("verse", "Verse 1", 0, 1, "I was counting what I had\nand I had what I was counting")
PRAYED = Passage("hook", "", 2, 3, "and I was on my knees\nand you were with me there")


def draft(lyrics: str) -> TrackDraft:
    """A song of these words."""
    song = Song(
        "1", "Song", "https://example.org/1", (Credit(ArtistRef("Ann Tenna", "1"), Role.PRIMARY),), language="en"
    )
    return TrackDraft(song, Outcome.STORED, Provenance("demo", "1", song.url, datetime.now(UTC), "1", "raw"), lyrics)


def vector_of(theme: Theme) -> list[float]:
    """The mean of a theme's sentences, as a unit vector."""
    with np.load(SHIPPED, allow_pickle=False) as held:
        mean = held["vectors"].astype(np.float32)[THEMES.index(theme)].mean(0)
    return [float(x) for x in mean / np.linalg.norm(mean)]


async def embed(store: PassageStore, passages: Sequence[Passage], *themes: Theme) -> int:
    """Save passages of the only track, each about a theme; returns its id."""
    (track,) = await store.load_unembedded(MODEL, 10, 0)
    vectors = [vector_of(theme) for theme in themes]
    mean = vectors[0] if vectors else []
    await store.save_embeddings([TrackEmbedding(track.id, track.lyrics_digest, passages, vectors, mean)], MODEL)
    return track.id


async def test_the_themes_of_a_track_come_from_its_stored_passages(database: Database) -> None:
    """In their order, at half precision, with the passages as evidence."""
    store = PassageStore(database)
    await TrackStore(database).save_tracks([draft("some words")])
    track = await embed(store, [COUNTED, PRAYED], Theme.MONEY, Theme.FAITH)
    kept = await store.load_embeddings(track)
    assert (kept.language, kept.model) == ("en", MODEL)
    assert [one.passage for one in kept.passages] == [COUNTED, PRAYED]
    assert np.allclose(kept.passages[0].vector, vector_of(Theme.MONEY), atol=1e-3)
    answer = await themes_of(store, track)
    found = {theme.theme: theme for theme in answer.themes}
    assert {Theme.MONEY, Theme.FAITH} <= set(found)
    assert found[Theme.MONEY].evidence[0].passage == COUNTED
    assert found[Theme.FAITH].share == 0.5


async def test_new_words_have_no_themes_until_they_are_embedded(database: Database) -> None:
    """The passages of the former words say nothing of them."""
    store, tracks = PassageStore(database), TrackStore(database)
    await tracks.save_tracks([draft("some words")])
    assert (await themes_of(store, (await store.load_unembedded(MODEL, 1, 0))[0].id)).reason.endswith("run rap embed.")
    track = await embed(store, [COUNTED], Theme.MONEY)
    await tracks.save_tracks([draft("other words")])
    answer = await themes_of(store, track)
    assert (answer.themes, answer.judged, answer.reason) == (
        (),
        False,
        "The present words have no embedding yet: run rap embed.",
    )


async def test_a_track_without_passages_says_so(database: Database) -> None:
    """Nothing to embed is not the same as not embedded."""
    store = PassageStore(database)
    await TrackStore(database).save_tracks([draft("♪")])
    answer = await themes_of(store, await embed(store, []))
    assert (answer.judged, answer.reason) == (False, "The track has no words, so there is nothing to judge.")


async def test_no_such_track_is_an_error(database: Database) -> None:
    """With the number that was asked for."""
    with pytest.raises(NotFound, match="No track has the number 404"):
        await themes_of(PassageStore(database), 404)
