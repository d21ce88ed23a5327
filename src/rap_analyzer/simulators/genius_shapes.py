"""What Genius's API says of songs, artists and albums: its field names, and its habit of leaving some of them out."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from anyascii import anyascii

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rap_analyzer.simulators.corpus import Corpus, DemoArtist, DemoSong

Json = dict[str, Any]

WEB = "https://genius.com"
IMAGES = "https://images.genius.com/demo"
STRANGERS_FROM = 500_000
"""Ids of producers and writers that have no file begin here."""
LYRICS_STATES = {"unreleased": "unreleased"}
INVERSE = {
    "remix_of": "remixed_by",
    "live_version_of": "performed_live_as",
    "translation_of": "translations",
    "rerelease_of": "rereleased_as",
}


class GeniusShapes:
    """Turns songs and artists of a corpus into API objects; fields that Genius often omits are there for some ids."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._ids = {artist.name: artist.id for artist in corpus.artists}

    def names(self, song: DemoSong) -> str:
        """The primary artist's name, as a page's title has it."""
        return self._corpus.by_slug[song.artist].name

    def hit(self, song: DemoSong) -> Json:
        """A song as a search finds it."""
        return {"highlights": [], "index": "song", "type": "song", "result": self.song_stub(song)}

    def artist_hit(self, artist: DemoArtist) -> Json:
        """An artist as a search finds them."""
        return {"highlights": [], "index": "artist", "type": "artist", "result": artist_stub(artist.id, artist.name)}

    def song_stub(self, song: DemoSong) -> Json:
        """A song as lists show it."""
        primary, featured = self._stubs([song.artist]), self._stubs(song.featured)
        name = primary[0]["name"]
        joined = name + (f" (Ft. {_listed(a['name'] for a in featured)})" if featured else "")
        path = song_path(name, song)
        stub = {
            "annotation_count": 3 + song.id % 9,
            "api_path": f"/songs/{song.id}",
            "artist_names": joined,
            "full_title": f"{song.title} by\u00a0{joined.replace(' ', chr(0xA0))}",
            "header_image_url": f"{IMAGES}/{song.id}.1000x1000x1.png",
            "header_image_thumbnail_url": f"{IMAGES}/{song.id}.300x300x1.png",
            "id": song.id,
            "lyrics_owner_id": 7_000 + song.id % 97,
            "lyrics_state": LYRICS_STATES.get(song.kind, "complete"),
            "path": path,
            "pyongs_count": song.id % 40 or None,
            "relationships_index_url": f"{WEB}{path.removesuffix('-lyrics')}-sample",
            **_release(song),
            "song_art_image_url": f"{IMAGES}/{song.id}.1000x1000x1.png",
            "song_art_image_thumbnail_url": f"{IMAGES}/{song.id}.300x300x1.png",
            "stats": _stats(song),
            "title": song.title,
            "title_with_featured": song.title + (f" (Ft. {_listed(a['name'] for a in featured)})" if featured else ""),
            "url": WEB + path,
            "featured_artists": featured,
            "primary_artist": primary[0],
        }
        return stub | (_recent_fields(song, name, primary) if song.id % 2 else {})

    def song_details(self, song: DemoSong, text_format: str) -> Json:
        """A song as its own address gives it."""
        return self.song_stub(song) | {
            "album": self.album(song) if song.album else None,
            "apple_music_id": None,
            "custom_performances": [{"label": "Label", "artists": [artist_stub(600_001, "Demo Tape Recordings")]}],
            "description": _body(f"“{song.title}” belongs to the demo corpus.", text_format),
            "language": song.language,
            "lyrics_placeholder_reason": song.kind if song.kind in ("unreleased", "instrumental") else None,
            "media": list(_media(song)),
            "producer_artists": self._credited(song.producers),
            "release_date": song.release_date.isoformat() if song.release_date else None,
            "song_relationships": self._relationships(song),
            "stats": _stats(song) | {"accepted_annotations": song.id % 5, "contributors": 12 + song.id % 80},
            "writer_artists": self._credited(song.writers),
        }

    def artist_details(self, artist: DemoArtist, text_format: str) -> Json:
        """An artist as their own address gives them."""
        return artist_stub(artist.id, artist.name) | {
            "alternate_names": list(artist.alternate_names),
            "description": _body(artist.about, text_format),
            "facebook_name": None,
            "followers_count": artist.followers,
            "instagram_name": artist.slug.replace("-", ""),
            "twitter_name": None,
        }

    def album(self, song: DemoSong) -> Json:
        """The album that a song is on."""
        artist = self._stubs([song.artist])[0]
        number = album_number(song)
        return {
            "api_path": f"/albums/{number}",
            "artist": artist,
            "cover_art_thumbnail_url": f"{IMAGES}/album-{number}.300x300x1.png",
            "cover_art_url": f"{IMAGES}/album-{number}.1000x1000x1.png",
            "full_title": f"{song.album} by {artist['name']}",
            "id": number,
            "name": song.album,
            "name_with_artist": f"{song.album} (artist: {artist['name']})",
            "release_date_components": _release(song)["release_date_components"],
            "url": f"{WEB}/albums/{_slug(artist['name'])}/{_slug(song.album or '')}",
        }

    def _stubs(self, slugs: Iterable[str]) -> list[Json]:
        artists = (self._corpus.by_slug[slug] for slug in slugs)
        return [artist_stub(artist.id, artist.name) for artist in artists]

    def _credited(self, names: Iterable[str]) -> list[Json]:
        """Stubs for plain names: the artist's own where there is one, else of a stranger."""
        return [artist_stub(self._ids.get(name, STRANGERS_FROM + _number(name)), name) for name in names]

    def _relationships(self, song: DemoSong) -> list[Json]:
        """Links to other songs, in both directions; types without any are listed too, as Genius does."""
        links: dict[str, list[Json]] = {"samples": [], "sampled_in": []}
        for kind, other_id in song.relationships:
            other = self._corpus.song(other_id)
            links.setdefault(kind, []).extend([self.song_stub(other)] if other else [])
        for other in self._corpus.written.values():
            for kind, target in other.relationships:
                if target == song.id:
                    links.setdefault(INVERSE[kind], []).append(self.song_stub(other))
        return [{"relationship_type": kind, "type": kind, "songs": songs} for kind, songs in links.items()]


def artist_stub(artist_id: int, name: str) -> Json:
    """An artist as lists show them."""
    stub = {
        "api_path": f"/artists/{artist_id}",
        "header_image_url": f"{IMAGES}/artist-{artist_id}.png",
        "id": artist_id,
        "image_url": f"{IMAGES}/artist-{artist_id}.png",
        "is_meme_verified": False,
        "is_verified": artist_id % 3 == 0,
        "name": name,
        "url": f"{WEB}/artists/{_slug(name)}",
    }
    return stub | (
        {"index_character": _slug(name)[:1].lower(), "slug": _slug(name), "iq": 100} if artist_id % 2 else {}
    )


def artist_path(name: str) -> str:
    """Where an artist's page stands."""
    return f"/artists/{_slug(name)}"


def song_path(names: str, song: DemoSong) -> str:
    """Where a song's page stands; that of a made-up song ends in its id."""
    number = f" {song.id}" if song.id >= 10_000_000 else ""  # noqa: PLR2004
    return f"/{_slug(f'{names} {song.title}{number}').capitalize()}-lyrics"


def album_number(song: DemoSong) -> int:
    """The id of the album that a song is on."""
    return 1 + _number(f"{song.artist}/{song.album}")


def _number(text: str) -> int:
    return zlib.crc32(text.encode()) % 99_991


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", anyascii(text).replace("&", "and").replace("'", "")).strip("-")


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} & {last}" if first else last


def _release(song: DemoSong) -> Json:
    day = song.release_date
    if day is None:
        names = ("components", "for_display", "with_abbreviated_month_for_display")
        return {f"release_date_{name}": None for name in names}
    return {
        "release_date_components": {"year": day.year, "month": day.month, "day": day.day},
        "release_date_for_display": f"{day:%B} {day.day}, {day.year}",
        "release_date_with_abbreviated_month_for_display": f"{day:%b}. {day.day}, {day.year}",
    }


def _stats(song: DemoSong) -> Json:
    stats: Json = {"unreviewed_annotations": song.id % 3, "hot": False}
    return stats | ({"pageviews": song.page_views} if song.page_views is not None else {})


def _recent_fields(song: DemoSong, name: str, primary: list[Json]) -> Json:
    """Fields that only newer answers have."""
    return {
        "instrumental": song.kind == "instrumental",
        "language": song.language,
        "lyrics_updated_at": 1_700_000_000 + song.id,
        "primary_artist_names": name,
        "primary_artists": primary,
        "updated_by_human_at": 1_700_000_500 + song.id,
    }


def _media(song: DemoSong) -> Iterable[Json]:
    """Where to hear it; every third answer has no `native_uri`, only the address, and every fifth no link at all."""
    if song.recording and song.id % 5:
        url = f"https://open.spotify.com/track/{song.recording.id}"
        uri = {"native_uri": f"spotify:track:{song.recording.id}"} if song.id % 3 else {}
        yield {"provider": "spotify", "type": "audio", "url": url, **uri}
    yield {"provider": "youtube", "start": 0, "type": "video", "url": f"https://www.youtube.com/watch?v=demo{song.id}"}


def _body(text: str, text_format: str) -> Json:
    if text_format == "plain":
        return {"plain": text}
    if text_format == "html":
        return {"html": f"<p>{text}</p>"}
    return {"dom": {"tag": "root", "children": [{"tag": "p", "children": [text]}]}}
