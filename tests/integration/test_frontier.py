"""The frontier: songs are shared by all processes that collect, and nothing that one of them had claimed is lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import rap_analyzer.adapters.postgres.frontier as frontier_module
from rap_analyzer.adapters.postgres.forgetting import ForgettingStore
from rap_analyzer.adapters.postgres.frontier import open_frontier
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.errors import Blocked, NotFound, PageChanged, SourceError, StoreError
from rap_analyzer.domain.frontier import Budget, Scope, SongPage, Wish
from rap_analyzer.domain.selection import Selection
from rap_analyzer.domain.track import (
    NO_VALIDATORS,
    ArtistRef,
    Credit,
    Outcome,
    Role,
    Song,
    SongStub,
    Validators,
)
from rap_analyzer.pipeline.room import Room
from rap_analyzer.pipeline.scrape import Scraper
from silence import Silence
from statements import records

if TYPE_CHECKING:
    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.pipeline.tally import ScrapeReport

PAGE = 10
ALL = [f"Ann {number}" for number in range(8)]


@pytest.fixture(autouse=True)
def _long_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' server has just started: as if it had long ago."""
    monkeypatch.setattr(frontier_module, "GRACE_S", 0.0)


class Page:
    """A page that has been read."""

    raw_digest = ""

    def __init__(self, lyrics: str, outcome: Outcome = Outcome.STORED, validators: Validators = NO_VALIDATORS) -> None:
        self.lyrics, self.outcome, self.validators = lyrics, outcome, validators


class Shelf:
    """A source of some artists with some songs each; it counts what it is asked for, and forgets nothing.

    Args:
        artists: names, with the number of their songs.
        shared: songs that stand in the lists of all of them too.
    """

    name, parser_version = "shelf", "1"

    def __init__(self, artists: dict[str, int], shared: int = 0) -> None:
        self.artists = artists
        self.shared = shared
        self.pages: Counter[tuple[str, int]] = Counter()
        self.songs: Counter[str] = Counter()
        self.words: dict[str, str] = {}
        self.changed: dict[str, int] = {}
        self.errors: dict[str, SourceError] = {}
        self.delay = 0.0

    @property
    def requests(self) -> int:
        """Lists and songs; the words of a song are a request too."""
        return sum(self.pages.values()) + 2 * sum(self.songs.values())

    async def find_artist(self, name: str) -> ArtistRef:
        if name not in self.artists:
            raise NotFound(f"nobody is called {name}")
        return ArtistRef(name, f"id of {name}")

    async def find_list(self, wish: Wish) -> ArtistRef:
        raise NotFound(f"there is no {wish.kind} here")

    async def list_songs(self, artist: ArtistRef, page: int) -> SongPage:
        await asyncio.sleep(self.delay)
        self.pages[artist.name, page] += 1
        self._fail(f"list of {artist.name}")
        own = [f"{artist.name} {n}" for n in range(self.artists[artist.name])]
        ids = [*own, *(f"all {n}" for n in range(self.shared))]
        first = (page - 1) * PAGE
        songs = [SongStub(i, i, artist.name, "", self.changed.get(i)) for i in ids[first : first + PAGE]]
        return SongPage(songs, first, page + 1 if first + PAGE < len(ids) else None)

    async def fetch_song(self, source_id: str) -> Song:
        await asyncio.sleep(self.delay)
        self.songs[source_id] += 1
        self._fail(source_id)
        artist = source_id.split(maxsplit=1)[0]
        return Song(source_id, source_id, "", (Credit(ArtistRef(artist, f"id of {artist}"), Role.PRIMARY),))

    async def fetch_lyrics(self, song: Song, _: Validators = NO_VALIDATORS) -> Page:
        return Page(self.words.get(song.source_id, f"words of {song.source_id}"))

    def _fail(self, what: str) -> None:
        if what in self.errors:
            raise self.errors[what]


class Together:
    """A process's way to a shelf that answers for songs once every process has asked for one.

    Args:
        shelf: the shelf of all.
        everyone: where the processes' first songs meet; shared by all.
    """

    def __init__(self, shelf: Shelf, everyone: asyncio.Barrier) -> None:
        self._shelf, self._everyone = shelf, everyone
        self._first: asyncio.Task[int] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shelf, name)

    async def fetch_song(self, source_id: str) -> Song:
        self._first = self._first or asyncio.create_task(self._everyone.wait())
        await asyncio.wait_for(asyncio.shield(self._first), 60)
        return await self._shelf.fetch_song(source_id)


async def collect(
    shelf: Any, database: Database, *names: str, budget: Budget | None = None, refresh: bool = False, **selection: Any
) -> ScrapeReport:
    """One run of a process of its own."""
    async with open_frontier(database, "shelf") as frontier:
        scraper = Scraper(shelf, TrackStore(database), frontier, "shelf")
        scope = Scope(Selection(**selection), refresh)
        report = await scraper.scrape(list(names or shelf.artists), Silence(), scope, budget)
    assert report.account.adds_up
    return report


def seconds_from_now(moment: datetime | None) -> float:
    """How far off it is."""
    assert moment is not None
    return (moment - datetime.now(UTC)).total_seconds()


def counts(report: ScrapeReport) -> dict[str, int]:
    """The counts that are not zero."""
    return {str(outcome): count for outcome, count in report.account.counts.items() if count}


async def test_every_song_of_every_list_comes_once(database: Database) -> None:
    """A song that stands in two artists' lists is found, visited and counted once."""
    shelf = Shelf({"Ann": 25, "Bo": 3}, shared=4)
    report = await collect(shelf, database)
    assert counts(report) == {"stored": 32}
    assert set(shelf.songs.values()) == {1}
    assert set(shelf.pages.values()) == {1}


async def test_processes_share_the_work(database: Database) -> None:
    """Four at once on the same names: no page and no song twice, each account adds up, and all of them do something.

    No song is answered before each of them has asked for one: who claimed more than it can visit would hold all up.
    """
    shelf, everyone = Shelf({"Ann": 200, "Bo": 45, "Cy": 20}, shared=5), asyncio.Barrier(4)
    shelf.delay = 0.01
    reports = await asyncio.gather(*(collect(Together(shelf, everyone), database) for _ in range(4)))
    assert set(shelf.songs.values()) == {1}
    assert len(shelf.songs) == 270
    assert set(shelf.pages.values()) == {1}
    assert [report.account.found for report in reports] == [270] * 4
    stored = [report.account.counts[Outcome.STORED] for report in reports]
    assert sum(stored) == 270
    assert min(stored) > 0


async def test_a_second_run_asks_for_nothing_that_is_known(database: Database) -> None:
    """Neither for a list that was read within the hour nor for a song that is settled."""
    shelf = Shelf({"Ann": 12})
    await collect(shelf, database)
    shelf.pages.clear()
    shelf.songs.clear()
    assert counts(await collect(shelf, database)) == {"unchanged": 12}
    assert not shelf.pages
    assert not shelf.songs


async def test_what_failed_is_tried_again_by_the_next_run(database: Database) -> None:
    """Once in each run."""
    shelf = Shelf({"Ann": 3})
    shelf.errors["Ann 1"] = PageChanged("the page is new")
    assert counts(await collect(shelf, database)) == {"stored": 2, "failed": 1}
    assert shelf.songs["Ann 1"] == 1
    assert counts(await collect(shelf, database)) == {"unchanged": 2, "failed": 1}
    shelf.errors.clear()
    assert counts(await collect(shelf, database)) == {"unchanged": 2, "stored": 1}
    assert shelf.songs["Ann 1"] == 3


async def test_what_keeps_failing_is_left_in_peace(database: Database) -> None:
    """After the third time for an hour, then two; whoever refreshes, or waits, gets it asked for; it always counts."""
    shelf = Shelf({"Ann": 3})
    shelf.errors["Ann 1"] = PageChanged("the page is new")
    reports = [await collect(shelf, database) for _ in range(4)]
    assert shelf.songs["Ann 1"] == 3
    assert [report.resting for report in reports] == [0, 0, 0, 1]
    assert counts(reports[-1]) == {"unchanged": 2, "failed": 1}
    assert 3_500 < seconds_from_now(reports[-1].next_at) <= 3_600
    assert (await collect(shelf, database, refresh=True)).resting == 0
    assert shelf.songs["Ann 1"] == 4
    assert 7_100 < seconds_from_now((await collect(shelf, database)).next_at) <= 7_200
    await records(database, "UPDATE visits SET next_at = now() WHERE outcome = 'failed'")
    shelf.errors.clear()
    assert counts(await collect(shelf, database)) == {"unchanged": 2, "stored": 1}
    assert (await collect(shelf, database)).next_at is None


async def test_what_is_missing_is_not_asked_for_in_every_run(database: Database) -> None:
    """For a day, then two, at most a month; at once where the list says that it has changed."""
    shelf = Shelf({"Ann": 3})
    shelf.errors["Ann 1"] = NotFound("there is no such song")
    await collect(shelf, database)
    report = await collect(shelf, database)
    assert (counts(report), report.resting) == ({"unchanged": 2, "missing": 1}, 1)
    assert 86_300 < seconds_from_now(report.next_at) <= 86_400
    shelf.changed["Ann 1"] = int(time.time()) + 60
    await records(database, "UPDATE frontier_artists SET listed_at = NULL, next_page = 1")
    await collect(shelf, database)
    assert shelf.songs["Ann 1"] == 2
    for attempts, days in (("2", 2), ("50", 30)):
        await records(database, f"UPDATE visits SET attempts = {attempts}")
        at = (await records(database, "SELECT now() + rest_after('missing', attempts) AS at FROM visits"))[0]["at"]
        assert seconds_from_now(at) == pytest.approx(days * 86_400, abs=60)


async def test_a_change_ends_the_wait_of_what_was_never_read(database: Database) -> None:
    """What failed three times is asked for again once its list says that it is another song now."""
    shelf = Shelf({"Ann": 2})
    shelf.errors["Ann 1"] = PageChanged("the page is new")
    for _ in range(4):
        await collect(shelf, database)
    assert shelf.songs["Ann 1"] == 3
    await records(database, "UPDATE frontier_songs SET changed_at = now() WHERE source_id = 'Ann 1'")
    assert (await collect(shelf, database)).resting == 0
    assert shelf.songs["Ann 1"] == 4


async def test_a_change_is_not_missed_because_a_visit_failed(database: Database) -> None:
    """The words that are stored stay; the next refresh asks for the new ones again."""
    shelf = Shelf({"Ann": 2})
    await collect(shelf, database)
    shelf.changed["Ann 1"] = int(time.time()) + 2
    shelf.words["Ann 1"] = "other words"
    shelf.errors["Ann 1"] = SourceError("not now")
    await asyncio.sleep(2.1)
    assert counts(await collect(shelf, database, refresh=True)) == {"unchanged": 1, "failed": 1}
    shelf.errors.clear()
    assert counts(await collect(shelf, database, refresh=True)) == {"unchanged": 1, "stored": 1}
    assert counts(await collect(shelf, database, refresh=True)) == {"unchanged": 2}


async def test_a_list_is_read_on_where_it_was_left(database: Database) -> None:
    """A run that is killed between two pages leaves the first one on the frontier."""
    shelf = Shelf({"Ann": 25})
    async with open_frontier(database, "shelf") as frontier:
        await frontier.ask_for(["Ann"])
        assert await frontier.claim_artist("Ann", Scope())
        artist = await shelf.find_artist("Ann")
        await frontier.save_artist("Ann", artist)
        await frontier.save_page("Ann", artist, await shelf.list_songs(artist, 1))
    assert counts(await collect(shelf, database)) == {"stored": 25}
    assert shelf.pages == {("Ann", 1): 1, ("Ann", 2): 1, ("Ann", 3): 1}


async def test_what_a_process_had_claimed_is_free_once_it_ends(database: Database) -> None:
    """While it lives nobody else gets its songs; from the moment at which it is done, everybody may."""
    shelf = Shelf({"Ann": 8})
    artist = await shelf.find_artist("Ann")
    async with open_frontier(database, "shelf") as ours:
        async with open_frontier(database, "shelf") as theirs:
            await theirs.ask_for(["Ann"])
            assert await theirs.claim_artist("Ann", Scope())
            await theirs.save_page("Ann", artist, await shelf.list_songs(artist, 1))
            assert len(await theirs.claim_songs(ALL, Scope(), 5)) == 5
            assert len(await ours.claim_songs(ALL, Scope(), 10)) == 3
            assert await ours.claim_songs(ALL, Scope(), 10) == []
        assert len(await ours.claim_songs(ALL, Scope(), 10)) == 5


async def test_a_lost_connection_is_made_again(database: Database) -> None:
    """PostgreSQL ends the connection that shows that we live: the next claim holds the lock again."""
    shelf = Shelf({"Ann": 8})
    artist = await shelf.find_artist("Ann")
    async with open_frontier(database, "shelf") as ours, open_frontier(database, "shelf") as theirs:
        await ours.ask_for(["Ann"])
        await ours.save_page("Ann", artist, await shelf.list_songs(artist, 1))

        async def kill(connection: Any) -> None:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s",
                (ours.worker,),
            )

        await database.run(kill)
        assert len(await ours.claim_songs(ALL, Scope(), 5)) == 5
        assert len(await theirs.claim_songs(ALL, Scope(), 10)) == 3


async def test_a_lost_connection_is_made_again_by_who_claims_nothing(database: Database) -> None:
    """A process that waits long for answers keeps its songs."""
    shelf = Shelf({"Ann": 8})
    artist = await shelf.find_artist("Ann")
    async with open_frontier(database, "shelf") as ours, open_frontier(database, "shelf") as theirs:
        await ours.ask_for(["Ann"])
        await ours.save_page("Ann", artist, await shelf.list_songs(artist, 1))
        assert len(await ours.claim_songs(ALL, Scope(), 5)) == 5

        async def kill(connection: Any) -> None:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s",
                (ours.worker,),
            )

        await database.run(kill)
        await asyncio.sleep(2 * frontier_module.HOLD_AGAIN_S)
        assert len(await theirs.claim_songs(ALL, Scope(), 10)) == 3


async def test_nobody_passes_for_dead_just_after_the_server_has_started(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All locks are gone then, and those who live have not taken theirs again."""
    shelf = Shelf({"Ann": 25})
    artist = await shelf.find_artist("Ann")
    async with open_frontier(database, "shelf") as theirs:
        await theirs.ask_for(["Ann"])
        assert await theirs.claim_artist("Ann", Scope())
        await theirs.save_page("Ann", artist, await shelf.list_songs(artist, 1))
        assert len(await theirs.claim_songs(ALL, Scope(), 5)) == 5
    async with open_frontier(database, "shelf") as ours:
        monkeypatch.setattr(frontier_module, "GRACE_S", 1e6)
        assert not await ours.claim_artist("Ann", Scope())
        assert len(await ours.claim_songs(ALL, Scope(), 10)) == 3
        monkeypatch.setattr(frontier_module, "GRACE_S", 0.0)
        assert await ours.claim_artist("Ann", Scope())
        assert len(await ours.claim_songs(ALL, Scope(), 10)) == 5


async def test_only_the_most_popular_are_wanted(database: Database) -> None:
    """No page is read that is not needed; a later run without the limit goes on."""
    shelf = Shelf({"Ann": 35})
    assert counts(await collect(shelf, database, max_songs=12)) == {"stored": 12}
    assert shelf.pages == {("Ann", 1): 1, ("Ann", 2): 1}
    assert counts(await collect(shelf, database, max_songs=12)) == {"unchanged": 12}
    assert counts(await collect(shelf, database)) == {"unchanged": 12, "stored": 23}
    assert set(shelf.pages.values()) == {1}


async def test_refreshing_visits_new_songs_and_changed_ones(database: Database) -> None:
    """The list is read anew; of the songs that are stored only the one whose words have changed since is visited."""
    shelf = Shelf({"Ann": 12})
    await collect(shelf, database)
    shelf.artists["Ann"] = 14
    shelf.changed = {"Ann 3": 4_000_000_000, "Ann 4": 1_000_000_000}
    shelf.words["Ann 3"] = "other words"
    shelf.songs.clear()
    assert counts(await collect(shelf, database, refresh=True)) == {"unchanged": 11, "stored": 3}
    assert set(shelf.songs) == {"Ann 3", "Ann 12", "Ann 13"}
    store = TrackStore(database)
    [track] = await store.find_tracks("Ann 3")
    assert (await store.load_track(track["id"])).lyrics == "other words"


async def test_an_unknown_artist_holds_nobody_up(database: Database) -> None:
    """Nor does one whose list cannot be read; both are reported."""
    shelf = Shelf({"Ann": 3, "Bo": 2, "Cy": 4})
    shelf.errors["list of Bo"] = PageChanged("the list is new")
    report = await collect(shelf, database, "Ann", "Nobody", "Bo", "Cy")
    assert counts(report) == {"stored": 7}
    assert {name: type(error) for name, error in report.problems.items()} == {"Nobody": NotFound, "Bo": PageChanged}


@pytest.mark.parametrize("refresh", [False, True])
async def test_a_forgotten_artist_is_not_collected(database: Database, refresh: bool) -> None:
    """It is said, whether the list counts as read or is to be read anew; their songs are left alone."""
    shelf = Shelf({"Ann": 3, "Bo": 2})
    await collect(shelf, database)
    forgetting = ForgettingStore(database)
    await forgetting.forget(await forgetting.find_artist("Bo"))
    shelf.songs.clear()
    report = await collect(shelf, database, refresh=refresh)
    assert "rap forget --undo --artist 'Bo'" in str(report.problems["Bo"])
    assert counts(report) == {"unchanged": 3}
    assert not shelf.songs


async def test_nothing_runs_on_behind_an_error(database: Database) -> None:
    """Whoever was at a song when another one met the error of the run is ended before it is told."""
    shelf = Shelf({"Ann": 40})
    shelf.delay = 0.05
    shelf.errors["Ann 3"] = StoreError("PostgreSQL is away")  # type: ignore[assignment]  # as a shared rate would say
    with pytest.raises(StoreError, match="is away"):
        await collect(shelf, database)
    assert not [task for task in asyncio.all_tasks() if "_visit_songs" in repr(task.get_coro())]


async def test_a_block_stops_everything_and_loses_nothing(database: Database) -> None:
    """The songs that were not read count as blocked; the next run reads them."""
    shelf = Shelf({"Ann": 30, "Bo": 30})
    shelf.errors["Ann 7"] = Blocked("go away")
    report = await collect(shelf, database)
    assert report.stopped == "go away"
    assert report.account.counts[Outcome.BLOCKED] > 0
    assert sum(shelf.songs.values()) < 30
    shelf.errors.clear()
    assert set(counts(await collect(shelf, database))) == {"stored", "unchanged"}
    assert len(shelf.songs) == 60


async def test_a_budget_ends_a_run_and_the_next_one_goes_on(database: Database) -> None:
    """No request too many; the songs that were listed and not visited are left, and not in the account."""
    shelf = Shelf({"Ann": 30})
    report = await collect(shelf, database, budget=Budget(max_requests=12))
    assert 10 <= shelf.requests <= 12
    assert report.ended == "The budget of 12 requests is used up"
    assert counts(report) == {"stored": sum(shelf.songs.values())}
    assert report.left == 10 - report.account.found
    assert set(counts(await collect(shelf, database))) == {"stored", "unchanged"}
    assert len(shelf.songs) == 30
    assert set(shelf.songs.values()) == {1}


async def test_a_run_ends_at_its_time(database: Database) -> None:
    """When it has come before the run, nothing is asked for."""
    shelf = Shelf({"Ann": 30})
    report = await collect(shelf, database, budget=Budget(until=datetime.now(UTC)))
    assert report.ended.startswith("It is ")
    assert shelf.requests == 0


async def test_a_plan_reads_the_lists_and_no_song(database: Database) -> None:
    """It counts what a run would visit; that run does not read the lists again."""
    shelf = Shelf({"Ann": 25, "Bo": 2})
    await collect(shelf, database, "Bo")
    async with open_frontier(database, "shelf") as frontier:
        scraper = Scraper(shelf, TrackStore(database), frontier, "shelf")
        plan = await scraper.plan(["Ann", "Bo", "Nobody"], Silence())
    assert plan.left == 25
    assert counts(plan) == {"unchanged": 2}
    assert set(plan.problems) == {"Nobody"}
    assert len(shelf.songs) == 2
    await collect(shelf, database)
    assert set(shelf.pages.values()) == {1}


@pytest.mark.parametrize("names", [["Ann", "Ann"], ["Ann", "ann of many names"]])
async def test_two_names_of_one_artist_are_one(database: Database, names: list[str]) -> None:
    """Their songs are found once."""

    class Aliases(Shelf):
        async def find_artist(self, _: str) -> ArtistRef:
            return ArtistRef("Ann", "id of Ann")

    shelf = Aliases({"Ann": 5})
    report = await collect(shelf, database, *names)
    assert counts(report) == {"stored": 5}
    assert set(shelf.songs.values()) == {1}


async def test_with_little_memory_less_is_done_at_once(database: Database) -> None:
    """Near the limit fewer songs are under way; beyond it one is; all are collected, and it is said."""
    shelf = Shelf({"Ann": 20})
    under_way: list[int] = []
    shelf.delay = 0.01

    class Watched:
        def __init__(self) -> None:
            self.now = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(shelf, name)

        async def fetch_song(self, source_id: str) -> Song:
            self.now += 1
            under_way.append(self.now)
            song = await shelf.fetch_song(source_id)
            self.now -= 1
            return song

    room = Room(100, lambda: 200.0)
    async with open_frontier(database, "shelf") as frontier:
        report = await Scraper(Watched(), TrackStore(database), frontier, "shelf", room).scrape(["Ann"], Silence())
    assert counts(report) == {"stored": 20}
    assert max(under_way) == 1
    assert "MEMORY_LIMIT_MB=100" in report.remark


@pytest.mark.parametrize(("used", "allowed"), [(0, 8), (80, 8), (87.5, 4), (95, 1), (120, 1)])
def test_room_shrinks_evenly(used: float, allowed: int) -> None:
    """From 80 to 95 % of the limit; below there is nothing to say."""
    room = Room(100, lambda: used)
    assert room.of(8) == allowed
    assert bool(room.remark) == (used > 80)
