"""`rap export`: tracks out of the store, without their words unless they are asked for."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.adapters.postgres.exporting import Wanted


class Format(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    TEXT = "text"


def export(
    file: Annotated[
        Path | None, typer.Argument(help="Ends in .jsonl, .json, .csv or .txt; standard output if not given.")
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="How it is written. [default: by the file's name, else jsonl]")
    ] = None,
    artist: Annotated[str | None, typer.Option(help="Only this artist, also as a guest.")] = None,
    album: Annotated[str | None, typer.Option(help="Only this album.")] = None,
    year: Annotated[str | None, typer.Option(help="A year or a range, such as 1994 or 1990-1999.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO code, such as en.")] = None,
    with_lyrics: Annotated[
        bool, typer.Option("--with-lyrics", help="The words too: they belong to those who wrote them.")
    ] = False,
) -> None:
    """Write tracks with metadata and analyses to a file; lyrics stay here unless you ask for them."""
    from rap_analyzer.adapters.postgres.exporting import Wanted
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.selection import parse_years

    form = form or _format_of(file)
    if form is Format.TEXT and not with_lyrics:
        raise InputError("Text is nothing but lyrics: add --with-lyrics, or choose --format csv, json or jsonl.")
    if file is not None and file.exists():
        raise InputError(f"{file} is there already: choose another name, or remove it first.")
    first, last = parse_years(year)
    run(_export(file, form, Wanted(artist, album, first, last, language), with_lyrics=with_lyrics))


def _format_of(file: Path | None) -> Format:
    from rap_analyzer.adapters.song_writers import ENDINGS

    if file is None:
        return Format.JSONL
    if file.suffix.lower() not in ENDINGS:
        raise InputError(f"{file}: a name ends in {', '.join(ENDINGS)}; or say what you want with --format.")
    return Format(ENDINGS[file.suffix.lower()])


async def _export(file: Path | None, form: Format, wanted: Wanted, *, with_lyrics: bool) -> None:
    from rap_analyzer.adapters.postgres.exporting import ExportStore
    from rap_analyzer.adapters.song_writers import WRITERS
    from rap_analyzer.cli.console import Bars, err
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        store = ExportStore(services.database, wanted, with_lyrics=with_lyrics)
        total = await store.count()
        if not total:
            raise NotFound("No track here is like that: `rap search` shows what there is.")
        measures = await store.measures() if form is Format.CSV else []
        with _opened(file) as target, Bars() as bars:
            writer = WRITERS[form](target, measures, with_lyrics)
            bars.start("exporting tracks", total)
            async for track in store.tracks():
                writer.write(track)
                bars.advance(now=f"{track['artist']}: {track['title']}")
            writer.finish()
            bars.finish()
    err.print(f"{counted(total, 'track')} in {file or 'standard output'}{_about_words(with_lyrics)}", markup=False)


def _about_words(with_lyrics: bool) -> str:
    if with_lyrics:
        return ". The words belong to those who wrote them: do not pass them on without their leave."
    return ", without their words (--with-lyrics adds them)."


@contextmanager
def _opened(file: Path | None) -> Iterator[TextIO]:
    """The file to write to: it gets its name when it is whole, so that half of one is never taken for all."""
    if file is None:
        yield sys.stdout
        return
    part = file.with_name(file.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as target:
            yield target
        part.rename(file)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
