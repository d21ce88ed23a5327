"""Finds the tracks that are versions of one song: by their words, and by what the source says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rap_analyzer.domain.fingerprint import FINGERPRINT_VERSION, LEAST_SIMILARITY, fingerprint, similarity
from rap_analyzer.pipeline.isolation import CONTROL_LYRICS, Isolation, sort_out

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from rap_analyzer.domain.fingerprint import Fingerprint
    from rap_analyzer.domain.versions import VersionKind
    from rap_analyzer.ports import CpuPool, FailureStore, Progress, VersionStore


STEP = "fingerprint"


async def link_versions(
    store: VersionStore, failures: FailureStore, pool: CpuPool, batch_size: int, progress: Progress
) -> Counter[VersionKind]:
    """Fingerprint and compare what is new, `batch_size` tracks at a time, each batch saved at once; then decide.

    A track whose words cannot be fingerprinted is set apart.

    Returns:
        Number of versions in the store, by kind.
    """
    await _fingerprint(store, failures, pool, batch_size, progress)
    await _compare(store, pool, batch_size, progress)
    return await store.settle()


async def _fingerprint(
    store: VersionStore, failures: FailureStore, pool: CpuPool, batch_size: int, progress: Progress
) -> None:
    async def make(lyrics: Sequence[str]) -> Sequence[Fingerprint]:
        return await pool.map(fingerprint, lyrics)

    isolation = Isolation(make, partial(make, [CONTROL_LYRICS]))
    progress.start("fingerprinting words", await store.count_unfingerprinted(FINGERPRINT_VERSION))
    after = 0
    try:
        while batch := await store.load_unfingerprinted(FINGERPRINT_VERSION, batch_size, after):
            after = batch[-1][0]
            results = await isolation.run([lyrics for _, _, lyrics in batch])
            saved, failed = sort_out([(track, digest) for track, digest, _ in batch], results)
            await store.save_fingerprints(saved, FINGERPRINT_VERSION)
            await failures.save_failures(STEP, FINGERPRINT_VERSION, failed)
            progress.advance(len(batch))
    finally:
        progress.finish()


async def _compare(store: VersionStore, pool: CpuPool, batch_size: int, progress: Progress) -> None:
    """Each fingerprint with all others: of two that are saved at once, the later to be compared sees the other."""
    progress.start("looking for versions", await store.count_uncompared())
    after = 0
    try:
        while batch := await store.load_uncompared(batch_size, after):
            after = batch[-1][0]
            pairs = await store.load_pairs([track for track, _ in batch])
            words = await store.load_wordings(sorted({wording for pair in pairs for wording in pair}))
            known = [pair for pair in pairs if words.keys() >= set(pair)]
            likenesses = await pool.map(_similarity, [(words[one], words[other]) for one, other in known])
            alike = {p: s for p, s in zip(known, likenesses, strict=True) if s >= LEAST_SIMILARITY}
            await store.save_compared(batch, alike)
            progress.advance(len(batch))
    finally:
        progress.finish()


def _similarity(pair: tuple[str, str]) -> float:
    return similarity(*pair)
