"""Many different songs, made of the demo's bars, as a file to import."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from rap_analyzer.simulators.corpus import load_corpus

if TYPE_CHECKING:
    from pathlib import Path


def write_songs(file: Path, count: int) -> None:
    """Writes a CSV of so many songs in English by one artist."""
    corpus = load_corpus().scaled(count + 100)
    numbers = [number for artist in corpus.artists for number in corpus.song_ids_of(artist.slug)]
    written = [song for song in map(corpus.song, numbers) if song and song.kind == "song" and song.language == "en"]
    with file.open("w", encoding="utf-8", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(["title", "artist", "lyrics", "year"])
        rows.writerows(
            [f"{song.title} {song.id}", "Ann Example", f"{song.lyrics}\nnumber {song.id}", 1990]
            for song in written[:count]
        )
