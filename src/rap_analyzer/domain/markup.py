"""Markup and escapes that a text carries from a page, a database or a program, made into lines and characters."""

from __future__ import annotations

import html
import json
import re
from ast import literal_eval
from contextlib import suppress
from typing import Any

INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|body|cite|code|del|dfn|em|font|head|html|i|img|inferred|ins|kbd|label|link|mark|meta|nobr|q|s|"
    "samp|small|span|strike|strong|sub|sup|tt|u|var|wbr"
)
BLOCKS = (
    "address|article|aside|blockquote|center|dd|div|dl|dt|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|pre|section|"
    "table|tbody|td|tfoot|th|thead|tr|ul"
)
LINE_BREAK = re.compile(r"[ \t]*<br\b[^<>]{0,200}/?>[ \t]*\r?\n?", re.IGNORECASE)
PARAGRAPH = re.compile(r"\s*</p>\s*(?:<p\b[^<>]{0,500}>)?\s*|\s*<p(?:\s[^<>]{0,500})?>\s*", re.IGNORECASE)
BLOCK = re.compile(rf"\s*</?(?:{BLOCKS})(?:\s[^<>]{{0,500}})?/?>\s*", re.IGNORECASE)
TAG = re.compile(rf"</?(?:{INLINE})(?:\s[^<>]{{0,1000}})?/?>|<!--.{{0,1000}}?-->", re.IGNORECASE | re.DOTALL)
UNSEEN = re.compile(r"<(script|style)\b[^<>]{0,500}>.{0,20000}?</\1\s*>", re.IGNORECASE | re.DOTALL)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
ESCAPE = re.compile(r"\\(r\\n|[nrt\"'/]|u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?)")
SIMPLE = {"r\\n": "\n", "n": "\n", "r": "\n", "t": " ", '"': '"', "'": "'", "/": "/"}
ROUNDS = 3
"""A text is escaped as often as it was copied; more than this is no accident."""
MOST_LISTED = 1_000_000


def has_markup(text: str) -> bool:
    """Whether there is anything in a text that `without_markup` may touch."""
    return "<" in text or "&" in text or "\\" in text


def without_markup(text: str) -> str:
    r"""The text with `<br>` and the edges of blocks as line breaks, entities and escapes such as `\n` as characters.

    Tags that HTML has go, and with them nothing else: `<3`, `<-` and `<laughs>` stay.
    """
    if "\\" in text:
        text = ESCAPE.sub(_unescaped, text)
    for _ in range(ROUNDS):
        before = text
        if "<" in text:
            text = _without_tags(text)
        if "&" in text:
            text = ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if text == before:
            break
    return text


def _without_tags(text: str) -> str:
    text = LINE_BREAK.sub("\n", UNSEEN.sub("", text))
    return TAG.sub("", BLOCK.sub("\n", PARAGRAPH.sub("\n\n", text)))


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code.startswith("u"):
        return str(json.loads(f'"{found[0]}"'))
    return SIMPLE[code]


def as_text(value: Any) -> str:
    """Words that a file holds as a text, as a list of lines or of sections, or as such a list written out.

    A section is a list of lines or an object with its lines under `lines`, `text` or `lyrics`, after a `header`.
    """
    if isinstance(value, str):
        listed = _written_list(value)
        return value if listed is None else as_text(listed)
    if isinstance(value, dict):
        header = str(value.get("header") or value.get("section") or "").strip("[] ")
        words = next((as_text(value[name]) for name in ("lines", "text", "lyrics") if value.get(name)), "")
        return f"[{header}]\n{words}" if header and words else words
    if isinstance(value, list | tuple):
        between = "\n\n" if any(isinstance(item, list | tuple | dict) for item in value) else "\n"
        return between.join(as_text(item) if item is not None else "" for item in value)
    return "" if value is None else str(value)


def _written_list(text: str) -> list[Any] | None:
    """The list of texts that a text writes out, as JSON or as Python does; None when it is none."""
    bare = text.strip()
    if not (bare.startswith(('["', "['", '[ "')) and bare.endswith("]")) or len(bare) > MOST_LISTED:
        return None
    value = read_literal(bare)
    return value if isinstance(value, list) and all(isinstance(item, str | list) for item in value) else None


def read_literal(text: str) -> Any:
    """The value that a text writes out, as JSON or as Python does; None when it is none."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
