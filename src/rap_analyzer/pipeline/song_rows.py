"""A row of a file as a song: its words without what is none, its outcome, and what is to be said of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

from rap_analyzer.domain.guests import parse_names
from rap_analyzer.domain.markup import as_text, has_markup, read_literal, without_markup
from rap_analyzer.domain.mojibake import mend
from rap_analyzer.domain.non_songs import is_no_song
from rap_analyzer.domain.page_text import song_words
from rap_analyzer.domain.placeholders import NO_NAME, NO_TYPED_NAME, is_nothing, placeholder
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft, lyrics_digest
from rap_analyzer.domain.transcription import MAX_CHARACTERS, clean_transcription

PARSER_VERSION = "import-2"
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
SPREADSHEET_CELL = 32_767
"""Characters that a cell of Excel holds: a text of so many has lost its end."""
MOST_EXTRA = 20_000
"""Characters of JSON of a value of an unknown column; what is longer is left out, and it is said."""
UNDECODED = re.compile("[\udc80-\udcff]")
UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
ISO_DATE = re.compile(r"(\d{4})-\d\d(?:-\d\d)?(?!\d)")
COUNT = re.compile(r"(\d+(?:\.\d+)?)([KkMm]?)")
THOUSANDS = re.compile(r"(?<=\d)[, _\u00a0](?=\d{3})")
MOST_DIGITS = 40
SCALES = {"": 1, "k": 1_000, "m": 1_000_000}
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,8})?")
NOTED: dict[str, str] = {
    "year": f"is not between {EARLIEST_YEAR} and {LATEST_YEAR}",
    "release_date": "is no date such as 1994-04-19",
    "views": "is no number",
    "language": "is no code such as en",
}

Remark = Callable[[str], None]
"""Told what is to be said of a row."""


def draft_row(
    fields: Mapping[str, Any],
    dataset: str,
    number: int,
    remark: Remark = lambda _: None,
    extra: Any = None,
    *,
    is_typed: bool = False,
) -> TrackDraft:
    """One row as a song with its outcome. Never raises: what is wrong with the row is the outcome's reason.

    Args:
        fields: our fields, as the file has them.
        dataset: names the file in the store.
        number: of the row.
        remark: told what of the row was mended or left out.
        extra: what its other columns say, by their names.
        is_typed: see `FileRow`.
    """
    fields, raw = _read(fields, remark)
    no_name = NO_TYPED_NAME if is_typed else NO_NAME
    title, artist = (_name(fields.get(name), no_name) for name in ("title", "artist"))
    lyrics = _words(raw, title) if len(raw) <= MAX_CHARACTERS else ""
    outcome, reason = _judge(fields, title, artist, raw, lyrics)
    read = _values(fields, remark)
    released = read["release_date"]
    source_id = f"{dataset}:{_field(fields.get('id')) or _identity(title, artist, fields)}"
    url = _field(fields.get("url"))[:500]
    song = Song(
        source_id=source_id,
        title=title[:500] or "(no title)",
        url=url,
        credits=_credits(artist, fields),
        album=_field(fields.get("album")) or None,
        released_on=released,
        year=read["year"] or (released.year if released else None),
        language=read["language"],
        page_views=read["views"],
    )
    provenance = Provenance(
        "import", source_id, url or f"file:{dataset}#{number}", datetime.now(UTC), PARSER_VERSION, lyrics_digest(lyrics)
    )
    kept = lyrics if outcome is Outcome.STORED else ""
    return TrackDraft(song, outcome, provenance, kept, reason, extra=_extra(extra, fields.get("extra"), remark))


def unreadable_row(reason: str, dataset: str, number: int) -> TrackDraft:
    """A row that could not be read, as a song that failed."""
    source_id = f"{dataset}:row {number}"
    song = Song(source_id, f"(row {number:,})", "", ())
    provenance = Provenance("import", source_id, f"file:{dataset}#{number}", datetime.now(UTC), PARSER_VERSION, "")
    return TrackDraft(song, Outcome.FAILED, provenance, reason=reason)


def _read(fields: Mapping[str, Any], remark: Remark) -> tuple[dict[str, Any], str]:
    """The fields with their texts mended where they were read in a wrong encoding, and the words as a text."""
    given = as_text(fields.get("lyrics"))
    raw = mend(given)
    mended = dict(fields)
    for name, value in fields.items():
        if isinstance(value, str) and name != "lyrics" and not value.isascii():
            mended[name] = mend(value, is_likely=raw != given)
    if raw != given or any(mended[name] != fields[name] for name in mended if name != "lyrics"):
        remark("mended: it was read in a wrong encoding before it came here")
    return mended, raw


def _words(raw: str, title: str) -> str:
    """The words of the song and nothing else."""
    plain = without_markup(clean_transcription(raw)) if has_markup(raw) else raw
    return song_words(plain, title)


def _judge(fields: Mapping[str, Any], title: str, artist: str, raw: str, lyrics: str) -> tuple[Outcome, str]:
    """What becomes of a row, and why where it is no song."""
    if fault := _fault(fields, title, artist, raw):
        return Outcome.FAILED, fault
    if is_nothing(lyrics):
        return Outcome.MISSING, ""
    told = Outcome.NOT_A_SONG if is_no_song(title) else placeholder(lyrics)
    if told is None and not any(map(str.isalnum, lyrics)):
        return Outcome.FAILED, "the lyrics have no words"
    return told or Outcome.STORED, ""


def _fault(fields: Mapping[str, Any], title: str, artist: str, raw: str) -> str:
    """Why a row cannot be taken; empty when it can."""
    if len(raw) > MAX_CHARACTERS:
        return f"the lyrics have {len(raw):,} characters, more than any song ({MAX_CHARACTERS:,})"
    if len(raw) == SPREADSHEET_CELL:
        return f"the lyrics end after {SPREADSHEET_CELL:,} characters, where Excel cuts a cell off"
    for name, value in (("title", title), ("artist", artist)):
        if not value:
            said = str(fields.get(name) or "").strip()[:20]
            return f"no {name}" + (f": the file says {said!r}" if said else "")
    if any(map(_holds_bytes, (raw, str(fields.get("title")), str(fields.get("artist"))))):
        return "it holds bytes that are no text in the encoding that the file was read in (--encoding sets another)"
    return ""


def _holds_bytes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return UNDECODED.search(text) is not None
    return False


def _credits(artist: str, fields: Mapping[str, Any]) -> tuple[Credit, ...]:
    """The artist, or those whom a list names as such, and the guests; none of them twice."""
    primary = _names(fields.get("primary_artists")) or [artist or "(no artist)"]
    credited = {name.casefold() for name in primary}
    guests = [name for name in _names(fields.get("features")) if name.casefold() not in credited]
    return (
        *(Credit(ArtistRef(name[:300]), Role.PRIMARY) for name in primary),
        *(Credit(ArtistRef(name[:300]), Role.FEATURED) for name in guests),
    )


def _names(value: Any) -> list[str]:
    return [name for given in parse_names(value) if (name := _text(given))] if value else []


def _name(value: Any, no_name: Collection[str]) -> str:
    """A title or a name; empty where a program wrote that there is none."""
    text = _text(value)
    return "" if text in no_name else text


def _field(value: Any) -> str:
    """What a column says; empty where it says that there is nothing."""
    text = _text(value)
    return "" if is_nothing(text) else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # a column of numbers with gaps
        value = int(value)
    text = str(value)
    if has_markup(text):
        text = without_markup(" ".join(text.split()))
    elif text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(clean_transcription(text).split())


def _year(value: Any) -> int | None:
    if isinstance(value, date):
        return value.year
    dated = ISO_DATE.match(str(value).strip())
    number = int(dated[1]) if dated else _count(value)
    return number if number is not None and EARLIEST_YEAR <= number <= LATEST_YEAR else None


def _count(value: Any) -> int | None:
    """A number, also as pages write it: 1,200 or 1.2M."""
    found = COUNT.fullmatch(THOUSANDS.sub("", str(value).strip()[:MOST_DIGITS]))
    number = int(float(found[1]) * SCALES[found[2].lower()]) if found else -1
    return number if 0 <= number < 2**62 else None


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None


def _language(value: Any) -> str | None:
    code = _text(value).lower().replace("_", "-")
    return code.partition("-")[0] if LANGUAGE.fullmatch(code) and not is_nothing(code) else None


READ: dict[str, Callable[[Any], Any]] = {
    "year": _year,
    "release_date": _date,
    "views": _count,
    "language": _language,
}


def _values(fields: Mapping[str, Any], remark: Remark) -> dict[str, Any]:
    """What is no plain text, each value as its kind; one that is none is left out, and that is said."""
    values: dict[str, Any] = dict.fromkeys(READ)
    for name, read in READ.items():
        given = fields.get(name)
        if given is None or given == "":
            continue
        values[name] = read(given)
        if values[name] is None and not is_nothing(str(given)):
            remark(f"{name.replace('_', ' ')} {_text(given)[:20]!r} {NOTED[name]}: left out")
    return values


def _extra(others: Mapping[str, Any] | None, given: Any, remark: Remark) -> dict[str, Any] | None:
    """What other columns say, JSON-ready; `given` is what an export of ours says under `extra`."""
    read = read_literal(given) if isinstance(given, str) and given else given
    extra = dict(read) if isinstance(read, dict) else {}
    for name, value in (others or {}).items():
        if isinstance(value, str):
            if not is_nothing(value):
                extra[name] = _clean(value) if len(value) <= MOST_EXTRA else None
        elif value is not None:
            extra[name] = _jsonable(value)
        if name in extra and extra[name] is None:
            del extra[name]
            remark(f"column {name!r} is longer than {MOST_EXTRA:,} characters or no JSON: left out")
    return extra or None


def _clean(text: str) -> str:
    return UNCLEAN.sub("", text)


def _jsonable(value: Any) -> Any:
    """The value as JSON can hold it; None where it cannot, or it is too long."""
    if isinstance(value, bool | int):
        return value
    try:
        written = json.dumps(value, default=str, allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return None
    return json.loads(_clean(written.replace("\\u0000", ""))) if len(written) <= MOST_EXTRA else None


def _identity(title: str, artist: str, fields: Mapping[str, Any]) -> str:
    """Stands in for an id: the same title, artist, album and year are the same song."""
    parts = (title, artist, _field(fields.get("album")), _field(fields.get("year")))
    return hashlib.sha256("\x1f".join(parts).lower().encode()).hexdigest()[:24]
