"""The emotions of a song: scores, what is derived from them, the arc, and the heads' files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.analyzers import emotion as analyzer_module
from rap_analyzer.analyzers.emotion import EmotionAnalyzer, score, score_all
from rap_analyzer.domain.analysis import AnalysisInput, Status
from rap_analyzer.domain.emotion import (
    EMOTIONS,
    LONGEST_ARC,
    EmotionSection,
    dominant_of,
    scores_of,
    sentiment_of,
    song_measures,
    summaries,
)
from rap_analyzer.domain.emotion_heads import SHIPPED, Heads, WordsHead, mean_logits, read_heads
from rap_analyzer.domain.emotion_words import counted, places_of, tokens_of, unmasked, weighed, without_profanity
from rap_analyzer.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rap_analyzer.domain.emotion import Floats
    from rap_analyzer.domain.passage import Passage

T = TypeVar("T")
R = TypeVar("R")

EVEN = np.full(7, 0.5, np.float32)
SONG = """[Verse 1]
I am so happy and I love you, thank you
I love this beautiful morning, it's amazing

[Hook]
I'm so sad that I cried, I miss you
I'm so sad that I cried, I miss you"""


class SameProcess:
    """A pool that works where it stands."""

    async def map(self, function: Callable[[T], R], items: Sequence[T]) -> Sequence[R]:
        return [function(item) for item in items]


class TurnedAround:
    """An embedder whose vectors are the same for all texts; it counts what it is asked."""

    dimensions = 384

    def __init__(self, model: str) -> None:
        self.model = model
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        return np.full((len(texts), 384), 384**-0.5, np.float32)

    def split(self, lyrics: str) -> Sequence[Passage]:
        raise NotImplementedError(lyrics)


class Afraid:
    """A model that finds fear in everything."""

    model = "afraid/1"

    async def scores(self, texts: Sequence[str]) -> Floats:
        return np.tile(np.array([0.01, 0.01, 0.9, 0.02, 0.02, 0.02, 0.02], np.float32), (len(texts), 1))


def measures(lyrics: str) -> dict[str, object]:
    """The measures of a text by its words."""
    analysis = score(AnalysisInput(lyrics))
    assert analysis.status is Status.DONE
    return analysis.measures


# --- scores and what is derived from them -------------------------------------------------------------------------


def test_a_rare_emotion_dominates_where_it_passes_its_threshold_by_more() -> None:
    """Fear at twice its threshold beats neutral just at its own, though neutral's score is higher."""
    thresholds = np.array([0.3, 0.3, 0.1, 0.3, 0.5, 0.3, 0.3], np.float32)
    scores = np.array([0.1, 0.1, 0.4, 0.1, 0.5, 0.1, 0.1], np.float32)
    assert EMOTIONS[dominant_of(scores, thresholds)] == "fear"


def test_sentiment_takes_sides_and_neutral_waters_it_down() -> None:
    """Joy alone is 1, anger alone -1, both alike 0; neutral draws it to 0; surprise has no side."""

    def of(**scores: float) -> float:
        return sentiment_of(np.array([scores.get(name, 0) for name in EMOTIONS], np.float32))

    assert (of(joy=0.4), of(anger=0.4), of(joy=0.4, sadness=0.4), of(neutral=1), of(surprise=1)) == (1, -1, 0, 0, 0)
    assert of(joy=0.4, neutral=0.4, surprise=0.9) == pytest.approx(0.5)


@given(st.lists(st.floats(-40, 40), min_size=7, max_size=7))
def test_scores_lie_between_0_and_1_and_sentiment_between_minus_1_and_1(logits: list[float]) -> None:
    """Whatever a head says; and what is said of it is JSON."""
    scores = scores_of(np.array(logits))
    (summary,) = summaries(scores[None], EVEN)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert -1 <= summary["sentiment"]["value"] <= 1
    assert summary["sentiment"]["derived"] is True
    assert summary["leading"] != "neutral"
    json.dumps(summary, allow_nan=False)


def test_a_song_has_the_mean_of_its_bars_and_sections_of_theirs() -> None:
    """A bar that comes again counts again; bars keep their places in the song."""
    scores = np.zeros((3, 7), np.float32)
    scores[0, 3], scores[1, 3], scores[2, 0] = 0.9, 0.6, 0.9
    sections = [EmotionSection("Verse 1", "verse", (0, 2)), EmotionSection("Hook", "hook", (5,))]
    song = song_measures(sections, scores, EVEN)
    assert song["scores"]["joy"] == 0.5
    assert [s["scores"]["joy"] for s in song["sections"]] == [0.75, 0]
    assert [s["labels"] for s in song["sections"]] == [["joy"], ["anger"]]
    assert (song["bars"], song["sections"][0]["bars"], song["arc"]["bar"]) == (3, [0, 2], [0, 2, 5])
    assert song["arc"]["dominant"] == ["joy", "joy", "anger"]


def test_a_long_arc_has_several_bars_to_a_point() -> None:
    """Its points are means of as many bars, and it stays short."""
    bars = tuple(range(3 * LONGEST_ARC - 1))
    scores = np.tile(np.array([[0.2] * 7], np.float32), (len(bars), 1))
    arc = song_measures([EmotionSection(None, "verse", bars)], scores, EVEN)["arc"]
    assert (arc["bars_per_point"], len(arc["scores"]), arc["bar"][:2]) == (3, LONGEST_ARC, [0, 3])
    assert arc["scores"][-1] == pytest.approx([0.2] * 7)


# --- words ----------------------------------------------------------------------------------------------------------


def test_words_signs_and_emoji_are_tokens() -> None:
    """Case, quotes and commas do not count; a question and an exclamation do."""
    assert tokens_of("I’m HERE, runnin'! [NAME]? 😂") == ["i'm", "here", "runnin", "!", "[name]", "?", "😂"]


def test_a_clipped_ing_is_the_same_word() -> None:
    """Unless it is a word by itself."""
    places = places_of(["running", "sing", "sin"])
    assert (places["runnin"], places["sin"], places["sing"]) == (0, 2, 1)


def test_profanity_is_passed_over_hidden_or_not() -> None:
    """Also as a genitive, and without its g; its neighbours stay."""
    places = without_profanity(places_of(["damn", "fucking", "shit's", "love", "bitch"]))
    assert places == {"love": 3}
    assert tokens_of(unmasked("what the f**k is sh*t, love")) == ["what", "the", "is", "love"]


def test_a_short_text_speaks_less_loudly_than_a_long_one() -> None:
    """Squared weights of a text add up to less than 1, and to more the more it says."""
    places = places_of(["love", "you", "more", "than", "rain"])
    counts = counted([["love"], ["love", "you", "more", "than", "rain"], ["unknown"]], places)
    values = weighed(counts, np.full(5, 4, np.float32), 3)
    lengths = np.bincount(counts.rows, values**2, minlength=3)
    assert 0 == lengths[2] < lengths[0] < lengths[1] < 1


@pytest.mark.parametrize("bar", ["yo", "uh", "yeah uh", "skrrt skrrt", "it is", "Marlowsville"])
def test_a_bar_too_short_to_tell_leans_to_neutral(bar: str) -> None:
    """No evidence is no joy."""
    assert measures(bar)["dominant"] == "neutral"


@pytest.mark.parametrize(
    ("bar", "emotion"),
    [
        ("I love this, thank you so much, it is amazing", "joy"),
        ("I hate you, I am so angry", "anger"),
        ("I am so sad, I cried, I miss you", "sadness"),
        ("I am terrified and scared and afraid", "fear"),
        ("this is disgusting, gross and nasty", "disgust"),
        ("wow, what? I am so surprised", "surprise"),
        ("the bus runs from Monday to Friday in the morning", "neutral"),
    ],
)
def test_plain_words_are_told(bar: str, emotion: str) -> None:
    """What says its emotion by name is not missed."""
    assert measures(bar)["dominant"] == emotion


def test_profanity_does_not_turn_a_bar_into_anger() -> None:
    """With it and without it a bar has the same scores."""
    assert (
        measures("I'm the fucking best and my damn crew is here")["scores"]
        == (measures("I'm the best and my crew is here")["scores"])
    )


# --- the analyzer ---------------------------------------------------------------------------------------------------


def test_a_song_is_judged_by_section_and_bar() -> None:
    """Sections differ as their bars do."""
    song = score(AnalysisInput(SONG)).measures
    verse, hook = song["sections"]
    assert (verse["header"], verse["kind"], verse["bars"], verse["dominant"]) == ("Verse 1", "verse", [0, 1], "joy")
    assert (hook["kind"], hook["dominant"], hook["sentiment"]["value"] < 0) == ("hook", "sadness", True)
    assert song["arc"]["dominant"] == ["joy", "joy", "sadness", "sadness"]
    assert song["heads"] == ["words"]


def test_sections_in_other_languages_are_left_out_and_named() -> None:
    """The English ones are judged, and the reason names the other."""
    spanish = "Yo camino por la calle con mi gente del barrio y la lluvia cae otra vez sobre nuestra puerta vieja\n" * 3
    analysis = score(AnalysisInput(f"{SONG}\n\n[Verse 2]\n{spanish}"))
    assert analysis.status is Status.DONE
    assert "Verse 2 ('es')" in analysis.reason
    assert analysis.measures["bars"] == 4


def test_bars_without_words_have_no_score() -> None:
    """Signs, numbers and notes are passed over, and the others keep their places."""
    song = score(AnalysisInput("I love you\n🔥🔥\n[laughs] 42\nI miss you")).measures
    assert song["arc"]["bar"] == [0, 3]


def test_texts_do_not_change_each_other() -> None:
    """Together or alone, a text has the same analysis."""
    inputs = [AnalysisInput(text) for text in (SONG, "", "I am so sad", "🔥", SONG.upper())]
    assert score_all(inputs) == [score(one) for one in inputs]


def test_a_text_of_100_000_bars_is_judged() -> None:
    """Its arc is kept short."""
    song = measures("\n".join(f"I feel great about number {n}" for n in range(100_000)))
    assert song["bars"] == 100_000
    assert len(json.dumps(song)) < 300_000


async def test_with_an_embedder_each_different_bar_is_read_once() -> None:
    """Both heads are named, and the figures are filed under another hash."""
    embedder = TurnedAround(read_heads().sentence.embedding_model)
    both, alone = EmotionAnalyzer(SameProcess(), embedder), EmotionAnalyzer(SameProcess())
    (analysis, empty) = await both.analyze([AnalysisInput(SONG), AnalysisInput("")])
    assert sorted(embedder.asked) == sorted(set(SONG.split("\n")) - {"", "[Verse 1]", "[Hook]"})
    assert analysis.measures["heads"] == ["words", "sentence"]
    assert empty.status is Status.NO_WORDS
    assert (both.config_hash == alone.config_hash) is False
    (by_words,) = await alone.analyze([AnalysisInput(SONG)])
    assert analysis.measures["scores"] != by_words.measures["scores"]


async def test_a_model_that_is_given_judges_instead_of_the_heads() -> None:
    """Its name stands with its scores."""
    analyzer = EmotionAnalyzer(SameProcess(), model=Afraid())
    (analysis,) = await analyzer.analyze([AnalysisInput(SONG)])
    assert (analysis.measures["dominant"], analysis.measures["labels"]) == ("fear", ["fear"])
    assert analysis.measures["heads"] == ["afraid/1"]
    assert analysis.config_hash == analyzer.config_hash


async def test_a_text_without_end_is_judged_by_its_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says so; the other texts of the batch are not affected."""
    monkeypatch.setattr(analyzer_module, "MOST_READ", 3)
    analyzer = EmotionAnalyzer(SameProcess(), model=Afraid())
    long = "\n".join(f"I love number {word}" for word in ("one", "two", "three", "four"))
    first, second = await analyzer.analyze([AnalysisInput(long), AnalysisInput(SONG)])
    assert first.measures["heads"] == ["words"]
    assert first.reason == "Judged by its words alone: more than 3 different bars."
    assert (second.measures["heads"], second.reason) == (["afraid/1"], "")


def test_an_embedder_of_another_model_is_refused() -> None:
    """Its vectors would be nonsense to the head; the message says what to do."""
    with pytest.raises(ModelError, match=r"reads vectors of all-MiniLM.*rap ml train emotion"):
        EmotionAnalyzer(SameProcess(), TurnedAround("another"))


# --- files ----------------------------------------------------------------------------------------------------------


def test_both_heads_together_are_the_mean_of_their_log_odds() -> None:
    """Neither counts more."""
    one, other = np.full((1, 7), 2, np.float32), np.full((1, 7), -1, np.float32)
    assert mean_logits(one, other).tolist() == [[0.5] * 7]


def test_no_texts_have_no_rows() -> None:
    """An empty batch is no error."""
    assert read_heads().words.logits([]).shape == (0, 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped heads, to be damaged."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "heads"))


def changed(path: Path, **facts: object) -> None:
    """Change a manifest."""
    path.write_text(json.dumps(json.loads(path.read_text("utf8")) | facts), "utf8")


def test_a_changed_file_of_numbers_is_not_believed(folder: Path) -> None:
    """One byte is enough; the message names the file and the way out."""
    content = bytearray((folder / "words.npz").read_bytes())
    content[1000] ^= 1
    (folder / "words.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"words\.npz is not the file of its manifest.*rap ml train emotion"):
        EmotionAnalyzer(SameProcess(), weights=folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    """Numbers or manifest."""
    (folder / "sentence.npz").unlink()
    with pytest.raises(ModelError, match=r"sentence\.npz cannot be read.*rap ml train emotion"):
        _ = Heads(folder).sentence
    (folder / "words.json").unlink()
    with pytest.raises(ModelError, match=r"words\.json cannot be read"):
        _ = Heads(folder).words


@pytest.mark.parametrize(
    ("content", "wrong"), [("{", "is no JSON"), ("[]", "lacks schema"), ('{"schema": 1}', "lacks schema")]
)
def test_a_damaged_manifest_is_named(folder: Path, content: str, wrong: str) -> None:
    """What is wrong with it is said."""
    (folder / "words.json").write_text(content, "utf8")
    with pytest.raises(ModelError, match=wrong):
        _ = Heads(folder).words


def test_heads_of_another_version_are_refused(folder: Path) -> None:
    """Another schema, or labels in another order."""
    changed(folder / "words.json", labels=EMOTIONS[::-1])
    with pytest.raises(ModelError, match="another version"):
        _ = Heads(folder).words


def test_a_file_that_is_no_npz_is_refused(folder: Path) -> None:
    """Also when its manifest has its digest: nothing in it is run."""
    import hashlib
    import pickle

    content = pickle.dumps({"weights": 1})
    (folder / "words.npz").write_bytes(content)
    changed(folder / "words.json", sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="is no file of numbers"):
        _ = Heads(folder).words


def test_heads_that_were_trained_apart_are_refused(folder: Path) -> None:
    """Their mean would mean nothing."""
    changed(folder / "sentence.json", words_sha256="0" * 64)
    with pytest.raises(ModelError, match="trained apart"):
        _ = Heads(folder).sentence


def test_the_shipped_heads_reach_what_their_card_says() -> None:
    """Macro-F1 on GoEmotions' test of at least .56 by words and .58 with vectors; no pickles; small."""
    heads = read_heads()
    assert isinstance(heads.words, WordsHead)
    by_words, both = (heads.manifest(name)["metrics"]["test_macro_f1"]["value"] for name in ("words", "sentence"))
    assert by_words >= 0.56
    assert both >= 0.58
    assert heads.manifest("words")["bytes"] < 150_000
