"""Numbers agree with what they count."""

from __future__ import annotations

import pytest

from rap_analyzer.domain.counted import counted


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 tracks"), (1, "1 track"), (2, "2 tracks"), (1234, "1,234 tracks"), (-1, "-1 tracks")]
)
def test_one_is_told_in_the_singular(number: int, told: str) -> None:
    """Only one."""
    assert counted(number, "track") == told


def test_a_plural_without_an_s_is_given() -> None:
    """Batches, analyses."""
    assert [counted(n, "batch", "batches") for n in (1, 2)] == ["1 batch", "2 batches"]
