"""The analyzers side by side: order, figures, stand-ins, what is missing and why, and how far the parts agree."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from rap_analyzer.analyzers import algorithmic, emotion
from rap_analyzer.analyzers.hybrid import HybridAnalyzer
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.web.analyzer_view import Missing, agreement_of, analyzer_rows, told_themes

KNOWN = ("algorithmic_basic", "emotion", "qwen", "ollama", "hybrid")
GIVEN = AnalysisInput("Counting out the pennies on the kitchen table\nFaith is all we had when we were barely able")
TOLD: dict[str, Any] = {
    "technique": 7, "complexity": 6.5, "storytelling": 8, "wordplay": 5, "quality": 7, "mood": "hopeful",
    "themes": [{"theme": "faith", "evidence": [{"bar": 1, "text": "Faith is all we had"}]}],
    "wordplay_evidence": [], "explicit": {"level": "mild", "kinds": ["profanity"]}, "summary": "A table.",
    "quotes": {"given": 1, "found": 1},
}  # fmt: skip
NOTHING = Missing({}, ())


@pytest.fixture(scope="module")
def counted() -> Analysis:
    """By algorithmic_basic."""
    return algorithmic.score(GIVEN)


@pytest.fixture(scope="module")
def felt() -> Analysis:
    """By emotion."""
    return emotion.score(GIVEN)


def told(**more: Any) -> Analysis:
    """By a chat model."""
    return replace(Analysis("qwen", "1", "q", Status.DONE, TOLD, 0.8), **more)


def combined(*parts: Analysis) -> Analysis:
    """By hybrid."""
    keys = [AnalyzerKey(part.analyzer, part.version, part.config_hash) for part in parts]
    analyzer = HybridAnalyzer(keys, dict.fromkeys(KNOWN, 1.0))
    [analysis] = asyncio.run(analyzer.analyze([AnalysisInput("", parts=parts)]))
    return analysis


def test_a_simulated_judge_is_marked() -> None:
    """Its model is named, and neither its row nor its themes pass for a judgement."""
    told_by = {model: told(measures={**TOLD, "model": model}) for model in ("simulated-4b", "qwen/qwen3-4b-fp8")}
    rows = {model: analyzer_rows([one], NOTHING, KNOWN)[0] for model, one in told_by.items()}
    assert {model: row.is_simulated for model, row in rows.items()} == {
        "simulated-4b": True,
        "qwen/qwen3-4b-fp8": False,
    }
    assert {row.model for row in rows.values()} == set(told_by)
    assert [told_themes([one])[0]["is_simulated"] for one in told_by.values()] == [True, False]


def test_rows_come_in_the_order_of_the_table_and_what_is_missing_last(counted: Analysis, felt: Analysis) -> None:
    """With the reason; an analyzer that is not known any more is shown all the same."""
    former = Analysis("tea_leaves", "1", "t", Status.DONE, {"leaves": 3})
    missing = Missing({"qwen": "There is no key.", "hybrid": "Not analysed yet: rap analyze"}, ["ollama"])
    rows = analyzer_rows([former, felt, counted], missing, KNOWN)
    assert [(row.name, row.status) for row in rows] == [
        ("algorithmic_basic", "done"), ("emotion", "done"), ("tea_leaves", "done"), ("qwen", "left out"),
        ("hybrid", "missing"),
    ]  # fmt: skip
    assert [row.reason for row in rows[3:]] == ["There is no key.", "Not analysed yet: rap analyze"]


def test_each_analyzer_says_its_main_figures(counted: Analysis, felt: Analysis) -> None:
    """Marks of ten, shares in percent, minus signs for people."""
    hybrid = combined(counted, felt, told())
    figures = {row.name: dict(row.figures) for row in analyzer_rows([counted, felt, told(), hybrid], NOTHING, KNOWN)}
    assert figures["algorithmic_basic"]["Rhyme density"].endswith("\u00a0%")
    assert figures["emotion"]["Mostly"] == felt.measures["dominant"]
    assert figures["qwen"] == {
        "Mood": "hopeful", "Technique": "7 of 10", "Complexity": "6.5 of 10", "Storytelling": "8 of 10",
        "Wordplay": "5 of 10", "Quality": "7 of 10", "Explicit": "mild: profanity",
    }  # fmt: skip
    assert set(figures["hybrid"]) == {
        *(f"{name}, on its scale" for name in ("Sentiment", "Technique", "Profanity")),
        "Agreement",
    }


def test_a_stand_in_is_marked_and_read_as_what_it_is(counted: Analysis) -> None:
    """Its figures are those of the analyzer that stood in; it names no theme."""
    standing_in = told(measures=counted.measures, fallback="algorithmic_basic", confidence=None, reason="No answer.")
    [own, row] = analyzer_rows([counted, standing_in], NOTHING, KNOWN)
    assert (row.fallback, row.reason, row.confidence) == ("algorithmic_basic", "No answer.", "")
    assert row.figures == own.figures
    assert told_themes([standing_in]) == []


def test_themes_of_chat_models_come_with_their_quotations() -> None:
    """And with the summary."""
    [said] = told_themes([told()])
    assert (said["analyzer"], said["themes"], said["summary"]) == ("qwen", TOLD["themes"], "A table.")


def test_what_was_not_judged_has_no_figures() -> None:
    """Only its status and the reason."""
    [row] = analyzer_rows([Analysis("qwen", "1", "q", Status.NO_WORDS, reason="No words.")], NOTHING, KNOWN)
    assert (row.status, row.figures, row.reason) == ("no words", [], "No words.")


def test_the_parts_stand_beside_each_other(counted: Analysis, felt: Analysis) -> None:
    """A dash for who does not speak of a thing; agreement in percent."""
    agreement = agreement_of(combined(counted, felt, told()))
    assert agreement
    assert list(agreement.names) == ["algorithmic_basic", "qwen", "emotion"]
    rows = {name: (by, share) for name, by, _, share in agreement.rows}
    assert rows["sentiment"][0][0] == "–"
    assert rows["technique"][0][2] == "–"
    assert rows["technique"][1].endswith("\u00a0%")
    assert agreement.whole.endswith("\u00a0%")


def test_one_voice_agrees_with_nobody(counted: Analysis, felt: Analysis) -> None:
    """No figure, and the sentence that says why; a part that fell silent is named."""
    silent = told(measures=counted.measures, fallback="algorithmic_basic")
    agreement = agreement_of(combined(counted, felt, silent))
    assert agreement
    assert agreement.whole == ""
    assert {share for *_, share in agreement.rows} == {""}
    assert [name for name, _ in agreement.silent] == ["qwen"]
    assert agreement_of(None) is None
