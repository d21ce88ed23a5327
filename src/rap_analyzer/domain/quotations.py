"""Whether a quotation occurs in the lyrics, and in which bar: without regard to case, signs, accents and line ends."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rap_analyzer.domain.lyrics import Lyrics

FEWEST_LETTERS = 6
"""Letters and digits; a shorter quotation ("the", "yeah") occurs by chance and shows nothing, unless it is a bar."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words that do occur in a song: the bar in which they begin, from 0, and they, as they were quoted."""

    bar: int
    text: str


class QuotableBars:
    """The words of a song, made to be quoted from.

    Args:
        lyrics: the song.
    """

    def __init__(self, lyrics: Lyrics) -> None:
        starts, bars, pieces, length = [], [], [" "], 1
        for bar in lyrics.bars:
            words = _words(bar.text)
            if words:
                starts.append(length - 1)
                bars.append(bar.index)
                pieces.append(words + " ")
                length += len(words) + 1
        self._starts, self._bars, self._text = starts, bars, "".join(pieces)
        self._whole = frozenset(piece.rstrip() for piece in pieces)

    def find(self, quote: str) -> Quotation | None:
        """Where whole words of the song, of one bar or of several in a row, are those of the quotation; else None."""
        wanted = _words(quote)
        if not wanted or (len(wanted.replace(" ", "")) < FEWEST_LETTERS and wanted not in self._whole):
            return None
        place = self._text.find(f" {wanted} ")
        if place < 0:
            return None
        return Quotation(self._bars[bisect_right(self._starts, place) - 1], quote.strip())

    def find_all(self, quotes: Iterable[str]) -> Iterator[Quotation]:
        """Those that occur, in order."""
        return (found for quote in quotes if (found := self.find(quote)))


def _words(text: str) -> str:
    """Letters and digits of each word in lower case without accents, one blank between words; apostrophes join."""
    plain = unicodedata.normalize("NFKD", text.replace("'", "").replace("\u2019", "")).casefold()
    return " ".join(
        "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split(),
    )
