"""Faults strike their share of requests, the same ones for the same seed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.errors import InputError
from rap_analyzer.simulators.faults import SHARES, Faults, read_faults


def test_the_share_of_faults_is_as_asked() -> None:
    """One request in five is cut, one in ten hangs, the rest is well."""
    faults = Faults(cut=0.2, hang=0.1)
    struck = Counter(faults.strike(f"/songs/{n}", 1) for n in range(5_000))
    assert struck["cut"] == pytest.approx(1_000, rel=0.15)
    assert struck["hang"] == pytest.approx(500, rel=0.2)
    assert sum(struck.values()) == 5_000
    assert set(struck) == {"", "cut", "hang"}


@given(path=st.text(), visit=st.integers(1, 100), seed=st.integers())
def test_the_same_seed_strikes_the_same_requests(path: str, visit: int, seed: int) -> None:
    """A fault depends on seed, path and visit alone."""
    shares: dict[str, Any] = dict.fromkeys(SHARES, 0.1)
    assert Faults(**shares, seed=seed).strike(path, visit) == Faults(**shares, seed=seed).strike(path, visit)


@given(st.sampled_from(SHARES), st.text(), st.integers())
def test_a_share_of_one_strikes_always(name: str, path: str, seed: int) -> None:
    """Everything goes wrong when everything shall."""
    certain: dict[str, Any] = {name: 1.0}
    assert Faults(**certain, seed=seed).strike(path, 1) == name


@pytest.mark.parametrize("shares", [{"cut": 1.2}, {"cut": -0.1}, {"cut": 0.6, "hang": 0.6}])
def test_impossible_shares_are_refused(shares: dict[str, Any]) -> None:
    """Shares lie in [0, 1] and add up to at most 1."""
    with pytest.raises(InputError, match="add up"):
        Faults(**shares)


@pytest.mark.parametrize("document", [b"", b"[]", b'{"cuts": 0.1}', b'{"cut": "often"}', b'{"cut": 7}'])
def test_faults_that_are_none_are_refused(document: bytes) -> None:
    """A document that describes no faults is an error that says how they look."""
    with pytest.raises(InputError):
        read_faults(document)


def test_faults_are_read_from_json() -> None:
    """Fields that are absent keep their defaults."""
    assert read_faults(b'{"cut": 0.5, "retry_after": 30}') == Faults(cut=0.5, retry_after=30)
