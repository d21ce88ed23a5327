"""The wire to one service: a pool of connections, time limits for each phase, and what can go wrong on the way.

aiohttp, because it reads HTTP in C: a page of half a megabyte costs a third of what it costs through h11. Its own
second attempts are switched off: whether to try again is the door's to say, which counts each attempt.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from rap_analyzer.adapters.http_answers import Answer
from rap_analyzer.adapters.proxies import whole_proxy_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MOST_BYTES = 32 * 2**20
MOST_CONNECTIONS = 20
KEEPALIVE_S = 30.0
REDIRECTS = 5
READ_AT_ONCE = 2**18
"""Bytes that may wait to be read, half a page: fewer would stop and start the connection again and again."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that each phase of an attempt may take.

    Attributes:
        connect: until there is a connection, and until one of the pool is free.
        read: between two pieces of an answer, and until the first.
        whole: all together; an answer that trickles in for longer is given up, however alive its connection looks.
    """

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0


@dataclass(frozen=True, slots=True)
class Question:
    """One request, as each of its attempts sends it."""

    method: str
    url: str
    expected: Collection[int]
    params: Mapping[str, str | int] | None = None
    headers: Mapping[str, str] | None = None
    data: Mapping[str, str] | bytes | None = None

    @property
    def address(self) -> URL:
        """What is asked. Of two ways to say who asks, the header counts, not the user in the address."""
        address = URL(self.url)
        return address.with_user(None) if self.headers and "Authorization" in self.headers else address

    @property
    def place(self) -> str:
        """The address as a message shows it: no query, no user, no password."""
        return str(URL(self.url).with_user(None).with_query(None).with_fragment(None))


class LineError(Exception):
    """No answer came; the message says why, in words that go into a sentence."""


class TimedOutError(LineError):
    """None came in time."""


class TooLargeError(LineError):
    """More came than is read."""


class NoAddressError(LineError):
    """The address cannot be asked."""


class HttpLine:
    """Connections to one service, opened when they are needed.

    Args:
        user_agent: who asks.
        timeouts: for each phase of an attempt.
    """

    def __init__(self, user_agent: str, timeouts: Timeouts) -> None:
        self._headers = {"User-Agent": user_agent}
        self._timeouts = timeouts
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[tuple[str, str | None], str | None] = {}

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def exchange(self, question: Question) -> Answer:
        """Send the request once and read the whole answer.

        Raises:
            TimedOutError, TooLargeError, NoAddressError: as they say.
            LineError: the connection fails.
        """
        try:
            async with asyncio.timeout(self._timeouts.whole):
                return await self._exchange(question)
        except TimeoutError as error:
            raise TimedOutError("no answer in time") from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise NoAddressError("no http address") from error
        except aiohttp.ClientConnectorError as error:
            raise LineError(str(error)) from error.os_error  # the rest of it may hold a proxy's password
        except aiohttp.ClientResponseError as error:
            raise LineError(type(error).__name__) from None  # it holds the headers, the token among them
        except (aiohttp.ClientError, OSError) as error:
            raise LineError(type(error).__name__) from error

    async def _exchange(self, question: Question) -> Answer:
        async with self._opened().request(
            question.method,
            question.address,
            params=question.params,
            headers=question.headers,
            data=question.data,
            max_redirects=REDIRECTS,
            proxy=self._proxy_of(question.address),
        ) as response:
            pieces, size = [], 0
            async for piece in response.content.iter_any():
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    raise TooLargeError(f"more than {MOST_BYTES >> 20} MB")
            return Answer(str(response.url), response.status, response.headers, b"".join(pieces))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS, keepalive_timeout=KEEPALIVE_S),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._timeouts.connect, sock_read=self._timeouts.read
                ),
                read_bufsize=READ_AT_ONCE,
            )
            self._session._retry_connection = False  # noqa: SLF001 - there is no other way to have each attempt counted
        return self._session

    def _proxy_of(self, address: URL) -> str | None:
        """The proxy on the way; asked of the environment once for each host."""
        key = (address.scheme, address.host)
        if key not in self._proxies:
            self._proxies[key] = whole_proxy_for(str(address)) or None
        return self._proxies[key]


def check_address(url: str) -> str:
    """The address, when HTTP can ask it.

    Raises:
        NoAddressError: it cannot; the message says why.
    """
    try:
        address = URL(url)
    except ValueError as error:
        raise NoAddressError(str(error)) from error
    if address.scheme not in ("http", "https") or not address.host:
        raise NoAddressError(f"{address.with_user(None) if address.host else url} is no http address")
    return url
