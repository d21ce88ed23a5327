"""Lists of the corpus: filtered, sorted, a page at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from rap_analyzer.adapters.postgres.listing import CorpusLists
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import InputError, NotFound
from rap_analyzer.domain.listing import ArtistOrder, ListPage, ListQuery, TrackOrder
from rap_analyzer.domain.search import Filters
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.pipeline.listing import list_artists, list_tracks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.adapters.postgres.database import Database

SONGS = [
    ("Zebra Crossing", "Ann Tenna", 1994, "en", "genius", 5, ()),
    ("apple Cart", "Ann Tenna", 1999, "en", "genius", 900, ("Bea Side",)),
    ("Night Sort", "Bea Side", 2001, "es", "genius", None, ()),
    ("Slow Tram", "Bea Side", None, None, "songs", 7, ()),
    ("Quince", "Cy Lo", 1994, "EN", "songs", 70, ("Ann Tenna",)),
]


@pytest.fixture
async def lists(database: Database) -> CorpusLists:
    """Five songs by three artists."""
    drafts = []
    for number, (title, artist, year, language, source, views, guests) in enumerate(SONGS):
        named = [(artist, Role.PRIMARY), *((guest, Role.FEATURED) for guest in guests)]
        credited = tuple(Credit(ArtistRef(name, name.lower()), role) for name, role in named)
        song = Song(str(number), title, "", credited, year=year, language=language, page_views=views)
        provenance = Provenance(source, str(number), "", datetime.now(UTC), "1", "")
        drafts.append(TrackDraft(song, Outcome.STORED, provenance, f"words of song {number}"))
    await TrackStore(database).save_tracks(drafts)
    return CorpusLists(database)


def asked(
    order: TrackOrder | ArtistOrder, source: str | None = None, limit: int = 50, page: int = 1, **where: Any
) -> ListQuery:
    return ListQuery(Filters(**where), source, order, limit, page)


async def titles(lists: CorpusLists, query: ListQuery) -> list[str]:
    found = await list_tracks(lists, query)
    return [row.title for row in found.rows]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, ["Zebra Crossing", "apple Cart", "Night Sort", "Slow Tram", "Quince"]),
        ({"artist": "ANN TENNA"}, ["Zebra Crossing", "apple Cart", "Quince"]),
        ({"artist": "nobody"}, []),
        ({"year_from": 1994, "year_to": 1994}, ["Zebra Crossing", "Quince"]),
        ({"year_from": 2000}, ["Night Sort"]),
        ({"language": "En"}, ["Zebra Crossing", "apple Cart", "Quince"]),
        ({"source": "Songs"}, ["Slow Tram", "Quince"]),
        ({"source": "songs", "artist": "Bea Side"}, ["Slow Tram"]),
    ],
)
async def test_tracks_are_filtered(lists: CorpusLists, where: dict[str, Any], found: list[str]) -> None:
    """By artist (guests too), years, language and source, whatever the case."""
    assert await titles(lists, asked(TrackOrder.ARTIST, **where)) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (TrackOrder.TITLE, ["apple Cart", "Night Sort", "Quince", "Slow Tram", "Zebra Crossing"]),
        (TrackOrder.YEAR, ["Night Sort", "apple Cart", "Zebra Crossing", "Quince", "Slow Tram"]),
        (TrackOrder.VIEWS, ["apple Cart", "Quince", "Slow Tram", "Zebra Crossing", "Night Sort"]),
    ],
)
async def test_tracks_are_sorted(lists: CorpusLists, order: TrackOrder, found: list[str]) -> None:
    """Numbers the highest first, and what has none last."""
    assert await titles(lists, asked(order)) == found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
async def test_pages_together_are_the_list(lists: CorpusLists, limit: int) -> None:
    """No row twice, none left out; each page knows the next."""
    pages: list[ListPage] = []
    number: int | None = 1
    while number:
        pages.append(await list_tracks(lists, asked(TrackOrder.TITLE, limit=limit, page=number)))
        number = pages[-1].next_page
    assert {page.total for page in pages} == {5}
    assert [row for page in pages for row in page.rows] == list(
        (await list_tracks(lists, asked(TrackOrder.TITLE))).rows
    )
    with pytest.raises(NotFound, match=f"the last is {len(pages)}"):
        await list_tracks(lists, asked(TrackOrder.TITLE, limit=limit, page=len(pages) + 1))


async def test_artists_are_listed_with_what_is_theirs(lists: CorpusLists) -> None:
    """Their own tracks and those as a guest; filters count tracks, and a part of the name is enough."""

    async def rows(query: ListQuery) -> list[tuple[Any, ...]]:
        found = await list_artists(lists, query)
        return [(r.name, r.tracks, r.features, r.first_year, r.last_year) for r in found.rows]  # type: ignore[union-attr]

    assert await rows(asked(ArtistOrder.TRACKS, source="genius")) == [
        ("Ann Tenna", 2, 0, 1994, 1999), ("Bea Side", 1, 1, 1999, 2001),
    ]  # fmt: skip
    assert await rows(asked(ArtistOrder.NAME, source="songs")) == [
        ("Ann Tenna", 0, 1, 1994, 1994), ("Bea Side", 1, 0, None, None), ("Cy Lo", 1, 0, 1994, 1994),
    ]  # fmt: skip
    assert len(await rows(asked(ArtistOrder.TRACKS))) == 5, "each source has its own artists"
    assert [row[0] for row in await rows(asked(ArtistOrder.NAME, artist="SID"))] == ["Bea Side"] * 2


@pytest.mark.parametrize(("limit", "page"), [(0, 1), (-1, 1), (100_001, 1), (1, 0), (1, -3), (1, 10**12)])
async def test_a_page_that_cannot_be_is_refused(lists: CorpusLists, limit: int, page: int) -> None:
    """Before the store is asked."""
    for load in (list_tracks, list_artists):
        with pytest.raises(InputError):
            await load(lists, asked(TrackOrder.TITLE, limit=limit, page=page))


async def test_an_empty_list_is_no_error(database: Database) -> None:
    """There is nothing, and no next page."""
    found = await list_tracks(CorpusLists(database), asked(TrackOrder.TITLE))
    assert (found.total, list(found.rows), found.next_page) == (0, [], None)


def test_the_command_lists_for_people_and_programs(rap: Rap, demo_data: Path) -> None:
    """Rows on standard output, the count beside them; JSON with the same rows."""
    done = rap("list", "tracks", "--artist", "juno halogen", "--sort", "title", "--limit", "2", data_dir=demo_data)
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert len(rows) == 2
    assert all(" by Juno Halogen" in row and "(en, demo)" in row for row in rows)
    assert done.stderr.startswith("1 to 2 of ")
    assert done.stderr.endswith("; more: --page 2\n")
    told = json.loads(
        rap("list", "tracks", "--artist", "Juno Halogen", "--sort", "title", "--json", data_dir=demo_data).stdout
    )
    assert told["total"] == len(told["tracks"])
    assert [f"#{track['track_id']}" for track in told["tracks"][:2]] == [row.split()[0] for row in rows]
    artists = json.loads(rap("list", "artists", "--json", "--limit", "3", data_dir=demo_data).stdout)
    assert (len(artists["artists"]), artists["next_page"]) == (3, 2)
    assert [a["tracks"] for a in artists["artists"]] == sorted((a["tracks"] for a in artists["artists"]), reverse=True)
    assert "track" in rap("list", "artists", data_dir=demo_data).stdout
    gone = rap("list", "tracks", "--page", "99", data_dir=demo_data)
    assert (gone.returncode, gone.stdout) == (EXIT_CODES[NotFound], "")
