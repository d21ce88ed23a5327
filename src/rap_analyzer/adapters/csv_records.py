"""Records of a CSV file, each whole or told as a fault: a row that cannot be told apart is never stored by half."""

from __future__ import annotations

import csv
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rap_analyzer.adapters.csv_dialect import Dialect, EscapedDialect
from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_RECORD = 40_000_000
LONGEST_TRIAL = 1_000_000
MOST_TRIED = 100_000_000
"""Characters that are read again in a file to find where rows go on after wrong quotes."""
MOST_HELD = 100
LEAST_RESTS = 3
"""A row and two lines after it that read like words with commas: too many for chance."""

SHORT = "it has {0:,} field{1} where the header has {2:,}: it is cut short, or a line break stands outside quotes"
LONG = "it has {0:,} field{1} where the header has {2:,}: a field that holds {3!r} must stand in quotes"
CUT = "the lines after it read like the rest of its words: what holds line breaks must stand in quotes"
QUOTES = "its quotes cannot be told apart: a quote within a quoted field is written twice"
ENDED = "the file ends inside quotes, so its last song is cut off: get the whole file"


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        number: its number among the rows below the header, from 1; blank ones count.
        line: its first line in the file, from 1.
        fields: what it holds, as many as the header has; empty when it has a fault.
        fault: why it cannot be taken; empty when it can.
        last_line: its last line, as it stands.
        lines: how many lines it has.
    """

    number: int
    line: int
    fields: list[str]
    fault: str
    last_line: str
    lines: int

    @property
    def where(self) -> str:
        """Where it stands, in words."""
        if self.fault and self.lines > 1:
            return f"row {self.number:,}, lines {self.line:,} to {self.line + self.lines - 1:,}"
        return f"row {self.number:,}, line {self.line:,}"


class _TooLong(csv.Error):
    """A record has more characters than any could have."""


class _Lines:
    """Lines that can be taken back.

    Attributes:
        taken: those of the record under way.
        limit: characters that it may have.
        ended: whether more lines were asked for than there are.
    """

    def __init__(self, lines: Iterable[str], before: int) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._before = before
        self.taken: list[str] = []
        self.size, self.limit = 0, LONGEST_RECORD
        self.ended = False

    @property
    def number(self) -> int:
        """Lines that have been read."""
        return self._before + len(self.taken)

    def begin(self) -> None:
        """A record begins with the next line."""
        self._before += len(self.taken)
        self.taken = []
        self.size = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, "")
        if not line:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        self.size += len(line)
        if self.size > self.limit:
            raise _TooLong
        return line

    def give_back(self) -> None:
        """The record under way has not been read."""
        self._again.extendleft(reversed(self.taken))
        self.taken = []
        self.begin()

    def set_aside(self) -> list[str]:
        """The lines of the record under way, which is left until `resume`."""
        kept = self.taken
        self.begin()
        return kept

    def resume(self, kept: list[str]) -> None:
        """The record that was set aside goes on."""
        self._before -= len(kept)
        self.taken = kept

    def take(self, count: int) -> None:
        """So many lines are read without a look into them."""
        for _ in range(count):
            next(self)

    def peek(self) -> str | None:
        """The next line, which stays; None at the end."""
        if not self._again:
            line = next(self._lines, "")
            if not line:
                return None
            self._again.append(line)
        return self._again[0]


class CsvRecords:
    """Reads records below the header.

    Args:
        lines: the lines of the file from the header on.
        dialect: how fields are separated and quoted.
        before: lines of the file that stand before these.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect, before: int = 0) -> None:
        csv.field_size_limit(2**31 - 1)
        self._lines = _Lines(lines, before)
        self._dialect = dialect
        self._escaped = EscapedDialect(
            dialect.delimiter, dialect.quotechar or '"', skip_spaces=bool(dialect.skipinitialspace)
        )
        self._quote, self._delimiter = dialect.quotechar or '"', dialect.delimiter
        self._tried = 0
        self.header = self._read_header()
        self._width = len(self.header)
        self._is_spaced = bool(dialect.skipinitialspace)

    def _read_header(self) -> list[str]:
        """The first line that is not blank; none of it where its quotes are wrong."""
        while (line := self._lines.peek()) is not None and not line.strip():
            self._lines.take(1)
        self._lines.begin()
        try:
            return [name.strip() for name in next(csv.reader(self._lines, self._dialect), [])]
        except csv.Error:
            return []

    def __iter__(self) -> Iterator[Record]:
        """Every record that is not blank; one that turns out cut by what follows it has a fault.

        In a file in which a line of words has stood outside quotes, any line that reads like one is such a line, also
        where its commas make it as wide as the header.
        """
        held: list[Record] = []
        has_rests = False
        for record in self._records():
            if self._is_rest(record):
                if held and (self._is_open(held[-1]) or self._closes_quote(record)):
                    yield from map(_cut, held)
                    held = []
                has_rests = True
                yield record
            elif has_rests and self._is_prose(record):
                if held and self._is_open(held[-1]):
                    yield from map(_cut, held)
                    held = []
                yield _cut(record)
            else:
                goes_on = bool(held) and self._is_prose(record) and self._is_open(held[-1]) and len(held) < MOST_HELD
                if not goes_on:
                    yield from self._settled(held)
                    held = []
                held.append(record)
        yield from self._settled(held)

    def _settled(self, held: list[Record]) -> Iterable[Record]:
        """Records after which a new one begins: lines of words after a row that is written otherwise are its rest."""
        are_rests = len(held) >= LEAST_RESTS and not self._is_prose(held[0])
        return map(_cut, held) if are_rests else held

    def _records(self) -> Iterator[Record]:
        reader = csv.reader(self._lines, self._dialect)
        number = 0
        while True:
            lines = self._lines
            lines.begin()
            first = lines.number + 1
            fields: list[str] | None
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fields, reader = None, csv.reader(lines, self._dialect)
            number += 1
            fault = ""
            if fields is None or len(fields) != self._width or ("\\" in "".join(fields) and self._has_escape()):
                if fields is not None and not any(map(str.strip, fields)):
                    continue
                fields, fault = self._settle(fields)
            elif not any(fields):
                continue
            taken = lines.taken
            yield Record(number, first, fields, fault, taken[-1], len(taken))

    def _settle(self, fields: list[str] | None) -> tuple[list[str], str]:
        """A record that is not plainly right: in another way of quoting it may be."""
        lines, width = self._lines, self._width
        has_ended, count = lines.ended and fields is None, len(lines.taken)
        if self._has_escape() and (escaped := self._reread(self._escaped)):
            return escaped, ""
        if fields is not None and len(fields) >= width and not any(fields[width:]):
            lines.give_back()
            lines.take(count)
            return fields[:width], ""
        if loose := self._reread(None):
            return loose, ""
        lines.give_back()
        if fields is None:
            self._skip_to_record()
            return [], ENDED if has_ended and lines.peek() is None else QUOTES
        lines.take(count)
        form = LONG if len(fields) > width else SHORT
        return [], form.format(len(fields), "" if len(fields) == 1 else "s", width, self._delimiter)

    def _has_escape(self) -> bool:
        """Whether a backslash stands before a quote in the record under way."""
        return any(f"\\{self._quote}" in line for line in self._lines.taken)

    def _reread(self, dialect: Dialect | None) -> list[str] | None:
        """The record under way in this dialect, or with quotes that are not doubled; None when it has another width."""
        self._lines.give_back()
        self._lines.limit = LONGEST_TRIAL
        try:
            fields = next(csv.reader(self._lines, dialect)) if dialect else self._loose()
        except (csv.Error, StopIteration):
            fields = None
        self._lines.limit = LONGEST_RECORD
        self._tried += self._lines.size
        return fields if fields is not None and len(fields) == self._width else None

    def _loose(self) -> list[str] | None:
        """A record whose fields all stand in quotes, with quotes in them that are not doubled.

        It ends before a line that begins another, and is taken only if it falls into as many fields as the header has.
        """
        quote, between = self._quote, self._quote + self._delimiter + self._quote
        text = ""
        for line in self._lines:
            text += line
            body = text.rstrip("\r\n")
            if not body.startswith(quote) or body.count(between) >= self._width:
                return None
            if not body.endswith(quote) or len(body) == 1 or body.count(between) != self._width - 1:
                continue
            following = (self._lines.peek() or "").strip()
            if not following or (following.startswith(quote) and between in following):
                return [self._undoubled(part) for part in body[1:-1].split(between)]
        return None

    def _undoubled(self, text: str) -> str:
        plain = text.replace(self._quote * 2, "")
        return text if self._quote in plain else text.replace(self._quote * 2, self._quote)

    def _skip_to_record(self) -> None:
        """Takes lines until one from which a record can be read.

        Raises:
            InputError: too much of the file has been read again for that.
        """
        while True:
            self._lines.take(1)
            kept = self._lines.set_aside()
            line = self._lines.peek()
            is_found = line is None or self._begins_record(line)
            self._lines.resume(kept)
            if is_found:
                return
            if self._tried > MOST_TRIED:
                raise InputError(
                    f"From line {self._lines.number:,} on the quotes of the file cannot be told apart: "
                    "a quote within a quoted field is written twice. The rows before it are stored."
                )

    def _begins_record(self, line: str) -> bool:
        could = line.startswith(self._quote) or line.count(self._delimiter) >= self._width - 1
        if not could:
            return False
        fields = self._reread(self._dialect)
        begins = fields is not None and (
            len(self._lines.taken) > 1 or self._delimiter + self._quote in line or line.startswith(self._quote)
        )
        begins = begins or (fields is None and self._reread(None) is not None)
        self._lines.give_back()
        return begins

    def _is_rest(self, record: Record) -> bool:
        """Whether it reads like a line of words that stood outside quotes."""
        return bool(record.fault) and record.lines == 1 and self._reads_like_prose(record.last_line)

    def _is_prose(self, record: Record) -> bool:
        """Whether a record that is whole reads like a line of words with commas."""
        return not record.fault and record.lines == 1 and self._reads_like_prose(record.last_line)

    def _reads_like_prose(self, line: str) -> bool:
        if self._is_spaced or line.startswith(self._quote):
            return False
        return line.count(self._delimiter) == line.count(self._delimiter + " ")

    def _is_open(self, record: Record) -> bool:
        """Whether it may go on: its end does not stand in quotes."""
        return not record.last_line.rstrip("\r\n").endswith(self._quote)

    def _closes_quote(self, record: Record) -> bool:
        line = record.last_line.rstrip("\r\n")
        return line.endswith(self._quote) and line.count(self._quote) % 2 == 1


def _cut(record: Record) -> Record:
    return record if record.fault else replace(record, fields=[], fault=CUT)
