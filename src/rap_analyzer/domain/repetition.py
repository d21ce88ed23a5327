"""Repetition: what a compressor could leave out, and which bars and sections come back."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain import rhyme_kernel
from rap_analyzer.domain.headers import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from rap_analyzer.domain.lyrics import Lyrics, Word

    Octets = npt.NDArray[np.uint8]

MATCH_COST = 3
"""Characters that a match counts for, whatever its length."""
ONE_BYTE_CODES = 144
"""Byte values that DEFLATE's fixed code writes in eight bits: no text is cheaper to store than to compress."""
OTHER_CODE = ONE_BYTE_CODES - 2
FIRST_BYTE = bytes([ONE_BYTE_CODES - 1])
STORED = 0
BLOCK_END_BITS = 7
LITERAL_BITS = (8, 9)
"""A match takes twelve at least."""
BYTES_AT_ONCE = 1 << 15
"""Of the stream, so that memory stays bounded."""
LONGEST_SYMBOL = 4
"""Bytes that the longest match of a stream takes, rounded up."""
PADDING = bytes(8 * LONGEST_SYMBOL)


@dataclass(frozen=True, slots=True)
class Repetition:
    """What comes back in a song.

    Attributes:
        removed: see `repetition`, in [0, 1].
        repeated_bars: bars that some earlier bar has already said, word for word.
        hook_share: words in hooks and refrains ÷ all words, in [0, 1].
    """

    removed: float
    repeated_bars: int
    hook_share: float


def repetition_of(lyrics: Lyrics, bars: Mapping[int, tuple[Word, ...]]) -> Repetition:
    """Repetition of a song, blind to case and punctuation; all zero without words.

    Args:
        lyrics: the song.
        bars: the words that are said in each of its bars, by the bar's index.
    """
    lines = [" ".join([word.bare for word in bar]) for bar in bars.values() if bar]
    return Repetition(repetition("\n".join(lines)), len(lines) - len(set(lines)), _hook_share(lyrics, bars))


def repetition(text: str) -> float:
    """Share of a text that the Lempel–Ziv part of DEFLATE leaves out, in [0, 1].

    After Colin Morris in The Pudding ("Are pop lyrics getting more repetitive?", 2017): each match counts as three
    characters, Huffman coding is left out. Matches reach back 32,768 characters.
    """
    if not text:
        return 0.0
    # zlib cannot refer back to a stream's first byte, so one that is no part of the text stands there.
    literals, matches = _tokens(FIRST_BYTE + _one_byte_each(text))
    return max(0.0, 1 - (literals - 1 + MATCH_COST * matches) / len(text))


def _one_byte_each(text: str) -> bytes:
    """A byte for each character, the same for the same: the commonest 142 apart, the rest alike."""
    if text.isascii():
        return text.encode("ascii")
    ranks = {ord(c): min(rank, OTHER_CODE) for rank, (c, _) in enumerate(Counter(text).most_common())}
    return text.translate(ranks).encode("latin-1")


def _hook_share(lyrics: Lyrics, bars: Mapping[int, tuple[Word, ...]]) -> float:
    total = sum(map(len, bars.values()))
    sections = (section for section in lyrics.sections if section.kind in {Kind.HOOK, Kind.REFRAIN})
    hooks = sum(len(bars[bar.index]) for section in sections for bar in section.bars)
    return hooks / total if total else 0.0


def _tokens(data: bytes) -> tuple[int, int]:
    """Literals and matches that DEFLATE makes of bytes, read back from its own stream in the fixed code (RFC 1951)."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_FIXED)
    stream = compressor.compress(data) + compressor.flush() + bytes(2 * LONGEST_SYMBOL)
    at, last, literals, matches = 0, 0, 0, 0
    while not last:
        header = int.from_bytes(stream[at // 8 : at // 8 + 2], "little") >> at % 8
        last, kind, at = header & 1, header >> 1 & 3, at + 3
        if kind == STORED:
            begin = -(-at // 8)
            size = int.from_bytes(stream[begin : begin + 2], "little")
            literals, at = literals + size, 8 * (begin + 4 + size)
        else:
            at, symbols, said = rhyme_kernel.block(stream, at, _symbol_bits()) or _block(stream, at)
            at, literals, matches = at + BLOCK_END_BITS, literals + said, matches + symbols - said
    return literals, matches


def _block(stream: bytes, at: int) -> tuple[int, int, int]:
    """Walks a block in the fixed code: the bit of its end, and how many symbols and, of these, literals it has."""
    symbols = literals = 0
    while True:
        first = at // 8
        steps = _steps(stream[first : first + BYTES_AT_ONCE + LONGEST_SYMBOL])
        at -= 8 * first
        taken: list[int] = []
        take = taken.append
        while step := steps[at]:
            take(step)
            at += step
        symbols, literals = symbols + len(taken), literals + sum(map(taken.count, LITERAL_BITS))
        if at < len(steps) - len(PADDING):
            return 8 * first + at, symbols, literals
        at += 8 * first


def _steps(piece: bytes) -> bytes:
    """For each bit but those of the last bytes: how many bits the symbol takes that begins there, 0 for the end.

    Zeros follow, as many as the longest symbol has bits.
    """
    octets = np.frombuffer(piece, dtype=np.uint8).astype(np.int64)
    fours = octets[:-3] | octets[1:-2] << 8 | octets[2:-1] << 16 | octets[3:] << 24
    # The last bytes have no symbols, but are read here.
    windows = (fours[: len(piece) - LONGEST_SYMBOL, None] >> np.arange(8)).ravel()
    windows &= WINDOWS - 1
    return _symbol_bits().take(windows).tobytes() + PADDING


@cache
def _symbol_bits() -> Octets:
    """By the bits that follow how many of them the symbol takes that begins there, 0 for the end."""
    windows = np.arange(WINDOWS)
    heads = windows & HEAD_MASK
    size = HEAD_BITS.take(heads)
    # The distance of a match begins where its head ends.
    distances = DISTANCE_BITS.take(windows >> size & DISTANCE_MASK)
    return size + distances * IS_MATCH.take(heads)


HEAD_MASK, DISTANCE_MASK = 0x1FF, 0x1F
WINDOWS = 1 << 18
"""Of bits: the longest head of a match has thirteen, and the next five say how many its distance has."""
SHORT_TO, MIDDLE = 0b0011000, 0b11000


def _head_tables() -> tuple[Octets, npt.NDArray[np.bool_]]:
    """By the next nine bits: bits of a literal, or of a match up to its distance, 0 for the block's end; which it is.

    RFC 1951, 3.2.6: 0000000 is the end, up to 0010111 stand lengths to 279, 11000xxx are lengths from 280, the rest
    are literals, of nine bits from 11001 on. Codes are written from their highest bit, extra bits follow.
    """
    size, is_match = [], []
    for window in range(HEAD_MASK + 1):
        eight = _reversed(window, 8)
        seven = eight >> 1
        short, middle = 0 < seven < SHORT_TO, eight >> 3 == MIDDLE
        length = 256 + seven if short else 280 + (eight & 7)
        extra = 0 if length >= LAST_LENGTH else max(0, (length - 261) // 4)
        literal = (9 if eight >> 3 > MIDDLE else 8) if seven else 0
        size.append((7 if short else 8) + extra if short or middle else literal)
        is_match.append(short or middle)
    return np.array(size, dtype=np.uint8), np.array(is_match)


def _reversed(number: int, bits: int) -> int:
    return int(f"{number & (1 << bits) - 1:0{bits}b}"[::-1], 2)


LAST_LENGTH = 285
HEAD_BITS, IS_MATCH = _head_tables()
DISTANCE_BITS = np.array([5 + max(0, _reversed(code, 5) // 2 - 1) for code in range(32)], dtype=np.uint8)
"""Bits of a distance, its extra ones with it, by the next five."""
