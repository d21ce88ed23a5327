"""`rap scrape`, `rap enrich` and `rap run`: songs from the services into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.errors import InputError, SourceError

if TYPE_CHECKING:
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.pipeline.enrich import EnrichReport
    from rap_analyzer.pipeline.scrape import ScrapeReport
    from rap_analyzer.wiring import Services

Artists = Annotated[list[str] | None, typer.Argument(help="Names of artists, as Genius writes them.")]
MaxSongs = Annotated[int | None, typer.Option(min=1, help="Most songs of each artist, the most popular first.")]
FromFile = Annotated[
    Path | None, typer.Option(help="JSON: a list of names, or {'artists': […]}; any other file: a name a line.")
]


def scrape(artists: Artists = None, max_songs: MaxSongs = None, from_file: FromFile = None) -> None:
    """Collect artists' songs from Genius. Stop it at any time: the same command goes on."""
    from rap_analyzer.cli.console import run

    names = artist_names(artists, from_file)
    run(_scrape(names, max_songs))


def enrich() -> None:
    """Ask Spotify about the tracks that it has not been asked about."""
    from rap_analyzer.cli.console import run

    run(_enrich())


def run_all(artists: Artists = None, max_songs: MaxSongs = None, from_file: FromFile = None) -> None:
    """All steps for these artists: scrape, enrich, analyze, embed."""
    from rap_analyzer.cli.console import run

    names = artist_names(artists, from_file)
    run(_run(names, max_songs))


def artist_names(given: list[str] | None, file: Path | None) -> list[str]:
    """Names from the arguments and the file, each once, in order.

    Raises:
        InputError: the file cannot be read, or nobody is named.
    """
    names = list(given or [])
    if file is not None:
        names += _names_in(file)
    cleaned = dict.fromkeys(name for raw in names if (name := " ".join(raw.split())))
    if not cleaned:
        raise InputError(
            "Name an artist, such as: rap scrape 'Name of the Artist'; or a file of names with --from-file."
        )
    return list(cleaned)


def _names_in(file: Path) -> list[str]:
    import json

    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}.") from error
    if file.suffix.lower() != ".json":
        return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}, line {error.lineno}: {error.msg}.") from error
    except RecursionError as error:
        raise InputError(f"{file} is no JSON list of names: it is nested too deep.") from error
    listed = content.get("artists") if isinstance(content, dict) else content
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise InputError(f"{file} must be a JSON list of names, or an object with such a list under 'artists'.")
    return listed


async def _scrape(names: list[str], max_songs: int | None) -> None:
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            report = await scrape_with(services, names, max_songs, bars)
        finish_scrape(report)


async def scrape_with(services: Services, names: list[str], max_songs: int | None, bars: Bars) -> ScrapeReport:
    """The scrape step, on open services.

    Raises:
        ConfigError: the store holds demo songs and the source is real, or the other way round.
    """
    from rap_analyzer.cli.opening import check_modes_apart
    from rap_analyzer.pipeline.scrape import Scraper
    from rap_analyzer.wiring import open_genius

    await check_modes_apart(services, is_demo=services.label == "demo")
    async with open_genius(services.settings) as source:
        return await Scraper(source, services.tracks, services.label).scrape(names, bars, max_songs)


def finish_scrape(report: ScrapeReport) -> None:
    """Print the account.

    Raises:
        SourceError: the source made us stop early.
    """
    from rap_analyzer.cli.console import print_account

    print_account(report.account)
    if report.stopped:
        raise SourceError(report.stopped)


async def _enrich() -> None:
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            report = await enrich_with(services, bars)
        print_enrichment(report)


async def enrich_with(services: Services, bars: Bars) -> EnrichReport:
    """The enrich step, on open services."""
    from rap_analyzer.pipeline.enrich import enrich as enrich_tracks
    from rap_analyzer.wiring import open_spotify

    async with open_spotify(services.settings) as source:
        return await enrich_tracks(services.enrichments, source, bars)


def print_enrichment(report: EnrichReport) -> None:
    """How the tracks were matched.

    Raises:
        SourceError: the service made us stop early.
    """
    from rap_analyzer.cli.console import out
    from rap_analyzer.domain.enrichment import MatchMethod

    total = sum(report.methods.values())
    by = ", ".join(
        f"{report.methods[m]} by {m}" for m in MatchMethod if report.methods[m] and m is not MatchMethod.NONE
    )
    out.print(
        f"{total} asked = {total - report.methods[MatchMethod.NONE]} matched{f' ({by})' if by else ''} "
        f"+ {report.methods[MatchMethod.NONE]} unmatched; {report.with_audio} with audio features"
    )
    if report.stopped:
        raise SourceError(report.stopped)


async def _run(names: list[str], max_songs: int | None) -> None:
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.corpus import analyze_with, embed_with
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            report = await scrape_with(services, names, max_songs, bars)
            enriched = None
            if services.settings.spotify_client_id:
                enriched = await enrich_with(services, bars)
            statuses = await analyze_with(services, None, bars)
            embedded = await embed_with(services, bars)
        if enriched is None:
            out.print("enrich: left out, since SPOTIFY_CLIENT_ID is not set")
        else:
            print_enrichment(enriched)
        out.print(f"{statuses}; {embedded:,} tracks embedded")
        finish_scrape(report)
