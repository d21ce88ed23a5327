"""Clients that others wrote read the simulators as they read the real services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lyricsgenius
import pytest
import spotipy
from spotipy.oauth2 import SpotifyClientCredentials

from rap_analyzer.domain.transcription import clean_transcription
from rap_analyzer.simulators.corpus import Corpus, load_corpus
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.simulators.spotify import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Mode, spotify_app

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """The demo corpus."""
    return load_corpus()


@pytest.fixture(scope="module")
def genius(corpus: Corpus) -> Iterator[Any]:
    """lyricsgenius, pointed at the simulator."""
    with SimulatorServer(genius_app(corpus)) as server:
        client = lyricsgenius.Genius(DEMO_TOKEN, sleep_time=0)
        client._session.trust_env = False
        client.API_ROOT, client.PUBLIC_API_ROOT = server.url + "/api/", server.url + "/web/api/"
        client.WEB_ROOT = server.url + "/web/"
        yield client
        client._session.close()


def spotify_at(url: str) -> Any:
    """spotipy, pointed at the simulator."""

    class Credentials(SpotifyClientCredentials):  # type: ignore[misc]
        OAUTH_TOKEN_URL = url + "/api/token"

    handler = spotipy.cache_handler.MemoryCacheHandler()
    credentials = Credentials(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, cache_handler=handler)
    client = spotipy.Spotify(client_credentials_manager=credentials, retries=0)
    client.prefix = url + "/v1/"
    return client


def is_plain(song_id: int, era: str) -> bool:
    """Whether the page is of a kind that lyricsgenius reads without gluing lines: one box, or the state alone."""
    return era == "preloaded" or (era == "container" and song_id % 3 == 0)


def test_lyricsgenius_lists_every_artist(genius: Any, corpus: Corpus) -> None:
    """Each artist's own songs are those of the corpus, with their titles."""
    for artist in corpus.artists:
        own = {s.id: s.title for s in corpus.written.values() if s.artist == artist.slug}
        found: dict[int, str] = {}
        page: int | None = 1
        assert genius.search_artist(artist.name, max_songs=0).name == artist.name
        while page:
            answer = genius.artist_songs(artist.id, per_page=3, page=page, sort="popularity")
            found |= {s["id"]: s["title"] for s in answer["songs"] if s["primary_artist"]["id"] == artist.id}
            page = answer["next_page"]
        assert found == own


def test_lyricsgenius_reads_plain_pages(genius: Any, corpus: Corpus) -> None:
    """The words that it takes out of pages of one box, or of the state alone, are those of the corpus."""
    plain = [s for s in corpus.written.values() if s.kind == "song" and is_plain(s.id, s.page)]
    assert len(plain) >= 15
    for song in plain:
        assert clean_transcription(genius.lyrics(song_id=song.id)) == clean_transcription(song.lyrics), song.title


def test_lyricsgenius_collects_an_artist_with_lyrics(genius: Any, corpus: Corpus) -> None:
    """Its whole path works: search, list, song, page; what it gets differs only where it glues lines together."""
    genius.skip_non_songs = True
    artist = genius.search_artist("Lantern District")
    own = {s.title: s for s in corpus.written.values() if s.artist == "lantern-district"}
    read = {song.title: song.lyrics for song in artist.songs}
    assert set(read) == {title for title, song in own.items() if song.kind == "song"}
    for song in own.values():
        if song.page == "container":
            assert "".join(read[song.title].split()) == "".join(clean_transcription(song.lyrics).split())


def test_lyricsgenius_reads_an_album(genius: Any, corpus: Corpus) -> None:
    """An album's tracks are listed without a token."""
    song = next(s for s in corpus.written.values() if s.album and s.kind == "song")
    album_id = genius.song(song.id)["song"]["album"]["id"]
    assert genius.album(album_id)["album"]["name"] == song.album
    assert song.id in {track["song"]["id"] for track in genius.album_tracks(album_id)["tracks"]}


@pytest.mark.filterwarnings("ignore:.*deprecated by Spotify:DeprecationWarning")
@pytest.mark.parametrize("mode", ["development", "extended"])
def test_spotipy_reads_recordings(corpus: Corpus, mode: Mode) -> None:
    """Search and single reads work in both modes, batches and features only in extended mode."""
    song = corpus.written[10201]
    assert song.recording
    with SimulatorServer(spotify_app(corpus, mode=mode)) as server:
        client = spotify_at(server.url)
        found = client.search(f'track:"{song.title}" artist:"Lantern District"', limit=5)["tracks"]["items"]
        assert song.recording.id in {track["id"] for track in found}
        track = client.track(song.recording.id)
        assert (track["name"], track["external_ids"]["isrc"]) == (song.title, song.recording.isrc)
        assert ("popularity" in track) == (mode == "extended")
        if mode == "extended":
            [features] = client.audio_features([song.recording.id])
            assert features["tempo"] == song.recording.features["tempo"]
            assert client.tracks([song.recording.id])["tracks"][0]["name"] == song.title
        else:
            for ask in (client.audio_features, client.tracks):
                with pytest.raises(spotipy.SpotifyException) as raised:
                    ask([song.recording.id])
                assert raised.value.http_status == 403
        client._session.close()


def test_spotipy_is_told_of_wrong_credentials(corpus: Corpus) -> None:
    """A wrong secret is an OAuth error to it."""
    with SimulatorServer(spotify_app(corpus, client_secret="another")) as server:
        client = spotify_at(server.url)
        with pytest.raises(spotipy.oauth2.SpotifyOauthError, match="invalid_client"):
            client.track("a" * 22)
        client._session.close()
