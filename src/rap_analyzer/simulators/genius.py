"""Genius as it behaves, over the demo corpus: the API that needs a token, the one that does not, and the song pages.

Three roots in one server: `/api` (as api.genius.com), `/web/api` (as genius.com/api) and `/web` (as genius.com).
"""

from __future__ import annotations

import math
import re
import time
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from anyascii import anyascii
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.genius_pages import NOT_FOUND, SongPage, render_artist, render_page
from rap_analyzer.simulators.genius_shapes import GeniusShapes, album_number, artist_path, song_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from rap_analyzer.simulators.corpus import Corpus, DemoArtist, DemoSong

Json = dict[str, Any]

DEMO_TOKEN = "demo-token"  # noqa: S105
SEARCH_PAGE = 10
ROBOTS = "User-agent: *\nDisallow: /embed_guide\nDisallow: /auth/\n"
NO_TOKEN = {
    "meta": {
        "status": 401,
        "message": "This call requires an access_token. Please see: https://genius.com/developers",
    }
}
BAD_TOKEN = {
    "error": "invalid_token",
    "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
}


def genius_app(
    corpus: Corpus | None = None,
    *,
    token: str = DEMO_TOKEN,
    scale: int = 0,
    page_bytes: int = 0,
    names_versions: bool = False,
    faults: Faults | None = None,
) -> FaultInjector:
    """The simulator as an ASGI application.

    Args:
        corpus: what it knows; the demo corpus unless another is given.
        token: the only token that its API accepts.
        scale: how many more songs are made up, for load tests.
        page_bytes: size of song pages; 0 for as small as they come, 500_000 for that of real ones.
        names_versions: whether song pages carry an ETag, and are not sent again to whoever has that version. Those of
            Genius were not seen to.
        faults: what goes wrong, and the latency.
    """
    corpus = corpus or load_corpus()
    service = _Genius(corpus.scaled(scale) if scale else corpus, token, page_bytes, names_versions=names_versions)
    routes = [Route(path, endpoint) for path, endpoint in service.endpoints().items()]
    return FaultInjector(Starlette(routes=routes), faults)


class _Genius:
    """Answers to requests."""

    def __init__(self, corpus: Corpus, token: str, page_bytes: int, *, names_versions: bool) -> None:
        self._corpus = corpus
        self._names_versions = names_versions
        self._token = token
        self._page_bytes = page_bytes
        self._shapes = GeniusShapes(corpus)
        self._by_path = {song_path(self._shapes.names(song), song): song.id for song in corpus.written.values()}
        self._words = {song.id: self._searched(song) for song in corpus.written.values()}

    def endpoints(self) -> dict[str, Callable[[Request], Any]]:
        """What answers where."""
        return {
            "/api/search": self._guarded(self._search),
            "/api/artists/{id:int}": self._guarded(self._artist),
            "/api/artists/{id:int}/songs": self._guarded(self._artist_songs),
            "/api/songs/{id:int}": self._guarded(self._song),
            "/api/referents": self._guarded(lambda _: {"referents": []}),
            "/api/{rest:path}": self._guarded(lambda _: None),
            "/web/api/search/multi": self._open(self._search_multi),
            "/web/api/search/{kind}": self._open(self._search_one),
            "/web/api/albums/{id:int}": self._open(self._album),
            "/web/api/albums/{id:int}/tracks": self._open(self._album_tracks),
            "/web/api/{rest:path}": self._open(lambda _: None),
            "/web/robots.txt": _robots,
            "/web/artists/{slug}": self._artist_page,
            "/web/{path:path}": self._page,
        }

    def _open(self, answer: Callable[[Request], Json | None]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            started = time.perf_counter()
            response = answer(request)
            status = 404 if response is None else 200
            meta: Json = {"status": status} if response is not None else {"status": 404, "message": "404 Not Found"}
            body = {"meta": meta} | ({"response": response} if response is not None else {})
            return JSONResponse(body, status, headers=_headers(status, time.perf_counter() - started))

        return endpoint

    def _guarded(self, answer: Callable[[Request], Json | None]) -> Callable[[Request], Any]:
        opened = self._open(answer)

        async def endpoint(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if given == f"Bearer {self._token}":
                return await opened(request)  # type: ignore[no-any-return]
            return JSONResponse(BAD_TOKEN if given else NO_TOKEN, 401, headers=_headers(401, 0.001))

        return endpoint

    async def _page(self, request: Request) -> Response:
        song = self._song_at(request.path_params["path"])
        if song is None:
            return Response(NOT_FOUND, 404, media_type="text/html", headers=_headers(404, 0.001))
        names = self._shapes.names(song)
        bio = f"“{song.title}” by {names} was written for the demo corpus of Rap Analyzer. Nobody recorded it."
        page = SongPage(song.id, song.title, names, song.lyrics, song.kind, bio, song.encoding)
        body = render_page(page, song.page, self._page_bytes)
        # Where the encoding is odd, only the page says so: the header leaves it out, as some servers do.
        kind = "text/html; charset=utf-8" if song.encoding == "utf-8" else "text/html"
        headers = _headers(200, 0.04) | {"Content-Type": kind, "Cache-Control": "public, s-maxage=300"}
        if self._names_versions:
            headers["ETag"] = version = f'W/"{zlib.crc32(body):08x}"'
            if request.headers.get("if-none-match") == version:
                return Response(status_code=304, headers=headers)
        return Response(body, headers=headers)

    async def _artist_page(self, request: Request) -> Response:
        """The page of an artist, which names their number for apps."""
        path = f"/artists/{request.path_params['slug']}".casefold()
        artist = next((a for a in self._corpus.artists if artist_path(a.name).casefold() == path), None)
        if artist is None:
            return Response(NOT_FOUND, 404, media_type="text/html", headers=_headers(404, 0.001))
        return Response(render_artist(artist.name, artist.id), media_type="text/html", headers=_headers(200, 0.01))

    def _song_at(self, path: str) -> DemoSong | None:
        """The song of a page's path; that of a generated one ends in its id."""
        made_up = re.fullmatch(r".*-(\d{8,})-lyrics", path)
        song_id = int(made_up[1]) if made_up else self._by_path.get("/" + unquote(path))
        return self._corpus.song(song_id) if song_id is not None else None

    def _search(self, request: Request) -> Json:
        songs = self._found(request.query_params.get("q", ""))
        page, size = _paging(request, SEARCH_PAGE, 20)
        return {"hits": [self._shapes.hit(song) for song in songs[(page - 1) * size : page * size]]}

    def _search_multi(self, request: Request) -> Json:
        query = request.query_params.get("q", "")
        page, size = _paging(request, 5, 5)
        here = slice((page - 1) * size, page * size)
        songs = [self._shapes.hit(song) for song in self._found(query)[here]]
        artists = [self._shapes.artist_hit(artist) for artist in self._found_artists(query)[here]]
        empty: list[Json] = [{"type": kind, "hits": []} for kind in ("lyric", "album", "video", "article", "user")]
        top = [{"type": "top_hit", "hits": (artists or songs)[:1]}]
        return {"sections": [*top, {"type": "song", "hits": songs}, {"type": "artist", "hits": artists}, *empty]}

    def _search_one(self, request: Request) -> Json:
        kind = request.path_params["kind"]
        if kind == "album":
            return self._search_album(request.query_params.get("q", ""))
        sections = self._search_multi(request)["sections"]
        hits = [section for section in sections if section["type"] == kind]
        return {"sections": hits, "next_page": None}

    def _search_album(self, query: str) -> Json:
        """Albums whose name and artist hold words of the query, the most words first."""
        wanted = _words(query)
        albums = {
            album["id"]: album
            for song in self._corpus.written.values()
            if song.album and (album := self._shapes.album(song))
        }
        scores = {number: len(wanted & _words(album["full_title"])) for number, album in albums.items()}
        best = sorted(
            (number for number, score in scores.items() if score), key=lambda number: (-scores[number], number)
        )
        hits = [{"highlights": [], "index": "album", "type": "album", "result": albums[number]} for number in best]
        return {"sections": [{"type": "album", "hits": hits[:SEARCH_PAGE]}], "next_page": None}

    def _found(self, query: str) -> list[DemoSong]:
        """Songs whose title and artist hold words of the query: the most words first, then the most viewed."""
        wanted = _words(query)
        scores = {song_id: len(wanted & words) for song_id, words in self._words.items()}
        songs = [self._corpus.written[song_id] for song_id, score in scores.items() if score]
        return sorted(songs, key=lambda song: (-scores[song.id], -(song.page_views or 0), song.id))

    def _searched(self, song: DemoSong) -> set[str]:
        artist = self._corpus.by_slug[song.artist]
        return _words(" ".join([song.title, artist.name, *artist.alternate_names]))

    def _found_artists(self, query: str) -> list[DemoArtist]:
        wanted = _words(query)
        scores = {a.slug: len(wanted & _words(" ".join([a.name, *a.alternate_names]))) for a in self._corpus.artists}
        found = [artist for artist in self._corpus.artists if scores[artist.slug]]
        return sorted(found, key=lambda artist: (-scores[artist.slug], artist.id))

    def _artist(self, request: Request) -> Json | None:
        artist = self._corpus.artist(request.path_params["id"])
        return {"artist": self._shapes.artist_details(artist, _text_format(request))} if artist else None

    def _artist_songs(self, request: Request) -> Json | None:
        artist = self._corpus.artist(request.path_params["id"])
        if artist is None:
            return None
        page, size = _paging(request, 20, 50)
        ids = self._sorted(self._corpus.song_ids_of(artist.slug), request.query_params.get("sort", "title"))
        songs = (self._corpus.song(song_id) for song_id in ids[(page - 1) * size : page * size])
        more = page + 1 if page < math.ceil(len(ids) / size) else None
        return {"songs": [self._shapes.song_stub(song) for song in songs if song], "next_page": more}

    def _sorted(self, ids: Sequence[int], sort: str) -> Sequence[int]:
        if sort == "popularity":
            return ids
        songs = [song for song in map(self._corpus.song, ids) if song]
        by_title = sorted(songs, key=lambda song: (song.title.casefold(), song.id))
        if sort == "release_date":
            by_title.sort(key=lambda song: song.release_date.isoformat() if song.release_date else "", reverse=True)
        return [song.id for song in by_title]

    def _song(self, request: Request) -> Json | None:
        song = self._corpus.song(request.path_params["id"])
        return {"song": self._shapes.song_details(song, _text_format(request))} if song else None

    def _album(self, request: Request) -> Json | None:
        songs = self._album_songs(request.path_params["id"])
        return {"album": self._shapes.album(songs[0])} if songs else None

    def _album_tracks(self, request: Request) -> Json | None:
        songs = self._album_songs(request.path_params["id"])
        tracks = [{"number": n, "song": self._shapes.song_stub(song)} for n, song in enumerate(songs, 1)]
        return {"tracks": tracks, "next_page": None} if songs else None

    def _album_songs(self, album_id: int) -> list[DemoSong]:
        songs = (song for song in self._corpus.written.values() if song.album)
        return sorted((s for s in songs if album_number(s) == album_id), key=lambda song: song.id)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", anyascii(text).lower()))


def _paging(request: Request, default: int, most: int) -> tuple[int, int]:
    """Page number and size that a request asks for, kept to what Genius allows."""
    page, size = request.query_params.get("page", ""), request.query_params.get("per_page", "")
    number = int(page) if page.isascii() and page.isdigit() else 1
    return max(1, number), min(most, int(size)) if size.isascii() and size.isdigit() and int(size) else default


def _text_format(request: Request) -> str:
    return request.query_params.get("text_format", "dom")


def _headers(status: int, seconds: float) -> dict[str, str]:
    phrase = HTTPStatus(status).phrase
    ray = f"{zlib.crc32(str(time.monotonic_ns()).encode()):08x}demo-ZZZ"
    return {"Server": "cloudflare", "Cf-Ray": ray, "Status": f"{status} {phrase}", "X-Runtime": f"{seconds:.6f}"}


async def _robots(_: Request) -> Response:
    return PlainTextResponse(ROBOTS)
