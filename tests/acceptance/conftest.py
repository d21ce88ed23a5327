"""What the acceptance tests share: the command line run to its end, and a look at what it left in the store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.cli.console import EXIT_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.domain.errors import RapError

PROGRESS = re.compile(r"^[a-z][\w :,]*: [\d,]+( of [\d,]+)?(, [\d,]+/s, .*| in [\d.]+ s)$")
HALVES = b"""
    SELECT title FROM tracks t WHERE lyrics = '' OR NOT EXISTS (SELECT 1 FROM credits WHERE track_id = t.id)
    OR NOT EXISTS (SELECT 1 FROM provenance p WHERE p.track_id = t.id AND p.lyrics_digest = t.lyrics_digest)
    OR NOT EXISTS (SELECT 1 FROM visits v WHERE v.source_id = t.source_id AND v.outcome = 'stored')"""


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    code: int
    printed: str
    sentences: Sequence[str]

    def assert_is(self, kind: type[RapError], says: str) -> None:
        """One sentence on standard error, besides progress, and the code of its kind of error."""
        assert len(self.sentences) == 1, self.sentences
        assert re.search(says, self.sentences[0]), self.sentences[0]
        assert self.sentences[0].startswith("Error: "), self.sentences[0]
        assert self.sentences[0].rstrip()[-1] in ".?)", self.sentences[0]
        assert self.code == EXIT_CODES[kind], self.sentences


@pytest.fixture(scope="module")
def home(data_dir: Callable[[], Path]) -> Iterator[Path]:
    """A data folder whose server stays up for all tests here, so that each command starts quickly."""
    made = data_dir()
    server = EmbeddedServer(made)
    server.acquire()
    yield made
    server.release()


@pytest.fixture
def end(rap: Rap, home: Path) -> Callable[..., Ending]:
    """Runs a command to its end."""

    def run(*arguments: str | Path, data_dir: Path = home, given: bytes = b"", **settings: str) -> Ending:
        done = rap(*arguments, data_dir=data_dir, given=given, **settings)
        assert "Traceback" not in done.stdout + done.stderr
        sentences = [line for line in done.stderr.splitlines() if line and not PROGRESS.match(line)]
        return Ending(done.returncode, done.stdout, sentences)

    return run


@pytest.fixture(scope="session")
def stored() -> Callable[[Path], dict[str, str]]:
    """Reads what a data folder's store holds."""
    return read_store


def read_store(folder: Path) -> dict[str, str]:
    """Title and words of every track; each must be whole: with credits, provenance and a visit."""
    server = EmbeddedServer(folder)
    server.acquire()
    try:
        with psycopg.connect(server.conninfo()) as connection:
            found = connection.execute("SELECT to_regclass('tracks') IS NOT NULL").fetchone()
            if not (found and found[0]):
                return {}
            halves = connection.execute(HALVES).fetchall()
            assert halves == []
            return dict(connection.execute("SELECT title, lyrics FROM tracks").fetchall())
    finally:
        server.release()
