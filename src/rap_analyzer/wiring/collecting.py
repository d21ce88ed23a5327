"""Collecting songs: a scraper on open services, and the same as a class for programs."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

from rap_analyzer.adapters.postgres.frontier import open_frontier
from rap_analyzer.adapters.postgres.kept_pages import KeptPages
from rap_analyzer.domain.errors import ConfigError, SourceError
from rap_analyzer.domain.frontier import Scope
from rap_analyzer.domain.selection import Selection
from rap_analyzer.pipeline.room import Room
from rap_analyzer.pipeline.scrape import Scraper
from rap_analyzer.settings import load_settings
from rap_analyzer.wiring import open_services
from rap_analyzer.wiring.sources import open_genius

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from rap_analyzer.domain.track import Track
    from rap_analyzer.wiring import Services


@asynccontextmanager
async def open_scraper(services: Services) -> AsyncIterator[Scraper]:
    """A scraper on open services.

    Raises:
        ConfigError: the store holds demo songs and the source is real, or the other way round; or there is no token.
    """
    await check_modes_apart(services, is_demo=services.label == "demo")
    await KeptPages(services.database, services.label).drop_old()
    async with (
        open_genius(services) as source,
        open_frontier(services.database, services.label) as frontier,
    ):
        room = Room(services.settings.memory_limit_mb)
        yield Scraper(source, services.tracks, frontier, services.label, room)


async def check_modes_apart(services: Services, *, is_demo: bool) -> None:
    """Demo songs and real ones never share a store.

    Args:
        services: with the store in question.
        is_demo: whether what is about to come in are demo songs.

    Raises:
        ConfigError: they would.
    """
    sources = await services.tracks.count_sources()
    if is_demo and any(source != "demo" for source in sources):
        raise ConfigError(
            "This store holds real tracks, and the demo would mix invented ones in: "
            "choose another folder, such as RAP_DATA_DIR=./demo-data."
        )
    if not is_demo and "demo" in sources:
        raise ConfigError(
            "This store holds the demo's invented songs: take them out with `rap demo --clear`, "
            "or set RAP_DATA_DIR to another folder."
        )


class Silence:
    """Progress that nobody looks at."""

    def start(self, what: str, total: int | None) -> None:
        """A step begins."""

    def expect(self, more: int) -> None:
        """The total has grown."""

    def advance(self, count: int = 1, now: str = "") -> None:
        """More are done."""

    def finish(self) -> None:
        """The step is over."""


class GeniusScraper:
    """Collects songs from within a program: a context manager over the store that the settings name.

    What is not given is taken from the settings, as by `rap scrape`.

    Args:
        token: the Genius client access token.
        memory_limit_mb: memory that the process should stay under.
        batch_size: tracks that are saved at a time.
        redis_host: the Redis server to share rates with.
        enable_prometheus: whether `/metrics` answers.
        **settings: any others, by their names in Python, such as `data_dir`.
    """

    def __init__(
        self,
        token: str | None = None,
        memory_limit_mb: int | None = None,
        batch_size: int | None = None,
        redis_host: str | None = None,
        enable_prometheus: bool | None = None,
        **settings: Any,
    ) -> None:
        named = {
            "genius_access_token": token,
            "memory_limit_mb": memory_limit_mb,
            "analysis_batch_size": batch_size,
            "redis_host": redis_host,
            "prometheus_enabled": enable_prometheus,
        }
        self._settings = {**settings, **{name: value for name, value in named.items() if value is not None}}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the store and the way to Genius.

        Raises:
            ConfigError: there is no token, or a setting is wrong.
            StoreError: PostgreSQL does not answer.
        """
        async with AsyncExitStack() as stack:
            self._services = await stack.enter_async_context(open_services(load_settings(**self._settings)))
            self._scraper = await stack.enter_async_context(open_scraper(self._services))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def get_artist_songs(self, name: str, max_songs: int | None = None) -> list[Track]:
        """Collect an artist's songs, as `rap scrape` does, and load those that are stored, also as a guest.

        Args:
            name: as Genius writes it.
            max_songs: most songs to collect, the most popular first; all when None.

        Raises:
            NotFound: Genius knows nobody of that name; the message names the nearest ones.
            SourceError: Genius made us stop early; what was collected is stored.
        """
        report = await self._scraper.scrape([name], Silence(), Scope(Selection(max_songs)))
        for problem in report.problems.values():
            raise problem
        if report.stopped:
            raise SourceError(report.stopped)
        return await self._services.tracks.load_tracks_of(name)
