"""Rows of CSV, JSON-lines and Parquet files, one at a time, whatever their size and encoding."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        try:
            return [_mended(name) for name in next(csv.reader(lines, _dialect(path)), [])]
        except csv.Error as error:
            raise InputError(f"{path}: the first line is no CSV: {error}.") from error


def _csv_rows(path: Path) -> Iterator[Row]:
    csv.field_size_limit(MAX_FIELD)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader = csv.reader(_without_nul(lines), _dialect(path))
        header = [_mended(name) for name in next(reader, [])]
        try:
            for row in reader:
                if row:
                    yield dict(zip(header, map(_mended, row), strict=False))
        except csv.Error as error:
            raise InputError(f"{path}, line {reader.line_num:,}: {error}. The rows before it are stored.") from error


def _without_nul(lines: Any) -> Iterator[str]:
    return (line.replace("\x00", "") for line in lines)


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
        raise InputError(f"{path}: {first}.")
    return list(first or {})


def _json_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
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
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: this is no Parquet file ({error}).") from error


READERS: dict[str, tuple[Callable[[Path], list[str]], Callable[[Path], Iterator[Row]]]] = {
    ".csv": (_csv_header, _csv_rows),
    ".tsv": (_csv_header, _csv_rows),
    ".jsonl": (_json_header, _json_rows),
    ".ndjson": (_json_header, _json_rows),
    ".json": (_json_header, _json_rows),
    ".parquet": (_parquet_header, _parquet_rows),
}
