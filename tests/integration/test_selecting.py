"""Songs by name, number, album and address, and only those that are wanted: over a simulated Genius."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from memory_state import MemoryState
from rap_analyzer.adapters.genius import GeniusSource
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.postgres.frontier import open_frontier
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.errors import InputError, NotFound
from rap_analyzer.domain.frontier import Scope, Wish, WishKind
from rap_analyzer.domain.pacing import Rate
from rap_analyzer.domain.selection import Selection, Sort
from rap_analyzer.domain.track import Outcome
from rap_analyzer.pipeline.scrape import Scraper
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.genius_shapes import song_path
from rap_analyzer.simulators.server import SimulatorServer
from silence import Silence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.pipeline.tally import ScrapeReport
    from rap_analyzer.simulators.corpus import Corpus, DemoSong
    from rap_analyzer.simulators.faults import FaultInjector

FREE = Rate(1_000_000, 60.0)
WEB = "https://genius.com"


@pytest.fixture(scope="module")
def genius(corpus: Corpus) -> Iterator[tuple[FaultInjector, SimulatorServer]]:
    """A Genius that counts what it is asked."""
    app = genius_app(corpus)
    with SimulatorServer(app) as server:
        yield app, server


async def collect(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, *wishes: str | Wish, **selection: Any
) -> ScrapeReport:
    """A run of its own; counts of requests begin anew."""
    app, server = genius
    app.change(app.faults)
    async with HttpDoor("genius", FREE, MemoryState()) as door, open_frontier(database, "demo") as frontier:
        source = GeniusSource(door, DEMO_TOKEN, server.url + "/api", server.url + "/web")
        scraper = Scraper(source, TrackStore(database), frontier, "demo")
        report = await scraper.scrape(wishes, Silence(), Scope(Selection(**selection)))
    assert report.account.adds_up
    return report


async def stored(database: Database) -> set[str]:
    """The numbers of the songs in the store."""

    async def work(connection: Any) -> set[str]:
        cursor = await connection.execute("SELECT source_id FROM tracks")
        return {row["source_id"] for row in await cursor.fetchall()}

    return await database.run(work)


def named(corpus: Corpus, song: DemoSong) -> str:
    """The name of a song's artist."""
    return corpus.by_slug[song.artist].name


def with_words(corpus: Corpus) -> list[DemoSong]:
    """Songs with lyrics, in the order of their numbers."""
    return sorted((s for s in corpus.written.values() if s.kind == "song"), key=lambda s: s.id)


@pytest.mark.parametrize("kind", [WishKind.SONG, WishKind.ID, WishKind.URL])
async def test_one_song(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus, kind: WishKind
) -> None:
    """By its title and artist, its number, or the address of its page; nothing else is read."""
    song = with_words(corpus)[0]
    name = named(corpus, song)
    asked = {WishKind.SONG: song.title.upper(), WishKind.ID: str(song.id), WishKind.URL: WEB + song_path(name, song)}
    report = await collect(genius, database, Wish(kind, asked[kind], name if kind is WishKind.SONG else ""))
    assert report.problems == {}
    assert await stored(database) == {str(song.id)}
    assert genius[0].requests["/web/{path:path}"] == 1
    again = await collect(genius, database, Wish(kind, asked[kind], name if kind is WishKind.SONG else ""))
    assert again.account.counts[Outcome.UNCHANGED] == 1
    assert not genius[0].requests


@pytest.mark.parametrize("kind", [WishKind.ALBUM, WishKind.URL])
async def test_an_album(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus, kind: WishKind
) -> None:
    """By its name and artist, or its address: every song that is on it."""
    first = next(song for song in with_words(corpus) if song.album)
    expected = {str(s.id) for s in with_words(corpus) if (s.artist, s.album) == (first.artist, first.album)}
    album, name = str(first.album), named(corpus, first)
    address = f"{WEB}/albums/{name.replace(' ', '-')}/{album.replace(' ', '-')}"
    wish = Wish(kind, album, name) if kind is WishKind.ALBUM else Wish(kind, address)
    report = await collect(genius, database, wish)
    assert report.problems == {}
    assert expected <= await stored(database)
    assert all(corpus.written[int(number)].album == first.album for number in await stored(database))


async def test_an_artists_page(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """Its address means the artist."""
    name = named(corpus, with_words(corpus)[0])
    by_url = await collect(genius, database, Wish(WishKind.URL, f"{WEB}/artists/{name.replace(' ', '-')}"))
    by_name = await collect(genius, database, name)
    assert by_url.account.found == by_name.account.found > 1
    assert by_name.account.counts[Outcome.STORED] == 0


async def test_what_is_not_there_is_told_with_the_nearest(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """Of three wishes the two bad ones are reported, and the third is collected."""
    song = with_words(corpus)[0]
    report = await collect(
        genius,
        database,
        Wish(WishKind.SONG, song.title + " Zzz", named(corpus, song)),
        Wish(WishKind.URL, f"{WEB}/Nobody-nothing-at-all-lyrics"),
        Wish(WishKind.ID, str(song.id)),
    )
    missed, unknown = report.problems.values()
    assert isinstance(missed, NotFound)
    assert f"did you mean {song.title}" in str(missed)
    assert isinstance(unknown, NotFound)
    assert await stored(database) == {str(song.id)}


async def test_guests_words_and_years(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """What is left out is not found, not read, and told by why; the same command without it collects the rest."""
    guest = next(song for song in with_words(corpus) if song.featured)
    slug = guest.featured[0]
    artist = corpus.by_slug[slug].name
    own = {song.id for song in corpus.written.values() if song.artist == slug}
    everything = {song.id for song in corpus.written.values() if slug in (song.artist, *song.featured)}
    word = corpus.written[min(own)].title.split()[-1].strip("()!?.,’'\"")
    without = {n for n in own if word.casefold() in corpus.written[n].title.casefold().replace("(", " ").split()}
    report = await collect(genius, database, artist, features=False, excluded=(word,))
    assert report.left_out["only featured"] == len(everything - own)
    assert report.account.found == len(own) - report.left_out[f"{word!r} in the title"]
    assert without
    assert not {str(n) for n in without} & await stored(database)
    rest = await collect(genius, database, artist)
    assert rest.account.found == len(everything)
    assert not rest.left_out


async def test_languages_are_asked_of_the_song_where_the_list_is_silent(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """The page of a song in another language is never read; the next run knows and does not ask again."""
    names = [artist.name for artist in corpus.artists]
    wanted = {str(s.id) for s in with_words(corpus) if s.language == "es"}
    report = await collect(genius, database, *names, languages=frozenset({"es"}))
    assert await stored(database) == wanted
    assert wanted
    assert report.left_out["language en"] > 10
    again = await collect(genius, database, *names, languages=frozenset({"es"}))
    assert again.left_out == report.left_out
    assert genius[0].requests["/web/{path:path}"] == 0


async def test_so_many_of_a_language(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """Songs that turn out not to be wanted make room for the next ones, until there are as many as wanted."""
    names = [artist.name for artist in corpus.artists]
    by_artist = [sum(s.language == "es" for s in with_words(corpus) if named(corpus, s) == name) for name in names]
    report = await collect(genius, database, *names, languages=frozenset({"es"}), max_songs=1, features=False)
    assert len(await stored(database)) == sum(count > 0 for count in by_artist)
    assert report.account.found == sum(count > 0 for count in by_artist)


async def test_the_newest_songs(
    genius: tuple[FaultInjector, SimulatorServer], database: Database, corpus: Corpus
) -> None:
    """The whole list is read before the first song is; an artist's three newest ones are."""
    artist = max(corpus.artists, key=lambda a: sum(s.artist == a.slug for s in with_words(corpus)))
    songs = [s for s in corpus.written.values() if artist.slug in (s.artist, *s.featured) and s.release_date]
    newest = sorted(songs, key=lambda s: s.release_date.toordinal() if s.release_date else 0, reverse=True)[:3]
    report = await collect(genius, database, artist.name, max_songs=3, sort=Sort.RELEASE_DATE)
    assert report.account.found == 3
    assert await stored(database) <= {str(song.id) for song in newest}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["https://lyrics.example/ann-kettle"], "is no page of Genius"),
        (["https://genius.com/about"], "is the page of no song, album or artist"),
        (["Ann", "Bo", "--song", "Kettle"], "one artist at most"),
        (["Ann", "--year", "199x"], "--year '199x' is neither a year nor a range"),
        (["Ann", "--language", "englsh"], "is no language that we know"),
        (["Ann", "--sort", "age"], "Invalid value for '--sort'"),
        (["--id", "0"], "Invalid value for '--id'"),
        ([], "Name an artist"),
    ],
)
def test_bad_wishes_end_before_anything_is_opened(rap: Rap, tmp_path: Path, arguments: list[str], says: str) -> None:
    """With exit code 2 and a sentence that names what is wrong."""
    done = rap("scrape", *arguments, data_dir=tmp_path)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert not list(tmp_path.iterdir())


async def test_a_number_must_be_one(genius: tuple[FaultInjector, SimulatorServer], database: Database) -> None:
    """An error of that wish, not of the run."""
    report = await collect(genius, database, Wish(WishKind.ID, "twelve"))
    [problem] = report.problems.values()
    assert isinstance(problem, InputError)
