"""Text that was read in a wrong encoding and saved so ("CafÃ©"): mended where there is no doubt."""

from __future__ import annotations

import re

import ftfy
from ftfy.badness import is_bad

CONTINUES = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\ufffd"
"""Characters as which the later bytes of a character in UTF-8 are read as Windows-1252 or Latin-1."""
TRACE = re.compile(
    rf"[\xc2-\xdf][{CONTINUES}]|[\xe0-\xef][{CONTINUES}]{{2}}|[\xf0-\xf4][{CONTINUES}]{{3}}|(?:[РС][\u0080-\u00bf\u0400-\u045f‚-™]){{3}}"
)
"""What such a text has somewhere."""
LATIN_START = re.compile(rf"[\xc2-\xf4][{CONTINUES}]")
CYRILLIC_START = re.compile("[РС][\u0080-\u00bf\u0400-\u045f‚-™][РС]")
"""How each of these begins; most texts have neither, which is soon seen."""
LOST_QUOTE = re.compile("â€\ufffd")
"""A closing quotation mark, the one sign of its kind whose last byte Windows-1252 does not have."""
CONFIG = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    restore_byte_a0=True,
    replace_lossy_sequences=True,
    decode_inconsistent_utf8=False,
    fix_c1_controls=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)


PLAIN_TRACE = re.compile(rf"[ÃÂ][{CONTINUES}]|â€")
"""What the commonest letters and signs of Latin scripts become, and nothing else is: once is enough."""
LEAST = 3
"""Traces of other characters that are no accident, where they become one script's."""
BLOCKS = (
    "\u0080-\u017f",
    "\u0370-\u03ff",
    "\u0400-\u04ff",
    "\u0590-\u05ff",
    "\u0600-\u06ff",
    "\u0900-\u097f",
    "\u0e00-\u0e7f",
    "\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef",
    "\uac00-\ud7a3",
    "\U0001f000-\U0001faff\ufe0f\u200d",
)
SIGNS = "\u2010-\u2027\u2030-\u203a\u00ab\u00bb\u00a0\u20ac\u2122"
ONE_SCRIPT = re.compile("|".join(f"[\x00-\x7f{SIGNS}{block}]*" for block in BLOCKS))


def mend(text: str, *, is_likely: bool = False) -> str:
    """The text as it was written; the same text unless all of it beyond ASCII shows that it was read wrongly.

    Args:
        text: what may have been read wrongly.
        is_likely: whether what stands beside it was, so that less of a trace will do.
    """
    if text.isascii() or not (LATIN_START.search(text) or CYRILLIC_START.search(text)) or not TRACE.search(text):
        return text
    whole = LOST_QUOTE.sub("â€\x9d", text)
    is_plain = PLAIN_TRACE.search(text) is not None
    if not (is_plain or is_likely or len(TRACE.findall(text)) >= LEAST):
        return text
    mended = ftfy.fix_encoding(whole, CONFIG) if is_bad(whole) else _reread(whole)
    if mended == whole:
        return text
    return mended if is_plain or ONE_SCRIPT.fullmatch(mended) else text


def _reread(text: str) -> str:
    """The text in UTF-8 where all of it was read as Windows-1252."""
    try:
        return text.encode("sloppy-windows-1252").decode("utf-8")
    except UnicodeError:
        return text
