"""What can go wrong between us and a service, by share of requests; with the same seed it goes wrong the same way.

Two routes stand beside the application's own: GET `/_simulator/stats` (requests by route and status) and POST
`/_simulator/faults` (a JSON object with fields of Faults; the others go back to their defaults).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import JSONResponse
from starlette.routing import Match

from rap_analyzer.domain.errors import InputError
from rap_analyzer.simulators.genius_pages import CHALLENGE

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

HANG_S = 60.0
CONTROL = "/_simulator/"


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares in [0, 1] of requests that go wrong, at most 1 together.

    Attributes:
        rate_limited: 429 with Retry-After.
        rate_limited_silently: 429 without.
        challenge: 403 with an HTML challenge page.
        server_error: 503.
        hang: no answer for a minute.
        cut: the connection ends in the middle of the body.
        truncated_page: half an HTML page, as if it were all; JSON comes whole.
        malformed_json: half a JSON document; pages come whole.
        new_shape: a whole HTML page whose marks have other names than any that we know; JSON comes as ever.
        retry_after: seconds that a 429 asks for.
        rate_per_minute: requests answered in any minute, the rest get 429 with Retry-After; 0 for any number.
        latency: seconds that each answer takes longer.
        seed: decides which requests go wrong.
    """

    rate_limited: float = 0.0
    rate_limited_silently: float = 0.0
    challenge: float = 0.0
    server_error: float = 0.0
    hang: float = 0.0
    cut: float = 0.0
    truncated_page: float = 0.0
    malformed_json: float = 0.0
    new_shape: float = 0.0
    retry_after: int = 1
    rate_per_minute: int = 0
    latency: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        shares = [getattr(self, name) for name in SHARES]
        if any(share < 0 for share in shares) or sum(shares) > 1.0 + 1e-9:
            raise InputError("Shares of faults lie between 0 and 1 and add up to at most 1: make them smaller.")

    def strike(self, path: str, visit: int) -> str:
        """The fault of the n-th visit to a path, or "" for none; whatever else is asked meanwhile changes nothing."""
        drawn = Random(f"{self.seed}:{path}:{visit}").random()
        for name in SHARES:
            drawn -= getattr(self, name)
            if drawn < 0:
                return name
        return ""


SHARES = (
    "rate_limited",
    "rate_limited_silently",
    "challenge",
    "server_error",
    "hang",
    "cut",
    "truncated_page",
    "malformed_json",
    "new_shape",
)
NEW_NAMES = (
    (b"data-lyrics-container", b"data-song-words"),
    (b"__PRELOADED_STATE__", b"__SONG__"),
    (b'"lyrics"', b'"words"'),
)
"""Marks of a song page, and what they are called in its new shape."""


class FaultInjector:
    """An ASGI application that stands before another one, counts its requests and spoils some.

    Args:
        app: the application behind; its routes name the counts.
        faults: what goes wrong from the start.
    """

    def __init__(self, app: Starlette, faults: Faults | None = None) -> None:
        self._app = app
        self.faults = faults or Faults()
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.visits: Counter[str] = Counter()
        self._answered: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(CONTROL):
            await (await self._control(scope, receive))(scope, receive, send)
        else:
            await self._serve(scope, receive, self._counting(send))

    def stats(self) -> dict[str, Any]:
        """Requests by route template and answers by status, since the start or the last change of faults."""
        return {"requests": dict(self.requests), "statuses": dict(self.statuses), "faults": asdict(self.faults)}

    def change(self, faults: Faults) -> None:
        """Other faults from now on; the counts begin anew."""
        self.faults = faults
        for counts in (self.requests, self.statuses, self.visits):
            counts.clear()
        self._answered.clear()

    async def _control(self, scope: Scope, receive: Receive) -> JSONResponse:
        wanted = (scope["method"], scope["path"].removeprefix(CONTROL))
        if wanted == ("POST", "faults"):
            try:
                self.change(read_faults(await _body(receive)))
            except InputError as error:
                return JSONResponse({"error": str(error)}, 400)
        elif wanted != ("GET", "stats"):
            return JSONResponse({"error": "There are GET stats and POST faults here."}, 404)
        return JSONResponse(self.stats())

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.requests[self._route_of(scope)] += 1
        self.visits[path] += 1
        fault = self.faults.strike(path, self.visits[path])
        await asyncio.sleep(self.faults.latency)
        if self._is_over_rate():
            await _refuse(send, 429, b'{"error":"rate limited"}', self._seconds_left())
        elif fault == "hang":
            await _hang(receive)
        elif fault in ("rate_limited", "rate_limited_silently"):
            wait = self.faults.retry_after if fault == "rate_limited" else None
            await _refuse(send, 429, b"Too many requests", wait)
        elif fault == "challenge":
            await _refuse(send, 403, CHALLENGE.encode(), content_type=b"text/html; charset=UTF-8")
        elif fault == "server_error":
            await _refuse(send, 503, b"<html><body>Service unavailable</body></html>", content_type=b"text/html")
        else:
            await self._app(scope, receive, _Spoiler(send, fault) if fault else send)

    def _is_over_rate(self) -> bool:
        """Whether this request is one too many for the last minute; counts it when it is not."""
        if not self.faults.rate_per_minute:
            return False
        now = time.monotonic()
        while self._answered and self._answered[0] <= now - 60:
            self._answered.popleft()
        if len(self._answered) >= self.faults.rate_per_minute:
            return True
        self._answered.append(now)
        return False

    def _seconds_left(self) -> int:
        return max(1, round(self._answered[0] + 60 - time.monotonic() + 0.5))

    def _route_of(self, scope: Scope) -> str:
        for route in self._app.routes:
            if route.matches(scope)[0] is Match.FULL:
                return str(getattr(route, "path", "other"))
        return "other"

    def _counting(self, send: Send) -> Send:
        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.statuses[str(message["status"])] += 1
            await send(message)

        return count


class _Spoiler:
    """Passes an answer on after spoiling it: cut connection, half a page, half a document, a page of another shape."""

    def __init__(self, send: Send, fault: str) -> None:
        self._send = send
        self._fault = fault
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await self._finish()

    async def _finish(self) -> None:
        kind = next((v for k, v in self._start["headers"] if k.lower() == b"content-type"), b"")
        half = self._body[: len(self._body) // 2]
        if self._fault == "cut":
            # The headers promise the whole body; the server closes the connection when less than that has come.
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": half, "more_body": True})
            return
        is_spoilt = (b"json" in kind) if self._fault == "malformed_json" else (b"html" in kind)
        spoilt = _in_new_shape(self._body) if self._fault == "new_shape" else half
        body = spoilt if is_spoilt else self._body
        others = [(k, v) for k, v in self._start["headers"] if k.lower() != b"content-length"]
        await self._send({**self._start, "headers": [*others, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def _in_new_shape(page: bytes) -> bytes:
    for known, new in NEW_NAMES:
        page = page.replace(known, new)
    return page


def read_faults(document: bytes) -> Faults:
    """Faults from a JSON object.

    Raises:
        InputError: it is no object, or has a field that Faults has not, or a value that is no number.
    """
    try:
        wanted = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise InputError('Faults are a JSON object such as {"server_error": 0.2}.') from error
    names = {field.name for field in fields(Faults)}
    if not isinstance(wanted, dict) or set(wanted) - names:
        raise InputError(f"Faults are a JSON object with fields of {', '.join(sorted(names))}.")
    if not all(isinstance(value, int | float) for value in wanted.values()):
        raise InputError("Every field of faults is a number.")
    return Faults(**wanted)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _hang(receive: Receive) -> None:
    """Says nothing for a minute, or until the other side goes away."""
    try:
        async with asyncio.timeout(HANG_S):
            while (await receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return


async def _refuse(
    send: Send, status: int, body: bytes, retry_after: int | None = None, content_type: bytes = b"application/json"
) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"server", b"cloudflare"),
    ]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
