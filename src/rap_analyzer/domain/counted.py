"""Numbers with what they count."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 track`, `2 tracks`; with the plural where it is not formed by an s."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
