"""One row of a file of songs, as its reader hands it on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row, or why it could not be read.

    Attributes:
        number: its number among the file's rows, from 1; blank rows count.
        values: column to value.
        where: the place in the file as people find it, such as `row 3, line 14`.
        fault: why it could not be read, in words; empty when it could.
        is_typed: whether the file has a way of its own to say that there is nothing, so that "null" is a word.
    """

    number: int
    values: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""
    fault: str = ""
    is_typed: bool = False

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return self.where or f"row {self.number:,}"


def numbered(rows: Iterable[Mapping[str, Any]]) -> Iterator[FileRow]:
    """Rows that come from no file, numbered from 1."""
    return (FileRow(number, row) for number, row in enumerate(rows, start=1))
