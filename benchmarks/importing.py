"""Importing with COPY beside psycopg's executemany, and the memory that a file of 1 GB takes.

usage: importing.py [--songs N] [--rounds N]     rows a second of both, and their ratio
       importing.py --memory [--megabytes N]     most memory of `rap import` on a generated CSV
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import re
import subprocess
import sys
import time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from materials import DUMP_COLUMNS, alternate, data_folder, dump_rows, own_environment
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.file_row import numbered
from rap_analyzer.pipeline.importing import BATCH, draft_row, import_rows, plan_import

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

    from rap_analyzer.domain.track import TrackDraft

MOST_MB = 400
ROWS_AT_ONCE = 2000
SAMPLE_S = 0.2
PEAK = re.compile(r"VmHWM:\s+(\d+) kB")

INSERTS = (
    (
        "INSERT INTO tracks (source, source_id, title, artist, year, language, page_views, url, lyrics, "
        "lyrics_digest) VALUES (%(source)s, %(source_id)s, %(title)s, %(artist)s, %(year)s, %(language)s, %(views)s, "
        "%(url)s, %(lyrics)s, %(digest)s) ON CONFLICT DO NOTHING"
    ),
    (
        "INSERT INTO artists (source, source_id, name) VALUES (%(source)s, %(artist_id)s, %(artist)s) "
        "ON CONFLICT DO NOTHING"
    ),
    (
        "INSERT INTO credits (track_id, artist_id, role, position) SELECT t.id, a.id, 'primary', 1 "
        "FROM tracks t, artists a WHERE (t.source, t.source_id) = (%(source)s, %(source_id)s) "
        "AND (a.source, a.source_id) = (%(source)s, %(artist_id)s) ON CONFLICT DO NOTHING"
    ),
    (
        "INSERT INTO provenance (track_id, lyrics_digest, source, source_id, url, fetched_at, parser_version, "
        "raw_digest) SELECT id, %(digest)s, source, source_id, url, %(fetched_at)s, %(parser)s, %(raw)s "
        "FROM tracks WHERE (source, source_id) = (%(source)s, %(source_id)s) ON CONFLICT DO NOTHING"
    ),
    (
        "INSERT INTO visits (source, source_id, outcome, title, url) VALUES (%(source)s, %(source_id)s, "
        "'stored', %(title)s, %(url)s) ON CONFLICT DO NOTHING"
    ),
)
"""What a straightforward importer would send: a row at a time, pipelined by psycopg."""


class NoProgress:
    """`ports.Progress` for nobody."""

    def start(self, what: str, total: int | None) -> None:
        """Says nothing."""

    def expect(self, more: int) -> None:
        """Says nothing."""

    def advance(self, count: int = 1, now: str = "") -> None:
        """Says nothing."""

    def finish(self) -> None:
        """Says nothing."""


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--songs", type=int, default=6000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--memory", action="store_true")
    options.add_argument("--megabytes", type=int, default=1000)
    chosen = options.parse_args()
    with data_folder() as folder:
        if chosen.memory:
            sys.exit(measure_memory(folder, chosen.megabytes))
        compare(folder, chosen.songs, chosen.rounds)


def compare(folder: Path, songs: int, rounds: int) -> None:
    """Print rows a second of COPY and of executemany, each into an empty database of the same server."""
    rows = list(dump_rows(songs))
    drafts = [draft_row(row, "bench", number) for number, row in enumerate(rows, start=1)]
    server = EmbeddedServer(folder)
    server.acquire()
    try:
        asyncio.run(migrate(server.conninfo()))
        print(f"{songs:,} songs, medians of {rounds}")
        timed = partial(_timed, server, songs)
        whole = [partial(timed, partial(way, rows)) for way in (_import_with_copy, _import_with_inserts)]
        _print_pair("the whole import", songs, alternate(rounds, whole))
        with psycopg.connect(server.conninfo()) as connection:
            connection.execute("ALTER TABLE tracks DROP COLUMN lyrics_words")
        bare = [partial(timed, partial(way, drafts)) for way in (_copy_drafts, _insert_drafts)]
        _print_pair("writing alone, without the full-text column", songs, alternate(rounds, bare))
    finally:
        server.stop()


def _print_pair(what: str, songs: int, seconds: Sequence[float]) -> None:
    copied, inserted = seconds
    print(
        f"  {what}: COPY {songs / copied:,.0f} rows/s, executemany {songs / inserted:,.0f} rows/s, "
        f"ratio {inserted / copied:.2f}", flush=True,
    )  # fmt: skip


def _timed(server: EmbeddedServer, songs: int, way: Callable[[str], Coroutine[Any, Any, None]]) -> float:
    with psycopg.connect(server.admin_conninfo(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE contest TEMPLATE rap_lyrics OWNER rap_user")
        try:
            began = time.perf_counter()
            asyncio.run(way(server.conninfo("contest")))
            taken = time.perf_counter() - began
            with psycopg.connect(server.conninfo("contest")) as check:
                found = check.execute("SELECT count(*) FROM tracks").fetchone()
            assert found == (songs,), f"{found} of {songs} arrived"
        finally:
            admin.execute("DROP DATABASE contest WITH (FORCE)")
    return taken


async def _import_with_copy(rows: list[dict[str, str]], conninfo: str) -> None:
    plan = plan_import("bench", DUMP_COLUMNS, {}, None)
    async with opened(Database(conninfo)) as database:
        account = await import_rows(numbered(rows), plan, TrackStore(database), NoProgress())
    assert account.adds_up


async def _import_with_inserts(rows: list[dict[str, str]], conninfo: str) -> None:
    """The same reading and cleaning of rows, the same batches; only the writing differs."""
    drafts = (draft_row(row, "bench", number) for number, row in enumerate(rows, start=1))
    await _insert_drafts(drafts, conninfo)


async def _copy_drafts(drafts: Iterable[TrackDraft], conninfo: str) -> None:
    async with opened(Database(conninfo)) as database:
        store = TrackStore(database)
        for batch in _batched(drafts):
            await store.save_tracks(batch)


async def _insert_drafts(drafts: Iterable[TrackDraft], conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        for batch in _batched(drafts):
            values = [_values(draft) for draft in batch]
            async with connection.cursor() as cursor:
                for statement in INSERTS:
                    await cursor.executemany(statement.encode(), values)
            await connection.commit()


def _batched(drafts: Iterable[TrackDraft]) -> Iterator[list[TrackDraft]]:
    remaining = iter(drafts)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _values(draft: TrackDraft) -> dict[str, Any]:
    song, source = draft.song, draft.provenance
    return {
        "source": source.source,
        "source_id": source.source_id,
        "title": song.title,
        "artist": song.artist,
        "artist_id": f"name:{song.artist.lower()}",
        "year": song.year,
        "language": song.language,
        "views": song.page_views,
        "url": source.url,
        "lyrics": draft.lyrics,
        "digest": draft.digest,
        "fetched_at": source.fetched_at,
        "parser": source.parser_version,
        "raw": source.raw_digest,
    }


def measure_memory(folder: Path, megabytes: int) -> int:
    """Print the most memory that `rap import` held at once on a CSV of that size. Returns 1 above MOST_MB."""
    file = folder / "songs.csv"
    rows = write_csv(file, megabytes * 10**6)
    print(f"{file.stat().st_size / 1e6:,.0f} MB, {rows:,} rows", flush=True)
    began = time.perf_counter()
    peak, said = _watched([sys.executable, "-m", "rap_analyzer", "import", str(file)], own_environment(folder))
    taken = time.perf_counter() - began
    print(said.strip().splitlines()[0])
    print(f"peak of the rap process: {peak:,.0f} MB (bar: {MOST_MB}); {rows / taken:,.0f} rows/s")
    return int(peak >= MOST_MB or f"{rows:,} found = {rows:,} stored" not in said)


def write_csv(file: Path, size: int) -> int:
    """Write rows until the file has that many bytes. Returns the number of rows."""
    written = 0
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, DUMP_COLUMNS)
        writer.writeheader()
        for row in dump_rows(size // 500):  # far more than fit; they are made one by one
            writer.writerow(row)
            written += 1
            if written % ROWS_AT_ONCE == 0 and out.tell() >= size:
                break
    return written


def _watched(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Run a command. Returns its highest resident memory in MB (2^20 bytes) and what it printed."""
    peak = 0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            found = PEAK.search(status.read_text("ascii", "replace"))
            peak = max(peak, int(found[1]) if found else 0)
            time.sleep(SAMPLE_S)
        said = process.stdout.read() if process.stdout else ""
    assert process.returncode == os.EX_OK, f"rap import ended with {process.returncode}"
    return peak / 1024, said


if __name__ == "__main__":
    main()
