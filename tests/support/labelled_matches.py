"""The labelled pairs of tests/data/matching.txt, and how well a cascade does on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from rap_analyzer.domain.enrichment import Recording, RecordingQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = Path(__file__).parents[1] / "data" / "matching.txt"
SPLIT_SEED = 20261122


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for, what a search finds, and ids of the candidates that are right (several or none)."""

    trap: str
    query: RecordingQuery
    candidates: tuple[Recording, ...]
    right: frozenset[str]


def read_questions(file: Path = FILE) -> list[Question]:
    """All questions, in the order of the file."""
    questions: list[Question] = []
    trap = ""
    for block in file.read_text("utf8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines and lines[0].startswith("== "):
            trap = lines.pop(0).removeprefix("== ")
        if lines:
            questions.append(_question(trap, len(questions), lines))
    return questions


def halves(questions: Sequence[Question]) -> tuple[list[Question], list[Question]]:
    """Half of each trap to tune on, and the half that is held out; always the same."""
    tuning: list[Question] = []
    held_out: list[Question] = []
    for trap in dict.fromkeys(question.trap for question in questions):
        ours = [question for question in questions if question.trap == trap]
        Random(f"{SPLIT_SEED} {trap}").shuffle(ours)
        middle = (len(ours) + (len(tuning) <= len(held_out))) // 2
        tuning += ours[:middle]
        held_out += ours[middle:]
    return tuning, held_out


def _question(trap: str, number: int, lines: list[str]) -> Question:
    assert lines[0].startswith("? "), lines[0]
    asked = _recording(f"q{number}", lines[0][2:])
    query = RecordingQuery(asked.title, "; ".join(asked.artists), asked.isrc, asked.duration_ms, asked.album)
    marks = [line[:2] for line in lines[1:]]
    assert set(marks) <= {"= ", "- "}, lines
    candidates = tuple(_recording(f"c{number}-{n}", line[2:]) for n, line in enumerate(lines[1:]))
    right = frozenset(one.id for one, mark in zip(candidates, marks, strict=True) if mark == "= ")
    return Question(trap, query, candidates, right)


def _recording(recording_id: str, line: str) -> Recording:
    title, artists, length, isrc, album = [*(part.strip() for part in line.split("|")), "", "", "", ""][:5]
    minutes, _, seconds = length.partition(":")
    duration_ms = (60 * int(minutes) + int(seconds)) * 1000 if length else None
    names = tuple(name.strip() for name in artists.split(";"))
    return Recording(recording_id, title, names, isrc or None, duration_ms, album or None)
