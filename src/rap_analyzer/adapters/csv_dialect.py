"""How a CSV file separates and quotes its fields, found in its header and first rows."""

from __future__ import annotations

import csv
import re
from itertools import islice, product
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

DELIMITERS = (",", ";", "\t", "|")
NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
"""Words that `--delimiter` takes for a sign."""
SAMPLE_CHARACTERS = 200_000
SAMPLE_RECORDS = 50
SEPARATOR_LINE = re.compile(r"sep=(.)\s*\Z")
"""What spreadsheets write before the header to say what separates fields."""


class Dialect(csv.Dialect):
    """As RFC 4180 has it: quotes within quotes are doubled, and after the closing one the field is over.

    Args:
        delimiter: what separates fields.
        quote: what surrounds those that hold it.
        skip_spaces: whether spaces after a delimiter are no part of the field.
    """

    doublequote = True
    lineterminator = "\r\n"
    quoting = csv.QUOTE_MINIMAL
    strict = True

    def __init__(self, delimiter: str, quote: str = '"', *, skip_spaces: bool = False) -> None:
        self.delimiter, self.quotechar, self.skipinitialspace = delimiter, quote, skip_spaces
        super().__init__()


class EscapedDialect(Dialect):
    """The same where a backslash stands before a quote that is part of the field."""

    escapechar = "\\"


def parse_delimiter(given: str) -> str:
    """The sign that `--delimiter` names.

    Raises:
        InputError: it is not one sign.
    """
    sign = NAMED.get(given.lower(), given)
    if len(sign) != 1 or sign in '"\r\n':
        raise InputError(f"--delimiter {given!r} is not one sign: write one such as ';' or '|', or the word tab.")
    return sign


def find_dialect(sample: str, known: Collection[str], delimiter: str | None, preferred: str = ",") -> Dialect:
    """The dialect in which the header has most of the names that we know, and the rows have as many fields as it.

    Args:
        sample: the start of the file.
        known: names of columns, in lower case.
        delimiter: what separates fields, where the user says it.
        preferred: what does where all fit alike.
    """
    lines = sample.splitlines(keepends=True)
    quote = "'" if sample.lstrip().startswith("'") else '"'
    signs = [delimiter] if delimiter else sorted(DELIMITERS, key=lambda sign: sign != preferred)
    candidates = [Dialect(sign, quote, skip_spaces=skips) for sign, skips in product(signs, (False, True))]
    return max(candidates, key=lambda dialect: _fit(dialect, lines, known))


def separator_line(line: str) -> str | None:
    """The sign that a line such as `sep=;` names; None for any other line."""
    found = SEPARATOR_LINE.match(line)
    return found[1] if found else None


def _fit(dialect: Dialect, lines: Iterable[str], known: Collection[str]) -> tuple[int, bool, float, int]:
    """The higher, the better it fits; equal ones keep their order."""
    records = [record for record in islice(_records(dialect, lines), SAMPLE_RECORDS) if record]
    if not records:
        return (0, False, 0.0, 0)
    header = [name.strip().lower() for name in records[0]]
    width = len(header)
    alike = sum(len(record) == width for record in records) / len(records)
    return (sum(name in known for name in header), width > 1, alike, width)


def _records(dialect: Dialect, lines: Iterable[str]) -> Iterable[list[str]]:
    """Records as far as the sample goes, with quotes that are wrong taken as they stand."""
    reader = csv.reader(lines, dialect, strict=False)
    try:
        yield from reader
    except csv.Error:
        return
