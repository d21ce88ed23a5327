"""The flat table of an export, and cells that no spreadsheet calculates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain import agreement, emotion, export_schema, verdict
from rap_analyzer.domain.export_schema import columns, is_made_here
from rap_analyzer.domain.measures import MEASURES
from rap_analyzer.domain.spreadsheet_cells import as_cell, from_cell
from rap_analyzer.wiring import ANALYZERS


def test_the_columns_are_those_of_the_analyzers() -> None:
    """What an analyzer gives has its column, or is named as what has none."""
    assert set(export_schema.ANALYZERS) == set(ANALYZERS)
    assert tuple(emotion.EMOTIONS) == export_schema.EMOTIONS
    assert tuple(map(str, agreement.Dimension)) == export_schema.DIMENSIONS
    assert verdict.MARKS == export_schema.MARKS
    names = {column.name for column in columns(with_lyrics=True)}
    assert {f"algorithmic_basic.{name}" for name in MEASURES if name not in export_schema.SHAPED} <= names
    assert len(names) == len(columns(with_lyrics=True))


def test_what_is_made_here_is_not_taken_for_a_columns_own_word() -> None:
    """An import of an export leaves out figures that it computes itself."""
    assert is_made_here("emotion.joy")
    assert is_made_here("lyrics_digest")
    assert not is_made_here("label")


@given(st.text())
def test_a_cell_comes_back_and_is_no_formula(text: str) -> None:
    """Whatever the text; numbers are no texts."""
    cell = as_cell(text)
    assert from_cell(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
