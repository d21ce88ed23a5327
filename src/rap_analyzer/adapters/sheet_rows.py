"""Rows of an Excel workbook, read from its XML a row at a time."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import ConfigError, InputError
from rap_analyzer.domain.file_row import FileRow
from rap_analyzer.domain.song_fields import KNOWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_UNPACKED = 1 << 30
"""Bytes of XML in a workbook; more does not fit a sheet of songs."""
HEADER_WITHIN = 20
"""Rows within which the names of the columns stand."""


class SheetRows:
    """The sheet of a workbook whose header has most of the names that we know; of several the first.

    Args:
        path: the file.
        name: what it is called in messages.

    Raises:
        ConfigError: openpyxl is not installed.
        InputError: it is no workbook, or far too large.
    """

    def __init__(self, path: Path, name: str) -> None:
        try:
            from openpyxl import load_workbook
            from openpyxl.utils.exceptions import InvalidFileException
        except ImportError as error:
            raise ConfigError("Excel files need `pip install rap-analyzer[analysis]`.") from error
        try:
            with zipfile.ZipFile(path) as parts:
                unpacked = sum(part.file_size for part in parts.infolist())
            if unpacked > MOST_UNPACKED:
                raise InputError(f"{name} unpacks to {unpacked:,} bytes, more than we read: save it as CSV.")
            self._book = load_workbook(path, read_only=True, data_only=True)
        except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
            raise InputError(f"{name}: this is no Excel workbook ({error}).") from error
        sheets = self._book.worksheets
        if not sheets:
            raise InputError(f"{name} has no sheet.")
        found = [(sheet, *_header(sheet)) for sheet in sheets]
        self._sheet, self._row, self.header = max(found, key=lambda one: _known(one[2]))

    def __iter__(self) -> Iterator[FileRow]:
        """Every row below the header that is not empty, with its number in the sheet."""
        rows = self._sheet.iter_rows(min_row=self._row + 1, values_only=True)
        for number, cells in enumerate(rows, start=1):
            if any(cell is not None and str(cell).strip() for cell in cells):
                values = {name: cell for name, cell in zip(self.header, cells, strict=False) if name}
                yield FileRow(number, values, f"row {self._row + number:,} of the sheet", is_typed=True)
        self._book.close()

    def close(self) -> None:
        """Close the file."""
        self._book.close()


def _header(sheet: Any) -> tuple[int, list[str]]:
    """The first row with something in it, and its number."""
    for number, cells in enumerate(sheet.iter_rows(max_row=HEADER_WITHIN, values_only=True), start=1):
        if any(cell is not None for cell in cells):
            return number, ["" if cell is None else str(cell).strip() for cell in cells]
    return 0, []


def _known(header: list[str]) -> int:
    return sum(name.lower() in KNOWN_COLUMNS for name in header)
