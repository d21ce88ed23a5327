"""Songs from a file into the store, streamed, a batch in memory at a time, each row accounted for."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.export_schema import MARKS_OF_EXPORT, is_made_here
from rap_analyzer.domain.song_fields import ALIASES, FIELDS, REQUIRED
from rap_analyzer.domain.spreadsheet_cells import from_cell
from rap_analyzer.domain.track import Account, Outcome, TrackDraft
from rap_analyzer.pipeline.remarks import Remarks
from rap_analyzer.pipeline.seen_songs import SeenSongs
from rap_analyzer.pipeline.song_rows import draft_row, unreadable_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rap_analyzer.domain.file_row import FileRow
    from rap_analyzer.ports import Progress, SongImporter

__all__ = ["BATCH", "ImportPlan", "draft_row", "import_rows", "plan_import"]

BATCH = 1000
BATCH_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How the rows of a file become songs.

    Args:
        dataset: names the file in the store; the same file imported again under it finds its songs unchanged.
        columns: our field to the file's column, for those that the file has.
        tag: only rows with this `tag` are taken; None takes all.
        others: columns that are none of our fields, which are kept as they are.
        with_copies: whether songs are stored again that another file has brought, with the same words.
        is_export: whether `rap export` wrote the file, with an apostrophe before what looks like a formula.
    """

    dataset: str
    columns: Mapping[str, str]
    tag: str | None = None
    others: tuple[str, ...] = ()
    with_copies: bool = False
    is_export: bool = False


def plan_import(
    dataset: str, header: Iterable[str], mapping: Mapping[str, str], tag: str | None, *, with_copies: bool = False
) -> ImportPlan:
    """Find our fields among a file's columns.

    Args:
        dataset: names the file in the store.
        header: the file's columns.
        mapping: our field to the file's column, as the user gave it with --map.
        tag: keep only rows with this tag.
        with_copies: see `ImportPlan`.

    Raises:
        InputError: a required column is missing or there twice, or a mapping names what does not exist.
    """
    names = list(header)
    present = {column.strip().lower(): column for column in names}
    unknown = set(mapping) - set(FIELDS)
    if unknown:
        raise InputError(f"--map names the field {min(unknown)!r}; the fields are {', '.join(FIELDS)}.")
    columns = {name: present[alias] for alias, name in ALIASES.items() if alias in present}
    columns |= {name: present[name] for name in FIELDS if name in present}
    for name, column in mapping.items():
        if column.strip().lower() not in present:
            raise InputError(f"--map {name}={column}: the file has no column {column!r}; it has {_listed(names)}.")
        columns[name] = present[column.strip().lower()]
    _check_columns(columns, names, tag)
    used = {column for name, column in columns.items() if name != "tag"}
    is_export = set(MARKS_OF_EXPORT) <= set(present)
    return ImportPlan(dataset, columns, tag, tuple(_others(names, used)), with_copies, is_export)


def _check_columns(columns: Mapping[str, str], names: Sequence[str], tag: str | None) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing and len(names) == 1 and not columns:
        raise InputError(
            f"The file has no column {missing[0]!r}; it has {_listed(names)}, and no other: if its columns stand apart "
            "by another sign than a comma, semicolon, tab or |, name it with --delimiter SIGN."
        )
    if missing:
        raise InputError(
            f"The file has no column {missing[0]!r}; it has {_listed(names)}. "
            f"Name the right one with --map {missing[0]}=COLUMN."
        )
    twice = Counter(name.strip().lower() for name in names)
    for column in columns.values():
        if twice[column.strip().lower()] > 1:
            raise InputError(f"The file has more than one column {column!r}: rename all but the right one.")
    if tag is not None and "tag" not in columns:
        raise InputError(f"--tag needs a column 'tag'; the file has {_listed(names)}. Use --map tag=COLUMN.")


def _others(names: Iterable[str], used: set[str]) -> Iterator[str]:
    """Columns that are kept as they are: not what an export of ours says of a song besides, which is made anew."""
    return (name for name in dict.fromkeys(names) if name and name not in used and not is_made_here(name))


@dataclass(slots=True)
class _Met:
    """A row as a song, on its way into the store.

    Attributes:
        row: its number.
        place: where it stands, in words.
        draft: the song.
        earlier: the row of which it is a repetition; 0 when it is none.
    """

    row: int
    place: str
    draft: TrackDraft
    earlier: int = 0


@dataclass(slots=True)
class _Run:
    """An import under way."""

    plan: ImportPlan
    account: Account = field(default_factory=Account)
    reasons: Remarks = field(default_factory=Remarks)
    notes: Remarks = field(default_factory=Remarks)
    seen: SeenSongs = field(default_factory=SeenSongs)


async def import_rows(rows: Iterable[FileRow], plan: ImportPlan, store: SongImporter, progress: Progress) -> Account:
    """Store every row; each batch is saved at once, so a run that was killed goes on where it was.

    Returns:
        The account. A row that is no song is `failed` with the reason, and harms no other; one that repeats a row
        before it is `repeated`, or what that one was.
    """
    run = _Run(plan)
    progress.start("importing", None)
    try:
        for batch in _batches(_met(rows, run)):
            await _save(batch, run, store)
            progress.advance(len(batch), now=batch[-1].draft.song.title)
    finally:
        progress.finish()
        run.account.reasons = run.reasons.counted()
        run.account.notes += run.notes.sentences()
    return run.account


async def _save(batch: Sequence[_Met], run: _Run, store: SongImporter) -> None:
    new = [met for met in batch if not met.earlier]
    copies = {} if run.plan.with_copies else await _copies(new, run, store)
    for met in new:
        if met.row in copies:
            _note_copy(met, copies[met.row], run)
    saved = [met for met in new if copies.get(met.row, run.plan.dataset) == run.plan.dataset]
    outcomes = await store.save_tracks([met.draft for met in saved])
    became = {met.row: Outcome.UNCHANGED for met in new}
    became |= {met.row: outcome for met, outcome in zip(saved, outcomes, strict=True)}
    for met in batch:
        outcome = _repeated(met, run) if met.earlier else became[met.row]
        run.seen.remember(met.row, outcome)
        run.account.found += 1
        run.account.record(outcome)
        if met.draft.reason:
            run.reasons.add(met.draft.reason, met.place)


def _repeated(met: _Met, run: _Run) -> Outcome:
    """What a row is that repeats an earlier one: `repeated` if that one is new, else what that one was."""
    remark = "repeats another row, with the same title, artist and words: stored once"
    run.notes.add(remark, f"{met.place} as row {met.earlier:,}")
    earlier = run.seen.outcome(met.earlier)
    return Outcome.REPEATED if earlier in {None, Outcome.STORED} else earlier or Outcome.REPEATED


async def _copies(new: Sequence[_Met], run: _Run, store: SongImporter) -> dict[int, str]:
    """Rows whose songs are stored under another name, and the file or source that brought them.

    A song that an earlier form of this very file has brought keeps the name that it got then.
    """
    asked = [met for met in new if met.draft.outcome is Outcome.STORED]
    found: dict[int, str] = {}
    for met, (source, source_id) in zip(asked, await store.find_copies([m.draft for m in asked]), strict=True):
        if not source:
            continue
        dataset = source_id.partition(":")[0] if source == "import" else f"source {source}"
        found[met.row] = dataset
        if dataset == run.plan.dataset:
            draft = met.draft
            met.draft = replace(
                draft,
                song=replace(draft.song, source_id=source_id),
                provenance=replace(draft.provenance, source_id=source_id),
            )
    return found


def _note_copy(met: _Met, dataset: str, run: _Run) -> None:
    if dataset != run.plan.dataset:
        run.notes.add(
            f"is stored already, from {dataset!r}, and was left as it is (--copies stores it again)", met.place
        )


def _met(rows: Iterable[FileRow], run: _Run) -> Iterator[_Met]:
    plan = run.plan
    columns, others = list(plan.columns.items()), plan.others
    for row in rows:
        if row.fault:
            yield _Met(row.number, row.place, unreadable_row(row.fault, plan.dataset, row.number))
            continue
        values = row.values
        fields = {name: values.get(column) for name, column in columns}
        if plan.is_export and not row.is_typed:
            fields = {name: from_cell(value) if isinstance(value, str) else value for name, value in fields.items()}
        if plan.tag is None or str(fields.get("tag") or "").strip().lower() == plan.tag.lower():
            extra = {name: values.get(name) for name in others} if others else None
            remark = partial(run.notes.add, place=row.place)
            draft = draft_row(fields, plan.dataset, row.number, remark, extra, is_typed=row.is_typed)
            yield _told_apart(_Met(row.number, row.place, draft), run)


def _told_apart(met: _Met, run: _Run) -> _Met:
    """Finds rows that repeat one before them; another song under a name that is taken gets a name of its own."""
    draft, song = met.draft, met.draft.song
    if draft.outcome is not Outcome.STORED:
        return met
    parts = (song.title, song.artist, song.album or "", str(song.year or ""), draft.provenance.raw_digest)
    content = hashlib.sha256("\x1f".join(parts).lower().encode("utf-8", "surrogatepass")).digest()
    first = run.seen.first(content, met.row)
    if first != met.row:
        met.earlier = first
        return met
    named = run.seen.first(hashlib.sha256(f"id\x1f{song.source_id}".encode("utf-8", "surrogatepass")).digest(), met.row)
    if named != met.row:
        remark = "has the id, or the title and artist, of another row, but other words: kept as a song of its own"
        run.notes.add(remark, f"{met.place} as row {named:,}")
        source_id = f"{song.source_id}~{content.hex()[:12]}"
        met.draft = replace(
            draft,
            song=replace(song, source_id=source_id),
            provenance=replace(draft.provenance, source_id=source_id),
        )
    return met


def _batches(rows: Iterator[_Met]) -> Iterator[list[_Met]]:
    """Up to BATCH rows, fewer when their words are long: memory stays the same whatever the file."""
    batch: list[_Met] = []
    characters = 0
    for met in rows:
        batch.append(met)
        characters += len(met.draft.lyrics)
        if len(batch) >= BATCH or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:20]) or "none"
