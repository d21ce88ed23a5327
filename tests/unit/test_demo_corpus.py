"""The demo corpus is whole, original in its ids, and varied enough to show what the product can."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from rap_analyzer.domain.enrichment import AUDIO_FEATURES
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.transcription import clean_transcription
from rap_analyzer.simulators.corpus import ERAS, GENERATED_FROM, Corpus, DemoSong, load_corpus

if TYPE_CHECKING:
    from pathlib import Path

ARTIST = """id = 901
slug = "test-pilot"
name = "Test Pilot"
spotify_id = "0demoArtist00000000901"
"""
SONG = """+++
id = 90101
title = "Checklist"
artist = "test-pilot"
featured = [{featured}]
kind = "{kind}"
page = "container"
{more}
+++
[Verse 1]
Flaps down
"""


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """The demo corpus."""
    return load_corpus()


@pytest.fixture(scope="module")
def songs(corpus: Corpus) -> list[DemoSong]:
    """Its songs."""
    return list(corpus.written.values())


def write(folder: Path, *, featured: str = "", kind: str = "song", more: str = "", artist: str = ARTIST) -> Path:
    """A corpus of one artist and one song."""
    home = folder / "songs" / "test-pilot"
    home.mkdir(parents=True)
    (home / "artist.toml").write_text(artist, "utf8")
    (home / "checklist.md").write_text(SONG.format(featured=featured, kind=kind, more=more), "utf8")
    return folder


def test_is_large_enough(corpus: Corpus, songs: list[DemoSong]) -> None:
    """At least 72 songs by at least ten artists, over at least four decades."""
    years = [song.release_date.year for song in songs if song.release_date]
    assert len(songs) >= 72
    assert len({song.artist for song in songs}) >= 10
    assert min(years) <= 1990
    assert max(years) >= 2024


def test_has_every_kind_of_song(songs: list[DemoSong]) -> None:
    """Songs, an instrumental, an unreleased one, a tracklist; several languages; a remix, a live one, a re-release."""
    assert {song.kind for song in songs} == {"song", "instrumental", "unreleased", "not_a_song"}
    assert {"en", "es", "fr", "ru"} <= {song.language for song in songs}
    kinds = {kind for song in songs for kind, _ in song.relationships}
    assert {"remix_of", "live_version_of", "rerelease_of"} <= kinds
    assert any(song.featured for song in songs)
    assert any(song.encoding != "utf-8" for song in songs)
    assert {song.page for song in songs} == set(ERAS)


def test_songs_have_words(songs: list[DemoSong]) -> None:
    """Every song has at least twelve bars and a section header; an unreleased one has none."""
    for song in songs:
        bars = [line for line in song.lyrics.splitlines() if line and not line.startswith("[")]
        if song.kind == "song":
            assert len(bars) >= 12, song.title
            assert song.lyrics.startswith("["), song.title
        if song.kind == "unreleased":
            assert not song.lyrics


def test_a_re_release_has_the_same_words(corpus: Corpus, songs: list[DemoSong]) -> None:
    """What is marked as a re-release differs in nothing that a reader sees."""
    [(song, original)] = [(s, o) for s in songs for kind, o in s.relationships if kind == "rerelease_of"]
    assert clean_transcription(song.lyrics) == clean_transcription(corpus.written[original].lyrics)


def test_ids_are_unique_and_well_formed(corpus: Corpus, songs: list[DemoSong]) -> None:
    """Ids repeat nowhere; Spotify's have 22 characters, ISRCs twelve."""
    recordings = [song.recording for song in songs if song.recording]
    ids = [r.id for r in recordings] + [artist.spotify_id for artist in corpus.artists]
    isrcs = Counter(r.isrc for r in recordings)
    assert max(Counter(ids).values()) == 1
    assert {len(one) for one in ids} == {22}
    assert {len(isrc) for isrc in isrcs} == {12}
    assert max(isrcs.values()) == 1
    assert len({artist.id for artist in corpus.artists}) == len(corpus.artists)


def test_audio_features_are_complete_and_in_range(songs: list[DemoSong]) -> None:
    """Each recording has the nine features, those that are shares in [0, 1]."""
    for song in songs:
        if song.recording:
            features = song.recording.features
            assert set(AUDIO_FEATURES) <= set(features), song.title
            assert -60 < features["loudness"] < 0
            assert 40 < features["tempo"] < 220
            shares = set(AUDIO_FEATURES) - {"loudness", "tempo"}
            assert all(0 <= features[name] <= 1 for name in shares), song.title


def test_songs_of_an_artist_include_features_by_views(corpus: Corpus, songs: list[DemoSong]) -> None:
    """An artist's list has what they feature on too, the most viewed first."""
    guest = next(song for song in songs if song.featured)
    listed = [corpus.song(song_id) for song_id in corpus.song_ids_of(guest.featured[0])]
    views = [song.page_views or 0 for song in listed if song]
    assert guest in listed
    assert views == sorted(views, reverse=True)


def test_made_up_songs_are_the_same_for_the_same_seed(corpus: Corpus) -> None:
    """A scaled corpus makes songs on demand: alike for one seed, unlike for another, as many as were asked for."""
    one, same, other = corpus.scaled(500, 1), corpus.scaled(500, 1), corpus.scaled(500, 2)
    song_id = GENERATED_FROM + 499
    assert len(one) == len(corpus) + 500
    assert one.song(song_id) == same.song(song_id) != other.song(song_id)
    assert one.song(song_id + 1) is None
    assert sum(len(one.song_ids_of(a.slug)) for a in corpus.artists) == 500 + sum(
        len(corpus.song_ids_of(a.slug)) for a in corpus.artists
    )


def test_a_song_file_is_read_as_written(tmp_path: Path) -> None:
    """Fields that are absent are empty; the lyrics keep their section headers."""
    song = load_corpus(write(tmp_path)).written[90101]
    assert (song.album, song.release_date, song.recording) == (None, None, None)
    assert song.lyrics == "[Verse 1]\nFlaps down"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"featured": '"nobody-there"'}, "nobody-there"),
        ({"more": "remix_of = 12"}, "12"),
        ({"kind": "opera"}, "opera"),
        ({"more": "colour = 3"}, "colour"),
        ({"more": "release_date = "}, "test-pilot/checklist.md"),
        ({"artist": "id = 901"}, "artist.toml"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, change: dict[str, str], told: str) -> None:
    """What is wrong with a file, and with which, stands in the error."""
    with pytest.raises(InputError, match=told):
        load_corpus(write(tmp_path, **change))


def test_two_songs_of_one_id_are_refused(tmp_path: Path) -> None:
    """An id names one song."""
    home = write(tmp_path) / "songs" / "test-pilot"
    (home / "copy.md").write_text((home / "checklist.md").read_text("utf8"), "utf8")
    with pytest.raises(InputError, match="same id"):
        load_corpus(tmp_path)


def test_artists_are_made_up_too() -> None:
    """Each of another name, with a song that a search finds and a share of the rest; the demo's own stay."""
    corpus = load_corpus()
    more = corpus.scaled(1000, artists=500)
    assert len(more) == len(corpus) + 1500
    assert len({artist.name for artist in more.artists}) == len(corpus.artists) + 500
    assert list(more.artists[: len(corpus.artists)]) == list(corpus.artists)
    listed = [song_id for artist in more.artists for song_id in more.song_ids_of(artist.slug)]
    assert set(listed) == {*more.written, *range(GENERATED_FROM, GENERATED_FROM + 1000)}
    for artist in more.artists[len(corpus.artists) :]:
        first = more.song(more.song_ids_of(artist.slug)[0])
        assert first
        assert artist.name in first.title
        assert first.lyrics
    assert more == corpus.scaled(1000, artists=500)
