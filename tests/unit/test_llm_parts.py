"""Songs in parts: whole sections as long as they fit, and never more than are read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.analyzers.llm_parts import split
from rap_analyzer.domain.lyrics import parse, render

SECTION = "[Verse {0}]\n" + "\n".join(f"bar {n} of the verse walks to the bakery" for n in range(16))


def test_an_ordinary_song_is_one_part() -> None:
    """With every word of it."""
    lyrics = parse("\n\n".join(SECTION.format(n) for n in range(4)))
    parts = split(lyrics)
    assert [part.text for part in parts.read] == [render(lyrics)]
    assert (parts.total, parts.read[0].bars, parts.left_out) == (1, 64, "")


def test_sections_are_not_torn_while_they_fit() -> None:
    """A part begins with a header, and together they are the song."""
    lyrics = parse("\n\n".join(SECTION.format(n) for n in range(7)))
    parts = split(lyrics, longest=1_700, most=9)
    assert all(part.text.startswith("[Verse") for part in parts.read)
    assert "\n\n".join(part.text for part in parts.read) == render(lyrics)


def test_of_a_very_long_text_four_parts_are_read_and_the_rest_is_named() -> None:
    """The first, the last, and those evenly between."""
    parts = split(parse("\n".join(f"bar number {n} goes on and on" for n in range(100_000))))
    assert len(parts.read) == 4
    assert parts.read[0].text.startswith("bar number 0 ")
    assert parts.read[-1].text.endswith("bar number 99999 goes on and on")
    assert parts.bars == 100_000
    assert f"4 of {parts.total} parts" in parts.left_out
    assert "of 100,000 bars" in parts.left_out


@given(
    st.lists(st.text(alphabet="ab é語🔥", max_size=300), max_size=30).map("\n".join),
    st.integers(min_value=40, max_value=400),
)
def test_no_part_is_longer_than_is_allowed_and_none_loses_a_word(text: str, longest: int) -> None:
    """Whatever the script, and also where one line is longer than a part."""
    lyrics = parse(text)
    parts = split(lyrics, longest, most=10_000)
    assert all(len(part.text.encode()) <= longest for part in parts.read)
    assert sum(part.bars for part in parts.read) == parts.bars == len(list(lyrics.bars))
    written = "".join("".join(part.text for part in parts.read).split())
    assert written == "".join("".join(bar.text for bar in lyrics.bars).split())
