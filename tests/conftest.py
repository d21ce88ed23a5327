"""Fixtures for all tests: a real PostgreSQL, cloned from a migrated template for each test that asks for it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.migration import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

SETTINGS = ("POSTGRES_", "REDIS_", "GENIUS_", "SPOTIFY_", "RAP_", "NOVITA_", "MAX_CONNECTIONS", "ANALYSIS_", "MEMORY_")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings, the .env file or the data of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def enterable(folder: Path) -> Path:
    """The folder, with its parents opened: root runs PostgreSQL as another user, who must get in."""
    for parent in (folder, *folder.parents[:3]):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes data folders for servers of a test's own."""
    return lambda: enterable(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One embedded PostgreSQL for the session (one for each xdist worker)."""
    running = EmbeddedServer(enterable(tmp_path_factory.mktemp("store")))
    running.acquire()
    asyncio.run(migrate(running.conninfo()))
    yield running
    running.release()


@pytest.fixture
async def database(server: EmbeddedServer, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A database of the test's own, with every migration applied."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    async with await psycopg.AsyncConnection.connect(server.conninfo("postgres"), autocommit=True) as admin:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE rap_lyrics'.encode())
        async with opened(Database(server.conninfo(name))) as own:
            yield own
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="session")
def unused_port() -> int:
    """A port of this machine that nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
