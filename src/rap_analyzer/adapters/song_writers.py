"""Writes tracks to a file, one at a time, as JSON, JSON lines, CSV or text."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Track = dict[str, Any]

COLUMNS = (
    *("id", "title", "artist", "album", "released_on", "year", "language", "page_views", "source", "source_id", "url"),
    *("recording_uri", "lyrics_digest", "version_of", "version_kind"),
)
ROLES = ("featured", "producer", "writer")


class SongWriter(Protocol):
    """Writes tracks in one format."""

    def write(self, track: Track) -> None:
        """One more track, with the fields of an export."""

    def finish(self) -> None:
        """No more come."""


class JsonLines:
    """An object a line."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, track: Track) -> None:
        """One more line."""
        self._file.write(_json(track) + "\n")

    def finish(self) -> None:
        """Nothing is left to write."""


class JsonArray:
    """One array of objects."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._before = "[\n"

    def write(self, track: Track) -> None:
        """One more object."""
        self._file.write(self._before + _json(track))
        self._before = ",\n"

    def finish(self) -> None:
        """The end of the array; an empty one if no track came."""
        self._file.write("\n]\n" if self._before != "[\n" else "[]\n")


class Csv:
    """A row a track: metadata, guests, producers and writers, each analyzer's status and numbers, and the words.

    Args:
        file: opened without newline translation.
        measures: (analyzer, name) of the numbers, each a column.
        with_lyrics: whether there is a column of words.
    """

    def __init__(self, file: TextIO, measures: Sequence[tuple[str, str]], *, with_lyrics: bool) -> None:
        self._writer = csv.writer(file)
        self._measures = measures
        self._analyzers = list(dict.fromkeys(analyzer for analyzer, _ in measures))
        self._with_lyrics = with_lyrics
        self._writer.writerow(
            [
                *COLUMNS,
                *ROLES,
                *(f"{analyzer}.status" for analyzer in self._analyzers),
                *(f"{analyzer}.{name}" for analyzer, name in measures),
                *(["lyrics"] if with_lyrics else []),
            ]
        )

    def write(self, track: Track) -> None:
        """One more row; what a track lacks is an empty field."""
        analyses = track["analyses"]
        self._writer.writerow(
            [
                *(track[column] for column in COLUMNS),
                *("; ".join(track["credits"].get(role, ())) for role in ROLES),
                *(analyses.get(analyzer, {}).get("status") for analyzer in self._analyzers),
                *(analyses.get(analyzer, {}).get("measures", {}).get(name) for analyzer, name in self._measures),
                *([track["lyrics"]] if self._with_lyrics else []),
            ]
        )

    def finish(self) -> None:
        """Nothing is left to write."""


class Text:
    """The words for reading, each song under its title."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._before = ""

    def write(self, track: Track) -> None:
        """One more song."""
        where = ", ".join(str(track[name]) for name in ("album", "year") if track[name])
        title = f"{track['artist']}: {track['title']}" + (f" ({where})" if where else "")
        self._file.write(f"{self._before}{title}\n{'=' * len(title)}\n\n{track['lyrics']}\n")
        self._before = "\n\n"

    def finish(self) -> None:
        """Nothing is left to write."""


def _json(track: Mapping[str, Any]) -> str:
    return orjson.dumps(track).decode()


WRITERS: dict[str, Callable[[TextIO, Sequence[tuple[str, str]], bool], SongWriter]] = {
    "jsonl": lambda file, _measures, _words: JsonLines(file),
    "json": lambda file, _measures, _words: JsonArray(file),
    "csv": lambda file, measures, words: Csv(file, measures, with_lyrics=words),
    "text": lambda file, _measures, _words: Text(file),
}
"""A writer for each format, made of an open file, the numbers' names and whether there are words."""
ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".txt": "text"}
"""The format that the end of a file's name means."""
