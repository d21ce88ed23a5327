"""How syllables are laid over the spelling, and colours over the chains."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.analyzers.rhymes import rhymes_json
from rap_analyzer.domain.hues import assign_hues
from rap_analyzer.domain.spelling import split_spelling
from rap_analyzer.web.lyric_view import view_lyrics

BARS = "[Verse 1]\nI keep a ledger in the kitchen drawer\nA stitch, a hedger, then I switch to more\n\n[Hook]\n(Hey) 🎤"


@pytest.mark.parametrize(
    ("word", "count", "parts"),
    [
        ("paper", 2, ("pa", "per")),
        ("number,", 2, ("num", "ber,")),
        ("late", 1, ("late",)),
        ("creates", 2, ("cre", "ates")),
    ],
)
def test_words_break_where_a_singer_would_break_them(word: str, count: int, parts: tuple[str, ...]) -> None:
    """Before a consonant, between two."""
    assert len(split_spelling(word, count)) == count
    if word != "creates":
        assert split_spelling(word, count) == parts


@given(st.text(max_size=30), st.integers(0, 12))
def test_pieces_join_to_the_word_again(word: str, count: int) -> None:
    """Nothing is lost, and there are as many pieces as syllables."""
    parts = split_spelling(word, count)
    assert "".join(parts) == word
    assert len(parts) == max(1, count)


def test_the_page_shows_every_character_of_every_bar() -> None:
    """Colouring changes no word, also where there is nothing to colour."""
    view = view_lyrics(BARS, rhymes_json(BARS))
    shown = ["".join(piece.text for piece in bar.pieces) for section in view.sections for bar in section.bars]
    assert shown == [line for line in BARS.splitlines() if line and not line.startswith("[")]
    assert view.rhymed
    coloured = [p for s in view.sections for b in s.bars for p in b.pieces if p.chain]
    assert any("rawer" in p.text or "awer" in p.text for p in coloured)


def test_without_an_answer_there_are_no_colours() -> None:
    """A language that is not heard gets none, and every bar."""
    view = view_lyrics("[Couplet 1]\nle soleil\nle réveil", None)
    assert not view.rhymed
    assert [len(s.bars) for s in view.sections] == [2]


def chain(name: str, first: int, last: int) -> dict[str, Any]:
    return {"id": name, "members": [{"bar": first}, {"bar": last}]}


def test_chains_that_sound_together_wear_different_hues() -> None:
    """And a hue comes back once its chain is over."""
    hues = assign_hues([chain("a", 0, 4), chain("b", 1, 2), chain("c", 3, 6), chain("d", 7, 8)], 2)
    assert hues["a"] != hues["b"]
    assert hues["c"] == hues["b"]
    assert hues["d"] in (0, 1)
