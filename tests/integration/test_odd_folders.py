"""A data folder may be called anything: the store works there, or one sentence says why not; no name is ever run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres import embedded_process
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Rap

ODD = [
    "two words",
    " blanks around ",
    "a,comma",
    'say "hello"',
    "'both\"",
    "$HOME",
    "$(touch ran)",
    "`touch ran`",
    "x; touch ran",
    "x && touch ran | cat > ran",
    "back\\slash",
    "100%",
    "%s %d %25",
    "--version",
    "*?[a-z]{x,y}",
    "!history #comment",
    "~",
    "tab\there",
    "уличный звук",
    "ラップ 🎤",
    "@at=sign&amp",
    "a" * 200,
    "ж" * 60,
    "/".join(["deep" * 5] * 20),
]
REFUSED = ["line\nbreak", "carriage\rreturn", "/".join(["x" * 100] * 9), "z" * 256]


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_a_store_in_an_oddly_named_folder_starts_keeps_and_stops(name: str, data_dir: Callable[[], Path]) -> None:
    """It starts, keeps what it was given over a stop, and nothing in its name was carried out."""
    base = data_dir()
    folder = base / name
    for value in ("kept", None):
        server = EmbeddedServer(folder)
        with psycopg.connect(server.acquire(), autocommit=True) as connection:
            if value:
                connection.execute("CREATE TABLE things AS SELECT 'kept' AS thing")
            assert connection.execute("SELECT thing FROM things").fetchone() == ("kept",)
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT current_user::text").fetchone() == ("rap_user",)
        server.release()
        assert not server.is_running()
    assert (folder / "postgres" / "cluster" / "PG_VERSION").exists()
    assert not server.stop()
    assert not [path for path in (Path("/ran"), Path.cwd() / "ran", *base.rglob("ran")) if path.exists()]


@pytest.mark.parametrize("name", REFUSED, ids=range(len(REFUSED)))
def test_a_folder_in_which_postgresql_cannot_work_is_refused(name: str, data_dir: Callable[[], Path]) -> None:
    """Before anything is made in it."""
    with pytest.raises(ConfigError, match=r"(cannot work in|cannot be written) .*set RAP_DATA_DIR"):
        EmbeddedServer(data_dir() / name).acquire()


def test_a_name_that_is_no_unicode_does_as_well(data_dir: Callable[[], Path]) -> None:
    """Names of files are bytes."""
    folder = data_dir() / os.fsdecode(b"caf\xe9")
    server = EmbeddedServer(folder)
    with psycopg.connect(server.acquire()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.release()


def test_the_commands_work_in_the_oddest_of_them(data_dir: Callable[[], Path], rap: Rap) -> None:
    """Doctor, import, the URL for psql, stop."""
    base = data_dir()
    folder, file = base / "a '$(touch ran)' \"b\" `c` \\ ;%20,", base / "songs.csv"
    file.write_text("title,artist,lyrics\nNight Sort,Ann Tenna,boxes on the belt at eleven\n")
    assert rap("import", file, data_dir=folder).returncode == 0
    doctor = rap("doctor", "--quick", data_dir=folder)
    assert doctor.returncode == 0, doctor
    assert "1 track by 1 artist" in doctor.stdout
    url = rap("db", "url", data_dir=folder)
    with psycopg.connect(url.stdout.strip()) as connection:
        assert connection.execute("SELECT title FROM tracks").fetchone() == ("Night Sort",)
    assert rap("db", "stop", data_dir=folder).stdout == "stopped\n"
    assert not list(base.rglob("ran"))


def test_a_refusal_is_one_sentence_with_its_code(data_dir: Callable[[], Path], rap: Rap) -> None:
    """As of every wrong setting."""
    done = rap("db", "url", data_dir=data_dir() / "line\nbreak")
    assert done.returncode == EXIT_CODES[ConfigError]
    assert done.stderr.startswith("Error: PostgreSQL cannot work in ")
    assert done.stderr.count("\n") == 1


def test_programs_in_a_folder_that_a_shell_would_read_are_refused(
    data_dir: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Initdb hands the path of its programs to a shell, whatever we do: a new store is not made from there."""
    monkeypatch.setattr(embedded_process, "_programs", lambda: Path("/opt/$(touch ran)/bin"))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("nothing is run"))
    folder = data_dir()
    program = embedded_process.ServerProgram(folder / "cluster", folder / "log")
    with pytest.raises(ConfigError, match="Install Rap Analyzer in another folder"):
        program.initialize(folder / "fresh")
