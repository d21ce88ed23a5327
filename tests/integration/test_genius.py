"""The Genius adapter against the simulated Genius, over real HTTP."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from memory_state import FREE, MemoryState
from rap_analyzer.adapters.genius import GeniusSource, connect_genius
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.domain.errors import (
    Blocked,
    ConfigError,
    InputError,
    NotFound,
    PageChanged,
    RateLimited,
    SourceError,
)
from rap_analyzer.domain.frontier import Wish, WishKind
from rap_analyzer.domain.track import ArtistRef, Outcome, Role, Song, SongStub
from rap_analyzer.domain.transcription import clean_transcription
from rap_analyzer.simulators.corpus import Corpus, DemoArtist, DemoSong
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

RATE = "6000000/minute"
OUTCOMES = {"song": Outcome.STORED}
ADA = Song("10101", "Tea", "https://genius.com/Marlow-quick-corner-store-almanac-lyrics", ())


@asynccontextmanager
async def source_at(server: SimulatorServer, token: str = DEMO_TOKEN) -> AsyncIterator[GeniusSource]:
    """The adapter with short waits."""
    door = HttpDoor("genius", FREE, MemoryState(), base_delay=0.01, timeouts=Timeouts(0.5, 0.5))
    async with door:
        yield GeniusSource(door, token, server.url + "/api", server.url + "/web")


@pytest.fixture
async def source(genius_server: SimulatorServer) -> AsyncIterator[GeniusSource]:
    """The adapter as the program makes it, at a Genius in which nothing goes wrong."""
    async with connect_genius(
        DEMO_TOKEN,
        api_url=genius_server.url + "/api",
        web_url=genius_server.url + "/web/",
        rate=RATE,
        state=MemoryState(),
    ) as source:
        yield source


@pytest.fixture(scope="module")
def faulty(corpus: Corpus) -> Iterator[tuple[FaultInjector, SimulatorServer]]:
    """A Genius whose faults a test chooses, and its server."""
    app = genius_app(corpus)
    with SimulatorServer(app) as server:
        yield app, server


async def listed(source: GeniusSource, artist: ArtistRef) -> list[SongStub]:
    """The artist's whole list; each page begins where the one before it ended."""
    stubs: list[SongStub] = []
    page: int | None = 1
    while page:
        part = await source.list_songs(artist, page)
        assert part.first == len(stubs)
        stubs += part.songs
        page = part.next_page
    return stubs


async def test_every_song_of_the_corpus_comes_whole(source: GeniusSource, corpus: Corpus) -> None:
    """Each artist is found by name; each song's words, outcome and metadata are those of its file."""
    seen = set()
    for artist in corpus.artists:
        ref = await source.find_artist(artist.name)
        assert ref == ArtistRef(artist.name, str(artist.id))
        for stub in await listed(source, ref):
            demo = corpus.written[int(stub.source_id)]
            song = await source.fetch_song(stub.source_id)
            page = await source.fetch_lyrics(song)
            outcome = OUTCOMES.get(demo.kind) or Outcome(demo.kind)
            assert page.outcome is outcome, demo.title
            assert page.lyrics == (clean_transcription(demo.lyrics) if outcome is Outcome.STORED else "")
            assert len(page.raw_digest) == 64
            assert (song.title, song.album, song.released_on) == (demo.title, demo.album, demo.release_date)
            assert (song.language, song.page_views) == (demo.language, demo.page_views)
            linked = demo.recording if demo.id % 5 else None
            assert song.spotify_uri == (f"spotify:track:{linked.id}" if linked else None)
            seen.add(demo.id)
    assert seen == set(corpus.written)


async def test_credits_and_relationships_are_kept(source: GeniusSource, corpus: Corpus) -> None:
    """Primary and featured artists, producers, writers, and links to other versions."""
    demo = next(s for s in corpus.written.values() if s.featured and s.relationships)
    song = await source.fetch_song(str(demo.id))
    credited = {role: [c.artist.name for c in song.credits if c.role is role] for role in Role}
    assert credited[Role.PRIMARY] == [corpus.by_slug[demo.artist].name]
    assert credited[Role.FEATURED] == [corpus.by_slug[slug].name for slug in demo.featured]
    assert credited[Role.PRODUCER] == list(demo.producers)
    assert credited[Role.WRITER] == list(demo.writers)
    assert {(r.kind, int(r.source_id)) for r in song.relationships} >= set(demo.relationships)


async def test_the_list_is_sorted_by_views_and_has_features(source: GeniusSource, corpus: Corpus) -> None:
    """The most viewed song comes first; songs with the artist as a guest are in the list."""
    guest = next(song for song in corpus.written.values() if song.featured)
    artist = corpus.by_slug[guest.featured[0]]
    stubs = await listed(source, ArtistRef(artist.name, str(artist.id)))
    assert [int(stub.source_id) for stub in stubs] == corpus.song_ids_of(artist.slug)
    assert str(guest.id) in {stub.source_id for stub in stubs}


async def test_long_lists_are_paged(corpus: Corpus) -> None:
    """Every song of three pages comes once, made-up ones with words of their own."""
    artist = corpus.artists[0]
    with SimulatorServer(genius_app(corpus, scale=130 * len(corpus.artists), page_bytes=500_000)) as server:
        async with source_at(server) as source:
            stubs = await listed(source, ArtistRef(artist.name, str(artist.id)))
            song = await source.fetch_song(stubs[-1].source_id)
            page = await source.fetch_lyrics(song)
    counts = Counter(stub.source_id for stub in stubs)
    assert len(counts) == 130 + len(corpus.song_ids_of(artist.slug))
    assert max(counts.values()) == 1
    assert page.outcome is Outcome.STORED
    assert len(page.lyrics.splitlines()) > 50


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("MARLOW   quick", "Marlow Quick"),
        ("Kilo Saint Clair", "Kilo Saint-Clair"),
        ("полина зима", "Полина Зима"),
        ("Polina Zima", "Полина Зима"),
        ("Vent", "Oumar Vent"),
        ("The District", "Lantern District"),
    ],
)
async def test_spelling_and_other_names_do_not_matter(source: GeniusSource, asked: str, found: str) -> None:
    """Case, accents, signs and scripts are passed over; alternate names lead to the artist."""
    assert (await source.find_artist(asked)).name == found


async def test_an_unknown_artist_has_neighbours(source: GeniusSource) -> None:
    """The error names those who may have been meant."""
    with pytest.raises(NotFound, match=r"knows no artist 'Marlow Quack': did you mean Marlow Quick"):
        await source.find_artist("Marlow Quack")


async def test_an_unknown_artist_without_neighbours(source: GeniusSource) -> None:
    """A name that finds nothing is said to find nothing."""
    with pytest.raises(NotFound, match="finds nothing for 'Zzyzx'"):
        await source.find_artist("Zzyzx")


@pytest.mark.parametrize("name", ["", "  ", "\t\n"])
async def test_a_blank_name_is_the_users_error(source: GeniusSource, name: str) -> None:
    """Nothing is asked of Genius."""
    with pytest.raises(InputError, match="name is needed"):
        await source.find_artist(name)


async def test_an_artist_on_the_second_page_is_found() -> None:
    """Ten more popular songs whose titles hold the name push the artist to page 2."""
    loud, quiet = DemoArtist(1, "loud", "Loud", "0" * 22), DemoArtist(2, "quiet", "Quiet Storm", "1" * 22)
    songs = [DemoSong(n, f"Quiet Storm {n}", "loud", "[Verse]\nA", page_views=1_000) for n in range(10, 25)]
    songs.append(DemoSong(30, "Own", "quiet", "[Verse]\nB"))
    with SimulatorServer(genius_app(Corpus([loud, quiet], {song.id: song for song in songs}))) as server:
        async with source_at(server) as source:
            assert await source.find_artist("Quiet Storm") == ArtistRef("Quiet Storm", "2")


@pytest.fixture
async def crowded() -> AsyncIterator[GeniusSource]:
    """A Genius in which sixty more popular songs hold the word Eve, and artists have brackets in their names."""
    loud = DemoArtist(1, "loud", "Loud", "0" * 22)
    others = [
        DemoArtist(2, "eve", "Eve", "1" * 22),
        DemoArtist(3, "nova-uk", "Nova (UK)", "2" * 22),
        DemoArtist(4, "nova-us", "Nova (US)", "3" * 22),
        DemoArtist(5, "zorya", "Зоря (Zorya)", "4" * 22),
        DemoArtist(6, "plain", "Wren", "5" * 22),
    ]
    songs = [DemoSong(n, f"Eve of {n}", "loud", "[Verse]\nA", page_views=1_000) for n in range(100, 160)]
    songs += [DemoSong(10 + a.id, f"Own {a.id}", a.slug, "[Verse]\nB") for a in others]
    with SimulatorServer(genius_app(Corpus([loud, *others], {song.id: song for song in songs}))) as server:
        async with source_at(server) as source:
            yield source


async def test_an_artist_behind_many_songs_is_found_by_their_own_page(crowded: GeniusSource) -> None:
    """A short name stands in the titles of more popular songs; the page of that name tells whose it is."""
    assert await crowded.find_artist("eve") == ArtistRef("Eve", "2")


async def test_an_artist_is_found_by_number_and_by_address(crowded: GeniusSource) -> None:
    """`--artist-id`, and the address of the artist's page; a number that nobody has is not found."""
    assert await crowded.find_list(Wish(WishKind.ARTIST_ID, "2")) == ArtistRef("Eve", "2")
    assert await crowded.find_list(Wish(WishKind.URL, "https://genius.com/artists/Eve")) == ArtistRef("Eve", "2")
    with pytest.raises(NotFound, match="no artist with the number 77"):
        await crowded.find_list(Wish(WishKind.ARTIST_ID, "77"))


@pytest.mark.parametrize(
    ("asked", "number"),
    [("Nova (UK)", "3"), ("nova (us)", "4"), ("Zorya", "5"), ("Зоря", "5"), ("Зоря (Zorya)", "5"), ("Wren (UK)", "6")],
)
async def test_of_a_name_with_brackets_either_part_will_do(crowded: GeniusSource, asked: str, number: str) -> None:
    """Catalogues write a country or another spelling beside a name; people write one of the two."""
    assert (await crowded.find_artist(asked)).source_id == number


async def test_a_name_of_several_artists_is_asked_back(crowded: GeniusSource) -> None:
    """With their whole names and numbers."""
    with pytest.raises(InputError, match=r"'Nova' may be Nova \(UK\) \(3\) or Nova \(US\) \(4\).*--artist-id"):
        await crowded.find_artist("Nova")


@pytest.mark.parametrize("source_id", ["999999", "abc", "../artists/1", "", "-1", "9" * 40])
async def test_a_song_that_is_not_there(source: GeniusSource, source_id: str) -> None:
    """Unknown and impossible ids are `NotFound`."""
    with pytest.raises(NotFound):
        await source.fetch_song(source_id)


async def test_a_page_that_is_gone(source: GeniusSource) -> None:
    """A 404 page is `NotFound`, not an empty song."""
    with pytest.raises(NotFound):
        await source.fetch_lyrics(Song("1", "Gone", "https://genius.com/Gone-lyrics", ()))


@pytest.mark.parametrize("token", ["", "  ", "tök€n", "two words", "line\nbreak"])
def test_a_token_that_cannot_be_one_is_refused_unsent(token: str) -> None:
    """The error names the setting and where to get a token, and does not repeat the value."""
    door = HttpDoor("genius", FREE, MemoryState())
    with pytest.raises(ConfigError, match=r"GENIUS_ACCESS_TOKEN.*genius\.com/api-clients") as raised:
        GeniusSource(door, token)
    assert not token.strip() or token not in str(raised.value)


async def test_a_wrong_token_is_a_wrong_setting(genius_server: SimulatorServer) -> None:
    """A 401 tells which setting is wrong and where to get a right one; the token itself is not told."""
    async with source_at(genius_server, "wrong-token") as source:
        with pytest.raises(ConfigError, match=r"GENIUS_ACCESS_TOKEN.*genius\.com/api-clients") as raised:
            await source.find_artist("Marlow Quick")
    assert "wrong-token" not in str(raised.value)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("server_error", SourceError),
        ("cut", SourceError),
        ("hang", SourceError),
        ("malformed_json", SourceError),
        ("rate_limited_silently", RateLimited),
        ("challenge", Blocked),
    ],
)
async def test_a_lasting_fault_has_its_error(
    faulty: tuple[FaultInjector, SimulatorServer], fault: str, error: type[SourceError]
) -> None:
    """Each fault that does not pass ends in the error of its kind."""
    app, server = faulty
    certain: dict[str, Any] = {fault: 1.0}
    app.change(Faults(**certain))
    async with source_at(server) as source:
        with pytest.raises(error) as raised:
            await source.fetch_song("10101")
    assert type(raised.value) is error


async def test_a_lasting_cut_of_pages_is_no_lyrics(faulty: tuple[FaultInjector, SimulatorServer]) -> None:
    """A page that stays truncated is an error, never a shorter song."""
    app, server = faulty
    async with source_at(server) as source:
        app.change(Faults())
        song = await source.fetch_song("10101")
        app.change(Faults(truncated_page=1.0))
        with pytest.raises(PageChanged, match="</html>"):
            await source.fetch_lyrics(song)
    assert app.stats()["requests"]["/web/{path:path}"] == 4


@pytest.mark.parametrize("seed", [1, 2])
async def test_passing_faults_cost_no_song_and_no_word(
    faulty: tuple[FaultInjector, SimulatorServer], corpus: Corpus, seed: int
) -> None:
    """With a fifth of all requests going wrong a song comes whole or not at all, and few need a second visit."""
    app, server = faulty
    names = ("server_error", "cut", "truncated_page", "malformed_json", "rate_limited_silently")
    shares: dict[str, Any] = dict.fromkeys(names, 0.05)
    app.change(Faults(**shares, seed=seed))
    async with source_at(server) as source:

        async def visit(demo: DemoSong) -> bool:
            try:
                page = await source.fetch_lyrics(await source.fetch_song(str(demo.id)))
            except SourceError:
                return False
            assert page.lyrics == (clean_transcription(demo.lyrics) if demo.kind == "song" else ""), demo.title
            return True

        missed = [demo for demo in corpus.written.values() if not await visit(demo)]
        assert len(missed) <= 4
        assert [demo for demo in missed if not await visit(demo)] == []
    assert app.stats()["statuses"]["503"] > 0


async def test_a_service_with_a_rate_is_obeyed(faulty: tuple[FaultInjector, SimulatorServer]) -> None:
    """When its minute is used up, it asks for a wait; a door that waits a second at most says so and stops."""
    app, server = faulty
    app.change(Faults(rate_per_minute=5))
    door = HttpDoor("genius", FREE, MemoryState(), base_delay=0.01, longest_wait=1.0)
    async with door:
        source = GeniusSource(door, DEMO_TOKEN, server.url + "/api", server.url + "/web")
        for _ in range(5):
            await source.fetch_song("10101")
        with pytest.raises(RateLimited) as raised:
            await source.fetch_song("10101")
    assert 1 < (raised.value.retry_after or 0) <= 61
    assert app.stats()["statuses"] == {"200": 5, "429": 1}


class Recorder:
    """A Genius that answers as told and remembers what was asked."""

    def __init__(self, robots: str = "", song: object = None, words: str = "A", charset: str = "utf-8") -> None:
        self.seen: list[Request] = []
        self._robots, self._song, self._words, self._charset = robots, song, words, charset
        self.app = Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        self.seen.append(request)
        if request.url.path == "/web/robots.txt":
            return PlainTextResponse(self._robots)
        if request.url.path.startswith("/api/"):
            return JSONResponse({"meta": {"status": 200}, "response": self._song})
        html = f'<html><div data-lyrics-container="true">{self._words}</div></html>'
        return Response(html.encode(self._charset), headers={"Content-Type": f"text/html; charset={self._charset}"})


async def test_the_token_goes_to_the_api_alone() -> None:
    """Song pages and robots.txt are asked for without it."""
    recorder = Recorder(song={"song": {"id": 1, "title": "Tea", "path": "/Tea-lyrics"}})
    with SimulatorServer(recorder.app) as server:
        async with source_at(server) as source:
            await source.fetch_lyrics(await source.fetch_song("1"))
    sent = {request.url.path: request.headers.get("authorization") for request in recorder.seen}
    assert sent == {"/api/songs/1": f"Bearer {DEMO_TOKEN}", "/web/robots.txt": None, "/web/Tea-lyrics": None}


async def test_robots_are_respected() -> None:
    """A page that robots.txt does not allow is not asked for."""
    recorder = Recorder(robots="User-agent: *\nDisallow: /Marlow")
    with SimulatorServer(recorder.app) as server:
        async with source_at(server) as source:
            with pytest.raises(Blocked, match="robots"):
                await source.fetch_lyrics(ADA)
            await source.fetch_lyrics(Song("1", "Other", "https://genius.com/Other-lyrics", ()))
    assert [request.url.path for request in recorder.seen] == ["/web/robots.txt", "/web/Other-lyrics"]


async def test_a_charset_that_only_the_header_tells_is_heeded() -> None:
    """A Cyrillic page without `<meta>` is read in the charset of its header."""
    recorder = Recorder(words="Тук-тук, это поезд", charset="windows-1251")
    with SimulatorServer(recorder.app) as server:
        async with source_at(server) as source:
            assert (await source.fetch_lyrics(ADA)).lyrics == "Тук-тук, это поезд"


async def test_a_song_of_few_fields_is_a_song() -> None:
    """Whatever may be missing may be missing, null, or of the other recorded form."""
    media = [{"provider": "spotify", "url": "https://open.spotify.com/track/" + "a" * 22}, None]
    bare = {"id": 1, "title": "Tea", "path": "/Tea-lyrics", "primary_artist": {"id": 7, "name": "Ada"}, "album": None}
    odd = {"release_date": None, "release_date_components": {"year": 1991, "month": None}, "stats": {}, "media": media}
    recorder = Recorder(song={"song": bare | odd | {"song_relationships": [{"type": "samples", "songs": None}]}})
    with SimulatorServer(recorder.app) as server:
        async with source_at(server) as source:
            song = await source.fetch_song("1")
    assert (song.artist, song.url, song.year) == ("Ada", "https://genius.com/Tea-lyrics", 1991)
    assert (song.released_on, song.album, song.page_views, song.language) == (None, None, None, None)
    assert song.spotify_uri == "spotify:track:" + "a" * 22


@pytest.mark.parametrize("song", [None, {}, {"song": None}, {"song": {"id": 1}}, {"song": {"title": "Tea"}}, [], "x"])
async def test_an_answer_in_another_shape_says_so(song: object) -> None:
    """What is no song object is a change of the service, not a crash."""
    recorder = Recorder(song=song)
    with SimulatorServer(recorder.app) as server:
        async with source_at(server) as source:
            with pytest.raises(PageChanged):
                await source.fetch_song("1")
