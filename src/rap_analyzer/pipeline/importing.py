"""Songs from a file into the store: CSV, JSON lines or Parquet, streamed, a batch in memory at a time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.track import (
    Account,
    ArtistRef,
    Credit,
    Outcome,
    Provenance,
    Role,
    Song,
    TrackDraft,
    lyrics_digest,
)
from rap_analyzer.domain.transcription import MAX_CHARACTERS, clean_transcription

if TYPE_CHECKING:
    from rap_analyzer.ports import Progress, TrackWriter

Row = Mapping[str, Any] | InputError

BATCH = 1000
BATCH_CHARACTERS = 4_000_000
PARSER_VERSION = "import-1"
FIELDS = (
    "title",
    "artist",
    "lyrics",
    "id",
    "year",
    "release_date",
    "album",
    "views",
    "features",
    "language",
    "url",
    "tag",
)
REQUIRED = ("title", "artist", "lyrics")
INSTRUMENTAL = re.compile(r"\W*instrumental\W*", re.IGNORECASE)
ARRAY_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)')
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How the rows of a file become songs.

    Args:
        dataset: names the file in the store; the same file imported again under it finds its songs unchanged.
        columns: our field to the file's column, for those that the file has.
        tag: only rows with this `tag` are taken; None takes all.
    """

    dataset: str
    columns: Mapping[str, str]
    tag: str | None = None


def plan_import(dataset: str, header: Iterable[str], mapping: Mapping[str, str], tag: str | None) -> ImportPlan:
    """Find our fields among a file's columns.

    Args:
        dataset: names the file in the store.
        header: the file's columns.
        mapping: our field to the file's column, as the user gave it with --map.
        tag: keep only rows with this tag.

    Raises:
        InputError: a required column is missing, or a mapping names a field or column that does not exist.
    """
    present = {column.strip().lower(): column for column in header}
    unknown = set(mapping) - set(FIELDS)
    if unknown:
        raise InputError(f"--map names the field {min(unknown)!r}; the fields are {', '.join(FIELDS)}.")
    columns = {field: present[field] for field in FIELDS if field in present}
    for field, column in mapping.items():
        if column.strip().lower() not in present:
            raise InputError(f"--map {field}={column}: the file has no column {column!r}; it has {_listed(present)}.")
        columns[field] = present[column.strip().lower()]
    missing = [field for field in REQUIRED if field not in columns]
    if missing:
        raise InputError(
            f"The file has no column {missing[0]!r}; it has {_listed(present)}. "
            f"Name the right one with --map {missing[0]}=COLUMN."
        )
    if tag is not None and "tag" not in columns:
        raise InputError(f"--tag needs a column 'tag'; the file has {_listed(present)}. Use --map tag=COLUMN.")
    return ImportPlan(dataset, columns, tag)


async def import_rows(rows: Iterable[Row], plan: ImportPlan, store: TrackWriter, progress: Progress) -> Account:
    """Store every row; each batch is saved at once, so a run that was killed goes on where it was.

    Returns:
        The account. A row that is no song is `failed` with the reason, and harms no other.
    """
    account = Account()
    progress.start("importing", None)
    try:
        for batch in _batches(_drafts(rows, plan)):
            outcomes = await store.save_tracks(batch)
            account.found += len(batch)
            for draft, outcome in zip(batch, outcomes, strict=True):
                account.record(outcome, draft.reason)
            progress.advance(len(batch), now=batch[-1].song.title)
    finally:
        progress.finish()
    return account


def _drafts(rows: Iterable[Row], plan: ImportPlan) -> Iterator[TrackDraft]:
    columns = plan.columns.items()
    for number, row in enumerate(rows, start=1):
        if isinstance(row, InputError):
            yield unreadable_row(str(row), plan.dataset, number)
            continue
        fields = {field: row.get(column) for field, column in columns}
        if plan.tag is None or str(fields.get("tag") or "").strip().lower() == plan.tag.lower():
            yield draft_row(fields, plan.dataset, number)


def draft_row(fields: Mapping[str, Any], dataset: str, number: int) -> TrackDraft:
    """One row as a song with its outcome. Never raises: what is wrong with the row is the outcome's reason."""
    title, artist = _text(fields.get("title")), _text(fields.get("artist"))
    raw = str(fields.get("lyrics") or "")
    lyrics = clean_transcription(raw) if len(raw) <= MAX_CHARACTERS else ""
    outcome, reason = _judge(title, artist, raw, lyrics)
    released = _date(fields.get("release_date"))
    source_id = f"{dataset}:{_text(fields.get('id')) or _identity(title, artist, fields)}"
    url = _text(fields.get("url"))[:500]
    song = Song(
        source_id=source_id,
        title=title[:500] or "(no title)",
        url=url,
        credits=_credits(artist, fields.get("features")),
        album=_text(fields.get("album")) or None,
        released_on=released,
        year=_year(fields.get("year")) or (released.year if released else None),
        language=_language(fields.get("language")),
        page_views=_count(fields.get("views")),
    )
    provenance = Provenance(
        "import", source_id, url or f"file:{dataset}#{number}", datetime.now(UTC), PARSER_VERSION, lyrics_digest(lyrics)
    )
    kept = lyrics if outcome is Outcome.STORED else ""
    return TrackDraft(song, outcome, provenance, kept, reason and f"{reason} (row {number:,})")


def unreadable_row(reason: str, dataset: str, number: int) -> TrackDraft:
    """A row that could not be read, as a song that failed."""
    source_id = f"{dataset}:row {number}"
    song = Song(source_id, f"(row {number:,})", "", ())
    provenance = Provenance("import", source_id, f"file:{dataset}#{number}", datetime.now(UTC), PARSER_VERSION, "")
    return TrackDraft(song, Outcome.FAILED, provenance, reason=f"{reason} (row {number:,})")


def _judge(title: str, artist: str, raw: str, lyrics: str) -> tuple[Outcome, str]:
    if len(raw) > MAX_CHARACTERS:
        return Outcome.FAILED, f"the lyrics have {len(raw):,} characters, more than any song ({MAX_CHARACTERS:,})"
    if not title or not artist:
        return Outcome.FAILED, f"no {'title' if not title else 'artist'}"
    if not lyrics:
        return Outcome.MISSING, ""
    if not any(map(str.isalnum, lyrics)):
        return Outcome.FAILED, "the lyrics have no words"
    if INSTRUMENTAL.fullmatch(lyrics):
        return Outcome.INSTRUMENTAL, ""
    return Outcome.STORED, ""


def _batches(drafts: Iterator[TrackDraft]) -> Iterator[list[TrackDraft]]:
    """Up to BATCH drafts, fewer when their words are long: memory stays the same whatever the file."""
    batch: list[TrackDraft] = []
    characters = 0
    for draft in drafts:
        batch.append(draft)
        characters += len(draft.lyrics)
        if len(batch) >= BATCH or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _credits(artist: str, features: Any) -> tuple[Credit, ...]:
    primary = Credit(ArtistRef(artist[:300] or "(no artist)"), Role.PRIMARY)
    return (primary, *(Credit(ArtistRef(name[:300]), Role.FEATURED) for name in parse_features(features)))


def parse_features(value: Any) -> list[str]:
    """Names in a list, a PostgreSQL array literal (`{"A B",C}`), or a comma-separated text."""
    if isinstance(value, list):
        return [name for item in value if (name := _text(item))]
    names = ((quoted or bare).replace("\\", "") for quoted, bare in ARRAY_ITEM.findall(str(value or "")))
    return [name for item in islice(names, 200) if (name := _text(item))]


def _text(value: Any) -> str:
    return " ".join(clean_transcription(str(value)).split()) if value is not None else ""


def _year(value: Any) -> int | None:
    number = _count(value)
    return number if number is not None and EARLIEST_YEAR <= number <= LATEST_YEAR else None


def _count(value: Any) -> int | None:
    try:
        number = int(float(str(value)))
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 2**62 else None


def _date(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _language(value: Any) -> str | None:
    code = _text(value).lower()
    return code if re.fullmatch(r"[a-z]{2,3}", code) else None


def _identity(title: str, artist: str, fields: Mapping[str, Any]) -> str:
    """Stands in for an id: the same title, artist, album and year are the same song."""
    parts = (title, artist, _text(fields.get("album")), _text(fields.get("year")))
    return hashlib.sha256("\x1f".join(parts).lower().encode()).hexdigest()[:24]


def _listed(present: Mapping[str, str]) -> str:
    return ", ".join(repr(column) for column in list(present.values())[:20]) or "none"
