"""Names in a column of artists: a list of any spelling, each name whole."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from rap_analyzer.domain.markup import read_literal
from rap_analyzer.domain.placeholders import is_nothing

MOST_NAMES, MOST_CHARACTERS = 200, 20_000
ARRAY_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^,{}"\\]|\\.)+)')
"""An item of a PostgreSQL array: quoted, or without comma, brace and quote."""
COMMA_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,"]+(?:"[^,"]*)*)')
SEPARATORS = ("|", ";")
"""Signs that separate names where one of them stands in the text; else commas do."""
LEADING = re.compile(r"\A\(?\s*(?:feat(?:uring|\.)?|ft\.?|with)\s+", re.IGNORECASE)


def parse_names(value: Any) -> list[str]:
    """Names in a list, in a JSON or Python list or a PostgreSQL array that is written out, or in a plain text.

    In a plain text they are separated by `|`, else by `;`, else by commas; a name in double quotes is whole. Words for
    nothing are no names, and each name comes once.
    """
    names = (" ".join(name.split()) for name in islice(_names(value), MOST_NAMES))
    return list({name.casefold(): name for name in reversed([n for n in names if not is_nothing(n)])}.values())[::-1]


def _names(value: Any) -> list[str]:
    if isinstance(value, list | tuple | set):
        return [name for item in value for name in _name(item)]
    if isinstance(value, dict):
        return _name(value)
    text = "" if value is None else str(value)[:MOST_CHARACTERS].strip()
    if is_nothing(text):
        return []
    if text[0] in "[{" and text[-1] in "]}":
        return _structured(text)
    text = LEADING.sub("", text)
    for sign in SEPARATORS:
        if sign in text:
            return text.split(sign)
    return _matched(COMMA_ITEM, text)


def _name(item: Any) -> list[str]:
    """The name that an item of a list is or has."""
    if isinstance(item, dict):
        return [str(item["name"])] if item.get("name") else []
    return [] if item is None or isinstance(item, float) else [str(item)]


def _structured(text: str) -> list[str]:
    read = read_literal(text)
    if isinstance(read, list | tuple | dict):
        return _names(read)
    if isinstance(read, set):  # `{"A"}` is a set of Python and an array of PostgreSQL: the array keeps the order
        return _matched(ARRAY_ITEM, text[1:-1])
    return _matched(ARRAY_ITEM if text[0] == "{" else COMMA_ITEM, text[1:-1])


def _matched(pattern: re.Pattern[str], text: str) -> list[str]:
    return [(quoted or bare).replace("\\", "").strip(" '") if bare else quoted.replace("\\", "") for quoted, bare in
            pattern.findall(text)]  # fmt: skip
