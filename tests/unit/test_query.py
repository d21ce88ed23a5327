"""A typed query in its parts: words, phrases, and what must not be there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.language_names import CODES, language_code
from rap_analyzer.domain.query import SearchQuery, parse_query
from rap_analyzer.domain.search import MARK_END, MARK_START, marked_as


@pytest.mark.parametrize(
    ("typed", "words", "phrases", "excluded"),
    [
        ("growing up poor", "growing up poor", (), ()),
        ("sedan -beige", "sedan", (), ("beige",)),
        ('sedan -"beige paint" old', "sedan old", (), ("beige paint",)),
        ("sedan \u2212beige", "sedan", (), ("beige",)),
        ("hip-hop nights", "hip-hop nights", (), ()),
        ("late - home", "late home", (), ()),
        ("\u201cgrowing up\u201d poor", "poor", ("growing up",), ()),
        ("«growing up» poor", "poor", ("growing up",), ()),
        ('say "hi', "say hi", (), ()),
        ('home -"never', "home", (), ("never",)),
        ('"one" "two"', "", ("one", "two"), ()),
    ],
)
def test_a_query_is_taken_apart(typed: str, words: str, phrases: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    """A minus excludes before a word or a quote; quotes of every kind quote, unless one is never closed."""
    query = parse_query(typed)
    assert (query.words, query.phrases, query.excluded) == (words, phrases, excluded)


def test_what_is_excluded_is_not_looked_for() -> None:
    """The model must not hear of it: it would bring what is not wanted."""
    assert parse_query("sedan -beige").wanted == "sedan"
    assert parse_query("-beige") == SearchQuery("", "", (), ("beige",))


@given(st.text(max_size=60))
def test_any_text_is_a_query(typed: str) -> None:
    """Nothing raises; without a minus, nothing is lost."""
    query = parse_query(typed)
    if not query.excluded:
        assert set(filter(str.isalnum, query.wanted)) >= set(filter(str.isalnum, query.words))


@given(st.text(max_size=40), st.lists(st.integers(0, 40), min_size=2, max_size=2))
def test_marks_move_to_the_text_as_it_was(text: str, places: list[int]) -> None:
    """Between the same letters as in the plain form; of another length nothing is marked."""
    text = text.replace(MARK_START, "").replace(MARK_END, "")
    begin, end = sorted(min(place, len(text)) for place in places)
    plain = "x" * len(text)
    marked = marked_as(text, f"{plain[:begin]}{MARK_START}{plain[begin:end]}{MARK_END}{plain[end:]}")
    assert marked == f"{text[:begin]}{MARK_START}{text[begin:end]}{MARK_END}{text[end:]}"
    assert marked_as(text, plain + "x") == text


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("EN", "en"), ("english", "en"), (" Deutsch ", "de"), ("en-US", "en"), ("pt_BR", "pt"), ("zh-Hant-TW", "zh")),
        *(("eng", "en"), ("日本語", "ja"), ("haw", "haw"), ("englsh", None), ("", None), ("42", None)),
    ],
)
def test_languages_have_many_names(name: str, code: str | None) -> None:
    """Codes in any case, with a region, of three letters; English and own names."""
    assert language_code(name) == code


def test_every_name_means_one_language() -> None:
    """No code stands for another one's language."""
    assert all(CODES[code] == code for code in set(CODES.values()))
