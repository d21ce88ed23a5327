"""Repetition: what a compressor could leave out, and which bars and sections come back."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rap_analyzer.domain.headers import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.domain.lyrics import Lyrics

MATCH_COST = 3
"""Characters that a match counts for, whatever its length."""
ONE_BYTE_CODES = 144
"""Byte values that DEFLATE's fixed code writes in eight bits: no text is cheaper to store than to compress."""
OTHER_CODE = ONE_BYTE_CODES - 2
FIRST_BYTE = bytes([ONE_BYTE_CODES - 1])
STORED = 0
NINE_BITS_FROM = 0b11001
LAST_LENGTH = 285


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


def repetition_of(lyrics: Lyrics) -> Repetition:
    """Repetition of a song, blind to case and punctuation; all zero without words."""
    bars = [" ".join(word.bare for word in bar.sung) for bar in lyrics.bars if bar.sung]
    counts = Counter(bars)
    return Repetition(repetition("\n".join(bars)), len(bars) - len(counts), _hook_share(lyrics))


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
    ranks = {c: rank for rank, (c, _) in enumerate(Counter(text).most_common(OTHER_CODE))}
    return bytes(ranks.get(character, OTHER_CODE) for character in text)


def _hook_share(lyrics: Lyrics) -> float:
    total = hooks = 0
    for section in lyrics.sections:
        words = sum(len(bar.sung) for bar in section.bars)
        total += words
        hooks += words if section.kind in {Kind.HOOK, Kind.REFRAIN} else 0
    return hooks / total if total else 0.0


def _tokens(data: bytes) -> tuple[int, int]:
    """Literals and matches that DEFLATE makes of bytes, read back from its own stream in the fixed code (RFC 1951)."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_FIXED)
    stream = compressor.compress(data) + compressor.flush()
    bits = bin(int.from_bytes(stream, "little") | 1 << 8 * len(stream))[:2:-1]
    at, last, literals, matches = 0, False, 0, 0
    while not last:
        last, kind, at = bits[at] == "1", int(bits[at + 1 : at + 3][::-1], 2), at + 3
        if kind == STORED:
            at += -at % 8
            size = int(bits[at : at + 16][::-1], 2)
            literals, at = literals + size, at + 32 + 8 * size
            continue
        for step in _symbols(bits, at):
            at = abs(step)
            literals, matches = (literals + 1, matches) if step > 0 else (literals, matches + 1)
        at += 7
    return literals, matches


def _symbols(bits: str, at: int) -> Iterator[int]:
    """Walks a block in the fixed code: where each symbol ends, negative for a match. The block's end is not read."""
    while (head := bits[at : at + 7]) != "0000000":
        if head < "0011000":
            at += 7 + _length_extra(256 + int(head, 2))
            at = _after_distance(bits, at)
            yield -at
        elif head[:5] == "11000":
            at += 8 + _length_extra(280 + int(bits[at + 5 : at + 8], 2))
            at = _after_distance(bits, at)
            yield -at
        else:
            at += 9 if int(head[:5], 2) >= NINE_BITS_FROM else 8
            yield at


def _length_extra(code: int) -> int:
    """Extra bits of a length code, 257 to 285."""
    return 0 if code == LAST_LENGTH else max(0, (code - 261) // 4)


def _after_distance(bits: str, at: int) -> int:
    """Where a distance ends: five bits, and the extra bits that they call for."""
    return at + 5 + max(0, int(bits[at : at + 5], 2) // 2 - 1)
