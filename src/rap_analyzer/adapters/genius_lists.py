"""Lists of songs at Genius that are no artist's: an album's tracks, or one song; by name, number or address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from rapidfuzz import fuzz

from rap_analyzer.adapters.genius_answers import artists_of_hit, dicts, either, items, plain, read_stub
from rap_analyzer.domain.errors import InputError, NotFound, PageChanged
from rap_analyzer.domain.frontier import SongPage, WishKind
from rap_analyzer.domain.non_songs import is_no_song
from rap_analyzer.domain.track import ArtistRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence

    from rap_analyzer.domain.frontier import Wish

SONGS_A_PAGE = 50
SEARCH_PAGES = 2
HOSTS = ("genius.com", "www.genius.com")
ALBUM, SONG = "album:", "song:"
"""What comes before the number of a list that is no artist's."""
SHOWN = 3


class Get(Protocol):
    """Asks an API for the `response` part of an answer."""

    async def __call__(self, path: str, **params: str | int) -> dict[str, Any]:
        """The answer at that path."""


class GeniusLists:
    """Finds and reads them.

    Args:
        get: asks the API that wants the token.
        get_public: asks the one that has albums.
    """

    def __init__(self, get: Get, get_public: Get) -> None:
        self._get = get
        self._get_public = get_public

    async def find(self, wish: Wish) -> ArtistRef:
        """The list that is meant, with a kind and a colon before its number.

        Raises:
            NotFound: there is no such album or song; the message names the nearest ones.
            InputError: it is the address of another site, or no number.
        """
        if wish.kind is WishKind.URL:
            return await self._find_page(wish.name)
        if wish.kind is WishKind.ALBUM:
            return await self._find_album(wish)
        if wish.kind is WishKind.SONG:
            return await self._find_song(wish)
        if not re.fullmatch(r"\d{1,12}", wish.name):
            raise InputError(f"{wish.name!r} is no number of a song at Genius: its song ids are numbers.")
        return ArtistRef(f"song {wish.name}", SONG + wish.name)

    async def read(self, list_id: str, page: int) -> SongPage:
        """A page of a list, from 1.

        Raises:
            NotFound: the album or song is gone.
        """
        if list_id.startswith(ALBUM):
            path = f"/albums/{list_id.removeprefix(ALBUM)}/tracks"
            response = await self._get_public(path, per_page=SONGS_A_PAGE, page=page)
            tracks = (track.get("song") for track in items(response, "tracks"))
            return read_page_of_list(response, dicts(list(tracks)), page)
        response = await self._get(f"/songs/{list_id.removeprefix(SONG)}", text_format="plain")
        song = response.get("song")
        if not isinstance(song, dict):
            raise PageChanged("Genius answers without the song that was asked for: its API may have changed.")
        return SongPage([read_stub(song)], 0, None)

    async def _find_song(self, wish: Wish) -> ArtistRef:
        found = [song async for song in self._songs(f"{wish.name} {wish.artist}")]
        for song in found:
            if plain(str(song.get("title"))) == plain(wish.name) and _is_by(wish.artist, song):
                return ArtistRef(_title(song), SONG + str(song["id"]))
        raise _unknown("song", wish, [_title(song) for song in found if not is_no_song(str(song.get("title")))])

    async def _find_album(self, wish: Wish) -> ArtistRef:
        found = [album async for album in self._albums(f"{wish.name} {wish.artist}")]
        for album in found:
            if plain(str(album.get("name"))) == plain(wish.name) and _is_by(wish.artist, album):
                return ArtistRef(_title(album), ALBUM + str(album["id"]))
        raise _unknown("album", wish, [_title(album) for album in found])

    async def _find_page(self, url: str) -> ArtistRef:
        path = _path(url)
        words = " ".join(re.split(r"[-/]+", path.removeprefix("/albums/").removesuffix("-lyrics").strip("/")))
        if path.startswith("/albums/"):
            kind, found = ALBUM, [album async for album in self._albums(words)]
        else:
            kind, found = SONG, [song async for song in self._songs(words)]
        for thing in found:
            if unquote(urlsplit(str(thing.get("url"))).path).casefold() == path.casefold():
                return ArtistRef(_title(thing), kind + str(thing["id"]))
        raise NotFound(
            f"Genius finds nothing for {url}: look the page up and copy its address, or give --song its title."
        )

    async def _songs(self, query: str) -> AsyncIterator[dict[str, Any]]:
        """Songs that a search finds, each once, the best first."""
        seen = set()
        for page in range(1, SEARCH_PAGES + 1):
            hits = items(await self._get("/search", q=query.strip(), page=page), "hits")
            for song in _results(hits):
                if song["id"] not in seen:
                    seen.add(song["id"])
                    yield song
            if not hits:
                return

    async def _albums(self, query: str) -> AsyncIterator[dict[str, Any]]:
        """Albums that a search finds, the best first."""
        response = await self._get_public("/search/album", q=query.strip())
        for section in items(response, "sections"):
            for album in _results(dicts(section.get("hits"))):
                yield album


def is_other_list(list_id: str) -> bool:
    """Whether it is the number of a list that is no artist's."""
    return list_id.startswith((ALBUM, SONG))


def artist_path(url: str) -> str:
    """The path in the address of an artist's page; empty for other pages.

    Raises:
        InputError: it is the address of another site.
    """
    path = _path(url)
    return path if path.startswith("/artists/") else ""


def read_page_of_list(response: Mapping[str, Any], songs: Sequence[Mapping[str, Any]], page: int) -> SongPage:
    """A page of a list, with the number of the next one as the answer has it."""
    following = response.get("next_page")
    return SongPage(
        [read_stub(song) for song in songs],
        (page - 1) * SONGS_A_PAGE,
        following if isinstance(following, int) and following > page else None,
    )


def check_url(url: str) -> None:
    """Whether it is the address of a song, an album or an artist at Genius.

    Raises:
        InputError: it is not.
    """
    _path(url)


def _path(url: str) -> str:
    """The path of a page of Genius."""
    parts = urlsplit(url.strip())
    path = unquote(parts.path).rstrip("/")
    if parts.scheme not in ("http", "https") or (parts.hostname or "").lower() not in HOSTS:
        raise InputError(f"{url} is no page of Genius: give the address of one, such as https://genius.com/…-lyrics.")
    if not path.startswith(("/artists/", "/albums/")) and not path.endswith("-lyrics"):
        raise InputError(
            f"{url} is the page of no song, album or artist: give one such as https://genius.com/…-lyrics."
        )
    return path


def _results(hits: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What was found, where it has a number."""
    found = (hit.get("result") for hit in hits)
    return (result for result in found if isinstance(result, dict) and result.get("id") is not None)


def _is_by(artist: str, thing: Mapping[str, Any]) -> bool:
    """Whether that artist, if one is given, is credited on a song or an album."""
    if not artist:
        return True
    names = [ref.name for ref in artists_of_hit({"result": thing})] + [
        a.get("name") for a in dicts([thing.get("artist")])
    ]
    return plain(artist) in {plain(str(name)) for name in names}


def _title(thing: Mapping[str, Any]) -> str:
    """The name of a song or an album, and by whom it is."""
    return " ".join(str(thing.get("full_title") or thing.get("title") or thing.get("name")).split())


def _unknown(kind: str, wish: Wish, found: Sequence[str]) -> NotFound:
    by = f" by {wish.artist}" if wish.artist else ""
    if not found:
        return NotFound(f"Genius finds no {kind} {wish.name!r}{by}: check the spelling.")
    nearest = sorted(found, key=lambda title: -fuzz.WRatio(f"{wish.name}{by}", title))
    return NotFound(f"Genius knows no {kind} {wish.name!r}{by}: did you mean {either(nearest[:SHOWN])}?")
