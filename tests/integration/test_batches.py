"""POST /batch on the real application, store and queue: order, bad records, restarts, giving up, refusals."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import psycopg
import pytest
import pytest_asyncio

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.analyzers import algorithmic, emotion
from rap_analyzer.domain.analysis import AnalysisInput
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.web.app import create_app
from rap_analyzer.wiring.batches import BatchWorker
from rap_analyzer.wiring.working import working

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from rap_analyzer.wiring import Services

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSE = "Counting out the pennies on the kitchen table\nFaith is all we had when we were barely able"
PATIENCE_S = 60
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def home(data_dir: Callable[[], Path]) -> Iterator[Path]:
    """A data folder whose server stays up for all tests here."""
    made = data_dir()
    server = EmbeddedServer(made)
    server.acquire()
    yield made
    server.release()


@asynccontextmanager
async def service(data_dir: Path) -> AsyncIterator[tuple[Services, httpx2.AsyncClient]]:
    """The application on this data folder, and a client of it."""
    app = create_app()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAP_DATA_DIR", str(data_dir))
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://rap.test") as client:
                yield app.state.services, client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(home: Path) -> AsyncIterator[tuple[Services, httpx2.AsyncClient]]:
    """The service on a store with five songs that nobody has analysed."""
    async with service(home) as both:
        drafts = [song(number) for number in range(1, 6)]
        await both[0].tracks.save_tracks(drafts)
        yield both


@pytest.fixture(scope="module")
def services(running: tuple[Services, httpx2.AsyncClient]) -> Services:
    """What it works with."""
    return running[0]


@pytest.fixture(scope="module")
def client(running: tuple[Services, httpx2.AsyncClient]) -> httpx2.AsyncClient:
    """A client of it."""
    return running[1]


@pytest_asyncio.fixture(loop_scope="module")
async def idle(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service takes requests and leaves the work to others; what it did before is at its end."""
    monkeypatch.setattr(BatchWorker, "nudge", lambda _: None)
    await until(lambda: has_no_worker(services))


def song(number: int) -> TrackDraft:
    credits_ = (Credit(ArtistRef("Ann Tenna", "1"), Role.PRIMARY),)
    about = Song(str(number), f"Song {number}", "", credits_, year=1990 + number)
    words = f"{VERSE}\nThis is number {number} on the label"
    return TrackDraft(about, Outcome.STORED, Provenance("genius", str(number), "", datetime.now(UTC), "1", ""), words)


async def ask(client: httpx2.AsyncClient, **body: Any) -> Any:
    """A batch that is taken."""
    answer = await client.post("/batch", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["links"]["self"]
    return answer.json()


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Waits for something that another task or process does."""
    async with asyncio.timeout(PATIENCE_S):
        while not await wanted():  # noqa: ASYNC110 - nobody tells us of it
            await asyncio.sleep(0.1)


async def has_no_worker(services: Services) -> bool:
    """Whether nobody takes jobs: workers take themselves off the list."""
    async with await psycopg.AsyncConnection.connect(services.database.conninfo) as connection:
        found = await connection.execute("SELECT NOT EXISTS (SELECT 1 FROM procrastinate_workers)")
        return (await found.fetchone()) == (True,)


async def finished(client: httpx2.AsyncClient, asked: Any) -> Any:
    """How it stands when it is done."""

    async def is_done() -> bool:
        return (await client.get(asked["links"]["self"])).json()["state"] not in {"queued", "running"}

    await until(is_done)
    return (await client.get(asked["links"]["self"])).json()


async def lines(client: httpx2.AsyncClient, asked: Any) -> list[Any]:
    """Its result."""
    answer = await client.get(asked["links"]["result"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


async def count_jobs(services: Services) -> int:
    """Jobs that wait or are being done."""
    counts = await services.jobs.count()
    return sum(count.todo + count.doing for count in counts)


async def has_no_jobs(services: Services) -> bool:
    """Whether none waits or is being done."""
    return await count_jobs(services) == 0


# Texts


async def test_texts_are_answered_in_order_by_all_analyzers(client: httpx2.AsyncClient) -> None:
    """As the analyzers themselves say it; a service alone does the work."""
    texts = [f"{VERSE}\nNumber {n} is stable" for n in range(120)]
    asked = await ask(client, texts=texts)
    now = await finished(client, asked)
    assert now["progress"] == {"finished": 240, "total": 240, "share": 1.0}
    assert now["counts"] == {"algorithmic_basic": {"done": 120}, "emotion": {"done": 120}}
    answered = await lines(client, asked)
    assert [line["id"] for line in answered] == list(range(120))
    inputs = [AnalysisInput(text) for text in texts]
    expected = zip(algorithmic.score_all(inputs), emotion.score_all(inputs), strict=True)
    assert [line["analyses"] for line in answered] == [
        [json.loads(json.dumps(one.to_json())) for one in both] for both in expected
    ]


async def test_a_bad_record_is_answered_in_its_place(client: httpx2.AsyncClient) -> None:
    """Whatever is wrong with it; the others come to no harm, and ids come back as they came."""
    texts: list[Any] = [
        {"id": "a", "text": VERSE},
        {"id": "b"},
        7,
        {"id": "c", "text": "x" * 100_001},
        {"id": ["d"], "text": VERSE},
        {"id": "e", "text": VERSE, "language": 3},
        {"id": "f", "text": VERSE, "language": "es"},
        {"id": "g", "text": ""},
        {"id": 2.5, "text": VERSE},
        {"id": "\0", "text": VERSE + "\0"},
        {"text": VERSE},
    ]
    asked = await ask(client, texts=texts, analyzers=["algorithmic_basic"])
    assert asked["errors"] == 5
    await finished(client, asked)
    answered = await lines(client, asked)
    assert [line["id"] for line in answered] == ["a", "b", 2, "c", None, "e", "f", "g", 2.5, "\0", 10]
    said = [line.get("error") or line["analyses"][0]["status"] for line in answered]
    assert said == [
        "done", 'texts[1]: an object with "id" and "text" is needed',
        'texts[2]: an object with "id" and "text" is needed',
        "texts[3]: the text has 100,001 characters, more than is read at a time (100,000)",
        'texts[4]: "id" must be a number or a text of at most 200 bytes',
        'texts[5]: "language" must be a code such as "en", or left out', "unsupported_language", "no_words",
        "done", "done", "done",
    ]  # fmt: skip


async def test_halves_of_characters_do_no_harm(client: httpx2.AsyncClient) -> None:
    """JSON may hold half a surrogate pair, which PostgreSQL and UTF-8 cannot."""
    body = b'{"texts": ["a \\ud800 table", {"id": "\\ud800", "text": "able"}, {"id": 1e999, "text": "able"}]}'
    answer = await client.post("/batch", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"]) == (202, 2)
    await finished(client, answer.json())
    said = [line.get("error", "fine") for line in await lines(client, answer.json())]
    assert said == ["fine", *(f'texts[{n}]: "id" must be a number or a text of at most 200 bytes' for n in (1, 2))]


async def test_a_batch_of_nothing_but_bad_records_is_done_at_once(client: httpx2.AsyncClient) -> None:
    """It has no job, and its result says what is wrong."""
    asked = await ask(client, texts=[None])
    assert (asked["state"], asked["progress"]["share"]) == ("done", 1.0)
    assert "error" in (await lines(client, asked))[0]


async def test_hybrid_brings_what_it_combines(client: httpx2.AsyncClient) -> None:
    """Its parts come before it in the answer, and it says that they were there."""
    asked = await ask(client, texts=[VERSE, f"{VERSE}\nOne more"], analyzers=["hybrid"])
    now = await finished(client, asked)
    assert (now["analyzers"], now["failures"]) == (["algorithmic_basic", "emotion", "hybrid"], [])
    for line in await lines(client, asked):
        [*parts, hybrid] = line["analyses"]
        assert [part["analyzer"] for part in parts] == ["algorithmic_basic", "emotion"]
        assert [part["there"] for part in hybrid["measures"]["parts"]] == [True, True]


@pytest.mark.usefixtures("idle")
async def test_a_result_waits_until_the_batch_is_done(client: httpx2.AsyncClient, services: Services) -> None:
    """409 with how far it is; and any other worker does the work."""
    asked = await ask(client, texts=[VERSE] * 3, analyzers=["emotion"])
    early = await client.get(asked["links"]["result"])
    assert (early.status_code, early.headers["content-type"]) == (409, "application/problem+json")
    assert "0 of 3 analyses are there" in early.json()["detail"]
    assert (await client.get(asked["links"]["self"])).json()["state"] == "queued"
    async with working(services, ["emotion"], 1):
        assert (await finished(client, asked))["state"] == "done"


async def test_a_batch_survives_a_restart_of_the_service(
    data_dir: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that went down before it had begun: the next one finds the work and does it."""
    folder = data_dir()
    with monkeypatch.context() as patch:
        patch.setattr(BatchWorker, "nudge", lambda _: None)
        async with service(folder) as (_, client):
            asked = await ask(client, texts=[VERSE] * 60, analyzers=["algorithmic_basic"])
    async with service(folder) as (services, client):
        await until(lambda: has_no_jobs(services))  # without looking at the batch, which would begin the work
        assert (await client.get(asked["links"]["self"])).json()["counts"] == {"algorithmic_basic": {"done": 60}}


# Tracks


async def test_a_filter_analyses_tracks_of_the_store(client: httpx2.AsyncClient, services: Services) -> None:
    """What is missing is made and kept with the track; the result has the tracks in order, and no other."""
    asked = await ask(client, where="artist=Ann Tenna, year>=1994", analyzers=["hybrid"])
    assert asked["tracks"] == 2
    now = await finished(client, asked)
    assert now["progress"] == {"finished": 6, "total": 6, "share": 1.0}
    answered = await lines(client, asked)
    assert [(line["title"], line["artist"]) for line in answered] == [("Song 4", "Ann Tenna"), ("Song 5", "Ann Tenna")]
    assert {tuple(one["status"] for one in line["analyses"]) for line in answered} == {("done", "done", "done")}
    kept = await services.analyses.load_analyses(answered[0]["id"])
    assert [one.analyzer for one in kept] == ["algorithmic_basic", "emotion", "hybrid"]


async def test_a_filter_that_no_track_meets_is_done_at_once(client: httpx2.AsyncClient) -> None:
    """An empty result is a result."""
    asked = await ask(client, where="year<1900")
    assert (asked["state"], asked["tracks"]) == ("done", 0)
    assert (await client.get(asked["links"]["result"])).text == ""


@pytest.mark.usefixtures("idle")
async def test_texts_are_no_tracks_to_the_planner(client: httpx2.AsyncClient, services: Services) -> None:
    """Their places are no track numbers: every track that lacks an analysis is planned all the same."""
    asked = await ask(client, texts=[VERSE] * 50, analyzers=["emotion"])
    steps, _ = await services.analyzers.steps(["emotion"])
    missing = await services.analyses.count_unanalyzed(steps[0].key)
    assert missing > 0
    _, tracks = await services.jobs.plan(steps[0].key, 100)
    assert tracks == missing
    assert sum((await services.jobs.load_open(["emotion"])).values()) == missing
    await client.delete(asked["links"]["self"])
    await services.jobs.cancel(None)


# Giving up


@pytest.mark.usefixtures("idle")
async def test_a_batch_that_is_given_up_leaves_no_work(client: httpx2.AsyncClient, services: Services) -> None:
    """Its jobs are gone, its result says so in each place, and to give it up again changes nothing."""
    asked = await ask(client, texts=[VERSE, 3])
    for _ in range(2):
        assert (await client.delete(asked["links"]["self"])).json()["state"] == "cancelled"
    assert await count_jobs(services) == 0
    good, bad = await lines(client, asked)
    assert "error" in bad
    assert {one["status"] for one in good["analyses"]} == {"failed"}
    assert {one["reason"] for one in good["analyses"]} == {"The batch was cancelled before this was done."}


async def test_a_batch_that_is_done_stays_done(client: httpx2.AsyncClient) -> None:
    """To give it up changes nothing."""
    asked = await ask(client, texts=[VERSE], analyzers=["emotion"])
    await finished(client, asked)
    assert (await client.delete(asked["links"]["self"])).json()["state"] == "done"
    assert (await lines(client, asked))[0]["analyses"][0]["status"] == "done"


@pytest.mark.usefixtures("idle")
async def test_giving_up_spares_the_work_of_others(client: httpx2.AsyncClient, services: Services) -> None:
    """Two ask for the same tracks: the jobs go with the last of them."""
    body = {"where": "year<=1992", "analyzers": ["emotion"]}
    first, second = await ask(client, **body), await ask(client, **body)
    await client.delete(first["links"]["self"])
    assert await count_jobs(services) == 1
    assert (await client.get(second["links"]["self"])).json()["state"] == "queued"
    await client.delete(second["links"]["self"])
    assert await count_jobs(services) == 0


# The same request again


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("body", [{"texts": [VERSE]}, {"where": "year>=1990"}])
async def test_the_same_key_and_body_are_the_same_batch(client: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    """Also when both come at once; with another body it is refused."""
    headers = {"Idempotency-Key": f"key of {min(body)}"}
    answers = await asyncio.gather(*(client.post("/batch", json=body, headers=headers) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {202}
    [number] = {answer.json()["id"] for answer in answers}
    other = await client.post("/batch", json={"texts": ["something else"]}, headers=headers)
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json()["detail"]
    await client.delete(f"/batch/{number}")


# A full queue


@pytest.mark.usefixtures("idle")
async def test_a_full_queue_takes_no_more_and_loses_nothing(
    client: httpx2.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit is told when to come back; what was asked before is answered, and there is room again."""
    monkeypatch.setattr(services.settings, "batch_queue_limit", 20)
    body, headers = {"texts": [VERSE] * 8}, {"Idempotency-Key": "first in the queue"}
    first = await client.post("/batch", json=body, headers=headers)
    refused = await asyncio.gather(*(client.post("/batch", json={"texts": [VERSE] * 3}) for _ in range(3)))
    for answer in refused:
        assert (answer.status_code, answer.json()["kind"]) == (503, "QueueFull")
        assert "20 analyses of texts may wait (BATCH_QUEUE_LIMIT)" in answer.json()["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert await count_jobs(services) == 2
    assert (await client.post("/batch", json=body, headers=headers)).json()["id"] == first.json()["id"]
    await ask(client, where="year<=1992")
    fitting = await ask(client, texts=[VERSE] * 2)
    for asked in (first.json(), fitting):
        await client.delete(asked["links"]["self"])
    await services.jobs.cancel(None)
    await ask(client, texts=[VERSE] * 10, analyzers=["emotion"])
    await services.jobs.cancel(None)


@pytest.mark.usefixtures("idle")
async def test_of_many_at_once_no_more_are_taken_than_may_wait(
    client: httpx2.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten ask for four analyses each where sixteen may wait."""
    monkeypatch.setattr(services.settings, "batch_queue_limit", 16)
    answers = await asyncio.gather(*(client.post("/batch", json={"texts": [VERSE] * 2}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [202] * 4 + [503] * 6
    await services.jobs.cancel(None)


# What is refused


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "texts, where: send one of the two"),
        ({"texts": ["a"], "where": "year>=1990"}, "texts, where: send one of the two"),
        ({"texts": []}, "texts is empty"),
        ({"texts": ["a"] * 1001}, "texts has 1,001 entries; at most 1,000"),
        ({"texts": "a"}, "texts: "),
        ({"text": ["a"]}, "text: "),
        ({"texts": ["a"], "analyzers": []}, "analyzers is empty"),
        (
            {"texts": ["a"], "analyzers": ["tarot"]},
            "analyzers: No analyzer is called 'tarot'; these exist: a",
        ),
        ({"texts": ["a"], "analyzers": ["qwen"]}, "analyzers: NOVITA_API_KEY is not set"),
        ({"texts": ["a"], "analyzers": [1]}, "analyzers.0: "),
        ({"where": " "}, "where is empty"),
        ({"where": "colour=red"}, "where: knows no field 'colour'"),
        ({"where": "nonsense"}, "where: 'nonsense' is no condition"),
        ({"where": "artist=\0"}, "where: at most 1,000 characters, none of them invisible"),
        ({"where": "artist=" + "a" * 1000}, "where: at most 1,000 characters"),
        ([], "the body: "),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(client: httpx2.AsyncClient, body: Any, says: str) -> None:
    """422, problem+json, the field first."""
    answer = await client.post("/batch", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"].startswith(says), answer.text


async def test_a_body_that_is_no_json_or_too_long_is_refused(client: httpx2.AsyncClient) -> None:
    """Before it is in memory; also where its length is not announced."""
    broken = await client.post("/batch", content=b"{oops", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["detail"]) == (422, "The body is no JSON.")

    async def endless() -> AsyncIterator[bytes]:
        yield b'{"texts": ["'
        for _ in range(20):
            yield b"a" * 1_000_000

    long = await client.post("/batch", content=endless(), headers={"content-type": "application/json"})
    assert (long.status_code, "more than 16 MiB" in long.json()["detail"]) == (413, True)


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_that_is_none_is_refused(client: httpx2.AsyncClient, key: str) -> None:
    """1 to 255 characters."""
    answer = await client.post("/batch", json={"texts": ["a"]}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("number", ["17", UNKNOWN])
async def test_an_unknown_batch_is_not_found(client: httpx2.AsyncClient, number: str) -> None:
    """Whatever is asked of it."""
    for method, address in [("GET", ""), ("GET", "/result"), ("DELETE", "")]:
        answer = await client.request(method, f"/batch/{number}{address}")
        assert (answer.status_code, number in answer.json()["detail"]) == (404, True)


# Keeping


async def test_a_batch_is_gone_after_a_week(client: httpx2.AsyncClient, services: Services) -> None:
    """It is not found any more, and the chore leaves neither its texts nor its analyses."""
    asked = await ask(client, texts=[VERSE], analyzers=["emotion"])
    await finished(client, asked)
    async with await psycopg.AsyncConnection.connect(services.database.conninfo, autocommit=True) as connection:
        await connection.execute(
            "UPDATE batch_requests SET created_at = now() - interval '8 days' WHERE id = %s", [asked["id"]]
        )
        assert (await client.get(asked["links"]["self"])).status_code == 404
        await services.batches.delete_old()
        left = await connection.execute(
            "SELECT (SELECT count(*) FROM batch_requests WHERE id = %(id)s), (SELECT count(*) FROM batch_texts WHERE "
            "batch_id = %(id)s), (SELECT count(*) FROM batch_analyses WHERE batch_id = %(id)s)", {"id": asked["id"]}
        )  # fmt: skip
        assert await left.fetchone() == (0, 0, 0)


@pytest.mark.usefixtures("idle")
async def test_a_job_of_a_batch_that_is_gone_ends_well(client: httpx2.AsyncClient, services: Services) -> None:
    """Nothing is left to do, and what was said of it is dropped."""
    asked = await ask(client, texts=[VERSE], analyzers=["emotion"])
    found = await services.batches.load(asked["id"])
    assert found
    texts = services.batches.texts_of(found.id)
    [(place, digest, text)] = await texts.load_unanalyzed(found.keys[0], 10, -1, 10)
    async with await psycopg.AsyncConnection.connect(services.database.conninfo, autocommit=True) as connection:
        await connection.execute("DELETE FROM batch_requests WHERE id = %s", [asked["id"]])
    await texts.save_analyses([(place, digest, replace(emotion.score(text), confidence=0.5))])
    assert await texts.load_unanalyzed(found.keys[0], 10, -1, 10) == []
    await services.jobs.cancel(None)
