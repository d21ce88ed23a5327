"""Spotify: recordings and, where the app may read them, their audio features."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.domain.artist_names import name_forms
from rap_analyzer.domain.enrichment import Recording
from rap_analyzer.domain.errors import ConfigError, NotFound, PageChanged, SourceError
from rap_analyzer.domain.pacing import parse_rate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from rap_analyzer.domain.enrichment import RecordingQuery
    from rap_analyzer.ports import Cache, SharedState

ID = re.compile(r"[A-Za-z0-9]{22}")
MOST_FOUND = 10
"""What a search may ask for in development mode; more brings nothing that the match would take."""
MOST_TRACKS, MOST_FEATURES = 50, 100
LONGEST_FIELD = 100
EARLY_S = 60.0
"""A token is renewed this long before it expires."""
REMEMBERED_S = 86_400.0
READ_HERE = frozenset({400, 401, 403, 404})
WITHHOLDABLE = ("popularity", "available_markets", "external_ids")
FEATURES = "audio_features"
CREDENTIALS_HINT = "copy both from your app at developer.spotify.com/dashboard"


class Access(StrEnum):
    """What the app may: everything (`extended`), or neither batches nor audio features (`development`)."""

    EXTENDED = "extended"
    DEVELOPMENT = "development"


@asynccontextmanager
async def connect_spotify(
    client_id: str,
    client_secret: str,
    *,
    api_url: str,
    accounts_url: str,
    rate: str,
    state: SharedState,
    cache: Cache | None = None,
) -> AsyncIterator[SpotifySource]:
    """Spotify, asked at most as often as `rate` (such as `90/minute`) says, by all who share the state.

    Connections close with the context.

    Raises:
        ConfigError: the client id, the secret or the rate cannot be one.
    """
    async with HttpDoor("spotify", parse_rate("spotify", rate), state) as door:
        yield SpotifySource(door, client_id, client_secret, api_url=api_url, accounts_url=accounts_url, cache=cache)


class SpotifySource:
    """`ports.MetadataSource` over Spotify's Web API.

    What the app is allowed is found out by one request and remembered: batches where it may, single reads where not,
    and each recording names the fields that were withheld.

    Args:
        door: the way out.
        client_id: the app's id.
        client_secret: its secret.
        api_url: root of the API.
        accounts_url: root of the token service.
        cache: remembers for a day what the app is allowed; without one it is found out in each process.

    Raises:
        ConfigError: the id or the secret is empty.
    """

    name = "spotify"

    def __init__(
        self,
        door: HttpDoor,
        client_id: str,
        client_secret: str,
        *,
        api_url: str = "https://api.spotify.com",
        accounts_url: str = "https://accounts.spotify.com",
        cache: Cache | None = None,
    ) -> None:
        client_id, client_secret = client_id.strip(), client_secret.strip()
        if not client_id or not client_secret:
            raise ConfigError(f"SPOTIFY_CLIENT_ID or SPOTIFY_CLIENT_SECRET is empty: {CREDENTIALS_HINT}.")
        self._door = door
        self._tokens = _Tokens(door, client_id, client_secret, accounts_url.rstrip("/"))
        self._api = api_url.rstrip("/") + "/v1"
        self._cache = cache
        self._access_key = f"spotify:access:{self._api}:{client_id}"
        self._access: Access | None = None
        self._access_lock = asyncio.Lock()

    async def fetch_recording(self, recording_id: str) -> Recording:
        """One recording.

        Raises:
            NotFound: no such recording.
        """
        _check_id(recording_id)
        track = await self._get(f"/tracks/{recording_id}")
        return _recording(track, await self.find_access(recording_id))

    async def fetch_recordings(self, recording_ids: Sequence[str]) -> Mapping[str, Recording]:
        """Recordings by id, fifty at a time where the app may; those that Spotify does not have are absent."""
        known = [track_id for track_id in dict.fromkeys(recording_ids) if ID.fullmatch(track_id)]
        if not known:
            return {}
        if await self.find_access(known[0]) is Access.DEVELOPMENT:
            return {track_id: found for track_id in known if (found := await self._find_recording(track_id))}
        recordings = {}
        for ids in _batches(known, MOST_TRACKS):
            for track in _dicts(await self._get("/tracks", ids=",".join(ids)), "tracks"):
                recordings[str(track.get("id"))] = _recording(track, Access.EXTENDED)
        return recordings

    async def search_recordings(self, query: RecordingQuery) -> Sequence[Recording]:
        """Candidates for a title and artist, Spotify's best first; what carries the ISRC comes before them.

        When the exact search finds nothing, the words alone are searched.
        """
        title = _searchable(query.title)
        tracks = await self._search(f"isrc:{_searchable(query.isrc)}") if query.isrc else []
        forms = name_forms(query.artist)
        named = [_searchable(name) for name in forms[1:] or forms or ("",)]  # only the source writes it with brackets
        exact = [track for name in named for track in await self._search(f'track:"{title}" artist:"{name}"')]
        tracks += exact or await self._search(f"{title} {named[0]}")
        by_id = {str(track.get("id")): track for track in reversed(tracks)}
        if not by_id:
            return []
        access = await self.find_access(str(tracks[0].get("id")))
        ids = dict.fromkeys(str(track.get("id")) for track in tracks)
        return [_recording(by_id[track_id], access) for track_id in ids]

    async def fetch_audio_features(self, recording_ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """Audio features by recording id, a hundred at a time; empty when they are withheld from the app."""
        known = [track_id for track_id in dict.fromkeys(recording_ids) if ID.fullmatch(track_id)]
        if not known or await self.find_access(known[0]) is Access.DEVELOPMENT:
            return {}
        features = {}
        for ids in _batches(known, MOST_FEATURES):
            for item in _dicts(await self._get("/audio-features", ids=",".join(ids)), FEATURES):
                features[str(item.get("id"))] = dict(_numbers(item))
        return features

    async def find_access(self, recording_id: str) -> Access:
        """What the app may, found out by asking for one recording's audio features the first time."""
        async with self._access_lock:
            if self._access is None and self._cache:
                remembered = await self._cache.get(self._access_key)
                self._access = Access(remembered) if remembered in set(Access) else None
            if self._access is None:
                self._access = await self._probe(recording_id)
                if self._cache:
                    await self._cache.set(self._access_key, self._access.value, REMEMBERED_S)
        return self._access

    async def _probe(self, recording_id: str) -> Access:
        try:
            await self._get("/audio-features", ids=recording_id)
        except _Refused:
            return Access.DEVELOPMENT
        return Access.EXTENDED

    async def _find_recording(self, recording_id: str) -> Recording | None:
        try:
            return await self.fetch_recording(recording_id)
        except NotFound:
            return None

    async def _search(self, words: str) -> list[dict[str, Any]]:
        found = await self._get("/search", q=words, type="track", limit=MOST_FOUND)
        return _dicts(found.get("tracks"), "items")

    async def _get(self, path: str, **params: str | int) -> dict[str, Any]:
        """An answer of the API, with a fresh token when the old one is refused."""
        status, document = await self._ask(path, params)
        if status == 401:  # noqa: PLR2004
            self._tokens.forget()
            status, document = await self._ask(path, params)
        if status == 200 and isinstance(document, dict):  # noqa: PLR2004
            return document
        raise _refusal(status, path, document)

    async def _ask(self, path: str, params: Mapping[str, str | int]) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {await self._tokens.current()}"}
        return await self._door.get_json(self._api + path, params=params, headers=headers, expected=READ_HERE)


class _Tokens:
    """The access token, renewed before it expires."""

    def __init__(self, door: HttpDoor, client_id: str, client_secret: str, accounts_url: str) -> None:
        self._door = door
        self._url = f"{accounts_url}/api/token"
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {pair}"}
        self._token = ""
        self._renew_at = 0.0
        self._lock = asyncio.Lock()

    async def current(self) -> str:
        """A token that is good for a while.

        Raises:
            ConfigError: Spotify does not know the client id, or the secret is not its own.
        """
        async with self._lock:
            if time.monotonic() >= self._renew_at:
                await self._renew()
        return self._token

    def forget(self) -> None:
        """The token was refused: get another for the next request."""
        self._renew_at = 0.0

    async def _renew(self) -> None:
        asked_at = time.monotonic()
        form = {"grant_type": "client_credentials"}
        status, document = await self._door.post_form(self._url, form, headers=self._headers, expected={400, 401})
        if status in (400, 401):
            raise ConfigError(
                f"Spotify refuses the app's SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET: {CREDENTIALS_HINT}."
            )
        token = document.get("access_token") if isinstance(document, dict) else None
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise PageChanged("Spotify answers the request for a token without one: its API may have changed.")
        self._token = token
        lifetime = document.get("expires_in")
        self._renew_at = asked_at + (lifetime if isinstance(lifetime, int | float) else 3600) - EARLY_S


class _Refused(SourceError):
    """Spotify does not allow this app what was asked."""


def _refusal(status: int, path: str, document: Any) -> SourceError:
    error = document.get("error") if isinstance(document, dict) else None
    told = str(error.get("message") or "") if isinstance(error, dict) else ""
    if status == 404 or (status == 400 and "id" in told.split()):  # noqa: PLR2004
        return NotFound(f"Spotify has nothing at {path}.")
    if status == 403 and "premium" in told.lower():  # noqa: PLR2004
        return SourceError(f"Spotify refuses the app: {told.rstrip('.')}.")
    if status == 403:  # noqa: PLR2004
        return _Refused(f"Spotify does not allow this app to read {path}: it needs extended quota.")
    if status == 401:  # noqa: PLR2004
        return SourceError(f"Spotify refuses its own fresh token at {path}: try again later.")
    if status == 200:  # noqa: PLR2004
        return PageChanged(f"Spotify answers {path} in another shape than before: its API may have changed.")
    return SourceError(
        f"Spotify refuses the question at {path} ({told or status}): check its URL settings, or get a newer release."
    )


def _check_id(recording_id: str) -> None:
    if not ID.fullmatch(recording_id):
        raise NotFound(f"Spotify has no recording {recording_id!r}: its ids have 22 letters and digits.")


def _recording(track: Mapping[str, Any], access: Access) -> Recording:
    """A track object as a recording.

    Raises:
        PageChanged: it lacks its id or its name.
    """
    if not track.get("id") or not track.get("name"):
        raise PageChanged("Spotify lists a track without id or name: its API may have changed.")
    duration = track.get("duration_ms")
    withheld = [name for name in WITHHOLDABLE if name not in track]
    return Recording(
        id=str(track["id"]),
        title=str(track["name"]),
        artists=tuple(str(artist["name"]) for artist in _dicts(track, "artists") if artist.get("name")),
        isrc=_object(track, "external_ids").get("isrc"),
        duration_ms=duration if isinstance(duration, int) else None,
        album=_object(track, "album").get("name"),
        data=dict(_data(track)),
        withheld=(*withheld, *([FEATURES] if access is Access.DEVELOPMENT else [])),
    )


def _data(track: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What else is worth keeping, where it is there."""
    album = _object(track, "album")
    for name in ("name", "id", "release_date", "release_date_precision"):
        if album.get(name):
            yield (f"album_{name}" if name in ("name", "id") else name), album[name]
    for name in ("explicit", "popularity", "preview_url"):
        if track.get(name) is not None:
            yield name, track[name]
    if url := _object(track, "external_urls").get("spotify"):
        yield "url", url


def _numbers(features: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in features.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)


def _searchable(text: str) -> str:
    """Words that a quoted field can hold."""
    return " ".join(re.sub(r'["\\:]', " ", text).split())[:LONGEST_FIELD].strip()


def _object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _dicts(holder: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list in an answer; nulls, which stand for what Spotify does not have, are left out."""
    items = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(items, list):
        raise PageChanged(f"Spotify answers without its list of {name}: its API may have changed.")
    return [item for item in items if isinstance(item, dict)]


def _batches(ids: list[str], size: int) -> Iterator[list[str]]:
    yield from (ids[start : start + size] for start in range(0, len(ids), size))
