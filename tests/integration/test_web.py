"""The HTTP service on the finished demo: every address as a page and as JSON, and what it says to nonsense."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from rap_analyzer import telemetry
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.enrichments import EnrichmentStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.analyzers import algorithmic, emotion
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.web.app import create_app
from rap_analyzer.wiring import load_settings, open_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from fastapi import FastAPI

    from rap_analyzer.wiring import Services

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = {"accept": "text/html,application/xhtml+xml"}
GOOD = "Counting out the pennies on the kitchen table\nFaith is all we had when we were barely able"
FRENCH = "\n".join(
    ["Je suis né dans la rue avec le cœur plein de rêves", "Mais la nuit est longue et la vie est brève"] * 6
)
LINK = re.compile(r"""(?:src|href|action)\s*=\s*["']([^"']+)""")
IMPORT = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


@asynccontextmanager
async def service(data_dir: Path) -> AsyncIterator[tuple[FastAPI, httpx2.AsyncClient]]:
    """The application on this data folder, and a client of it."""
    app = create_app()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAP_DATA_DIR", str(data_dir))
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://rap.test") as client:
                yield app, client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(demo_data: Path) -> AsyncIterator[tuple[FastAPI, httpx2.AsyncClient]]:
    """The service on the finished demo."""
    async with service(demo_data) as both:
        yield both


@pytest.fixture(scope="module")
def client(running: tuple[FastAPI, httpx2.AsyncClient]) -> httpx2.AsyncClient:
    """A client of it."""
    return running[1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def track_id(client: httpx2.AsyncClient) -> int:
    """Number of a song in English."""
    answer = await client.get("/search", params={"q": "growing up poor but proud", "limit": 1})
    return int(answer.json()["hits"][0]["track_id"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def artist_id(client: httpx2.AsyncClient, track_id: int) -> int:
    """Number of its artist."""
    answer = await client.get(f"/tracks/{track_id}")
    return int(answer.json()["credits"]["primary"][0]["id"])


def assert_problem(answer: httpx2.Response, status: int, says: str) -> None:
    """RFC 9457, with a sentence that names what is wrong."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert says in body["detail"], body
    assert "Traceback" not in answer.text


# Every address, both ways


async def addresses(client: httpx2.AsyncClient, track_id: int, artist_id: int) -> list[str]:
    """Every address that people reach, with a number where one is needed."""
    del client
    return [
        "/", "/search", "/search?q=missing+my+brother", "/search?q=home&artist=Luz+Candela&year_from=1990&year_to=2026",
        f"/tracks/{track_id}", f"/tracks/{track_id}/similar", f"/artists/{artist_id}", "/analyze", "/docs",
    ]  # fmt: skip


async def test_every_page_loads_nothing_from_elsewhere(
    client: httpx2.AsyncClient, track_id: int, artist_id: int
) -> None:
    """Pages, and what they load: all from this service, and all there."""
    loaded = set()
    for address in await addresses(client, track_id, artist_id):
        answer = await client.get(address, headers=PAGE)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        loaded |= {link for link in LINK.findall(answer.text) if not link.startswith("#")}
    for link in loaded:
        assert not urlsplit(link).netloc, link
        if link.startswith("/static/"):
            file = await client.get(link)
            assert file.status_code == 200, link
            outside = [a or b for a, b in IMPORT.findall(file.text) if urlsplit(a or b).netloc]
            assert outside == [], link


async def test_a_track_stands_among_the_demos_tracks_and_has_no_scores(
    client: httpx2.AsyncClient, track_id: int
) -> None:
    """Percentiles with the groups' sizes, and a sentence on the page; scores are for 200 real tracks."""
    found = (await client.get(f"/tracks/{track_id}")).json()
    ranks = found["percentiles"]["rhyme_density"]
    assert ranks["n"]["corpus"] >= 60
    assert all(size >= 30 for size in ranks["n"].values())
    assert found["scores"] == {"n": 0, "needed": 200}
    page = (await client.get(f"/tracks/{track_id}", headers=PAGE)).text
    assert f"denser than {ranks['corpus']}\u00a0% of all tracks" in page
    assert "demo songs have none" in page


async def test_guests_are_told_apart_on_a_track(client: httpx2.AsyncClient) -> None:
    """The demo has songs with guests; each performer has figures and a role."""
    songs = (await client.get("/search", params={"q": "brother", "limit": 100})).json()["hits"]
    found = [(await client.get(f"/tracks/{song['track_id']}")).json() for song in songs]
    shared = [song for song in found if {part["role"] for part in song["performers"]} == {"primary", "featured"}]
    assert shared


async def test_an_artists_vocabulary_needs_35_000_words(client: httpx2.AsyncClient, artist_id: int) -> None:
    """The demo's artists have fewer, which is said; their means stand in the corpus."""
    found = (await client.get(f"/artists/{artist_id}")).json()
    assert found["vocabulary"] == {"words": found["vocabulary"]["words"], "different": None, "needed": 35_000}
    assert 300 < found["vocabulary"]["words"] < 35_000
    page = (await client.get(f"/artists/{artist_id}", headers=PAGE)).text
    assert "needs 35,000 words, and there are" in page


async def test_every_address_of_the_corpus_answers_json_to_programs(
    client: httpx2.AsyncClient, track_id: int, artist_id: int
) -> None:
    """The same addresses without an Accept of text/html."""
    home = (await client.get("/")).json()
    assert home["overview"]["tracks"] == 73
    track = (await client.get(f"/tracks/{track_id}", params={"with_lyrics": True})).json()
    assert track["title"] == "Powdered Milk Champagne"
    assert track["analyses"][0]["measures"]["rhyme_density"] > 0
    assert track["rhymes"]["chains"]
    assert track["lyrics"]
    assert track["enrichments"][0]["source"] == "spotify"
    similar = (await client.get(f"/tracks/{track_id}/similar", params={"limit": 3})).json()
    assert len(similar["similar"]) == 3
    artist = (await client.get(f"/artists/{artist_id}")).json()
    assert any(t["id"] == track_id for t in artist["tracks"])
    for address in ("/", f"/tracks/{track_id}", f"/artists/{artist_id}", "/search?q=home"):
        assert (await client.get(address)).headers["vary"] == "Accept"


@pytest.mark.parametrize(("age", "failure", "mark"), [(0, "away", "Stale:"), (8, "", "Out of date:"), (0, "", "")])
async def test_what_stands_in_for_a_service_is_marked(
    client: httpx2.AsyncClient, track_id: int, monkeypatch: pytest.MonkeyPatch, age: int, failure: str, mark: str
) -> None:
    """A service that could not be asked of late, and an answer older than a week, on the page and in the JSON."""
    load = EnrichmentStore.load_enrichments

    async def loaded(store: EnrichmentStore, number: int) -> list[dict[str, Any]]:
        freshness = "out_of_date" if age else "stale" if failure else "fresh"
        return [{**row, "freshness": freshness, "failure": failure} for row in await load(store, number)]

    monkeypatch.setattr(EnrichmentStore, "load_enrichments", loaded)
    page = (await client.get(f"/tracks/{track_id}", headers=PAGE)).text
    assert [word for word in ("Stale:", "Out of date:") if word in page] == ([mark] if mark else [])
    assert "<h2>ReccoBeats</h2>" in page
    first = (await client.get(f"/tracks/{track_id}")).json()["enrichments"][0]
    assert (first["failure"], first["freshness"]) == (failure, mark.rstrip(":").lower().replace(" ", "_") or "fresh")
    assert "audio_features" in first["withheld"]


async def test_hits_have_the_shape_of_the_contract(client: httpx2.AsyncClient) -> None:
    """{"hits": [{"track_id", "title", "artist", "passage", "score", …}], …}, and the demo says that it is one."""
    answer = (await client.get("/search", params={"q": "growing up poor but proud"})).json()
    assert answer["source"] == "demo"
    assert answer["hits"][0]["title"] == "Powdered Milk Champagne"
    assert {"track_id", "title", "artist", "passage", "score"} <= set(answer["hits"][0])


async def test_every_stored_track_has_a_page(client: httpx2.AsyncClient) -> None:
    """Also those in languages that are not heard, and in odd encodings."""
    seen = 0
    for number in range(1, 80):
        answer = await client.get(f"/tracks/{number}", headers=PAGE)
        assert answer.status_code in {200, 404}, f"{number}: {answer.text[:500]}"
        seen += answer.status_code == 200
    assert seen >= 60


# Nonsense


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/tracks/0", 422, "0"), ("/tracks/-3", 422, "-3"), ("/tracks/999999", 404, "999999"),
        ("/tracks/99999999999999999999999", 422, "9999"), ("/tracks/abc", 422, "track_id"),
        ("/tracks/1e3", 422, "track_id"), ("/tracks/999999/similar", 404, "999999"),
        ("/tracks/1/similar?limit=0", 422, "limit"), ("/artists/999999", 404, "999999"),
        ("/artists/x", 422, "artist_id"), ("/search?q=", 422, "query is empty"), ("/search?q=%00", 422, "empty"),
        ("/search?q=x&limit=101", 422, "limit"), ("/search?q=x&limit=many", 422, "limit"),
        ("/search?q=x&year_from=abc", 422, "year_from"), ("/search?q=x&year_to=99999", 422, "year_to"),
        ("/search?q=x&year_from=%C2%B2", 422, "year_from"), ("/search?q=" + "x" * 1001, 422, "1,001"),
        ("/nowhere", 404, "Nothing is here"), ("/static/../app.py", 404, ""), ("/static/nothing.css", 404, ""),
    ],
)  # fmt: skip
async def test_nonsense_is_answered_with_a_problem(
    client: httpx2.AsyncClient, address: str, status: int, says: str
) -> None:
    """Which parameter, and what it may be; as a page to browsers."""
    assert_problem(await client.get(address), status, says)
    page = await client.get(address, headers=PAGE)
    if "q=" not in address or page.status_code != 200:  # the search page without a question is a page
        assert page.status_code == status
        assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "q", ['"unclosed', "-only -minus", "a & b | !c <-> (", "'; DROP TABLE tracks; --", "🔥", "%_\\"]
)
async def test_any_question_is_only_a_question(client: httpx2.AsyncClient, q: str) -> None:
    """No operator of a query language gets through."""
    answer = await client.get("/search", params={"q": q})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("name", ["artist", "language"])
async def test_filters_take_any_text(client: httpx2.AsyncClient, name: str) -> None:
    """NUL characters too: nobody is called that, so nothing is found."""
    answer = await client.get("/search", params={"q": "home", name: "a\x00b"})
    assert answer.status_code in {200, 422}, answer.text


async def test_a_method_that_is_not_there_is_told(client: httpx2.AsyncClient) -> None:
    """405, as a problem."""
    assert_problem(await client.delete("/search"), 405, "")
    for path, methods in {"/analyze": "GET, POST", "/batch": "POST", "/batch/0": "DELETE, GET"}.items():
        assert (await client.put(path)).headers["Allow"] == methods


# Analysing a text


async def analyzed(client: httpx2.AsyncClient, **body: Any) -> httpx2.Response:
    return await client.post("/analyze", json=body)


async def test_bars_are_measured_and_their_rhymes_heard(client: httpx2.AsyncClient) -> None:
    """Measures, chains, and nothing stored."""
    before = (await client.get("/")).json()["overview"]
    answer = (await analyzed(client, text=GOOD, analyzer="algorithmic_basic")).json()
    assert answer["status"] == "done"
    assert 0 < answer["measures"]["rhyme_density"] <= 1
    assert answer["rhymes"]["chains"]
    assert (await client.get("/")).json()["overview"] == before


@pytest.mark.parametrize(
    ("text", "status"), [(FRENCH, "unsupported_language"), ("🔥🔥\n💯", "no_words"), ("... !!!", "no_words")]
)
async def test_a_text_that_is_not_heard_has_a_status_and_no_figures(
    client: httpx2.AsyncClient, text: str, status: str
) -> None:
    """None, rather than zeros; and the page says why."""
    answer = (await analyzed(client, text=text)).json()
    assert answer["status"] == status
    assert answer["reason"]
    assert answer["measures"] == {}
    page = await client.post("/analyze/page", data={"text": text})
    assert page.status_code == 200
    assert answer["reason"].split("'")[0] in page.text


@pytest.mark.parametrize("text", ["", "  \n ", "\x00", "x " * 60_000])
async def test_a_text_that_cannot_be_analysed_is_a_problem(client: httpx2.AsyncClient, text: str) -> None:
    """Empty, or longer than is analysed at a time; the page keeps what was typed."""
    assert_problem(await analyzed(client, text=text), 422, "text")
    page = await client.post("/analyze/page", data={"text": text})
    assert page.status_code == 422
    assert 'role="alert"' in page.text


async def test_wordless_lines_within_a_song_do_no_harm(client: httpx2.AsyncClient) -> None:
    """Dots, notes in brackets and dashes stand among rhyming bars."""
    text = f"[Verse 1]\n{GOOD}\n...\n[laughs]\n— — —\n(*gunshot*)\n\n[Outro]\n***"
    page = await client.post("/analyze/page", data={"text": text})
    assert page.status_code == 200
    assert "[laughs]" in page.text


async def test_an_unknown_analyzer_is_named(client: httpx2.AsyncClient) -> None:
    """With those that exist."""
    assert_problem(await analyzed(client, text=GOOD, analyzer="oracle"), 422, "algorithmic_basic")


@pytest.mark.parametrize(
    ("body", "says"), [(b"{", "JSON"), (b"[]", ""), (b'{"text": 5}', "text"), (b"{}", "text"), (b"\xff\xfe", "")]
)
async def test_a_malformed_body_is_a_problem(client: httpx2.AsyncClient, body: bytes, says: str) -> None:
    """With the name of the field that is missing or wrong."""
    answer = await client.post("/analyze", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert_problem(answer, answer.status_code, says)


# Safety


async def test_what_songs_say_is_never_markup(data_dir: Callable[[], Path]) -> None:
    """A title, a name and words with tags in them are shown as they are, on every page."""
    evil = "<script>alert(1)</script>"
    folder = data_dir()
    async with service(folder) as (app, client):
        number = await store_song(
            app.state.services, f"T {evil}", f"A {evil}", f"{evil} home\nunder </script><b>home</b>"
        )
        track = (await client.get(f"/tracks/{number}")).json()
        artist = track["credits"]["primary"][0]["id"]
        pages = ["/", f"/tracks/{number}", f"/tracks/{number}/similar", f"/artists/{artist}", f"/search?q={evil}+home",
                 "/search?q=home+under", f"/nowhere{evil}", f"/search?q=x&year_from={evil}"]  # fmt: skip
        for address in pages:
            page = (await client.get(address, headers=PAGE)).text
            assert evil not in page, address
        assert "&lt;script&gt;" in (await client.get(f"/tracks/{number}", headers=PAGE)).text
        shown = await client.post("/analyze/page", data={"text": f"{evil}\n</textarea>{evil}"})
        assert evil not in shown.text


async def store_song(services: Services, title: str, artist: str, lyrics: str) -> int:
    """As it stands: what a file brings in is cleaned of tags before."""
    song = Song("t:1", title, "", (Credit(ArtistRef(artist), Role.PRIMARY),), year=1999)
    origin = Provenance("import", "t:1", "", datetime.now(UTC), "1", "")
    await services.tracks.save_tracks([TrackDraft(song, Outcome.STORED, origin, lyrics)])
    [found] = await TrackStore(services.database).find_tracks(title)
    return int(found["id"])


async def test_the_document_names_what_is_answered(client: httpx2.AsyncClient) -> None:
    """Every operation has its problems, as problem+json or as a page; /metrics is text."""
    paths = (await client.get("/openapi.json")).json()["paths"]
    operations = [operation for methods in paths.values() for operation in methods.values()]
    assert len(operations) >= 14
    for operation in operations:
        answers = operation["responses"]
        assert {"400", "404", "405", "409", "413", "422", "429", "500", "502", "503"} <= answers.keys()
        assert answers["422"]["content"].keys() == {"application/problem+json", "text/html"}
    assert paths["/metrics"]["get"]["responses"]["200"]["content"].keys() == {"text/plain"}


# Health


async def test_health_has_the_fields_of_the_contract(client: httpx2.AsyncClient) -> None:
    """database_status, redis_status, memory_usage, uptime."""
    body = (await client.get("/health")).json()
    assert body["status"] == body["database_status"] == "healthy"
    assert body["redis_status"] == "memory"
    assert 10 < body["memory_usage"] < 4000
    assert body["uptime"] >= 0
    assert (await client.get("/live")).json() == {"status": "alive"}
    assert (await client.get("/ready")).status_code == 200


async def test_without_its_database_it_is_alive_but_not_ready(data_dir: Callable[[], Path]) -> None:
    """503 from /ready and degraded health, in words; a question revives the embedded server by itself."""
    folder = data_dir()
    async with service(folder) as (_, client):
        assert (await client.get("/ready")).status_code == 200
        await asyncio.to_thread(EmbeddedServer(folder).stop)
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
        assert (await client.get("/live")).status_code == 200
        health = (await client.get("/health")).json()
        assert (health["status"], health["database_status"]) == ("degraded", "unavailable")
        revived = await client.get("/")
        assert revived.status_code == 200, revived.text
        assert (await client.get("/ready")).status_code == 200


async def test_metrics_are_named_and_count_templates_not_numbers(client: httpx2.AsyncClient, track_id: int) -> None:
    """Every metric of telemetry.py is there; no label holds a number or a name."""
    await client.get(f"/tracks/{track_id}")
    await client.get("/nowhere/at/all")
    text = (await client.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {metric.name for metric in telemetry.registry.collect()} <= set(families)
    routes = {s.labels["route"] for s in families["rap_http_requests"].samples}
    assert "/tracks/{track_id}" in routes
    assert not [route for route in routes if re.search(r"\d|nowhere", route)]
    assert "redis_hit_ratio" in families


async def test_the_openapi_document_describes_every_route(client: httpx2.AsyncClient) -> None:
    """It is OpenAPI 3, each operation has a summary, each parameter a description."""
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.")
    assert {
        "/analyze",
        "/batch",
        "/batch/{batch_id}",
        "/batch/{batch_id}/result",
        "/search",
        "/health",
        "/live",
        "/ready",
        "/metrics",
    } <= set(document["paths"])
    assert {"/tracks/{track_id}", "/tracks/{track_id}/similar", "/artists/{artist_id}"} <= set(document["paths"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            assert all(p.get("description") or p["in"] == "path" for p in operation.get("parameters", [])), path


async def test_metrics_can_be_switched_off(data_dir: Callable[[], Path]) -> None:
    """PROMETHEUS_ENABLED=false: said in words."""
    settings = load_settings(data_dir=data_dir(), prometheus_enabled=False)
    app = create_app()
    async with open_services(settings) as services:
        app.state.services = services
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://rap.test") as client:
            answer = await client.get("/metrics")
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
            assert answer.json()["detail"] == "Metrics are switched off here: PROMETHEUS_ENABLED is false."


async def test_statistics_count_a_song_once_unless_asked(running: tuple[FastAPI, httpx2.AsyncClient]) -> None:
    """The demo has three versions; the page says so and links to the figures that count them."""
    _, client = running
    once, every = [(await client.get("/", params=p)).json() for p in ({}, {"versions": "all"})]
    assert (once["overview"]["tracks"], once["overview"]["songs"]) == (73, 70)
    assert [sum(row["tracks"] for row in answer["decades"]) for answer in (once, every)] == [70, 73]
    pages = [(await client.get("/", params=p, headers=PAGE)).text for p in ({}, {"versions": "all"})]
    assert ['href="/?versions=all"' in page for page in pages] == [True, False]
    refused = await client.get("/", params={"versions": "some"})
    assert (refused.status_code, "versions" in refused.json()["detail"]) == (422, True)


async def test_an_artist_and_a_track_tell_of_versions(running: tuple[FastAPI, httpx2.AsyncClient]) -> None:
    """The live version is listed with its original, left out of the means, and has its own standing."""
    _, client = running
    [marlow] = [a["id"] for a in (await client.get("/")).json()["artists"] if a["name"] == "Marlow Quick"]
    once, every = [(await client.get(f"/artists/{marlow}", params=p)).json() for p in ({}, {"versions": "all"})]
    assert [answer["averages"][0]["tracks"] for answer in (once, every)] == [5, 6]
    [live] = [t for t in once["tracks"] if t["version_kind"]]
    assert (live["version_kind"], live["original_title"]) == ("live", "Block Party Permit")
    page = (await client.get(f"/artists/{marlow}", headers=PAGE)).text
    assert f'href="/artists/{marlow}?versions=all"' in page
    track = (await client.get(f"/tracks/{live['id']}")).json()
    assert (track["version_of"], track["version_kind"]) == (live["version_of"], "live")
    assert [(v["kind"], v["title"]) for v in track["versions"]] == [("original", "Block Party Permit")]
    assert 0.5 <= track["versions"][0]["similarity"] < 1
    assert track["percentiles"]
    assert "Statistics count the original" in (await client.get(f"/tracks/{live['id']}", headers=PAGE)).text


# The emotion arc, themes, and the analyzers side by side


async def test_a_track_shows_its_emotions_bar_by_bar(client: httpx2.AsyncClient, track_id: int) -> None:
    """A column that leads to each judged bar, the figures of the JSON, and how far to trust them."""
    found = (await client.get(f"/tracks/{track_id}")).json()
    page = (await client.get(f"/tracks/{track_id}", headers=PAGE)).text
    [measures] = [one["measures"] for one in found["analyses"] if one["analyzer"] == "emotion"]
    figure = page[page.index('<figure class="arc">') : page.index("</figure>")]
    assert figure.count('class="bars"') == 7
    bars = [int(number) - 1 for number in re.findall(r'<a href="#bar-(\d+)" tabindex="-1"><rect', figure)]
    assert bars == measures["arc"]["bar"]
    assert all(f'id="bar-{number + 1}"' in page for number in bars)
    assert f"{100 * measures['scores']['joy']:.0f}\u00a0%" in figure
    assert "comments on Reddit, not from rap" in page
    assert "docs/explanation/emotion.md" in page
    assert "<script" not in figure


async def test_themes_lead_to_the_bars_that_show_them(client: httpx2.AsyncClient) -> None:
    """On the page and in the JSON the same, in at least half of the songs."""
    shown = 0
    for number in range(1, 21):
        themes = (await client.get(f"/tracks/{number}")).json()["themes"]
        page = (await client.get(f"/tracks/{number}", headers=PAGE)).text
        part = page[page.index('id="themes"') : page.index('id="analyzers"')]
        assert themes["reason"] in unescape(part)
        for theme in themes["themes"]:
            first, last = (bar + 1 for bar in theme["evidence"][0]["bars"])
            assert f"<b>{theme['theme'].replace('_', ' ')}</b>" in part
            assert f'href="#bar-{first}"' in part
            assert f"bars {first} to {last}" in part
            assert f'id="bar-{last}"' in page
        shown += bool(themes["themes"])
    assert shown >= 10


async def test_the_analyzers_stand_side_by_side_and_what_is_missing_is_said(
    client: httpx2.AsyncClient, track_id: int
) -> None:
    """The demo has no key for qwen, and ollama is not enabled; hybrid says that there was nothing to compare."""
    found = (await client.get(f"/tracks/{track_id}")).json()
    assert [one["analyzer"] for one in found["analyses"]] == ["algorithmic_basic", "emotion", "hybrid"]
    assert found["missing"]["not_enabled"] == ["ollama"]
    assert list(found["missing"]["why"]) == ["qwen"]
    assert "NOVITA_API_KEY is not set" in found["missing"]["why"]["qwen"]
    page = (await client.get(f"/tracks/{track_id}", headers=PAGE)).text
    table = page[page.index('<table class="analyzers">') : page.index("How far they agree")]
    names = re.findall(r'<th scope="row">(\w+)', table)
    assert names == ["algorithmic_basic", "emotion", "hybrid", "qwen"]
    assert "left out" in table
    assert "NOVITA_API_KEY is not set" in table
    assert "Not enabled: ollama." in table
    assert "nothing could be compared" in page


async def test_what_a_model_says_is_text_and_nothing_else(data_dir: Callable[[], Path]) -> None:
    """Markup in lyrics, headers, reasons, summaries and quotations stays what it is: words. A stand-in has a badge."""
    evil = "<script>alert(1)</script>\"'&"
    words = f"[Verse 1: {evil}]\nI love {evil}\nI hate {evil}"
    about = Song("1", "Song", "", (Credit(ArtistRef("Ann Tenna", "1"), Role.PRIMARY),), language="en")
    draft = TrackDraft(about, Outcome.STORED, Provenance("genius", "1", "", datetime.now(UTC), "1", ""), words)
    told = {
        "mood": evil, "technique": 5, "explicit": {"level": evil, "kinds": []}, "summary": evil,
        "themes": [{"theme": evil, "evidence": [{"bar": 0, "text": evil}]}],
    }  # fmt: skip
    counted = algorithmic.score(AnalysisInput(words)).measures
    judged = [
        emotion.score(AnalysisInput(words)),
        Analysis("qwen", evil, "q", Status.DONE, told, 0.5, reason=evil),
        Analysis("ollama", "1", "o", Status.DONE, counted, None, "algorithmic_basic", evil),
    ]
    async with service(data_dir()) as (app, client):
        await app.state.services.tracks.save_tracks([draft])
        [(number, digest, _)] = await app.state.services.analyses.load_unanalyzed(AnalyzerKey("x", "1", "c"), 1, 0)
        await app.state.services.analyses.save_analyses([(number, digest, one) for one in judged])
        page = (await client.get(f"/tracks/{number}", headers=PAGE)).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 12
    assert "fallback: algorithmic_basic" in page
    assert "Not analysed yet: rap analyze" in page
    assert "The present words have no embedding yet: run rap embed." in page


async def test_a_track_that_nobody_has_analysed_says_what_helps(data_dir: Callable[[], Path]) -> None:
    """Each part has its sentence, and the page stands."""
    about = Song("1", "Song", "", (Credit(ArtistRef("Ann Tenna", "1"), Role.PRIMARY),))
    draft = TrackDraft(about, Outcome.STORED, Provenance("genius", "1", "", datetime.now(UTC), "1", ""), GOOD)
    async with service(data_dir()) as (app, client):
        await app.state.services.tracks.save_tracks([draft])
        page = (await client.get("/tracks/1", headers=PAGE)).text
        missing = (await client.get("/tracks/1")).json()["missing"]["why"]
    assert missing["emotion"] == missing["algorithmic_basic"] == missing["hybrid"] == "Not analysed yet: rap analyze"
    assert page.count("Not analysed yet: rap analyze") >= 5
    assert "<figure" not in page
