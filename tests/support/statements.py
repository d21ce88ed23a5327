"""A test's own look into the store, and its own changes there, past all adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from rap_analyzer.adapters.postgres.database import Database


async def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query, or none of a statement."""
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
        cursor = await connection.execute(sql.encode())
        return await cursor.fetchall() if cursor.description else []


async def records(database: Database, sql: str) -> list[dict[str, Any]]:
    """The same by name."""
    async with await psycopg.AsyncConnection.connect(
        database.conninfo, autocommit=True, row_factory=dict_row
    ) as connection:
        cursor = await connection.execute(sql.encode())
        return await cursor.fetchall() if cursor.description else []
