"""The way out over real HTTP: what is retried, what is not, what is said, what is counted."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from memory_state import FREE, MemoryState
from rap_analyzer import __version__
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.adapters.postgres.source_states import SourceStates
from rap_analyzer.domain.errors import Blocked, ConfigError, NotFound, PageChanged, RateLimited, SourceError
from rap_analyzer.domain.pacing import Rate
from rap_analyzer.domain.track import Validators
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.telemetry import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from rap_analyzer.adapters.postgres.database import Database

TIGHT = Timeouts(0.3, 0.3)


class Service:
    """A small service whose answers a test decides."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.seen: list[Request] = []
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])
        self.front = FaultInjector(app)
        self.server = SimulatorServer(self.front)

    async def _answer(self, request: Request) -> Response:
        self.seen.append(request)
        return self.answers.pop(0) if self.answers else JSONResponse({"ok": True})


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that answers `{"ok": true}` until told otherwise."""
    service = Service()
    with service.server:
        yield service


def door(name: str = "genius", state: MemoryState | None = None, **options: Any) -> HttpDoor:
    """A door with short waits."""
    chosen: dict[str, Any] = {"base_delay": 0.01, "timeouts": TIGHT} | options
    return HttpDoor(name, FREE, state or MemoryState(), **chosen)


def counted(source: str, result: str) -> float:
    """Attempts that ended so."""
    return registry.get_sample_value("rap_source_requests_total", {"source": source, "result": result}) or 0.0


async def test_says_who_asks(service: Service) -> None:
    """The User-Agent names us and our version, and imitates no browser."""
    async with door() as way:
        assert await way.get_json(service.server.url + "/x", params={"q": "a b"}) == (200, {"ok": True})
    [request] = service.seen
    assert request.headers["user-agent"] == f"rap-analyzer/{__version__} (lyrics research; see the project's README)"
    assert request.query_params["q"] == "a b"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_passing_failures_are_retried(service: Service, status: int) -> None:
    """Three failures and then an answer are an answer."""
    service.answers = [Response(status_code=status) for _ in range(3)]
    async with door() as way:
        assert (await way.get_json(service.server.url))[1] == {"ok": True}
    assert len(service.seen) == 4


async def test_after_three_retries_it_is_an_error(service: Service) -> None:
    """The message says what, where, how often, and what to do; every attempt is counted."""
    service.answers = [Response(status_code=500) for _ in range(9)]
    before = counted("tired", "server_error")
    async with door("tired") as way:
        with pytest.raises(
            SourceError, match=r"tired answers with status 500 at http://127\S+/x, also after 3 retries"
        ):
            await way.get_json(service.server.url + "/x?secret=1")
    assert len(service.seen) == 4
    assert counted("tired", "server_error") == before + 4


async def test_waits_double(service: Service) -> None:
    """The waits are one, two and four times the base, a fifth more or less."""
    service.answers = [Response(status_code=500) for _ in range(3)]
    async with door(base_delay=0.1) as way:
        started = time.monotonic()
        await way.get_json(service.server.url)
        assert 0.56 <= time.monotonic() - started < 1.2


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (410, NotFound), (403, Blocked), (400, SourceError), (401, SourceError), (418, SourceError)],
)
async def test_refusals_are_not_retried(service: Service, status: int, error: type[SourceError]) -> None:
    """What another attempt would not change is asked once."""
    service.answers = [Response(status_code=status)]
    async with door() as way:
        with pytest.raises(error) as raised:
            await way.get_json(service.server.url)
    assert type(raised.value) is error
    assert len(service.seen) == 1


async def test_a_page_that_is_known_is_asked_for_on_a_condition(service: Service) -> None:
    """By all that is known of it; one of which nothing is known, without."""
    page = "<html></html>"
    service.answers = [Response(status_code=304), Response(status_code=304), Response(page), Response(page)]
    known = [Validators('W/"7"', "Tue, 03 Nov 2026 08:12:31 GMT"), Validators('"8"'), Validators('"9"'), Validators()]
    async with door() as way:
        answers = [await way.get_page(service.server.url + "/page", validators) for validators in known]
    assert [answer.status for answer in answers] == [304, 304, 200, 200]
    asked = [(r.headers.get("if-none-match"), r.headers.get("if-modified-since")) for r in service.seen]
    assert asked == [('W/"7"', "Tue, 03 Nov 2026 08:12:31 GMT"), ('"8"', None), ('"9"', None), (None, None)]


async def test_an_expected_status_is_an_answer(service: Service) -> None:
    """A caller may read refusals itself, with or without a document."""
    service.answers = [JSONResponse({"why": 1}, 403), Response("<p>no</p>", 401)]
    async with door() as way:
        assert await way.get_json(service.server.url, expected={403}) == (403, {"why": 1})
        assert await way.get_json(service.server.url, expected={401}) == (401, None)


@pytest.mark.parametrize("status", [403, 503])
async def test_a_challenge_blocks_at_once(service: Service, status: int) -> None:
    """A challenge page is no refusal to read and nothing to retry, whatever was expected."""
    service.answers = [Response("<html><script>window._cf_chl_opt={}</script>", status, media_type="text/html")]
    async with door() as way:
        with pytest.raises(Blocked, match="blocks us"):
            await way.get_json(service.server.url, expected={403})
    assert len(service.seen) == 1


async def test_a_short_retry_after_is_obeyed(service: Service) -> None:
    """Neither this request nor another is sent before the time that the service asked for."""
    service.answers = [Response(status_code=429, headers={"Retry-After": "1"})]
    async with door() as way:
        started = time.monotonic()
        first = asyncio.create_task(way.get_json(service.server.url))
        await asyncio.sleep(0.2)
        await asyncio.gather(first, way.get_json(service.server.url + "/other"))
        assert time.monotonic() - started >= 1.0
    assert len(service.seen) == 3


async def test_429_without_a_time_backs_off(service: Service) -> None:
    """The usual waits serve where the service names none."""
    service.answers = [Response(status_code=429) for _ in range(3)]
    async with door() as way:
        assert (await way.get_json(service.server.url))[0] == 200
    assert len(service.seen) == 4


async def test_429_again_and_again_is_rate_limited(service: Service) -> None:
    """After the retries it is said what it is, and the breaker stays closed: a busy service is not a broken one."""
    service.answers = [Response(status_code=429) for _ in range(8)]
    async with door() as way:
        for _ in range(2):
            with pytest.raises(RateLimited, match="too often"):
                await way.get_json(service.server.url)
        assert (await way.get_json(service.server.url))[0] == 200


@pytest.mark.parametrize("wait", ["79892", "Wed, 21 Oct 2099 07:28:00 GMT"])
async def test_a_long_retry_after_is_not_slept_through(service: Service, wait: str) -> None:
    """It is an error at once, tells the time, and nothing more is sent until then."""
    service.answers = [Response(status_code=429, headers={"Retry-After": wait})]
    async with door() as way:
        for _ in range(3):
            with pytest.raises(RateLimited, match="asks for a wait of") as raised:
                await way.get_json(service.server.url)
            assert (raised.value.retry_after or 0) > 79_000
    assert len(service.seen) == 1


@pytest.mark.parametrize("wait", ["soon", "-5", "1e400", "9" * 5_000, "", "nan"])
async def test_a_senseless_retry_after_is_passed_over(service: Service, wait: str) -> None:
    """What is no time is as good as none."""
    service.answers = [Response(status_code=429, headers={"Retry-After": wait})]
    async with door() as way:
        assert (await way.get_json(service.server.url))[0] == 200


async def test_five_failed_attempts_open_the_breaker(service: Service) -> None:
    """The sixth is not sent; after the pause a probe is, and its success opens the way."""
    service.answers = [Response(status_code=500) for _ in range(5)]
    async with door(state=MemoryState(open_s=0.3)) as way:
        with pytest.raises(SourceError, match="status 500"):
            await way.get_json(service.server.url)
        with pytest.raises(SourceError, match="left alone"):
            await way.get_json(service.server.url)
        assert len(service.seen) == 5
        await asyncio.sleep(0.35)
        assert (await way.get_json(service.server.url))[0] == 200


async def test_missing_pages_do_not_open_the_breaker(service: Service) -> None:
    """Ten songs that are gone say nothing against the service."""
    service.answers = [Response(status_code=404) for _ in range(10)]
    async with door() as way:
        for _ in range(10):
            with pytest.raises(NotFound):
                await way.get_json(service.server.url)
        assert (await way.get_json(service.server.url))[0] == 200


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("hang", "in time"),
        ("cut", "ClientPayloadError|ServerDisconnectedError"),
        ("malformed_json", "damaged"),
        ("server_error", "503"),
    ],
)
async def test_faults_of_the_line_are_retried_and_then_told(service: Service, fault: str, told: str) -> None:
    """Time-outs, cut connections, malformed documents and 5xx are tried four times."""
    certain: dict[str, Any] = {fault: 1.0}
    service.front.change(Faults(**certain))
    async with door() as way:
        with pytest.raises(SourceError, match=told):
            await way.get_json(service.server.url + "/x")
    assert service.front.stats()["requests"] == {"/{path:path}": 4}


async def test_a_truncated_page_is_retried_and_then_told(service: Service) -> None:
    """A page without its end is never handed on."""
    service.answers = [Response("<html><body>half", media_type="text/html") for _ in range(4)]
    async with door() as way:
        with pytest.raises(PageChanged, match="ends before </html>"):
            await way.get_page(service.server.url)
    async with door() as way:
        service.answers = [Response("<html>half", media_type="text/html"), Response("<html>whole</html>\n")]
        assert (await way.get_page(service.server.url)).body == b"<html>whole</html>\n"


async def test_an_endless_body_is_not_read(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body over the limit is an error, not a full memory."""
    monkeypatch.setattr("rap_analyzer.adapters.http_line.MOST_BYTES", 1_000_000)
    service.answers = [PlainTextResponse("x" * 2_000_000)]
    async with door() as way:
        with pytest.raises(SourceError, match="more than"):
            await way.get_json(service.server.url)
    assert len(service.seen) == 1


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_bomb_is_not_unpacked(service: Service, coding: str) -> None:
    """A hundred kilobytes that would become a hundred megabytes: an error, and memory stays where it was."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    bomb = b"".join([*(packer.compress(bytes(2**20)) for _ in range(100)), packer.flush()])
    service.answers = [Response(bomb, headers={"Content-Encoding": coding}) for _ in range(4)]
    tracemalloc.start()
    try:
        async with door() as way:
            with pytest.raises(SourceError):
                await way.get_json(service.server.url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 90 * 2**20


async def test_nobody_there_is_told() -> None:
    """A closed port is a connection error that names the place."""
    with SimulatorServer(Starlette()) as server:
        url = server.url
    async with door() as way:
        with pytest.raises(SourceError, match=r"connection to genius fails at http://127"):
            await way.get_json(url)


@pytest.mark.parametrize("url", ["ftp://x/", "http://[::1", "http://x:99999999/", "://", "x"])
async def test_an_address_that_cannot_be_asked_is_a_wrong_setting(url: str) -> None:
    """It is the settings' fault, and no retry mends it."""
    async with door() as way:
        with pytest.raises(ConfigError, match="URL settings"):
            await way.get_json(url)


async def test_secrets_stay_out_of_messages(service: Service) -> None:
    """Neither headers nor the password of an address stand in an error or in what caused it."""
    service.answers = [Response(status_code=500) for _ in range(4)]
    address = service.server.url.replace("http://", "http://me:pass-word@")
    async with door() as way:
        with pytest.raises(SourceError) as raised:
            await way.get_json(address, headers={"Authorization": "Bearer tok-en"})
    error: BaseException | None = raised.value
    while error:
        assert "tok-en" not in repr(error)
        assert "pass-word" not in repr(error)
        error = error.__cause__


async def test_redirects_do_not_carry_a_token_elsewhere(service: Service) -> None:
    """A redirect to another host is followed without the Authorization header."""
    other = Service()
    with other.server:
        service.answers = [RedirectResponse(other.server.url + "/there")]
        async with door() as way:
            await way.get_json(service.server.url, headers={"Authorization": "Bearer tok-en"})
    assert "authorization" in service.seen[0].headers
    assert "authorization" not in other.seen[0].headers


async def test_a_cancelled_request_is_no_failure(service: Service) -> None:
    """Giving up leaves the door as it was."""
    service.front.change(Faults(hang=1.0))
    async with door(timeouts=Timeouts(5, 5)) as way:
        for _ in range(6):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(way.get_json(service.server.url), 0.05)
        service.front.change(Faults())
        assert (await way.get_json(service.server.url))[0] == 200


# With the real shared state


def shared(database: Database, rate: Rate = FREE, **options: Any) -> HttpDoor:
    """The door of a process, in front of the store that all share."""
    chosen: dict[str, Any] = {"base_delay": 0.01, "timeouts": TIGHT} | options
    return HttpDoor("genius", rate, SourceStates(database), **chosen)


async def test_a_ban_of_a_day_is_known_to_every_process_and_after_a_restart(
    service: Service, database: Database
) -> None:
    """One request was answered with it; no other is sent, by nobody, and each says when to come back."""
    service.answers = [Response(status_code=429, headers={"Retry-After": "86400"})]
    async with shared(database) as first, shared(database) as second:
        for way in (first, second, first):
            with pytest.raises(RateLimited, match=r"asks for a wait of 8\d{4} s.*go on after \d{4}-\d\d-\d\d"):
                await way.get_json(service.server.url)
    async with shared(database) as later:
        with pytest.raises(RateLimited) as raised:
            await later.get_json(service.server.url)
    assert 86_000 < (raised.value.retry_after or 0) <= 86_400
    assert len(service.seen) == 1


async def test_a_long_wait_of_a_service_that_is_down_parks_it_too(service: Service, database: Database) -> None:
    """A 503 may name a time as well as a 429."""
    service.answers = [Response(status_code=503, headers={"Retry-After": "3600"})]
    async with shared(database) as first, shared(database) as second:
        for way in (first, second):
            with pytest.raises(RateLimited, match="asks for a wait of 3"):
                await way.get_json(service.server.url)
    assert len(service.seen) == 1


async def test_failures_of_two_doors_open_one_breaker(service: Service, database: Database) -> None:
    """Four attempts of one and one of the other; then neither sends."""
    service.front.change(Faults(server_error=1.0))
    async with shared(database) as first, shared(database) as second:
        with pytest.raises(SourceError, match="503"):
            await first.get_json(service.server.url)
        for way in (second, first, second):
            with pytest.raises(SourceError, match="left alone"):
                await way.get_json(service.server.url)
    assert service.front.stats()["statuses"] == {"503": 5}


async def test_a_limit_that_the_service_enforces_is_kept_by_all(service: Service, database: Database) -> None:
    """At the rate that the service allows, four doors with six requests each are never refused."""
    service.front.change(Faults(rate_per_minute=30, latency=0.01))
    doors = [shared(database, Rate(30, 60.0)) for _ in range(4)]

    async def ask(way: HttpDoor) -> None:
        while True:
            await way.get_json(service.server.url)

    async with doors[0], doors[1], doors[2], doors[3]:
        asking = [asyncio.create_task(ask(way)) for way in doors for _ in range(6)]
        _, asking_still = await asyncio.wait(asking, timeout=6.5, return_when=asyncio.FIRST_EXCEPTION)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    assert len(asking_still) == len(asking)
    statuses = service.front.stats()["statuses"]
    assert set(statuses) == {"200"}
    assert 5 <= statuses["200"] <= 8


async def test_silent_refusals_slow_all_down(service: Service, database: Database) -> None:
    """A service that only says 429 is asked at half the pace, by the other door too."""
    rate = Rate(600, 60.0)
    service.answers = [Response(status_code=429)]
    async with shared(database, rate) as way:
        assert (await way.get_json(service.server.url))[0] == 200
    turns = await SourceStates(database).reserve("genius", rate, 0.0, 1)
    assert turns.spacing_s > 1.5 * rate.spacing_s
