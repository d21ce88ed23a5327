"""Two hundred dirty files: encodings, delimiters, quoting and junk of all kinds through the import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from dirty_files import DirtyFile, dirty_file
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.song_files import SongFile
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.track import Outcome
from rap_analyzer.pipeline.importing import import_rows, plan_import
from silence import Silence

if TYPE_CHECKING:
    from pathlib import Path

    from rap_analyzer.adapters.postgres.database import Database

FILES, AT_ONCE = 200, 25
LINES = re.compile(r"lines? ([\d,]+)(?: to ([\d,]+))?\Z")


@pytest.mark.parametrize("first", range(0, FILES, AT_ONCE))
async def test_no_song_of_a_dirty_file_is_lost_silently(database: Database, tmp_path: Path, first: int) -> None:
    """Each song is stored with all of its words, or its place is told; or the file is refused whole."""
    refused = 0
    for seed in range(first, first + AT_ONCE):
        dirty = dirty_file(seed)
        refused += not await is_taken(database, tmp_path, dirty)
    assert refused < AT_ONCE / 2


async def is_taken(database: Database, folder: Path, dirty: DirtyFile) -> bool:
    file = folder / dirty.name
    file.write_bytes(dirty.raw)
    try:
        songs = SongFile(file)
        plan = plan_import(dirty.name, songs.header, {}, None)
    except InputError:
        assert await words_of(database, dirty) == {}
        return False
    account = await import_rows(songs.rows(), plan, TrackStore(database), Silence())
    assert account.adds_up, dirty.recipe
    stored = await words_of(database, dirty)
    assert {title: dirty.words.get(title) for title in stored} == stored, dirty.recipe
    told = [range_of(row.where) for row in songs.rows() if row.fault]
    lost = {title for title in dirty.words if title not in stored}
    untold = [title for title in lost if not any(a <= dirty.lines[title] <= b for a, b in told)]
    assert not untold, (dirty.recipe, untold, told)
    again = await import_rows(songs.rows(), plan, TrackStore(database), Silence())
    assert again.adds_up, dirty.recipe
    assert again.counts[Outcome.STORED] + again.counts[Outcome.REPEATED] == 0, dirty.recipe
    return True


def range_of(where: str) -> tuple[int, int]:
    """The first and the last line of a row."""
    found = LINES.search(where)
    assert found, where
    first = int(found[1].replace(",", ""))
    return first, int(found[2].replace(",", "")) if found[2] else first


async def words_of(database: Database, dirty: DirtyFile) -> dict[str, str]:
    async def work(connection: Any) -> list[dict[str, str]]:
        found = await connection.execute(
            "SELECT title, lyrics FROM tracks WHERE starts_with(source_id, %s)", [f"{dirty.name}:"]
        )
        rows: list[dict[str, str]] = await found.fetchall()
        return rows

    return {row["title"]: row["lyrics"] for row in await database.run(work)}
