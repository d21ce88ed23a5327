"""Answers of chat models: what is read out of them, and what is not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.analyzers.llm_schema import SCHEMA, read_answer
from rap_analyzer.domain.errors import BadModelOutput
from rap_analyzer.domain.verdict import MARKS, ExplicitKind, Explicitness, Mood, Theme

ANSWER: dict[str, Any] = {
    "summary": "The voice walks home at night and counts what the day has cost. It is told in plain pictures.",
    "mood": "reflective",
    "themes": [{"theme": "work", "evidence": ["the late shift pays in quarters"]}],
    "technique": 6,
    "complexity": 5,
    "storytelling": 7,
    "wordplay": {"mark": 4, "evidence": ["I clock out when the clock gives out"]},
    "quality": 6,
    "explicit": {"level": "mild", "kinds": ["profanity", "profanity"]},
    "confidence": 8,
}
TEXT = json.dumps(ANSWER)


@pytest.mark.parametrize(
    "reply",
    [
        TEXT,
        f"\n\n  {TEXT}\n",
        f"<think>\nSo {{}} it is.\n</think>\n{TEXT}",
        f"<think></think>{TEXT}",
        f"the template opened the thinking {{\n</think>\n\n{TEXT}",
        f"```json\n{TEXT}\n```",
        f"Sure!\n```\n{TEXT}\n```\nDo you want more?",
        f"Here it is: {TEXT} That is all.",
    ],
)
def test_the_answer_is_found_whatever_stands_around_it(reply: str) -> None:
    """Thinking, fences and remarks are no part of it."""
    opinion = read_answer(reply)
    assert opinion.mood is Mood.REFLECTIVE
    assert opinion.themes == ((Theme.WORK, ("the late shift pays in quarters",)),)
    assert [opinion.marks[name] for name in MARKS] == [6, 5, 7, 4, 6]
    assert (opinion.explicitness, opinion.explicit_kinds) == (Explicitness.MILD, (ExplicitKind.PROFANITY,))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"quality": "6"}, "quality"),
        ({"quality": 11}, "quality"),
        ({"quality": 0}, "quality"),
        ({"quality": 6.5}, "quality"),
        ({"quality": None}, "quality"),
        ({"mood": "simulated"}, "mood"),
        ({"themes": [{"theme": "cars", "evidence": []}]}, "themes.0.theme"),
        ({"themes": "work"}, "themes"),
        ({"wordplay": {"mark": 4}}, "wordplay.evidence"),
        ({"note": "one more field"}, "note"),
        ({"summary": ""}, "summary"),
        ({"summary": "word " * 400}, "summary"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(change: dict[str, Any], place: str) -> None:
    """So that a model can mend it; numbers in text are not taken for numbers."""
    with pytest.raises(BadModelOutput, match=rf"\b{place}: "):
        read_answer(json.dumps(ANSWER | change))


def test_a_fault_never_repeats_the_value() -> None:
    """It goes into messages and reasons, and may be anybody's words."""
    with pytest.raises(BadModelOutput) as raised:
        read_answer(json.dumps(ANSWER | {"mood": "words out of a song"}))
    assert "words out of a song" not in str(raised.value)


def test_a_summary_in_another_language_is_none() -> None:
    """A model that follows the lyrics into their language is told so."""
    text = "La voz vuelve a casa por la noche y cuenta lo que ha costado el día, con imágenes muy sencillas y claras."
    with pytest.raises(BadModelOutput, match="English"):
        read_answer(json.dumps(ANSWER | {"summary": text}))


@pytest.mark.parametrize("reply", ["", "I cannot judge this.", TEXT[: len(TEXT) // 2], "[]", "null", "{", "}{"])
def test_what_is_no_answer_is_said_to_be_none(reply: str) -> None:
    """Empty, plain words, cut, another shape."""
    with pytest.raises(BadModelOutput):
        read_answer(reply)


@given(st.text())
def test_no_text_does_anything_else(text: str) -> None:
    """Any text is an opinion or BadModelOutput."""
    with pytest.raises(BadModelOutput):
        read_answer(text)


def test_the_schema_asks_for_enums_and_closed_objects() -> None:
    """Decoders know enums; ranges and open objects not all."""
    text = json.dumps(SCHEMA)
    assert '"enum": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]' in text
    assert "minimum" not in text
    objects = [SCHEMA, *(found for found in SCHEMA["$defs"].values() if found["type"] == "object")]
    assert all(found["additionalProperties"] is False for found in objects)
    assert all(set(found["required"]) == set(found["properties"]) for found in objects)
