"""Rows of CSV, JSON-lines and Parquet files, one at a time, whatever their size and encoding."""

from __future__ import annotations

import codecs
import csv
import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

from rap_analyzer.domain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Row = dict[str, Any] | InputError

PARQUET_BATCH = 500
MAX_FIELD = min(sys.maxsize, 2**31 - 1)


class SongFile:
    """A file of songs.

    Args:
        path: ends in .csv, .tsv, .jsonl, .ndjson, .json or .parquet.

    Raises:
        InputError: there is no such file, it is empty, or its kind is unknown.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        suffix = path.suffix.lower()
        if suffix not in READERS:
            raise InputError(
                f"{path}: {suffix or 'a name without ending'} is no kind we read; {', '.join(READERS)} are."
            )
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.")
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty.")
        self._header, self._rows = READERS[suffix]

    @property
    def header(self) -> list[str]:
        """Names of the columns."""
        header = self._header(self._path)
        if not header:
            raise InputError(f"{self._path}: no columns found in its first line.")
        return header

    def rows(self) -> Iterator[Row]:
        """Every row, as column to value; an unreadable one as the InputError that says why."""
        return self._rows(self._path)


def _csv_header(path: Path) -> list[str]:
    csv.field_size_limit(MAX_FIELD)
    with _opened(path) as lines:
        try:
            return [_mended(name) for name in next(csv.reader(lines, _dialect(path)), [])]
        except csv.Error as error:
            raise InputError(f"{path}: the first line is no CSV: {error}.") from error


def _csv_rows(path: Path) -> Iterator[Row]:
    csv.field_size_limit(MAX_FIELD)
    with _opened(path) as file:
        lines = _Lines(file)
        reader = csv.reader(lines, _dialect(path))
        header = [_mended(name) for name in next(reader, [])]
        try:
            for row in reader:
                # A row that wanted more lines than there are lost its end: half a song is none.
                if lines.ended:
                    yield InputError("the file ends inside quotes, so its last song is cut off: get the whole file")
                elif row:
                    yield dict(zip(header, map(_mended, row), strict=False))
        except csv.Error as error:
            raise InputError(f"{path}, line {reader.line_num:,}: {error}. The rows before it are stored.") from error


class _Lines:
    """Lines without NUL characters, which remembers whether more were asked for than there are."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            return line.replace("\x00", "")
        self.ended = True
        raise StopIteration


def _opened(path: Path) -> TextIO:
    """UTF-16 where the file says so in its first bytes, as what Excel calls Unicode text does; else UTF-8."""
    try:
        with path.open("rb") as start:
            is_wide = start.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
        if is_wide:
            return path.open(encoding="utf-16", errors="replace", newline="")
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def decoded(raw: bytes) -> str:
    """Text of a file in UTF-8; each line that is not is read as Windows-1252."""
    lines = raw.decode("utf-8-sig", "surrogateescape").splitlines(keepends=True)
    return "".join(map(_mended, lines))


def _dialect(path: Path) -> type[csv.Dialect]:
    return csv.excel_tab if path.suffix.lower() == ".tsv" else csv.excel


def _mended(text: str) -> str:
    """Bytes that are no UTF-8 are read as Windows-1252, as most of them are."""
    if text.isascii() or not any("\udc80" <= c <= "\udcff" for c in text):
        return text
    raw = text.encode("utf-8", "surrogateescape")
    return raw.decode("cp1252", "replace")


def _json_header(path: Path) -> list[str]:
    first = next(_json_rows(path), None)
    if isinstance(first, InputError):
        raise InputError(f"{path}: {first}; JSON files are read as JSON lines, one song's object a line.")
    return list(first or {})


def _json_rows(path: Path) -> Iterator[Row]:
    with _opened(path) as lines:
        for line in lines:
            if line.strip():
                yield _json_row(line)


def _json_row(line: str) -> Row:
    try:
        row = json.loads(_mended(line))
    except (json.JSONDecodeError, RecursionError) as error:
        return InputError(f"the line is no JSON object: {error}")
    return row if isinstance(row, dict) else InputError(f"a {type(row).__name__} stands where a JSON object must")


def _parquet_header(path: Path) -> list[str]:
    return list(_parquet(path).schema_arrow.names)


def _parquet_rows(path: Path) -> Iterator[Row]:
    for batch in _parquet(path).iter_batches(batch_size=PARQUET_BATCH):
        yield from batch.to_pylist()


def _parquet(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ConfigError("Parquet files need `pip install rap-analyzer[analysis]`.") from error
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: this is no Parquet file ({error}).") from error


READERS: dict[str, tuple[Callable[[Path], list[str]], Callable[[Path], Iterator[Row]]]] = {
    ".csv": (_csv_header, _csv_rows),
    ".tsv": (_csv_header, _csv_rows),
    ".jsonl": (_json_header, _json_rows),
    ".ndjson": (_json_header, _json_rows),
    ".json": (_json_header, _json_rows),
    ".parquet": (_parquet_header, _parquet_rows),
}
