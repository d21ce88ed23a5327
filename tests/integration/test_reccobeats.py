"""The ReccoBeats adapter against the simulated ReccoBeats, over real HTTP, and against other shapes of its answers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from memory_state import FREE, MemoryState
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.adapters.reccobeats import ReccoBeatsSource, connect_reccobeats
from rap_analyzer.domain.enrichment import AUDIO_FEATURES, audio_embedding
from rap_analyzer.domain.errors import ConfigError, NotFound, PageChanged, RateLimited, SourceError
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.reccobeats import is_missing, own_id, reccobeats_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.simulators.corpus import Corpus

ID = "4" * 22
FEATURES = {**dict.fromkeys(AUDIO_FEATURES, 0.5), "tempo": 93.2, "loudness": -7.5, "key": 4, "mode": 1}


@asynccontextmanager
async def source_at(server: SimulatorServer) -> AsyncIterator[ReccoBeatsSource]:
    """The adapter with short waits."""
    door = HttpDoor("reccobeats", FREE, MemoryState(), base_delay=0.01, timeouts=Timeouts(0.5, 0.5))
    async with door:
        yield ReccoBeatsSource(door, api_url=server.url + "/")


async def answered(document: Any, status: int = 200) -> dict[str, dict[str, float]]:
    """What the adapter makes of one answer."""
    app = Starlette(routes=[Route("/v1/audio-features", lambda _: JSONResponse(document, status))])
    with SimulatorServer(app) as server:
        async with source_at(server) as source:
            return await source.fetch_audio_features([ID])


def there(corpus: Corpus) -> list[str]:
    """Ids of recordings that the service has."""
    return [s.recording.id for s in corpus.written.values() if s.recording and not is_missing(s)]


async def test_features_come_in_their_ranges(corpus: Corpus) -> None:
    """For every track that is there, all nine; tempo and loudness in beats a minute and decibels."""
    with SimulatorServer(reccobeats_app(corpus)) as server:
        async with source_at(server) as source:
            found = await source.fetch_audio_features([*there(corpus), "z" * 22, "no id", ID])
    assert set(found) == set(there(corpus))
    for features in found.values():
        assert audio_embedding(features) is not None
        assert 40 < features["tempo"] < 220
        assert -60 < features["loudness"] <= 0


async def test_forty_are_asked_for_at_once(corpus: Corpus) -> None:
    """121 ids are four questions, none are none, and each is asked for once."""
    more = corpus.scaled(200)
    ids = [song.recording.id for n in range(121) if (song := more.song(10_000_000 + n)) and song.recording]
    app = reccobeats_app(more)
    with SimulatorServer(app) as server:
        async with source_at(server) as source:
            assert len(await source.fetch_audio_features([*ids, *ids])) > 100
            assert await source.fetch_audio_features([]) == {}
    assert app.stats()["requests"] == {"/v1/audio-features": 4}


async def test_one_track_by_its_own_id(corpus: Corpus) -> None:
    """Spotify's ids are of no use there."""
    wanted = there(corpus)[0]
    with SimulatorServer(reccobeats_app(corpus)) as server:
        async with source_at(server) as source:
            assert (await source.fetch_features_of(own_id(wanted)))["tempo"] > 0
            for wrong in (wanted, own_id("z" * 22), "../track", ""):
                with pytest.raises(NotFound):
                    await source.fetch_features_of(wrong)


@pytest.mark.parametrize(
    "document",
    [
        {"content": [{"id": "own", "href": f"https://open.spotify.com/track/{ID}", **FEATURES}]},
        [{"id": "own", "href": f"https://open.spotify.com/track/{ID}?si=abc", **FEATURES}],
        {"content": [None, {"id": ID, **FEATURES, "isrc": None}]},
        {"content": [{"id": "own", "href": f"spotify:track:{ID}", **FEATURES}], "page": 0},
        {"content": [{"id": "own", "spotifyId": ID, "href": None, **FEATURES}]},
    ],
)
async def test_recorded_shapes_are_read(document: Any) -> None:
    """A list, a page, nulls, and each way of naming whose the features are."""
    assert await answered(document) == {ID: FEATURES}


async def test_values_that_cannot_be_are_left_out() -> None:
    """A key that was not made out, a tempo of zero, text for a number: absent, so never mistaken for a value."""
    odd = {**FEATURES, "key": -1, "tempo": 0.0, "energy": "0.5", "valence": None, "mode": True, "liveness": 1.7}
    found = await answered([{"id": ID, **odd}])
    assert set(found[ID]) == set(FEATURES) - {"key", "tempo", "energy", "valence", "mode", "liveness"}


@pytest.mark.parametrize(
    "document",
    [
        {"tracks": []},
        "text",
        {"content": "none"},
        {"content": ["text"]},
        {"content": [{"id": "own", **FEATURES}]},
        {"content": [{"id": ID, "bpm": 93.2}]},
    ],
)
async def test_a_new_shape_is_said_to_be_one(document: Any) -> None:
    """No list, no Spotify id, or not one feature under a name that we know."""
    with pytest.raises(PageChanged, match="ReccoBeats"):
        await answered(document)


async def test_nothing_there_is_no_error() -> None:
    """An empty answer, and a 404 for all of them."""
    assert await answered({"content": []}) == {}
    assert await answered({"error": "Not found"}, 404) == {}


async def test_a_refused_question_says_why() -> None:
    """Its own sentence reaches the user."""
    with pytest.raises(SourceError, match="ids: too many"):
        await answered({"status": 400, "error": "ids: too many"}, 400)


async def test_a_long_wait_is_not_slept_through(corpus: Corpus) -> None:
    """The error tells how long, and comes at once."""
    with SimulatorServer(reccobeats_app(corpus, faults=Faults(rate_limited=1.0, retry_after=4_000))) as server:
        async with source_at(server) as source:
            with pytest.raises(RateLimited) as raised:
                await source.fetch_audio_features([ID])
    assert raised.value.retry_after == 4_000


async def test_passing_faults_cost_nothing(corpus: Corpus) -> None:
    """With a fifth of all requests going wrong everything still comes."""
    shares: dict[str, Any] = dict.fromkeys(("server_error", "cut", "malformed_json", "rate_limited_silently"), 0.05)
    with SimulatorServer(reccobeats_app(corpus, faults=Faults(**shares, seed=3))) as server:
        async with source_at(server) as source:
            for track_id in there(corpus):
                assert set(await source.fetch_audio_features([track_id])) == {track_id}


async def test_the_simulator_refuses_what_the_service_refuses(corpus: Corpus) -> None:
    """No ids, too many, and paths that it does not have."""
    with SimulatorServer(reccobeats_app(corpus)) as server:
        async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
            for path, status in (
                ("/v1/audio-features", 400),
                ("/v1/audio-features?ids=" + ",".join(f"{n:022d}" for n in range(41)), 400),
                ("/v1/recommendation", 404),
            ):
                assert (await client.get(path)).status_code == status
            both = await client.get(f"/v1/audio-features?ids={there(corpus)[0]}&ids={own_id(there(corpus)[1])}")
    assert len(both.json()["content"]) == 2


async def test_a_rate_that_is_none_is_a_wrong_setting() -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigError):
        async with connect_reccobeats(api_url="http://127.0.0.1:1", rate="often", state=MemoryState()):
            pass
