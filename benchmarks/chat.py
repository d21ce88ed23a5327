"""Chat models as analyzers, against the simulated service: what becomes of songs when requests fail, and of the rate.

First, songs go through while a tenth of all requests goes wrong, half of them on the way and half in the answer: every
song has to end judged, or with a stand-in that is marked. Then several processes, each with a door of its own and the
shared state in one store, judge songs under one limit: counted is the first minute from the first answer on, in which
processes that are too quick are refused and ones that are too slow leave some unused.

usage: chat.py [--songs N] [--faults SHARE] [--limit N] [--clients N] [--latency S]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from materials import data_folder
from rap_analyzer.adapters.cache import MemoryCache
from rap_analyzer.adapters.chat import connect_novita
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.source_states import SourceStates
from rap_analyzer.analyzers.algorithmic import AlgorithmicAnalyzer
from rap_analyzer.analyzers.llm import LlmAnalyzer
from rap_analyzer.analyzers.llm_budget import Budget, Prices
from rap_analyzer.domain.analysis import AnalysisInput
from rap_analyzer.domain.errors import AnalysisStopped
from rap_analyzer.simulators.chat import DEMO_KEY, chat_app
from rap_analyzer.simulators.chat_faults import ReplyFaults
from rap_analyzer.simulators.corpus import GENERATED_FROM, load_corpus
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.telemetry import set_up_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from rap_analyzer.domain.analysis import Analysis

T = TypeVar("T")
R = TypeVar("R")
MODEL = "simulated-4b"
PRICES = Prices(prompt=0.03, completion=0.03)
ON_THE_WAY = ("rate_limited", "rate_limited_silently", "server_error", "hang", "cut", "malformed_json")
IN_THE_ANSWER = ("thinking", "fenced", "cut", "cut_silently", "wrong_type", "wrong_enum", "not_json", "foreign")
PATIENCE_S = 3.0
BATCH = 100
MINUTE_S = 60.0
WANTED_USED = 0.97
Told = dict[str, Any]


class SameProcess:
    """A pool that works where it stands."""

    async def map(self, function: Callable[[T], R], items: Sequence[T]) -> Sequence[R]:
        """In order."""
        return [function(item) for item in items]


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--songs", type=int, default=1_000)
    options.add_argument("--faults", type=float, default=0.1, help="share of requests that go wrong")
    options.add_argument("--limit", type=int, default=45, help="requests a minute that the service answers")
    options.add_argument("--clients", type=int, default=4, help="processes that share the limit")
    options.add_argument("--latency", type=float, default=2.0, help="seconds that an answer takes under the limit")
    chosen = options.parse_args()
    set_up_logging("error")
    with store() as conninfo:
        survive(chosen.songs, chosen.faults, conninfo)
    with store() as conninfo:  # another one, for it remembers of a service that it asked to be slowed down
        share(chosen.clients, chosen.limit, chosen.latency, conninfo)


@contextmanager
def store() -> Iterator[str]:
    """Where an empty store is, for what processes share."""
    with data_folder() as folder:
        server = EmbeddedServer(folder)
        server.acquire()
        asyncio.run(migrate(server.conninfo()))
        yield server.conninfo()
        server.release()


def survive(count: int, share_of_faults: float, conninfo: str) -> None:
    """What becomes of songs while requests fail."""
    on_the_way: Told = dict.fromkeys(ON_THE_WAY, share_of_faults / 2 / len(ON_THE_WAY))
    in_the_answer: Told = dict.fromkeys(IN_THE_ANSWER, share_of_faults / 2 / len(IN_THE_ANSWER))
    service, url = started(on_the_way, in_the_answer)
    budget = Budget(PRICES)
    began = time.perf_counter()
    answers, runs = asyncio.run(judge_all(count, url, conninfo, budget))
    seconds = time.perf_counter() - began
    counts = stats(url)
    service.terminate()
    service.join()
    judged = sum(answer.fallback is None for answer in answers)
    marked = sum(answer.fallback == "algorithmic_basic" for answer in answers)
    spoilt = sum(n for fault, n in counts["replies"].items() if fault != "good")
    billed = counts["tokens"]["prompt"] + counts["tokens"]["completion"]
    counted = budget.prompt_tokens + budget.completion_tokens
    print(
        f"{count:,} songs, {share_of_faults:.0%} faults: {judged:,} judged, {marked:,} with a marked stand-in, "
        f"{count - judged - marked} neither ({runs} runs); {sum(counts['requests'].values()):,} requests, answers by "
        f"status {counts['statuses']}, {spoilt} spoilt answers; {seconds:.0f} s, "
        f"{counted / count:,.0f} tokens a song (${budget.spent / count * 1_000:.3f} for 1,000 songs at $0.03 for a "
        f"million tokens); "
        f"{1 - counted / billed:.2%} of the tokens billed were lost on the way",
        flush=True,
    )


async def judge_all(count: int, url: str, conninfo: str, budget: Budget) -> tuple[list[Analysis], int]:
    """The songs in batches, asked for again until none is due, and in how many runs; as `rap analyze` does it."""
    songs = made_up(0, count)
    done: dict[AnalysisInput, Analysis] = {}
    runs = 0
    async with opened(Database(conninfo)) as database, connected(url, "6000000/minute", SourceStates(database)) as chat:
        analyzer = analyzer_of(chat, budget)
        while left := [song for song in songs if song not in done]:
            runs += 1
            for start in range(0, len(left), BATCH):
                batch = left[start : start + BATCH]
                answers = await tried(analyzer, batch)
                done |= {
                    song: answer
                    for song, answer in zip(batch, answers, strict=True)
                    if answer and answer.config_hash == analyzer.config_hash
                }
    return list(done.values()), runs


async def tried(analyzer: LlmAnalyzer, batch: list[AnalysisInput]) -> Sequence[Analysis | None]:
    """The batch, or what of it was finished."""
    try:
        return await analyzer.analyze(batch)
    except AnalysisStopped as stopped:
        await asyncio.sleep(min(stopped.retry_after or 0.0, MINUTE_S))
        return stopped.finished


def share(clients: int, limit: int, latency: float, conninfo: str) -> None:
    """What so many processes use of a minute."""
    service, url = started({"rate_per_minute": limit, "latency": latency}, {})
    spawn = multiprocessing.get_context("spawn")
    running = [
        spawn.Process(target=judge_on, args=(number, url, conninfo, f"{limit}/minute"), daemon=True)
        for number in range(clients)
    ]
    for process in running:
        process.start()
    while not stats(url)["statuses"]:
        time.sleep(0.01)
    time.sleep(MINUTE_S)
    counts: Counter[str] = Counter(stats(url)["statuses"])
    for process in (*running, service):
        process.terminate()
        process.join()
    print(
        f"{clients} processes: {counts['200'] / limit:.1%} of {limit} a minute used (wanted: {WANTED_USED:.0%}), "
        f"{counts['429']} refused (wanted: 0)",
        flush=True,
    )


def judge_on(number: int, url: str, conninfo: str, rate: str) -> None:
    """One process; judges until it is terminated."""
    asyncio.run(_judge_on(number, url, conninfo, rate))


async def _judge_on(number: int, url: str, conninfo: str, rate: str) -> None:
    async with opened(Database(conninfo)) as database, connected(url, rate, SourceStates(database)) as chat:
        analyzer = analyzer_of(chat, Budget(PRICES))
        start = 10_000 * number
        while True:
            with suppress(AnalysisStopped):
                await analyzer.analyze(made_up(start, BATCH))
            start += BATCH


def connected(url: str, rate: str, state: Any) -> Any:
    """The adapter as the program has it, but that it gives up a silent service sooner."""
    timeouts = Timeouts(connect=2.0, read=PATIENCE_S + 5.0, whole=30.0)
    return connect_novita(
        api_key=DEMO_KEY, model=MODEL, rate=rate, state=state, api_url=f"{url}/v1", timeouts=timeouts, base_delay=0.2
    )


def analyzer_of(chat: Any, budget: Budget) -> LlmAnalyzer:
    """The analyzer with the real fallback."""
    return LlmAnalyzer("qwen", chat, AlgorithmicAnalyzer(SameProcess()), MemoryCache(), budget=budget)


def made_up(start: int, count: int) -> list[AnalysisInput]:
    """Songs made of the demo's bars; no two are the same."""
    corpus = load_corpus().scaled(start + count)
    songs = (corpus.song(GENERATED_FROM + number) for number in range(start, start + count))
    return [AnalysisInput(f"{song.lyrics}\n({song.id})", "en") for song in songs if song]


def started(faults: Told, replies: Told) -> tuple[Any, str]:
    """A simulated service in a process of its own, and its address."""
    here, there = multiprocessing.Pipe()
    service = multiprocessing.get_context("spawn").Process(target=serve, args=(there, faults, replies), daemon=True)
    service.start()
    return service, here.recv()


def serve(told: Connection, faults: Told, replies: Told) -> None:
    """Serves until it is terminated."""
    with SimulatorServer(chat_app(faults=Faults(**faults), replies=ReplyFaults(**replies))) as server:
        told.send(server.url)
        server.wait()


def stats(url: str) -> Told:
    """What the service counts."""
    with urllib.request.urlopen(f"{url}/_simulator/stats") as answer:  # noqa: S310 - our own simulator
        counts: Told = orjson.loads(answer.read())
    return counts


if __name__ == "__main__":
    main()
