"""Which recording is a track."""

import pytest

from rap_analyzer.domain.enrichment import MatchMethod, Recording, RecordingQuery, audio_embedding
from rap_analyzer.pipeline.matching import best_match, blocking_words, distance, normalize_name


def recording(title: str, *artists: str, **more: object) -> Recording:
    return Recording("r1", title, artists or ("Vesper Okafor",), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le cœur amarré", "Le coeur amarre"),
        ("Salt & Smoke (feat. Ann)", "salt and smoke"),
        ("Плацкарт", "Platskart"),
    ],
)
def test_spelling_does_not_separate_a_song_from_itself(one: str, other: str) -> None:
    """Accents, ampersands, features and scripts fall away."""
    query = RecordingQuery(one, "Vesper Okafor")
    assert distance(query, recording(other)) < 0.04 or normalize_name(one)[:3] == normalize_name(other)[:3]


@pytest.mark.parametrize("title", ["Night Sort (Remix)", "Night Sort - Live", "Night Sort (Karaoke Version)"])
def test_another_version_is_another_recording(title: str) -> None:
    """A blocking word on one side only rules a candidate out."""
    query = RecordingQuery("Night Sort", "Kilo Saint-Clair")
    assert distance(query, recording(title, "Kilo Saint-Clair")) == 1.0


def test_a_remix_matches_its_remix() -> None:
    """A blocking word on both sides is no obstacle."""
    query = RecordingQuery("Hazard Lights (Remix)", "Kilo Saint-Clair")
    assert distance(query, recording("Hazard Lights - Remix", "Kilo Saint-Clair")) < 0.25


def test_the_same_title_by_somebody_else_is_refused() -> None:
    """The artist counts."""
    query = RecordingQuery("First Draft", "Cassius Bloom")
    found, method, _ = best_match(query, [recording("First Draft", "The Quarry Choir")])
    assert found is None
    assert method is MatchMethod.NONE


def test_the_same_isrc_settles_it() -> None:
    """Whatever the title says."""
    query = RecordingQuery("A", "B", isrc="ZZRAP0000001")
    found, method, far = best_match(query, [recording("Quite another", isrc="ZZRAP0000001")])
    assert (found is not None, method, far) == (True, MatchMethod.ISRC, 0.0)


def test_length_separates_an_edit_from_the_song() -> None:
    """Ten seconds are free, thirty are the most."""
    query = RecordingQuery("A", "Vesper Okafor", duration_ms=200_000)
    near, far = recording("A", duration_ms=205_000), recording("A", duration_ms=260_000)
    assert distance(query, near) == 0.0
    assert distance(query, far) == pytest.approx(2 / 7)


def test_a_song_called_cover_is_not_a_cover() -> None:
    """Blocking words count in brackets, after a dash, or at the end."""
    assert blocking_words("Live Wire Sermon") == frozenset()
    assert blocking_words("Block Party Permit (Live at the Bowl)") == {"live"}


def test_an_audio_embedding_needs_every_feature() -> None:
    """A missing feature gives no embedding rather than a wrong one; all are scaled to [0, 1]."""
    features = dict.fromkeys(
        ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence"), 0.5
    )
    assert audio_embedding(features) is None
    full = audio_embedding({**features, "loudness": -6.0, "tempo": 90.0})
    assert full is not None
    assert full[5] == pytest.approx(0.9)
    assert full[7] == pytest.approx(0.36)
