"""GoEmotions (Demszky et al., 2020) as tab-separated files: comments with the emotions that people saw in them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.emotion import EMOTIONS
from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

Marks = npt.NDArray[np.float32]

LABELS_FILE = "labels.txt"
SPLITS = ("train", "dev", "test")
EXPECTED = f"{LABELS_FILE} and {', '.join(f'{name}.tsv' for name in SPLITS)}"
COLUMNS = 3


class Comments(NamedTuple):
    """One split.

    Attributes:
        texts: the comments.
        marks: 1 where a comment has an emotion, else 0; shape (comments, 7), in the order of `EMOTIONS`.
        sha256: of the file.
    """

    texts: list[str]
    marks: Marks
    sha256: str


class GoEmotions(NamedTuple):
    """The official split, its labels grouped into Ekman's six and neutral."""

    train: Comments
    dev: Comments
    test: Comments


def read_goemotions(folder: Path) -> GoEmotions:
    """The data set in a folder of `labels.txt` (a label a line) and `train.tsv`, `dev.tsv`, `test.tsv`.

    A row is text, indices into the labels with commas between, and an id.

    Raises:
        InputError: the folder or a file is missing, or a row is not in that form; the message names file and line.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; --data takes the folder with GoEmotions' {EXPECTED}.")
    columns = _columns(folder / LABELS_FILE)
    return GoEmotions(*(_comments(folder / f"{name}.tsv", columns) for name in SPLITS))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); the folder must have {EXPECTED}.") from error


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8.") from error


def _columns(path: Path) -> list[int]:
    """For each label of the file, its place in `EMOTIONS`."""
    names = _text(path, _content(path)).split()
    if sorted(names) != sorted(EMOTIONS):
        raise InputError(f"{path} must have these labels, one a line: {', '.join(EMOTIONS)}.")
    return [EMOTIONS.index(name) for name in names]


def _comments(path: Path, columns: list[int]) -> Comments:
    content = _content(path)
    lines = _text(path, content).split("\n")  # a comment may have other line separators in it
    rows = [_row(path, n, line.removesuffix("\r"), columns) for n, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise InputError(f"{path} has no rows; each is text, label indices and an id, with tabs between.")
    marks = np.zeros((len(rows), len(EMOTIONS)), np.float32)
    for row, (_, chosen) in enumerate(rows):
        marks[row, chosen] = 1
    return Comments([text for text, _ in rows], marks, hashlib.sha256(content).hexdigest())


def _row(path: Path, number: int, line: str, columns: list[int]) -> tuple[str, list[int]]:
    fields = line.split("\t")
    if len(fields) != COLUMNS:
        raise InputError(f"{path}, line {number}: {len(fields)} columns; a row is text, label indices and an id.")
    try:
        chosen = [int(index) for index in fields[1].split(",")]
    except ValueError as error:
        raise InputError(f"{path}, line {number}: {fields[1]!r} are no label indices, such as 0 or 0,3.") from error
    if not all(0 <= index < len(columns) for index in chosen):
        last = len(columns) - 1
        raise InputError(f"{path}, line {number}: label {fields[1]} is not in {LABELS_FILE}, which has 0 to {last}.")
    return fields[0], [columns[index] for index in chosen]
