"""What the caches hold: how a value is packed, how long each kind lives, and what of it fits into memory."""

from __future__ import annotations

import time
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

LIFETIMES = {
    "artist": 3_600.0,
    "artist-songs": 3_600.0,
    "list": 600.0,
    "song": 3_600.0,
    "page": 86_400.0,
    "spotify": 86_400.0,
    "rhymes": 3_600.0,
    "first-words": 3_600.0,
}
"""Seconds that each kind of answer lives unless its writer says otherwise; a key begins with its kind and a colon.

`artist` is who a name belongs to, `artist-songs` an artist's whole list, `list` one page of it, `song` its metadata,
`page` a song page. The other kinds are named for the part of the house that asks.
"""
OTHER = "other"
OTHER_LIFETIME = 3_600.0

PLAIN, DEFLATED = b"\x00", b"\x01"
"""The first byte of a packed value. Neither begins a JSON text, so values of before the marker are not mistaken."""
WORTH_DEFLATING = 512
"""Bytes; below, zlib saves less than its time is worth."""
SAVING = 0.9
MOST_UNPACKED = 64 * 2**20
"""Bytes; what unfolds to more was not written by us."""


def kind_of(key: str) -> str:
    """The kind that a key begins with; `other` when it is none of the table's."""
    kind = key.partition(":")[0]
    return kind if kind in LIFETIMES else OTHER


def lifetime_of(key: str) -> float:
    """Seconds that a key of this kind lives."""
    return LIFETIMES.get(kind_of(key), OTHER_LIFETIME)


def pack(value: Any) -> bytes:
    """A JSON-ready value as bytes, deflated when that saves a tenth.

    zlib at its fastest level, since the standard library has it: a page of 50 songs shrinks to a seventh in 0.1 ms.
    """
    plain = orjson.dumps(value)
    if len(plain) >= WORTH_DEFLATING:
        deflated = zlib.compress(plain, level=1)
        if len(deflated) < SAVING * len(plain):
            return DEFLATED + deflated
    return PLAIN + plain


def unpack(packed: bytes) -> Any | None:
    """The value; None for what is no packed value (an unknown marker, a torn or foreign text): a miss, not an error."""
    marker, body = packed[:1], packed[1:]
    try:
        if marker == DEFLATED:
            unfolding = zlib.decompressobj()
            plain = unfolding.decompress(body, MOST_UNPACKED)
            return orjson.loads(plain) if unfolding.eof else None
        return orjson.loads(body) if marker == PLAIN else None
    except (zlib.error, orjson.JSONDecodeError):
        return None


class Shelf:
    """Packed values in the memory of this process, the most lately used ones: at most so many, and so many bytes."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._max_entries, self._max_bytes = max_entries, max_bytes

    def take(self, key: str) -> Any | None:
        """The value, or None when it was never there, is too old, or was pushed out."""
        expires, packed = self._entries.get(key, (0.0, b""))
        if expires <= time.monotonic():
            self.drop(key)
            return None
        self._entries.move_to_end(key)
        return unpack(packed)

    def put(self, key: str, packed: bytes, ttl: float) -> None:
        """Keep it for `ttl` seconds, and let go of what was used least lately where there is no room."""
        self.drop(key)
        self._entries[key] = (time.monotonic() + ttl, packed)
        self._bytes += len(packed)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            _, (_, pushed_out) = self._entries.popitem(last=False)
            self._bytes -= len(pushed_out)

    def drop(self, key: str) -> None:
        """Forget it."""
        _, packed = self._entries.pop(key, (0.0, b""))
        self._bytes -= len(packed)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0


class Marks:
    """Ids that were marked, each for `ttl` seconds, the latest `max_marks` of them."""

    def __init__(self, ttl: float, max_marks: int) -> None:
        self._expiries: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._ttl, self._max_marks = ttl, max_marks

    def add(self, group: str, ids: Sequence[str]) -> None:
        """Mark ids of a group."""
        now = time.monotonic()
        for member in ids:
            self._expiries[group, member] = now + self._ttl
            self._expiries.move_to_end((group, member))
        self._forget_oldest(now)

    def has(self, group: str, member: str) -> bool:
        """Whether it was marked of late."""
        return self._expiries.get((group, member), 0.0) > time.monotonic()

    def clear(self) -> None:
        """Forget everything."""
        self._expiries.clear()

    def _forget_oldest(self, now: float) -> None:
        while self._expiries:
            oldest = next(iter(self._expiries))
            if self._expiries[oldest] > now and len(self._expiries) <= self._max_marks:
                return
            del self._expiries[oldest]
