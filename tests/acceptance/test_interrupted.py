"""Whatever kills `rap demo`, the next run finishes its work, and nothing tells its store from an undisturbed one."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import pytest

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Rap

    Environment = Callable[..., dict[str, str]]
    Rows = list[dict[str, Any]]

pytestmark = pytest.mark.slow

LONG = bool(os.environ.get("RAP_LONG"))
KILLS = 10 if LONG else 3
SEED = 20261122
DEMO = [sys.executable, "-m", "rap_analyzer", "demo", "--no-serve"]
ACCOUNT = re.compile(r"^([\d,]+) found = (.+)$", re.MULTILINE)
COSINE = 0.9999
"""Sentences embedded in other company are padded to other lengths, which moves the last bits."""

CONTENTS = {
    "tracks": """
        SELECT source, source_id, title, artist, album, released_on, year, language, page_views, url, recording_uri,
               lyrics, lyrics_digest, embedding_model, embedding_digest, audio_embedding::text,
               lyrics_embedding::text AS embedding FROM tracks ORDER BY source, source_id""",
    "credits": """
        SELECT t.source_id, a.name, a.source_id AS artist, c.role, c.position FROM credits c
        JOIN tracks t ON t.id = c.track_id JOIN artists a ON a.id = c.artist_id ORDER BY 1, 4, 5, 2""",
    "artists": "SELECT source, source_id, name FROM artists ORDER BY 1, 2",
    "relationships": """
        SELECT t.source_id, r.kind, r.source_id AS other FROM relationships r JOIN tracks t ON t.id = r.track_id
        ORDER BY 1, 2, 3""",
    "provenance": """
        SELECT source, source_id, lyrics_digest, url, parser_version, raw_digest FROM provenance ORDER BY 1, 2, 3""",
    "former wordings": "SELECT lyrics_digest, lyrics FROM lyrics_versions",
    "visits": "SELECT source, source_id, outcome, reason, title, url FROM visits ORDER BY 1, 2",
    "analyses": """
        SELECT t.source_id, a.analyzer, a.version, a.config_hash, a.lyrics_digest, a.status, a.measures,
               a.confidence, a.fallback, a.reason
        FROM analyses a JOIN tracks t ON t.id = a.track_id ORDER BY 1, 2, 3""",
    "enrichments": """
        SELECT t.source_id, e.source, e.method, e.distance, e.recording_id, e.data, e.audio_features, e.withheld
        FROM enrichments e JOIN tracks t ON t.id = e.track_id ORDER BY 1, 2""",
    "passages": """
        SELECT t.source_id, p.ordinal, p.kind, p.label, p.first_bar, p.last_bar, p.text, p.lyrics_digest, p.model,
               p.embedding::text FROM passages p JOIN tracks t ON t.id = p.track_id ORDER BY 1, 2""",
}
"""What each table says, without what differs from run to run: numbers, times, how often a song was visited."""


@pytest.fixture
def folder(data_dir_with_models: Callable[[], Path]) -> Iterator[Path]:
    """A data folder whose server is stopped at the end."""
    made = data_dir_with_models()
    yield made
    EmbeddedServer(made).stop()


@pytest.fixture(scope="module")
def undisturbed(data_dir_with_models: Callable[[], Path], rap: Rap) -> tuple[dict[str, Rows], float]:
    """What the store holds after one run that nobody disturbs, and the seconds that the run took."""
    folder = data_dir_with_models()
    began = time.monotonic()
    done = rap("demo", "--no-serve", data_dir=folder)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    return contents(folder), seconds


def contents(folder: Path) -> dict[str, Rows]:
    """Everything in the store, by table."""
    server = EmbeddedServer(folder)
    server.acquire()
    try:
        with psycopg.connect(server.conninfo(), row_factory=psycopg.rows.dict_row) as connection:
            return {name: connection.execute(sql.encode()).fetchall() for name, sql in CONTENTS.items()}
    finally:
        server.release()


def assert_same(found: dict[str, Rows], expected: dict[str, Rows]) -> None:
    """Row for row; embeddings by their angle."""
    for table, rows in expected.items():
        assert len(found[table]) == len(rows), table
        for one, other in zip(found[table], rows, strict=True):
            assert without_embedding(one) == without_embedding(other), table
            assert (one.get("embedding") is None) == (other.get("embedding") is None), table
            if one.get("embedding"):
                assert cosine(one["embedding"], other["embedding"]) > COSINE, (table, without_embedding(one))


def without_embedding(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "embedding"}


def cosine(one: str, other: str) -> float:
    a, b = np.array(json.loads(one)), np.array(json.loads(other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def assert_adds_up(printed: str) -> None:
    """The account's counts are as many as the songs found, and no song is blocked or failed."""
    account = ACCOUNT.search(printed)
    assert account is not None, printed
    counts = {name: int(count) for count, name in (part.split(" ", 1) for part in account[2].split(" + "))}
    assert sum(counts.values()) == int(account[1]) == 76
    assert not {"blocked", "failed"} & set(counts)


def workers_of(folder: Path) -> list[str]:
    """Living processes of ours that were started for this data folder; its PostgreSQL may live on."""
    mark, found = f"RAP_DATA_DIR={folder}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark not in (process / "environ").read_bytes().split(b"\0"):
                continue
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if command and "postgres" not in command.split(" ")[0]:
            found.append(command)
    return found


def assert_no_orphans(folder: Path) -> None:
    """Worker processes end with the one that they work for, within seconds."""
    deadline = time.monotonic() + 10
    while (left := workers_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def kill_at(moment: float, folder: Path, rap_environment: Environment) -> bool:
    """Start the demo and `kill -9` it after so many seconds. Returns False when it was done before."""
    process = subprocess.Popen(
        DEMO, env=rap_environment(folder), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    with process:
        try:
            _, complaint = process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return True
        assert process.returncode == 0, complaint.decode()
        return False


def running_at(moment: float, folder: Path, rap_environment: Environment) -> subprocess.Popen[str]:
    """A demo that still runs after so many seconds; one that was done before is started again, for half as long."""
    while True:
        process = subprocess.Popen(
            DEMO, env=rap_environment(folder), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            _, complaint = process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            return process
        assert process.returncode == 0, complaint
        moment /= 2


def moments(seconds: float) -> list[float]:
    """One random moment in each KILLS-th part of the run, in order, so that each kill finds more work done."""
    chance = random.Random(SEED)
    return [seconds * (part + chance.random()) / KILLS for part in range(KILLS)]


def test_a_demo_that_is_killed_again_and_again_is_finished_by_the_next(
    undisturbed: tuple[dict[str, Rows], float], folder: Path, rap: Rap, rap_environment: Environment
) -> None:
    """`kill -9` at random moments in a row; then one run completes, its account adds up, and the store is the same."""
    expected, seconds = undisturbed
    for moment in moments(seconds):
        tried = moment
        while not kill_at(tried, folder, rap_environment):
            tried /= 2  # there is less to do each time: sooner, then
        assert_no_orphans(folder)
    done = rap("demo", "--no-serve", data_dir=folder)
    assert done.returncode == 0, done.stderr
    assert_adds_up(done.stdout)
    assert_same(contents(folder), expected)


@pytest.mark.parametrize("part", [0.2, 0.3, 0.6, 0.9] if LONG else [0.4])
def test_a_demo_survives_the_death_of_its_postgresql(
    undisturbed: tuple[dict[str, Rows], float], folder: Path, rap_environment: Environment, part: float
) -> None:
    """The server is started again under the run, which ends as if nothing had happened."""
    expected, seconds = undisturbed
    with running_at(seconds * part, folder, rap_environment) as process:
        os.kill(postmaster(folder), signal.SIGKILL)
        printed, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    assert_adds_up(printed)
    assert_same(contents(folder), expected)


def postmaster(folder: Path) -> int:
    """Process id of the folder's server, as soon as it has one."""
    file = folder / "postgres" / "cluster" / "postmaster.pid"
    deadline = time.monotonic() + 30
    while not (file.exists() and file.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return int(file.read_text().split()[0])


def test_ctrl_c_stops_in_order_and_the_next_run_completes(
    undisturbed: tuple[dict[str, Rows], float], folder: Path, rap: Rap, rap_environment: Environment
) -> None:
    """SIGINT to the whole group, as a terminal sends it: one sentence, code 130, nobody left behind."""
    expected, seconds = undisturbed
    with running_at(seconds * 0.25, folder, rap_environment) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130, complaint
    said = [line for line in complaint.splitlines() if not re.match(r"[\w :,]+: [\d,]+", line)]
    assert said == ["Stopped. What was saved stays; the same command goes on from here."], complaint
    assert_no_orphans(folder)
    assert not EmbeddedServer(folder).is_running()
    done = rap("demo", "--no-serve", data_dir=folder)
    assert done.returncode == 0, done.stderr
    assert_same(contents(folder), expected)
