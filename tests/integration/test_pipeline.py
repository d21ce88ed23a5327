"""The steps, one by one, over real adapters, simulated services and a real store."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from memory_state import FREE, MemoryState
from rap_analyzer.adapters.embedder import MiniLmEmbedder
from rap_analyzer.adapters.genius import GeniusSource
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.adapters.model_files import ModelFiles
from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.failures import FailureStore
from rap_analyzer.adapters.postgres.frontier import open_frontier
from rap_analyzer.adapters.postgres.passages import PassageStore, SearchStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.processes import ProcessPool
from rap_analyzer.adapters.song_files import SongFile
from rap_analyzer.analyzers.algorithmic import AlgorithmicAnalyzer
from rap_analyzer.domain.analysis import Status
from rap_analyzer.domain.errors import NotFound
from rap_analyzer.domain.frontier import Scope, SongPage
from rap_analyzer.domain.job import Batch
from rap_analyzer.domain.search import Filters
from rap_analyzer.domain.selection import Selection
from rap_analyzer.domain.track import (
    NO_VALIDATORS,
    ArtistRef,
    Credit,
    Outcome,
    Provenance,
    Role,
    Song,
    SongStub,
    TrackDraft,
)
from rap_analyzer.pipeline.analyze import Step, analyze_batch
from rap_analyzer.pipeline.embed import embed
from rap_analyzer.pipeline.importing import import_rows, plan_import
from rap_analyzer.pipeline.scrape import CONCURRENT_SONGS, Scraper
from rap_analyzer.pipeline.search import Searcher
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer
from silence import Silence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from rap_analyzer.domain.track import Account, Validators
    from rap_analyzer.pipeline.tally import ScrapeReport
    from rap_analyzer.simulators.corpus import Corpus

RATE = "6000000/minute"
ROWS = 5000


@pytest.fixture(scope="module")
def genius(corpus: Corpus) -> Iterator[tuple[FaultInjector, SimulatorServer]]:
    """A Genius whose faults a test chooses, and its server."""
    app = genius_app(corpus)
    with SimulatorServer(app) as server:
        yield app, server


@pytest.fixture
def names(corpus: Corpus) -> list[str]:
    """Every artist."""
    return [artist.name for artist in corpus.artists]


async def scrape(
    server: SimulatorServer, database: Database, names: Sequence[str], max_songs: int | None = None
) -> ScrapeReport:
    """The scrape step, with short waits."""
    scope = Scope(Selection(max_songs))
    door = HttpDoor("genius", FREE, MemoryState(), base_delay=0.01, timeouts=Timeouts(2.0, 2.0))
    async with door, open_frontier(database, "demo") as frontier:
        source = GeniusSource(door, DEMO_TOKEN, server.url + "/api", server.url + "/web")
        return await Scraper(source, TrackStore(database), frontier, "demo").scrape(names, Silence(), scope)


def counted(account: Account) -> dict[Outcome, int]:
    """The counts that are not zero; the account must add up."""
    assert account.adds_up
    return {outcome: count for outcome, count in account.counts.items() if count}


async def scalar(database: Database, sql: str) -> int:
    """The one number that a query gives."""

    async def work(connection: object) -> int:
        cursor = await connection.execute(sql)  # type: ignore[attr-defined]  # a psycopg connection
        [value] = (await cursor.fetchone()).values()
        return int(value)

    return await database.run(work)


# Scraping


async def test_every_kind_of_song_has_its_outcome(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, names: list[str], corpus: Corpus
) -> None:
    """Songs are stored; the instrumental, the unreleased one and the tracklist are accounted for, without a track."""
    genius[0].change(Faults())
    report = await scrape(genius[1], database, names)
    kinds = Counter(song.kind for song in corpus.written.values())
    assert counted(report.account) == {
        Outcome.STORED: kinds.pop("song"), **{Outcome(kind): count for kind, count in kinds.items()}
    }  # fmt: skip
    assert report.account.found == len(corpus.written)
    assert await scalar(database, "SELECT count(*) FROM tracks") == report.account.counts[Outcome.STORED]
    assert await scalar(database, "SELECT count(*) FROM visits") == report.account.found
    assert report.stopped == ""


async def test_a_second_run_reads_no_page_again(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, names: list[str]
) -> None:
    """Only what may have changed its fate (the unreleased song) is asked for again."""
    app, server = genius
    first = await scrape(server, database, names)
    app.change(Faults())
    second = await scrape(server, database, names)
    expected = counted(first.account)
    expected[Outcome.UNCHANGED] = expected.pop(Outcome.STORED)
    assert counted(second.account) == expected
    assert app.requests["/web/{path:path}"] <= 2, "the unreleased song's page, and robots.txt"
    assert app.requests.total() < first.account.found


async def test_only_the_most_popular_songs_are_collected_when_asked(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """`--max-songs 2` of an artist; the next run without it completes them."""
    genius[0].change(Faults())
    artist = corpus.artists[0]
    few = await scrape(genius[1], database, [artist.name], max_songs=2)
    assert few.account.found == 2
    rest = await scrape(genius[1], database, [artist.name])
    assert rest.account.counts[Outcome.UNCHANGED] == few.account.counts[Outcome.STORED]
    assert rest.account.found > 2


async def test_a_challenge_page_stops_the_run_and_a_later_one_completes_it(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, names: list[str]
) -> None:
    """After the first challenge nothing more is requested; the songs listed count as blocked; nothing is lost."""
    app, server = genius
    app.change(Faults(challenge=0.08, seed=3))
    blocked = await scrape(server, database, names)
    assert "genius" in blocked.stopped.lower()
    assert blocked.account.counts[Outcome.BLOCKED] > 0
    assert blocked.account.adds_up
    assert app.statuses["403"] <= CONCURRENT_SONGS, "those that were on their way when the first one came"
    app.change(Faults())
    later = await scrape(server, database, names)
    assert later.stopped == ""
    assert later.account.counts[Outcome.BLOCKED] == 0
    assert await scalar(database, "SELECT count(*) FROM tracks") == 73
    assert await scalar(database, "SELECT count(*) FROM visits WHERE outcome IN ('blocked', 'failed')") == 0


async def test_pages_in_an_unknown_shape_fail_and_are_tried_again(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """PageChanged: the song has failed with the reason; no half of its words is stored; the next run reads it."""
    app, server = genius
    artist = next(a for a in corpus.artists if a.name == "Deacon Halfday")
    app.change(Faults(truncated_page=1.0))
    broken = await scrape(server, database, [artist.name], max_songs=1)
    assert counted(broken.account) == {Outcome.FAILED: 1}
    [reason] = broken.account.reasons
    assert reason.startswith("PageChanged")
    assert await scalar(database, "SELECT count(*) FROM tracks") == 0
    app.change(Faults())
    mended = await scrape(server, database, [artist.name])
    assert Outcome.FAILED not in counted(mended.account)


@pytest.mark.parametrize("seed", [1, 2])
async def test_passing_faults_cost_nothing(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, names: list[str], seed: int
) -> None:
    """With 429s, 503s, cut connections and broken JSON now and then, every song still comes."""
    app, server = genius
    app.change(Faults(rate_limited_silently=0.02, server_error=0.03, cut=0.02, malformed_json=0.02, seed=seed))
    report = await scrape(server, database, names[:5])
    assert report.account.adds_up
    assert set(counted(report.account)) <= {
        Outcome.STORED,
        Outcome.INSTRUMENTAL,
        Outcome.UNRELEASED,
        Outcome.NOT_A_SONG,
    }
    assert sum(app.statuses[status] for status in ("429", "503")) > 0


async def test_a_page_that_is_gone_is_missing(database: Database) -> None:
    """404 for the words of one song: it is missing, the others are stored."""
    async with open_frontier(database, "demo") as frontier:
        report = await Scraper(ShelfWithAGap(), TrackStore(database), frontier, "demo").scrape(["Ann"], Silence())  # type: ignore[arg-type]  # as much of a source as is needed
    assert counted(report.account) == {Outcome.STORED: 2, Outcome.MISSING: 1}
    assert "page 2 is gone" in report.account.reasons


class ShelfWithAGap:
    """A source of three songs, the second of which has no page any more."""

    name, parser_version = "shelf", "1"

    async def find_artist(self, name: str) -> ArtistRef:
        return ArtistRef(name, "1")

    async def list_songs(self, _: ArtistRef, page: int) -> SongPage:
        return SongPage([SongStub(number, f"Song {number}", "Ann", "") for number in "123"], page - 1, None)

    async def fetch_song(self, source_id: str) -> Song:
        return Song(source_id, f"Song {source_id}", "", (Credit(ArtistRef("Ann"), Role.PRIMARY),))

    async def fetch_lyrics(self, song: Song, _: Validators) -> TrackDraft:
        if song.source_id == "2":
            raise NotFound("page 2 is gone")
        return ReadPage(song.source_id)  # type: ignore[return-value]  # has what a page has


class ReadPage:
    outcome, raw_digest, validators = Outcome.STORED, "", NO_VALIDATORS

    def __init__(self, number: str) -> None:
        self.lyrics = f"bar of song {number}"


# Importing


async def test_a_file_imported_twice_is_unchanged_the_second_time(database: Database, tmp_path: Path) -> None:
    """5,000 rows of CSV: stored; then all unchanged; and one changed line of one song stores that one alone."""
    file = tmp_path / "songs.csv"

    def write(changed: int | None) -> None:
        with file.open("w", encoding="utf-8", newline="") as target:
            table = csv.writer(target)
            table.writerow(["title", "artist", "lyrics", "id", "year", "features"])
            for n in range(ROWS):
                words = f"bar one of {n}\nbar two{'!' * (n == changed)}"
                table.writerow([f"Song {n}", f"Artist {n % 50}", words, n, 1990 + n % 30, '{"B C",D}'])

    async def imported() -> Account:
        songs = SongFile(file)
        plan = plan_import("songs", songs.header, {}, None)
        return await import_rows(songs.rows(), plan, TrackStore(database), Silence())

    write(None)
    assert counted(await imported()) == {Outcome.STORED: ROWS}
    assert counted(await imported()) == {Outcome.UNCHANGED: ROWS}
    write(17)
    assert counted(await imported()) == {Outcome.UNCHANGED: ROWS - 1, Outcome.STORED: 1}
    assert await scalar(database, "SELECT count(*) FROM lyrics_versions") == 1
    assert await scalar(database, "SELECT count(*) FROM artists") == 52


# Analysing, embedding, searching


async def test_only_what_is_missing_is_analysed(database: Database) -> None:
    """A wordless and a French song have a status, not zeros; the second time there is nothing to do."""
    await store_songs(
        database,
        Song("1", "English", "", (Credit(ArtistRef("A"), Role.PRIMARY),), language="en"),
        Song("2", "French", "", (Credit(ArtistRef("A"), Role.PRIMARY),), language="fr"),
    )
    pool = ProcessPool(1)
    try:
        step = Step(AlgorithmicAnalyzer(pool), batch_size=1)
        batch = Batch(step.key, 1, 1000, 2)
        first = await analyze_batch(AnalysisStore(database), step, batch)
        second = await analyze_batch(AnalysisStore(database), step, batch)
    finally:
        pool.close()
    assert first == {Status.DONE: 1, Status.UNSUPPORTED_LANGUAGE: 1}
    assert not second
    assert await scalar(database, "SELECT count(*) FROM analyses WHERE status <> 'done' AND measures <> '{}'") == 0


async def store_songs(database: Database, *songs: Song) -> None:
    drafts = [
        TrackDraft(
            song, Outcome.STORED, Provenance("t", song.source_id, "", datetime.now(UTC), "1", ""), "cat in a hat"
        )
        for song in songs
    ]
    await TrackStore(database).save_tracks(drafts)


async def test_new_words_are_embedded_again(database: Database, models: Path) -> None:
    """Each track once for its present words; the passages of former words are gone."""
    embedder = MiniLmEmbedder(ModelFiles(models), "fp32")
    song = Song("1", "Hat", "", (Credit(ArtistRef("A"), Role.PRIMARY),))
    await store_songs(database, song)
    store = PassageStore(database)
    assert await embed(store, FailureStore(database), embedder, Silence()) == 1
    assert await embed(store, FailureStore(database), embedder, Silence()) == 0
    await scalar(
        database,
        "WITH u AS (UPDATE tracks SET lyrics = 'a dog', lyrics_digest = 'new' RETURNING 1) SELECT count(*) FROM u",
    )
    assert await embed(store, FailureStore(database), embedder, Silence()) == 1
    assert await scalar(database, "SELECT count(*) FROM passages WHERE text = 'a dog'") == 1
    assert await scalar(database, "SELECT count(*) FROM passages") == 1


@asynccontextmanager
async def searching(demo_data: Path, models: Path) -> AsyncIterator[Searcher]:
    """Search over the finished demo, with the models of another folder."""
    async with opened(Database(EmbeddedServer(demo_data).conninfo())) as database:
        yield Searcher(SearchStore(database), MiniLmEmbedder(ModelFiles(models), "fp32"))


async def test_the_demo_answers_what_it_is_asked(demo_data: Path) -> None:
    """A theme in other words than the song's finds it first; filters hold; the best passage is shown."""
    async with searching(demo_data, demo_data) as searcher:
        answer = await searcher.search("growing up poor but proud")
        assert answer.hits[0].title == "Powdered Milk Champagne"
        assert answer.hits[0].passage
        assert answer.notice == ""
        scores = [hit.score for hit in answer.hits]
        assert scores == sorted(scores, reverse=True)
        assert len({hit.lyrics_digest for hit in answer.hits}) == len(answer.hits)
        of_one = await searcher.search("growing up poor but proud", Filters(artist="Luz Candela"))
        assert {hit.artist for hit in of_one.hits} == {"Luz Candela"}
        of_a_decade = await searcher.search("home", Filters(year_from=1990, year_to=1999))
        assert of_a_decade.hits
        assert all(1990 <= (hit.year or 0) <= 1999 for hit in of_a_decade.hits)
        assert not (await searcher.search("home", Filters(artist="Nobody"))).hits
        neighbours = {near.track_id for near in await searcher.similar(answer.hits[0].track_id, 5)}
        assert len(neighbours - {answer.hits[0].track_id}) == 5


async def test_without_the_model_words_are_searched_and_it_is_said(demo_data: Path, tmp_path: Path) -> None:
    """The notice says what is missing and how to get it; the hits are found by words alone."""
    async with searching(demo_data, tmp_path) as searcher:
        answer = await searcher.search("powdered milk")
    assert "words only" in answer.notice
    assert "rap models fetch" in answer.notice
    assert answer.hits
    assert {hit.matched_by for hit in answer.hits} == {("words",)}


async def test_with_a_damaged_model_words_are_searched_and_it_is_said(
    demo_data: Path, models: Path, tmp_path: Path
) -> None:
    """The notice names the file and the command that mends it."""
    folder = tmp_path / "models" / "all-MiniLM-L6-v2"
    shutil.copytree(ModelFiles(models).folder, folder)
    (folder / "tokenizer.json").write_text("{")
    async with searching(demo_data, tmp_path) as searcher:
        answer = await searcher.search("powdered milk")
    assert "tokenizer.json is damaged" in answer.notice
    assert "rap models fetch" in answer.notice
    assert answer.hits
