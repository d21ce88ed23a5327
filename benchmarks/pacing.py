"""How much of an allowed rate is used, and how often we are refused, by one client process and by several together.

A simulated Genius answers so many requests in any minute and refuses the rest with 429. Each client is a process with a
door of its own and six songs on the way; all share a store, and a Redis when its port is given. Counted is the first
minute from the first answer on, in which a client that is too quick is refused and one that is too slow leaves some
unused.

usage: pacing.py [--limit N] [--clients N ...] [--latency S] [--redis-port PORT] [--rate N]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from materials import data_folder
from rap_analyzer.adapters.genius import connect_genius
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.source_states import SourceStates
from rap_analyzer.adapters.redis_state import connect_state
from rap_analyzer.domain.errors import RateLimited
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer
from rap_analyzer.telemetry import registry

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SONGS_AT_ONCE = 6
MINUTE_S = 60.0
WANTED_USED, WANTED_REFUSED = 0.97, 0.01


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--limit", type=int, default=600, help="requests a minute that the service answers")
    options.add_argument("--rate", type=int, help="requests a minute that we are set to; the limit unless given")
    options.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    options.add_argument("--latency", type=float, default=0.04, help="seconds that each answer takes longer")
    options.add_argument("--redis-port", type=int, help="of a Redis on this machine; PostgreSQL alone unless given")
    chosen = options.parse_args()
    for clients in chosen.clients:
        with data_folder() as folder:
            server = EmbeddedServer(folder)
            server.acquire()
            asyncio.run(migrate(server.conninfo()))
            measure(clients, chosen, server.conninfo())
            server.release()


def measure(clients: int, chosen: argparse.Namespace, store: str) -> None:
    """One line: what so many clients used of a minute."""
    spawn = multiprocessing.get_context("spawn")
    told, tells = multiprocessing.Pipe()
    service = spawn.Process(target=serve, args=(tells, chosen.limit, chosen.latency), daemon=True)
    service.start()
    url = told.recv()
    results, sends = multiprocessing.Pipe()
    arguments = (sends, url, store, f"{chosen.rate or chosen.limit}/minute", chosen.redis_port)
    running = [spawn.Process(target=collect, args=arguments, daemon=True) for _ in range(clients)]
    for process in running:
        process.start()
    while not statuses(url):
        time.sleep(0.01)
    time.sleep(MINUTE_S)
    counts = statuses(url)
    asked = sum(results.recv() for _ in running) / clients
    for process in (*running, service):
        process.terminate()
        process.join()
    answered, refused = counts.get("200", 0), counts.get("429", 0)
    used = answered / chosen.limit
    print(
        f"{clients} clients: {used:.1%} of {chosen.limit} a minute used (wanted: {WANTED_USED:.0%}), "
        f"{refused / (answered + refused):.2%} refused (wanted: under {WANTED_REFUSED:.0%}); "
        f"asking the shared state took {asked:.2f} s of each client's minute",
        flush=True,
    )


def statuses(url: str) -> dict[str, int]:
    """Answers of the service by status."""
    with urllib.request.urlopen(f"{url}/_simulator/stats") as answer:  # noqa: S310 - our own simulator
        counts: dict[str, int] = orjson.loads(answer.read())["statuses"]
    return counts


def serve(told: Connection, limit: int, latency: float) -> None:
    """Serves until it is terminated."""
    app = genius_app(faults=Faults(rate_per_minute=limit, latency=latency))
    with SimulatorServer(app) as server:
        told.send(server.url)
        server.wait()


def collect(sends: Connection, url: str, store: str, rate: str, redis_port: int | None) -> None:
    """One client; says after a minute how long it asked the shared state."""
    asyncio.run(_collect(sends, url, store, rate, redis_port))


async def _collect(sends: Connection, url: str, store: str, rate: str, redis_port: int | None) -> None:
    async with opened(Database(store)) as database:
        state: Any = SourceStates(database)
        if redis_port:
            state = connect_state("127.0.0.1", redis_port, 0, "", state, namespace=f"rap:v1:benchmark:{url}:")
        async with connect_genius(
            DEMO_TOKEN, api_url=f"{url}/api", web_url=f"{url}/web", rate=rate, state=state
        ) as source:

            async def visit() -> None:
                while True:
                    with suppress(RateLimited):
                        await source.fetch_song("10101")

            visits = [asyncio.create_task(visit()) for _ in range(SONGS_AT_ONCE)]
            await asyncio.wait(visits, timeout=MINUTE_S, return_when=asyncio.FIRST_EXCEPTION)
            sends.send(asked_s())
            await asyncio.gather(*visits)


def asked_s() -> float:
    """Seconds that this process has asked the shared state."""
    stores = ("postgresql", "redis")
    return sum(registry.get_sample_value("rap_shared_state_seconds_sum", {"store": s}) or 0.0 for s in stores)


if __name__ == "__main__":
    main()
