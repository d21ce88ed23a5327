"""A song's words in order: `Lyrics > Section > Bar > Word`, parsed from a transcription and rendered back to one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rap_analyzer.domain.headers import Header, Kind, SectionHeader, parse_header, refrain_means_hook

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Bar", "Kind", "Lyrics", "Section", "Word", "bare_form", "parse", "render"]

BRACKET = re.compile(r"[()\[\]（）]")
OPENING = {"(": ")", "（": ")", "[": "]"}
CLOSING = {")": ")", "）": ")", "]": "]"}
MOST_PIECES = 65536
"""Pieces of lines that are kept, so that memory stays bounded."""
ASIDES = {")": "adlib", "]": "note"}


@dataclass(frozen=True, slots=True)
class Word:
    """What white space separates, if it has a letter or a digit.

    Attributes:
        text: as transcribed, with its punctuation.
        bare: lower case, outer punctuation off, apostrophes straight. The same word has the same bare form.
        adlib: whether it stands in round brackets: a second voice.
        note: whether it stands in square brackets within a bar, such as `[laughs]`: nobody says it.
        capital: whether its first letter is one.
    """

    text: str
    bare: str
    adlib: bool = False
    note: bool = False
    capital: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One transcribed line.

    Attributes:
        index: place in the song, from 0.
        text: the line, without outer white space; never empty.
        words: its words; empty for a line of signs or emoji.
        after_blank: whether a blank line stands before it, within its section.
    """

    index: int
    text: str
    words: tuple[Word, ...]
    after_blank: bool = False

    @property
    def sung(self) -> tuple[Word, ...]:
        """Its words less the notes in square brackets."""
        return tuple([word for word in self.words if not word.note]) if "[" in self.text else self.words

    @property
    def bracketed(self) -> bool:
        """Whether there is a bracket that a word may stand in: in other bars all words are said by the first voice."""
        return "(" in self.text or "[" in self.text or "（" in self.text


@dataclass(frozen=True, slots=True)
class Section:
    """Bars under one header. Only the first section of a song may have no header.

    Attributes:
        header: the header's text without its brackets, or None.
        kind: verse, hook …; `other` without a header.
        number: as in "Verse 2", or None.
        performers: names in the header, in order; empty where it names none.
        bars: its bars, maybe none.
    """

    header: str | None
    kind: Kind
    number: int | None
    performers: tuple[str, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Lyrics:
    """A song's sections, in order."""

    sections: tuple[Section, ...]

    @property
    def bars(self) -> Iterator[Bar]:
        """All bars, in order; the index of each is its place."""
        return (bar for section in self.sections for bar in section.bars)

    @property
    def words(self) -> Iterator[Word]:
        """All words that are said, in order: notes in square brackets are left out."""
        return (word for bar in self.bars for word in bar.words if not word.note)


@dataclass(slots=True)
class _Open:
    """A section that still takes bars."""

    header: Header | None
    bars: list[Bar]


def parse(text: str) -> Lyrics:
    """Reads a transcription: section headers in square brackets, one bar a line, blank lines between.

    A line in square brackets is a header when it begins with a word for a part of a song (English, Spanish, French,
    German, Italian, Portuguese, Russian), or when a blank line or nothing stands before it and it reads like a
    title; `[laughs]` and `[crowd cheers]` are bars. Never raises; takes time in proportion to the text.
    """
    opened: list[_Open] = []
    count, blank, start = 0, False, True
    for line in map(str.strip, text.splitlines()):
        if not line:
            blank = True
            continue
        header = parse_header(line, opens_stanza=blank or start)
        if header:
            opened.append(_Open(header, []))
        else:
            if not opened:
                opened.append(_Open(None, []))
            opened[-1].bars.append(Bar(count, line, _words(line), blank and not start))
            count += 1
        blank, start = False, False
    return _closed(opened)


def render(lyrics: Lyrics) -> str:
    """The transcription again, in one spelling of white space; `parse(render(x)) == x` for all that `parse` gives."""
    return "\n\n".join("\n".join(_lines(section)) for section in lyrics.sections)


@lru_cache(maxsize=4096)
def bare_form(text: str) -> str:
    """Lower case, outer punctuation off, apostrophes straight: "“Runnin’,”" is "runnin"."""
    first, last = 0, len(text)
    while first < last and not _sounds(text[first]):
        first += 1
    while last > first and not _sounds(text[last - 1]):
        last -= 1
    return text[first:last].lower().replace("\u2019", "'").replace("\u2018", "'").replace("\u02bc", "'")


def _sounds(character: str) -> bool:
    """Letters, digits, and the accents that belong to a letter before them."""
    return character.isalnum() or unicodedata.category(character) == "Mn"


def _closed(opened: list[_Open]) -> Lyrics:
    hook = refrain_means_hook(s.header for s in opened if s.header)
    return Lyrics(tuple(_section(s.header, tuple(s.bars), hook) for s in opened))


def _section(header: Header | None, bars: tuple[Bar, ...], refrain_is_hook: bool) -> Section:
    if header is None:
        return Section(None, Kind.OTHER, None, (), bars)
    read: SectionHeader = header.read
    kind = Kind.HOOK if refrain_is_hook and read.kind is Kind.REFRAIN else read.kind
    return Section(header.text, kind, read.number, read.performers, bars)


def _lines(section: Section) -> Iterator[str]:
    if section.header is not None:
        yield f"[{section.header}]"
    for bar in section.bars:
        if bar.after_blank:
            yield ""
        yield bar.text


def _words(line: str) -> tuple[Word, ...]:
    if not BRACKET.search(line):
        return tuple(filter(None, map(_plain.__getitem__, line.split())))
    words: list[Word | None] = []
    aside = ""
    for piece in line.split():
        word, aside = _heard(piece, aside)
        words.append(word)
    return tuple(filter(None, words))


@lru_cache(maxsize=16384)
def _heard(piece: str, aside: str) -> tuple[Word | None, str]:
    """The word that a piece is, if it is one, and the bracket that is open after it; `aside` is open before it."""
    inside, aside = _step(piece, aside)
    if not any(map(str.isalnum, piece)):
        return None, aside
    voice = ASIDES.get(inside)
    capital = next(filter(str.isalpha, piece), "").isupper()
    return Word(piece, bare_form(piece), voice == "adlib", voice == "note", capital), aside


def _step(piece: str, aside: str) -> tuple[str, str]:
    """The bracket that a piece's first letter stands in, and the one open after it; brackets do not nest."""
    inside: str | None = None
    for character in piece:
        if character in OPENING:
            aside = aside or OPENING[character]
        elif CLOSING.get(character) == aside:
            inside = aside if inside is None else inside
            aside = ""
        elif inside is None and character.isalnum():
            inside = aside
    return inside or "", aside


class _Plain(dict[str, Word | None]):
    """The word that a piece without brackets is, if it is one; kept, because most pieces of a song have been met."""

    def __missing__(self, piece: str) -> Word | None:
        if len(self) >= MOST_PIECES:
            self.clear()
        word = self[piece] = _heard(piece, "")[0]
        return word


_plain = _Plain()
