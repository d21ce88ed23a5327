"""`rap import` and `rap embed`: songs from a file, and passages for search by meaning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.track import Outcome

if TYPE_CHECKING:
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.track import Account
    from rap_analyzer.wiring import Services


def import_(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines or Parquet.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=COLUMN, such as title=Song; again for each.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="What the file is called in the store. [default: its name]")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only rows with this in their 'tag' column, such as rap.")] = None,
) -> None:
    """Import songs from a file, streaming. Knows the columns of the public Genius dump."""
    from rap_analyzer.cli.console import run

    run(_import(file, _parse_mapping(mapping or []), dataset or file.stem, tag))


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


async def _import(file: Path, mapping: dict[str, str], dataset: str, tag: str | None) -> None:
    from rap_analyzer.adapters.song_files import SongFile
    from rap_analyzer.cli.console import Bars, out, print_account
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.pipeline.importing import import_rows, plan_import
    from rap_analyzer.wiring.collecting import check_modes_apart

    songs = SongFile(file)
    plan = plan_import(dataset, songs.header, mapping, tag)
    async with opened_services() as services:
        await check_modes_apart(services, is_demo=False)
        with Bars() as bars:
            account = await import_rows(songs.rows(), plan, services.tracks, bars)
        print_account(account)
        _check_imported(account, file)
        out.print("Next: rap analyze, then rap embed")


def _check_imported(account: Account, file: Path) -> None:
    """A few bad rows harm no other; a file with nothing but such is the wrong file."""
    if not account.found:
        raise InputError(f"{file} has no songs to import: there is no row below its header, or none with that tag.")
    if account.counts[Outcome.FAILED] == account.found:
        reason = next(iter(account.reasons), "see above")
        raise InputError(f"No row of {file} could be imported: {reason}.")


async def _embed() -> None:
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            done = await embed_with(services, bars)
        out.print(f"{counted(done, 'track')} embedded")


async def embed_with(services: Services, bars: Bars) -> int:
    """The embed step, on open services; fetches the model on first use."""
    import asyncio

    from rap_analyzer.cli.console import err
    from rap_analyzer.pipeline.embed import embed as embed_tracks
    from rap_analyzer.wiring import model_files

    await asyncio.to_thread(model_files(services.settings).fetch, err.print)
    return await embed_tracks(services.passages, services.embedder, bars)
