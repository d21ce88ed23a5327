"""What every analyzer promises. A new one joins by a line in `ANALYZERS`."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

import rap_analyzer
from rap_analyzer.analyzers.algorithmic import AlgorithmicAnalyzer
from rap_analyzer.analyzers.emotion import EmotionAnalyzer
from rap_analyzer.analyzers.hybrid import HybridAnalyzer
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.job import AnalyzerKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rap_analyzer.ports import Analyzer

T = TypeVar("T")
R = TypeVar("R")


class SameProcess:
    """A pool that works where it stands."""

    async def map(self, function: Callable[[T], R], items: Sequence[T]) -> Sequence[R]:
        return [function(item) for item in items]


class AfterItsParts:
    """`hybrid` as it is run everywhere: over what its parts have said of the same texts, by these real parts."""

    def __init__(self) -> None:
        self._parts: list[Analyzer] = [AlgorithmicAnalyzer(SameProcess()), EmotionAnalyzer(SameProcess())]
        keys = [AnalyzerKey(part.name, part.version, part.config_hash) for part in self._parts]
        self._whole = HybridAnalyzer(keys, {"algorithmic_basic": 2.0, "emotion": 1.0})
        self.name, self.version, self.config_hash = self._whole.name, self._whole.version, self._whole.config_hash

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        said = [await part.analyze(inputs) for part in self._parts]
        parts = zip(*said, strict=True)
        return await self._whole.analyze([replace(text, parts=own) for text, own in zip(inputs, parts, strict=True)])


ANALYZERS: dict[str, Callable[[], Analyzer]] = {
    "algorithmic_basic": lambda: AlgorithmicAnalyzer(SameProcess()),
    "emotion": lambda: EmotionAnalyzer(SameProcess()),
    "hybrid": AfterItsParts,
}

SAID_OF_ENGLISH = {
    "hybrid": "No two of the parts speak of the same thing, so nothing could be compared.",
}
"""What an analyzer has to say of a verdict that lacks nothing; most say nothing."""

VERSE = """[Verse 1]
I left my only jacket on the handle of the door
My mother mopped the hallway and the water hit the floor
A radio was playing what the preacher said before
I never had a dollar but I always wanted more"""
FRENCH = "Je marche dans la rue avec mes amis du quartier et la pluie tombe encore sur nos vestes mouillées " * 3
SONGS = Path(rap_analyzer.__file__).parent / "simulators" / "demo_corpus" / "songs"


@pytest.fixture(params=list(ANALYZERS.values()), ids=list(ANALYZERS))
def analyzer(request: pytest.FixtureRequest) -> Analyzer:
    """Each analyzer in turn."""
    made: Analyzer = request.param()
    return made


def demo_lyrics() -> list[tuple[str, str]]:
    """Language and lyrics of the demo songs."""
    songs = []
    for file in sorted(SONGS.glob("*/*.md")):
        _, front, lyrics = file.read_text(encoding="utf-8").split("+++\n", 2)
        songs.append((tomllib.loads(front)["language"], lyrics))
    return songs


def test_it_has_a_name_a_version_and_a_short_hash(analyzer: Analyzer) -> None:
    """What an analysis is filed under is never empty, and the same for two of a kind."""
    assert analyzer.name
    assert analyzer.version
    assert 8 <= len(analyzer.config_hash) <= 64
    assert int(analyzer.config_hash, 16) >= 0


async def test_answers_come_one_for_each_input_in_order(analyzer: Analyzer) -> None:
    """A bad text between good ones gets its own answer and spoils none."""
    inputs = [AnalysisInput(VERSE, "en"), AnalysisInput("🔥", "en"), AnalysisInput(VERSE, "en")]
    first, bad, third = await analyzer.analyze(inputs)
    assert first == third
    assert first.status is Status.DONE
    assert bad.status is Status.NO_WORDS
    assert await analyzer.analyze([]) == []


async def test_answers_carry_the_analyzers_key(analyzer: Analyzer) -> None:
    """Name, version and hash of an answer are the analyzer's."""
    (answer,) = await analyzer.analyze([AnalysisInput(VERSE)])
    assert (answer.analyzer, answer.version, answer.config_hash) == (
        analyzer.name,
        analyzer.version,
        analyzer.config_hash,
    )


@pytest.mark.parametrize("text", ["", "🔥 🔥", "[Verse 1]", "24 7", "[laughs]", "\x00\ud800"])
async def test_a_text_without_words_has_no_measures(analyzer: Analyzer, text: str) -> None:
    """Nothing to measure is said in a sentence, not in zeros."""
    (answer,) = await analyzer.analyze([AnalysisInput(text)])
    assert (answer.status, answer.measures) == (Status.NO_WORDS, {})
    assert answer.reason.endswith(".")


@pytest.mark.parametrize(
    ("text", "language"), [(VERSE, "es"), (VERSE, "pt-BR"), (FRENCH, None), ("привет мир", None), ("你好", "en")]
)
async def test_another_language_has_no_measures(analyzer: Analyzer, text: str, language: str | None) -> None:
    """The source's word is trusted; without it the text is asked."""
    (answer,) = await analyzer.analyze([AnalysisInput(text, language)])
    assert (answer.status, answer.measures) == (Status.UNSUPPORTED_LANGUAGE, {})
    assert answer.reason.endswith(".")


@pytest.mark.parametrize("language", [None, "en", "EN", "en-US", "en_GB"])
async def test_english_is_measured(analyzer: Analyzer, language: str | None) -> None:
    """With or without the source's word for it, and with a region; no word is left out, and none is said to be."""
    (answer,) = await analyzer.analyze([AnalysisInput(VERSE, language)])
    assert answer.status is Status.DONE
    assert answer.reason == SAID_OF_ENGLISH.get(analyzer.name, "")
    assert answer.measures


async def test_the_demo_songs_are_measured(analyzer: Analyzer) -> None:
    """Every English song with words is done, and its measures are JSON without NaN."""
    songs = demo_lyrics()
    answers = await analyzer.analyze([AnalysisInput(lyrics) for _, lyrics in songs])
    done = 0
    for (language, _), answer in zip(songs, answers, strict=True):
        json.dumps(answer.measures, allow_nan=False)
        assert answer.confidence is None or 0 <= answer.confidence <= 1
        assert (answer.status is Status.UNSUPPORTED_LANGUAGE) == (language != "en")
        done += answer.status is Status.DONE
    assert done > 60
