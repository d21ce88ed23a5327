"""Texts that a spreadsheet would take for a formula, made harmless; and the same texts again."""

from __future__ import annotations

import re

FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")
"""How a text begins that is a formula to a spreadsheet, or is one after apostrophes."""


def as_cell(text: str) -> str:
    """A text that no spreadsheet calculates: one that begins like a formula gets an apostrophe before it."""
    return f"'{text}" if FORMULA.match(text) else text


def from_cell(text: str) -> str:
    """The text that `as_cell` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
