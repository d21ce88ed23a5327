"""A PostgreSQL of one's own, reached by POSTGRES_HOST: here PostgreSQL 16, over TCP, with a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from own_server import OwnServer
from rap_analyzer.domain.errors import StoreError
from rap_analyzer.domain.file_row import numbered
from rap_analyzer.domain.search import Filters
from rap_analyzer.pipeline.importing import import_rows, plan_import
from rap_analyzer.wiring import load_settings, open_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROWS = [
    {"title": "Night Sort", "artist": "Ann", "lyrics": "boxes on the belt at eleven\nboxes till seven"},
    {"title": "Slow Tram", "artist": "Bea", "lyrics": "the tram is late again"},
]


class SilentProgress:
    """Says nothing."""

    def start(self, what: str, total: int | None) -> None: ...
    def expect(self, more: int) -> None: ...
    def advance(self, count: int = 1, now: str = "") -> None: ...
    def finish(self) -> None: ...


@pytest.fixture(scope="module")
def port(data_dir: Callable[[], Path], free_port: Callable[[], int]) -> Iterator[int]:
    """PostgreSQL 16 on a TCP port, with the role and database of the default settings."""
    server = OwnServer(data_dir(), free_port())
    server.make()
    yield server.port
    server.stop()


@pytest.fixture
def _configured(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("POSTGRES_PORT", str(port))


@pytest.mark.usefixtures("_configured")
async def test_the_same_code_runs_on_a_server_of_ones_own() -> None:
    """Migrations, import, analysis and word search on PostgreSQL 16 over TCP."""
    async with open_services(load_settings()) as services:
        assert (await services.database.version()).startswith("PostgreSQL 16")
        plan = plan_import("set", ["title", "artist", "lyrics"], {}, None)
        account = await import_rows(numbered(ROWS), plan, services.tracks, SilentProgress())
        assert account.found == 2
        assert account.adds_up
        answer = await services.searcher.search("boxes on the belt", Filters())
        assert [hit.title for hit in answer.hits] == ["Night Sort"]
        assert "words only" in answer.notice


@pytest.mark.usefixtures("_configured")
async def test_a_replica_serves_the_reads(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """POSTGRES_REPLICA_HOST is where searches and pages go."""
    monkeypatch.setenv("POSTGRES_REPLICA_HOST", "localhost")
    async with open_services(load_settings()) as services:
        assert services.pages._database is not services.database
        assert (await services.pages.load_overview())["tracks"] >= 0


@pytest.mark.usefixtures("_configured")
async def test_a_role_that_may_not_is_told_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extension must be installed by a superuser, once."""
    monkeypatch.setenv("POSTGRES_DB", "bare")
    with pytest.raises(StoreError, match="CREATE EXTENSION vector"):
        async with open_services(load_settings()):
            pass


async def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with the host and the setting."""
    monkeypatch.setenv("POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("POSTGRES_PORT", "1")
    monkeypatch.setenv("CONNECTION_TIMEOUT", "2")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1.*POSTGRES_HOST"):
        async with open_services(load_settings()):
            pass
