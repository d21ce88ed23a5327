"""Makes a transcription fit to keep: whatever keyboard, editor or copy-protection it passed through."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 1_000_000
"""Longer texts are no songs. The longest rap songs have about 60,000 characters."""

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
TERMINAL = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
"""What colours a terminal, or moves its cursor."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
OTHER_SPACE = r"[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
UNEVEN_SPACES = re.compile(rf"{OTHER_SPACE}(?: |{OTHER_SPACE})*| (?: |{OTHER_SPACE})+")
"""Spaces within a line that are not one plain one already."""
BLANK_LINES = re.compile(r"\n{3,}")
LOOK_ALIKES = str.maketrans("аеорсухіјѕԁһӏАВЕКМНОРСТХІЈЅ", "aeopcyxijsdhlABEKMHOPCTXIJS")
MIXED_WORD = re.compile(r"[^\W\d_]+")
LATIN, CYRILLIC = re.compile(r"[a-zA-Z]"), re.compile(r"[\u0400-\u04ff\u0500-\u052f]")


def clean_transcription(text: str) -> str:
    """The same words without what no reader sees.

    Composes accents (NFC), drops NUL, control and invisible characters and commands to a terminal, turns every kind of
    space and line end into the plain one, turns Cyrillic letters inside Latin words back (some sites plant them as
    watermarks), strips the ends of lines and leaves at most one blank line between sections. Applying it twice changes
    nothing more.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if "\x1b" in text or "\x9b" in text:
        text = TERMINAL.sub("", text)
    text = CONTROL.sub("", text.replace("\x0b", "\n").replace("\x0c", "\n").replace("\x85", "\n"))
    if not text.isascii():
        text = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    if CYRILLIC.search(text) and LATIN.search(text):
        text = MIXED_WORD.sub(_latin_again, text)
    cleaned = "\n".join(map(str.strip, UNEVEN_SPACES.sub(" ", text).split("\n")))
    return (BLANK_LINES.sub("\n\n", cleaned) if "\n\n\n" in cleaned else cleaned).strip("\n")


def _latin_again(match: re.Match[str]) -> str:
    word = match[0]
    if not (CYRILLIC.search(word) and LATIN.search(word)):
        return word
    changed = word.translate(LOOK_ALIKES)
    return word if CYRILLIC.search(changed) else unicodedata.normalize("NFC", changed)
