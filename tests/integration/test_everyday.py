"""What a command line is expected to do: pipes that close, -h, completion, marks in plain text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.analyzers.rhymes import rhymes_json
from rap_analyzer.cli.console import READER_GONE
from rap_analyzer.cli.rhyming import _lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Rap

VERSE = "Counting out the pennies on the kitchen table\nFaith is all we had when we were barely able\n"
PROGRAM = Path(sys.executable).parent / "rap"
MARK = re.compile(r"\{(\w+):((?:[^{}\\]|\\.)*)\}")
ESCAPED = re.compile(r"\\(.)")


@pytest.mark.parametrize(
    "command",
    [
        "--help", "-h", "search -h", "--version", "doctor", "doctor --quick --json", "jobs", "jobs --json",
        "list tracks", "list artists --json", "search rain", "search rain --json", "similar 1 --json", "similar 1",
        "export --format json", "rhymes --for table", "rhymes --for table --json",
    ],
)  # fmt: skip
def test_a_pipe_whose_reader_left_ends_a_command_quietly(
    command: str, demo_data: Path, rap_environment: Callable[..., dict[str, str]]
) -> None:
    """As after `| head -0`: no traceback, no complaint, the code that Unix programs have then."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "rap_analyzer", *command.split()],
        stdout=writer, stderr=subprocess.PIPE, text=True, env=rap_environment(demo_data), cwd=demo_data, check=False,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == READER_GONE, done
    assert not re.search(r"Traceback|Unexpected|Exception ignored|Broken pipe|Error", done.stderr), done.stderr


@pytest.mark.parametrize("command", ["rhymes", "rhymes --markup", "rhymes --jsonl"])
def test_a_reader_that_leaves_in_the_midst_ends_it_quietly_too(
    command: str, tmp_path: Path, rap_environment: Callable[..., dict[str, str]]
) -> None:
    """As after `| head -1`, when there is more to say."""
    song = VERSE * 200 if "jsonl" not in command else '{"id": 1, "lyrics": "a night\\na light"}\n' * 20_000
    with subprocess.Popen(
        [sys.executable, "-m", "rap_analyzer", *command.split()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=rap_environment(tmp_path),
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        assert process.stderr
        (tmp_path / "song").write_text(song)
        process.stdin.write(song if "jsonl" not in command else song[:40_000])
        process.stdin.close()
        assert process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
    assert process.returncode in {READER_GONE, 0}
    assert complaint == ""


def test_output_that_is_read_whole_ends_well(rap: Rap, demo_data: Path) -> None:
    """The check for a reader does not take a pipe, a file or nothing at all for one that was left."""
    assert rap("list", "tracks", data_dir=demo_data).returncode == 0
    for target in (subprocess.DEVNULL, subprocess.PIPE):
        done = subprocess.run([sys.executable, "-m", "rap_analyzer", "--version"], stdout=target, check=False)
        assert done.returncode == 0


@pytest.mark.parametrize("command", ["", "search", "list", "list tracks", "db", "db url", "jobs retry"])
def test_h_is_help(command: str, rap: Rap, tmp_path: Path) -> None:
    """Of every command, as of most programs."""
    short = rap(*command.split(), "-h", data_dir=tmp_path)
    assert short.returncode == 0
    assert short.stdout == rap(*command.split(), "--help", data_dir=tmp_path).stdout


@pytest.mark.skipif(not PROGRAM.exists(), reason="rap is not installed as a program")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("rap li", "list"), ("rap list tr", "tracks"), ("rap list tracks --so", "--sort"), ("rap doc", "doctor")],
)
def test_the_shell_completes_commands_and_options(typed: str, offered: str) -> None:
    """What bash asks the program for when Tab is pressed."""
    words = typed.split()
    asked = {"_RAP_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run([PROGRAM], env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert offered in done.stdout.split(), done


@pytest.mark.skipif(not PROGRAM.exists(), reason="rap is not installed as a program")
def test_completion_can_be_shown(tmp_path: Path) -> None:
    """What `rap --install-completion` would install."""
    done = subprocess.run(
        [PROGRAM], env={**os.environ, "_RAP_COMPLETE": "source_bash"}, capture_output=True, text=True, check=False
    )
    assert "complete -o default -F" in done.stdout


def test_marks_show_chains_where_colours_do_not(rap: Rap, tmp_path: Path) -> None:
    """In a pipe too; without --markup it stays as it was."""
    done = rap("rhymes", "--markup", data_dir=tmp_path, given=VERSE.encode())
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()[:2]
    assert first.endswith(" on the kitchen {a:table}")
    assert second.endswith(" were barely {a:able}")
    assert "{" not in rap("rhymes", data_dir=tmp_path, given=VERSE.encode()).stdout
    wrong = rap("rhymes", "--markup", "--for", "table", data_dir=tmp_path)
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "Error: --markup is for the text of a song: leave --jsonl and --for out.\n",
    )


def test_only_what_rhymes_is_coloured_and_only_the_letter_is_dim() -> None:
    """On a terminal: the bar itself is as bright as other text."""
    lines = list(_lines(VERSE, rhymes_json(VERSE), markup=False))
    for line in lines:
        styled = [(line.plain[span.start : span.end], str(span.style)) for span in line.spans]
        assert styled[0][1] == "dim"
        assert len(styled[0][0].strip()) == 1
        assert "".join(text for text, _ in styled[1:]) in {"table", "able"}
        assert all(style.startswith("bold ") for _, style in styled[1:])
        assert str(line.style) == ""


@given(st.text(alphabet="ab tinkle{}\\:'\n", min_size=1, max_size=80))
def test_marks_can_be_taken_out_again(text: str) -> None:
    """Whatever the song has of braces and backslashes."""
    answer = rhymes_json(text)
    plain = [line.plain for line in _lines(text, answer, markup=False)]
    marked = [line.plain for line in _lines(text, answer, markup=True)]
    assert [ESCAPED.sub(r"\1", MARK.sub(r"\2", line)) for line in marked] == plain
