"""ReccoBeats: the audio features that Spotify no longer gives, asked for by Spotify's ids. It wants no key."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.enrichment import AUDIO_FEATURES
from rap_analyzer.domain.errors import NotFound, PageChanged, SourceError
from rap_analyzer.domain.pacing import parse_rate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from rap_analyzer.ports import SharedState

SPOTIFY_ID = re.compile(r"[A-Za-z0-9]{22}")
OWN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MOST_IDS = 40
"""Ids that one question may carry; what is beyond is refused, or silently left out."""
READ_HERE = frozenset({400, 404})
RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(AUDIO_FEATURES, (0.0, 1.0)),
    "loudness": (-60.0, 10.0),
    "tempo": (0.0, 400.0),
    "key": (0.0, 11.0),
    "mode": (0.0, 1.0),
    "time_signature": (1.0, 12.0),
}
"""Fields that are kept, and the values that they can have; a key of -1 stands for one that was not made out."""
SMALLEST_TEMPO = 1.0
"""Beats a minute; below it no beat was made out."""


@asynccontextmanager
async def connect_reccobeats(*, api_url: str, rate: str, state: SharedState) -> AsyncIterator[ReccoBeatsSource]:
    """ReccoBeats, asked at most as often as `rate` (such as `60/minute`) says, by all who share the state.

    Connections close with the context.

    Raises:
        ConfigError: the rate cannot be one.
    """
    async with HttpDoor("reccobeats", parse_rate("reccobeats", rate), state) as door:
        yield ReccoBeatsSource(door, api_url=api_url)


class ReccoBeatsSource:
    """`ports.FeatureSource` over ReccoBeats' API.

    Args:
        door: the way out.
        api_url: root of the API.
    """

    name = "reccobeats"
    ids_of = "spotify"

    def __init__(self, door: HttpDoor, *, api_url: str = "https://api.reccobeats.com") -> None:
        self._door = door
        self._api = api_url.rstrip("/") + "/v1"

    async def fetch_audio_features(self, recording_ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Audio features by Spotify id, forty at a time; what ReccoBeats does not have is absent.

        Raises:
            PageChanged: it answers in a shape that is not known.
            RateLimited, Blocked, SourceError: as `HttpDoor.ask`.
        """
        known = [track_id for track_id in dict.fromkeys(recording_ids) if SPOTIFY_ID.fullmatch(track_id)]
        found: dict[str, dict[str, float]] = {}
        for start in range(0, len(known), MOST_IDS):
            found |= await self._fetch_batch(known[start : start + MOST_IDS])
        return found

    async def fetch_features_of(self, own_id: str) -> dict[str, float]:
        """Audio features of one track by ReccoBeats' own id.

        Raises:
            NotFound: no such track, or none with audio features.
            PageChanged: it answers in a shape that is not known.
            RateLimited, Blocked, SourceError: as `HttpDoor.ask`.
        """
        if not OWN_ID.fullmatch(own_id):
            raise NotFound(f"ReccoBeats has no track {own_id!r}: its ids have 32 hexadecimal digits and four hyphens.")
        path = f"/track/{own_id}/audio-features"
        status, document = await self._door.get_json(self._api + path, expected=READ_HERE)
        if status in READ_HERE:
            raise NotFound(f"ReccoBeats has no audio features at {path}.")
        if not isinstance(document, dict):
            raise PageChanged(f"ReccoBeats answers {path} in another shape than before: its API may have changed.")
        return _features(document)

    async def _fetch_batch(self, ids: list[str]) -> dict[str, dict[str, float]]:
        status, document = await self._door.get_json(
            self._api + "/audio-features", params={"ids": ",".join(ids)}, expected=READ_HERE
        )
        if status == 404:  # noqa: PLR2004 - none of them is known
            return {}
        if status == 400:  # noqa: PLR2004
            raise SourceError(f"ReccoBeats refuses the question for {counted(len(ids), 'track')} ({_told(document)}).")
        items = _items(document)
        if not items:
            return {}
        named = {track_id: item for item in items if (track_id := _spotify_id(item)) in ids}
        if not named:
            raise PageChanged("ReccoBeats names no Spotify id in its answer: its API may have changed.")
        return {track_id: features for track_id, item in named.items() if (features := _features(item))}


def _items(document: Any) -> list[dict[str, Any]]:
    """The objects of an answer: under `content`, or a bare list; nulls, for what it does not have, are left out."""
    items = document.get("content") if isinstance(document, dict) else document
    if not isinstance(items, list) or not all(isinstance(item, dict | None) for item in items):
        raise PageChanged("ReccoBeats answers without its list of tracks: its API may have changed.")
    return [item for item in items if item is not None]


def _spotify_id(item: Mapping[str, Any]) -> str:
    """The id that was asked for: the end of the link to Spotify, or a field that says so; empty where there is none."""
    link = str(item.get("href") or "").partition("?")[0].rstrip("/")
    for value in (link.rpartition("/")[2].rpartition(":")[2], item.get("spotifyId"), item.get("id")):
        if isinstance(value, str) and SPOTIFY_ID.fullmatch(value):
            return value
    return ""


def _features(item: Mapping[str, Any]) -> dict[str, float]:
    """The fields that have a value that they can have.

    Raises:
        PageChanged: not one of the nine features is there.
    """
    if not any(name in item for name in AUDIO_FEATURES):
        raise PageChanged("ReccoBeats gives a track without one audio feature: its API may have changed.")
    return dict(_numbers(item))


def _numbers(item: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, (lowest, highest) in RANGES.items():
        value = item.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not lowest <= value <= highest:
            continue
        if name != "tempo" or value >= SMALLEST_TEMPO:
            yield name, float(value)


def _told(document: Any) -> str:
    said = document.get("error") or document.get("message") if isinstance(document, dict) else None
    return str(said or "status 400").rstrip(".")
