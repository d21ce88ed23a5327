"""Genius: artists and songs from its API, lyrics from its song pages."""

from __future__ import annotations

import asyncio
import codecs
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from rap_analyzer.adapters.genius_answers import items, read_song
from rap_analyzer.adapters.genius_artists import GeniusArtists
from rap_analyzer.adapters.genius_lists import (
    SONGS_A_PAGE,
    GeniusLists,
    artist_path,
    is_other_list,
    read_page_of_list,
)
from rap_analyzer.adapters.genius_page import PARSER_VERSION, GeniusPage, parse_page
from rap_analyzer.adapters.http import USER_AGENT, HttpDoor
from rap_analyzer.adapters.http_answers import NOT_MODIFIED, validators_of
from rap_analyzer.domain.errors import Blocked, ConfigError, NotFound, PageChanged
from rap_analyzer.domain.frontier import WishKind
from rap_analyzer.domain.pacing import parse_rate
from rap_analyzer.domain.track import NO_VALIDATORS, ArtistRef, Outcome, RawPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.adapters.http_answers import Answer
    from rap_analyzer.domain.frontier import SongPage, Wish
    from rap_analyzer.domain.track import Song, Validators
    from rap_analyzer.ports import SharedState

NO_CHARACTER = "\ufffd"
"""Stands in words for bytes that are no UTF-8."""
META_BYTES = 4096
META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE)
HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE)
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
        self._lists = GeniusLists(self._get, self._get_public)
        self._artists = GeniusArtists(self._get, self._get_page)

    @property
    def requests(self) -> int:
        """Requests sent so far, those that had to be repeated among them."""
        return self._door.requests

    async def find_artist(self, name: str) -> ArtistRef:
        """The artist of that name, or of that alternate name; spelling of accents, case and signs does not matter.

        Raises:
            NotFound: nobody of that name; the message names the nearest ones.
            InputError: the name is blank, or several artists have it.
        """
        return await self._artists.find(name)

    async def find_list(self, wish: Wish) -> ArtistRef:
        """The list of songs that a wish means: an album's tracks, a song, or an artist's by number or address.

        Raises:
            NotFound: there is no such album, song or artist; the message names the nearest ones.
            InputError: it is the address of another site, or no number.
        """
        if wish.kind is WishKind.ARTIST_ID:
            return await self._artists.by_id(wish.name)
        if wish.kind is WishKind.URL and (path := artist_path(wish.name)):
            return await self._artists.at(path)
        return await self._lists.find(wish)

    async def list_songs(self, artist: ArtistRef, page: int) -> SongPage:
        """Fifty songs of a list: an artist's, also those where they are only featured, most popular first.

        Raises:
            NotFound: the artist is gone, or nobody has that name; or the album or song.
        """
        source_id = artist.source_id or (await self.find_artist(artist.name)).source_id or ""
        if is_other_list(source_id):
            return await self._lists.read(source_id, page)
        response = await self._get(f"/artists/{source_id}/songs", sort="popularity", per_page=SONGS_A_PAGE, page=page)
        return read_page_of_list(response, items(response, "songs"), page)

    async def fetch_song(self, source_id: str) -> Song:
        """Metadata of one song.

        Raises:
            NotFound: the song is gone.
            PageChanged: the answer has no song in it.
        """
        response = await self._get(f"/songs/{_number(source_id)}", text_format="plain")
        return read_song(response.get("song"))

    async def fetch_lyrics(self, song: Song, known: Validators = NO_VALIDATORS) -> GeniusPage:
        """The song's page, parsed; only that it is `unchanged` where it is still the one with the known validators.

        Raises:
            NotFound: the page is gone.
            Blocked: a challenge page came instead, or robots.txt does not allow the page.
            PageChanged: the page has a shape that the parser does not know; it holds the page.
        """
        path = urlsplit(song.url).path
        if len(path) < 2:  # noqa: PLR2004
            raise PageChanged(
                f"Genius gives {song.url!r} as the page of song {song.source_id}: it has no path to ask for."
            )
        await self._respect_robots(path)
        answer = await self._door.get_page(self._web + path, known)
        if answer.status == NOT_MODIFIED:
            return GeniusPage(Outcome.UNCHANGED)
        page = read_page(RawPage(answer.body, answer.headers.get("content-type", "")), song.without_words)
        return replace(page, validators=validators_of(answer))

    async def _get(self, path: str, **params: str | int) -> dict[str, Any]:
        """The `response` part of an API answer."""
        status, document = await self._door.get_json(
            self._api + path, params=params, headers=self._headers, expected={401}
        )
        if status == 401:  # noqa: PLR2004
            raise ConfigError(f"Genius refuses GENIUS_ACCESS_TOKEN, which is wrong or has expired: {TOKEN_HINT}.")
        return _response(document, path)

    async def _get_public(self, path: str, **params: str | int) -> dict[str, Any]:
        """The same of the API that wants no token, for what the other has not."""
        await self._respect_robots("/api" + path)
        _, document = await self._door.get_json(f"{self._web}/api{path}", params=params)
        return _response(document, path)

    async def _get_page(self, path: str) -> bytes:
        await self._respect_robots(path)
        return (await self._door.get_page(self._web + path)).body

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


def read_page(raw: RawPage, told: Outcome | None = None) -> GeniusPage:
    """A song page as it came, parsed.

    Args:
        raw: the page.
        told: what the API says of a song without words.

    Raises:
        Blocked: it is a challenge page.
        PageChanged: it has a shape that the parser does not know; it holds the page.
    """
    try:
        page = _parsed(raw, told)
    except PageChanged as error:
        raise PageChanged(str(error), raw) from error
    return replace(page, raw_digest=raw.digest)


def _parsed(raw: RawPage, told: Outcome | None) -> GeniusPage:
    """The page as it stands where it passes for UTF-8, which most are; else decoded with care."""
    if _passes_for_utf8(raw.body, raw.content_type):
        page = parse_page(raw.body, told)
        if NO_CHARACTER not in page.lyrics:
            return page
    return parse_page(decode_page(raw.body, raw.content_type).encode("utf-8", "replace"), told)


def try_page(raw: RawPage) -> tuple[GeniusPage | None, str]:
    """The same, or why it cannot be read."""
    try:
        return read_page(raw), ""
    except (Blocked, PageChanged) as error:
        return None, f"{type(error).__name__}: {error}"


def decode_page(body: bytes, content_type: str) -> str:
    """The page as text: by its byte order mark, else the charset of the header, else of `<meta>`, else UTF-8.

    A declared charset that does not fit the bytes is passed over, so that a wrong label costs no accents; what fits
    nothing is read as Windows-1252, in which every page is something.
    """
    if body.startswith(codecs.BOM_UTF8):
        return body.decode("utf-8-sig", "replace")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    for charset in _declared(body, content_type):
        try:
            return body.decode(_codec(charset))
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("windows-1252", "replace")


def _declared(body: bytes, content_type: str) -> list[str]:
    """What the header and `<meta>` say of the charset, and UTF-8."""
    header, meta = HEADER_CHARSET.search(content_type), META_CHARSET.search(body[:META_BYTES])
    named = (header[1] if header else "", meta[1].decode("ascii") if meta else "", "utf-8")
    return [charset for charset in named if charset]


def _passes_for_utf8(body: bytes, content_type: str) -> bool:
    """Whether nothing speaks against UTF-8 without a mark, the bytes themselves not asked."""
    if body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    return _declared(body, content_type)[0].lower() in ("utf-8", "utf8")


def _codec(charset: str) -> str:
    """The codec that browsers take for a label: Latin-1 and ASCII mean Windows-1252."""
    name = codecs.lookup(charset).name
    return "cp1252" if name in ("iso8859-1", "ascii") else name


def _unread(answer: Answer) -> Answer:
    return answer


def _response(document: Any, path: str) -> dict[str, Any]:
    response = document.get("response") if isinstance(document, dict) else None
    if not isinstance(response, dict):
        raise PageChanged(f"Genius answers {path} without a `response`: its API may have changed.")
    return response


def _number(source_id: str) -> int:
    if not re.fullmatch(r"\d{1,12}", source_id):
        raise NotFound(f"Genius has no song {source_id!r}: its song ids are numbers.")
    return int(source_id)
