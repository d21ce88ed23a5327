"""The command line, in processes of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.simulators.genius import DEMO_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.simulators.corpus import Corpus
    from rap_analyzer.simulators.server import SimulatorServer

COMMANDS = ("demo", "scrape", "import", "enrich", "analyze", "embed", "run", "search", "similar", "rhymes", "forget",
            "list", "serve", "doctor", "simulate", "db", "models")  # fmt: skip
VERSE = "Counting out the pennies on the kitchen table\nFaith is all we had when we were barely able\n"


@pytest.fixture
def folder(data_dir: Callable[[], Path]) -> Iterator[Path]:
    """A data folder whose server is stopped at the end."""
    made = data_dir()
    yield made
    EmbeddedServer(made).stop()


async def store_song(folder: Path, source: str) -> None:
    """One song of that source in an otherwise empty store."""
    server = EmbeddedServer(folder)
    await migrate(server.acquire())
    song = Song("1", "Kitchen Table", "", (Credit(ArtistRef("A. Nobody"), Role.PRIMARY),))
    provenance = Provenance(source, "1", "", datetime.now(UTC), "1", "")
    async with opened(Database(server.conninfo())) as database:
        await TrackStore(database).save_tracks([TrackDraft(song, Outcome.STORED, provenance, VERSE)])
    server.release()


# What there is


def test_help_lists_every_command_quickly(rap: Rap, tmp_path: Path) -> None:
    """Also without any argument; heavy imports wait for the command that needs them."""
    rap("--help", data_dir=tmp_path)
    began = time.monotonic()
    done = rap("--help", data_dir=tmp_path)
    seconds = time.monotonic() - began
    assert done.returncode == 0
    listed = re.findall(r"^│ (\w+) ", done.stdout, re.MULTILINE)
    assert set(COMMANDS) <= set(listed)
    assert seconds < 2.0, "0.2 s on an idle machine"


def test_every_command_explains_itself(rap: Rap, tmp_path: Path) -> None:
    """`rap db --help` too; nothing is started or written for it."""
    for command in COMMANDS:
        done = rap(command, "--help", data_dir=tmp_path)
        assert done.returncode == 0, command
        assert "Usage" in done.stdout
    assert list(tmp_path.iterdir()) == []


# Rhymes


def test_rhymes_of_a_text_are_shown(rap: Rap, tmp_path: Path) -> None:
    """Each bar with its letter, and a line of figures; from a file or from standard input."""
    (tmp_path / "song.txt").write_text(f"[Verse 1]\n{VERSE}...\n[laughs]\n")
    done = rap("rhymes", tmp_path / "song.txt", data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    letters = dict(re.findall(r"^ ?(\w) .*\b(table|able)$", done.stdout, re.MULTILINE))
    assert list(letters) == ["A"]
    assert "of syllables rhyme" in done.stdout
    assert rap("rhymes", data_dir=tmp_path, given=VERSE.encode()).returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("night", ["No syllables rhyme."]),
        ("a night\na light", ["50% of syllables rhyme, in 1 chain; the longest span has 1 syllable."]),
        (
            "שלום עולם הלילה ארוך",
            [
                "Section 1 is in 'he' and was left out: only English is heard.",
                "No figures: there is no syllable that the English pronunciation rules can read.",
            ],
        ),
    ],
)
def test_rap_rhymes_says_what_it_heard_and_what_not(rap: Rap, tmp_path: Path, text: str, said: list[str]) -> None:
    """Counted in words, and no zeros for what is not English."""
    done = rap("rhymes", data_dir=tmp_path, given=text.encode())
    assert done.stdout.split("\n\n")[-1].splitlines() == said


def test_lines_are_answered_in_order_by_one_process(rap: Rap, tmp_path: Path) -> None:
    """A hundred records, some of them bad: an answer for each in its place, the ids as they came."""
    lines = [json.dumps({"id": n, "lyrics": f"{VERSE}line {n} of mine"}) for n in range(100)]
    lines[7], lines[50], lines[51] = "{no json", '{"id": "x"}', "[]"
    lines.insert(3, "")
    began = time.monotonic()
    done = rap("rhymes", "--jsonl", data_dir=tmp_path, given="\n".join(lines).encode())
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(answers) == 100
    expected = [n if n not in {7, 50, 51} else {7: None, 50: "x", 51: None}[n] for n in range(100)]
    assert [answer["id"] for answer in answers] == expected
    assert ["error" in answer for answer in answers] == [n in {7, 50, 51} for n in range(100)]
    assert "line 9" in answers[7]["error"], "blank lines count, as an editor counts them"
    assert time.monotonic() - began < 60


def test_many_records_are_answered_in_order_by_all_cores(rap: Rap, tmp_path: Path) -> None:
    """More records than are worth one process: order and bad records kept, each answer that of the record alone."""
    lines = [json.dumps({"id": n, "lyrics": f"{VERSE}\nnumber {n}"}) for n in range(60)]
    lines[40] = "{"
    done = rap("rhymes", "--jsonl", data_dir=tmp_path, given="\n".join(lines).encode())
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [*range(40), None, *range(41, 60)]
    assert "line 41" in answers[40]["error"]
    alone = rap("rhymes", "--jsonl", data_dir=tmp_path, given=lines[59].encode())
    assert answers[59] == json.loads(alone.stdout)


def test_an_answer_has_the_shape_of_the_contract(rap: Rap, tmp_path: Path) -> None:
    """Bars of words of syllables with their chains; chains with members; metrics."""
    done = rap("rhymes", "--jsonl", data_dir=tmp_path, given=json.dumps({"id": "a", "lyrics": VERSE}).encode())
    answer = json.loads(done.stdout)
    assert {"id", "bars", "chains", "metrics"} <= set(answer)
    word = answer["bars"][0]["words"][-1]
    assert word["text"] == "table"
    assert {"phones", "stress", "chains"} == set(word["syllables"][0])
    assert {"id", "position"} == set(word["syllables"][0]["chains"][0])
    assert {"id", "kinds", "length", "confidence", "members"} == set(answer["chains"][0])
    assert {"bar", "word", "syllable", "length", "confidence"} == set(answer["chains"][0]["members"][0])
    assert 0 < answer["metrics"]["rhyme_density"] <= 1


# Questions to the corpus


def test_a_search_prints_json_of_the_contract(rap: Rap, demo_data: Path) -> None:
    """On standard output alone, so that it can be piped."""
    done = rap("search", "growing up poor but proud", "--json", "--limit", "3", data_dir=demo_data)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [set(hit) >= {"track_id", "title", "artist", "passage", "score"} for hit in answer["hits"]] == [True] * 3
    assert answer["hits"][0]["title"] == "Powdered Milk Champagne"
    assert answer["source"] == "demo"


def test_a_search_shows_songs_to_people(rap: Rap, demo_data: Path) -> None:
    """Place, title, artist, year, number and the passage; filters as options."""
    done = rap("search", "growing up poor but proud", "--year", "1986-2026", "--language", "en", data_dir=demo_data)
    assert done.returncode == 0, done.stderr
    assert re.match(r" 1\. Powdered Milk Champagne by Deacon Halfday, \d{4}   #\d+", done.stdout)
    assert "invented songs" in done.stdout


def test_similar_tracks_are_found_by_title_or_number(rap: Rap, demo_data: Path) -> None:
    """Either gives the same neighbours."""
    by_title = rap("similar", "Kitchen Light", "--json", data_dir=demo_data)
    assert by_title.returncode == 0, by_title.stderr
    answer = json.loads(by_title.stdout)
    by_number = rap("similar", f"#{answer['track_id']}", "--json", data_dir=demo_data)
    assert json.loads(by_number.stdout) == answer
    assert len(answer["similar"]) == 10


def test_the_doctor_finds_a_healthy_demo_healthy(rap: Rap, demo_data: Path) -> None:
    """Every part is named; missing tokens are notes, not problems."""
    done = rap("doctor", "--quick", data_dir=demo_data)
    assert done.returncode == 0, done.stdout
    for subject in ("Python", "disk", "PostgreSQL", "corpus", "embeddings", "analyses", "Redis", "model", "Genius"):
        assert subject in done.stdout
    assert "73 tracks" in done.stdout
    assert "problem" not in done.stdout


def test_the_doctor_names_what_is_wrong_and_ends_with_one(rap: Rap, tmp_path: Path) -> None:
    """A server that does not answer: the problem, and where to read on."""
    done = rap("doctor", "--quick", data_dir=tmp_path, POSTGRES_HOST="127.0.0.1", POSTGRES_PORT="1")
    assert done.returncode == 1
    assert "problem" in done.stdout
    assert "→" in done.stdout


# The store


def test_the_url_of_the_store_works_until_it_is_stopped(rap: Rap, folder: Path) -> None:
    """`rap db url` starts the server and leaves it up; `rap db stop` stops it, and says when there is nothing to."""
    assert rap("db", "migrate", data_dir=folder).stdout.startswith("0001")
    url = rap("db", "url", data_dir=folder).stdout.strip()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM tracks").fetchone() == (0,)
    assert rap("db", "stop", data_dir=folder).stdout == "stopped\n"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    assert rap("db", "stop", data_dir=folder).stdout == "it was not running\n"
    assert "nothing to do" in rap("db", "migrate", data_dir=folder).stdout


# The demo and real songs stay apart


async def test_the_demo_is_taken_out_whole(rap: Rap, folder: Path) -> None:
    """Tracks, visits and artists of the demo go; a second time there is nothing left to go."""
    await store_song(folder, "demo")
    done = rap("demo", "--clear", data_dir=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 demo track")
    server = EmbeddedServer(folder)
    with psycopg.connect(server.acquire()) as connection:
        for table in ("tracks", "visits", "artists", "credits", "provenance"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,), table
    server.release()
    assert rap("demo", "--clear", data_dir=folder).stdout.startswith("0 demo track")


async def test_the_demo_keeps_away_from_real_tracks(rap: Rap, folder: Path) -> None:
    """A store with imported songs is left as it is."""
    await store_song(folder, "import")
    done = rap("demo", "--no-serve", data_dir=folder)
    assert done.returncode == EXIT_CODES[ConfigError]
    assert "real tracks" in done.stderr
    assert "RAP_DATA_DIR" in done.stderr


def test_the_demo_keeps_away_from_a_real_server(rap: Rap, tmp_path: Path) -> None:
    """With POSTGRES_HOST set nothing is even tried."""
    done = rap("demo", "--no-serve", data_dir=tmp_path, POSTGRES_HOST="db.example")
    assert done.returncode == EXIT_CODES[ConfigError]
    assert "POSTGRES_HOST is db.example" in done.stderr
    assert rap("demo", "--no-serve", data_dir=tmp_path, RAP_ENVIRONMENT="production").returncode != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["scrape", "run", "import"])
async def test_real_songs_keep_away_from_the_demo(rap: Rap, folder: Path, tmp_path: Path, command: str) -> None:
    """Collecting or importing into a demo store says how to empty it."""
    await store_song(folder, "demo")
    (tmp_path / "songs.csv").write_text("title,artist,lyrics\nT,A,la la\n")
    what = tmp_path / "songs.csv" if command == "import" else "Somebody"
    done = rap(command, what, data_dir=folder, GENIUS_ACCESS_TOKEN="a-token")
    assert done.returncode == EXIT_CODES[ConfigError]
    assert "rap demo --clear" in done.stderr


# Serving


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_the_service_stops_in_order(demo_data: Path, rap_environment: Callable[..., dict[str, str]], by: int) -> None:
    """It answers until Ctrl-C or a supervisor's SIGTERM; then it ends quietly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "rap_analyzer", "serve", "--port", str(port)],
        env=rap_environment(demo_data), cwd=demo_data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        health = wait_for(f"http://127.0.0.1:{port}/health")
        os.kill(process.pid, by)
        _, complaint = process.communicate(timeout=20)
    assert json.loads(health)["status"] == "healthy"
    assert "Traceback" not in complaint
    assert "Abort" not in complaint
    assert process.returncode in {0, 130, -signal.SIGTERM}


def wait_for(url: str) -> bytes:
    """What it answers, as soon as it does."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # an address of this machine
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


# What a collection says


def test_a_song_that_rests_is_told(folder: Path, rap: Rap, genius_server: SimulatorServer, corpus: Corpus) -> None:
    """It counts as it did; the line says until when, and how it is asked for now: which then is done."""
    number = next(str(song.id) for song in corpus.written.values() if song.kind == "unreleased")
    urls = {"GENIUS_API_URL": genius_server.url + "/api", "GENIUS_WEB_URL": genius_server.url + "/web"}
    ask = partial(rap, "scrape", "--id", number, data_dir=folder, given=b"", GENIUS_ACCESS_TOKEN=DEMO_TOKEN, **urls)
    told = []
    for options in ((), (), ("--dry-run",), ("--refresh",)):
        done = ask(*options)
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.splitlines())
    account = "1 found = 0 stored + 0 unchanged + 1 unreleased"
    assert told[0] == told[3] == [account]
    assert told[1][0] == account
    resting = (
        r"1 song that had no words lately is not asked for again before \d+ \w{3} \d\d:\d\d; `rap scrape --refresh` .+"
    )
    assert re.fullmatch(resting, told[1][1])
    assert told[2][0].startswith("0 songs to visit: about 0 requests")
    assert told[2][1] == told[1][1]


async def test_jobs_promise_no_time_while_nobody_works(rap: Rap, folder: Path) -> None:
    """However fast the queue was emptied a minute ago."""
    await store_song(folder, "songs")
    run = partial(rap, data_dir=folder)
    assert run("analyze", "--analyzer", "algorithmic_basic").returncode == 0
    await store_song(folder, "others")
    assert run("analyze", "--analyzer", "algorithmic_basic", "--detach").returncode == 0
    told = run("jobs").stdout
    assert "1 waiting + 0 being done + 1 done" in told
    assert "; 1 track to go\n" in told
    assert "No worker runs, so nothing of it is done: rap worker, or rap analyze.\n" in told
    body = json.loads(run("jobs", "--json").stdout)
    assert (body["workers"], [queue["seconds_left"] for queue in body["queues"]]) == (False, [None])
