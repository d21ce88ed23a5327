"""Reads what Genius's API answers: songs, artists and lists, whichever of their fields are there."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from anyascii import anyascii

from rap_analyzer.domain.errors import PageChanged
from rap_analyzer.domain.shown_text import shown
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Relationship, Role, Song, SongStub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SPOTIFY_TRACK = re.compile(r"(?:spotify:track:|open\.spotify\.com/(?:intl-\w+/)?track/)(\w{22})")
CHANGES = ("lyrics_updated_at", "updated_by_human_at")
"""When the words, and anything by hand, were last changed; lists often lack one or both."""
PLACEHOLDERS = {
    "instrumental": Outcome.INSTRUMENTAL,
    "unreleased": Outcome.UNRELEASED,
    "incomplete": Outcome.UNRELEASED,
    "untranscribed": Outcome.UNRELEASED,
}
"""Outcomes by the reason that a page gives for having no lyrics, or by the state of the lyrics."""
CREDITS = {Role.FEATURED: "featured_artists", Role.PRODUCER: "producer_artists", Role.WRITER: "writer_artists"}


def without_words(song: Mapping[str, Any]) -> Outcome | None:
    """Why a song has no words, by its `instrumental` flag and its `lyrics_state`; None where they do not say."""
    if song.get("instrumental") is True:
        return Outcome.INSTRUMENTAL
    state = song.get("lyrics_state") or song.get("lyricsState")
    return Outcome.UNRELEASED if state == "unreleased" else None


def plain(name: str) -> str:
    """A name as it is compared: ASCII letters and digits, `&` as `and`, `$` as `s`; as it is where nothing of it is."""
    text = anyascii(name).casefold().replace("&", "and").replace("$", "s")
    return re.sub(r"[^a-z0-9]+", "", text) or " ".join(name.split()).casefold()


def either(names: Iterable[str]) -> str:
    """Names as a question offers them: `A, B or C`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def items(response: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list that an answer must have.

    Raises:
        PageChanged: it has no such list.
    """
    items = response.get(name)
    if not isinstance(items, list):
        raise PageChanged(f"Genius answers without its list of {name}: its API may have changed.")
    return dicts(items)


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; empty when it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def artists_of_hit(hit: Mapping[str, Any]) -> Iterator[ArtistRef]:
    """Who is credited on the song that a search found."""
    result = hit.get("result")
    if hit.get("type", "song") == "song" and isinstance(result, dict):
        yield from primary_artists(result)
        yield from _refs(result.get("featured_artists"))


def primary_artists(song: Mapping[str, Any]) -> list[ArtistRef]:
    """Whose song it is."""
    return _refs(song.get("primary_artists")) or _refs([song.get("primary_artist")])


def _refs(artists: Any) -> list[ArtistRef]:
    """Artist stubs that have an id and a name."""
    return [
        ArtistRef(shown(str(a["name"])), str(a["id"]))
        for a in dicts(artists)
        if a.get("name") and a.get("id") is not None
    ]


def read_stub(song: Mapping[str, Any]) -> SongStub:
    """A song as lists show it.

    Raises:
        PageChanged: it lacks its number, its title or its address.
    """
    artists = " & ".join(ref.name for ref in primary_artists(song)) or str(song.get("artist_names") or "")
    stamps = [at for name in CHANGES if isinstance(at := song.get(name), int)]
    released, year = _release(song)
    return SongStub(
        source_id=str(_required(song, "id")),
        title=shown(str(_required(song, "title"))),
        artist=artists,
        url=_url(song),
        changed_at=max(stamps, default=None),
        primary_ids=tuple(str(ref.source_id) for ref in primary_artists(song)),
        language=song.get("language") or None,
        year=year,
        released_on=released,
    )


def read_song(song: Any) -> Song:
    """A song as its own address gives it.

    Raises:
        PageChanged: it is none, or lacks its number, its title or its address.
    """
    if not isinstance(song, dict):
        raise PageChanged("Genius answers without the song that was asked for: its API may have changed.")
    released, year = _release(song)
    stats, album = song.get("stats"), song.get("album")
    views = stats.get("pageviews") if isinstance(stats, dict) else None
    return Song(
        source_id=str(_required(song, "id")),
        title=shown(str(_required(song, "title"))),
        url=_url(song),
        credits=tuple(_credits(song)),
        album=(shown(str(album.get("name") or "")) or None) if isinstance(album, dict) else None,
        released_on=released,
        year=year,
        language=song.get("language") or None,
        page_views=views if isinstance(views, int) else None,
        spotify_uri=_spotify_uri(song.get("media")),
        relationships=tuple(_relationships(song.get("song_relationships"))),
        without_words=without_words(song),
    )


def _required(song: Mapping[str, Any], name: str) -> Any:
    if song.get(name) in (None, ""):
        raise PageChanged(f"Genius lists a song without its {name}: its API may have changed.")
    return song[name]


def _url(song: Mapping[str, Any]) -> str:
    return str(song.get("url") or f"https://genius.com{_required(song, 'path')}")


def _credits(song: Mapping[str, Any]) -> Iterator[Credit]:
    """Each artist once in each role."""
    yield from (Credit(ref, Role.PRIMARY) for ref in dict.fromkeys(primary_artists(song)))
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
    for item in dicts(media):
        for name in ("native_uri", "url"):
            found = SPOTIFY_TRACK.search(str(item.get(name) or ""))
            if found:
                return f"spotify:track:{found[1]}"
    return None


def _relationships(relationships: Any) -> Iterator[Relationship]:
    for relationship in dicts(relationships):
        kind = relationship.get("relationship_type") or relationship.get("type")
        for song in dicts(relationship.get("songs")):
            if kind and song.get("id") is not None:
                yield Relationship(str(kind), str(song["id"]))
