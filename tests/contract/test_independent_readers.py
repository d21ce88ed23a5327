"""Clients that others wrote read the simulators as they read the real services."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import lyricsgenius
import pytest
import spotipy
from spotipy.oauth2 import SpotifyClientCredentials

from memory_state import MemoryState
from rap_analyzer.adapters.genius import connect_genius
from rap_analyzer.domain.transcription import clean_transcription
from rap_analyzer.simulators.corpus import Corpus, load_corpus
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.simulators.spotify import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Mode, spotify_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.adapters.genius import GeniusSource
    from rap_analyzer.domain.track import ArtistRef, SongStub
    from rap_analyzer.simulators.corpus import DemoSong


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """The demo corpus."""
    return load_corpus()


@pytest.fixture(scope="module")
def genius(corpus: Corpus) -> Iterator[Any]:
    """lyricsgenius, pointed at the simulator."""
    with SimulatorServer(genius_app(corpus)) as server, lyricsgenius_at(server.url) as client:
        yield client


@contextmanager
def lyricsgenius_at(url: str) -> Iterator[Any]:
    """lyricsgenius, pointed at a simulator."""
    client = lyricsgenius.Genius(DEMO_TOKEN, sleep_time=0)
    client._session.trust_env = False
    client.API_ROOT, client.PUBLIC_API_ROOT, client.WEB_ROOT = f"{url}/api/", f"{url}/web/api/", f"{url}/web/"
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


async def test_lyricsgenius_and_we_read_the_same(corpus: Corpus) -> None:
    """Every artist's list, page by page, and the words and title of every song on a plain page, made-up ones too."""
    more = corpus.scaled(60 * len(corpus.artists))
    with SimulatorServer(genius_app(more)) as server, lyricsgenius_at(server.url) as theirs:
        async with connect_genius(
            DEMO_TOKEN, api_url=f"{server.url}/api", web_url=f"{server.url}/web", rate="6000000/minute",
            state=MemoryState(),
        ) as ours:  # fmt: skip
            for artist in corpus.artists:
                named = await ours.find_artist(artist.name)
                assert named.name == theirs.search_artist(artist.name, max_songs=0).name
                stubs = await read_list(ours, theirs, named)
                plain = [stub for stub in stubs if is_plain_song(more.song(int(stub.source_id)))]
                assert len(plain) >= 15
                for stub in plain:
                    await read_song(ours, theirs, stub)


async def read_list(ours: GeniusSource, theirs: Any, artist: ArtistRef) -> list[SongStub]:
    """A list that both read, the same on every page."""
    stubs: list[SongStub] = []
    page: int | None = 1
    while page:
        answer = theirs.artist_songs(artist.source_id, per_page=50, page=page, sort="popularity")
        listed = await ours.list_songs(artist, page)
        assert [(s.source_id, s.title) for s in listed.songs] == [(str(s["id"]), s["title"]) for s in answer["songs"]]
        assert listed.next_page == answer["next_page"]
        stubs += listed.songs
        page = listed.next_page
    assert len(stubs) > 50
    return stubs


async def read_song(ours: GeniusSource, theirs: Any, stub: SongStub) -> None:
    """A song that both read, with the same title and words."""
    song = await ours.fetch_song(stub.source_id)
    page = await ours.fetch_lyrics(song)
    assert song.title == theirs.song(int(stub.source_id))["song"]["title"]
    assert clean_transcription(page.lyrics) == clean_transcription(theirs.lyrics(song_url=stub.url)), song.title


def is_plain_song(song: DemoSong | None) -> bool:
    """Whether it has words on a plain page."""
    return song is not None and song.kind == "song" and is_plain(song.id, song.page)


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
