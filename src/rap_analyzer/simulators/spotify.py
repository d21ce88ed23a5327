"""Spotify as it behaves in late 2026, over the demo corpus, for apps in development and in extended mode.

Two roots in one server: `/api/token` (as accounts.spotify.com) and `/v1` (as api.spotify.com). Searches find near
misses too: karaoke versions, live recordings, and other artists' songs of the same title.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
import zlib
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from anyascii import anyascii
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rap_analyzer.simulators.corpus import GENERATED_FROM, load_corpus
from rap_analyzer.simulators.faults import FaultInjector, Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from rap_analyzer.simulators.corpus import Corpus, DemoArtist, DemoRecording, DemoSong

Json = dict[str, Any]
Mode = Literal["development", "extended"]

DEMO_CLIENT_ID, DEMO_CLIENT_SECRET = "demo-client", "demo-secret"
ID = re.compile(r"[A-Za-z0-9]{22}")
PREMIUM = "Active premium subscription required for the owner of the app."
MOST_TRACKS, MOST_FEATURES = 50, 100
FIELD = re.compile(r'\b(track|artist|album|isrc):(?:"([^"]*)"|(\S+))')
KARAOKE_ARTIST, NAMESAKE_ARTIST = "Sing Along Syndicate", "The Other Ones Band"


def spotify_app(
    corpus: Corpus | None = None,
    *,
    mode: Mode = "development",
    client_id: str = DEMO_CLIENT_ID,
    client_secret: str = DEMO_CLIENT_SECRET,
    token_seconds: float = 3600.0,
    has_premium: bool = True,
    faults: Faults | None = None,
) -> FaultInjector:
    """The simulator as an ASGI application.

    Args:
        corpus: what it knows, the demo corpus unless another is given; made-up songs can be read, but are not found.
        mode: what the app may: `development` loses batches, audio features and some fields.
        client_id: the only one that gets a token, with `client_secret`.
        client_secret: its secret.
        token_seconds: how long a token lives.
        has_premium: False answers as when the app's owner holds no Premium.
        faults: what goes wrong, and the latency.
    """
    service = _Spotify(corpus or load_corpus(), mode, has_premium=has_premium)
    tokens = _Tokens(f"{client_id}:{client_secret}", token_seconds)
    routes = [Route(path, tokens.guarded(endpoint)) for path, endpoint in service.endpoints().items()]
    return FaultInjector(Starlette(routes=[Route("/api/token", tokens.issue, methods=["POST"]), *routes]), faults)


class _Tokens:
    """Gives out tokens and asks for them."""

    def __init__(self, client: str, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._expiry: dict[str, float] = {}
        self._numbers = count(1)

    async def issue(self, request: Request) -> Response:
        """POST /api/token."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            client = base64.b64decode(given, validate=True).decode() if kind == "Basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            client = ""
        if client != self._client:
            return JSONResponse({"error": "invalid_client", "error_description": "Invalid client"}, 400)
        if (await request.body()).decode("latin-1") != "grant_type=client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = f"demo-access-{next(self._numbers)}"
        self._expiry[token] = time.monotonic() + self._seconds
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": int(self._seconds)})

    def guarded(self, answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
        """The endpoint, for those who bring a token that has not expired."""

        async def endpoint(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not given.startswith("Bearer "):
                return _error(401, "No token provided")
            expiry = self._expiry.get(given.removeprefix("Bearer "))
            if expiry is None:
                return _error(401, "Invalid access token")
            return _error(401, "The access token expired") if expiry < time.monotonic() else answer(request)

        return endpoint


class _Spotify:
    """Answers to requests that have a token."""

    def __init__(self, corpus: Corpus, mode: Mode, *, has_premium: bool) -> None:
        self._corpus = corpus
        self._is_extended = mode == "extended"
        self._has_premium = has_premium
        self._songs = {song.recording.id: song for song in corpus.written.values() if song.recording}
        self._tracks = {t["id"]: t for song in self._songs.values() for t in self._with_near_misses(song)}

    def endpoints(self) -> dict[str, Callable[[Request], Response]]:
        """What answers where."""
        return {
            "/v1/search": self._paid(self._search),
            "/v1/tracks": self._paid(self._several_tracks),
            "/v1/tracks/": self._paid(self._several_tracks),
            "/v1/tracks/{id}": self._paid(self._track),
            "/v1/artists/{id}": self._paid(self._artist),
            "/v1/audio-features": self._paid(self._several_features),
            "/v1/audio-features/": self._paid(self._several_features),
            "/v1/audio-features/{id}": self._paid(self._one_features),
            "/v1/{rest:path}": self._paid(lambda _: _error(404, "Service not found")),
        }

    def _paid(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        return answer if self._has_premium else lambda _: _error(403, PREMIUM)

    def _track(self, request: Request) -> Response:
        track_id = request.path_params["id"]
        if not ID.fullmatch(track_id):
            return _error(400, "Invalid base62 id")
        track = self._by_id(track_id)
        return JSONResponse(self._shown(track)) if track else _error(404, "Resource not found")

    def _several_tracks(self, request: Request) -> Response:
        ids = _ids(request)
        if not self._is_extended:
            return _error(403, "Forbidden")
        if not 1 <= len(ids) <= MOST_TRACKS:
            return _error(400, "Too many ids requested" if ids else "Bad request: missing ids")
        found = [self._by_id(track_id) for track_id in ids]
        return JSONResponse({"tracks": [self._shown(track) if track else None for track in found]})

    def _several_features(self, request: Request) -> Response:
        ids = _ids(request)
        if not self._is_extended:
            return _error(403, "Forbidden")
        if not 1 <= len(ids) <= MOST_FEATURES:
            return _error(400, "Too many ids requested" if ids else "Bad request: missing ids")
        return JSONResponse({"audio_features": [self._features_of(track_id) for track_id in ids]})

    def _one_features(self, request: Request) -> Response:
        if not self._is_extended:
            return _error(403, "Forbidden")
        features = self._features_of(request.path_params["id"])
        return JSONResponse(features) if features else _error(404, "analysis not found")

    def _artist(self, request: Request) -> Response:
        artists = {artist.spotify_id: artist for artist in self._corpus.artists}
        artist = artists.get(request.path_params["id"])
        if artist is None:
            return _error(404, "Resource not found")
        open_fields = {"id": artist.spotify_id, "name": artist.name, "type": "artist", "genres": list(artist.genres)}
        extended = {
            "followers": {"href": None, "total": artist.followers},
            "popularity": min(100, artist.followers // 1000),
        }
        return JSONResponse(open_fields | (extended if self._is_extended else {}))

    def _search(self, request: Request) -> Response:
        most, default = (50, 20) if self._is_extended else (10, 5)
        query, asked = request.query_params.get("q", ""), request.query_params.get("limit", str(default))
        if not query.strip():
            return _error(400, "No search query")
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= most):
            return _error(400, "Invalid limit")
        found = self._found(query)
        offset = request.query_params.get("offset", "0")
        start = int(offset) if offset.isascii() and offset.isdigit() else 0
        items = [self._shown(track) for track in found[start : start + int(asked)]]
        page = {
            "items": items,
            "limit": int(asked),
            "offset": start,
            "total": len(found),
            "next": None,
            "previous": None,
        }
        return JSONResponse({"tracks": {"href": str(request.url), **page}})

    def _found(self, query: str) -> list[Json]:
        """Tracks by how well they fit, the near misses of songs with an even number before the song itself."""
        fields = {name: quoted or bare for name, quoted, bare in FIELD.findall(query)}
        if "isrc" in fields:
            return [t for t in self._tracks.values() if t["external_ids"].get("isrc") == fields["isrc"].upper()]
        free = _words(FIELD.sub(" ", query))
        title, others = _words(fields.get("track", "")), free | _words(fields.get("artist", ""))
        scored = [(_fit(track, title, others), track) for track in self._tracks.values()]
        return [track for score, track in sorted((s for s in scored if s[0]), key=lambda s: -s[0])]

    def _by_id(self, track_id: str) -> Json | None:
        if track_id in self._tracks:
            return self._tracks[track_id]
        song = self._song_of(track_id)
        return self._recorded(song) if song else None

    def _song_of(self, track_id: str) -> DemoSong | None:
        made_up = re.fullmatch(r"0demoMade(\d{13})", track_id)
        return self._corpus.song(GENERATED_FROM + int(made_up[1])) if made_up else self._songs.get(track_id)

    def _features_of(self, track_id: str) -> Json | None:
        song = self._song_of(track_id)
        if song is None or song.recording is None:
            return None
        kind = {"id": track_id, "type": "audio_features", "uri": f"spotify:track:{track_id}"}
        return {**song.recording.features, "duration_ms": song.recording.duration_ms, **kind}

    def _shown(self, track: Json) -> Json:
        """The track without what the mode withholds."""
        if self._is_extended:
            return track
        return {name: value for name, value in track.items() if name not in ("popularity", "available_markets")}

    def _with_near_misses(self, song: DemoSong) -> list[Json]:
        real = self._recorded(song)
        performer = real["artists"][0]["name"]
        sung_along = f"{song.title} (Karaoke Version) [Originally Performed by {performer}]"
        karaoke = _near_miss(real, "Kara", sung_along, KARAOKE_ARTIST)
        live = _near_miss(real, "Live", f"{song.title} - Live at the Demo Hall", performer)
        namesake = _near_miss(real, "Same", song.title, NAMESAKE_ARTIST)
        misses = [karaoke, live, namesake]
        return [*misses, real] if song.id % 2 == 0 else [real, *misses]

    def _recorded(self, song: DemoSong) -> Json:
        artists = [self._corpus.by_slug[slug] for slug in (song.artist, *song.featured)]
        return _track(song, song.recording, artists) if song.recording else {}


def _track(song: DemoSong, recording: DemoRecording, artists: Sequence[DemoArtist]) -> Json:
    """A track with every field of extended mode."""
    credited = [_artist_stub(artist.spotify_id, artist.name) for artist in artists]
    day = song.release_date.isoformat() if song.release_date else "0000"
    album_id = f"0demoAlbum{_number(song.album or song.title):012d}"
    return {
        "album": {
            "album_type": "album" if song.album else "single",
            "artists": credited[:1],
            "id": album_id,
            "images": [{"url": f"https://i.scdn.co/image/{album_id}", "height": 640, "width": 640}],
            "name": song.album or song.title,
            "release_date": day,
            "release_date_precision": "day" if song.release_date else "year",
            "type": "album",
        },
        "artists": credited,
        "available_markets": ["DE", "US"],
        "disc_number": 1,
        "duration_ms": recording.duration_ms,
        "explicit": song.explicit,
        "external_ids": {"isrc": recording.isrc},
        "external_urls": {"spotify": f"https://open.spotify.com/track/{recording.id}"},
        "id": recording.id,
        "is_local": False,
        "name": song.title,
        "popularity": recording.popularity,
        "preview_url": None,
        "track_number": 1 + song.id % 12,
        "type": "track",
        "uri": f"spotify:track:{recording.id}",
    }


def _near_miss(real: Json, kind: str, title: str, artist: str) -> Json:
    """Another recording that a careless reader would take for the real one; its length differs by a minute."""
    track_id = f"0trap{kind}{real['id'][-13:]}"
    is_same = artist == real["artists"][0]["name"]
    return real | {
        "artists": real["artists"] if is_same else [_artist_stub(f"0demoOther{_number(artist):012d}", artist)],
        "duration_ms": real["duration_ms"] + 60_000,
        "external_ids": {"isrc": f"ZZTRP{_number(track_id):07d}"},
        "external_urls": {"spotify": f"https://open.spotify.com/track/{track_id}"},
        "id": track_id,
        "name": title,
        "uri": f"spotify:track:{track_id}",
    }


def _artist_stub(artist_id: str, name: str) -> Json:
    return {"id": artist_id, "name": name, "type": "artist", "uri": f"spotify:artist:{artist_id}"}


def _fit(track: Json, title: set[str], others: set[str]) -> int:
    """How many words agree; 0 when the title asked for is not in it. Whose it is decides nothing, as on Spotify."""
    own = _words(track["name"])
    if title:
        return len(title) if title <= own else 0
    return len(others & (own | _words(" ".join(artist["name"] for artist in track["artists"]))))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", anyascii(text).lower()))


def _number(text: str) -> int:
    return zlib.crc32(text.encode()) % 9_999_991


def _ids(request: Request) -> list[str]:
    return [part for part in request.query_params.get("ids", "").split(",") if part]


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"status": status, "message": message}}, status)
