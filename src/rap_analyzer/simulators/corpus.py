"""The demo corpus in memory, and as many more songs made of its bars as a load test wants."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CORPUS_FOLDER = Path(__file__).parent / "demo_corpus"
KINDS = ("song", "instrumental", "unreleased", "not_a_song")
ERAS = ("container", "header", "legacy", "preloaded")
RELATIONSHIPS = ("remix_of", "live_version_of", "rerelease_of", "translation_of")
GENERATED_FROM = 10_000_000
"""Ids of generated songs begin here; those of the corpus have five digits."""
SINGLES_FROM, ARTISTS_FROM = 9_000_000, 900_000
"""Ids of made-up artists begin here, and those of the one song of each that a search finds."""
FIRST_WORDS = (
    *("Lukewarm", "Cardboard", "Sideways", "Borrowed", "Laminated", "Overdue", "Unplugged", "Half-Price", "Stapled"),
    *("Carbonated", "Misfiled", "Refundable", "Waterlogged", "Decaffeinated", "Corrugated", "Flatpacked", "Varnished"),
    *("Unlabelled", "Reheated", "Alphabetised"),
)
SECOND_WORDS = (
    *("Teapot", "Stapler", "Hedgehog", "Escalator", "Cutlery", "Doorbell", "Bathmat", "Trombone", "Lampshade"),
    *("Turnip", "Envelope", "Periscope", "Colander", "Wheelbarrow", "Thermostat", "Sock Drawer", "Omelette", "Gazebo"),
    *("Paperclip", "Accordion"),
)
"""Words of made-up artists' names, which nobody would go by."""


@dataclass(frozen=True, slots=True)
class DemoArtist:
    """An invented artist, as `artist.toml` describes them."""

    id: int
    slug: str
    name: str
    spotify_id: str
    alternate_names: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    hometown: str = ""
    about: str = ""
    followers: int = 0


@dataclass(frozen=True, slots=True)
class DemoRecording:
    """A song as the simulated Spotify knows it; `popularity` runs from 0 to 100."""

    id: str
    isrc: str
    duration_ms: int
    popularity: int
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DemoSong:
    """An invented song with its words, as its file describes it.

    Attributes:
        artist: slug of the primary artist; `featured` are slugs too, `producers` and `writers` plain names.
        kind: one of KINDS.
        page: era of song page that shows it, one of ERAS.
        encoding: what that page is served in.
        relationships: kind (one of RELATIONSHIPS) and the other song's id.
    """

    id: int
    title: str
    artist: str
    lyrics: str
    featured: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    album: str | None = None
    release_date: date | None = None
    language: str = "en"
    page_views: int | None = None
    kind: str = "song"
    explicit: bool = False
    page: str = "container"
    encoding: str = "utf-8"
    themes: tuple[str, ...] = ()
    relationships: tuple[tuple[str, int], ...] = ()
    recording: DemoRecording | None = None


@dataclass(frozen=True)
class Corpus:
    """Artists and songs, looked up as the simulators need them.

    Attributes:
        artists: sorted by slug, made-up ones last.
        written: the songs that have files, by id, and one of each made-up artist: what a search finds.
        scale: how many more songs are made up on demand, their ids from GENERATED_FROM on.
        seed: the same seed makes the same songs.
    """

    artists: Sequence[DemoArtist]
    written: Mapping[int, DemoSong]
    scale: int = 0
    seed: int = 0

    def __len__(self) -> int:
        return len(self.written) + self.scale

    def song(self, song_id: int) -> DemoSong | None:
        """The song of that id, made up when it is a generated one, or None."""
        if 0 <= song_id - GENERATED_FROM < self.scale:
            return self._generated(song_id)
        return self.written.get(song_id)

    def artist(self, artist_id: int) -> DemoArtist | None:
        """The artist of that id, or None."""
        return next((artist for artist in self.artists if artist.id == artist_id), None)

    @cached_property
    def by_slug(self) -> Mapping[str, DemoArtist]:
        """Artists by the name of their folder."""
        return {artist.slug: artist for artist in self.artists}

    def song_ids_of(self, slug: str) -> Sequence[int]:
        """Ids of the songs where the artist is primary or featured, the most viewed first, generated ones last."""
        written = [s for s in self.written.values() if slug == s.artist or slug in s.featured]
        ranked = sorted(written, key=lambda s: (-(s.page_views or 0), s.id))
        first = GENERATED_FROM + list(self.by_slug).index(slug)
        return [*(s.id for s in ranked), *range(first, GENERATED_FROM + self.scale, len(self.artists))]

    def scaled(self, scale: int, seed: int = 0, artists: int = 0) -> Corpus:
        """This corpus with `scale` made-up songs more, by its own and `artists` made-up artists, who add one each."""
        made_up = [_made_up_artist(number) for number in range(artists)]
        grown = Corpus([*self.artists, *made_up], self.written, scale, seed)
        singles = {SINGLES_FROM + number: grown._single(number, artist) for number, artist in enumerate(made_up)}
        return replace(grown, written={**self.written, **singles})

    def _single(self, number: int, artist: DemoArtist) -> DemoSong:
        """The song by which a made-up artist is found."""
        song = self._shuffled(SINGLES_FROM + number, artist.slug)
        return replace(song, title=f"Call Me {artist.name}", recording=None)

    def _generated(self, song_id: int) -> DemoSong:
        return self._shuffled(song_id, self.artists[(song_id - GENERATED_FROM) % len(self.artists)].slug)

    def _shuffled(self, song_id: int, slug: str) -> DemoSong:
        """Sections shuffled from bars of the corpus: no sense in it, but a real song's shape and size."""
        random = Random(f"{self.seed}:{song_id}")
        bars = self._bars
        sections = []
        for header, length in (("Verse 1", 16), ("Hook", 4), ("Verse 2", 16), ("Hook", 4), ("Verse 3", 12)):
            start = random.randrange(max(1, len(bars) - length))
            sections.append("\n".join([f"[{header}]", *bars[start : start + length]]))
        number = song_id - GENERATED_FROM
        return DemoSong(
            id=song_id,
            title=f"{random.choice(bars).title()[:40].strip(' ,.')} {number + 1}",
            artist=slug,
            lyrics="\n\n".join(sections),
            release_date=date(1986 + random.randrange(40), 1 + random.randrange(12), 1 + random.randrange(28)),
            page_views=random.randrange(5_000, 90_000),
            page=random.choice(ERAS),
            recording=_generated_recording(number, random),
        )

    @cached_property
    def _bars(self) -> Sequence[str]:
        files = (s for s in self.written.values() if s.id < SINGLES_FROM)
        songs = [s for s in files if s.kind == "song" and s.language == "en"]
        return [bar for song in songs for bar in song.lyrics.splitlines() if bar and not bar.startswith("[")]


def load_corpus(folder: Path = CORPUS_FOLDER) -> Corpus:
    """Reads every artist and song under the folder.

    Raises:
        InputError: a file lacks a field, or names an artist or a song that is not there.
    """
    artists = [_read_artist(path) for path in sorted(folder.glob("songs/*/artist.toml"))]
    songs = [_read_song(path) for path in sorted(folder.glob("songs/*/*.md"))]
    corpus = Corpus(artists, {s.id: s for s in songs})
    _check_links(corpus, len(songs), folder)
    return corpus


def _read_artist(path: Path) -> DemoArtist:
    try:
        fields = tomllib.loads(path.read_text("utf8"))
        return DemoArtist(**{name: _frozen(value) for name, value in fields.items()})
    except (tomllib.TOMLDecodeError, TypeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.parent.name}/{path.name} is no artist file as the README describes: {error}"
        ) from error


def _read_song(path: Path) -> DemoSong:
    try:
        _, head, lyrics = path.read_text("utf8").split("+++\n", 2)
        return _song(tomllib.loads(head), lyrics)
    except (KeyError, TypeError, ValueError) as error:
        where = f"{path.parent.name}/{path.name}"
        raise InputError(f"{where} is no song file as the README describes: {type(error).__name__} {error}") from error


def _song(fields: dict[str, Any], lyrics: str) -> DemoSong:
    spotify = fields.pop("spotify", None)
    links = tuple((kind, int(fields.pop(kind))) for kind in RELATIONSHIPS if kind in fields)
    if fields["kind"] not in KINDS or fields["page"] not in ERAS:
        raise ValueError(f"kind {fields['kind']!r} or page {fields['page']!r} is unknown")
    released = date.fromisoformat(fields.pop("release_date")) if "release_date" in fields else None
    return DemoSong(
        **{name: _frozen(value) for name, value in fields.items()},
        lyrics=lyrics.strip("\n"),
        release_date=released,
        relationships=links,
        recording=DemoRecording(**spotify) if spotify else None,
    )


def _check_links(corpus: Corpus, files: int, folder: Path) -> None:
    if len(corpus.written) != files:
        raise InputError(f"Two songs under {folder.name} have the same id: give each its own.")
    for song in corpus.written.values():
        strangers = {song.artist, *song.featured} - set(corpus.by_slug)
        missing = {other for _, other in song.relationships} - set(corpus.written)
        if strangers or missing:
            named = ", ".join(map(str, sorted(map(str, strangers | missing))))
            raise InputError(f"The song {song.title!r} under {folder.name} names {named}, which has no file there.")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _made_up_artist(number: int) -> DemoArtist:
    """Each of another name; a number is part of it once the words are used up."""
    again, word = divmod(number, len(FIRST_WORDS) * len(SECOND_WORDS))
    second, first = divmod(word, len(FIRST_WORDS))
    name = f"{FIRST_WORDS[first]} {SECOND_WORDS[second]}" + (f" {again + 1}" if again else "")
    slug = name.lower().replace(" ", "-")
    return DemoArtist(ARTISTS_FROM + number, slug, name, f"0demoMadeUp{number:011d}")


def _generated_recording(number: int, random: Random) -> DemoRecording:
    features = {
        "tempo": round(random.uniform(70, 160), 1),
        "key": float(random.randrange(12)),
        "mode": float(random.randrange(2)),
        "time_signature": 4.0,
        "danceability": round(random.uniform(0.4, 0.9), 2),
        "energy": round(random.uniform(0.3, 0.9), 2),
        "valence": round(random.uniform(0.1, 0.9), 2),
        "loudness": round(random.uniform(-12, -4), 1),
        "speechiness": round(random.uniform(0.1, 0.5), 2),
        "acousticness": round(random.uniform(0.0, 0.4), 2),
        "instrumentalness": 0.0,
        "liveness": round(random.uniform(0.05, 0.3), 2),
    }
    return DemoRecording(
        id=f"0demoMade{number:013d}",
        isrc=f"ZZRAP{number:07d}"[:12],
        duration_ms=random.randrange(150_000, 290_000),
        popularity=random.randrange(60),
        features=features,
    )
