"""Finds artists at Genius: by a name in any of its forms, by their number, or by the address of their page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from anyascii import anyascii
from rapidfuzz import fuzz

from rap_analyzer.adapters.genius_answers import artists_of_hit, either, items, plain
from rap_analyzer.domain.artist_names import name_forms
from rap_analyzer.domain.errors import InputError, NotFound, PageChanged
from rap_analyzer.domain.track import ArtistRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.adapters.genius_lists import Get

FIRST_PAGES, MORE_PAGES = 2, 8
"""Pages of ten songs that a search is read for a name, before its own page is looked at and after."""
ASKED_FOR_ALIASES = 5
"""Artists whose other names are looked at when no found name is the one asked for."""
PAGE_ID = re.compile(rb"""genius://artists/(\d{1,12})\b|["'\\]/artists/(\d{1,12})["'\\]""")
"""How an artist's page names its number, for apps and for its own scripts."""


class GetPage(Protocol):
    """Fetches a page of the site."""

    async def __call__(self, path: str) -> bytes:
        """The page at that path."""


class GeniusArtists:
    """Finds them.

    Args:
        get: asks the API that wants the token.
        get_page: fetches a page of the site.
    """

    def __init__(self, get: Get, get_page: GetPage) -> None:
        self._get = get
        self._get_page = get_page

    async def find(self, name: str) -> ArtistRef:
        """The artist of that name, or of that alternate name; spelling of accents, case and signs does not matter.

        Songs that are found by the name are read first, then the page that an artist of that name has, then more songs.
        Of a name with brackets either part will do.

        Raises:
            NotFound: nobody of that name; the message names the nearest ones.
            InputError: the name is blank, or several artists have it.
        """
        if not plain(name):
            raise InputError(f"An artist's name is needed, not {name!r}: give it as Genius writes it.")
        found: dict[str, ArtistRef] = {}
        if named := await self._among_hits(name, found, 1, FIRST_PAGES):
            return named
        if own := await self._on_own_page(name):
            return own
        if named := await self._among_hits(name, found, FIRST_PAGES + 1, MORE_PAGES):
            return named
        if alike := _one_in_form(name, list(found.values())):
            return alike
        return await self._by_alias(name, list(found.values()))

    async def by_id(self, number: str) -> ArtistRef:
        """The artist of a number.

        Raises:
            NotFound: there is none.
            InputError: it is no number.
        """
        if not re.fullmatch(r"\d{1,12}", number):
            raise InputError(f"{number!r} is no number of an artist at Genius: its artist ids are numbers.")
        try:
            details = await self._details(number)
        except NotFound as error:
            raise NotFound(f"Genius has no artist with the number {number}.") from error
        return ArtistRef(str(details["name"]), number)

    async def at(self, path: str) -> ArtistRef:
        """The artist whose page stands at a path of the site; by the name in it where the page tells no number.

        Raises:
            NotFound: nobody's page stands there, and nobody has that name.
        """
        try:
            number = _number_on(await self._get_page(path))
        except (NotFound, PageChanged):
            number = ""
        return await self.by_id(number) if number else await self.find(path.removeprefix("/artists/").replace("-", " "))

    async def _among_hits(self, name: str, found: dict[str, ArtistRef], first: int, last: int) -> ArtistRef | None:
        """An artist of exactly this name among those of some pages of songs; all of them are added to the found."""
        wanted = plain(name)
        for page in range(first, last + 1):
            hits = items(await self._get("/search", q=name.strip(), page=page), "hits")
            found |= {str(artist.source_id): artist for hit in hits for artist in artists_of_hit(hit)}
            matching = [artist for artist in found.values() if plain(artist.name) == wanted]
            if matching:
                return max(matching, key=lambda artist: artist.name == name.strip())
            if not hits:
                break
        return None

    async def _on_own_page(self, name: str) -> ArtistRef | None:
        """The artist whose page has the address that this name would give, if that is whose name it is."""
        slug = _slug(name)
        if not slug:
            return None
        try:
            number = _number_on(await self._get_page(f"/artists/{slug}"))
            details = await self._details(number) if number else {}
        except (NotFound, PageChanged):
            return None
        names = [str(details.get("name") or ""), *map(str, details.get("alternate_names") or ())]
        is_meant = any(_is_form(name, one) for one in names)
        return ArtistRef(str(details["name"]), number) if is_meant else None

    async def _by_alias(self, name: str, found: Sequence[ArtistRef]) -> ArtistRef:
        """The artist with that alternate name, among those whose names are nearest."""
        wanted = plain(name)
        nearest = sorted(found, key=lambda artist: -fuzz.WRatio(wanted, plain(artist.name)))
        for artist in list(dict.fromkeys([*found[:2], *nearest]))[:ASKED_FOR_ALIASES]:
            details = await self._details(str(artist.source_id))
            aliases = details.get("alternate_names")
            if wanted in {plain(str(alias)) for alias in aliases or ()}:
                return artist
        hint = "or give the artist's address, or --artist-id"
        if not nearest:
            raise NotFound(f"Genius finds nothing for {name!r}: check the spelling, {hint}.")
        names = either(a.name for a in nearest[:3])
        raise NotFound(f"Genius knows no artist {name!r}: did you mean {names}? Check the spelling, {hint}.")

    async def _details(self, number: str) -> Mapping[str, Any]:
        response = await self._get(f"/artists/{number}", text_format="plain")
        artist = response.get("artist")
        if not isinstance(artist, dict) or not artist.get("name"):
            raise PageChanged("Genius answers without the artist that was asked for: its API may have changed.")
        return artist


def _one_in_form(name: str, found: Sequence[ArtistRef]) -> ArtistRef | None:
    """The only artist one of whose forms is a form of this name.

    Raises:
        InputError: there are several.
    """
    alike = [artist for artist in found if _is_form(name, artist.name)]
    if len(alike) > 1:
        listed = either(f"{artist.name} ({artist.source_id})" for artist in alike[:5])
        raise InputError(f"{name!r} may be {listed}: give the whole name, or the number with --artist-id.")
    return alike[0] if alike else None


def _is_form(wanted: str, name: str) -> bool:
    """Whether two names share a form: "Nova" and "Nova (UK)" do, "Nova (UK)" and "Nova (US)" do not."""
    if plain(wanted) == plain(name):
        return True
    ours, theirs = name_forms(wanted), name_forms(name)
    if len(ours) > 1 and len(theirs) > 1:
        return False
    return bool({plain(form) for form in ours} & {plain(form) for form in theirs})


def _number_on(page: bytes) -> str:
    found = PAGE_ID.search(page)
    return (found[1] or found[2]).decode() if found else ""


def _slug(name: str) -> str:
    """How the address of a page writes a name: "Tyler, The Creator" is Tyler-the-creator."""
    words = re.findall(r"[a-z0-9]+", anyascii(name).lower().replace("&", " and ").replace("'", "").replace("$", ""))
    return "-".join(words).capitalize()
