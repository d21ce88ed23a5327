"""What a song is about: scores of passages, the themes of a track, the files of the prototypes."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.errors import ModelError
from rap_analyzer.domain.passage import Passage
from rap_analyzer.domain.theme_prototypes import PROTOTYPES
from rap_analyzer.domain.themes import (
    MOST_EVIDENCE,
    NEAREST,
    PRESENT,
    SHIPPED,
    THEMES,
    EmbeddedPassage,
    EmbeddedTrack,
    Prototypes,
    nearness,
    read_prototypes,
    themes_in,
)
from rap_analyzer.domain.verdict import Theme
from rap_analyzer.pipeline.themes import judge_themes

if TYPE_CHECKING:
    from collections.abc import Sequence

BARS = Path(__file__).parents[1] / "data" / "theme_bars.tsv"
SIDES = len(THEMES)
MODEL = "all-MiniLM-L6-v2/fp32/1"
ENGLISH = "I was on the bus with you and the rain was on the window of it"
FRENCH = "Je marche dans la rue avec mes amis du quartier et la pluie tombe encore sur nos vestes mouillées"


def axes() -> Prototypes:
    """Each theme is an axis of its own, and a text on it is certain to have it."""
    numbers = {
        "vectors": np.repeat(np.eye(SIDES)[:, None], NEAREST, axis=1),
        "mean": np.zeros(SIDES),
        "spread": np.ones(SIDES),
        "slope": np.array(8.0),
        "offset": np.array(-4.0),
    }
    return Prototypes(numbers, MODEL)


def passage(first: int, bars: int, text: str = ENGLISH, **on: float) -> EmbeddedPassage:
    """A passage that lies on these themes' axes."""
    vector = [on.get(theme, 0.0) for theme in THEMES]
    return EmbeddedPassage(Passage("verse", "Verse 1", first, first + bars - 1, text), vector)


def track(*passages: EmbeddedPassage, language: str | None = None, model: str = MODEL) -> EmbeddedTrack:
    """A track of these."""
    return EmbeddedTrack(language, model, passages)


# --- scores -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1, 1), min_size=SIDES, max_size=SIDES))
def test_scores_are_between_0_and_1_and_rise_with_nearness(near: Sequence[float]) -> None:
    """A theme that a text is nearer to has the higher score where all themes are alike."""
    (scores,) = axes().scores([near])
    assert ((scores > 0) & (scores < 1)).all()
    assert scores[int(np.argmax(near))] == scores.max()


def test_the_nearest_sentences_of_a_theme_count() -> None:
    """Two of its sides are enough; a third that is far away takes nothing from it."""
    sides = np.array([[[1, 0], [1, 0], [-1, 0]], [[1, 0], [0, 1], [0, 1]]], np.float32)
    assert nearness(np.array([[1, 0]], np.float32), sides).tolist() == [[1.0, 0.5]]


def test_no_texts_have_no_scores() -> None:
    """An empty batch is no error."""
    assert read_prototypes().scores(np.zeros((0, 384), np.float32)).shape == (0, SIDES)


# --- tracks -----------------------------------------------------------------------------------------------------------


def test_a_track_has_the_themes_of_its_passages_with_evidence() -> None:
    """The strongest first; the share is of bars; the passages that show a theme are quoted, the best first."""
    song = track(passage(0, 8, money=0.5), passage(8, 4, money=0.9, love=0.6), passage(12, 4))
    money, love = judge_themes(song, axes()).themes
    assert (money.theme, money.share) == (Theme.MONEY, 0.75)
    assert [shown.passage.first_bar for shown in money.evidence] == [8, 0]
    assert money.score == money.evidence[0].score > love.score >= PRESENT
    assert (love.theme, love.share) == (Theme.LOVE, 0.25)


def test_evidence_is_no_longer_than_people_read() -> None:
    """A song that is about one thing throughout."""
    (money,) = themes_in([passage(8 * n, 8, money=1.0) for n in range(9)], axes())
    assert (len(money.evidence), money.share) == (MOST_EVIDENCE, 1.0)


def test_a_track_of_generic_passages_has_no_theme() -> None:
    """That is an answer, and is told from a track that could not be judged."""
    answer = judge_themes(track(passage(0, 8)), axes())
    assert (answer.themes, answer.judged, answer.reason) == ((), True, "")


@pytest.mark.parametrize(
    ("song", "reason"),
    [
        (track(passage(0, 4, money=1.0), language="es"), "The lyrics are in 'es', and themes are told in English"),
        (track(model=""), "no embedding yet: run rap embed"),
        (track(), "The track has no words"),
        (track(passage(0, 4, money=1.0), model="another/fp32/1"), "by another/fp32/1.*run rap embed"),
    ],
)
def test_what_cannot_be_judged_is_said_in_a_sentence(song: EmbeddedTrack, reason: str) -> None:
    """No themes, and why."""
    answer = judge_themes(song, axes())
    assert (answer.themes, answer.judged) == ((), False)
    assert answer.as_json()["themes"] == []
    assert re.search(reason, answer.reason)
    assert answer.reason.endswith(".")


@pytest.mark.parametrize("language", [None, "en", "EN-us", "en_GB"])
def test_english_is_judged_in_any_precision_of_the_model(language: str | None) -> None:
    """With or without the source's word for it."""
    song = track(passage(0, 4, money=1.0), language=language, model="all-MiniLM-L6-v2/int8/1")
    assert [found.theme for found in judge_themes(song, axes()).themes] == [Theme.MONEY]


def test_passages_in_other_languages_are_left_out_and_counted() -> None:
    """Their vectors would be held against English sentences."""
    answer = judge_themes(track(passage(0, 4, money=1.0), passage(4, 4, FRENCH, love=1.0)), axes())
    assert [(found.theme, found.share) for found in answer.themes] == [(Theme.MONEY, 1.0)]
    assert answer.reason == "Judged without 1 of 2 passages, which are not in English."


def test_the_answer_is_ready_for_json() -> None:
    """With the bars of the evidence, from 0."""
    answer = judge_themes(track(passage(3, 4, money=1.0)), axes()).as_json()
    (theme,) = json.loads(json.dumps(answer, allow_nan=False))["themes"]
    assert (theme["theme"], theme["share"]) == ("money", 1.0)
    assert theme["evidence"] == [{"bars": [3, 6], "section": "Verse 1", "text": ENGLISH, "score": theme["score"]}]


# --- files ------------------------------------------------------------------------------------------------------------


def test_every_theme_but_other_is_described() -> None:
    """One list of names for what chat models say and what is told here; at least 24, each in as many sentences."""
    assert set(THEMES) == set(Theme) - {Theme.OTHER}
    assert len(THEMES) >= 24
    assert len({len(sentences) for sentences in PROTOTYPES.values()}) == 1
    assert len({sentence for own in PROTOTYPES.values() for sentence in own}) == sum(map(len, PROTOTYPES.values()))


def test_a_sentence_of_the_prototypes_shows_its_theme() -> None:
    """The shipped vectors stand in the order of the themes, and each is nearest to its own."""
    with np.load(SHIPPED, allow_pickle=False) as held:
        vectors = held["vectors"].astype(np.float32)
    scores = read_prototypes().scores(vectors.reshape(-1, vectors.shape[2]))
    meant = np.repeat(np.arange(SIDES), vectors.shape[1])
    assert (scores.argmax(1) == meant).mean() > 0.95
    assert (scores.max(1) >= PRESENT).mean() > 0.95


def test_the_couplets_are_balanced_and_halved() -> None:
    """Four for each theme, two of them held out; none stands among the sentences that themes are told by."""
    with BARS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    counts = Counter((row["theme"], row["half"]) for row in rows)
    assert {counts[theme, half] for theme in THEMES for half in ("dev", "held")} == {2}
    assert counts[Theme.OTHER, "dev"] == counts[Theme.OTHER, "held"] == 6
    assert len({row["passage"] for row in rows}) == len(rows) == 120
    sentences = {sentence.lower() for own in PROTOTYPES.values() for sentence in own}
    assert not [bar for row in rows for bar in row["passage"].split(" / ") if bar.lower() in sentences]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the shipped file with its manifest, to be damaged."""
    shutil.copy(SHIPPED.with_suffix(".json"), tmp_path)
    return Path(shutil.copy(SHIPPED, tmp_path))


def test_a_changed_file_is_not_believed(file: Path) -> None:
    """One byte is enough."""
    content = bytearray(file.read_bytes())
    content[5000] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"is not the file of its manifest.*benchmarks/train_themes\.py"):
        read_prototypes(file)


def test_a_missing_file_is_named(file: Path) -> None:
    """Vectors or manifest."""
    file.unlink()
    with pytest.raises(ModelError, match=r"theme_prototypes\.npz cannot be read"):
        read_prototypes(file)
    file.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"theme_prototypes\.json cannot be read"):
        read_prototypes(file)


@pytest.mark.parametrize(
    ("content", "wrong"), [("{", "is no JSON"), ("[]", "is no manifest"), ('{"schema": 1}', "is no manifest")]
)
def test_a_damaged_manifest_is_named(file: Path, content: str, wrong: str) -> None:
    """What is wrong with it is said."""
    file.with_suffix(".json").write_text(content, "utf8")
    with pytest.raises(ModelError, match=wrong):
        read_prototypes(file)


@pytest.mark.parametrize("fact", [{"sentences_sha256": "0"}, {"schema": 2}])
def test_vectors_of_other_sentences_are_refused(file: Path, fact: dict[str, object]) -> None:
    """They would mean something else."""
    manifest = file.with_suffix(".json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf8")) | fact), "utf8")
    with pytest.raises(ModelError, match="another version of the themes"):
        read_prototypes(file)


def test_a_file_that_is_no_npz_is_refused(file: Path) -> None:
    """Also when its manifest has its digest: nothing in it is run."""
    import hashlib
    import pickle

    content = pickle.dumps({"vectors": 1})
    file.write_bytes(content)
    manifest = file.with_suffix(".json")
    facts = json.loads(manifest.read_text("utf8")) | {"sha256": hashlib.sha256(content).hexdigest()}
    manifest.write_text(json.dumps(facts), "utf8")
    with pytest.raises(ModelError, match="has no vectors of themes"):
        read_prototypes(file)
