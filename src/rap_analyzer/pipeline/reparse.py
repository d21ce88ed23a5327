"""Reads kept pages again, with a parser that may know their shape by now; asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rap_analyzer.domain.track import Account, Outcome, Provenance, TrackDraft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rap_analyzer.domain.track import KeptPage, RawPage
    from rap_analyzer.ports import CpuPool, KeptPageStore, LyricsPage, Progress, TrackWriter

BATCH = 50
"""Pages at a time: some 25 MB."""


async def reparse(
    kept: KeptPageStore,
    store: TrackWriter,
    pool: CpuPool,
    read: Callable[[RawPage], tuple[LyricsPage | None, str]],
    label: str,
    parser_version: str,
    progress: Progress,
) -> Account:
    """Read every kept page again. Those that can be read now are stored and no longer kept; the others stay.

    Args:
        kept: the pages.
        store: where songs go.
        pool: does the reading.
        read: makes something of a page, or says why not; found by name in another process.
        label: what the pages' source is called in the store.
        parser_version: of the parser in `read`.
        progress: told of each page.

    Returns:
        One outcome for each page.
    """
    account, after = Account(found=await kept.count()), ""
    progress.start("reading kept pages again", account.found)
    try:
        while pages := await kept.load(BATCH, after):
            after = pages[-1].song.source_id
            answers = await pool.map(read, [page.raw for page in pages])
            drafts = [_draft(page, label, parser_version, *answer) for page, answer in zip(pages, answers, strict=True)]
            _record(account, drafts, await store.save_tracks(drafts), progress)
    finally:
        progress.finish()
    account.found = sum(account.counts.values())  # another process may have kept or read some meanwhile
    return account


def _draft(page: KeptPage, label: str, parser_version: str, read: LyricsPage | None, reason: str) -> TrackDraft:
    provenance = Provenance(
        label, page.song.source_id, page.url, page.fetched_at, parser_version, raw_digest=page.raw.digest
    )
    if read is None:
        return TrackDraft(page.song, Outcome.FAILED, provenance, reason=reason)
    return TrackDraft(page.song, read.outcome, provenance, read.lyrics)


def _record(account: Account, drafts: Sequence[TrackDraft], outcomes: Sequence[Outcome], progress: Progress) -> None:
    for draft, outcome in zip(drafts, outcomes, strict=True):
        account.record(outcome, draft.reason)
        progress.advance(now=f"{draft.song.artist}: {draft.song.title}")
