"""Which tracks of the store are meant: `artist=Juno Halogen, year>=1990`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rap_analyzer.domain.errors import InputError

TEXT_FIELDS = ("artist", "title", "album", "source", "language")
NUMBER_FIELDS = ("year", "id")
CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=|!=|=|>|<)\s*(.*?)\s*", re.DOTALL)
PIECE = re.compile(r"""(?:"[^"]*"|'[^']*'|[^,"']|(?<=\w)['"]|["'])+""")
"""What stands between commas; a comma in quotation marks is a part of the value."""
EXAMPLE = "such as artist=Juno Halogen, year>=1990"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition that a track has to meet.

    Attributes:
        field: one of TEXT_FIELDS (compared without regard to case) or NUMBER_FIELDS.
        sign: `=`, `!=`, and for numbers also `<`, `<=`, `>`, `>=`.
        value: to compare with.
    """

    field: str
    sign: str
    value: str | int


def parse_filter(text: str) -> tuple[Condition, ...]:
    """The conditions in a text, all of which a track has to meet; none in a blank one.

    Raises:
        InputError: a part is no condition; the message names it and says how one is written.
    """
    return tuple(_condition(piece) for piece in PIECE.findall(text) if piece.strip())


def _condition(piece: str) -> Condition:
    match = CONDITION.fullmatch(piece)
    if not match or not match[3].strip("\"'"):
        raise InputError(f"--where {piece.strip()!r} is no condition: write FIELD=VALUE, {EXAMPLE}.")
    field, sign, value = match[1].lower(), match[2], match[3]
    if value[0] == value[-1] and value[0] in "\"'" and len(value) > 1:
        value = value[1:-1]
    if field in NUMBER_FIELDS:
        return Condition(field, sign, _number(field, value))
    if field not in TEXT_FIELDS:
        known = ", ".join((*TEXT_FIELDS, *NUMBER_FIELDS))
        raise InputError(f"--where knows no field {field!r}: there are {known}.")
    if sign not in ("=", "!="):
        raise InputError(f"--where {piece.strip()!r}: {field} is a text and takes only = or !=.")
    return Condition(field, sign, value)


def _number(field: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,12}", value):
        raise InputError(f"--where {field}: {value!r} is no number, {EXAMPLE}.")
    return int(value)
