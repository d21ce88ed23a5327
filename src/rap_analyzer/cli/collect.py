"""`rap scrape` and `rap run`: songs from the services into the store."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import ConfigError, InputError, SourceError
from rap_analyzer.domain.selection import Sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.frontier import Budget, Scope, Wish
    from rap_analyzer.pipeline.tally import ScrapeReport
    from rap_analyzer.wiring import Services

Artists = Annotated[
    list[str] | None, typer.Argument(help="Names of artists, as Genius writes them, or addresses of its pages.")
]
Songs = Annotated[list[str] | None, typer.Option("--song", help="Only this song, of the artist if one is named.")]
Albums = Annotated[list[str] | None, typer.Option("--album", help="Only this album, of the artist if one is named.")]
Ids = Annotated[list[int] | None, typer.Option("--id", min=1, help="The song with this number at Genius.")]
ArtistIds = Annotated[
    list[int] | None, typer.Option("--artist-id", min=1, help="The artist with this number at Genius.")
]
MaxSongs = Annotated[int | None, typer.Option(min=1, help="Most songs of each list, the first in its order.")]
Order = Annotated[Sort, typer.Option("--sort", help="Which songs come first where only some are wanted.")]
Features = Annotated[
    bool, typer.Option("--features/--no-features", help="Also songs on which the artist is only a guest.")
]
Exclude = Annotated[list[str] | None, typer.Option(help="Leave out songs with this word in their title.")]
Languages = Annotated[list[str] | None, typer.Option("--language", help="Only songs in this language, such as en.")]
Year = Annotated[str | None, typer.Option(help="Only songs of a year or a range: 1994, 1990-1999, 1990- or -1999.")]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Read the lists anew, and songs again that have changed, or had no words.")
]
MaxRequests = Annotated[int | None, typer.Option(min=1, help="End after so many requests; the same command goes on.")]
Until = Annotated[str | None, typer.Option(help="End at this time of day, such as 07:00; the same command goes on.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read the lists only, and say what the songs will take.")]
Reparse = Annotated[
    bool, typer.Option("--reparse", help="Read kept pages again, whose shape was unknown, and ask Genius for nothing.")
]
FromFile = Annotated[
    Path | None, typer.Option(help="JSON: a list of names, or {'artists': […]}; any other file: a name a line.")
]

COMMENT = re.compile(r"(?:^|\s)#.*")
"""What a line of a file of names ends in, after a sign that is no part of a name."""


def scrape(
    artists: Artists = None,
    song: Songs = None,
    album: Albums = None,
    song_id: Ids = None,
    artist_id: ArtistIds = None,
    from_file: FromFile = None,
    max_songs: MaxSongs = None,
    sort: Order = Sort.POPULARITY,
    features: Features = True,
    exclude: Exclude = None,
    language: Languages = None,
    year: Year = None,
    refresh: Refresh = False,
    max_requests: MaxRequests = None,
    until: Until = None,
    dry_run: DryRun = False,
    reparse: Reparse = False,
) -> None:
    """Collect artists' songs from Genius. Stop it at any time: the same command goes on; any number can run at once."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.frontier import Budget, Scope
    from rap_analyzer.domain.selection import Selection, parse_languages, parse_years

    if reparse:
        if artists or song or album or song_id or artist_id or from_file:
            raise InputError("--reparse reads all pages that were kept and takes no artists: leave them out.")
        run(_reparse())
        return
    wishes = wishes_of(artists or [], song or [], album or [], song_id or [], from_file, artist_id or ())
    selection = Selection(
        max_songs,
        sort,
        features,
        tuple(term for raw in exclude or () if (term := raw.strip())),
        parse_languages(language or ()),
        parse_years(year),
    )
    scope, budget = Scope(selection, refresh), Budget(max_requests, next_time(until) if until else None)
    run(_plan(wishes, scope, budget) if dry_run else _scrape(wishes, scope, budget))


def run_all(
    artists: Artists = None,
    artist_id: ArtistIds = None,
    max_songs: MaxSongs = None,
    from_file: FromFile = None,
) -> None:
    """All steps for these artists: scrape, enrich, analyze, embed."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.frontier import Scope
    from rap_analyzer.domain.selection import Selection

    wishes = wishes_of(artists or [], [], [], [], from_file, artist_id or ())
    run(_run(wishes, Scope(Selection(max_songs))))


def wishes_of(
    artists: list[str],
    songs: list[str],
    albums: list[str],
    ids: list[int],
    file: Path | None,
    artist_ids: Sequence[int] = (),
) -> list[Wish]:
    """What a command line asks for. Where songs or albums are named, the artist is the one whose they are.

    Raises:
        InputError: nothing is asked for, or songs and albums are named with several artists or a file.
    """
    from rap_analyzer.adapters.genius_lists import check_url
    from rap_analyzer.domain.frontier import Wish, WishKind

    addresses = [name for name in artists if "://" in name]
    for address in addresses:
        check_url(address)
    wishes = [Wish(WishKind.URL, address) for address in addresses]
    wishes += [Wish(WishKind.ID, str(number)) for number in ids]
    wishes += [Wish(WishKind.ARTIST_ID, str(number)) for number in artist_ids]
    names = [name for name in artists if name not in addresses]
    if songs or albums:
        if len(names) > 1 or file:
            raise InputError("--song and --album go with one artist at most: name the one whose they are.")
        artist = " ".join(names)
        wishes += [Wish(WishKind.SONG, title, artist) for title in songs]
        wishes += [Wish(WishKind.ALBUM, title, artist) for title in albums]
    elif names or file or not wishes:
        wishes += [Wish(WishKind.ARTIST, name) for name in artist_names(names, file)]
    return wishes


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
        return [name for line in text.splitlines() if (name := COMMENT.sub("", line).strip())]
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


async def _scrape(wishes: list[Wish], scope: Scope, budget: Budget) -> None:
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            report = await scrape_with(services, wishes, scope, bars, budget)
        finish_scrape(report)


async def _reparse() -> None:
    from rap_analyzer.adapters.genius import try_page
    from rap_analyzer.adapters.genius_page import PARSER_VERSION
    from rap_analyzer.adapters.postgres.kept_pages import KeptPages
    from rap_analyzer.cli.console import Bars, out, print_account
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.pipeline.reparse import reparse

    async with opened_services() as services:
        kept = KeptPages(services.database, services.label)
        await kept.drop_old()
        if not await kept.count():
            out.print("No page is kept: `rap scrape` keeps those whose shape is new, for 90 days.")
            return
        with Bars() as bars:
            account = await reparse(
                kept, services.tracks, services.pool, try_page, services.label, PARSER_VERSION, bars
            )
        print_account(account)


async def _plan(wishes: list[Wish], scope: Scope, budget: Budget) -> None:
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.wiring.collecting import open_scraper

    async with opened_services() as services:
        with Bars() as bars:
            async with open_scraper(services) as scraper:
                report = await scraper.plan(wishes, bars, scope, budget)
        out.print(estimate(report, services.settings.genius_rate))
        _tell_of_others(report)
        _tell_problems(report)


def estimate(report: ScrapeReport, rate: str) -> str:
    """What is still to be visited, and how long it takes at a rate such as `60/minute`."""
    from rap_analyzer.domain.frontier import REQUESTS_A_SONG
    from rap_analyzer.domain.pacing import parse_rate

    requests = REQUESTS_A_SONG * report.left
    seconds = round(requests * parse_rate("genius", rate).spacing_s)
    hours, minutes = divmod(-(-seconds // 60), 60)
    lasting = f"{hours:,} h {minutes} min" if hours else f"{minutes} min" if seconds > 60 else f"{seconds} s"  # noqa: PLR2004
    visits = f"{counted(report.left, 'song')} to visit: about {counted(requests, 'request')}"
    return f"{visits}, {lasting} at the allowed rate ({rate})."


async def scrape_with(
    services: Services, wishes: Sequence[str | Wish], scope: Scope, bars: Bars, budget: Budget | None = None
) -> ScrapeReport:
    """The scrape step, on open services.

    Raises:
        ConfigError: as `open_scraper`.
    """
    from rap_analyzer.wiring.collecting import open_scraper

    async with open_scraper(services) as scraper:
        return await scraper.scrape(wishes, bars, scope, budget)


def finish_scrape(report: ScrapeReport) -> None:
    """Print the account, and what went wrong with whole artists.

    Raises:
        SourceError: the source made us stop early, or something is wrong with an artist; of several the last.
    """
    from rap_analyzer.cli.console import out, print_account

    print_account(report.account)
    _tell_of_others(report)
    if report.kept:
        pages = "page has a new shape and is" if report.kept == 1 else "pages have a new shape and are"
        out.print(f"{report.kept:,} {pages} kept for 90 days: `rap scrape --reparse` reads them after an upgrade.")
    if report.remark:
        out.print(f"{report.remark}.", markup=False)
    if report.ended:
        songs = "listed song is" if report.left == 1 else "listed songs are"
        left = f"{report.left:,} {songs} left" if report.left else "more may be left"
        out.print(f"{report.ended}; {left}. The same command goes on from here.")
    _tell_problems(report)


def _tell_of_others(report: ScrapeReport) -> None:
    """How many songs of the lists were not asked for, and why."""
    from rap_analyzer.cli.console import out

    if total := report.left_out.total():
        parts = [f"{count:,} {reason}" for reason, count in report.left_out.most_common()]
        out.print(f"{total:,} other{' is' if total == 1 else 's are'} left out: {', '.join(parts)}", markup=False)
    if report.next_at:
        songs = "song that had no words lately is" if report.resting == 1 else "songs that had no words lately are"
        when = f"{report.next_at.astimezone():%-d %b %H:%M}"
        out.print(
            f"{report.resting:,} {songs} not asked for again before {when}; `rap scrape --refresh` asks now.",
            markup=False,
        )


def _tell_problems(report: ScrapeReport) -> None:
    from rap_analyzer.cli.console import err

    *others, last = report.problems.values() or [None]
    for problem in others:
        err.print(f"Error: {problem}", style="red", markup=False)
    if report.stopped:
        raise SourceError(report.stopped)
    if last:
        raise last


async def _run(wishes: list[Wish], scope: Scope) -> None:
    from rap_analyzer.cli.analyzing import analyze_with, link_with
    from rap_analyzer.cli.console import Bars, out
    from rap_analyzer.cli.corpus import embed_with
    from rap_analyzer.cli.enriching import enrich_with, print_enrichment
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            report = await scrape_with(services, wishes, scope, bars)
            try:
                enriched = await enrich_with(services, bars)
            except ConfigError as error:  # what is collected is worth analysing all the same
                enriched = []
                out.print(f"enrich: left out. {error}", markup=False)
            versions = await link_with(services, bars)
            statuses = await analyze_with(services, None, bars)
            embedded = await embed_with(services, bars)
        out.print(f"{versions}\n{statuses.text}\n{embedded}", markup=False)
        try:
            print_enrichment(enriched)
        finally:
            finish_scrape(report)
