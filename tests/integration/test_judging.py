"""`rap analyze --jsonl`: analyses without a store, in order, whatever is wrong with a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rap_analyzer.analyzers import algorithmic, emotion
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.analysis import AnalysisInput
from rap_analyzer.domain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Rap

VERSE = "Counting out the pennies on the kitchen table\nFaith is all we had when we were barely able"


def record(number: int, **more: Any) -> str:
    """A line of its own."""
    return json.dumps({"id": number, "lyrics": f"{VERSE}\nNumber {number} on the label", **more})


def test_every_line_is_answered_in_order_by_the_analyzers(rap: Rap, tmp_path: Path) -> None:
    """More lines than one process answers, as each analyzer alone answers; and no store is made for it."""
    given = [record(n) for n in range(120)]
    (tmp_path / "songs.jsonl").write_text("\n".join(given))
    done = rap("analyze", "songs.jsonl", "--jsonl", data_dir=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    answered = [json.loads(line) for line in done.stdout.splitlines()]
    inputs = [AnalysisInput(json.loads(line)["lyrics"]) for line in given]
    expected = zip(algorithmic.score_all(inputs), emotion.score_all(inputs), strict=True)
    assert answered == [
        {"id": n, "analyses": [json.loads(json.dumps(one.to_json())) for one in both]}
        for n, both in enumerate(expected)
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["songs.jsonl"]


def test_bad_lines_are_answered_in_their_places(rap: Rap, tmp_path: Path) -> None:
    """Of standard input too; the lines around them come to no harm."""
    lines = [
        record(1), "{oops", '{"id": "b"}', "", record(5, language="es"), record(6, language=7), record(7, error="mine"),
        json.dumps({"id": 8, "lyrics": ""}), json.dumps({"id": 9, "lyrics": "x" * 1_000_001}),
        *map(record, range(10, 30)),
    ]  # fmt: skip
    done = rap("analyze", "-", "--jsonl", "--analyzer", "emotion", data_dir=tmp_path, given="\n".join(lines).encode())
    assert done.returncode == 0, done.stderr
    answered = [json.loads(line) for line in done.stdout.splitlines()]
    said = [line.get("error") or line["analyses"][0]["status"] for line in answered]
    assert said[1].startswith("line 2: no JSON (")
    assert [said[0], *said[2:8]] == [
        "done", 'line 3: an object with "id" and "lyrics" is needed', "unsupported_language",
        'line 6: "language" must be a code such as "en", or left out', "done", "no_words",
        "line 9: the text has 1,000,001 characters, more than any song (1,000,000)",
    ]  # fmt: skip
    assert [line["id"] for line in answered] == [1, None, "b", 5, 6, 7, 8, 9, *range(10, 30)]
    assert set(said[8:]) == {"done"}
    assert not any("lyrics" in line for line in answered)


def test_hybrid_is_combined_in_place_by_the_configured_weights(rap: Rap, tmp_path: Path) -> None:
    """With its parts before it."""
    (tmp_path / "config.yaml").write_text("analyzers: {hybrid: {combine_weights: [3, 1, 1]}}")
    done = rap(
        "analyze", "--jsonl", "--analyzer", "hybrid", data_dir=tmp_path, given=f"{record(1)}\n{record(2)}".encode()
    )
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        [*parts, hybrid] = json.loads(line)["analyses"]
        assert [part["analyzer"] for part in parts] == ["algorithmic_basic", "emotion"]
        told = {part["analyzer"]: part["weight"] for part in hybrid["measures"]["parts"]}
        assert told == {"algorithmic_basic": 0.75, "emotion": 0.25}


def test_nothing_in_is_nothing_out(rap: Rap, tmp_path: Path) -> None:
    """An empty file is no error."""
    done = rap("analyze", "--jsonl", data_dir=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (["--jsonl", "--analyzer", "qwen"], ConfigError, "qwen needs a store"),
        (
            ["--jsonl", "--analyzer", "tarot"],
            ConfigError,
            "No analyzer is called 'tarot'; these exist: alg",
        ),
        (["nowhere.jsonl", "--jsonl"], InputError, "nowhere.jsonl cannot be read"),
        (["songs.jsonl"], InputError, "A file is read with --jsonl"),
        (["--jsonl", "--detach"], InputError, "only --analyzer goes with it"),
        (["--jsonl", "--where", "year>=1990"], InputError, "only --analyzer goes with it"),
    ],
)
def test_what_does_not_go_together_is_said(
    rap: Rap, tmp_path: Path, arguments: list[str], kind: type[Exception], says: str
) -> None:
    """In one sentence, with the exit code of its kind; nothing is written."""
    done = rap("analyze", *arguments, data_dir=tmp_path, given=record(1).encode())
    assert done.returncode == next(code for error, code in EXIT_CODES.items() if error is kind)
    assert says in done.stderr
    assert (done.stdout, list(tmp_path.iterdir())) == ("", [])
