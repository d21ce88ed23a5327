"""Analyzers that need nothing but the words: for texts that come without a store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from rap_analyzer.analyzers import algorithmic, emotion
from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.wiring.analyzers import ANALYZERS, COMBINING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rap_analyzer.domain.analysis import Analysis, AnalysisInput

OFFLINE: dict[str, Callable[[Sequence[AnalysisInput]], list[Analysis]]] = {
    "algorithmic_basic": algorithmic.score_all,
    "emotion": emotion.score_all,
}
"""Each is pure, and judges several texts at once."""


def offline_names(names: Sequence[str] | None) -> tuple[str, ...]:
    """The analyzers to ask, each once and in order; those of OFFLINE unless some are named.

    With the one that combines come those that it combines, before it.

    Raises:
        ConfigError: a named one does not exist, or needs a store.
    """
    for name in names or ():
        if name not in ANALYZERS:
            raise ConfigError(f"No analyzer is called {name!r}; these exist: {', '.join(sorted(ANALYZERS))}.")
        if name not in (*OFFLINE, COMBINING):
            raise ConfigError(
                f"{name} needs a store, for its rate, its budget and its answers are kept there: import the texts and "
                f"run rap analyze, or ask POST /batch. Without a store there are {', '.join((*OFFLINE, COMBINING))}."
            )
    if COMBINING in (names or ()):
        return (*OFFLINE, COMBINING)
    return tuple(dict.fromkeys(names or OFFLINE))


def judge(
    names: Sequence[str], texts: Sequence[AnalysisInput], weights: Mapping[str, float]
) -> list[tuple[Analysis, ...]]:
    """For each text what these analyzers say of it, in their order. Pure.

    Args:
        names: as `offline_names` gives them.
        texts: what is judged.
        weights: of each part in the one that combines.
    """
    said = list(zip(*(OFFLINE[name](texts) for name in names if name in OFFLINE), strict=True))
    if COMBINING not in names:
        return said
    combined = _combine([replace(text, parts=parts) for text, parts in zip(texts, said, strict=True)], weights)
    return [(*parts, whole) for parts, whole in zip(said, combined, strict=True)]


def _combine(texts: Sequence[AnalysisInput], weights: Mapping[str, float]) -> Sequence[Analysis]:
    from rap_analyzer.analyzers.hybrid import HybridAnalyzer

    keys = (
        AnalyzerKey(algorithmic.NAME, algorithmic.VERSION, algorithmic.CONFIG_HASH),
        AnalyzerKey(emotion.NAME, emotion.VERSION, emotion.config_hash()),
    )
    return asyncio.run(HybridAnalyzer(keys, dict.fromkeys(OFFLINE, 1.0) | dict(weights)).analyze(texts))
