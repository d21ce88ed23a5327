"""`rap export`: tracks out of the store, without their words unless they are asked for."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError, NotFound
from rap_analyzer.domain.language_names import read_language

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from rap_analyzer.adapters.postgres.exporting import Wanted
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.data_card import DataCard


class Format(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    TEXT = "text"


def export(
    file: Annotated[
        Path | None, typer.Argument(help="Ends in .jsonl, .json, .csv, .parquet or .txt; standard output if not given.")
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="How it is written. [default: by the file's name, else jsonl]")
    ] = None,
    artist: Annotated[str | None, typer.Option(help="Only this artist, also as a guest.")] = None,
    album: Annotated[str | None, typer.Option(help="Only this album.")] = None,
    year: Annotated[str | None, typer.Option(help="A year or a range, such as 1994 or 1990-1999.")] = None,
    language: Annotated[str | None, typer.Option(help="Code or name, such as en or english.")] = None,
    with_lyrics: Annotated[
        bool, typer.Option("--with-lyrics", help="The words too: they belong to those who wrote them.")
    ] = False,
    data_card: Annotated[
        bool,
        typer.Option("--data-card", help="A page on what is in it, beside FILE; without FILE, or with a .md, alone."),
    ] = False,
) -> None:
    """Write tracks with metadata and analyses to a file; lyrics stay here unless you ask for them."""
    from rap_analyzer.adapters.postgres.exporting import Wanted
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.selection import parse_years

    first, last = parse_years(year)
    wanted = Wanted(artist, album, first, last, read_language(language))
    if data_card and (file is None or file.suffix.lower() == ".md"):
        _check_free(file)
        run(_write_card(file, wanted, with_lyrics=with_lyrics))
        return
    form = form or _format_of(file)
    if form is Format.TEXT and not with_lyrics:
        raise InputError("Text is nothing but lyrics: add --with-lyrics, or choose --format csv, json or jsonl.")
    if form is Format.PARQUET and file is None:
        raise InputError("Parquet is not for a terminal: name a FILE that ends in .parquet.")
    card = file.with_suffix(".card.md") if file and data_card else None
    _check_free(file, card)
    run(_export(file, form, wanted, card, with_lyrics=with_lyrics))


def _check_free(*files: Path | None) -> None:
    for file in files:
        if file is not None and file.exists():
            raise InputError(f"{file} is there already: choose another name, or remove it first.")


def _format_of(file: Path | None) -> Format:
    from rap_analyzer.adapters.song_writers import ENDINGS

    if file is None:
        return Format.JSONL
    if file.suffix.lower() not in ENDINGS:
        raise InputError(f"{file}: a name ends in {', '.join(ENDINGS)}; or say what you want with --format.")
    return Format(ENDINGS[file.suffix.lower()])


async def _export(file: Path | None, form: Format, wanted: Wanted, card: Path | None, *, with_lyrics: bool) -> None:
    from rap_analyzer.adapters.song_writers import BINARY, WRITERS
    from rap_analyzer.cli.console import err

    described = _card(wanted, with_lyrics=with_lyrics)
    async with _exported(wanted, with_lyrics=with_lyrics) as (total, tracks):
        with _opened(file, binary=form in BINARY) as target:
            writer = WRITERS[form](target, with_lyrics)
            async for track in tracks:
                writer.write(track)
                described.add(track)
            writer.finish()
    if card:
        with _opened(card) as page:
            page.write(described.markdown())
    beside = f"; what is in it: {card}" if card else ""
    err.print(
        f"{counted(total, 'track')} in {file or 'standard output'}{_about_words(with_lyrics)}{beside}", markup=False
    )


async def _write_card(file: Path | None, wanted: Wanted, *, with_lyrics: bool) -> None:
    described = _card(wanted, with_lyrics=with_lyrics)
    async with _exported(wanted, with_lyrics=False) as (_, tracks):
        async for track in tracks:
            described.add(track)
    with _opened(file) as page:
        page.write(described.markdown())


def _card(wanted: Wanted, *, with_lyrics: bool) -> DataCard:
    from rap_analyzer import __version__
    from rap_analyzer.domain.data_card import DataCard

    years = f"{wanted.year_from or ''}-{wanted.year_to or ''}".strip("-")
    asked = (("artist", wanted.artist), ("album", wanted.album), ("years", years), ("language", wanted.language))
    chosen = [(what, which) for what, which in asked if which]
    return DataCard(datetime.now(UTC), f"Rap Analyzer {__version__}", chosen, with_lyrics=with_lyrics)


@asynccontextmanager
async def _exported(wanted: Wanted, *, with_lyrics: bool) -> AsyncIterator[tuple[int, AsyncIterator[dict[str, Any]]]]:
    """The number of tracks that are wanted, and the tracks, with their progress shown.

    Raises:
        NotFound: there are none.
    """
    from rap_analyzer.adapters.postgres.exporting import ExportStore
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        store = ExportStore(services.database, wanted, with_lyrics=with_lyrics)
        total = await store.count()
        if not total:
            raise NotFound("No track here is like that: `rap search` shows what there is.")
        with Bars() as bars:
            bars.start("exporting tracks", total)
            yield total, _shown(store.tracks(), bars)
            bars.finish()


async def _shown(tracks: AsyncIterator[dict[str, Any]], bars: Bars) -> AsyncIterator[dict[str, Any]]:
    async for track in tracks:
        yield track
        bars.advance(now=f"{track['artist']}: {track['title']}")


def _about_words(with_lyrics: bool) -> str:
    if with_lyrics:
        return ". The words belong to those who wrote them: do not pass them on without their leave."
    return ", without their words (--with-lyrics adds them)."


@contextmanager
def _opened(file: Path | None, *, binary: bool = False) -> Iterator[Any]:
    """The file to write to: it gets its name when it is whole, so that half of one is never taken for all."""
    if file is None:
        yield sys.stdout
        return
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") if binary else part.open("w", encoding="utf-8", newline="") as target:
            yield target
        part.rename(file)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
