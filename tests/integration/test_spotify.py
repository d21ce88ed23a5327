"""The Spotify adapter against the simulated Spotify, over real HTTP, in both modes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from memory_state import FREE, MemoryState
from rap_analyzer.adapters.cache import MemoryCache
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.adapters.spotify import Access, SpotifySource, connect_spotify
from rap_analyzer.domain.enrichment import AUDIO_FEATURES, RecordingQuery
from rap_analyzer.domain.errors import ConfigError, NotFound, RateLimited, SourceError
from rap_analyzer.pipeline.matching import best_match
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.simulators.spotify import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, spotify_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.simulators.corpus import Corpus, DemoRecording

RATE = "6000000/minute"


@asynccontextmanager
async def source_at(
    server: SimulatorServer, secret: str = DEMO_CLIENT_SECRET, **more: Any
) -> AsyncIterator[SpotifySource]:
    """The adapter with short waits."""
    door = HttpDoor("spotify", FREE, MemoryState(), base_delay=0.01, timeouts=Timeouts(0.5, 0.5))
    async with door:
        yield SpotifySource(door, DEMO_CLIENT_ID, secret, api_url=server.url, accounts_url=server.url, **more)


@pytest.fixture
async def source(spotify_server: SimulatorServer) -> AsyncIterator[SpotifySource]:
    """The adapter as the program makes it, for an app in development mode."""
    url = spotify_server.url
    async with connect_spotify(
        DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, api_url=url, accounts_url=url + "/", rate=RATE, state=MemoryState()
    ) as source:
        yield source


@pytest.fixture
async def extended(extended_spotify_server: SimulatorServer) -> AsyncIterator[SpotifySource]:
    """The adapter for an app with extended quota."""
    async with source_at(extended_spotify_server) as source:
        yield source


def recordings(corpus: Corpus) -> list[DemoRecording]:
    """Every recording of the corpus."""
    return [song.recording for song in corpus.written.values() if song.recording]


async def test_the_right_recording_is_among_the_near_misses(source: SpotifySource, corpus: Corpus) -> None:
    """For every song that is there the search finds it, and matching picks it; for the others it picks none."""
    for song in corpus.written.values():
        query = RecordingQuery(song.title, corpus.by_slug[song.artist].name)
        found = await source.search_recordings(query)
        matched, _, _ = best_match(query, found)
        assert (matched.title if matched else None) == (song.title if song.recording else None)
        if song.recording:
            assert song.recording.id in {recording.id for recording in found}
            assert len(found) >= 4


async def test_an_isrc_finds_its_recording_first(source: SpotifySource, corpus: Corpus) -> None:
    """Two recordings of one title are told apart by their codes."""
    for song in corpus.written.values():
        if song.recording:
            query = RecordingQuery(song.title, corpus.by_slug[song.artist].name, isrc=song.recording.isrc)
            [first, *rest] = await source.search_recordings(query)
            assert first.id == song.recording.id
            assert first.id not in {recording.id for recording in rest}


async def test_signs_in_titles_break_no_search(source: SpotifySource) -> None:
    """Quotes and colons of a title do not end the field that holds it, and a long title is shortened."""
    assert await source.search_recordings(RecordingQuery('Half "Nine" at: the Crown', "Tenner Grey"))
    assert await source.search_recordings(RecordingQuery("q" * 5_000, "zz" * 5_000)) == []


async def test_development_mode_withholds_and_says_what(source: SpotifySource, corpus: Corpus) -> None:
    """What is not given is absent and named; the rest is there."""
    one = recordings(corpus)[0]
    recording = await source.fetch_recording(one.id)
    assert (recording.isrc, recording.duration_ms) == (one.isrc, one.duration_ms)
    assert set(recording.withheld) == {"popularity", "available_markets", "audio_features"}
    assert "popularity" not in recording.data
    assert recording.data["url"].endswith(one.id)
    assert await source.fetch_audio_features([one.id]) == {}


async def test_extended_mode_gives_everything(extended: SpotifySource, corpus: Corpus) -> None:
    """All features of all recordings come as they are in the files."""
    wanted = recordings(corpus)
    features = await extended.fetch_audio_features([one.id for one in wanted])
    found = await extended.fetch_recordings([one.id for one in wanted])
    for one in wanted:
        assert features[one.id].items() >= {name: one.features[name] for name in AUDIO_FEATURES}.items()
        assert found[one.id].withheld == ()
        assert found[one.id].data["popularity"] == one.popularity


async def test_batches_are_used_where_they_may_be(corpus: Corpus) -> None:
    """120 ids cost three batch reads in extended mode and single reads in development mode."""
    more = corpus.scaled(1_200)
    made_up = [song.recording.id for n in range(120) if (song := more.song(10_000_000 + n)) and song.recording]
    app = spotify_app(more, mode="extended")
    with SimulatorServer(app) as server:
        async with source_at(server) as source:
            assert len(await source.fetch_recordings([*made_up, "f" * 22])) == 120
            assert len(await source.fetch_audio_features(made_up)) == 120
    # one more of the last for finding out what the app may
    assert app.stats()["requests"] == {"/api/token": 1, "/v1/tracks": 3, "/v1/audio-features": 2 + 1}
    app = spotify_app(more)
    with SimulatorServer(app) as server:
        async with source_at(server) as source:
            assert set(await source.fetch_recordings([*made_up[:7], "f" * 22])) == set(made_up[:7])
    assert app.stats()["requests"] == {"/api/token": 1, "/v1/tracks/{id}": 8, "/v1/audio-features": 1}


async def test_what_the_app_may_is_remembered(corpus: Corpus) -> None:
    """A second process with the same cache does not ask again."""
    cache, one = MemoryCache(), recordings(corpus)[0]
    app = spotify_app(corpus)
    with SimulatorServer(app) as server:
        for _ in range(2):
            async with source_at(server, cache=cache) as source:
                assert await source.find_access(one.id) is Access.DEVELOPMENT
    assert app.stats()["requests"]["/v1/audio-features"] == 1


async def test_tokens_are_renewed(corpus: Corpus) -> None:
    """A token that the service has forgotten, or that is about to expire, is replaced without anybody noticing."""
    one, other = (recording.id for recording in recordings(corpus)[:2])
    lasting, short = spotify_app(corpus), spotify_app(corpus, token_seconds=30)
    with SimulatorServer(lasting) as server:
        async with source_at(server) as source:
            await source.fetch_recording(one)
            source._tokens._token = "forgotten"  # noqa: S105
            await source.fetch_recording(other)
    assert (lasting.stats()["requests"]["/api/token"], lasting.stats()["statuses"]["401"]) == (2, 1)
    with SimulatorServer(short) as server:
        async with source_at(server) as source:
            await source.fetch_recording(one)
    # a token of half a minute is renewed for each request: this one, and that which finds out what the app may
    assert (short.stats()["requests"]["/api/token"], short.stats()["statuses"].get("401")) == (2, None)


async def test_a_wrong_secret_is_a_wrong_setting(spotify_server: SimulatorServer) -> None:
    """The error names both settings and repeats neither value."""
    async with source_at(spotify_server, "wrong-secret") as source:
        with pytest.raises(ConfigError, match="SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET") as raised:
            await source.fetch_recording("a" * 22)
    assert "wrong-secret" not in str(raised.value)


async def test_an_empty_secret_is_refused_unsent() -> None:
    """Nothing is asked without credentials."""
    async with HttpDoor("spotify", FREE, MemoryState()) as door:
        with pytest.raises(ConfigError, match="SPOTIFY_CLIENT_SECRET is empty"):
            SpotifySource(door, "id", " ")


async def test_an_owner_without_premium_is_told_so(corpus: Corpus) -> None:
    """The sentence of Spotify reaches the user."""
    with SimulatorServer(spotify_app(corpus, has_premium=False)) as server:
        async with source_at(server) as source:
            with pytest.raises(SourceError, match="Active premium subscription required for the owner of the app"):
                await source.fetch_recording(recordings(corpus)[0].id)


@pytest.mark.parametrize("recording_id", ["z" * 22, "short", "", "../search?q=x", "ä" * 22])
async def test_a_recording_that_is_not_there(source: SpotifySource, recording_id: str) -> None:
    """Unknown and impossible ids are `NotFound`."""
    with pytest.raises(NotFound):
        await source.fetch_recording(recording_id)


async def test_a_day_long_ban_is_not_slept_through(corpus: Corpus) -> None:
    """The error tells how long, and comes at once."""
    with SimulatorServer(spotify_app(corpus, faults=Faults(rate_limited=1.0, retry_after=79_892))) as server:
        async with source_at(server) as source:
            with pytest.raises(RateLimited) as raised:
                await source.fetch_recording(recordings(corpus)[0].id)
    assert raised.value.retry_after == 79_892


async def test_passing_faults_cost_nothing(corpus: Corpus) -> None:
    """With a fifth of all requests going wrong every recording still comes."""
    shares: dict[str, Any] = dict.fromkeys(("server_error", "cut", "malformed_json", "rate_limited_silently"), 0.05)
    with SimulatorServer(spotify_app(corpus, faults=Faults(**shares, seed=4))) as server:
        async with source_at(server) as source:
            ids = [one.id for one in recordings(corpus)]
            assert set(await source.fetch_recordings(ids)) == set(ids)
