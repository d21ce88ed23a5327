"""How fast songs are collected, beside lyricsgenius in the same run: pages of real size, from a service 40 ms away.

Both read from a simulated Genius in a process of its own that limits nobody. We are `rap scrape` as a user starts it,
on a store of its own, start-up and saving included, alone and two at once on the same work; lyricsgenius keeps what it
read in memory, and two of it would read the same songs twice.

usage: collecting.py [--songs N] [--peer-songs N] [--latency S] [--page-bytes N] [--processes N ...]
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import lyricsgenius

from materials import data_folder, own_environment
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

WANTED = 15
NAMES = [artist.name for artist in load_corpus().artists]


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--songs", type=int, default=4000, help="songs besides the demo's 76")
    options.add_argument("--peer-songs", type=int, default=60, help="songs that lyricsgenius reads")
    options.add_argument("--latency", type=float, default=0.04, help="seconds that each answer takes longer")
    options.add_argument("--page-bytes", type=int, default=500_000)
    options.add_argument(
        "--processes", type=int, nargs="+", default=[1, 2], help="how many `rap scrape` share the work"
    )
    chosen = options.parse_args()
    with served(chosen.songs, chosen.latency, chosen.page_bytes) as url:
        theirs = peer_rate(url, chosen.peer_songs)
        ours = {processes: our_rate(url, processes) for processes in chosen.processes}
    print(f"lyricsgenius    {theirs:7.1f} songs/s")
    for processes, rate in ours.items():
        print(f"{processes} x rap scrape  {rate:7.1f} songs/s: {rate / theirs:.1f} times as many (wanted: {WANTED})")


@contextmanager
def served(songs: int, latency: float, page_bytes: int) -> Iterator[str]:
    """The address of a simulated Genius."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(there, songs, latency, page_bytes), daemon=True
    )
    server.start()
    yield here.recv()
    server.terminate()
    server.join()


def serve(told: Connection, songs: int, latency: float, page_bytes: int) -> None:
    """Serves until it is terminated."""
    app = genius_app(scale=songs, page_bytes=page_bytes, faults=Faults(latency=latency))
    with SimulatorServer(app) as server:
        told.send(server.url)
        server.wait()


def peer_rate(url: str, songs: int) -> float:
    """Songs a second that lyricsgenius reads of one artist."""
    client = lyricsgenius.Genius(DEMO_TOKEN, sleep_time=0)
    client._session.trust_env = False  # noqa: SLF001 - no proxy on the way to this machine
    client.API_ROOT, client.PUBLIC_API_ROOT = f"{url}/api/", f"{url}/web/api/"
    client.WEB_ROOT = f"{url}/web/"
    began = time.perf_counter()
    artist = client.search_artist(NAMES[0], max_songs=songs, get_full_info=True)
    return len(artist.songs) / (time.perf_counter() - began)


def our_rate(url: str, processes: int) -> float:
    """Songs a second that `rap scrape` stores of all artists, by the clock on the wall."""
    with data_folder() as folder:
        server = EmbeddedServer(folder)
        server.acquire()
        environment = own_environment(folder) | {
            "GENIUS_ACCESS_TOKEN": DEMO_TOKEN,
            "GENIUS_API_URL": f"{url}/api",
            "GENIUS_WEB_URL": f"{url}/web",
            "GENIUS_RATE": "6000000/minute",
        }
        command = [sys.executable, "-m", "rap_analyzer", "scrape", *NAMES]
        began = time.perf_counter()
        running = [
            subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE) for _ in range(processes)
        ]
        printed = [process.communicate()[0].decode() for process in running]
        seconds = time.perf_counter() - began
        server.release()
    if any(process.returncode for process in running):
        sys.exit(f"rap scrape failed: {printed}")
    # Each account has all songs as found; what another process stored is `unchanged` there.
    stored = [int(account.split(" found = ")[1].split(" stored")[0].replace(",", "")) for account in printed]
    return sum(stored) / seconds


if __name__ == "__main__":
    main()
