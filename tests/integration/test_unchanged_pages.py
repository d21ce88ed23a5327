"""Pages that name their versions: what has not changed is not sent again, and nothing is lost by that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import Response

from memory_state import FREE, MemoryState
from rap_analyzer.adapters import genius_answers
from rap_analyzer.adapters.genius import GeniusSource
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_answers import Answer, validators_of
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.adapters.postgres.frontier import open_frontier
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.errors import SourceError
from rap_analyzer.domain.frontier import Scope
from rap_analyzer.domain.track import Outcome, Validators
from rap_analyzer.pipeline.scrape import Scraper
from rap_analyzer.simulators.corpus import Corpus
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer
from silence import Silence
from statements import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.simulators.corpus import DemoSong

PAGES = "/web/{path:path}"
KINDS = ("song", "instrumental", "unreleased")


@pytest.fixture
def songs(corpus: Corpus) -> list[DemoSong]:
    """One song of each kind, all by one artist."""
    by_kind = {song.kind: song for song in corpus.written.values()}
    artist = by_kind["song"].artist
    return [replace(by_kind[kind], artist=artist, featured=(), relationships=()) for kind in KINDS]


class Site:
    """A Genius whose pages name their versions, and that may be edited."""

    def __init__(self, corpus: Corpus, songs: list[DemoSong]) -> None:
        self._artists = [artist for artist in corpus.artists if artist.slug == songs[0].artist]
        self.artist = self._artists[0].name
        self.songs = songs

    async def collect(self, database: Database, **options: Any) -> tuple[dict[Outcome, int], dict[str, int]]:
        """One run: the outcomes, and the answers by status."""
        app: FaultInjector = genius_app(
            Corpus(self._artists, {song.id: song for song in self.songs}), names_versions=True
        )
        app.change(options.pop("faults", Faults()))
        door = HttpDoor("genius", FREE, MemoryState(), base_delay=0.01, timeouts=Timeouts(2.0, 2.0))
        with SimulatorServer(app) as server:
            async with door, open_frontier(database, "site") as frontier:
                source = GeniusSource(door, DEMO_TOKEN, server.url + "/api", server.url + "/web")
                source.parser_version = options.pop("parser_version", source.parser_version)
                scraper = Scraper(source, TrackStore(database), frontier, "site")
                report = await scraper.scrape([self.artist], Silence(), Scope(**options))
        assert report.account.adds_up
        return {outcome: n for outcome, n in report.account.counts.items() if n}, dict(app.statuses)


@pytest.fixture
def site(corpus: Corpus, songs: list[DemoSong]) -> Site:
    return Site(corpus, songs)


async def let_all_have_changed(database: Database) -> None:
    """The lists say of every song that it has changed since: the visits were long ago."""
    await records(database, "UPDATE visits SET visited_at = '2001-01-01', read_at = '2001-01-01', next_at = NULL")


FIRST = {Outcome.STORED: 1, Outcome.INSTRUMENTAL: 1, Outcome.UNRELEASED: 1}
AGAIN = {Outcome.UNCHANGED: 1, Outcome.INSTRUMENTAL: 1, Outcome.UNRELEASED: 1}


async def test_a_page_that_has_not_changed_is_not_sent_again(site: Site, database: Database) -> None:
    """Each song keeps its outcome and words; its visit counts, and what its metadata says anew is stored."""
    outcomes, statuses = await site.collect(database)
    assert outcomes == FIRST
    assert "304" not in statuses
    await let_all_have_changed(database)
    site.songs[0] = replace(site.songs[0], page_views=987_654_321, producers=("Somebody New",))
    before = await records(database, "SELECT lyrics FROM tracks")

    outcomes, statuses = await site.collect(database, refresh=True)

    assert outcomes == AGAIN
    assert statuses["304"] == len(site.songs)
    assert await records(database, "SELECT lyrics FROM tracks") == before
    assert await records(database, "SELECT page_views FROM tracks") == [{"page_views": 987_654_321}]
    assert await records(database, "SELECT 1 AS is_there FROM artists WHERE name = 'Somebody New'")
    visits = await records(database, "SELECT outcome, reason, attempts FROM visits ORDER BY outcome")
    assert visits == [{"outcome": o, "reason": "", "attempts": 2} for o in ("instrumental", "stored", "unreleased")]
    await site.collect(database, refresh=True)
    visits = await records(database, "SELECT attempts FROM visits WHERE outcome = 'stored'")
    assert visits == [{"attempts": 2}]  # the list says that it has not changed since


async def test_what_is_yet_to_come_is_asked_for_cheaply(site: Site, database: Database) -> None:
    """An unreleased song is looked at again and again; once it has words they are stored."""
    await site.collect(database)
    await records(database, "UPDATE visits SET next_at = now()")
    assert (await site.collect(database))[1]["304"] == 1
    await records(database, "UPDATE visits SET next_at = now()")
    site.songs[2] = replace(site.songs[2], kind="song", lyrics="First bar of the leak\nsecond bar, now speak")
    outcomes, statuses = await site.collect(database)
    assert outcomes == {Outcome.UNCHANGED: 1, Outcome.INSTRUMENTAL: 1, Outcome.STORED: 1}
    assert "304" not in statuses


async def test_new_words_are_stored_and_their_page_is_known_from_then_on(site: Site, database: Database) -> None:
    """A page that has changed is sent, and read."""
    await site.collect(database)
    site.songs[0] = replace(site.songs[0], lyrics="Quite another bar\nthat went too far")
    await let_all_have_changed(database)
    outcomes, statuses = await site.collect(database, refresh=True)
    assert (outcomes, statuses["304"]) == (FIRST, 2)
    await let_all_have_changed(database)
    outcomes, statuses = await site.collect(database, refresh=True)
    assert (outcomes, statuses["304"]) == (AGAIN, 3)


async def test_another_parser_reads_every_page(site: Site, database: Database) -> None:
    """What an earlier one made of a page says nothing of what this one would."""
    await site.collect(database)
    await let_all_have_changed(database)
    outcomes, statuses = await site.collect(database, refresh=True, parser_version="next")
    assert outcomes == AGAIN
    assert "304" not in statuses


async def test_a_page_that_has_moved_is_read(site: Site, database: Database) -> None:
    """Versions are those of an address."""
    await site.collect(database)
    await let_all_have_changed(database)
    site.songs[0] = replace(site.songs[0], title="Under Another Name")
    outcomes, statuses = await site.collect(database, refresh=True)
    assert outcomes == AGAIN
    assert statuses["304"] == 2  # the others'


async def test_a_visit_that_fails_forgets_no_version(site: Site, database: Database) -> None:
    """The words stay, so their page is still known; of a song that is failed now, nothing is."""
    await site.collect(database)
    await records(database, """UPDATE visits SET validators = validators || '{"etag": "an old one"}'""")
    await let_all_have_changed(database)
    outcomes, _ = await site.collect(database, refresh=True, faults=Faults(new_shape=1.0))
    assert outcomes == {Outcome.FAILED: 3}
    known = await records(database, "SELECT outcome, validators IS NOT NULL AS is_known FROM visits ORDER BY outcome")
    assert known == [{"outcome": "failed", "is_known": False}] * 2 + [{"outcome": "stored", "is_known": True}]
    outcomes, statuses = await site.collect(database)
    assert outcomes == AGAIN
    assert "304" not in statuses


async def test_words_that_are_gone_here_are_fetched_again(site: Site, database: Database) -> None:
    """Nobody says `unchanged` of a track that the store has lost."""
    await site.collect(database)
    await records(database, "DELETE FROM tracks")
    await let_all_have_changed(database)
    outcomes, statuses = await site.collect(database, refresh=True)
    assert (outcomes, statuses["304"]) == (FIRST, 2)


async def test_songs_of_which_a_list_says_nothing_are_asked_for_themselves(
    site: Site, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On refreshing; those whose pages name no version are left as they are."""
    await site.collect(database)
    await let_all_have_changed(database)
    await records(database, "UPDATE visits SET validators = NULL WHERE outcome = 'instrumental'")
    monkeypatch.setattr(genius_answers, "CHANGES", ())
    outcomes, statuses = await site.collect(database, refresh=True)
    assert (outcomes, statuses["304"]) == (AGAIN, 2)
    visits = await records(database, "SELECT outcome, attempts FROM visits ORDER BY outcome")
    assert [row["attempts"] for row in visits] == [1, 2, 2]


@pytest.fixture
def odd_service() -> Iterator[SimulatorServer]:
    """Says of everything that it has not changed."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await Response(status_code=304)(scope, receive, send)

    with SimulatorServer(answer) as server:
        yield server


async def test_nobody_is_believed_that_a_page_is_unchanged_who_was_not_asked(odd_service: SimulatorServer) -> None:
    """Without a condition, 304 is no answer."""
    async with HttpDoor("odd", FREE, MemoryState(), base_delay=0.01) as door:
        with pytest.raises(SourceError, match="status 304"):
            await door.get_page(odd_service.url + "/page")
        assert (await door.get_page(odd_service.url + "/page", Validators('"1"'))).status == 304


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        ('W/"a-b_c"', 'W/"a-b_c"'),
        ('"1"', '"1"'),
        ("bare", ""),
        ('"a"b"', ""),
        ('"\udcff"', ""),
        ('"a b"', ""),
        ('"' + "x" * 500 + '"', ""),
        ("", ""),
    ],
)
def test_only_what_is_written_as_a_version_is_kept(etag: str, kept: str) -> None:
    """What a store or a later request could choke on is none."""
    assert validators_of(Answer("", 200, {"etag": etag}, b"")) == Validators(kept)
    assert bool(validators_of(Answer("", 200, {"etag": etag}, b""))) == bool(kept)


@pytest.mark.parametrize(
    ("date", "kept"),
    [("Tue, 03 Nov 2026 08:12:31 GMT", "Tue, 03 Nov 2026 08:12:31 GMT"), ("then\r\nX: 1", ""), ("\udcff", "")],
)
def test_only_what_is_written_as_a_date_is_kept(date: str, kept: str) -> None:
    """As its source wrote it: it is only ever said back."""
    assert validators_of(Answer("", 200, {"last-modified": date}, b"")) == Validators(last_modified=kept)
