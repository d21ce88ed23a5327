"""Genius: artists and songs from its API, lyrics from its song pages."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from anyascii import anyascii
from rapidfuzz import fuzz

from rap_analyzer.adapters.genius_page import PARSER_VERSION, GeniusPage, parse_page
from rap_analyzer.adapters.http import USER_AGENT, HttpDoor
from rap_analyzer.domain.errors import Blocked, ConfigError, InputError, NotFound, PageChanged
from rap_analyzer.domain.frontier import SongPage
from rap_analyzer.domain.pacing import parse_rate
from rap_analyzer.domain.track import ArtistRef, Credit, Relationship, Role, Song, SongStub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

    from rap_analyzer.adapters.http import Answer
    from rap_analyzer.ports import SharedState

SEARCH_PAGES = 2
ASKED_FOR_ALIASES = 5
"""Artists whose other names are looked at when no found name is the one asked for."""
SONGS_A_PAGE = 50
META_BYTES = 4096
META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE)
HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE)
SPOTIFY_TRACK = re.compile(r"(?:spotify:track:|open\.spotify\.com/(?:intl-\w+/)?track/)(\w{22})")
CREDITS = {Role.FEATURED: "featured_artists", Role.PRODUCER: "producer_artists", Role.WRITER: "writer_artists"}
TOKEN_HINT = "get one at genius.com/api-clients (Generate Access Token) and set GENIUS_ACCESS_TOKEN"  # noqa: S105


@asynccontextmanager
async def connect_genius(
    token: str, *, api_url: str, web_url: str, rate: str, state: SharedState
) -> AsyncIterator[GeniusSource]:
    """Genius, asked at most as often as `rate` (such as `60/minute`) says, by all who share the state.

    Connections close with the context.

    Raises:
        ConfigError: the token or the rate cannot be one.
    """
    async with HttpDoor("genius", parse_rate("genius", rate), state) as door:
        yield GeniusSource(door, token, api_url, web_url)


class GeniusSource:
    """`ports.LyricsSource` over Genius.

    The token goes to the API root only, never to the song pages.

    Args:
        door: the way out.
        token: the user's own client access token.
        api_url: root of the API.
        web_url: root of the song pages.

    Raises:
        ConfigError: the token is empty, or has characters that no token has.
    """

    name = "genius"
    parser_version = PARSER_VERSION

    def __init__(
        self,
        door: HttpDoor,
        token: str,
        api_url: str = "https://api.genius.com",
        web_url: str = "https://genius.com",
    ) -> None:
        token = token.strip()
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ConfigError(f"GENIUS_ACCESS_TOKEN is empty or has characters that no token has: {TOKEN_HINT}.")
        self._door = door
        self._headers = {"Authorization": f"Bearer {token}"}
        self._api, self._web = api_url.rstrip("/"), web_url.rstrip("/")
        self._robots: RobotFileParser | None = None
        self._robots_lock = asyncio.Lock()

    @property
    def requests(self) -> int:
        """Requests sent so far, those that had to be repeated among them."""
        return self._door.requests

    async def find_artist(self, name: str) -> ArtistRef:
        """The artist of that name, or of that alternate name; spelling of accents, case and signs does not matter.

        Raises:
            NotFound: nobody of that name; the message names the nearest ones.
            InputError: the name is blank.
        """
        wanted = _plain(name)
        if not wanted:
            raise InputError(f"An artist's name is needed, not {name!r}: give it as Genius writes it.")
        found: dict[str, ArtistRef] = {}
        for page in range(1, SEARCH_PAGES + 1):
            hits = _items(await self._get("/search", q=name.strip(), page=page), "hits")
            found |= {str(artist.source_id): artist for hit in hits for artist in _artists_of_hit(hit)}
            matching = [artist for artist in found.values() if _plain(artist.name) == wanted]
            if matching:
                return max(matching, key=lambda artist: artist.name == name.strip())
            if not hits:
                break
        return await self._find_alias(name, wanted, list(found.values()))

    async def list_songs(self, artist: ArtistRef, page: int) -> SongPage:
        """Fifty songs of the artist's list, also those where they are only featured, most popular first.

        Raises:
            NotFound: the artist is gone, or nobody has that name.
        """
        source_id = artist.source_id or (await self.find_artist(artist.name)).source_id
        response = await self._get(f"/artists/{source_id}/songs", sort="popularity", per_page=SONGS_A_PAGE, page=page)
        following = response.get("next_page")
        return SongPage(
            [_stub(song) for song in _items(response, "songs")],
            (page - 1) * SONGS_A_PAGE,
            following if isinstance(following, int) and following > page else None,
        )

    async def fetch_song(self, source_id: str) -> Song:
        """Metadata of one song.

        Raises:
            NotFound: the song is gone.
            PageChanged: the answer has no song in it.
        """
        response = await self._get(f"/songs/{_number(source_id)}", text_format="plain")
        return _song(response.get("song"))

    async def fetch_lyrics(self, song: Song) -> GeniusPage:
        """The song's page, parsed.

        Raises:
            NotFound: the page is gone.
            Blocked: a challenge page came instead, or robots.txt does not allow the page.
            PageChanged: the page has a shape that the parser does not know.
        """
        path = urlsplit(song.url).path
        if len(path) < 2:  # noqa: PLR2004
            raise PageChanged(
                f"Genius gives {song.url!r} as the page of song {song.source_id}: it has no path to ask for."
            )
        await self._respect_robots(path)
        answer = await self._door.get_page(self._web + path)
        page = parse_page(decode_page(answer.body, answer.headers.get("content-type", "")))
        return replace(page, raw_digest=hashlib.sha256(answer.body).hexdigest())

    async def _find_alias(self, name: str, wanted: str, found: list[ArtistRef]) -> ArtistRef:
        """The artist with that alternate name, among those whose names are nearest."""
        nearest = sorted(found, key=lambda artist: -fuzz.WRatio(wanted, _plain(artist.name)))
        asked = [*found[:2], *nearest]
        for artist in list(dict.fromkeys(asked))[:ASKED_FOR_ALIASES]:
            response = await self._get(f"/artists/{artist.source_id}", text_format="plain")
            details = response.get("artist")
            aliases = details.get("alternate_names") if isinstance(details, dict) else None
            if wanted in {_plain(str(alias)) for alias in aliases or ()}:
                return artist
        if not nearest:
            raise NotFound(f"Genius finds nothing for {name!r}: check the spelling.")
        raise NotFound(f"Genius knows no artist {name!r}: did you mean {_either(a.name for a in nearest[:3])}?")

    async def _get(self, path: str, **params: str | int) -> dict[str, Any]:
        """The `response` part of an API answer."""
        status, document = await self._door.get_json(
            self._api + path, params=params, headers=self._headers, expected={401}
        )
        if status == 401:  # noqa: PLR2004
            raise ConfigError(f"Genius refuses the token in GENIUS_ACCESS_TOKEN: {TOKEN_HINT}.")
        response = document.get("response") if isinstance(document, dict) else None
        if not isinstance(response, dict):
            raise PageChanged(f"Genius answers {path} without a `response`: its API may have changed.")
        return response

    async def _respect_robots(self, path: str) -> None:
        async with self._robots_lock:
            if self._robots is None:
                self._robots = await self._fetch_robots()
        if not self._robots.can_fetch(USER_AGENT, path):
            raise Blocked(f"The robots.txt of Genius does not allow {path} to be read: it is left alone.")

    async def _fetch_robots(self) -> RobotFileParser:
        rules = RobotFileParser()
        answer = await self._door.ask("GET", f"{self._web}/robots.txt", read=_unread, expected={401, 404, 410})
        rules.parse(answer.body.decode("utf-8", "replace").splitlines() if answer.status == 200 else [])  # noqa: PLR2004
        return rules


def decode_page(body: bytes, content_type: str) -> str:
    """The page as text: by its byte order mark, else the charset of the header, else of `<meta>`, else UTF-8.

    A declared charset that does not fit the bytes is passed over, so that a wrong label costs no accents; what fits
    nothing is read as Windows-1252, in which every page is something.
    """
    if body.startswith(codecs.BOM_UTF8):
        return body.decode("utf-8-sig", "replace")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    header, meta = HEADER_CHARSET.search(content_type), META_CHARSET.search(body[:META_BYTES])
    declared = [header[1] if header else "", meta[1].decode("ascii") if meta else "", "utf-8"]
    for charset in filter(None, declared):
        try:
            return body.decode(_codec(charset))
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("windows-1252", "replace")


def _codec(charset: str) -> str:
    """The codec that browsers take for a label: Latin-1 and ASCII mean Windows-1252."""
    name = codecs.lookup(charset).name
    return "cp1252" if name in ("iso8859-1", "ascii") else name


def _unread(answer: Answer) -> Answer:
    return answer


def _plain(name: str) -> str:
    """A name as it is compared: ASCII letters and digits, `&` as `and`, `$` as `s`; as it is where nothing of it is."""
    text = anyascii(name).casefold().replace("&", "and").replace("$", "s")
    return re.sub(r"[^a-z0-9]+", "", text) or " ".join(name.split()).casefold()


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _number(source_id: str) -> int:
    if not re.fullmatch(r"\d{1,12}", source_id):
        raise NotFound(f"Genius has no song {source_id!r}: its song ids are numbers.")
    return int(source_id)


def _items(response: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    items = response.get(name)
    if not isinstance(items, list):
        raise PageChanged(f"Genius answers without its list of {name}: its API may have changed.")
    return _dicts(items)


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; empty when it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _artists_of_hit(hit: Mapping[str, Any]) -> Iterator[ArtistRef]:
    result = hit.get("result")
    if hit.get("type", "song") == "song" and isinstance(result, dict):
        yield from _primary(result)
        yield from _refs(result.get("featured_artists"))


def _primary(song: Mapping[str, Any]) -> list[ArtistRef]:
    return _refs(song.get("primary_artists")) or _refs([song.get("primary_artist")])


def _refs(artists: Any) -> list[ArtistRef]:
    """Artist stubs that have an id and a name."""
    return [
        ArtistRef(str(a["name"]), str(a["id"])) for a in _dicts(artists) if a.get("name") and a.get("id") is not None
    ]


def _stub(song: Mapping[str, Any]) -> SongStub:
    artists = " & ".join(ref.name for ref in _primary(song)) or str(song.get("artist_names") or "")
    updated = song.get("lyrics_updated_at")
    return SongStub(
        str(_required(song, "id")),
        str(_required(song, "title")),
        artists,
        _url(song),
        updated if isinstance(updated, int) else None,
    )


def _song(song: Any) -> Song:
    if not isinstance(song, dict):
        raise PageChanged("Genius answers without the song that was asked for: its API may have changed.")
    released, year = _release(song)
    stats, album = song.get("stats"), song.get("album")
    views = stats.get("pageviews") if isinstance(stats, dict) else None
    return Song(
        source_id=str(_required(song, "id")),
        title=str(_required(song, "title")),
        url=_url(song),
        credits=tuple(_credits(song)),
        album=(album.get("name") or None) if isinstance(album, dict) else None,
        released_on=released,
        year=year,
        language=song.get("language") or None,
        page_views=views if isinstance(views, int) else None,
        spotify_uri=_spotify_uri(song.get("media")),
        relationships=tuple(_relationships(song.get("song_relationships"))),
    )


def _required(song: Mapping[str, Any], name: str) -> Any:
    if song.get(name) in (None, ""):
        raise PageChanged(f"Genius lists a song without its {name}: its API may have changed.")
    return song[name]


def _url(song: Mapping[str, Any]) -> str:
    return str(song.get("url") or f"https://genius.com{_required(song, 'path')}")


def _credits(song: Mapping[str, Any]) -> Iterator[Credit]:
    """Each artist once in each role."""
    yield from (Credit(ref, Role.PRIMARY) for ref in dict.fromkeys(_primary(song)))
    for role, name in CREDITS.items():
        yield from (Credit(ref, role) for ref in dict.fromkeys(_refs(song.get(name))))


def _release(song: Mapping[str, Any]) -> tuple[date | None, int | None]:
    """The day, where it is known, and the year."""
    parts = song.get("release_date_components")
    parts = parts if isinstance(parts, dict) else {}
    text = song.get("release_date") or "{year}-{month:0>2}-{day:0>2}".format(
        **{name: parts.get(name) or 0 for name in ("year", "month", "day")}
    )
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return None, parts.get("year") if isinstance(parts.get("year"), int) else None
    return day, day.year


def _spotify_uri(media: Any) -> str | None:
    for item in _dicts(media):
        for name in ("native_uri", "url"):
            found = SPOTIFY_TRACK.search(str(item.get(name) or ""))
            if found:
                return f"spotify:track:{found[1]}"
    return None


def _relationships(relationships: Any) -> Iterator[Relationship]:
    for relationship in _dicts(relationships):
        kind = relationship.get("relationship_type") or relationship.get("type")
        for song in _dicts(relationship.get("songs")):
            if kind and song.get("id") is not None:
                yield Relationship(str(kind), str(song["id"]))
