"""Songs of a JSON file: one object a line, an array of them, or what lyricsgenius saves; a song in memory at a time."""

from __future__ import annotations

import json
import re
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from rap_analyzer.domain.file_row import FileRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK = 1 << 20
LONGEST_LINE = 32_000_000
LONGEST_VALUE = 64_000_000
SPACE = re.compile(r"[ \t\r\n\ufeff]*")
LISTS = ("songs", "tracks", "data", "results", "items")
"""Members of an object under which its songs stand."""
COMPLETE = '}]"'
"""What values end in that cannot go on."""


class Readable(Protocol):
    """What text is read from."""

    def read(self, size: int, /) -> str:
        """So many characters, fewer at the end."""


def has_object_lines(text: TextIO) -> bool:
    """Whether a file has one object a line, seen from its first lines: else it is one document."""
    lines = iter(partial(text.readline, LONGEST_LINE), "")
    filled = (line for line in lines if line.strip("\ufeff \t\r\n\x00"))
    first = next(filled, "").lstrip("\ufeff \t")
    if len(first) >= LONGEST_LINE // 2 and not first.endswith("\n"):
        return False
    second = next(filled, "").lstrip()
    if not first.startswith(("{", "[")):
        return True
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return first.startswith("{") and second.startswith("{")
    return bool(second) or (isinstance(value, dict) and not any(name in value for name in LISTS))


def line_rows(lines: Iterable[str]) -> Iterator[FileRow]:
    """An object a line; a broken line harms no other."""
    for number, line in enumerate(lines, start=1):
        text = line.strip("\ufeff \t\r\n\x00")
        if not text:
            continue
        where = f"row {number:,}"
        try:
            yield _row(json.loads(text), number, where)
        except (ValueError, RecursionError) as error:
            yield FileRow(number, where=where, fault=f"the line is no JSON object: {_told(error)}")


def document_rows(text: Readable) -> Iterator[FileRow]:
    """The songs of arrays and objects, in order; where the document breaks off, a row that says so."""
    numbers = count(1)
    stream = _Stream(text)
    number = 1
    try:
        while stream.sign():
            for value in _songs(stream):
                number = next(numbers)
                yield _row(value, number, "")
    except (ValueError, RecursionError) as error:
        number = next(numbers)
        fault = f"the JSON is damaged or cut off after the rows before it: {_told(error)}"
        yield FileRow(number, fault=fault)


def _told(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _row(value: Any, number: int, where: str) -> FileRow:
    if isinstance(value, dict) and isinstance(value.get("song"), dict) and "lyrics" not in value:
        value = value["song"]
    if not isinstance(value, dict):
        return FileRow(
            number, where=where, fault=f"the row is no JSON object: a {type(value).__name__} stands where one must"
        )
    return FileRow(number, _flat(value), where, is_typed=True)


def _flat(song: dict[str, Any]) -> dict[str, Any]:
    """A song as Genius and `rap export` write it, with names in place of objects."""
    flat = dict(song)
    artist = flat.get("artist") or flat.get("primary_artist") or flat.get("artist_names")
    if artist:
        flat["artist"] = artist
    for name in ("artist", "album"):
        if isinstance(flat.get(name), dict):
            flat[name] = flat[name].get("name") or flat[name].get("title")
    stats, credits_ = flat.get("stats"), flat.get("credits")
    if isinstance(stats, dict) and "views" not in flat and "pageviews" in stats:
        flat["views"] = stats["pageviews"]
    if isinstance(credits_, dict):
        flat.setdefault("features", credits_.get("featured"))
        flat.setdefault("primary_artists", credits_.get("primary"))
    return flat


def _songs(stream: _Stream) -> Iterator[Any]:
    """The items of an array, the songs of an object, or the object itself."""
    if stream.sign() == "[":
        yield from _items(stream)
        return
    if stream.sign() != "{":
        raise stream.error("an array or an object must stand here")
    stream.skip()
    own: dict[str, Any] = {}
    has_list = False
    while stream.sign() not in {"}", ""}:
        name = stream.value()
        if stream.sign() != ":":
            raise stream.error("a colon must stand here")
        stream.skip()
        if name in LISTS and stream.sign() == "[":
            has_list = True
            artist = own.get("artist") or own.get("name")
            for item in _items(stream):
                yield {"artist": artist, **item} if isinstance(item, dict) and artist else item
        else:
            own[str(name)] = stream.value()
        if stream.sign() == ",":
            stream.skip()
    if not stream.sign():
        raise stream.error("the object has no end")
    stream.skip()
    if not has_list:
        yield own


def _items(stream: _Stream) -> Iterator[Any]:
    stream.skip()
    while stream.sign() != "]":
        yield stream.value()
        sign = stream.sign()
        if sign == ",":
            stream.skip()
        elif sign != "]":
            raise stream.error("a comma or the end of the array must stand here")
    stream.skip()


class _Stream:
    """JSON values from a text, a piece of it in memory."""

    def __init__(self, text: Readable) -> None:
        self._text = text
        self._buffer, self._at, self._before = "", 0, 0
        self._decoder = json.JSONDecoder()

    def sign(self) -> str:
        """The next sign that is no white space, which stays; empty at the end."""
        while True:
            space = SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._read_more():
                return ""

    def skip(self) -> None:
        """Takes one sign."""
        self._at += 1

    def error(self, message: str) -> ValueError:
        """What is wrong here, with the place."""
        return ValueError(f"{message} (character {self._before + self._at + 1:,})")

    def value(self) -> Any:
        """The next value.

        Raises:
            ValueError: there is none, or it is far too long.
        """
        self.sign()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if not self._read_more():
                    raise self.error(error.msg) from error
                continue
            if end == len(self._buffer) and self._buffer[end - 1] not in COMPLETE and self._read_more():
                continue
            self._at = end
            return value

    def _read_more(self) -> bool:
        left = self._buffer[self._at :]
        if len(left) > LONGEST_VALUE:
            raise self.error(f"a value has more than {LONGEST_VALUE:,} characters")
        piece = self._text.read(max(CHUNK, len(left)))
        self._before += self._at
        self._buffer, self._at = left + piece, 0
        return bool(piece)
