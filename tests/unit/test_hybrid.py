"""What several analyses say together: weights, what is missing, agreement, confidence."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.analyzers.hybrid import HybridAnalyzer
from rap_analyzer.domain.agreement import (
    MOOD_SIDES,
    RANGES,
    Dimension,
    Voice,
    combine,
    confidence_of,
    counted_places,
    coverage,
    felt_places,
    overall_agreement,
    told_places,
    weighted_mean,
)
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.verdict import Mood

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTED = Analysis(
    "algorithmic_basic",
    "2",
    "aaaa",
    Status.DONE,
    {"rhyme_density": 0.15, "multisyllabic_share": 0.34, "internal_share": 0.345, "profanity_share": 0.015},
)
TOLD = Analysis(
    "qwen",
    "1",
    "bbbb",
    Status.DONE,
    {"mood": "joyful", "technique": 10, "quality": 7, "explicit": {"level": "mild", "kinds": ["profanity"]}},
    confidence=0.5,
)
LOCAL = replace(TOLD, analyzer="ollama", config_hash="cccc", measures={**TOLD.measures, "technique": 1})
FELT = Analysis("emotion", "1", "dddd", Status.DONE, {"sentiment": {"value": 0.13, "derived": True}})
WEIGHTS = {"algorithmic_basic": 0.5, "qwen": 0.3, "ollama": 0.3, "emotion": 0.2}

voices = st.builds(
    lambda weight, confidence, sentiment, technique, profanity: Voice(
        "",
        weight,
        confidence,
        {
            dimension: place
            for dimension, place in zip(Dimension, (sentiment, technique, profanity), strict=True)
            if place is not None
        },
    ),
    st.just(0.0) | st.floats(0.001, 10),
    st.floats(0, 1),
    st.none() | st.floats(-1, 1),
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0, 1),
)
choirs = st.lists(voices, min_size=1, max_size=5).map(
    lambda choir: [voice._replace(name=f"voice {k}") for k, voice in enumerate(choir)]
)


def key(analysis: Analysis) -> AnalyzerKey:
    """What it is filed under."""
    return AnalyzerKey(analysis.analyzer, analysis.version, analysis.config_hash)


def of(*analyses: Analysis) -> HybridAnalyzer:
    """A hybrid of these parts."""
    return HybridAnalyzer([key(one) for one in analyses], WEIGHTS)


async def combined(hybrid: HybridAnalyzer, *parts: Analysis) -> Analysis:
    """Its analysis of a track of which these are there."""
    (analysis,) = await hybrid.analyze([AnalysisInput("words", parts=parts)])
    return analysis


def parts_of(analysis: Analysis) -> dict[str, Any]:
    """What it says of each part, by name."""
    return {part["analyzer"]: part for part in analysis.measures["parts"]}


# --- pure -------------------------------------------------------------------------------------------------------------


@given(choirs)
def test_every_figure_is_in_its_range(choir: Sequence[Voice]) -> None:
    """Values in their dimension's, weights adding up to one, agreement and confidence in [0, 1]."""
    dimensions = combine(choir)
    for name, one in dimensions.items():
        low, high = RANGES[name]
        assert low - 1e-9 <= one.value <= high + 1e-9
        assert sum(one.weights.values()) == pytest.approx(1)
        assert one.agreement is None or -1e-9 <= one.agreement <= 1 + 1e-9
        assert (one.agreement is None) == (len(one.by) == 1)
    covered = coverage(choir, sum(voice.weight for voice in choir))
    assert 0 <= covered <= 1
    assert 0 <= confidence_of(covered, overall_agreement(dimensions)) <= 1 + 1e-9


@given(choirs, st.randoms())
def test_the_order_of_voices_changes_nothing(choir: list[Voice], random: Any) -> None:
    """Not even a last digit."""
    shuffled = random.sample(choir, len(choir))
    assert combine(shuffled) == combine(choir)
    assert coverage(shuffled, 100) == coverage(choir, 100)


@given(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.01, 5), st.floats(0.01, 5))
def test_a_missing_voice_is_not_a_zero(one: float, other: float, weight: float, its: float) -> None:
    """Without it the others' value stands whole; scored as zero, it would pull them down."""
    first = Voice("one", weight, 1.0, {Dimension.TECHNIQUE: one})
    second = Voice("other", its, 1.0, {Dimension.TECHNIQUE: other})
    silent = second._replace(places={})
    zero = second._replace(places={Dimension.TECHNIQUE: 0.0})
    value = combine([first])[Dimension.TECHNIQUE].value
    assert value == pytest.approx(one)
    assert combine([first, silent])[Dimension.TECHNIQUE].value == value
    assert combine([first, zero])[Dimension.TECHNIQUE].value < value


@given(choirs, st.floats(0.1, 10))
def test_only_the_ratios_of_weights_count(choir: Sequence[Voice], factor: float) -> None:
    """All weights times the same are the same weights."""
    scaled = [voice._replace(weight=voice.weight * factor) for voice in choir]
    for one, other in zip(combine(choir).values(), combine(scaled).values(), strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-6)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_confidence_rises_with_agreement_and_with_coverage(covered: float, one: float, other: float) -> None:
    """And lies between full disagreement and full agreement where nothing was compared."""
    low, high = sorted((one, other))
    assert confidence_of(covered, low) <= confidence_of(covered, high)
    assert confidence_of(low, covered) <= confidence_of(high, covered)
    assert confidence_of(covered, 0) <= confidence_of(covered, None) <= confidence_of(covered, 1)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_who_is_nearer_agrees_more(here: float, one: float, other: float) -> None:
    """Two voices agree as far as they are near; alike, wholly; at the two ends, not at all."""
    near, far = sorted((one, other), key=lambda place: abs(place - here))

    def agreement(place: float) -> float:
        pair = [Voice(name, 1, 1, {Dimension.SENTIMENT: at}) for name, at in (("a", here), ("b", place))]
        found = combine(pair)[Dimension.SENTIMENT].agreement
        assert found is not None
        return found

    assert agreement(near) >= agreement(far)
    assert agreement(here) == 1


def test_opposites_agree_in_nothing() -> None:
    """The ends of a range."""
    ends = [Voice(name, 1, 1, {Dimension.SENTIMENT: at}) for name, at in (("a", -1.0), ("b", 1.0))]
    assert combine(ends)[Dimension.SENTIMENT].agreement == 0


def test_a_mean_of_nothing_is_refused() -> None:
    """No values, and values without weight."""
    for values, weights in (([], []), ([0.5], [0.0])):
        with pytest.raises(ValueError, match="a value with a weight above 0"):
            weighted_mean(values, weights)


# --- scales -----------------------------------------------------------------------------------------------------------


def test_the_measures_are_placed_between_the_usual_ends() -> None:
    """In the middle of their ranges they are in the middle; beyond them, at the end."""
    assert counted_places(COUNTED.measures) == pytest.approx({Dimension.TECHNIQUE: 0.5, Dimension.PROFANITY: 0.5})
    most = dict.fromkeys(COUNTED.measures, 1.0)
    assert counted_places(most) == {Dimension.TECHNIQUE: 1, Dimension.PROFANITY: 1}
    least = dict.fromkeys(COUNTED.measures, 0.0)
    assert counted_places(least) == {Dimension.TECHNIQUE: 0, Dimension.PROFANITY: 0}


@pytest.mark.parametrize(("value", "place"), [(0.03, 0.0), (0.08, 0.5), (0.9, 1.0), (-0.9, -1.0)])
def test_sentiment_is_taken_from_a_text_that_says_nothing(value: float, place: float) -> None:
    """And stretched, since a song's mean hardly moves."""
    assert felt_places({"sentiment": {"value": value}})[Dimension.SENTIMENT] == pytest.approx(place)


@pytest.mark.parametrize(
    ("level", "kinds", "place"),
    [
        ("clean", [], 0.0),
        ("mild", ["profanity"], 0.5),
        ("strong", ["slurs", "profanity"], 1.0),
        ("strong", ["violence"], 0.0),
        ("mild", ["profanity", "sex"], 0.5),
        ("strong", ["profanity", "sex"], None),
        ("strong", [], None),
    ],
)
def test_a_chat_model_speaks_of_profanity_as_far_as_it_names_it(
    level: str, kinds: list[str], place: float | None
) -> None:
    """Not where a song may be strong by something else."""
    places = told_places({**TOLD.measures, "explicit": {"level": level, "kinds": kinds}})
    assert places.get(Dimension.PROFANITY) == place


def test_every_mood_has_a_side() -> None:
    """A new mood is neither until somebody says otherwise."""
    assert set(MOOD_SIDES) == set(Mood)
    assert (MOOD_SIDES[Mood.JOYFUL], MOOD_SIDES[Mood.BITTER], MOOD_SIDES[Mood.COLD]) == (1, -1, 0)


# --- the analyzer -----------------------------------------------------------------------------------------------------


async def test_all_parts_are_combined_by_their_weights() -> None:
    """Each dimension has what every part says, what it counts for, and how far they agree."""
    analysis = await combined(of(COUNTED, TOLD, FELT), COUNTED, TOLD, FELT)
    assert analysis.status is Status.DONE
    assert analysis.reason == ""
    assert analysis.measures["dimensions"] == {
        "sentiment": {
            "value": 1.0,
            "by": {"emotion": 1.0, "qwen": 1.0},
            "weights": {"emotion": 0.4, "qwen": 0.6},
            "agreement": 1.0,
        },
        "technique": {
            "value": 0.688,
            "by": {"algorithmic_basic": 0.5, "qwen": 1.0},
            "weights": {"algorithmic_basic": 0.625, "qwen": 0.375},
            "agreement": 0.5,
        },
        "profanity": {
            "value": 0.5,
            "by": {"algorithmic_basic": 0.5, "qwen": 0.5},
            "weights": {"algorithmic_basic": 0.625, "qwen": 0.375},
            "agreement": 1.0,
        },
    }
    assert analysis.measures["agreement"] == pytest.approx(2.5 / 3, abs=1e-3)
    assert analysis.measures["coverage"] == 0.85
    assert analysis.confidence == pytest.approx(0.85 * (1 + 2.5 / 3) / 2, abs=1e-3)
    json.dumps(analysis.measures, allow_nan=False)


async def test_a_number_that_one_part_gives_is_not_made_its_own() -> None:
    """Quality has no figure here, only who judges it; without a chat model it is not mentioned."""
    analysis = await combined(of(COUNTED, TOLD), COUNTED, TOLD)
    assert "quality" not in analysis.measures["dimensions"]
    assert analysis.measures["not_combined"]["quality"] == "Judged by qwen alone; see its analysis."
    assert (await combined(of(COUNTED, FELT), COUNTED, FELT)).measures["not_combined"] == {}


async def test_parts_that_have_nothing_in_common_are_not_said_to_agree() -> None:
    """Each speaks for itself; agreement is unknown, and the reason says so."""
    analysis = await combined(of(COUNTED, FELT), COUNTED, FELT)
    assert analysis.measures["agreement"] is None
    assert {one["agreement"] for one in analysis.measures["dimensions"].values()} == {None}
    assert analysis.confidence == 0.75
    assert analysis.reason == "No two of the parts speak of the same thing, so nothing could be compared."


async def test_the_order_of_parts_changes_nothing() -> None:
    """Neither when it is made nor when it is asked."""
    answers = [
        await combined(of(*made), *asked)
        for made in itertools.permutations((COUNTED, TOLD, FELT))
        for asked in itertools.permutations((COUNTED, TOLD, FELT))
    ]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (
            replace(TOLD, fallback="algorithmic_basic"),
            "It gave no answer of its own; algorithmic_basic stands in for it.",
        ),
        (replace(TOLD, status=Status.FAILED, measures={}, reason="It broke."), "It broke."),
        (replace(TOLD, status=Status.FAILED, measures={}), "Its status is failed."),
        (
            replace(TOLD, measures={**TOLD.measures, "model": "simulated-4b"}),
            "Its model is simulated, and judges nothing.",
        ),
        (replace(TOLD, version="0"), "It has not judged these words."),
        (None, "It has not judged these words."),
    ],
)
async def test_a_part_that_is_not_there_is_named_and_weighs_nothing(wrong: Analysis | None, why: str) -> None:
    """A stand-in is another part in disguise; an older version is another analysis."""
    there = [part for part in (COUNTED, wrong, FELT) if part]
    analysis = await combined(of(COUNTED, TOLD, FELT), *there)
    assert (parts_of(analysis)["qwen"]["there"], parts_of(analysis)["qwen"]["why"]) == (False, why)
    assert parts_of(analysis)["algorithmic_basic"]["weight"] == 0.714
    assert analysis.measures["dimensions"]["technique"]["value"] == 0.5
    assert analysis.measures["coverage"] == 0.7
    assert f"Without qwen: {why}" in analysis.reason


async def test_of_two_chat_models_the_first_that_is_there_speaks() -> None:
    """The other stands by, and steps in where the first has only a stand-in; both never count twice."""
    hybrid = of(COUNTED, LOCAL, TOLD)
    both = await combined(hybrid, COUNTED, LOCAL, TOLD)
    assert parts_of(both)["ollama"]["why"] == "qwen speaks in its place."
    assert both.measures["dimensions"]["technique"]["by"]["qwen"] == 1
    alone = await combined(hybrid, COUNTED, LOCAL, replace(TOLD, fallback="algorithmic_basic"))
    assert alone.measures["dimensions"]["technique"]["by"] == {"algorithmic_basic": 0.5, "ollama": 0}
    assert alone.measures["coverage"] == both.measures["coverage"]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ((Status.NO_WORDS, Status.NO_WORDS), Status.NO_WORDS),
        ((Status.UNSUPPORTED_LANGUAGE, Status.UNSUPPORTED_LANGUAGE), Status.UNSUPPORTED_LANGUAGE),
        ((Status.UNSUPPORTED_LANGUAGE, Status.NO_WORDS), Status.UNSUPPORTED_LANGUAGE),
        ((Status.UNSUPPORTED_LANGUAGE, Status.FAILED), Status.FAILED),
        ((Status.UNSUPPORTED_LANGUAGE, Status.DONE), Status.DONE),
    ],
)
async def test_it_is_done_when_a_part_is(statuses: tuple[Status, Status], status: Status) -> None:
    """Else it says what all parts say, or that there is nothing to combine."""
    parts = [
        replace(part, status=own, measures=part.measures if own is Status.DONE else {})
        for part, own in zip((COUNTED, FELT), statuses, strict=True)
    ]
    analysis = await combined(of(COUNTED, FELT), *parts)
    assert analysis.status is status
    assert bool(analysis.measures) == (status is Status.DONE)
    assert analysis.reason.endswith(".")


async def test_without_parts_there_is_nothing_to_combine() -> None:
    """A sentence, not an exception; and an answer for each input, in order."""
    first, second = await of(COUNTED).analyze([AnalysisInput("a"), AnalysisInput("b", parts=(COUNTED,))])
    assert first.status is Status.FAILED
    assert first.reason == "There is nothing to combine. algorithmic_basic: It has not judged these words."
    assert second.status is Status.DONE
    assert await of(COUNTED).analyze([]) == []


def test_other_parts_or_weights_are_another_analysis() -> None:
    """The order of parts and a common factor of the weights are not."""
    usual = of(COUNTED, FELT)
    assert usual.config_hash == of(FELT, COUNTED).config_hash
    doubled = HybridAnalyzer(usual.parts, {name: weight * 2 for name, weight in WEIGHTS.items()})
    assert doubled.config_hash == usual.config_hash
    others = [
        of(COUNTED),
        of(COUNTED, replace(FELT, version="2")),
        HybridAnalyzer(usual.parts, {**WEIGHTS, "emotion": 0.9}),
    ]
    assert len({usual.config_hash, *(other.config_hash for other in others)}) == 4


async def test_answers_carry_its_key() -> None:
    """Name, version and hash."""
    hybrid = of(COUNTED)
    analysis = await combined(hybrid, COUNTED)
    assert key(analysis) == ("hybrid", hybrid.version, hybrid.config_hash)


@pytest.mark.parametrize(
    ("parts", "weights", "wrong"),
    [
        ([], WEIGHTS, "and not none"),
        ([COUNTED, COUNTED], WEIGHTS, "each once"),
        ([replace(COUNTED, analyzer="tarot")], WEIGHTS, "not tarot"),
        ([COUNTED, FELT], {"emotion": 1.0}, "no weight for algorithmic_basic; set combine_weights"),
        ([COUNTED], {"algorithmic_basic": -1.0}, "numbers from 0"),
        ([COUNTED], {"algorithmic_basic": float("nan")}, "numbers from 0"),
        ([COUNTED], {"algorithmic_basic": 0.0}, "one above it"),
        ([COUNTED, FELT], {"algorithmic_basic": 2.0, "emotion": -1.0}, "numbers from 0"),
    ],
)
def test_a_wrong_configuration_is_refused(parts: list[Analysis], weights: dict[str, float], wrong: str) -> None:
    """Before the first track, with what is wrong."""
    with pytest.raises(ConfigError, match=wrong):
        HybridAnalyzer([key(part) for part in parts], weights)
