"""`rap analyze`, `rap worker` and `rap jobs` as people use them: in place, apart, stopped, killed, and on bad input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from generated_songs import write_songs
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import ConfigError, InputError, ModelError
from rap_analyzer.simulators.chat import DEMO_KEY, MODELS, chat_app
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.acceptance.conftest import Ending

pytestmark = pytest.mark.slow

SONGS = 260
MODEL = next(iter(MODELS))
JUDGED_BY = (
    "analyzers:\n"
    "  qwen: {{model: {model}, rate_limit_rpm: 6000, concurrency: 4, prompt_price: 1, completion_price: 1}}\n"
)
OFFLINE = ("algorithmic_basic", "emotion")
STOP_S = 12.0
"""Ten seconds to finish or give back, and two to come down."""
RESCUED_S = 90.0


@pytest.fixture(scope="module")
def home(data_dir: Callable[[], Path], rap_environment: Callable[..., dict[str, str]]) -> Iterator[Path]:
    """A store of generated songs, whose server is up."""
    made = data_dir()
    server = EmbeddedServer(made)
    server.acquire()
    file = made / "songs.csv"
    write_songs(file, SONGS)
    command = [sys.executable, "-m", "rap_analyzer", "import", str(file)]
    subprocess.run(command, env=rap_environment(made), cwd=made, check=True, capture_output=True)
    yield made
    server.release()


@pytest.fixture
def sql(home: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Asks the store."""

    def ask(statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(EmbeddedServer(home).conninfo(), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    return ask


@pytest.fixture
def songs(sql: Callable[[str], list[tuple[Any, ...]]]) -> int:
    """How many tracks there are."""
    [(count,)] = sql("SELECT count(*) FROM tracks")
    assert count > SONGS // 2
    return int(count)


@pytest.fixture
def worker(
    home: Path, rap_environment: Callable[..., dict[str, str]]
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts one more `rap worker` of one process; those that still run at the end are killed."""
    running: list[subprocess.Popen[str]] = []

    def start(*queues: str, **settings: str) -> subprocess.Popen[str]:
        names = ",".join(queues or OFFLINE)
        command = [sys.executable, "-m", "rap_analyzer", "worker", "--concurrency", "1", "--queues", names]
        environment = rap_environment(home, **settings)
        process = subprocess.Popen(command, env=environment, cwd=home, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def _nothing_analysed(sql: Callable[[str], list[tuple[Any, ...]]]) -> None:
    sql("TRUNCATE analyses, procrastinate_jobs, procrastinate_events, job_failures, budgets CASCADE")


def until(met: Callable[[], bool], within: float) -> None:
    """Returns when it is so."""
    deadline = time.monotonic() + within
    while not met():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def verdicts(sql: Callable[[str], list[tuple[Any, ...]]]) -> tuple[int, int]:
    """Analyses, and how many different (track, analyzer, version) they are of."""
    [found] = sql("SELECT count(*), count(DISTINCT (track_id, analyzer, version)) FROM analyses")
    return found


def offline() -> list[str]:
    """The options that name the analyzers without a service."""
    return [word for name in OFFLINE for word in ("--analyzer", name)]


def test_it_fills_what_is_missing_and_accounts_for_it(end: Callable[..., Ending], songs: int) -> None:
    """Every enabled analyzer that can be had; what cannot is said; the second time there is nothing to do."""
    first = end("analyze")
    assert first.code == 0
    for name in (*OFFLINE, "hybrid"):
        assert f"{name}: {songs} done" in first.printed
    assert "qwen: left out. NOVITA_API_KEY is not set" in first.printed
    second = end("analyze")
    assert "emotion: nothing was due" in second.printed
    counts = json.loads(end("jobs", "--json").printed)
    assert {queue["queue"] for queue in counts["queues"]} == {*OFFLINE, "hybrid"}
    assert all(queue["todo"] == queue["doing"] == queue["failed"] == 0 for queue in counts["queues"])


def test_a_worker_that_is_told_to_stop_loses_nothing(
    end: Callable[..., Ending],
    worker: Callable[[], subprocess.Popen[str]],
    sql: Callable[[str], list[tuple[Any, ...]]],
    songs: int,
) -> None:
    """SIGTERM in the middle of a batch: done or given back within ten seconds; another goes on."""
    assert f"{2 * songs} analyses wait for a worker" in end("analyze", "--detach", *offline()).printed
    first = worker()
    until(lambda: bool(sql("SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'")), 30)
    first.send_signal(signal.SIGTERM)
    assert first.wait(STOP_S) == 0
    assert sql("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(0,)]
    worker()
    until(lambda: verdicts(sql) == (2 * songs, 2 * songs), RESCUED_S)


def test_the_batches_of_a_killed_worker_are_done_by_others(
    end: Callable[..., Ending],
    worker: Callable[[], subprocess.Popen[str]],
    sql: Callable[[str], list[tuple[Any, ...]]],
    songs: int,
) -> None:
    """`kill -9` of the one that works: each verdict is there once, and nothing is left `doing`."""
    end("analyze", "--detach", *offline())
    first = worker()
    until(lambda: bool(sql("SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'")), 30)
    first.kill()
    worker()
    until(lambda: verdicts(sql) == (2 * songs, 2 * songs), RESCUED_S)
    until(lambda: sql("SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'") == [(0,)], 10)


def test_a_chat_model_judges_within_its_budget(end: Callable[..., Ending], home: Path) -> None:
    """Against a simulated service; a budget of nothing stops before the first request, and says so."""
    (home / "config.yaml").write_text(JUDGED_BY.format(model=MODEL))
    try:
        with SimulatorServer(chat_app()) as chat:
            settings = {"NOVITA_API_KEY": DEMO_KEY, "NOVITA_API_URL": f"{chat.url}/v1"}
            some = ("analyze", "--analyzer", "qwen", "--where", "id<=12")
            broke = end(*some, "--budget", "0", **settings)
            assert broke.code == EXIT_CODES[ModelError]
            assert "qwen: nothing done" in broke.printed
            assert "budget" in broke.printed
            assert "$0.00 of $0.00 spent" in broke.printed
            judged = end(*some, **settings)
            assert "qwen: 12 done" in judged.printed
            (home / "config.yaml").write_text(JUDGED_BY.format(model="simulated-5b"))
            gone = end(*some, **settings)
            assert MODEL in gone.printed + "".join(gone.sentences)
    finally:
        (home / "config.yaml").unlink()


def test_a_budget_without_prices_is_refused(end: Callable[..., Ending]) -> None:
    """It would never end; nothing is queued, and nobody asked."""
    bound = end("analyze", "--analyzer", "qwen", "--detach", "--budget", "5", NOVITA_API_KEY=DEMO_KEY)
    bound.assert_is(ConfigError, "set prompt_price and completion_price of analyzers.qwen")
    assert "Nothing was ever queued" in end("jobs").printed


def test_all_workers_keep_to_one_budget_also_when_one_is_killed(
    end: Callable[..., Ending],
    worker: Callable[..., subprocess.Popen[str]],
    sql: Callable[[str], list[tuple[Any, ...]]],
    songs: int,
    home: Path,
) -> None:
    """`--detach --budget`, two workers, `kill -9`: by the service's bill it is not passed; a larger one finishes."""
    app = chat_app(faults=Faults(latency=0.3))
    (home / "config.yaml").write_text(JUDGED_BY.format(model=MODEL))
    try:
        with SimulatorServer(app) as chat:
            settings = {"NOVITA_API_KEY": DEMO_KEY, "NOVITA_API_URL": f"{chat.url}/v1"}
            queued = end("analyze", "--analyzer", "qwen", "--detach", "--budget", "0.4", **settings).printed
            assert f"{songs} analyses wait for a worker (qwen) within budget" in queued
            first = worker("qwen", **settings)
            until(lambda: verdicts(sql)[0] > 0, 30)
            first.kill()
            worker("qwen", **settings)
            until(lambda: not sql("SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"), 2 * RESCUED_S)
            billed = sum(app.stats()["tokens"].values()) / 1e6
            [budget] = json.loads(end("jobs", "--json", **settings).printed)["budgets"]
            assert 0 < budget["spent"] <= billed <= budget["spent"] + budget["set_aside"] <= budget["limit"] == 0.4
            assert budget["set_aside"] > budget["under_way"] == 0
            assert 0 < verdicts(sql)[0] < songs
            shown = end("jobs", **settings).printed
            assert f"budget {budget['number']}: $" in shown
            assert "stay due: rap analyze with a larger --budget goes on" in " ".join(shown.split())
            larger = end("analyze", "--analyzer", "qwen", "--budget", "20", **settings)
            assert larger.code == 0
            assert "of $20.00 spent" in larger.printed
    finally:
        (home / "config.yaml").unlink()
    assert verdicts(sql) == (songs, songs)


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        (["--budget", "inf"], InputError, "--budget inf: US dollars are a number"),
        (["--analyzer", "astrology"], ConfigError, r"'astrology'; these exist: algorithmic_basic, emotion, hybrid"),
        (["--analyzer", "qwen"], ConfigError, "NOVITA_API_KEY"),
        (["--where", "mood=sad"], InputError, "knows no field 'mood': there are artist"),
        (["--where", "year=soon"], InputError, "'soon' is no number"),
        (["--where", "artist>Ann"], InputError, "takes only = or !="),
        (["--compare", "1", "2"], InputError, "Version 1 of algorithmic_basic has judged no track"),
    ],
)
def test_what_cannot_be_asked_is_said(
    end: Callable[..., Ending], words: list[str], kind: type[Exception], says: str
) -> None:
    """One sentence that names what is wrong and what there is."""
    end("analyze", *words).assert_is(kind, says)  # type: ignore[arg-type]


def test_jobs_on_bad_input(end: Callable[..., Ending]) -> None:
    """A status that there is none of, and nothing to cancel named."""
    end("jobs", "--status", "lost").assert_is(InputError, "'lost': there are todo, doing")
    end("jobs", "cancel").assert_is(InputError, "Which batches")
    assert "0 batches queued again" in end("jobs", "retry").printed
    assert "Nothing was ever queued" in end("jobs").printed
