"""The pool of connections, the SQL by name, and what happens when the server goes away."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar, cast

import psycopg
import stamina
import structlog
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from rap_analyzer.domain.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    Connection = psycopg.AsyncConnection[dict[str, Any]]

log = structlog.get_logger(__name__)

T = TypeVar("T")
AWAY = ("08", "57P")
"""How the codes of lost connections, and of a server that stops or starts, begin."""
DISK_IS_FULL = "The disk that holds PostgreSQL's data is full; what was saved is safe. Free some space and run again."
NO_SPACE = "No space left on device"
"""What a server says that has no room to let anybody in."""
CHECKED_FOR_S = 1.0
"""A connection that lived so long ago is taken at its word: if it is lost, the work is done again all the same."""
STATEMENT_TIMEOUT_MS = 120_000
ATTEMPTS = 6


class _CheckedConnection(psycopg.AsyncConnection[Any]):
    """A connection that knows when it was last seen alive, by the monotonic clock."""

    checked_at = 0.0


class Database:
    """A pool of connections to one PostgreSQL.

    Args:
        conninfo: a libpq connection string.
        max_connections: most connections of this process.
        timeout: seconds to wait for a connection.
        revive: called before a retry when the server does not answer; starts the embedded server again.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        max_connections: int = 20,
        timeout: float = 30.0,
        revive: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.conninfo = conninfo
        self._timeout = timeout
        self._revive = revive
        self._is_away = False
        self._reviving: asyncio.Future[None] | None = None
        # A killed embedded server is back in seconds, so waiting long before reviving it is lost time.
        self._patience = min(timeout, 3.0) if revive else timeout
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            conninfo,
            connection_class=cast("type[Connection]", _CheckedConnection),
            min_size=1,
            max_size=max_connections,
            timeout=timeout,
            open=False,
            check=_check,
            configure=_configure,
            kwargs={
                "row_factory": dict_row,
                "autocommit": True,
                "application_name": "rap",
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
            },
        )

    async def open(self) -> None:
        """Connect.

        Raises:
            StoreError: the server does not answer; the message says which and why.
        """
        # The pool itself keeps trying for its whole timeout, and hides why: ask once first.
        try:
            await self._probe()
        except StoreError:
            if self._revive is None:
                raise
            await self._revive()
            await self._probe()
        await self._pool.open()

    async def _probe(self) -> None:
        try:
            probe = await psycopg.AsyncConnection.connect(self.conninfo, connect_timeout=max(2, int(self._timeout)))
            await probe.close()
        except psycopg.Error as error:
            raise StoreError(
                f"PostgreSQL does not answer: {_one_line(error)}. Check POSTGRES_HOST and its kin."
            ) from error

    async def close(self) -> None:
        """Give every connection back."""
        await self._pool.close()

    async def ping(self) -> bool:
        """Whether the server answers now."""
        try:
            async with self._pool.connection(timeout=2.0) as connection:
                await connection.execute("SELECT 1")
        except (psycopg.Error, PoolTimeout):
            return False
        return True

    async def version(self) -> str:
        """The server's version and pgvector's."""
        [row] = await self.fetch("load_versions")
        return f"PostgreSQL {row['server']}, pgvector {row['pgvector']}"

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do `work` in one transaction, again if the connection breaks: so it must be safe to repeat.

        Raises:
            StoreError: the server refuses, is full, or stays away.
        """

        async def once() -> T:
            async with self._pool.connection(self._patience) as connection, connection.transaction():
                return await work(connection)

        # The pool waits for a server that is away; so a few attempts are many seconds.
        return await self._persistently(once, attempts=ATTEMPTS, patience=None)

    async def connect(self) -> psycopg.AsyncConnection[Any]:
        """A connection of the caller's own, beside the pool; waits for a server that is away, as long as `run` does.

        Raises:
            StoreError: the server refuses, or stays away.
        """

        async def once() -> psycopg.AsyncConnection[Any]:
            return await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)

        return await self._persistently(once, attempts=None, patience=self._timeout)

    async def _persistently(self, once: Callable[[], Awaitable[T]], attempts: int | None, patience: float | None) -> T:
        """The same again while the server is away, which is told once; an embedded one is started again."""
        try:
            async for attempt in stamina.retry_context(
                on=self._is_passing, attempts=attempts, wait_initial=0.2, wait_max=5.0, timeout=patience
            ):
                with attempt:
                    if attempt.num > 1:
                        await self._revive_together()
                    done = await once()
                    self._is_away = False
                    return done
        except (psycopg.Error, PoolTimeout) as error:
            raise StoreError(DISK_IS_FULL if is_full(error) else f"PostgreSQL: {_one_line(error)}") from error
        raise AssertionError  # stamina either returns or raises

    async def _revive_together(self) -> None:
        """Starts an embedded server that is away, once for all who wait for it."""
        if self._revive is None:
            return
        if self._reviving is None or self._reviving.done():
            self._reviving = asyncio.ensure_future(self._revive())
            self._reviving.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(self._reviving)

    def _is_passing(self, error: Exception) -> bool:
        """Whether a second try may fare better.

        Whoever waited the whole time-out for a connection need not wait again, unless the server can be revived.
        """
        if isinstance(error, psycopg.errors.InsufficientPrivilege) or is_full(error):
            return False
        self._tell_of_loss(error)
        if isinstance(error, PoolTimeout):
            return self._revive is not None
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)

    def _tell_of_loss(self, error: Exception) -> None:
        state = getattr(error, "sqlstate", None)
        is_lost = isinstance(error, psycopg.OperationalError) and (state is None or state.startswith(AWAY))
        if is_lost and not self._is_away:
            self._is_away = True
            log.warning("PostgreSQL went away; waiting until it is back", reason=_one_line(error))

    async def fetch(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a named query, or none of a statement without; by itself, so a transaction of its own."""

        async def once() -> list[dict[str, Any]]:
            async with self._pool.connection(self._patience) as connection:
                cursor = await connection.execute(query(name), parameters)
                return await cursor.fetchall() if cursor.description else []

        return await self._persistently(once, attempts=ATTEMPTS, patience=None)

    async def fetch_one(self, name: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """First row of a named query, or None."""
        rows = await self.fetch(name, parameters)
        return rows[0] if rows else None


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Database]:
    """The database, open inside the block."""
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def copy_rows(connection: Connection, name: str, types: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Stream rows through a named COPY in binary form."""
    async with connection.cursor() as cursor, cursor.copy(query(name)) as copy:
        copy.set_types(types)
        for row in rows:
            await copy.write_row(row)


def query(name: str) -> LiteralString:
    """The SQL of that name in `sql/*.sql`."""
    return _queries()[name]


@cache
def _queries() -> dict[str, LiteralString]:
    found: dict[str, LiteralString] = {}
    for file in resources.files(__package__).joinpath("sql").iterdir():
        if file.name.endswith(".sql"):
            parts = re.split(r"^-- (\w+) --$", file.read_text("utf8"), flags=re.MULTILINE)
            found.update((name, cast("LiteralString", sql)) for name, sql in zip(parts[1::2], parts[2::2], strict=True))
    return found


async def _check(connection: Connection) -> None:
    """Asks a connection of the pool whether it lives, if it has not been asked just now."""
    if isinstance(connection, _CheckedConnection) and time.monotonic() > connection.checked_at + CHECKED_FOR_S:
        await AsyncConnectionPool.check_connection(connection)
        connection.checked_at = time.monotonic()


async def _configure(connection: Connection) -> None:
    from pgvector.psycopg import register_vector_async

    try:
        await register_vector_async(connection)
    except psycopg.ProgrammingError:
        log.debug("no vector type yet: the first migration makes it")


def is_full(error: Exception) -> bool:
    """Whether the server's disk is full."""
    return isinstance(error, psycopg.errors.DiskFull) or NO_SPACE in str(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
