"""Reads how the bars of every track end, so that they can be found by sound; and finds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rap_analyzer.analyzers.bar_endings import READING_VERSION, read_endings
from rap_analyzer.domain.bar_endings import heard
from rap_analyzer.domain.near_bars import NearBars, TailReading, rhyming_bars, with_words
from rap_analyzer.pipeline.isolation import CONTROL_LYRICS, Isolation, sort_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.bar_endings import Ending
    from rap_analyzer.domain.near_bars import BarTail, Candidate, NearBar
    from rap_analyzer.ports import CpuPool, FailureStore, Progress, TailStore

CANDIDATES = 500
"""Bars that are taken for a span, at most, and as many that end in the same consonants: among millions the strongest
are looked for in these."""
SPARE = 4
"""How many times the bars that are asked for must be at hand before shorter spans are left alone."""


STEP = "rhyme endings"


async def read_tails(
    store: TailStore, failures: FailureStore, pool: CpuPool, batch_size: int, progress: Progress
) -> int:
    """Read what is missing, `batch_size` tracks at a time, each batch saved at once; what fails is set apart.

    Returns:
        Number of tracks read.
    """
    progress.start("reading how bars end", await store.count_unread(READING_VERSION))
    after = done = 0

    async def read(lyrics: Sequence[str]) -> Sequence[list[BarTail]]:
        return await pool.map(read_endings, lyrics)

    isolation = Isolation(read, partial(read, [CONTROL_LYRICS]))
    try:
        while batch := await store.load_unread(READING_VERSION, batch_size, after):
            after = batch[-1][0]
            results = await isolation.run([lyrics for _, _, lyrics in batch])
            readings, failed = sort_out([(track, digest) for track, digest, _ in batch], results)
            await store.save_tails([TailReading(*one) for one in readings], READING_VERSION)
            await failures.save_failures(STEP, READING_VERSION, failed)
            done += len(readings)
            progress.advance(len(batch))
    finally:
        progress.finish()
    return done


@dataclass(frozen=True, slots=True)
class BarFinder:
    """Search by sound."""

    store: TailStore

    async def find(self, ending: Ending, limit: int) -> NearBars:
        """Up to `limit` bars of the corpus that rhyme with an ending, the longest span first, then the strongest."""
        near = (await self._near(ending, SPARE * limit))[: SPARE * limit]
        lyrics = await self.store.load_lyrics(list({one.bar.track_id for one in near}))
        tracks, read = await self.store.count_readings()
        return NearBars(tuple(with_words(near, lyrics)[:limit]), tracks, read)

    async def _near(self, ending: Ending, enough: int) -> list[NearBar]:
        """What rhymes over the longest spans; a shorter one is tried when that is not enough."""
        tail = heard(ending.sound)
        candidates: dict[tuple[int, int], Candidate] = {}
        near: list[NearBar] = []
        for span in range(len(tail.key), 0, -1):
            for one in await self.store.search_tails(tail.key[:span], tail.coda, ending.phones[-1], CANDIDATES):
                candidates.setdefault((one.track_id, one.bar), one)
            near = rhyming_bars(tail, candidates.values())
            if len(near) >= enough:
                break
        return near
