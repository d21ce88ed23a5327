"""Titles, names and bars from outside steer neither a terminal nor the direction of a page."""

from __future__ import annotations

import io
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from rap_analyzer.cli.console import ShowingConsole
from rap_analyzer.domain.shown_text import shown
from rap_analyzer.web.pages import _templates

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31mKite\u202eetik\u2066\x00\x08\r"


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    """No control characters but line ends and tabs, no marks of direction; letters of every script stay."""
    left = shown(text)
    assert all(c in "\n\t\r" or unicodedata.category(c) != "Cc" for c in left)
    assert not set(left) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert [c for c in left if c.isalpha()] == [c for c in shown(left) if c.isalpha()]
    assert shown("שלום مرحبا Kite 🎤 é\n") == "שלום مرحبا Kite 🎤 é\n"


def test_a_terminal_shows_the_words_alone() -> None:
    """Printed as text, as markup and within a styled line; our own styles are written."""
    written = io.StringIO()
    console = ShowingConsole(file=written, force_terminal=True, color_system="standard", width=200, highlight=False)
    console.print(HOSTILE, markup=False)
    console.print(Text.assemble((HOSTILE, "bold"), " end"))
    told = written.getvalue()
    assert "\x1b[2J" not in told
    assert "\x1b]" not in told
    assert "\u202e" not in told
    assert "\x9b" not in told
    assert "\x1b[1m" in told


def test_a_page_shows_the_words_alone() -> None:
    """Whatever a template prints."""
    page = _templates().from_string("<p title='{{ x }}'>{{ x }}|{{ x | marked }}</p>").render(x=HOSTILE)
    assert page.count("Kiteetik") == 3
    assert not set(page) & set("\x1b\x9b\u202e\u2066\x00\x08")
