"""Writes tracks to a file, one at a time, as JSON, JSON lines, CSV, Parquet or text."""

from __future__ import annotations

import csv
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TextIO, cast

import orjson

from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.export_schema import columns
from rap_analyzer.domain.spreadsheet_cells import as_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Track = dict[str, Any]

PARQUET_GROUP = 500
"""Tracks that are written together."""


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
    """A row a track, with the columns of the export schema; texts that look like formulas get an apostrophe.

    Args:
        file: opened without newline translation.
        with_lyrics: whether there is a column of words.
    """

    def __init__(self, file: TextIO, *, with_lyrics: bool) -> None:
        self._writer = csv.writer(file)
        self._columns = columns(with_lyrics=with_lyrics)
        self._writer.writerow([column.name for column in self._columns])

    def write(self, track: Track) -> None:
        """One more row; what a track lacks is an empty field."""
        self._writer.writerow([_cell(column.read(track)) for column in self._columns])

    def finish(self) -> None:
        """Nothing is left to write."""


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return as_cell(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    return value.isoformat() if isinstance(value, date | datetime) else value


class Parquet:
    """The same table with types, compressed.

    Args:
        file: takes bytes.
        with_lyrics: whether there is a column of words.

    Raises:
        ConfigError: pyarrow is not installed.
    """

    def __init__(self, file: BinaryIO, *, with_lyrics: bool) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise ConfigError("Parquet files need `pip install rap-analyzer[analysis]`.") from error
        self._columns = columns(with_lyrics=with_lyrics)
        types = {
            "text": pa.string(), "json": pa.string(), "integer": pa.int64(), "number": pa.float64(),
            "boolean": pa.bool_(), "date": pa.date32(), "time": pa.timestamp("us", tz="UTC"),
        }  # fmt: skip
        fields = [
            pa.field(column.name, types[column.kind], metadata={"meaning": column.meaning}) for column in self._columns
        ]
        self._schema = pa.schema(fields)
        self._table = pa.Table
        self._file = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def write(self, track: Track) -> None:
        """One more row."""
        self._rows.append({column.name: _typed(column.kind, column.read(track)) for column in self._columns})
        if len(self._rows) >= PARQUET_GROUP:
            self._flush()

    def finish(self) -> None:
        """The rest, and the end of the file."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(self._table.from_pylist(self._rows, schema=self._schema))
            self._rows = []


def _typed(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "json":
        return orjson.dumps(value).decode()
    if kind == "number":
        return float(value)
    return str(value) if kind == "text" else value


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


WRITERS: dict[str, Callable[[Any, bool], SongWriter]] = {
    "jsonl": lambda file, _words: JsonLines(file),
    "json": lambda file, _words: JsonArray(file),
    "csv": lambda file, words: Csv(file, with_lyrics=words),
    "parquet": lambda file, words: Parquet(cast("BinaryIO", file), with_lyrics=words),
    "text": lambda file, _words: Text(file),
}
"""A writer for each format, made of an open file and whether there are words."""
BINARY = frozenset(("parquet",))
"""Formats whose files take bytes."""
ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".txt": "text",
}
"""The format that the end of a file's name means."""
