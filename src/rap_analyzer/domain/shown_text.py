"""Text from outside as it may be shown: without what steers a terminal or turns the direction of its neighbours."""

from __future__ import annotations

from rap_analyzer.domain.transcription import TERMINAL

CONTROLS = [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)]
"""C0 but tab and line ends, DEL and C1: among them the escape sequences of terminals (ECMA-48)."""
DIRECTIONS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
"""Marks, embeddings, overrides and isolates of direction (Unicode UAX 9)."""
UNSHOWN = dict.fromkeys([*CONTROLS, *DIRECTIONS])


def shown(text: str) -> str:
    """The text without commands to a terminal, control characters (line ends and tabs stay) and marks of direction."""
    if text.isascii() and text.isprintable():
        return text
    return TERMINAL.sub("", text).translate(UNSHOWN)
