"""ReccoBeats as it behaves in late 2026, over the demo corpus: audio features by Spotify's ids, without a key.

One root, `/v1`. It does not have every track (of the songs with files, one in nine is missing), and leaves out what it
does not have without a word.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rap_analyzer.simulators.corpus import GENERATED_FROM, load_corpus
from rap_analyzer.simulators.faults import FaultInjector, Faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from rap_analyzer.simulators.corpus import Corpus, DemoSong

MOST_IDS = 40
MISSING = 9
"""Of so many songs one is missing."""
OWN_IDS = uuid.UUID("5a1c0b7e-6d0e-4d5f-9a55-0d3f6b1c2e77")
SPOTIFY_ID = re.compile(r"[A-Za-z0-9]{22}")
NAMES = (
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "key",
    "liveness",
    "loudness",
    "mode",
    "speechiness",
    "tempo",
    "valence",
)


def reccobeats_app(corpus: Corpus | None = None, *, faults: Faults | None = None) -> FaultInjector:
    """The simulator as an ASGI application.

    Args:
        corpus: what it knows, the demo corpus unless another is given.
        faults: what goes wrong, and the latency.
    """
    service = _ReccoBeats(corpus or load_corpus())
    routes = [
        Route("/v1/audio-features", service.several),
        Route("/v1/track/{id}/audio-features", service.one),
        Route("/v1/{rest:path}", lambda request: _error(request, 404, "Not found")),
    ]
    return FaultInjector(Starlette(routes=routes), faults)


class _ReccoBeats:
    """Answers to requests."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._songs = {song.recording.id: song for song in corpus.written.values() if song.recording}
        self._by_own_id = {own_id(track_id): song for track_id, song in self._songs.items()}

    def several(self, request: Request) -> Response:
        """GET /v1/audio-features?ids=A,B or ?ids=A&ids=B, each Spotify's id or its own."""
        ids = [part for value in request.query_params.getlist("ids") for part in value.split(",") if part]
        if not 1 <= len(ids) <= MOST_IDS:
            return _error(request, 400, f"ids: size must be between 1 and {MOST_IDS}")
        songs = dict.fromkeys(song.id for track_id in ids if (song := self._song_of(track_id)))
        return JSONResponse({"content": [_features(song) for n in songs if (song := self._corpus.song(n))]})

    def one(self, request: Request) -> Response:
        """GET /v1/track/{id}/audio-features, by its own id only."""
        song = self._by_own_id.get(request.path_params["id"])
        if song is None or is_missing(song):
            return _error(request, 404, "Track not found")
        return JSONResponse(_features(song))

    def _song_of(self, track_id: str) -> DemoSong | None:
        made_up = re.fullmatch(r"0demoMade(\d{13})", track_id)
        song = self._corpus.song(GENERATED_FROM + int(made_up[1])) if made_up else self._songs.get(track_id)
        song = song or self._by_own_id.get(track_id)
        return None if song is None or is_missing(song) else song


def own_id(track_id: str) -> str:
    """The service's own id for a track of Spotify's."""
    return str(uuid.uuid5(OWN_IDS, track_id))


def is_missing(song: DemoSong) -> bool:
    """Whether the service does not have the song."""
    return song.recording is None or song.id % MISSING == 0


def _features(song: DemoSong) -> dict[str, Any]:
    """Features as it gives them: its own reading of the same sound, so a little other; no time signature."""
    recording = song.recording
    if recording is None:
        raise AssertionError
    values: Mapping[str, float] = recording.features
    tempo = round(values["tempo"] * (1 + (song.id % 5 - 2) / 1000), 3)
    loudness = round(min(0.0, values["loudness"] - 0.2), 3)
    given = {name: values[name] for name in NAMES if name in values} | {"tempo": tempo, "loudness": loudness}
    given |= {"key": int(given["key"]), "mode": int(given["mode"])}
    href = f"https://open.spotify.com/track/{recording.id}"
    return {"id": own_id(recording.id), "href": href, "isrc": recording.isrc, **given}


def _error(request: Request, status: int, message: str) -> Response:
    body = {"timestamp": "2026-11-01T00:00:00.000Z", "status": status, "error": message, "path": request.url.path}
    return JSONResponse(body, status)
