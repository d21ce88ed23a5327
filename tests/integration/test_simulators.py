"""The simulators behave as the services do, and their server comes and goes without trace."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from typing import TYPE_CHECKING

import httpx2
import pytest

from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.simulators.corpus import Corpus

BEARER = {"Authorization": f"Bearer {DEMO_TOKEN}"}


@pytest.fixture
def client(genius_server: SimulatorServer) -> Iterator[httpx2.Client]:
    """A plain HTTP client at the simulated Genius."""
    with httpx2.Client(base_url=genius_server.url, trust_env=False) as client:
        yield client


def test_the_api_wants_a_token(client: httpx2.Client) -> None:
    """Without one and with a wrong one the answers are those that Genius gives."""
    without = client.get("/api/search?q=x")
    wrong = client.get("/api/search?q=x", headers={"Authorization": "Bearer no"})
    assert (without.status_code, without.json()["meta"]["status"]) == (401, 401)
    assert "access_token" in without.json()["meta"]["message"]
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_token")


def test_what_is_not_there_is_404(client: httpx2.Client) -> None:
    """The API answers in its envelope, the site with a page."""
    answer = client.get("/api/songs/1", headers=BEARER)
    assert (answer.status_code, answer.json()) == (404, {"meta": {"status": 404, "message": "404 Not Found"}})
    assert answer.headers["status"] == "404 Not Found"
    assert answer.headers["server"] == "cloudflare"
    assert client.get("/api/nothing/here", headers=BEARER).status_code == 404
    page = client.get("/web/No-such-lyrics")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (404, "text/html")


def test_pages_of_lists_end(client: httpx2.Client, corpus: Corpus) -> None:
    """`next_page` counts up and is null at the end; sizes are kept to what Genius allows."""
    artist = corpus.artists[0]
    titles: list[str] = []
    page: int | None = 1
    while page:
        query = f"/api/artists/{artist.id}/songs?per_page=3&page={page}&sort=title"
        response = client.get(query, headers=BEARER).json()["response"]
        titles += [song["title"] for song in response["songs"]]
        page = response["next_page"]
    assert sorted(titles, key=str.casefold) == titles
    assert len(titles) == len(corpus.song_ids_of(artist.slug))
    assert client.get(f"/api/artists/{artist.id}/songs?per_page=0&page=x", headers=BEARER).status_code == 200


def test_fields_in_brackets_are_often_missing(client: httpx2.Client, corpus: Corpus) -> None:
    """Some songs have the newer fields and some have not; small songs have no page views."""
    stubs = [client.get(f"/api/songs/{i}", headers=BEARER).json()["response"]["song"] for i in corpus.written]
    assert {"primary_artists" in stub for stub in stubs} == {True, False}
    assert {"pageviews" in stub["stats"] for stub in stubs} == {True, False}
    assert all(stub["url"].startswith("https://genius.com/") for stub in stubs)
    assert {"native_uri" in media for stub in stubs for media in stub["media"] if media["provider"] == "spotify"} == {
        True,
        False,
    }


def test_albums_list_their_tracks(client: httpx2.Client) -> None:
    """An album found through a song lists that song, without a token."""
    album = client.get("/api/songs/10201", headers=BEARER).json()["response"]["song"]["album"]
    tracks = client.get(f"/web{album['api_path']}/tracks".replace("/web", "/web/api")).json()["response"]["tracks"]
    assert 10201 in {track["song"]["id"] for track in tracks}
    assert client.get(f"/web/api{album['api_path']}").json()["response"]["album"]["name"] == album["name"]


def test_the_odd_encoding_is_told_by_the_page_alone(client: httpx2.Client, corpus: Corpus) -> None:
    """A page in Windows-1252 has no charset in its header."""
    odd = next(song for song in corpus.written.values() if song.encoding != "utf-8")
    path = client.get(f"/api/songs/{odd.id}", headers=BEARER).json()["response"]["song"]["path"]
    page = client.get("/web" + path)
    assert page.headers["content-type"] == "text/html"
    assert b'<meta charset="windows-1252">' in page.content
    assert "é".encode("windows-1252") in page.content


def test_faults_and_counts_are_read_and_changed_over_http(corpus: Corpus) -> None:
    """A POST switches faults on and the counts begin anew."""
    with SimulatorServer(genius_app(corpus)) as server, httpx2.Client(base_url=server.url, trust_env=False) as client:
        client.get("/api/songs/10101", headers=BEARER)
        client.get("/web/robots.txt")
        stats = client.get("/_simulator/stats").json()
        assert stats["requests"] == {"/api/songs/{id:int}": 1, "/web/robots.txt": 1}
        assert stats["statuses"] == {"200": 2}
        assert client.post("/_simulator/faults", json={"rate_limited": 1, "retry_after": 7}).json()["requests"] == {}
        limited = client.get("/api/songs/10101", headers=BEARER)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
        client.post("/_simulator/faults", json={"rate_limited_silently": 1})
        assert "retry-after" not in client.get("/api/songs/10101").headers
        assert client.post("/_simulator/faults", json={"explode": 1}).status_code == 400
        assert client.get("/_simulator/else").status_code == 404


def test_answers_can_be_slow(corpus: Corpus) -> None:
    """The latency asked for is added to each answer."""
    with SimulatorServer(genius_app(corpus, faults=Faults(latency=0.2))) as server:
        started = time.monotonic()
        httpx2.get(server.url + "/web/robots.txt", trust_env=False)
        assert time.monotonic() - started >= 0.2


def test_a_server_starts_quickly_and_leaves_no_trace(
    corpus: Corpus, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It answers within half a second, its port is free afterwards, and neither faults nor requests are logged."""
    app = genius_app(corpus, faults=Faults(cut=1.0))
    started = time.monotonic()
    with caplog.at_level(logging.WARNING), SimulatorServer(app) as server:
        assert time.monotonic() - started < 0.5
        with pytest.raises(httpx2.TransportError):
            httpx2.get(server.url + "/web/robots.txt", trust_env=False)
        port = int(server.url.rsplit(":", 1)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


async def test_a_server_stops_while_somebody_hangs(corpus: Corpus) -> None:
    """A request that would hang for a minute does not keep it; it works from async code and again afterwards."""
    server = SimulatorServer(genius_app(corpus, faults=Faults(hang=1.0)))
    async with server, httpx2.AsyncClient(trust_env=False) as client:
        asking = asyncio.create_task(client.get(server.url + "/web/robots.txt"))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await asyncio.to_thread(server.stop)
        assert time.monotonic() - started < 2
        with pytest.raises(httpx2.TransportError):
            await asking
    server.stop()
    with server:
        assert server.url.startswith("http://127.0.0.1:")


def test_a_port_in_use_is_told(corpus: Corpus, genius_server: SimulatorServer) -> None:
    """The error names the port."""
    port = int(genius_server.url.rsplit(":", 1)[1])
    with pytest.raises(ConfigError, match=f"Port {port} "):
        SimulatorServer(genius_app(corpus), port).start()
