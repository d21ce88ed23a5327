"""Brings a database forward, one numbered SQL file after another, each in a transaction of its own."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import psycopg

from rap_analyzer.adapters.postgres.database import DISK_IS_FULL, is_full
from rap_analyzer.adapters.queue_schema import migrate_queue
from rap_analyzer.domain.errors import StoreError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LOCK_KEY = 0x7261705F616E  # "rap_an": one process migrates, the others wait


async def migrate(conninfo: str) -> list[str]:
    """Apply what the database lacks. Safe to run from several processes at once.

    Returns:
        Names of the migrations applied now.

    Raises:
        StoreError: the database is newer than this program, or refuses a migration.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    except psycopg.Error as error:
        why = " ".join(str(error).split())
        if is_full(error):
            raise StoreError(DISK_IS_FULL) from error
        raise StoreError(
            f"PostgreSQL does not answer: {why.rstrip('.?')}. Check POSTGRES_HOST, its port, role and password."
        ) from error
    try:
        async with connection:
            await connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            applied = await _apply_missing(connection)
            await migrate_queue(connection)
            return applied
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreError(
            f"The role may not migrate the database ({error.diag.message_primary}): run `CREATE EXTENSION vector` as a "
            "superuser once, and make the role the database's owner."
        ) from error
    except psycopg.Error as error:
        raise StoreError(f"The database cannot be migrated: {' '.join(str(error).split())}") from error


async def _apply_missing(connection: psycopg.AsyncConnection) -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations "
        "(name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    applied = await _applied(connection)
    files = _files()
    unknown = applied - {file.name for file in files}
    if unknown:
        raise StoreError(
            f"The database was made by a newer Rap Analyzer (it has {max(unknown)}); upgrade this one to use it."
        )
    fresh = [file for file in files if file.name not in applied]
    for file in fresh:
        async with connection.transaction():
            await connection.execute(file.read_bytes())
            await connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", [file.name])
    return [file.name for file in fresh]


async def _applied(connection: psycopg.AsyncConnection) -> set[str]:
    cursor = await connection.execute("SELECT name FROM schema_migrations")
    return {row[0] for row in await cursor.fetchall()}


def _files() -> list[Traversable]:
    folder = resources.files(__package__).joinpath("migrations")
    return sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
