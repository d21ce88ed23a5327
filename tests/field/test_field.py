"""Cases from the field, kept as data: README.md says how to add one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rap_analyzer.adapters.genius_page import parse_page
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.song_files import SongFile, dataset_name
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.phonology import syllables
from rap_analyzer.pipeline.importing import import_rows, plan_import
from silence import Silence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.domain.track import Account

FIELD = Path(__file__).parent
KEYS = {"met", "options", "account", "again", "says", "refused", "words", "guests", "titles", "outcome", "syllables"}


def cases_of(kind: str) -> dict[str, dict[str, Any]]:
    """The cases of a kind, by file."""
    return tomllib.loads((FIELD / kind / "cases.toml").read_text("utf-8"))


async def imported(database: Database, file: Path, options: dict[str, Any]) -> Account:
    """The file through the whole import."""
    songs = SongFile(file, options.get("kind"), options.get("delimiter"), options.get("encoding"))
    plan = plan_import(dataset_name(file), songs.header, options.get("mapping", {}), options.get("tag"))
    return await import_rows(songs.rows(), plan, TrackStore(database), Silence())


async def check_import(database: Database, file: Path, case: dict[str, Any]) -> None:
    """Every row has its outcome, words and guests are right, and a second import changes nothing."""
    options = case.get("options", {})
    if "refused" in case:
        with pytest.raises(InputError, match=case["refused"]):
            await imported(database, file, options)
    else:
        first, second = await imported(database, file, options), await imported(database, file, options)
        assert first.adds_up
        assert second.adds_up
        assert counted(first) == case["account"]
        assert counted(second) == case.get("again", unchanged(case["account"]))
        said = "\n".join([*first.reasons, *first.notes])
        assert not [pattern for pattern in case.get("says", ()) if not re.search(pattern, said)], said
    await check_store(database, case)


def counted(account: Account) -> dict[str, int]:
    return {str(outcome): count for outcome, count in account.counts.items() if count}


def unchanged(account: dict[str, int]) -> dict[str, int]:
    """What a second import makes of an account."""
    known = account.get("stored", 0) + account.get("repeated", 0)
    others = {outcome: count for outcome, count in account.items() if outcome not in {"stored", "repeated"}}
    return others | ({"unchanged": known} if known else {})


async def check_store(database: Database, case: dict[str, Any]) -> None:
    rows = await database.run(stored)
    words = {title: lyrics for title, lyrics, _ in rows}
    guests = {title: names for title, _, names in rows}
    if "titles" in case or "refused" in case:
        assert sorted(title for title, _, _ in rows) == case.get("titles", [])
    assert {title: words.get(title) for title in case.get("words", {})} == case.get("words", {})
    assert {title: guests.get(title) for title in case.get("guests", {})} == case.get("guests", {})


async def stored(connection: Any) -> list[tuple[str, str, list[str]]]:
    found = await connection.execute(
        "SELECT t.title, t.lyrics, ARRAY(SELECT a.name FROM credits c JOIN artists a ON a.id = c.artist_id "
        "WHERE c.track_id = t.id AND c.role = 'featured' ORDER BY c.position) AS guests FROM tracks t ORDER BY t.id"
    )
    return [(row["title"], row["lyrics"], row["guests"]) for row in await found.fetchall()]


def content(file: Path) -> bytes:
    return file.read_bytes()


async def check_page(database: Database, file: Path, case: dict[str, Any]) -> None:
    """The parser of song pages tells the outcome, and the words where there are any."""
    page = parse_page(content(file))
    assert (str(page.outcome), page.lyrics) == (case["outcome"], case.get("words", {}).get("lyrics", ""))


async def check_words(database: Database, file: Path, case: dict[str, Any]) -> None:
    """Each line of the file is a word that is said in so many syllables."""
    words = content(file).decode().splitlines()
    assert {word: len(syllables(word)) for word in words} == dict(zip(words, case["syllables"], strict=True))


KINDS: dict[str, Callable[[Database, Path, dict[str, Any]], Awaitable[None]]] = {
    "import": check_import,
    "pages": check_page,
    "words": check_words,
}
"""How each kind is checked."""
CASES = [(kind, name, case) for kind in KINDS for name, case in cases_of(kind).items()]


@pytest.mark.parametrize(("kind", "name", "case"), CASES, ids=[f"{kind}/{name}" for kind, name, _ in CASES])
async def test_the_answer_is_right(database: Database, kind: str, name: str, case: dict[str, Any]) -> None:
    """As `cases.toml` has it."""
    assert set(case) <= KEYS
    await KINDS[kind](database, FIELD / kind / name, case)


def test_every_file_has_its_answer() -> None:
    """A folder is a kind that is checked, and a file in it a case, with a line on where it was met."""
    folders = {folder.name for folder in FIELD.iterdir() if folder.is_dir() and folder.name != "__pycache__"}
    assert folders == set(KINDS)
    for kind in KINDS:
        files = {file.name for file in (FIELD / kind).iterdir() if file.name != "cases.toml"}
        cases = cases_of(kind)
        assert files == set(cases)
        assert all(case["met"] for case in cases.values())
