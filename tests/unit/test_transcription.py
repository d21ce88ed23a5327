"""What a transcription passes through before it is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.transcription import clean_transcription


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("nul\x00 and \x07bell", "nul and bell"),
        ("sim\u200bile", "simile"),
        ("cafe\u0301", "café"),
        ("er\u0430ser and br\u043eke", "eraser and broke"),
        ("Привет, мир", "Привет, мир"),
        ("a\u00a0b\u3000c   d", "a b c d"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("\ufeff  padded  ", "padded"),
        ("line\u2028line", "line\nline"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07and \x9b2Kplain", "red and plain"),
        ("left\u202eto\u2066right\u2069", "lefttoright"),
    ],
)
def test_what_no_reader_sees_is_taken_out(raw: str, clean: str) -> None:
    """Control and invisible characters go, look-alikes turn Latin again, spaces and line ends become plain."""
    assert clean_transcription(raw) == clean


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    """Cleaning is idempotent for any text, and leaves nothing that PostgreSQL refuses."""
    once = clean_transcription(text)
    assert clean_transcription(once) == once
    assert "\x00" not in once
    once.encode()
