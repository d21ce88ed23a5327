"""The one way out to HTTP: honest about who asks, patient, within the rate, and counted."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

import orjson
import stamina

from rap_analyzer import __version__, telemetry
from rap_analyzer.adapters.http_answers import (
    NOT_MODIFIED,
    Answer,
    Garbled,
    conditions,
    is_challenge,
    read_json,
    read_whole_page,
    retry_after,
)
from rap_analyzer.adapters.http_line import (
    HttpLine,
    LineError,
    NoAddressError,
    Question,
    TimedOutError,
    Timeouts,
    TooLargeError,
    check_address,
)
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
from rap_analyzer.domain.track import NO_VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from rap_analyzer.domain.pacing import Rate
    from rap_analyzer.domain.track import Validators
    from rap_analyzer.ports import SharedState

T = TypeVar("T")

USER_AGENT = f"rap-analyzer/{__version__} (lyrics research; see the project's README)"
RETRIES = 3
JITTER = 0.2
LONGEST_WAIT_S = 60.0
"""A service that asks for a longer wait than this is parked; nobody sleeps for it."""
GONE = (404, 410)
PASSING = (408, 425, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530)
TIMEOUTS = Timeouts()


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
        heeds_latency: whether slow answers are a sign of a service under strain, which is then asked less often. So it
            is with web sites; a chat model takes its time by its nature.
    """

    def __init__(
        self,
        source: str,
        rate: Rate,
        state: SharedState,
        *,
        base_delay: float = 2.0,
        longest_wait: float = LONGEST_WAIT_S,
        timeouts: Timeouts = TIMEOUTS,
        heeds_latency: bool = True,
    ) -> None:
        self.source = source
        self._pacer = Pacer(source, rate, state, longest_wait, heeds_latency=heeds_latency)
        self._base_delay = base_delay
        self.requests = 0
        self._line = HttpLine(USER_AGENT, timeouts)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._line.close()

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
        return await self.ask("GET", url, read=read_json, params=params, headers=headers, expected=expected)

    async def post_form(
        self, url: str, data: Mapping[str, str], *, headers: Mapping[str, str], expected: Collection[int] = ()
    ) -> tuple[int, Any]:
        """POST a form; the answer as from `get_json`.

        Raises:
            NotFound, RateLimited, Blocked, SourceError: as `ask`.
        """
        return await self.ask("POST", url, read=read_json, data=data, headers=headers, expected=expected)

    async def post_json(
        self,
        url: str,
        document: Any,
        *,
        headers: Mapping[str, str],
        expected: Collection[int] = (),
        on_send: Callable[[], None] | None = None,
    ) -> tuple[int, Any]:
        """POST a JSON document; the answer as from `get_json`, and `on_send` as in `ask`.

        Raises:
            NotFound, RateLimited, Blocked, SourceError: as `ask`.
        """
        typed = {**headers, "Content-Type": "application/json"}
        return await self.ask(
            "POST",
            url,
            read=read_json,
            data=orjson.dumps(document),
            headers=typed,
            expected=expected,
            on_send=on_send,
        )

    async def get_page(self, url: str, known: Validators = NO_VALIDATORS) -> Answer:
        """GET a whole HTML page, or the status 304 where it is still the one with the known validators.

        Raises:
            PageChanged: it ends before `</html>`, also after the retries.
            NotFound, RateLimited, Blocked, SourceError: as `ask`.
        """
        unchanged = {NOT_MODIFIED} if known else ()
        return await self.ask("GET", url, read=read_whole_page, headers=conditions(known), expected=unchanged)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        read: Callable[[Answer], T],
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | bytes | None = None,
        expected: Collection[int] = (),
        on_send: Callable[[], None] | None = None,
    ) -> T:
        """Send a request until it is answered, and make something of the answer.

        Args:
            method: `GET` or `POST`.
            url: the whole address.
            read: makes something of an answer; raises Garbled when the body is cut or malformed.
            params: the query.
            headers: besides the User-Agent.
            data: form fields, or the whole body.
            expected: statuses other than 200 that are answers to the caller.
            on_send: called when an attempt is about to be sent.

        Raises:
            NotFound: 404.
            RateLimited: 429, also after the retries, or with a long Retry-After.
            Blocked: 403, or a challenge page.
            PageChanged: HTML that stays cut after the retries.
            SourceError: time-outs, cut connections, 5xx and malformed bodies, also after the retries.
            ConfigError: the address cannot be asked.
        """
        question = Question(method, self._address(url), frozenset(expected), params, headers, data)
        retrying = stamina.AsyncRetryingCaller(attempts=RETRIES + 1, timeout=None)
        try:
            return await retrying(_Backoff(self._base_delay), self._attempt, question, read, on_send)
        except _Failed as failure:
            raise failure.error from failure.__cause__

    def _address(self, url: str) -> str:
        try:
            return check_address(url)
        except NoAddressError as error:
            raise ConfigError(f"An address of {self.source} is malformed ({error}): check its URL settings.") from error

    async def _attempt(self, question: Question, read: Callable[[Answer], T], on_send: Callable[[], None] | None) -> T:
        is_probe = await self._pacer.take_turn()
        if on_send:
            on_send()
        started, result, failed, answered = time.perf_counter(), "given_up", None, False
        try:
            answer = self._checked(await self._send(question), question)
            value = self._readable(answer, question, read)
            result, failed = ("ok" if answer.status < 300 else str(answer.status)), False  # noqa: PLR2004
            answered = result == "ok" or answer.status == NOT_MODIFIED
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

    async def _send(self, question: Question) -> Answer:
        self.requests += 1
        try:
            return await self._line.exchange(question)
        except TimedOutError as error:
            raise self._fault(f"{self.source} does not answer in time at {question.place}", "timeout") from error
        except NoAddressError as error:
            raise ConfigError(f"{question.place} is {error}: check the URL settings of {self.source}.") from error
        except TooLargeError as error:
            message = f"{self.source} sends {error} at {question.place}: it is not read."
            raise _Failed(SourceError(message), "too_large", again=False, is_fault=True) from error
        except LineError as error:
            proxy = proxy_for(question.url)
            way = f" through the proxy {proxy}" if proxy else ""
            message = f"The connection to {self.source}{way} fails at {question.place} ({error})"
            raise self._fault(message, "connection") from error.__cause__

    def _checked(self, answer: Answer, question: Question) -> Answer:
        """The answer, when its status is one to read."""
        status = answer.status
        if status == 429:  # noqa: PLR2004
            raise self._limited(answer, question.place)
        if is_challenge(answer) or (status == 403 and status not in question.expected):  # noqa: PLR2004
            place = question.place
            message = (
                f"{self.source} blocks us at {place} (status {status}): stop for some hours, then ask more slowly."
            )
            raise _Failed(Blocked(message), "blocked", again=False, is_fault=True)
        if status in question.expected or status < 300:  # noqa: PLR2004
            return answer
        raise self._refused(answer, question)

    def _refused(self, answer: Answer, question: Question) -> _Failed:
        """What a status means that is no answer."""
        status, place = answer.status, question.place
        if status in GONE:
            error = NotFound(f"{self.source} has nothing at {place} any more, or never had.")
            return _Failed(error, "not_found", again=False, is_fault=False)
        if status in PASSING:
            wait = retry_after(answer)
            return self._fault(f"{self.source} answers with status {status} at {place}", "server_error", wait)
        asked = f"{question.method} {place}"
        message = (
            f"{self.source} refuses {asked} (status {status}): check its URL settings, or look for a newer release."
        )
        return _Failed(SourceError(message), "refused", again=False, is_fault=True)

    def _limited(self, answer: Answer, place: str) -> _Failed:
        wait = retry_after(answer)
        is_long = self._pacer.is_long(wait)
        error = (
            self._pacer.parked(wait)
            if is_long and wait
            else RateLimited(
                f"{self.source} says that we ask too often at {place}, also after {RETRIES} waits: go on later.", wait
            )
        )
        return _Failed(error, "rate_limited", again=not is_long, is_fault=False, wait=wait)

    def _readable(self, answer: Answer, question: Question, read: Callable[[Answer], T]) -> T:
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
