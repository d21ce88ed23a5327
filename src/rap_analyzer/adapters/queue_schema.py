"""Brings the tables of procrastinate, which are in our database, to the version that is installed."""

from __future__ import annotations

from importlib import metadata, resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import AsyncConnection

PACKAGE = "procrastinate"


async def migrate_queue(connection: AsyncConnection) -> None:
    """Apply what the database lacks: all of the schema to one without, else the newer migrations. One transaction."""
    mark = f"version {metadata.version(PACKAGE)}"
    cursor = await connection.execute("SELECT name FROM queue_migrations")
    applied = {row[0] for row in await cursor.fetchall()}
    if mark in applied:
        return
    folder = resources.files(PACKAGE).joinpath("sql")
    files = sorted(
        (f for f in folder.joinpath("migrations").iterdir() if f.name.endswith(".sql")), key=lambda f: f.name
    )
    fresh = [file for file in files if file.name not in applied]
    async with connection.transaction():
        for file in fresh if applied else [folder.joinpath("schema.sql")]:
            await connection.execute(file.read_bytes())
        async with connection.cursor() as cursor:
            names = [(name,) for name in (mark, *(file.name for file in fresh))]
            await cursor.executemany("INSERT INTO queue_migrations (name) VALUES (%s)", names)
