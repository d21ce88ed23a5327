"""The one way out to HTTP: honest about who asks, patient, within the rate, and counted."""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx2
import orjson
import stamina

from rap_analyzer import __version__, telemetry
from rap_analyzer.adapters.pacing import Pacer
from rap_analyzer.adapters.proxies import proxy_for
from rap_analyzer.domain.errors import (
    Blocked,
    ConfigError,
    NotFound,
    PageChanged,
    RapError,
    RateLimited,
    SourceError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from rap_analyzer.domain.pacing import Rate
    from rap_analyzer.ports import SharedState

T = TypeVar("T")

USER_AGENT = f"rap-analyzer/{__version__} (lyrics research; see the project's README)"
RETRIES = 3
JITTER = 0.2
LONGEST_WAIT_S = 60.0
"""A service that asks for a longer wait than this is parked; nobody sleeps for it."""
ATTEMPT_S = 120.0
"""An answer that trickles in for longer is given up, however alive its connection looks."""
HIGHEST_PORT = 65_535
MOST_BYTES = 32 * 2**20
TIMEOUTS = httpx2.Timeout(connect=10.0, read=30.0, write=10.0, pool=60.0)
POOL = httpx2.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30.0)
GONE = (404, 410)
PASSING = (408, 425, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530)
CHALLENGE = re.compile(
    r"""_cf_chl_opt|cf-chl-|id=["']challenge-(?:form|running|error)"""
    r"""|<title>(?:Just a moment\.\.\.|Attention Required!)""",
    re.IGNORECASE,
)
HTML_END = re.compile(rb"</html\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `url` is where it came from in the end, `headers` have lower-case names."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Garbled(Exception):
    """Raised by a reader: the body is cut or malformed, and another attempt may bring a whole one."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One request, as each of its attempts sends it."""

    method: str
    url: str
    expected: Collection[int]
    params: Mapping[str, str | int] | None
    headers: Mapping[str, str] | None
    data: Mapping[str, str] | None

    @property
    def place(self) -> str:
        """The address as a message shows it: no query, no user, no password."""
        return str(httpx2.URL(self.url).copy_with(query=None, fragment=None, userinfo=b""))


class _Failed(Exception):
    """An attempt without an answer: what to say if it was the last, how to count it, whether and when to try again."""

    def __init__(self, error: RapError, result: str, *, again: bool, is_fault: bool, wait: float | None = None) -> None:
        super().__init__(str(error).split(", also after ")[0])  # what the log says of a retry
        self.error, self.result, self.again, self.is_fault, self.wait = error, result, again, is_fault, wait


@dataclass(slots=True)
class _Backoff:
    """stamina's hook: whether to try again, and after how many seconds."""

    base_delay: float
    attempt: int = field(default=0)

    def __call__(self, failure: Exception) -> bool | float:
        if not isinstance(failure, _Failed) or not failure.again:
            return False
        delay = self.base_delay * 2**self.attempt * random.uniform(1 - JITTER, 1 + JITTER)
        self.attempt += 1
        return delay if failure.wait is None else failure.wait


class HttpDoor:
    """The way to one service; a context manager, whose end closes the connections.

    One attempt and three retries after 2, 4 and 8 s (±20 %), a short Retry-After obeyed by all processes, a long one
    never slept through: the door stays shut until then, for all and after a restart too, and says so.

    Args:
        source: what the service is called in messages and metrics.
        rate: how often it may be asked, by all processes together.
        state: what they share of it: turns, breaker, parking.
        base_delay: seconds before the first retry.
        longest_wait: longest Retry-After (s) that is slept through.
        timeouts: for each phase of an attempt.
    """

    def __init__(
        self,
        source: str,
        rate: Rate,
        state: SharedState,
        *,
        base_delay: float = 2.0,
        longest_wait: float = LONGEST_WAIT_S,
        timeouts: httpx2.Timeout = TIMEOUTS,
    ) -> None:
        self.source = source
        self._pacer = Pacer(source, rate, state, longest_wait)
        self._base_delay = base_delay
        self.requests = 0
        self._client = httpx2.AsyncClient(
            headers={"User-Agent": USER_AGENT},
            timeout=timeouts,
            limits=POOL,
            follow_redirects=True,
            max_redirects=5,
            mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get_json(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        expected: Collection[int] = (),
    ) -> tuple[int, Any]:
        """GET a JSON document: the status (200, or one of `expected`) and the document (None where an error has none).

        Raises:
            NotFound, RateLimited, Blocked, SourceError: as `ask`.
        """
        return await self.ask("GET", url, read=_read_json, params=params, headers=headers, expected=expected)

    async def post_form(
        self, url: str, data: Mapping[str, str], *, headers: Mapping[str, str], expected: Collection[int] = ()
    ) -> tuple[int, Any]:
        """POST a form; the answer as from `get_json`.

        Raises:
            NotFound, RateLimited, Blocked, SourceError: as `ask`.
        """
        return await self.ask("POST", url, read=_read_json, data=data, headers=headers, expected=expected)

    async def get_page(self, url: str) -> Answer:
        """GET a whole HTML page.

        Raises:
            PageChanged: it ends before `</html>`, also after the retries.
            NotFound, RateLimited, Blocked, SourceError: as `ask`.
        """
        return await self.ask("GET", url, read=_read_whole_page)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        read: Callable[[Answer], T],
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        expected: Collection[int] = (),
    ) -> T:
        """Send a request until it is answered, and make something of the answer.

        Args:
            method: `GET` or `POST`.
            url: the whole address.
            read: makes something of an answer; raises Garbled when the body is cut or malformed.
            params: the query.
            headers: besides the User-Agent.
            data: form fields.
            expected: statuses other than 200 that are answers to the caller.

        Raises:
            NotFound: 404.
            RateLimited: 429, also after the retries, or with a long Retry-After.
            Blocked: 403, or a challenge page.
            PageChanged: HTML that stays cut after the retries.
            SourceError: time-outs, cut connections, 5xx and malformed bodies, also after the retries.
            ConfigError: the address cannot be asked.
        """
        question = _Question(method, self._address(url), frozenset(expected), params, headers, data)
        retrying = stamina.AsyncRetryingCaller(attempts=RETRIES + 1, timeout=None)
        try:
            return await retrying(_Backoff(self._base_delay), self._attempt, question, read)
        except _Failed as failure:
            raise failure.error from failure.__cause__

    def _address(self, url: str) -> str:
        try:
            address = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise ConfigError(f"An address of {self.source} is malformed ({error}): check its URL settings.") from error
        if (address.port or 0) > HIGHEST_PORT:
            raise ConfigError(f"An address of {self.source} has the port {address.port}: check its URL settings.")
        return str(address)

    async def _attempt(self, question: _Question, read: Callable[[Answer], T]) -> T:
        is_probe = await self._pacer.take_turn()
        started, result, failed, answered = time.perf_counter(), "given_up", None, False
        try:
            answer = self._checked(await self._send(question), question)
            value = self._readable(answer, question, read)
            result, failed = ("ok" if answer.status < 300 else str(answer.status)), False  # noqa: PLR2004
            answered = result == "ok"
        except _Failed as failure:
            result, failed = failure.result, failure.is_fault
            await self._tell_of_wait(failure, time.perf_counter() - started)
            raise
        finally:
            seconds = time.perf_counter() - started
            if failed is not None:
                self._pacer.time_answer(seconds, answered=answered)
            telemetry.source_requests.labels(self.source, result).inc()
            telemetry.source_seconds.labels(self.source).observe(seconds)
            await self._pacer.record(failed=failed, is_probe=is_probe)
        return value

    async def _tell_of_wait(self, failure: _Failed, sent_s: float) -> None:
        """What the service asks for counts for every process."""
        if failure.result == "rate_limited":
            await self._pacer.slow_down(failure.wait, sent_s)
        elif failure.wait is not None and self._pacer.is_long(failure.wait):
            await self._pacer.park(failure.wait, failure.result)

    async def _send(self, question: _Question) -> Answer:
        try:
            async with asyncio.timeout(ATTEMPT_S):
                return await self._exchange(question)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise self._fault(f"{self.source} does not answer in time at {question.place}", "timeout") from error
        except httpx2.UnsupportedProtocol as error:
            raise ConfigError(
                f"{question.place} is no http address: check the URL settings of {self.source}."
            ) from error
        except httpx2.RequestError as error:
            reason = str(error) if isinstance(error, httpx2.ConnectError) else type(error).__name__
            proxy = proxy_for(question.url)
            way = f" through the proxy {proxy}" if proxy else ""
            message = f"The connection to {self.source}{way} fails at {question.place} ({reason})"
            raise self._fault(message, "connection") from error

    async def _exchange(self, question: _Question) -> Answer:
        self.requests += 1
        async with self._client.stream(
            question.method, question.url, params=question.params, headers=question.headers, data=question.data
        ) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    message = (
                        f"{self.source} sends more than {MOST_BYTES >> 20} MB at {question.place}: it is not read."
                    )
                    raise _Failed(SourceError(message), "too_large", again=False, is_fault=True)
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(str(response.url), response.status_code, names, bytes(body))

    def _checked(self, answer: Answer, question: _Question) -> Answer:
        """The answer, when its status is one to read."""
        status, place = answer.status, question.place
        if status == 429:  # noqa: PLR2004
            raise self._limited(answer, place)
        if _is_challenge(answer) or (status == 403 and status not in question.expected):  # noqa: PLR2004
            message = (
                f"{self.source} blocks us at {place} (status {status}): stop for some hours, then ask more slowly."
            )
            raise _Failed(Blocked(message), "blocked", again=False, is_fault=True)
        if status in question.expected or status < 300:  # noqa: PLR2004
            return answer
        if status in GONE:
            error = NotFound(f"{self.source} has nothing at {place} any more, or never had.")
            raise _Failed(error, "not_found", again=False, is_fault=False)
        if status in PASSING:
            wait = _retry_after(answer.headers)
            raise self._fault(f"{self.source} answers with status {status} at {place}", "server_error", wait)
        asked = f"{question.method} {place}"
        message = (
            f"{self.source} refuses {asked} (status {status}): check its URL settings, or look for a newer release."
        )
        raise _Failed(SourceError(message), "refused", again=False, is_fault=True)

    def _limited(self, answer: Answer, place: str) -> _Failed:
        wait = _retry_after(answer.headers)
        is_long = self._pacer.is_long(wait)
        error = (
            self._pacer.parked(wait)
            if is_long and wait
            else RateLimited(
                f"{self.source} says that we ask too often at {place}, also after {RETRIES} waits: go on later.", wait
            )
        )
        return _Failed(error, "rate_limited", again=not is_long, is_fault=False, wait=wait)

    def _readable(self, answer: Answer, question: _Question, read: Callable[[Answer], T]) -> T:
        try:
            return read(answer)
        except Garbled as error:
            kind = PageChanged if "html" in answer.headers.get("content-type", "") else SourceError
            message = (
                f"{self.source} sends a damaged answer at {question.place} ({error}), also after {RETRIES} retries."
            )
            raise _Failed(kind(message), "damaged", again=True, is_fault=True) from error

    def _fault(self, what: str, result: str, wait: float | None = None) -> _Failed:
        """A failure that passes: tried again, unless the service wants a long wait first."""
        if wait is not None and self._pacer.is_long(wait):
            return _Failed(self._pacer.parked(wait), result, again=False, is_fault=True, wait=wait)
        error = SourceError(f"{what}, also after {RETRIES} retries: try again later.")
        return _Failed(error, result, again=True, is_fault=True, wait=wait)


def shows_challenge(html: str) -> bool:
    """Whether the page is a challenge for browsers; a page that only carries the watcher's script is none."""
    return CHALLENGE.search(html) is not None


def _is_challenge(answer: Answer) -> bool:
    if answer.headers.get("cf-mitigated") == "challenge":
        return True
    is_html = "html" in answer.headers.get("content-type", "")
    return is_html and answer.status in (403, 503) and shows_challenge(answer.body[:65_536].decode("latin-1"))


def _read_json(answer: Answer) -> tuple[int, Any]:
    try:
        return answer.status, orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        if answer.status >= 400:  # noqa: PLR2004
            return answer.status, None
        raise Garbled("it is no JSON") from error


def _read_whole_page(answer: Answer) -> Answer:
    if not HTML_END.search(answer.body, max(0, len(answer.body) - 65_536)):
        raise Garbled("it ends before </html>")
    return answer


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for, written as a number or as a date; None when it is absent or says neither."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
