"""A song in the parts that a chat model reads at once: whole sections as long as they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.lyrics import Lyrics, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST_PART = 12_000
"""Bytes of UTF-8, some 3,500 tokens in any script: nine songs of ten are one part."""
MOST_PARTS = 4
"""Parts of a song that are read; of a longer text the first, the last and those evenly between them."""


class Part(NamedTuple):
    """Some of a song: its words, and how many bars they are."""

    text: str
    bars: int


class Parts(NamedTuple):
    """What is read of a song.

    Attributes:
        read: the parts, in order.
        total: parts that the whole song has.
        bars: bars that the whole song has.
    """

    read: tuple[Part, ...]
    total: int
    bars: int

    @property
    def left_out(self) -> str:
        """A sentence on what is not read; "" when everything is."""
        if len(self.read) == self.total:
            return ""
        bars = sum(part.bars for part in self.read)
        read = f"{len(self.read)} of {self.total} parts ({bars:,} of {counted(self.bars, 'bar')})"
        return f"Read {read}: the text is too long."


def split(lyrics: Lyrics, longest: int = LONGEST_PART, most: int = MOST_PARTS) -> Parts:
    """The parts of a song that are read.

    A section that is longer than a part is divided between bars, and a bar that is longer is cut.

    Args:
        lyrics: the song.
        longest: bytes of a part.
        most: parts that are read.
    """
    parts = list(_packed(_pieces(lyrics, longest), longest, "\n\n"))
    chosen = parts if len(parts) <= most else [parts[k * (len(parts) - 1) // (most - 1)] for k in range(most)]
    return Parts(tuple(chosen), len(parts), sum(part.bars for part in parts))


def _packed(pieces: Iterable[Part], longest: int, by: str) -> Iterator[Part]:
    """Pieces joined for as long as they fit."""
    held: list[Part] = []
    size = 0
    for piece in pieces:
        length = len(piece.text.encode()) + len(by)
        if held and size + length > longest:
            yield _joined(held, by)
            held, size = [], 0
        held.append(piece)
        size += length
    if held:
        yield _joined(held, by)


def _pieces(lyrics: Lyrics, longest: int) -> Iterator[Part]:
    """Sections; of one that is too long, runs of its bars."""
    for section in lyrics.sections:
        whole = Part(render(Lyrics((section,))), len(section.bars))
        if len(whole.text.encode()) <= longest:
            yield whole
        else:
            slices = (piece for bar in section.bars for piece in _slices(bar.text, longest))
            yield from _packed(slices, longest, "\n")


def _slices(text: str, longest: int) -> Iterator[Part]:
    """A bar, or pieces of it when it is no bar but a book in one line; a character has at most four bytes."""
    step = longest if len(text.encode()) <= longest else longest // 4
    for start in range(0, len(text), step):
        yield Part(text[start : start + step], int(start == 0))


def _joined(pieces: Sequence[Part], by: str) -> Part:
    return Part(by.join(piece.text for piece in pieces), sum(piece.bars for piece in pieces))
