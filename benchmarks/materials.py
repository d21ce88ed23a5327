"""What the benchmarks work on: songs made of the demo's bars, and data folders that are gone afterwards."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rap_analyzer.simulators.corpus import GENERATED_FROM, Corpus, load_corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DUMP_COLUMNS = (
    *("title", "tag", "artist", "year", "views", "features", "lyrics", "id"),
    *("language_cld3", "language_ft", "language"),
)
"""Columns of the public Genius dump, in its order."""


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder for RAP_DATA_DIR; root runs PostgreSQL as another user, who must be able to enter it."""
    with tempfile.TemporaryDirectory(prefix="rap-benchmark-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def own_environment(data_dir: Path) -> dict[str, str]:
    """The environment for a `rap` that sees this data folder, and no server, token or settings of whoever runs it."""
    foreign = ("POSTGRES_", "REDIS_", "GENIUS_", "SPOTIFY_", "RAP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "RAP_DATA_DIR": str(data_dir), "RAP_CONFIG": os.devnull}


def dump_rows(count: int) -> Iterator[dict[str, str]]:
    """Rows as the public Genius dump has them; the words are shuffled bars of the demo, the length is a real song's."""
    corpus = load_corpus().scaled(count)
    for song_id in range(GENERATED_FROM, GENERATED_FROM + count):
        yield _dump_row(corpus, song_id)


def _dump_row(corpus: Corpus, song_id: int) -> dict[str, str]:
    song = corpus.song(song_id)
    assert song is not None
    values = (
        song.title, "rap", corpus.by_slug[song.artist].name, str(song.release_date.year if song.release_date else ""),
        str(song.page_views or ""), "{}", song.lyrics, str(song.id), song.language, song.language, song.language,
    )  # fmt: skip
    return dict(zip(DUMP_COLUMNS, values, strict=True))


def alternate(rounds: int, contestants: Sequence[Callable[[], float]]) -> list[float]:
    """The median figure of each, the contestants taking turns, so that a busy moment hits all of them alike."""
    figures = [[contestant() for contestant in contestants] for _ in range(rounds)]
    return [median(column) for column in zip(*figures, strict=True)]
