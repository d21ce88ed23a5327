"""The store on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.enrichments import EnrichmentStore
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.pages import CorpusPages
from rap_analyzer.adapters.postgres.passages import PassageStore, SearchStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.analysis import Analysis, Status
from rap_analyzer.domain.enrichment import Enrichment, MatchMethod, Recording
from rap_analyzer.domain.errors import NotFound, StoreError
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.passage import Passage, TrackEmbedding
from rap_analyzer.domain.query import parse_query
from rap_analyzer.domain.search import Filters
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Relationship, Role, Song, TrackDraft

if TYPE_CHECKING:
    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.adapters.postgres.embedded import EmbeddedServer

ANN, BEA = ArtistRef("Ann Tenna", "1"), ArtistRef("Bea Side", "2")


def draft(number: int, lyrics: str, outcome: Outcome = Outcome.STORED, **more: object) -> TrackDraft:
    credits_ = (Credit(ANN, Role.PRIMARY), Credit(BEA, Role.FEATURED))
    fields = {"year": 1999, "language": "en", **more}
    song = Song(str(number), f"Song {number}", f"https://example.org/{number}", credits_, **fields)  # type: ignore[arg-type]
    source = Provenance("demo", str(number), song.url, datetime.now(UTC), "1", "raw")
    return TrackDraft(song, outcome, source, lyrics)


async def ids(database: Database) -> dict[str, int]:
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute("SELECT source_id, id FROM tracks")
        return {str(row[0]): int(row[1]) for row in await cursor.fetchall()}


async def outcomes(database: Database) -> dict[str, str]:
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute("SELECT source_id, outcome FROM visits")
        return {str(row[0]): str(row[1]) for row in await cursor.fetchall()}


async def count(database: Database, table: str) -> int:
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        row = await (await connection.execute(f"SELECT count(*) FROM {table}".encode())).fetchone()
        return int(row[0]) if row else -1


async def test_a_song_saved_twice_is_stored_once(database: Database) -> None:
    """The second time it is unchanged, with its credits and its provenance once."""
    store = TrackStore(database)
    assert await store.save_tracks([draft(1, "one"), draft(2, "two")]) == [Outcome.STORED, Outcome.STORED]
    assert await store.save_tracks([draft(1, "one"), draft(2, "two")]) == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert [await count(database, t) for t in ("tracks", "credits", "artists", "provenance", "visits")] == [
        2,
        4,
        2,
        2,
        2,
    ]


async def test_what_is_said_of_a_song_follows_the_source(database: Database) -> None:
    """Also when its words are the stored ones, and so count as unchanged; what the source leaves out stays."""
    store = TrackStore(database)
    await store.save_tracks([draft(1, "one", album="First Pressing", page_views=5)])
    again = draft(1, "one", year=2001, album=None, page_views=8)
    assert await store.save_tracks([again]) == [Outcome.UNCHANGED]
    track = await store.load_track((await ids(database))["1"])
    assert (track.year, track.album, track.page_views, track.lyrics) == (2001, "First Pressing", 8, "one")
    assert await count(database, "lyrics_versions") == 0


async def test_new_words_keep_the_old_ones(database: Database) -> None:
    """Lyrics are versioned: nothing is overwritten in silence, also by a plain UPDATE."""
    store = TrackStore(database)
    await store.save_tracks([draft(1, "first words")])
    assert await store.save_tracks([draft(1, "second words")]) == [Outcome.STORED]
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        await connection.execute("UPDATE tracks SET lyrics = 'third', lyrics_digest = 'd3'")
        cursor = await connection.execute("SELECT lyrics FROM lyrics_versions ORDER BY replaced_at, lyrics")
        kept = {row[0] for row in await cursor.fetchall()}
    assert kept == {"first words", "second words"}


async def test_the_same_song_twice_in_a_batch_is_stored_once(database: Database) -> None:
    """By its last draft; the account still adds up."""
    outcomes = await TrackStore(database).save_tracks([draft(1, "early"), draft(1, "late")])
    assert outcomes == [Outcome.UNCHANGED, Outcome.STORED]
    track = await TrackStore(database).load_track((await ids(database))["1"])
    assert track.lyrics == "late"


async def test_a_song_without_words_is_a_visit_and_no_track(database: Database) -> None:
    """Its outcome is remembered; words once stored are not forgotten because a later visit failed."""
    store = TrackStore(database)
    await store.save_tracks([draft(1, "", Outcome.INSTRUMENTAL), draft(2, "words")])
    assert await store.save_tracks([draft(2, "", Outcome.FAILED)]) == [Outcome.FAILED]
    assert await outcomes(database) == {"1": "instrumental", "2": "stored"}
    assert await count(database, "tracks") == 1


async def test_a_batch_is_saved_whole_or_not_at_all(database: Database) -> None:
    """A draft that PostgreSQL refuses leaves nothing of its batch."""
    with pytest.raises(StoreError):
        await TrackStore(database).save_tracks([draft(1, "fine"), draft(2, "not\x00fine")])
    assert [await count(database, t) for t in ("tracks", "visits", "artists")] == [0, 0, 0]


async def test_a_track_that_is_not_there_is_not_found(database: Database) -> None:
    """The message has the number."""
    with pytest.raises(NotFound, match="42"):
        await TrackStore(database).load_track(42)


async def test_an_analysis_is_due_once_for_each_wording_and_version(database: Database) -> None:
    """It is due until saved, again after new words, again for a new version; saving twice changes nothing."""
    tracks, analyses = TrackStore(database), AnalysisStore(database)
    await tracks.save_tracks([draft(1, "one")])
    [(track, digest, text)] = await analyses.load_unanalyzed(AnalyzerKey("a", "1", "c"), 10, 0)
    assert text.lyrics == "one"
    result = Analysis("a", "1", "c", Status.DONE, {"x": 1})
    await analyses.save_analyses([(track, digest, result), (track, digest, result)])
    assert await analyses.count_unanalyzed(AnalyzerKey("a", "1", "c")) == 0
    assert await analyses.count_unanalyzed(AnalyzerKey("a", "2", "c")) == 1
    assert await analyses.load_analyses(track) == [result]
    await tracks.save_tracks([draft(1, "other")])
    assert await analyses.count_unanalyzed(AnalyzerKey("a", "1", "c")) == 1
    assert await analyses.load_analyses(track) == []
    assert await count(database, "analyses") == 1


async def test_an_enrichment_replaces_the_former_answer(database: Database) -> None:
    """One row a service; nine audio features become the audio embedding."""
    await TrackStore(database).save_tracks([draft(1, "one", spotify_uri="spotify:track:abc")])
    store = EnrichmentStore(database)
    [due] = await store.load_unenriched("spotify", 10, 0)
    assert due.recording_uri == "spotify:track:abc"
    names = ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence")
    features = {**dict.fromkeys(names, 0.5), "tempo": 125.0, "loudness": -30.0}
    await store.save_enrichments([Enrichment(due.id, "spotify", MatchMethod.NONE, 1.0)])
    recording = Recording("abc", "Song 1", ("Ann Tenna",), withheld=("popularity",))
    await store.save_enrichments([Enrichment(due.id, "spotify", MatchMethod.URI, 0.0, recording, features)])
    [row] = await store.load_enrichments(due.id)
    assert (row["method"], row["recording_id"], row["withheld"]) == ("uri", "abc", ["popularity"])
    assert await store.count_unenriched("spotify") == 0
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute("SELECT audio_embedding::text FROM tracks")
        assert await cursor.fetchone() == ("[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]",)


def unit(*hot: int) -> list[float]:
    return [1.0 / len(hot) ** 0.5 if n in hot else 0.0 for n in range(384)]


async def embedded(database: Database, *texts: str) -> dict[str, int]:
    """Stores tracks 1, 2 … whose single passage points along axis 1, 2, and so on."""
    await TrackStore(database).save_tracks([draft(n, text, year=1990 + n) for n, text in enumerate(texts, 1)])
    store = PassageStore(database)
    rows = []
    for track in await store.load_unembedded("m", 100, 0):
        axis = unit(int(track.title.split()[1]))
        rows.append(
            TrackEmbedding(
                track.id, track.lyrics_digest, [Passage("verse", "Verse 1", 0, 0, track.lyrics)], [axis], axis
            )
        )
    await store.save_embeddings(rows, "m")
    assert await store.count_unembedded("m") == 0
    return await ids(database)


async def test_search_by_meaning_ranks_by_the_nearest_passage(database: Database) -> None:
    """And filters leave out the rest."""
    numbers = await embedded(database, "bread", "roses", "salt")
    store, query = SearchStore(database), unit(2, 3)
    query[2] = 0.9
    assert (await store.search_meaning(query, "m", Filters(), 3))[0] == numbers["2"]
    assert await store.search_meaning(query, "m", Filters(year_from=1993), 3) == [numbers["3"]]
    assert await store.search_meaning(query, "m", Filters(artist="nobody"), 3) == []
    assert len(await store.search_meaning(query, "m", Filters(artist="bea side", language="en"), 3)) == 3


async def test_search_by_words_wants_them_close_together(database: Database) -> None:
    """Two of the words near each other; a quoted phrase wants all of them in order; stems match."""
    filler = " ".join(f"word{n}" for n in range(60))
    texts = ("we were growing up poor", f"growing tomatoes {filler} poor thing", "the poor up growing")
    numbers = await embedded(database, *texts)
    store = SearchStore(database)
    assert (await store.search_words(parse_query("grew poor growing"), Filters(), 9))[0] in (numbers["1"], numbers["3"])
    assert numbers["2"] not in await store.search_words(parse_query("growing poor"), Filters(), 9)
    assert await store.search_words(parse_query('"growing up poor"'), Filters(), 9) == [numbers["1"]]
    assert await store.search_words(parse_query("tomato"), Filters(excluded=("poor",)), 9) == []


@pytest.mark.parametrize(
    "query", ["'; DROP TABLE tracks; --", "a & b | (!c", "\\ ' \" :*", "the of and", "🎤🎤", "x" * 900]
)
async def test_no_query_breaks_the_search(database: Database, query: str) -> None:
    """Whatever is typed is words, never syntax."""
    numbers = await embedded(database, "bread")
    store = SearchStore(database)
    assert await store.search_words(parse_query(query), Filters(), 9) in ([], [numbers["1"]])
    assert numbers["1"] in await store.load_hits([numbers["1"]], query, None)


async def test_a_hit_marks_the_matching_words(database: Database) -> None:
    """In the passage, with private-use signs that no text has."""
    numbers = await embedded(database, "roses are red")
    [hit] = (await SearchStore(database).load_hits([numbers["1"]], "a rose", unit(1))).values()
    assert hit.marked == "\ue000roses\ue001 are red"
    assert hit.similarity == pytest.approx(1.0, abs=1e-3)


async def test_a_track_without_passages_is_found_by_its_words(database: Database) -> None:
    """So word search works before the first `rap embed`."""
    store = SearchStore(database)
    await TrackStore(database).save_tracks([draft(1, "night bus home")])
    [number] = await store.search_words(parse_query("night bus"), Filters(), 5)
    hit = (await store.load_hits([number], "night bus", None))[number]
    assert "\ue000night\ue001" in hit.marked


async def test_similar_leaves_out_the_same_words(database: Database) -> None:
    """A re-release is no neighbour of itself."""
    numbers = await embedded(database, "same", "same", "other")
    found = await SearchStore(database).load_similar(numbers["1"], 5)
    assert [s.track_id for s in found] == [numbers["3"]]


async def test_new_words_need_a_new_embedding(database: Database) -> None:
    """And an embedding of words that have changed meanwhile is not kept."""
    await embedded(database, "old")
    tracks, store = TrackStore(database), PassageStore(database)
    await tracks.save_tracks([draft(1, "new")])
    [stale] = await store.load_unembedded("m", 9, 0)
    await tracks.save_tracks([draft(1, "newer")])
    axis = unit(1)
    await store.save_embeddings([TrackEmbedding(stale.id, stale.lyrics_digest, [], [], axis)], "m")
    assert await store.count_unembedded("m") == 1


async def test_pages_read_the_corpus(database: Database) -> None:
    """Overview, artists, one artist, versions."""
    tracks, pages = TrackStore(database), CorpusPages(database)
    links = (Relationship("remix_of", "1"),)
    await tracks.save_tracks([draft(1, "one"), draft(2, "two", relationships=links)])
    overview = await pages.load_overview()
    assert (overview["tracks"], overview["artists"], overview["is_demo"]) == (2, 1, True)
    [artist] = await pages.load_artists(5)
    assert (artist["name"], artist["tracks"]) == ("Ann Tenna", 2)
    assert len((await pages.load_artist(artist["id"]))["tracks"]) == 2
    assert [v["title"] for v in await pages.load_versions((await ids(database))["2"])] == ["Song 1"]
    with pytest.raises(NotFound):
        await pages.load_artist(999)


async def test_plain_sql_of_the_contract_works(database: Database) -> None:
    """What a user types into psql."""
    await embedded(database, "one", "two")
    literal = str(unit(2))
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute(
            "SELECT title, artist, lyrics_embedding <=> %s AS distance FROM tracks ORDER BY 3 LIMIT 10", [literal]
        )
        rows = await cursor.fetchall()
    assert rows[0][:2] == ("Song 2", "Ann Tenna")


async def test_migrations_bring_an_empty_database_forward_once(server: EmbeddedServer, database: Database) -> None:
    """Twice is the same as once, and a database of a newer version is refused."""
    assert await migrate(database.conninfo) == []
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        await connection.execute("INSERT INTO schema_migrations (name) VALUES ('9999_future.sql')")
    with pytest.raises(StoreError, match="newer Rap Analyzer"):
        await migrate(database.conninfo)


async def test_migrations_run_forward_from_every_earlier_version(server: EmbeddedServer) -> None:
    """From each prefix of the list of migrations."""
    from importlib import resources

    files = sorted(f.name for f in resources.files("rap_analyzer.adapters.postgres").joinpath("migrations").iterdir())
    for stop in range(1, len(files)):
        name = f"prefix_{stop}"
        async with await psycopg.AsyncConnection.connect(server.admin_conninfo(), autocommit=True) as admin:
            await admin.execute(f"CREATE DATABASE {name} OWNER rap_user".encode())
        async with await psycopg.AsyncConnection.connect(server.admin_conninfo(name)) as admin:
            await admin.execute("CREATE EXTENSION vector")
        async with await psycopg.AsyncConnection.connect(server.conninfo(name), autocommit=True) as connection:
            await connection.execute(
                "CREATE TABLE schema_migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())"
            )
            for file in files[:stop]:
                text = resources.files("rap_analyzer.adapters.postgres").joinpath("migrations", file).read_bytes()
                await connection.execute(text)
                await connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", [file])
        assert await migrate(server.conninfo(name)) == files[stop:]
