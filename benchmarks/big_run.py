"""A long collection on a bad line: is every song accounted for, once, and does memory stay flat?

Two `rap scrape` share the artists of a simulated Genius, of whose answers one in twenty is spoilt: refused with and
without a time to wait, 503, cut in the middle, half a page, half a document, a page of a new shape; now and then an
answer hangs, or a challenge page comes, which ends a run by design. Then it is started again, as a user would, until it
ends by itself; at last once more, for the songs whose pages had a new shape. What is in the store is compared with what
the simulator holds, and how often each song was asked for with what went wrong.

usage: big_run.py [--songs N] [--artists N] [--full] [--latency S] [--seed N]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from materials import data_folder, own_environment
from rap_analyzer.adapters.http import RETRIES
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.domain.transcription import clean_transcription
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.genius_shapes import GeniusShapes, song_path
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.simulators.corpus import Corpus, DemoSong
    from rap_analyzer.simulators.faults import FaultInjector

FULL_SONGS, FULL_ARTISTS = 57_718, 345
PROCESSES = 2
STOPPED = 5
"""How `rap scrape` ends when the source stopped it."""
SELDOM = 4
"""Challenges, and answers that hang, in the whole run."""
SAMPLE_S = 2.0
ACCOUNT = re.compile(r"^([\d,]+) found = (.*)$", re.MULTILINE)
JSON_IS_WHOLE = ("", "truncated_page", "new_shape")
"""Faults that leave a JSON answer as it was."""


@dataclass
class Worker:
    """A user who starts the same `rap scrape` until it ends by itself.

    Attributes:
        memory: resident bytes of each process that was started, every SAMPLE_S seconds.
        codes: how each ended.
        accounts: what each said at its end, and how it added up.
        errors: the last line that each of those wrote that did not end well.
    """

    command: list[str]
    environment: dict[str, str]
    folder: Path
    memory: list[list[int]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    accounts: list[bool] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def work(self) -> None:
        """One run after the other."""
        self.run()
        while self.codes[-1] == STOPPED:
            time.sleep(3)
            self.run()

    def run(self) -> None:
        """One run."""
        with (self.folder / f"{id(self)}.err").open("w+") as errors:
            process = subprocess.Popen(
                self.command, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=errors, text=True
            )
            sampling = threading.Thread(target=self._sample, args=(process,))
            sampling.start()
            printed, _ = process.communicate()
            sampling.join()
            errors.seek(0)
            self.errors += errors.read().splitlines()[-1:] if process.returncode else []
        self.codes.append(process.returncode)
        if found := ACCOUNT.search(printed):
            self.accounts.append(adds_up(found))

    def _sample(self, process: subprocess.Popen[str]) -> None:
        sizes: list[int] = []
        self.memory.append(sizes)
        while process.poll() is None:
            if size := resident_bytes(process.pid):
                sizes.append(size)
            time.sleep(SAMPLE_S)


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--songs", type=int, default=2000)
    options.add_argument("--artists", type=int, default=20)
    options.add_argument("--full", action="store_true", help=f"{FULL_SONGS:,} songs of {FULL_ARTISTS} artists")
    options.add_argument("--latency", type=float, default=0.005, help="seconds that each answer takes longer")
    options.add_argument("--seed", type=int, default=4)
    chosen = options.parse_args()
    songs, artists = (FULL_SONGS, FULL_ARTISTS) if chosen.full else (chosen.songs, chosen.artists)
    corpus = corpus_of(songs, artists, chosen.seed)
    app = genius_app(corpus, faults=faults(songs, chosen.latency, chosen.seed))
    with data_folder() as folder, SimulatorServer(app) as server:
        store = EmbeddedServer(folder)
        store.acquire()
        began = time.perf_counter()
        workers = collect(corpus, folder, server.url)
        seconds = time.perf_counter() - began
        complaints = [*ends(workers), *compare(store, corpus), *asked(app, corpus, workers)]
        store.release()
    print(f"{len(corpus):,} songs of {len(corpus.artists)} artists in {seconds:,.0f} s; {spoilt(app)}")
    tell(workers)
    print(
        "\n".join(complaints) or "every song has one outcome, the right one; all accounts add up; all words are whole"
    )
    sys.exit(bool(complaints))


def corpus_of(songs: int, artists: int, seed: int) -> Corpus:
    """The demo's, and as many made-up artists and songs as are missing."""
    demo = load_corpus()
    more = max(0, artists - len(demo.artists))
    return demo.scaled(songs - len(demo) - more, seed, more)


def faults(songs: int, latency: float, seed: int) -> Faults:
    """Each request goes wrong with 5 %: some faults are none for pages, others none for JSON."""
    seldom = SELDOM / (2 * songs)
    return Faults(
        rate_limited=0.002,
        rate_limited_silently=0.010,
        challenge=seldom,
        server_error=0.014,
        hang=seldom,
        cut=0.014,
        truncated_page=0.008,
        malformed_json=0.010,
        new_shape=0.002,
        latency=latency,
        seed=seed,
    )


def collect(corpus: Corpus, folder: Path, url: str) -> list[Worker]:
    """All workers at their work, until every song that can be stored is."""
    names = folder / "artists.txt"
    names.write_text("# all of them\n" + "\n".join(artist.name for artist in corpus.artists))
    environment = own_environment(folder) | {
        "GENIUS_ACCESS_TOKEN": DEMO_TOKEN,
        "GENIUS_API_URL": f"{url}/api",
        "GENIUS_WEB_URL": f"{url}/web",
        "GENIUS_RATE": "6000000/minute",
    }
    command = [sys.executable, "-m", "rap_analyzer", "scrape", "--from-file", str(names)]
    workers = [Worker(command, environment, folder) for _ in range(PROCESSES)]
    threads = [threading.Thread(target=worker.work) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while all(worker.codes[-1] == 0 for worker in workers) and failed(EmbeddedServer(folder)):
        workers[0].work()
    return workers


def failed(store: EmbeddedServer) -> int:
    """Songs that a further run visits again, and that may then come whole."""
    with psycopg.connect(store.conninfo()) as connection:
        row = connection.execute("SELECT count(*) FROM visits WHERE outcome IN ('failed', 'blocked')").fetchone()
        return int(row[0]) if row else 0


def ends(workers: list[Worker]) -> Iterator[str]:
    """Runs that ended as none should, and accounts that do not add up."""
    for worker in workers:
        if set(worker.codes) - {0, STOPPED}:
            yield f"runs ended with {worker.codes}: {worker.errors}"
        if not all(worker.accounts) or len(worker.accounts) != len(worker.codes):
            yield f"accounts that add up: {sum(worker.accounts)} of {len(worker.codes)}"


def compare(store: EmbeddedServer, corpus: Corpus) -> Iterator[str]:
    """Songs whose outcome or whose words are not the simulator's."""
    with psycopg.connect(store.conninfo()) as connection:
        outcomes: dict[str, str] = dict(connection.execute("SELECT source_id, outcome FROM visits").fetchall())
        words: dict[str, str] = dict(connection.execute("SELECT source_id, lyrics FROM tracks").fetchall())
    songs = {str(song.id): song for song in all_songs(corpus)}
    expected = {number: "stored" if song.kind == "song" else song.kind for number, song in songs.items()}
    print("outcomes:", dict(Counter(outcomes.values()).most_common()))
    wrong = {number for number in outcomes.keys() | expected if outcomes.get(number) != expected.get(number)}
    if wrong:
        yield f"{len(wrong)} songs have a wrong outcome: {[(n, outcomes.get(n)) for n in sorted(wrong)[:5]]}"
    whole = {n: clean_transcription(song.lyrics) for n, song in songs.items() if expected[n] == "stored"}
    differing = [number for number in words.keys() | whole if words.get(number) != whole.get(number)]
    if differing:
        yield f"{len(differing)} songs have other words: {sorted(differing)[:5]}"


def asked(app: FaultInjector, corpus: Corpus, workers: list[Worker]) -> Iterator[str]:
    """Songs that were asked for more often than the retries allow in each run that took them up."""
    stops = sum(code == STOPPED for worker in workers for code in worker.codes)
    rounds = 1 + max(len(worker.codes) for worker in workers)
    counts = {song.id: app.visits[f"/api/songs/{song.id}"] for song in all_songs(corpus)}
    answered = {song.id: whole_answers(app, song) for song in all_songs(corpus)}
    print("times that a song was asked for:", dict(sorted(Counter(counts.values()).items())))
    print("times that one was answered whole:", dict(sorted(Counter(answered.values()).items())))
    most = max(counts.values())
    if most > (RETRIES + 1) * rounds:
        yield f"a song was asked for {most} times in {rounds} rounds"
    paths = {song.id: page_path(corpus, song) for song in all_songs(corpus)}
    again = [number for number, count in answered.items() if count > 1 and not is_excused(app, paths[number])]
    if len(again) > stops * 16:
        yield f"{len(again)} songs were asked for again without need, {stops} runs were stopped: {again[:5]}"
    print(f"asked for again after a whole answer, its page whole too: {len(again)} songs; runs stopped: {stops}")


def whole_answers(app: FaultInjector, song: DemoSong) -> int:
    """How often what is known of a song came whole."""
    path = f"/api/songs/{song.id}"
    return sum(app.faults.strike(path, visit) in JSON_IS_WHOLE for visit in range(1, app.visits[path] + 1))


def is_excused(app: FaultInjector, path: str) -> bool:
    """Whether something about the song's page was a reason to visit the song once more."""
    return any(app.faults.strike(path, visit) for visit in range(1, app.visits[path] + 1))


def page_path(corpus: Corpus, song: DemoSong) -> str:
    """Where the simulator has the song's page."""
    return "/web" + song_path(GeniusShapes(corpus).names(song), song)


def all_songs(corpus: Corpus) -> Iterator[DemoSong]:
    """Each song once."""
    numbers = {number for artist in corpus.artists for number in corpus.song_ids_of(artist.slug)}
    return (song for number in sorted(numbers) if (song := corpus.song(number)))


def adds_up(account: re.Match[str]) -> bool:
    """Whether the songs found are the sum of all outcomes."""
    numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", account[2])]
    return int(account[1].replace(",", "")) == sum(numbers)


def spoilt(app: FaultInjector) -> str:
    """How many requests there were, and what went wrong with them."""
    struck = Counter(
        name for path, visits in app.visits.items() for visit in range(1, visits + 1)
        if (name := app.faults.strike(path, visit)) and not (name in JSON_IS_WHOLE and path.startswith("/api/"))
        and not (name == "malformed_json" and not path.startswith("/api/"))
    )  # fmt: skip
    total = app.visits.total()
    return f"{total:,} requests, {struck.total() / total:.1%} of them spoilt: {dict(struck.most_common())}"


def resident_bytes(process: int) -> int:
    """Memory of a process that runs; 0 of one that does not."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * 4096


def tell(workers: list[Worker]) -> None:
    """How each worker fared; its memory is that of the process that ran longest."""
    print("process  runs  stopped  samples  memory in MB by quarter        last : second")
    for number, worker in enumerate(workers, 1):
        longest = max(worker.memory, key=len)
        quarters = [median(part) / 1e6 for part in split(longest)]
        runs, stopped = len(worker.codes), worker.codes.count(STOPPED)
        shown = "  ".join(f"{size:5.1f}" for size in quarters)
        print(f"{number:7}  {runs:4}  {stopped:7}  {len(longest):7}  {shown}   {quarters[-1] / quarters[1]:9.3f}")
    for reason, count in Counter(error for worker in workers for error in worker.errors).items():
        print(f"{count} × {reason}")


def split(sizes: list[int]) -> list[list[int]]:
    """Four quarters in time."""
    cut = [len(sizes) * part // 4 for part in range(5)]
    return [sizes[start:end] or sizes for start, end in pairwise(cut)]


if __name__ == "__main__":
    main()
