"""What `rap analyze --jsonl` does: analyses of texts that come as JSON lines, without a store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rap_analyzer.cli.json_lines import answer_lines, as_lines, read_line
from rap_analyzer.domain.analysis import AnalysisInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rap_analyzer.cli.json_lines import Line


def judge_lines(file: Path | None, names: Sequence[str] | None) -> None:
    """One JSON line with all analyses for each line read, in order; a bad line is answered by an error.

    Args:
        file: what is read; standard input if None or `-`.
        names: analyzers to ask; all that need no store if None.

    Raises:
        ConfigError: an analyzer does not exist, or needs a store.
        InputError: the file cannot be read.
    """
    from rap_analyzer.cli.opening import settings_in_force
    from rap_analyzer.wiring.analyzers import COMBINING, combine_weights
    from rap_analyzer.wiring.offline import offline_names

    asked = offline_names(names)
    weights = combine_weights(settings_in_force()) if COMBINING in asked else {}
    answer_lines(file, partial(_answer_all, asked, weights))


def _answer_all(names: Sequence[str], weights: Mapping[str, float], lines: list[Line]) -> bytes:
    """The analyses of the records that lines are, as JSON lines."""
    from rap_analyzer.wiring.offline import judge

    records = [read_line(*line) for line in lines]
    good = [record for record in records if not record.fault]
    judged = judge(names, [AnalysisInput(record.lyrics, record.language) for record in good], weights)
    answers = (
        {"id": record.id, "analyses": [analysis.to_json() for analysis in said]}
        for record, said in zip(good, judged, strict=True)
    )
    return as_lines(records, answers)
