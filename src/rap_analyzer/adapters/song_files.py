"""Rows of CSV, JSON, Parquet and Excel files, one at a time, whatever their size, encoding and packing."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from rap_analyzer.adapters.csv_dialect import (
    SAMPLE_CHARACTERS,
    Dialect,
    find_dialect,
    parse_delimiter,
    separator_line,
)
from rap_analyzer.adapters.csv_records import CsvRecords
from rap_analyzer.adapters.file_bytes import PACKED, FileBytes
from rap_analyzer.adapters.file_encoding import bounded_lines, find_encoding, in_windows_1252
from rap_analyzer.adapters.json_records import document_rows, has_object_lines, line_rows
from rap_analyzer.adapters.sheet_rows import SheetRows
from rap_analyzer.domain.errors import ConfigError, InputError
from rap_analyzer.domain.file_row import FileRow
from rap_analyzer.domain.song_fields import KNOWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARQUET_BATCH = 500
LOOKED_AT = 100
"""Objects of a JSON file whose members are its columns."""
KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
"""What a file is, by the end of its name; `.gz`, `.bz2` or `.xz` may follow where it is a text."""


class _Reader(Protocol):
    """A file of one kind."""

    header: list[str]
    remark: str

    def rows(self) -> Iterator[FileRow]:
        """Every row."""


class SongFile:
    """A file of songs.

    Args:
        path: ends in one of `KINDS`, packed or not; `-` is standard input.
        kind: csv, tsv, json, jsonl, parquet or xlsx, where the name does not say it.
        delimiter: what separates fields, where it is not to be found.
        encoding: of a text, where it is not to be found.

    Raises:
        InputError: there is no such file, it is empty, or its kind, encoding or shape is unknown.
    """

    def __init__(
        self, path: Path, kind: str | None = None, delimiter: str | None = None, encoding: str | None = None
    ) -> None:
        is_packed = path.suffix.lower() in PACKED
        kind = {"jsonl": "json"}.get(kind or "", kind) or _kind(path)
        if kind in {"parquet", "xlsx"} and is_packed:
            raise InputError(f"{path}: a .{kind} file is read as it is: unpack it first.")
        self._file = FileBytes(path)
        self._reader = READERS[kind](self._file, delimiter, encoding)

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self._file.name

    @property
    def header(self) -> list[str]:
        """Names of the columns.

        Raises:
            InputError: there are none.
        """
        if not any(self._reader.header):
            raise InputError(f"{self._file.name}: no columns found in its first line.")
        return self._reader.header

    @property
    def remark(self) -> str:
        """What is to be said of how it is read; empty where it is plain."""
        return self._reader.remark

    def rows(self) -> Iterator[FileRow]:
        """Every row that is not blank; an unreadable one with its fault."""
        return self._reader.rows()


def dataset_name(path: Path) -> str:
    """What a file is called in the store where nothing else is said: its name without endings."""
    if str(path) == "-":
        return "stdin"
    return Path(path.stem).stem if path.suffix.lower() in PACKED else path.stem


def decoded(raw: bytes) -> str:
    """Text of a file in UTF-8; single bytes that are none are read as Windows-1252."""
    return in_windows_1252(raw.decode("utf-8-sig", "surrogateescape"))


def _kind(path: Path) -> str:
    if str(path) == "-":
        raise InputError("Say what comes on standard input with --format csv, tsv, json or jsonl.")
    name = Path(path.stem) if path.suffix.lower() in PACKED else path
    suffix = name.suffix.lower()
    if suffix not in KINDS:
        raise InputError(
            f"{path}: {suffix or 'a name without ending'} is no kind we read; {', '.join(KINDS)} are, also with "
            f"{', '.join(PACKED)} behind; or say what it is with --format."
        )
    return KINDS[suffix]


class _CsvFile:
    def __init__(self, file: FileBytes, delimiter: str | None, encoding: str | None, preferred: str = ",") -> None:
        self._file, self._encoding = file, find_encoding(file, encoding)
        sign = parse_delimiter(delimiter) if delimiter else None
        with self._encoding.open(file) as text:
            sample = text.read(SAMPLE_CHARACTERS).replace("\x00", "")
        first, _, rest = sample.partition("\n")
        named = separator_line(first)
        self._before = 1 if named else 0
        self._dialect: Dialect = find_dialect(rest if named else sample, KNOWN_COLUMNS, sign or named, preferred)
        self.header = self._named(self._opened().header)
        self.remark = self._encoding.remark

    def _opened(self) -> CsvRecords:
        with self._encoding.open(self._file) as text:
            return CsvRecords(list(islice(self._lines(text), self._before, 50)), self._dialect)

    def _lines(self, text: TextIO) -> Iterator[str]:
        lines = bounded_lines(text, self._file.name)
        return (line.replace("\x00", "") for line in lines) if self._encoding.has_nul else lines

    def _named(self, header: list[str]) -> list[str]:
        return [self._mended(name) for name in header]

    def _mended(self, text: str) -> str:
        return in_windows_1252(text) if self._encoding.is_mixed else text

    def rows(self) -> Iterator[FileRow]:
        header, mended = self.header, self._encoding.is_mixed
        with self._encoding.open(self._file) as text:
            lines = islice(self._lines(text), self._before, None)
            for record in CsvRecords(lines, self._dialect, self._before):
                fields = record.fields
                if mended:
                    fields = list(map(in_windows_1252, fields))
                values = {} if record.fault else dict(zip(header, fields, strict=True))
                yield FileRow(record.number, values, record.where, record.fault)


class _TsvFile(_CsvFile):
    def __init__(self, file: FileBytes, delimiter: str | None, encoding: str | None) -> None:
        super().__init__(file, delimiter, encoding, "\t")


class _JsonFile:
    def __init__(self, file: FileBytes, _: str | None, encoding: str | None) -> None:
        self._file, self._encoding = file, find_encoding(file, encoding)
        with self._encoding.open(file) as text:
            self._has_lines = has_object_lines(text)
        first = list(islice(self.rows(), LOOKED_AT))
        if all(row.fault for row in first):
            fault = first[0].fault if first else "there is nothing in it"
            raise InputError(
                f"{file.name}: {fault}; JSON files hold one song's object a line, an array of them, "
                "or an object with such an array under 'songs'."
            )
        self.header = list(dict.fromkeys(chain.from_iterable(row.values for row in first)))
        self.remark = self._encoding.remark

    def rows(self) -> Iterator[FileRow]:
        with self._encoding.open(self._file) as text:
            if self._has_lines:
                lines = bounded_lines(text, self._file.name)
                yield from line_rows(map(in_windows_1252, lines) if self._encoding.is_mixed else lines)
            else:
                yield from document_rows(_Mended(text) if self._encoding.is_mixed else text)


class _Mended:
    """A text whose single bytes are read as Windows-1252."""

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def read(self, size: int) -> str:
        """As a file does."""
        return in_windows_1252(self._text.read(size))


class _ParquetFile:
    remark = ""

    def __init__(self, file: FileBytes, *_: object) -> None:
        self._source = _parquet(file)
        self.header = list(self._source.schema_arrow.names)

    def rows(self) -> Iterator[FileRow]:
        number = 0
        for batch in self._source.iter_batches(batch_size=PARQUET_BATCH):
            for values in batch.to_pylist():
                number += 1
                yield FileRow(number, values, is_typed=True)


class _ExcelFile:
    remark = ""

    def __init__(self, file: FileBytes, *_: object) -> None:
        self._sheet = SheetRows(file.path, file.name)
        self.header = self._sheet.header

    def rows(self) -> Iterator[FileRow]:
        return iter(self._sheet)


def _parquet(file: FileBytes) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ConfigError("Parquet files need `pip install rap-analyzer[analysis]`.") from error
    try:
        return pq.ParquetFile(file.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{file.name}: this is no Parquet file ({error}).") from error


READERS: dict[str, Callable[[FileBytes, str | None, str | None], _Reader]] = {
    "csv": _CsvFile,
    "tsv": _TsvFile,
    "json": _JsonFile,
    "parquet": _ParquetFile,
    "xlsx": _ExcelFile,
}
