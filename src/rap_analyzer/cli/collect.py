"""`rap scrape`, `rap enrich` and `rap run`: songs from the services into the store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.errors import InputError, SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.frontier import Budget, Scope
    from rap_analyzer.pipeline.enrich import EnrichReport
    from rap_analyzer.pipeline.scrape import Scraper, ScrapeReport
    from rap_analyzer.wiring import Services

Artists = Annotated[list[str] | None, typer.Argument(help="Names of artists, as Genius writes them.")]
MaxSongs = Annotated[int | None, typer.Option(min=1, help="Most songs of each artist, the most popular first.")]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Read the lists anew, and songs again whose words have changed since.")
]
MaxRequests = Annotated[int | None, typer.Option(min=1, help="End after so many requests; the same command goes on.")]
Until = Annotated[str | None, typer.Option(help="End at this time of day, such as 07:00; the same command goes on.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read the lists only, and say what the songs will take.")]
FromFile = Annotated[
    Path | None, typer.Option(help="JSON: a list of names, or {'artists': […]}; any other file: a name a line.")
]


def scrape(
    artists: Artists = None,
    max_songs: MaxSongs = None,
    from_file: FromFile = None,
    refresh: Refresh = False,
    max_requests: MaxRequests = None,
    until: Until = None,
    dry_run: DryRun = False,
) -> None:
    """Collect artists' songs from Genius. Stop it at any time: the same command goes on; any number can run at once."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.frontier import Budget, Scope

    names = artist_names(artists, from_file)
    scope, budget = Scope(max_songs, refresh), Budget(max_requests, next_time(until) if until else None)
    run(_plan(names, scope, budget) if dry_run else _scrape(names, scope, budget))


def enrich() -> None:
    """Ask Spotify about the tracks that it has not been asked about."""
    from rap_analyzer.cli.console import run

    run(_enrich())


def run_all(artists: Artists = None, max_songs: MaxSongs = None, from_file: FromFile = None) -> None:
    """All steps for these artists: scrape, enrich, analyze, embed."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.frontier import Scope

    names = artist_names(artists, from_file)
    run(_run(names, Scope(max_songs)))


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


def next_time(text: str) -> datetime:
    """The next moment at which a clock here shows this time.

    Raises:
        InputError: it is no time of day.
    """
    try:
        hours = time.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise InputError(f"--until {text!r} is no time of day: write one such as 07:00 or 23:30.") from error
    now = datetime.now().astimezone()
    today = datetime.combine(now.date(), hours).astimezone()
    return today if today > now else datetime.combine(now.date() + timedelta(days=1), hours).astimezone()


async def _scrape(names: list[str], scope: Scope, budget: Budget) -> None:
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            report = await scrape_with(services, names, scope, bars, budget)
        finish_scrape(report)


async def _plan(names: list[str], scope: Scope, budget: Budget) -> None:
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            async with opened_scraper(services) as scraper:
                report = await scraper.plan(names, bars, scope, budget)
        out.print(estimate(report, services.settings.genius_rate))
        _tell_problems(report)


def estimate(report: ScrapeReport, rate: str) -> str:
    """What is still to be visited, and how long it takes at a rate such as `60/minute`."""
    from rap_analyzer.domain.frontier import REQUESTS_A_SONG
    from rap_analyzer.domain.pacing import parse_rate

    requests = REQUESTS_A_SONG * report.left
    seconds = round(requests * parse_rate("genius", rate).spacing_s)
    hours, minutes = divmod(-(-seconds // 60), 60)
    lasting = f"{hours:,} h {minutes} min" if hours else f"{minutes} min" if seconds > 60 else f"{seconds} s"  # noqa: PLR2004
    return f"{report.left:,} songs to visit: about {requests:,} requests, {lasting} at the allowed rate ({rate})."


@asynccontextmanager
async def opened_scraper(services: Services) -> AsyncIterator[Scraper]:
    """A scraper on open services.

    Raises:
        ConfigError: the store holds demo songs and the source is real, or the other way round; or there is no token.
    """
    from rap_analyzer.adapters.postgres.frontier import open_frontier
    from rap_analyzer.cli.opening import check_modes_apart
    from rap_analyzer.pipeline.scrape import Scraper
    from rap_analyzer.wiring import open_genius

    await check_modes_apart(services, is_demo=services.label == "demo")
    async with (
        open_genius(services) as source,
        open_frontier(services.database, services.label) as frontier,
    ):
        yield Scraper(source, services.tracks, frontier, services.label)


async def scrape_with(
    services: Services, names: list[str], scope: Scope, bars: Bars, budget: Budget | None = None
) -> ScrapeReport:
    """The scrape step, on open services.

    Raises:
        ConfigError: as `opened_scraper`.
    """
    async with opened_scraper(services) as scraper:
        return await scraper.scrape(names, bars, scope, budget)


def finish_scrape(report: ScrapeReport) -> None:
    """Print the account, and what went wrong with whole artists.

    Raises:
        SourceError: the source made us stop early, or something is wrong with an artist; of several the last.
    """
    from rap_analyzer.cli.console import out, print_account

    print_account(report.account)
    if report.ended:
        songs = "listed song is" if report.left == 1 else "listed songs are"
        left = f"{report.left:,} {songs} left" if report.left else "more may be left"
        out.print(f"{report.ended}; {left}. The same command goes on from here.")
    _tell_problems(report)


def _tell_problems(report: ScrapeReport) -> None:
    from rap_analyzer.cli.console import err

    *others, last = report.problems.values() or [None]
    for problem in others:
        err.print(f"Error: {problem}", style="red", markup=False)
    if report.stopped:
        raise SourceError(report.stopped)
    if last:
        raise last


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

    async with open_spotify(services) as source:
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


async def _run(names: list[str], scope: Scope) -> None:
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.corpus import analyze_with, embed_with
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            report = await scrape_with(services, names, scope, bars)
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
