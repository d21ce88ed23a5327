"""A disk that fills up ends in one clear sentence and loses nothing; with room again, all goes on."""

from __future__ import annotations

import csv
import mmap
import os
import random
import re
import shutil
import signal
import subprocess
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import StoreError
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.acceptance.conftest import Ending

pytestmark = pytest.mark.slow


def write_csv(path: Path, songs: Iterable[tuple[str, str, str]]) -> Path:
    """Titles, artists and words, to import."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("title", "artist", "lyrics"), *songs])
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 250 MB."""
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or mount("-t", "tmpfs", "-o", "size=250m", "tmpfs", disk):
        pytest.skip("only root can mount a small disk, and not everywhere")
    yield disk
    EmbeddedServer(disk).stop()
    subprocess.run([str(shutil.which("umount")), "-l", disk], check=True)


def mount(*arguments: str | Path) -> int:
    """The exit code of `mount`."""
    return subprocess.run([str(shutil.which("mount")), *arguments], capture_output=True, check=False).returncode


def test_a_full_disk_is_told_and_loses_nothing_that_was_saved(
    end: Callable[..., Ending], small_disk: Path, tmp_path: Path, stored: Callable[[Path], dict[str, str]]
) -> None:
    """The import ends with one sentence; with room again, the store starts by itself and holds only whole songs."""
    chance = random.Random(7)  # words that do not compress, or the disk would take them all
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(20_000)]
    songs = ("\n".join(" ".join(chance.choices(words, k=8)) for _ in range(40)) for _ in range(20_000))
    file = write_csv(tmp_path / "huge.csv", ((f"Song {n}", f"Artist {n % 99}", song) for n, song in enumerate(songs)))
    ending = end("import", file, data_dir=small_disk)
    assert ending.code == EXIT_CODES[StoreError], ending
    assert re.search("^Error: The disk.*is full; what was saved is safe", ending.sentences[-1]), ending
    assert mount("-o", "remount,size=1g", small_disk) == 0
    kept = stored(small_disk)
    assert kept
    assert len(kept) % 1000 == 0, "batches are saved whole"


def test_a_disk_that_fills_while_songs_are_collected_is_told(
    end: Callable[..., Ending], small_disk: Path, stored: Callable[[Path], dict[str, str]]
) -> None:
    """Also by the next run, until there is room again: that one goes on where the first was and loses no song."""
    with SimulatorServer(genius_app(load_corpus(), scale=13_000)) as server, ExitStack() as stack:
        store = EmbeddedServer(small_disk)
        settings = {"GENIUS_ACCESS_TOKEN": DEMO_TOKEN, "GENIUS_API_URL": f"{server.url}/api"}
        settings |= {"GENIUS_WEB_URL": f"{server.url}/web", "GENIUS_RATE": "100000/second"}
        store.acquire()
        stack.callback(store.release)
        assert end("scrape", "Deacon Halfday", "--max-songs", "1", data_dir=small_disk, **settings).code == 0
        filler = small_disk / "filler"
        filler.write_bytes(b"1" * (shutil.disk_usage(small_disk).free - 8 * 2**20))
        for _ in range(2):
            ending = end("scrape", "Deacon Halfday", data_dir=small_disk, **settings)
            assert ending.code == EXIT_CODES[StoreError], ending
            assert re.search("Error: The disk.*is full; what was saved is safe", ending.sentences[-1]), ending
        filler.unlink()
        again = end("scrape", "Deacon Halfday", data_dir=small_disk, **settings)
    assert again.code == 0, again
    assert re.match(r"1,0\d\d found = [\d,]+ stored \+ [1-9][\d,]* unchanged", again.printed), again
    assert len(stored(small_disk)) > 1000


def test_a_full_disk_is_told_where_the_servers_log_finds_no_room_either(small_disk: Path) -> None:
    """A server that was killed cannot recover, and cannot say why: the room itself does. With room it starts again."""
    server = EmbeddedServer(small_disk)
    server.acquire()
    os.kill(int((small_disk / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    with server.log_file.open("a") as log:
        log.write("." * (-server.log_file.stat().st_size % mmap.PAGESIZE))
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(mmap.PAGESIZE))
    for _ in range(3):
        with pytest.raises(StoreError, match=r"disk.*is full"):
            server.ensure_running()
    filler.unlink()
    server.ensure_running()
    assert server.is_running()
    server.release()
