"""How the bytes of a file become text: one decision for the whole file, taken before its first row."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from rap_analyzer.adapters.file_bytes import CHUNK
from rap_analyzer.domain.encodings import SPOKEN_OF, likely_encodings
from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.adapters.file_bytes import FileBytes

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What a file may begin with to say its encoding."""
WIDE_START = 256
"""Bytes in which UTF-16 without a mark shows itself: half of them are NUL where the names of columns stand."""
SAMPLE = 65_536
"""Bytes of lines beyond ASCII that an encoding is found by."""
UNDECODED = re.compile("[\udc80-\udcff]+")
LONGEST_LINE = 32_000_000


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes become text.

    Attributes:
        codec: Python's name of it.
        is_mixed: whether it is UTF-8 with single bytes of Windows-1252 in between, which are read as such.
        errors: what is done with bytes that are none.
        has_nul: whether there may be NUL characters.
    """

    codec: str
    is_mixed: bool = False
    errors: str = "surrogateescape"
    has_nul: bool = True

    @property
    def remark(self) -> str:
        """What is said of it; empty when it is UTF-8."""
        if self.is_mixed:
            return "Read as UTF-8, with single bytes as Windows-1252 (--encoding sets another)."
        if self.codec in {"utf-8", "utf-8-sig"}:
            return ""
        return f"Read as {SPOKEN_OF.get(self.codec, self.codec)} (--encoding sets another)."

    def open(self, file: FileBytes) -> TextIO:
        """The file as text, with the ends of its lines as they are."""
        return io.TextIOWrapper(file.open(), encoding=self.codec, errors=self.errors, newline="")


def find_encoding(file: FileBytes, asked: str | None = None) -> Encoding:
    """Which encoding a file is read in.

    Args:
        file: the file.
        asked: the one that the user names.

    Raises:
        InputError: there is no such encoding, or the bytes may be in several or in none that we know.
    """
    survey = _Survey()
    named = _named(asked) if asked else None
    for chunk in file.chunks() if file.is_packed or not named else ():
        if survey.add(chunk) and not file.is_packed:  # what is packed is read to its end, to see that it is whole
            break
    if named:
        return named
    return replace(survey.decide(file.name), has_nul=survey.has_nul)


def _named(name: str) -> Encoding:
    try:
        codec = codecs.lookup(name)
        "a".encode(codec.name)
    except LookupError as error:
        raise InputError(
            f"--encoding {name!r} is no encoding that we know; cp1252, cp1251, shift_jis and gb18030 are some."
        ) from error
    return Encoding(codec.name, errors="replace" if codec.name.startswith(("utf-16", "utf-32")) else "surrogateescape")


class _Survey:
    """Reads bytes until it is clear how they become text."""

    def __init__(self) -> None:
        self._known: Encoding | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.has_nul = self._is_started = self._is_pending = False
        self._good = self._bad = 0
        self._sample: list[bytes] = []
        self._sampled = 0

    def add(self, chunk: bytes) -> bool:
        """Takes more in. Returns whether no more is needed."""
        if not self._is_started:
            self._is_started = True
            self._known = _marked(chunk) or _wide(chunk)
            self.has_nul = self._known is not None
        if self._known:
            return True
        self.has_nul = self.has_nul or 0 in chunk
        if chunk.isascii() and not self._is_pending:
            return False
        text = self._decoder.decode(chunk)
        self._is_pending = bool(self._decoder.getstate()[0])
        bad = sum(map(len, UNDECODED.findall(text)))
        self._bad += bad
        self._good += len(text) - len(text.encode("ascii", "ignore")) - bad
        if self._bad and self._sampled < SAMPLE:
            self._take_sample(chunk)
        return False

    def _take_sample(self, chunk: bytes) -> None:
        """Whole lines, because half a character is none; of a very long one what ends before a space."""
        lines = chunk.split(b"\n")
        whole = lines[1:-1] if len(lines) > 2 and len(chunk) == CHUNK else lines  # noqa: PLR2004
        for line in whole:
            if self._sampled < SAMPLE and not line.isascii():
                taken = line if len(line) <= SAMPLE else line[:SAMPLE].rpartition(b" ")[0]
                self._sample.append(taken)
                self._sampled += len(taken)

    def decide(self, name: str) -> Encoding:
        """What they are read as.

        Raises:
            InputError: several encodings are as likely, or none is.
        """
        if self._known:
            return self._known
        self._bad += len(UNDECODED.findall(self._decoder.decode(b"", final=True)))
        if not self._bad:
            return Encoding("utf-8-sig")
        if self._good >= self._bad:
            return Encoding("utf-8", is_mixed=True)
        found = likely_encodings(b"\n".join(self._sample))
        if len(found) == 1:
            return Encoding(found[0])
        if not found:
            raise InputError(
                f"{name} is no text in UTF-8, and reads like a language in no other encoding that we know: name its "
                "encoding with --encoding, such as --encoding cp1252, or save it as UTF-8."
            )
        names = [SPOKEN_OF.get(codec, codec) for codec in found]
        raise InputError(
            f"{name} is no text in UTF-8; it may be {', '.join(names[:-1])} or {names[-1]}: name its encoding with "
            f"--encoding, such as --encoding {names[0]}."
        )


def _marked(start: bytes) -> Encoding | None:
    for mark, codec in MARKS:
        if start.startswith(mark):
            return Encoding(codec, errors="surrogateescape" if codec == "utf-8-sig" else "replace")
    return None


def _wide(start: bytes) -> Encoding | None:
    """UTF-16 without a mark, where every other byte of the start is NUL."""
    start = start[:WIDE_START]
    if len(start) < 8 or (len(start) % 2 and len(start) < WIDE_START):  # noqa: PLR2004
        return None
    even, odd = start[::2], start[1::2]
    for codec, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if high.count(0) > 0.7 * len(high) and not low.count(0):
            return Encoding(codec, errors="replace")
    return None


def bounded_lines(text: TextIO, name: str) -> Iterator[str]:
    """The lines of a text, none longer than a song could be.

    Raises:
        InputError: a line is far too long.
    """
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) >= LONGEST_LINE:
            raise InputError(
                f"{name}, line {number:,}: it is longer than {LONGEST_LINE:,} characters, so no song. "
                "Rows before it are stored."
            )
        yield line


def in_windows_1252(text: str) -> str:
    """A text whose undecoded bytes are read as Windows-1252."""
    if text.isascii():
        return text
    return UNDECODED.sub(lambda found: found[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), text)
