"""The composition root: settings become adapters, adapters become services. Nothing else reads the settings."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rap_analyzer.adapters.cache import MemoryCache, connect_redis
from rap_analyzer.adapters.embedder import MiniLmEmbedder
from rap_analyzer.adapters.model_files import ModelFiles
from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.budgets import BudgetStore
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.enrichments import EnrichmentStore
from rap_analyzer.adapters.postgres.failures import FailureStore
from rap_analyzer.adapters.postgres.jobs import JobStore
from rap_analyzer.adapters.postgres.listing import CorpusLists
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.pages import CorpusPages
from rap_analyzer.adapters.postgres.passages import PassageStore, SearchStore
from rap_analyzer.adapters.postgres.source_states import SourceStates
from rap_analyzer.adapters.postgres.tails import TailStore
from rap_analyzer.adapters.postgres.text_batches import BatchRequestStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.postgres.versions import VersionStore
from rap_analyzer.adapters.processes import ProcessPool
from rap_analyzer.domain.errors import StoreError
from rap_analyzer.pipeline.search import Searcher
from rap_analyzer.pipeline.tails import BarFinder
from rap_analyzer.settings import Settings, load_settings, misspelt_variables
from rap_analyzer.wiring.analyzers import ANALYZERS, Analyzers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from rap_analyzer.adapters.cache import RedisCache
    from rap_analyzer.ports import SharedState

__all__ = [
    "ANALYZERS",
    "Analyzers",
    "Services",
    "Settings",
    "connect_cache",
    "conninfo",
    "embedded_server",
    "has_store",
    "load_settings",
    "misspelt_variables",
    "model_files",
    "open_services",
]

LEAST_TIMEOUT = 2
"""Seconds; libpq takes no fewer."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that a command or a page needs, open and ready."""

    settings: Settings
    database: Database
    tracks: TrackStore
    analyses: AnalysisStore
    analyzers: Analyzers
    jobs: JobStore
    budgets: BudgetStore
    batches: BatchRequestStore
    enrichments: EnrichmentStore
    failures: FailureStore
    passages: PassageStore
    tails: TailStore
    versions: VersionStore
    pages: CorpusPages
    lists: CorpusLists
    searcher: Searcher
    bar_finder: BarFinder
    embedder: MiniLmEmbedder
    cache: MemoryCache | RedisCache
    states: SharedState
    pool: ProcessPool

    @property
    def label(self) -> str:
        """What the lyrics' source is called in the store: `demo` when it is a simulator."""
        return "demo" if self.settings.simulates else "genius"


@asynccontextmanager
async def open_services(settings: Settings, processes: int | None = None) -> AsyncIterator[Services]:
    """Connect to the store (started and migrated when need be) and hold everything open inside the block.

    Args:
        settings: what to connect to.
        processes: how many do the work of the processor; one per core unless told otherwise.

    Raises:
        StoreError: PostgreSQL does not answer.
        ConfigError: a setting is missing, or Redis refuses the password.
    """
    async with AsyncExitStack() as stack:
        database, reader = await _open_store(settings, stack)
        pool = ProcessPool(processes)
        stack.callback(pool.close, wait=True)
        cache = connect_cache(settings)
        stack.push_async_callback(cache.close)
        await cache.check_access()
        states = _connect_states(settings, database, stack)
        embedder = MiniLmEmbedder(model_files(settings), settings.embedding_precision)
        yield Services(
            settings=settings,
            database=database,
            tracks=TrackStore(database),
            analyses=AnalysisStore(database),
            analyzers=Analyzers(settings, pool, cache, states, stack),
            jobs=JobStore(database),
            budgets=BudgetStore(database),
            batches=BatchRequestStore(database),
            enrichments=EnrichmentStore(database, settings.enrichment_order),
            failures=FailureStore(database),
            passages=PassageStore(database),
            tails=TailStore(database),
            versions=VersionStore(database),
            pages=CorpusPages(reader),
            lists=CorpusLists(reader),
            searcher=Searcher(SearchStore(reader), embedder),
            bar_finder=BarFinder(TailStore(reader)),
            embedder=embedder,
            cache=cache,
            states=states,
            pool=pool,
        )


def connect_cache(settings: Settings) -> MemoryCache | RedisCache:
    """Redis where one is configured, else memory; connects when first used."""
    if not settings.redis_host:
        return MemoryCache()
    password = settings.redis_password.get_secret_value()
    return connect_redis(settings.redis_host, settings.redis_port, settings.redis_db, password)


def _connect_states(settings: Settings, database: Database, stack: AsyncExitStack) -> SharedState:
    """What all processes share of each source: in PostgreSQL, with Redis before it where one is configured."""
    from rap_analyzer.adapters.redis_state import NAMESPACE, connect_state

    behind = SourceStates(database)
    if not settings.redis_host:
        return behind
    state = connect_state(
        settings.redis_host,
        settings.redis_port,
        settings.redis_db,
        settings.redis_password.get_secret_value(),
        behind,
        namespace=f"{NAMESPACE}demo:" if settings.simulates else NAMESPACE,  # simulators have the names of the real
    )
    stack.push_async_callback(state.close)
    return state


async def _open_store(settings: Settings, stack: AsyncExitStack) -> tuple[Database, Database]:
    """The writer's and the reader's database; they are one unless a replica is configured."""
    if not settings.is_embedded:
        await migrate(conninfo(settings, settings.postgres_direct_host))
        writer = await stack.enter_async_context(opened(_database(settings, conninfo(settings))))
        if not settings.postgres_replica_host:
            return writer, writer
        replica = _database(settings, conninfo(settings, settings.postgres_replica_host))
        return writer, await stack.enter_async_context(opened(replica))
    server = embedded_server(settings)
    await asyncio.to_thread(server.acquire)
    stack.push_async_callback(asyncio.to_thread, server.release)

    async def revive() -> None:
        await asyncio.to_thread(server.ensure_running)

    await _migrate_reviving(server.conninfo(), revive)

    database = Database(
        server.conninfo(),
        max_connections=settings.max_connections,
        timeout=settings.connection_timeout,
        revive=revive,
    )
    await stack.enter_async_context(opened(database))
    return database, database


async def _migrate_reviving(target: str, revive: Callable[[], Awaitable[None]]) -> None:
    """Migrate; once more if the server was killed under it, for what it had begun is rolled back."""
    try:
        await migrate(target)
    except StoreError:
        await revive()
        await migrate(target)


def conninfo(settings: Settings, host: str | None = None) -> str:
    """How libpq reaches the configured server."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo(
        host=host or settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_db,
        user=settings.postgres_user,
        password=settings.postgres_password.get_secret_value() or None,
        connect_timeout=max(LEAST_TIMEOUT, int(settings.connection_timeout)),
    )


def embedded_server(settings: Settings) -> EmbeddedServer:
    """The embedded server of the data folder."""
    return EmbeddedServer(settings.data_dir)


def has_store(settings: Settings) -> bool:
    """Whether there is a store to open: a server is configured, or the embedded one has been started before."""
    return not settings.is_embedded or (settings.data_dir / "postgres").is_dir()


def model_files(settings: Settings) -> ModelFiles:
    """Where the embedding model's files lie."""
    return ModelFiles(settings.data_dir)


def _database(settings: Settings, target: str) -> Database:
    return Database(target, max_connections=settings.max_connections, timeout=settings.connection_timeout)
