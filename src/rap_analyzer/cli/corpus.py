"""`rap import` and `rap embed`: songs from a file, and passages for search by meaning."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.track import Outcome

if TYPE_CHECKING:
    from rap_analyzer.adapters.song_files import SongFile
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.track import Account
    from rap_analyzer.pipeline.importing import ImportPlan
    from rap_analyzer.wiring import Services

MOST_NAMED = 12
"""Columns without a field that are named."""


class FileFormat(StrEnum):
    """What a file is, where its name does not say it."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"
    XLSX = "xlsx"


def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, JSON, JSON lines, Parquet or Excel; .gz too; - is standard input.")
    ],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=COLUMN, such as title=Song; again for each.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="What the file is called in the store. [default: its name]")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only rows with this in their 'tag' column, such as rap.")] = None,
    form: Annotated[
        FileFormat | None, typer.Option("--format", help="What the file is. [default: by its name]")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Sign between the fields of a CSV, such as ';' or tab. [default: found]")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text, such as cp1252. [default: found]")] = None,
    copies: Annotated[
        bool, typer.Option("--copies", help="Store songs again that are stored already under another name.")
    ] = False,
) -> None:
    """Import songs from a file, streaming. Knows the columns of the public Genius dump and of lyricsgenius."""
    from rap_analyzer.adapters.song_files import SongFile, dataset_name
    from rap_analyzer.cli.console import run
    from rap_analyzer.pipeline.importing import plan_import

    songs = SongFile(file, form, delimiter, encoding)
    columns = _parse_mapping(mapping or [])
    plan = plan_import(dataset or dataset_name(file), songs.header, columns, tag, with_copies=copies)
    run(_import(songs, plan))


def embed() -> None:
    """Split lyrics into passages and embed them, so that they can be searched by meaning."""
    from rap_analyzer.cli.console import run

    run(_embed())


def _parse_mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not (field and sign and column):
            raise InputError(f"--map {pair!r} is not FIELD=COLUMN, such as --map title=Song.")
        mapping[field.strip().lower()] = column
    return mapping


async def _import(songs: SongFile, plan: ImportPlan) -> None:
    from rap_analyzer.cli.console import Bars, out, print_account
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.pipeline.importing import import_rows
    from rap_analyzer.wiring.collecting import check_modes_apart

    async with opened_services() as services:
        await check_modes_apart(services, is_demo=False)
        with Bars() as bars:
            account = await import_rows(songs.rows(), plan, services.tracks, bars)
        print_account(account)
        for note in filter(None, (songs.remark, _about_others(plan))):
            out.print(note, markup=False)
        _check_imported(account, songs.name)
        out.print("Next: rap analyze, then rap embed")


def _about_others(plan: ImportPlan) -> str:
    """Which columns have no field of their own."""
    if not plan.others:
        return ""
    shown = ", ".join(plan.others[:MOST_NAMED]) + (", …" if len(plan.others) > MOST_NAMED else "")
    columns = "column has" if len(plan.others) == 1 else "columns have"
    return f"{len(plan.others):,} {columns} no field of their own and are kept as extra: {shown}"


def _check_imported(account: Account, file: str) -> None:
    """A few bad rows harm no other; a file with nothing but such is the wrong file."""
    if not account.found:
        raise InputError(f"{file} has no songs to import: there is no row below its header, or none with that tag.")
    if account.counts[Outcome.FAILED] == account.found:
        reason = next(iter(account.reasons), "see above")
        raise InputError(
            f"No row of {file} could be imported: {reason}. If its fields or letters are read wrongly, --delimiter and "
            "--encoding say how."
        )


async def _embed() -> None:
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            done = await embed_with(services, bars)
        out.print(done, markup=False)


async def embed_with(services: Services, bars: Bars) -> str:
    """The embed step, on open services; fetches the model on first use. Returns lines that say what it came to."""
    import asyncio

    from rap_analyzer.cli.analyzing import failed_lines
    from rap_analyzer.cli.console import err
    from rap_analyzer.pipeline.embed import STEP
    from rap_analyzer.pipeline.embed import embed as embed_tracks
    from rap_analyzer.wiring import model_files

    await asyncio.to_thread(model_files(services.settings).fetch, err.print)
    done = await embed_tracks(services.passages, services.failures, services.embedder, bars)
    return "\n".join(
        [f"{counted(done, 'track')} embedded", *await failed_lines(services, {STEP: services.embedder.model})]
    )
