"""The flat table of tracks that `rap export` writes as CSV and Parquet: each column with its type and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.enrichment import AUDIO_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANALYZERS = ("algorithmic_basic", "emotion", "hybrid", "qwen", "ollama")
CHAT = ("qwen", "ollama")
EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
DIMENSIONS = ("sentiment", "technique", "profanity")
MARKS = ("technique", "complexity", "storytelling", "wordplay", "quality")
PERCENTILES = ("corpus", "decade")
GROUPS = (*ANALYZERS, "audio", "percentile")
"""What the names of columns begin with that hold what was made here, or came from a metadata service."""
MADE_HERE = frozenset(
    (
        *("source", "source_id", "recording_uri", "lyrics_digest", "version_of", "version_kind", "is_demo"),
        *("producer", "writer", "stored_at", "changed_at", "credits", "analyses", "enrichment", "percentiles"),
        *("audio_source",),
    )
)
"""Other columns and members of an export that an import does not take over."""
MARKS_OF_EXPORT = ("source_id", "lyrics_digest")
"""Columns by which a file shows that `rap export` wrote it."""
SHAPED = ("schemes", "syllables_by_bar", "sections", "by_performer")
"""Measures that are no single value: they stand in the JSON formats."""
WORDED = {"stress_pattern": "text", "performers": "json"}
"""Measures that are no number."""

Track = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: as in the header; what an analyzer says begins with its name and a full stop.
        kind: text, integer, number, date, time, boolean, or json (a list or an object as JSON).
        meaning: what it says, in a sentence.
        read: its value for a track as an export has it; None where there is none.
    """

    name: str
    kind: str
    meaning: str
    read: Callable[[Track], Any]


def is_made_here(column: str) -> bool:
    """Whether a column of an export says what is made anew of a song that is imported."""
    return column in MADE_HERE or column.partition(".")[0] in GROUPS


@cache
def columns(*, with_lyrics: bool) -> tuple[Column, ...]:
    """All columns, in order; the words are the last, where they are wanted."""
    words = [Column("lyrics", "text", "The words, with section headers; only with --with-lyrics.", _own("lyrics"))]
    return (
        *_of_the_track(),
        *_of_people(),
        *(column for name in ANALYZERS for column in _of_analyzer(name)),
        *_of_sound(),
        *_of_standing(),
        *(words if with_lyrics else ()),
    )


def _of_the_track() -> Iterator[Column]:
    for name, kind, meaning in (
        ("id", "integer", "The track's number in this store."),
        ("title", "text", "Its title."),
        ("artist", "text", "Names of the primary artists, joined as on a sleeve."),
        ("album", "text", "Title of the album."),
        ("released_on", "date", "Day of release."),
        ("year", "integer", "Year of release."),
        ("language", "text", "ISO code of the language, as the source says."),
        ("page_views", "integer", "Views of the song's page, as the source says."),
        ("source", "text", "Where the words came from: genius, import or demo."),
        ("source_id", "text", "The song's id there; of an import the file's name and the id in it."),
        ("url", "text", "The song's page, or the file and row."),
        ("recording_uri", "text", "The recording that the source of the words names, such as spotify:track:ID."),
        ("lyrics_digest", "text", "SHA-256 (hex) of the words as UTF-8."),
        ("version_of", "integer", "The id of the track that this one is a version of."),
        ("version_kind", "text", "What it is to that one: same_words, rerelease, remix, live, translation or cover."),
        ("stored_at", "time", "When it was stored first (UTC)."),
        ("changed_at", "time", "When its words changed last (UTC)."),
    ):
        yield Column(name, kind, meaning, _own(name))
    demo = "Whether it is one of the invented songs of the demo."
    yield Column("is_demo", "boolean", demo, lambda track: track["source"] == "demo")
    yield Column("extra", "json", "What a file said of it in columns of its own.", _own("extra"))


def _of_people() -> Iterator[Column]:
    for role, meaning in (
        ("primary", "The primary artists, each name whole."),
        ("featured", "The guests."),
        ("producer", "The producers."),
        ("writer", "The writers."),
    ):
        yield Column(role, "json", meaning, _credited(role))


def _of_analyzer(name: str) -> Iterator[Column]:
    for part, kind, meaning in (
        ("status", "text", "done, unsupported_language, no_words or failed; empty where it was not asked."),
        ("version", "text", "Version of the analyzer."),
        ("fallback", "text", "The analyzer that stood in for it; empty where the answer is its own."),
        ("confidence", "number", "How sure it is, from 0 to 1, where it says so."),
    ):
        yield Column(f"{name}.{part}", kind, f"{name}: {_lower(meaning)}", _said(name, part))
    for measure, kind, meaning, path in _measures_of(name):
        yield Column(f"{name}.{measure}", kind, meaning, _measured(name, *path))


def _measures_of(name: str) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Name, kind, meaning and place of each measure of an analyzer."""
    if name == "algorithmic_basic":
        yield from _counted()
    elif name == "emotion":
        for emotion in EMOTIONS:
            yield emotion, "number", f"Score of {emotion} over the song, from 0 to 1.", ("scores", emotion)
        yield "sentiment", "number", "From -1 (unpleasant) to 1 (pleasant), derived.", ("sentiment", "value")
        yield "dominant", "text", "The emotion that stands out most.", ("dominant",)
        yield "leading", "text", "The same with neutral left aside.", ("leading",)
    elif name == "hybrid":
        for part in DIMENSIONS:
            meaning = f"{part.capitalize()} as the analyzers say it together."
            yield part, "number", meaning, ("dimensions", part, "value")
        yield "agreement", "number", "How far they agree, from 0 to 1.", ("agreement",)
        yield "coverage", "number", "What part of the voices was there, from 0 to 1.", ("coverage",)
    else:
        for mark in MARKS:
            yield mark, "number", f"The model's mark for {mark}, from 1 to 10.", (mark,)
        yield "mood", "text", "The mood that most of the song is in.", ("mood",)
        yield "themes", "json", "Themes, with the bars that show them.", ("themes",)
        yield "explicit", "text", "clean, mild or strong.", ("explicit", "level")
        yield "summary", "text", "A sentence or two on the song, by the model.", ("summary",)
        yield "model", "text", "The model that answered.", ("model",)


def _counted() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    from rap_analyzer.domain.measures import MEASURES

    for measure, told in MEASURES.items():
        if measure not in SHAPED:
            yield measure, WORDED.get(measure, "number"), told.meaning, (measure,)


def _of_sound() -> Iterator[Column]:
    for feature in AUDIO_FEATURES:
        meaning = f"The recording's {feature}, by the service in audio.source."
        yield Column(f"audio.{feature}", "number", meaning, _heard(feature))
    yield Column("audio.source", "text", "The metadata service that gave the audio features.", _own("audio_source"))


def _of_standing() -> Iterator[Column]:
    for group in PERCENTILES:
        others = "tracks here" if group == "corpus" else "tracks of its decade"
        for measure, kind, _, _ in _counted():
            if kind == "number":
                meaning = f"How many percent of the {others} have a lower {measure}."
                yield Column(f"percentile.{group}.{measure}", "integer", meaning, _standing(group, measure))


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _own(name: str) -> Callable[[Track], Any]:
    return lambda track: track.get(name)


def _credited(role: str) -> Callable[[Track], Any]:
    return lambda track: track["credits"].get(role) or None


def _said(analyzer: str, part: str) -> Callable[[Track], Any]:
    return lambda track: track["analyses"].get(analyzer, {}).get(part)


def _measured(analyzer: str, *path: str) -> Callable[[Track], Any]:
    def read(track: Track) -> Any:
        value = track["analyses"].get(analyzer, {}).get("measures")
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return read


def _heard(feature: str) -> Callable[[Track], Any]:
    def read(track: Track) -> Any:
        given = track["enrichment"].get(track.get("audio_source") or "", {})
        return (given.get("audio_features") or {}).get(feature)

    return read


def _standing(group: str, measure: str) -> Callable[[Track], Any]:
    return lambda track: ((track.get("percentiles") or {}).get(group) or {}).get(measure)
