"""How well versions of one song are found among made-up songs, and how fast.

usage: versions.py [--songs N] [--pairs N]

Songs are the demo's bars shuffled. Each original gets one partner of each kind; those that are the same song are to be
linked, the others are not. Then all of them are stored, among so many songs that have no partner, and linked by the
step that `rap analyze` runs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg

from importing import NoProgress
from materials import data_folder
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.failures import FailureStore
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.postgres.versions import VersionStore
from rap_analyzer.adapters.processes import ProcessPool, available_cores
from rap_analyzer.domain.fingerprint import fingerprint, similarity, words_of
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.pipeline.versions import link_versions
from rap_analyzer.simulators.corpus import load_corpus

if TYPE_CHECKING:
    from collections.abc import Callable

VERSE, HOOK = 16, 8
"""Bars."""
VERSES = 3
BATCH = 100
FIRST_SONGS = 500
"""Songs on which the speed of one core is measured."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A song: verses, each of some bars, and a hook after each of them."""

    verses: tuple[tuple[str, ...], ...]
    hook: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is transcribed."""
        hook = "\n".join(("[Hook]", *self.hook))
        verses = ("\n".join((f"[Verse {n}]", *verse)) for n, verse in enumerate(self.verses, start=1))
        return "\n\n".join(f"{verse}\n\n{hook}" for verse in verses)


class Studio:
    """Makes songs up, the same ones each time."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        songs = load_corpus().written.values()
        self._bars = sorted({bar for song in songs for bar in song.lyrics.splitlines() if bar and bar[0] not in "[("})
        self._words = sorted({word for bar in self._bars for word in words_of(bar)})

    def song(self) -> MadeUp:
        """A new song, its bars made of halves of the demo's, so that no run of five words is everybody's."""
        return MadeUp(tuple(self._verse() for _ in range(VERSES)), self._lines(HOOK))

    def edited(self, text: str, share: float) -> str:
        """Some of the words are others."""
        lines = []
        for line in text.splitlines():
            words = [w if self._chance.random() >= share else self._chance.choice(self._words) for w in line.split()]
            lines.append(line if line.startswith("[") else " ".join(words))
        return "\n".join(lines)

    def respelled(self, song: MadeUp) -> str:
        """Another transcriber: no headers, no capitals, no signs, ad-libs, and two in a hundred words are others."""
        bars = [bar for bar in self.edited(song.text, 0.02).splitlines() if bar and not bar.startswith("[")]
        return "\n".join(f"{bar.lower().rstrip('.,!?')} (yeah, uh)" for bar in bars)

    def reordered(self, song: MadeUp) -> str:
        """The verses in another order."""
        return MadeUp(song.verses[::-1], song.hook).text

    def extended(self, song: MadeUp) -> str:
        """With one more verse."""
        return MadeUp((*song.verses, self._verse()), song.hook).text

    def shortened(self, song: MadeUp) -> str:
        """A verse is cut, as on the radio."""
        return MadeUp(song.verses[:-1], song.hook).text

    def sharing_a_hook(self, song: MadeUp) -> str:
        """Another song with this hook."""
        return MadeUp(self.song().verses, song.hook).text

    def sharing_a_verse(self, song: MadeUp) -> str:
        """Another song that uses a verse again."""
        other = self.song()
        return MadeUp((song.verses[0], *other.verses[1:]), other.hook).text

    def _verse(self) -> tuple[str, ...]:
        return self._lines(VERSE)

    def _lines(self, count: int) -> tuple[str, ...]:
        return tuple(self._line() for _ in range(count))

    def _line(self) -> str:
        first, second = (self._chance.choice(self._bars).split() for _ in range(2))
        return " ".join(first[: len(first) // 2 + 1] + second[len(second) // 2 :])


def kinds(studio: Studio) -> dict[str, tuple[bool, Callable[[MadeUp], str]]]:
    """Each kind of partner: whether it is the same song, and how it is made of one."""
    return {
        "another transcriber": (True, studio.respelled),
        "3 % of the words changed": (True, lambda song: studio.edited(song.text, 0.03)),
        "6 % of the words changed": (True, lambda song: studio.edited(song.text, 0.06)),
        "verses in another order": (True, studio.reordered),
        "one verse more": (True, studio.extended),
        "one verse fewer": (True, studio.shortened),
        "another song, same hook": (False, studio.sharing_a_hook),
        "another song, one verse the same": (False, studio.sharing_a_verse),
        "another song": (False, lambda _song: studio.song().text),
    }


def draft(number: int, lyrics: str) -> TrackDraft:
    """A track with these words, by one of a hundred artists."""
    artist = ArtistRef(f"Artist {number % 100}", str(number % 100))
    song = Song(
        str(number), f"Song {number}", "", (Credit(artist, Role.PRIMARY),), year=1990 + number % 30, language="en"
    )
    return TrackDraft(song, Outcome.STORED, Provenance("made up", str(number), "", datetime.now(UTC), "1", ""), lyrics)


async def main(songs: int, pairs: int) -> None:
    """Make songs up, store, link and count."""
    studio = Studio(1)
    partners = kinds(studio)
    texts: list[str] = []
    wanted: dict[str, list[tuple[int, int]]] = {name: [] for name in partners}
    for name, (_, make) in partners.items():
        for _ in range(pairs):
            original = studio.song()
            texts += [original.text, make(original)]
            wanted[name].append((len(texts) - 2, len(texts) - 1))
    texts += [studio.song().text for _ in range(songs - len(texts))]
    print(f"{len(texts):,} songs, {sum(map(len, map(words_of, texts))) / len(texts):.0f} words each on average")
    print_speed(texts[:FIRST_SONGS])
    with data_folder() as folder:
        server = EmbeddedServer(folder)
        server.acquire()
        try:
            await migrate(server.conninfo())
            async with opened(Database(server.conninfo())) as database:
                await link(database, texts, wanted, {name: same for name, (same, _) in partners.items()})
        finally:
            server.release()


def print_speed(texts: list[str]) -> None:
    """Fingerprints and comparisons a second on one core."""
    began = time.perf_counter()
    for text in texts:
        fingerprint(text)
    print(f"{len(texts) / (time.perf_counter() - began):,.0f} fingerprints a second on one core")
    began = time.perf_counter()
    for one, other in pairwise(texts):
        similarity(one, other)
    print(f"{(len(texts) - 1) / (time.perf_counter() - began):,.0f} pairs compared a second on one core")


async def link(
    database: Database, texts: list[str], wanted: dict[str, list[tuple[int, int]]], same: dict[str, bool]
) -> None:
    """Store, link, and tell which pairs were linked; then once more, when nothing is due."""
    tracks = TrackStore(database)
    for start in range(0, len(texts), 2000):
        await tracks.save_tracks([draft(n, text) for n, text in enumerate(texts[start : start + 2000], start=start)])
    pool = ProcessPool()
    await pool.map(fingerprint, texts[:BATCH])
    for what in ("linked", "linked again, nothing being due,"):
        began = time.perf_counter()
        await link_versions(VersionStore(database), FailureStore(database), pool, BATCH, NoProgress())
        took = time.perf_counter() - began
        print(f"{what} in {took:.1f} s: {len(texts) / took:,.0f} songs a second, {available_cores()} cores")
    pool.close()
    print_linked(await groups(database), wanted, same)


async def groups(database: Database) -> dict[int, int]:
    """The original of each song that is in a group, by the songs' places."""
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute(
            "SELECT t.source_id::int, o.source_id::int FROM versions v "
            "JOIN tracks t ON t.id = v.track_id JOIN tracks o ON o.id = v.version_of"
        )
        found: dict[int, int] = dict(await cursor.fetchall())
    return found | {original: original for original in found.values()}


def print_linked(found: dict[int, int], wanted: dict[str, list[tuple[int, int]]], same: dict[str, bool]) -> None:
    """A line for each kind, and precision and recall over all pairs."""
    right = sought = 0
    for name, pairs in wanted.items():
        linked = sum(one in found and found[one] == found.get(other) for one, other in pairs)
        print(f"  {name:<34} {linked:>6,} of {len(pairs):,} linked{'' if same[name] else ' (none should be)'}")
        if same[name]:
            right, sought = right + linked, sought + len(pairs)
    members = Counter(found.values())
    all_linked = sum(count * (count - 1) // 2 for count in members.values())
    print(f"precision {right / max(1, all_linked):.4f} ({all_linked:,} pairs linked), recall {right / sought:.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=500)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.songs, arguments.pairs))
