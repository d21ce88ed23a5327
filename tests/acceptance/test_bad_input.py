"""Bad input ends in one clear sentence and a code of its own; never in a traceback, never in half a track."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import ConfigError, InputError, NotFound, SourceError, StoreError
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.acceptance.conftest import Ending
    from tests.conftest import Rap

    from rap_analyzer.domain.errors import RapError

HEADER = ("title", "artist", "lyrics")
WHOLE = ("Kitchen Table", "A. Nobody", "counting out the pennies on the kitchen table\nfaith is all we're able")
EMOJI, NO_LETTERS = "🔥🔥 💯\n🎤", "... !!!\n--- ???"
TOO_LONG = "la la la\n" * 350_000


@pytest.fixture(scope="module")
def genius() -> Iterator[dict[str, str]]:
    """Settings that point to a simulated Genius."""
    with SimulatorServer(genius_app(load_corpus())) as server:
        yield settings_for(server.url)


def settings_for(url: str) -> dict[str, str]:
    """Settings that point to a Genius there."""
    return {
        "GENIUS_ACCESS_TOKEN": DEMO_TOKEN, "GENIUS_API_URL": f"{url}/api", "GENIUS_WEB_URL": f"{url}/web",
        "GENIUS_RATE": "100000/second",
    }  # fmt: skip


def csv_of(path: Path, *rows: Sequence[str], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


# What people ask for


def test_an_unknown_artist_is_answered_with_the_nearest_names(
    end: Callable[..., Ending], genius: dict[str, str]
) -> None:
    """A slip of the pen gets the name that was meant."""
    end("scrape", "Deacon Halfdey", **genius).assert_is(NotFound, "'Deacon Halfdey'.*Deacon Halfday")


@pytest.mark.parametrize("name", ["Nobody Zzyzx", "🎤", "%", "x" * 3000])
def test_an_artist_that_is_like_no_other_is_not_found(
    end: Callable[..., Ending], genius: dict[str, str], name: str
) -> None:
    """Whatever stands in place of a name."""
    assert end("scrape", name, **genius).code == EXIT_CODES[NotFound]


def test_songs_of_the_artists_before_an_unknown_one_are_whole(
    end: Callable[..., Ending],
    genius: dict[str, str],
    data_dir: Callable[[], Path],
    stored: Callable[[Path], dict[str, str]],
) -> None:
    """What was collected stays, and nothing of it is half there."""
    folder = data_dir()
    ending = end("scrape", "Deacon Halfday", "Nobody Zzyzx", data_dir=folder, **genius)
    ending.assert_is(NotFound, "Nobody Zzyzx")
    assert "Powdered Milk Champagne" in stored(folder)


@pytest.mark.parametrize("token", ["wrong", "schlüssel", "two words\nand a line", ""])
def test_a_wrong_token_names_its_setting(end: Callable[..., Ending], genius: dict[str, str], token: str) -> None:
    """And where to get a right one."""
    ending = end("scrape", "Deacon Halfday", **{**genius, "GENIUS_ACCESS_TOKEN": token})
    ending.assert_is(ConfigError, r"GENIUS_ACCESS_TOKEN.*genius\.com/api-clients")


def test_no_token_at_all_says_where_to_get_one(end: Callable[..., Ending]) -> None:
    """And that the demo needs none."""
    end("scrape", "Anybody").assert_is(ConfigError, "GENIUS_ACCESS_TOKEN.*rap demo")


@pytest.mark.parametrize("name", ["Полина Зима", "Polina Zima", "полина зима"])
def test_a_name_is_found_in_either_script(
    end: Callable[..., Ending], genius: dict[str, str], data_dir: Callable[[], Path], name: str
) -> None:
    """As the artist writes it, or in Latin letters."""
    ending = end("scrape", name, "--max-songs", "1", data_dir=data_dir(), **genius)
    assert ending.code == 0, ending
    assert ending.printed.startswith("1 found = ")


def test_a_slip_in_another_script_gets_the_name_that_was_meant(
    end: Callable[..., Ending], genius: dict[str, str]
) -> None:
    """As any other slip."""
    end("scrape", "Полина Зема", **genius).assert_is(NotFound, "'Полина Зема'.*did you mean Полина Зима")


def test_a_file_of_artists_may_have_comments_blanks_and_names_twice(
    end: Callable[..., Ending], genius: dict[str, str], data_dir: Callable[[], Path], tmp_path: Path
) -> None:
    """With a byte order mark too; each name is asked for once."""
    folder, file = data_dir(), tmp_path / "artists.txt"
    lines = ["# mine", "", "Deacon Halfday", "  Deacon   Halfday  # the same", "\t", "Deacon Halfday", " #Nobody Zzyzx"]
    file.write_text("\r\n".join(lines), "utf-8-sig")
    ending = end("scrape", "--from-file", file, "--max-songs", "1", data_dir=folder, **genius)
    assert (ending.code, list(ending.sentences)) == (0, []), ending
    assert ending.printed.startswith("1 found = 1 stored")


def test_a_file_of_comments_names_nobody(end: Callable[..., Ending], tmp_path: Path) -> None:
    """It is as if nobody had been named."""
    file = tmp_path / "artists.txt"
    file.write_text("# Deacon Halfday\n\n   # Tenner Grey\n")
    end("scrape", "--from-file", file).assert_is(InputError, "Name an artist")


@pytest.mark.parametrize("url", ["https://lyrics.invalid/a-song-lyrics", "https://genius.com.invalid/A-song-lyrics"])
def test_the_address_of_another_site_is_refused(end: Callable[..., Ending], url: str) -> None:
    """With what an address of ours looks like; nothing is asked."""
    end("scrape", url).assert_is(InputError, r"is no page of Genius.*https://genius\.com/…-lyrics")


def test_a_challenge_stops_the_run_at_once(end: Callable[..., Ending], home: Path) -> None:
    """One request, no second one; what to do is said."""
    app = genius_app(load_corpus(), faults=Faults(challenge=1.0))
    with SimulatorServer(app) as server:
        ending = end("scrape", "Deacon Halfday", "Tenner Grey", data_dir=home, **settings_for(server.url))
    ending.assert_is(SourceError, "blocks us at .*stop for some hours, then ask more slowly")
    assert app.visits.total() == 1


@pytest.fixture
def closing() -> Iterator[str]:
    """The address of a proxy that closes every connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def close_all() -> None:
            with suppress(OSError):
                while True:
                    server.accept()[0].close()

        closer = threading.Thread(target=close_all)
        closer.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        closer.join()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_closes_connections_is_named(
    end: Callable[..., Ending], data_dir: Callable[[], Path], closing: str, scheme: str
) -> None:
    """After the retries, without the password that is in its address."""
    folder, with_password = data_dir(), closing.replace("//", "//me:secret@")
    nowhere = settings_for(f"{scheme}://genius.invalid")
    ending = end("scrape", "Anybody", data_dir=folder, HTTP_PROXY=with_password, HTTPS_PROXY=with_password, **nowhere)
    ending.assert_is(SourceError, f"through the proxy {closing} fails .*also after 3 retries: try again later")


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (("search", "x", "--year", "abc"), InputError, "--year 'abc'"),
        (("search", "x", "--year", "99999999999999"), InputError, "--year '9+'"),
        (("search", "x", "--year", "1999-1990"), InputError, "ends before it begins"),
        (("search", "  "), InputError, "query is empty"),
        (("search", "x" * 1001), InputError, "1,001 characters"),
        (("search", "x", "--limit", "0"), InputError, "limit is 0"),
        (("similar", "999999"), NotFound, "999999"),
        (("similar", "9" * 30), NotFound, "999"),
        (("similar", "No Such Title"), NotFound, "No Such Title"),
        (("similar", "²"), NotFound, "²"),
        (("similar", "1", "--limit", "-5"), (InputError, NotFound), ""),
        (("analyze", "--analyzer", "oracle"), ConfigError, "'oracle'.*algorithmic_basic"),
        (("simulate", "napster"), InputError, "'napster'.*genius, spotify"),
        (("scrape",), InputError, "Name an artist"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(
    end: Callable[..., Ending], arguments: tuple[str, ...], kind: type[RapError], says: str
) -> None:
    """The sentence quotes what was asked."""
    ending = end(*arguments)
    for one in kind if isinstance(kind, tuple) else (kind,):
        if ending.code == EXIT_CODES[one]:
            ending.assert_is(one, says)
            return
    pytest.fail(f"{ending}")


# Files


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("lines.csv", b"\n\n\n", "no columns"),
        ("header.csv", b"title,artist,lyrics\n", "no songs to import"),
        ("columns.csv", b"title,artist\nT,A\n", "no column 'lyrics'.*--map lyrics=COLUMN"),
        ("binary.csv", bytes(range(256)) * 40, "no text in UTF-8.*--encoding"),
        ("binary.jsonl", bytes(range(256)) * 40, "no text in UTF-8.*--encoding"),
        ("binary.parquet", bytes(range(256)) * 40, "no Parquet file"),
        ("list.json", b'[{"title": "T"}]', "no column 'artist'.*--map artist=COLUMN"),
        ("numbers.json", b"[1, 2]", "no JSON object.*one song's object a line"),
        ("deep.jsonl", b"[" * 100_000, "JSON"),
        ("song.txt", b"la la la", r"\.txt is no kind we read"),
        ("cut.csv", b'title,artist,lyrics\nT,A,"never closed\nand on', "cut off"),
        ("long.csv", f'title,artist,lyrics\nT,A,"{TOO_LONG}"\n'.encode(), "3,150,000 characters"),
        ("emoji.csv", f'title,artist,lyrics\nT,A,"{EMOJI}"\n'.encode(), "no words"),
        ("letters.csv", f'title,artist,lyrics\nT,A,"{NO_LETTERS}"\n'.encode(), "no words"),
        ("nobody.csv", b"title,artist,lyrics\n,,la la\n", "no title"),
        ("broken.jsonl", b'{"title": "T", "artist": "A", "lyrics": "la"', "JSON"),
    ],
)
def test_a_file_without_a_song_is_refused_and_leaves_nothing(
    end: Callable[..., Ending],
    home: Path,
    tmp_path: Path,
    name: str,
    content: bytes,
    says: str,
    stored: Callable[[Path], dict[str, str]],
) -> None:
    """One sentence that names the file and what is wrong with it; the store is as it was."""
    before = stored(home)
    file = tmp_path / name
    file.write_bytes(content)
    ending = end("import", file)
    ending.assert_is(InputError, says)
    assert name in ending.sentences[0] or "The file has no column" in ending.sentences[0]
    assert stored(home) == before


def test_files_that_are_not_there_are_named(end: Callable[..., Ending], tmp_path: Path) -> None:
    """For importing, for names of artists, for rhymes."""
    end("import", tmp_path / "gone.csv").assert_is(InputError, "gone.csv")
    end("import", tmp_path).assert_is(InputError, str(tmp_path))
    end("scrape", "--from-file", tmp_path / "gone.txt").assert_is(InputError, "gone.txt cannot be read")
    end("rhymes", tmp_path / "gone.txt").assert_is(InputError, "gone.txt cannot be read")


def test_bad_songs_harm_no_good_one(
    end: Callable[..., Ending],
    rap: Rap,
    data_dir: Callable[[], Path],
    tmp_path: Path,
    stored: Callable[[Path], dict[str, str]],
) -> None:
    """Among 3 MB of la, emoji and rows without a title, the one song comes through whole; the others have reasons."""
    folder = data_dir()
    file = csv_of(
        tmp_path / "most.csv", ("Long", "A", TOO_LONG), ("Emoji", "A", EMOJI), WHOLE, ("", "A", "la"),
        ("Dots", "A", NO_LETTERS),
    )  # fmt: skip
    done = rap("import", file, data_dir=folder)
    assert done.returncode == 0, done.stderr
    assert "5 found = 1 stored + 0 unchanged + 4 failed" in done.stdout
    assert "(row 1, line 2)" in done.stdout
    assert stored(folder) == {WHOLE[0]: WHOLE[2]}


def test_nul_bytes_and_mixed_encodings_are_mended(
    rap: Rap, data_dir: Callable[[], Path], tmp_path: Path, stored: Callable[[Path], dict[str, str]]
) -> None:
    """UTF-8 and Windows-1252 in one file, NUL bytes, a UTF-16 file: every song is stored as it was meant."""
    folder, wide = data_dir(), tmp_path / "wide.csv"
    mixed = tmp_path / "mixed.csv"
    mixed.write_bytes(
        'title,artist,lyrics\nCafé 1,A,"déjà vu"\n'.encode() + 'Café 2,A,"déjà vu"\n'.encode("cp1252")
        + b'N\0ul,A,"some\0 words"\n'
    )  # fmt: skip
    wide.write_bytes('title,artist,lyrics\nCafé 3,A,"déjà vu"\n'.encode("utf-16"))
    for file in (mixed, wide):
        done = rap("import", file, data_dir=folder)
        assert done.returncode == 0, done.stderr
    words = "déjà vu"
    assert stored(folder) == {"Café 1": words, "Café 2": words, "Café 3": words, "Nul": "some words"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"artists": [1,', "line 1"),
        (b'{"artists": "one"}', "JSON list of names"),
        (b"[1, 2]", "JSON list of names"),
        (b"\xff\xfe\x00\xd8", "cannot be read"),
        (b"[]", "Name an artist"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_a_malformed_file_of_artists_is_refused(
    end: Callable[..., Ending], tmp_path: Path, content: bytes, says: str
) -> None:
    """Before anything is asked of anybody."""
    file = tmp_path / "artists.json"
    file.write_bytes(content)
    end("scrape", "--from-file", file).assert_is(InputError, says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no lyrics"), (b"\0\0", "no lyrics"), (EMOJI.encode(), "no words"), (NO_LETTERS.encode(), "no words"),
        (TOO_LONG.encode(), "characters, more than any song"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_rhyme_is_told_so(end: Callable[..., Ending], text: bytes, says: str) -> None:
    """At once, also when it has 3 MB."""
    began = time.monotonic()
    end("rhymes", given=text).assert_is(InputError, says)
    assert time.monotonic() - began < 10


# Settings and the machine


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"database: [b\n  - {", r"config\.yaml cannot be read as YAML"),
        (b"\xff\x00\x81" * 50, r"config\.yaml cannot be read"),
        (b"databse:\n  host: x\n", "section 'databse'"),
        (b"just a sentence", "sections"),
        (b"database: 5\n", "database"),
        (b"analyzers: 3\n", "analyzers"),
        (b"analyzers:\n  algorithmic_basic:\n    weight: heavy\n", "weight"),
    ],
)
def test_garbage_in_config_yaml_is_named(
    end: Callable[..., Ending], data_dir: Callable[[], Path], content: bytes, says: str
) -> None:
    """The file is said, and what in it is wrong."""
    folder = data_dir()
    (folder / "config.yaml").write_bytes(content)
    end("search", "x", data_dir=folder).assert_is(ConfigError, says)


@pytest.mark.parametrize(
    ("settings", "kind", "says"),
    [
        ({"POSTGRES_PORT": "abc"}, ConfigError, "POSTGRES_PORT"),
        ({"MAX_CONNECTIONS": "0"}, ConfigError, "MAX_CONNECTIONS"),
        ({"POSTGRES_HOST": "no-such-host.invalid"}, StoreError, "no-such-host"),
        ({"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"}, StoreError, "refused"),
    ],
)
def test_a_wrong_setting_is_named(
    end: Callable[..., Ending], settings: dict[str, str], kind: type[RapError], says: str
) -> None:
    """Or the server that it leads to."""
    end("search", "x", **settings).assert_is(kind, says)


def test_a_server_that_never_answers_is_given_up(end: Callable[..., Ending]) -> None:
    """After CONNECTION_TIMEOUT seconds, not after minutes."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        ending = end(
            "search", "x", POSTGRES_HOST="127.0.0.1", POSTGRES_PORT=str(silent.getsockname()[1]), CONNECTION_TIMEOUT="2"
        )  # fmt: skip
    ending.assert_is(StoreError, "timeout")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("command", [("demo", "--no-serve"), ("search", "x"), ("serve", "--port", "0")])
def test_a_data_folder_that_cannot_be_written_is_named(
    end: Callable[..., Ending], tmp_path: Path, command: tuple[str, ...]
) -> None:
    """And the setting that chooses another."""
    (tmp_path / "file").write_text("in the way")
    ending = end(*command, data_dir=tmp_path / "file" / "data")
    assert ending.code == EXIT_CODES[ConfigError], ending
    assert any("RAP_DATA_DIR" in sentence for sentence in ending.sentences), ending


@pytest.mark.parametrize("command", [("demo",), ("serve",), ("simulate", "genius")])
def test_a_port_in_use_is_found_before_any_work(end: Callable[..., Ending], command: tuple[str, ...]) -> None:
    """With the option that chooses another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        end(*command, "--port", port).assert_is(ConfigError, f"Port {port}.*--port")


def test_a_second_demo_at_the_same_time_is_refused(
    end: Callable[..., Ending], data_dir: Callable[[], Path], rap_environment: Callable[..., dict[str, str]]
) -> None:
    """It names the first one's process; the first goes on undisturbed."""
    folder = data_dir()
    first = subprocess.Popen(
        [sys.executable, "-m", "rap_analyzer", "demo", "--no-serve"], env=rap_environment(folder), cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with first:
        lock = folder / "demo.lock"
        while not (lock.exists() and lock.read_text()):
            time.sleep(0.02)
        end("demo", "--no-serve", data_dir=folder).assert_is(ConfigError, f"process {first.pid}.*RAP_DATA_DIR")
        assert first.poll() is None
        first.kill()
    EmbeddedServer(folder).stop()


def test_lines_of_rhymes_answer_what_is_wrong_in_their_place(rap: Rap, home: Path) -> None:
    """A bad line among good ones gets an error of its own; the command goes on and ends well."""
    lines = [json.dumps({"id": "a", "lyrics": "cat\nhat"}), "{no json", json.dumps({"id": "b", "lyrics": TOO_LONG})]
    done = rap("rhymes", "--jsonl", data_dir=home, given="\n".join(lines).encode())
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [("chains" in answer, answer["id"]) for answer in answers] == [(True, "a"), (False, None), (False, "b")]
    assert "3,150,000 characters" in answers[2]["error"]
