"""Words are found whatever signs stand beside them and whatever the database takes for a letter; a minus excludes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import psycopg
import pytest

from own_server import OwnServer
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.migration import _files, migrate
from rap_analyzer.adapters.postgres.passages import SearchStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.errors import InputError, ModelError
from rap_analyzer.domain.search import Filters, matching_words
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.pipeline.search import NOTHING_CLOSE, Searcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from rap_analyzer.domain.passage import Passage
    from rap_analyzer.domain.search import Answer
    from rap_analyzer.ports.machinery import Vectors

SONGS = {
    "“Lantern” Blues": (
        "She said “pelican,” and the harbour went quiet…\n"
        "I kept the umbrella—sapphire—behind the door\n"
        "‘Marzipan’ was the password, nobody knew\n"
        "walnut/almond, ginger.clove and the mint_leaf\n"
        "«ёлка» ♪cobalt♪ 🎤amber🎤 (ochre)[umber]{sienna}"
    ),
    "Ñandú": "ŁÓDŹ and ÉCLAIR in CAPITALS here\nÜber the ÅNGSTRÖM is near",
    "Beige Sedan": "The sedan is old and the paint is beige\nnobody parks it on a stage",
    "Red Sedan": "A sedan in the rain and the engine is warm\nred as a rocket and built for the storm",
}
FOUND = (
    *("pelican", "quiet", "sapphire", "umbrella", "marzipan", "lantern", "walnut", "almond", "ginger", "clove"),
    *("mint", "leaf", "ёлка", "Ёлка", "cobalt", "amber", "ochre", "umber", "sienna", "ñandú", "ÑANDÚ"),
    *("łódź", "Łódź", "éclair", "über", "ångström", "“pelican,”", "‘Marzipan’", "—sapphire—", "quiet…", "“Lantern”"),
    *("»pelican«", "walnut/almond", "mint_leaf"),
)


class NoModel:
    """An embedder whose weights are missing: words alone are searched."""

    model, dimensions = "none", 384

    async def embed(self, texts: Sequence[str]) -> Vectors:
        del texts
        raise ModelError("No model here.")

    def split(self, lyrics: str) -> list[Passage]:
        raise NotImplementedError(lyrics)


@pytest.fixture(scope="module")
def own_server(data_dir: Callable[[], Path], free_port: Callable[[], int]) -> Iterator[OwnServer]:
    """PostgreSQL 16 with the locale C, as small images have it, and a database under C.UTF-8 beside."""
    server = OwnServer(data_dir(), free_port())
    server.make()
    with server.connect("postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE utf8 TEMPLATE template0 LC_CTYPE 'C.UTF-8' OWNER rap_user")
    with server.connect("utf8") as admin:
        admin.execute("CREATE EXTENSION vector")
    yield server
    server.stop()


@pytest.fixture(params=[None, "en"])
def language(request: pytest.FixtureRequest) -> str | None:
    """What is known of the songs' language; a file often says nothing."""
    known: str | None = request.param
    return known


@pytest.fixture(params=["embedded", "server, C", "server, C.UTF-8"])
async def stored(
    request: pytest.FixtureRequest, database: Database, own_server: OwnServer, language: str | None
) -> AsyncIterator[Database]:
    """The songs, on each kind of database."""
    if request.param == "embedded":
        await fill(database, language)
        yield database
        return
    name = "rap_lyrics" if request.param == "server, C" else "utf8"
    target = f"host=127.0.0.1 port={own_server.port} user=rap_user dbname={name}"
    await migrate(target)
    async with opened(Database(target)) as of_server:
        await TrackStore(of_server).delete_source("t")
        await fill(of_server, language)
        yield of_server


async def fill(database: Database, language: str | None = "en") -> None:
    drafts = []
    for title, lyrics in SONGS.items():
        song = Song(title, title, "", (Credit(ArtistRef("Orla Wren"), Role.PRIMARY),), language=language, year=2001)
        drafts.append(TrackDraft(song, Outcome.STORED, Provenance("t", title, "", datetime.now(UTC), "1", ""), lyrics))
    await TrackStore(database).save_tracks(drafts)


async def search(database: Database, typed: str, filters: Filters | None = None) -> Answer:
    return await Searcher(SearchStore(database), NoModel()).search(typed, filters)


async def test_words_beside_signs_are_found(stored: Database) -> None:
    """Quotes of all kinds, dashes, dots, slashes, emoji, in the song and in the query; case beyond ASCII."""
    missed = [word for word in FOUND if not (await search(stored, word)).hits]
    assert missed == []


async def test_words_beside_signs_are_marked_where_they_stand(stored: Database) -> None:
    """The passage keeps its signs and its capitals."""
    [hit] = (await search(stored, "pelican")).hits
    assert "“\ue000pelican\ue001,”" in hit.marked
    [hit] = (await search(stored, "łódź")).hits
    assert matching_words(hit.marked) == ["łódź"]
    assert "\ue000ŁÓDŹ\ue001" in hit.marked


async def test_a_minus_excludes(stored: Database) -> None:
    """The word is in no hit, by stem or in a phrase, and is not marked; a query that only excludes is told so."""
    assert {hit.title for hit in (await search(stored, "sedan")).hits} == {"Beige Sedan", "Red Sedan"}
    for typed in ("sedan -beige", 'sedan -"paint is beige"', "sedan -parks"):
        assert [hit.title for hit in (await search(stored, typed)).hits] == ["Red Sedan"], typed
    [hit] = (await search(stored, "sedan -beige")).hits
    assert matching_words(hit.marked) == ["sedan"]
    assert "only excludes" in (await search(stored, "-beige")).notice


async def test_excluded_words_bind_the_meaning_half(stored: Database) -> None:
    """Nearest passages of songs that have them are left out."""
    store = SearchStore(stored)
    vector = [1.0] + [0.0] * 383
    async with stored._pool.connection() as connection:
        await connection.execute(
            "INSERT INTO passages (track_id, lyrics_digest, ordinal, kind, label, first_bar, last_bar, text, embedding,"
            " model) SELECT id, lyrics_digest, 0, 'verse', '', 0, 1, lyrics, %s::real[]::halfvec, 'm' FROM tracks",
            [vector],
        )
    numbers = await store.search_meaning(vector, "m", Filters(excluded=("beige",)), 9)
    hits = await store.load_hits(numbers, "sedan", vector)
    assert sorted(hit.title for hit in hits.values()) == sorted(set(SONGS) - {"Beige Sedan"})


async def test_filters_are_read_as_people_write_them(database: Database) -> None:
    """A language by any name, an artist in any spelling; what cannot be met is said, with what was near."""
    await fill(database)
    for filters in (Filters(language="EN"), Filters(language="English"), Filters(language="en-GB")):
        assert (await search(database, "pelican", filters)).hits
    for name in ("ORLA WREN", " orla  wren ", "Orla-Wren", "Órla Wren"):
        assert (await search(database, "pelican", Filters(artist=name))).hits, name
    assert (await search(database, "pelican", Filters(artist="Orla Wrem"))).notice == (
        "No artist is called 'Orla Wrem'. Did you mean Orla Wren?"
    )
    assert (await search(database, "pelican", Filters(artist="Zzz"))).notice == "No artist is called 'Zzz'."
    assert (await search(database, "pelican", Filters(language="sw"))).notice == (
        "No track is in 'sw'; the corpus has en."
    )
    with pytest.raises(InputError, match=r"'englsh' is no language that we know.*Did you mean english"):
        await search(database, "pelican", Filters(language="englsh"))
    with pytest.raises(InputError, match="2010 comes after 1990; write 1990 to 2010"):
        await search(database, "pelican", Filters(year_from=2010, year_to=1990))


async def test_nothing_close_is_said(database: Database) -> None:
    """Rather than ten songs that have nothing to do with it; the sentence about the missing model comes first."""
    await fill(database)

    class FarModel(NoModel):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            return np.eye(len(texts), 384, dtype=np.float32)

    answer = await Searcher(SearchStore(database), FarModel()).search("asdfgh qwertz")
    assert (answer.hits, answer.notice) == ((), NOTHING_CLOSE)
    assert "words only" in (await search(database, "asdfgh")).notice


async def test_a_store_that_exists_is_indexed_anew(own_server: OwnServer) -> None:
    """One that was filled before signs were left out finds its words after the migration."""
    with own_server.connect("postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE older OWNER rap_user")
    with own_server.connect("older") as admin:
        admin.execute("CREATE EXTENSION vector")
    target = f"host=127.0.0.1 port={own_server.port} user=rap_user dbname=older"
    with psycopg.connect(target, autocommit=True) as older:
        older.execute("CREATE TABLE schema_migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())")
        for file in [file for file in _files() if file.name < "0017"]:
            older.execute(file.read_bytes())
            older.execute("INSERT INTO schema_migrations (name) VALUES (%s)", [file.name])
        older.execute(
            "INSERT INTO tracks (source, source_id, title, artist, language, lyrics, lyrics_digest)"
            " VALUES ('t', '1', 'Old', 'Orla Wren', 'en', 'She said “pelican,” and left', 'd')"
        )
    await migrate(target)
    async with opened(Database(target)) as database:
        assert [hit.title for hit in (await search(database, "pelican")).hits] == ["Old"]
