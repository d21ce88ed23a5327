"""`rap ml train emotion`: reading GoEmotions, fitting, scoring, writing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from rap_analyzer.cli import app
from rap_analyzer.domain.emotion import EMOTIONS, scores_of
from rap_analyzer.domain.emotion_heads import Heads
from rap_analyzer.domain.errors import InputError
from rap_analyzer.ml.emotion import Vectors, train_emotion, write_heads
from rap_analyzer.ml.goemotions import read_goemotions
from rap_analyzer.ml.labelling import best_thresholds, confusion, every_label, f1_of_each, macro_f1, macro_f1_gain
from rap_analyzer.ml.logistic import minimized

if TYPE_CHECKING:
    from pathlib import Path

SAID = {
    "anger": "furious hate rage",
    "disgust": "gross rotten vomit",
    "fear": "scared afraid terror",
    "joy": "happy love thanks",
    "neutral": "table bus corner",
    "sadness": "cried lonely miss",
    "surprise": "wow what unexpected",
}


def sample(folder: Path, comments: int = 140) -> Path:
    """A tiny data set whose words tell the label."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.txt").write_text("\n".join(EMOTIONS) + "\n", "utf8")
    for seed, split in enumerate(("train", "dev", "test")):
        rng = np.random.default_rng(seed)
        rows = []
        for n in range(comments):
            label = n % len(EMOTIONS)
            words = [*rng.choice(SAID[EMOTIONS[label]].split(), 2), "the", "and", rng.choice(["one", "two"])]
            rows.append(f"{' '.join(words)}\t{label}\t{split}{n}\n")
        (folder / f"{split}.tsv").write_text("".join(rows), "utf8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The tiny data set's folder."""
    return sample(tmp_path / "data")


# --- reading --------------------------------------------------------------------------------------------------------


def test_rows_are_read_with_all_their_labels(data: Path) -> None:
    """The file's order of labels need not be ours, and a comment may have several, or odd line separators in it."""
    (data / "labels.txt").write_text("\n".join(reversed(EMOTIONS)), "utf8")
    (data / "dev.tsv").write_bytes("a\u2028b\t0,6\tx\r\n".encode())
    comments = read_goemotions(data).dev
    assert comments.texts == ["a\u2028b"]
    assert [EMOTIONS[k] for k in np.flatnonzero(comments.marks[0])] == ["anger", "surprise"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no rows"),
        (b"text\t0\n", r"line 1: 2 columns"),
        (b"good\t0\tx\nbad\tjoy\tx\n", r"line 2: 'joy' are no label indices"),
        (b"bad\t7\tx\n", r"line 1: label 7 is not in labels\.txt, which has 0 to 6"),
        (b"bad\t-1\tx\n", r"label -1 is not in"),
        (b"\xff\t0\tx\n", "is not UTF-8 at byte 0"),
    ],
)
def test_a_bad_file_is_named_with_the_line_and_the_fix(data: Path, content: bytes, message: str) -> None:
    """And with what would be right."""
    (data / "dev.tsv").write_bytes(content)
    with pytest.raises(InputError, match=rf"dev\.tsv.*{message}"):
        read_goemotions(data)


def test_missing_files_and_folders_are_named(data: Path) -> None:
    """With what the folder must have."""
    with pytest.raises(InputError, match=r"no folder .*nowhere.*labels\.txt and train\.tsv"):
        read_goemotions(data / "nowhere")
    (data / "test.tsv").unlink()
    with pytest.raises(InputError, match=r"test\.tsv cannot be read \(No such file"):
        read_goemotions(data)
    (data / "labels.txt").write_text("joy\nanger\n", "utf8")
    with pytest.raises(InputError, match=r"labels\.txt must have these labels.*disgust"):
        read_goemotions(data)


# --- figures --------------------------------------------------------------------------------------------------------


def test_f1_and_its_interval() -> None:
    """All right is 1 and sure; a seventh wrong is not; every label has precision by its share and recall 1."""
    marks = np.eye(7, dtype=np.float32)[np.arange(70) % 7]
    assert macro_f1(marks > 0, marks) == (1, 1, 1)
    told = marks > 0
    told[::8] = np.roll(told[::8], 1, axis=1)
    figure = macro_f1(told, marks)
    assert figure.low < figure.value < figure.high
    gain = macro_f1_gain(marks > 0, told, marks)
    assert 0 < gain.low < gain.value == 1 - figure.value < gain.high
    share = 1 / 7
    assert macro_f1(every_label(marks), marks).value == pytest.approx(2 * share / (1 + share))
    assert f1_of_each(np.zeros_like(marks, np.bool_), marks).tolist() == [0] * 7


def test_thresholds_are_where_f1_is_best() -> None:
    """Between the scores of those with the label and of those without."""
    scores = np.array([[0.1], [0.2], [0.4], [0.5]], np.float32)
    (threshold,) = best_thresholds(scores, np.array([[0], [0], [1], [1]], np.float32))
    assert 0.2 < threshold <= 0.4


def test_a_confusion_counts_what_was_told_of_what_was_meant() -> None:
    """Rows are what was meant."""
    assert confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist() == [[1, 1], [0, 1]]


def test_the_least_of_a_bowl_is_found() -> None:
    """Also where one axis is a hundred times steeper."""
    steep = np.array([1.0, 100.0])
    found = minimized(lambda x: (float((steep * (x - 3) ** 2).sum()), 2 * steep * (x - 3)), np.zeros(2))
    assert found == pytest.approx([3, 3], abs=1e-2)


# --- training -------------------------------------------------------------------------------------------------------


def vectors_of(data: Path) -> Vectors:
    """Vectors that tell the label, with noise."""
    made = []
    for seed, comments in enumerate(read_goemotions(data)):
        vectors = np.random.default_rng(seed).normal(0, 0.1, (len(comments.texts), 16))
        vectors[:, :7] += comments.marks
        made.append((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    return Vectors("tiny/1", *made)


def test_training_learns_what_the_words_tell(tmp_path: Path) -> None:
    """What comes out is read back, and tells new comments apart; the manifest has data, seed, command, figures."""
    data = sample(tmp_path / "data", comments=2100)
    comments = read_goemotions(data)
    write_heads(train_emotion(comments, "how", vectors_of(data)), tmp_path / "out")
    heads = Heads(tmp_path / "out")
    told = scores_of(heads.words.logits(["hate and rage", "we miss one lonely"])).argmax(1)
    assert [EMOTIONS[k] for k in told] == ["anger", "sadness"]
    by_vectors = heads.sentence.logits(vectors_of(data).test)
    assert (by_vectors.argmax(1) == comments.test.marks.argmax(1)).mean() > 0.9
    for name in ("words", "sentence"):
        manifest = heads.manifest(name)
        assert manifest["metrics"]["test_macro_f1"]["value"] > 0.9
        assert (manifest["command"], manifest["seed"]) == ("how", 7)
        assert manifest["data"]["test"] == {"comments": 2100, "sha256": comments.test.sha256}
    assert heads.sentence.embedding_model == "tiny/1"


def test_too_few_comments_are_refused(data: Path) -> None:
    """Where no word comes twice, nothing can be learned."""
    (data / "train.tsv").write_text("hello there\t3\tx\n", "utf8")
    with pytest.raises(InputError, match=r"No word of train\.tsv stands in 2 comments"):
        train_emotion(read_goemotions(data), "how")


def test_the_same_data_give_the_same_files(data: Path) -> None:
    """Byte for byte."""
    first, second = (train_emotion(read_goemotions(data), "how", vectors_of(data)) for _ in range(2))
    assert first == second


def test_the_command_trains_prints_and_writes(data: Path, tmp_path: Path) -> None:
    """Figures on standard output, files in the folder."""
    answer = CliRunner().invoke(app, ["ml", "train", "emotion", "--data", str(data), "--out", str(tmp_path / "new")])
    assert answer.exit_code == 0, answer.output
    assert "words: macro-F1 1.000 [1.000, 1.000] on test" in answer.stdout
    assert "every label for every comment: macro-F1 0.250" in answer.stdout
    assert json.loads((tmp_path / "new" / "words.json").read_bytes())["labels"] == list(EMOTIONS)


def test_the_command_names_a_folder_that_it_cannot_write(data: Path, tmp_path: Path) -> None:
    """And the option to change."""
    (tmp_path / "file").write_text("", "utf8")
    answer = CliRunner().invoke(app, ["ml", "train", "emotion", "--data", str(data), "--out", str(tmp_path / "file")])
    assert isinstance(answer.exception, InputError)
    assert "--out" in str(answer.exception)


def test_the_command_names_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """An expected error: exit code 2."""
    answer = CliRunner().invoke(app, ["ml", "train", "emotion", "--data", str(tmp_path / "nowhere")])
    assert isinstance(answer.exception, InputError)
    assert "nowhere" in str(answer.exception)
