"""Which songs of a file have been met, whatever their number: some fifty bytes for each."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from rap_analyzer.domain.track import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

SMALLEST = 1 << 12
FULLEST = 0.6
OUTCOMES = tuple(Outcome)


class SeenSongs:
    """A hash table of numbers: keys of songs to the rows that had them first, and what became of those rows."""

    def __init__(self) -> None:
        self._size = SMALLEST
        self._count = 0
        self._keys, self._rows = array("Q", bytes(8 * SMALLEST)), array("Q", bytes(8 * SMALLEST))
        self._outcomes = bytearray()

    def first(self, key: bytes, row: int) -> int:
        """The row that had this key first; the row itself when none had.

        Args:
            key: at least eight bytes of a digest.
            row: the row that has it now, from 1.
        """
        if self._count > FULLEST * self._size:
            self._grow()
        return self._place(int.from_bytes(key[:8], "big") or 1, row)

    def _place(self, number: int, row: int) -> int:
        keys, last = self._keys, self._size - 1
        at = number & last
        while keys[at]:
            if keys[at] == number:
                return self._rows[at]
            at = (at + 1) & last
        keys[at], self._rows[at] = number, row
        self._count += 1
        return row

    def _grow(self) -> None:
        old: Iterable[tuple[int, int]] = zip(self._keys, self._rows, strict=True)
        self._size *= 2
        self._keys, self._rows = array("Q", bytes(8 * self._size)), array("Q", bytes(8 * self._size))
        self._count = 0
        for number, row in old:
            if number:
                self._place(number, row)

    def remember(self, row: int, outcome: Outcome) -> None:
        """What became of a row."""
        if row >= len(self._outcomes):
            self._outcomes.extend(bytes(max(row + 1 - len(self._outcomes), SMALLEST)))
        self._outcomes[row] = OUTCOMES.index(outcome) + 1

    def outcome(self, row: int) -> Outcome | None:
        """What became of a row; None when it is not known."""
        number = self._outcomes[row] if row < len(self._outcomes) else 0
        return OUTCOMES[number - 1] if number else None
