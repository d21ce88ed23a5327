"""`rap list`: the tracks and artists of the corpus."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.listing import ArtistOrder, ArtistRow, ListPage, ListQuery, TrackOrder, TrackRow
from rap_analyzer.domain.search import Filters
from rap_analyzer.domain.selection import parse_years

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rap_analyzer.ports import CorpusLists

app = typer.Typer(help="List the tracks or the artists of the corpus.", no_args_is_help=True)

Year = Annotated[str | None, typer.Option(help="A year or a range, such as 1994 or 1990-1999.")]
Language = Annotated[str | None, typer.Option(help="Code or name, such as en or english.")]
Source = Annotated[str | None, typer.Option(help="Where tracks come from, such as genius.")]
Limit = Annotated[int, typer.Option(help="Rows of a page.")]
PageNumber = Annotated[int, typer.Option("--page", help="Which page.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("tracks")
def tracks(
    artist: Annotated[str | None, typer.Option(help="Only this artist's, guest appearances too.")] = None,
    year: Year = None,
    language: Language = None,
    source: Source = None,
    sort: Annotated[TrackOrder, typer.Option(help="What comes first.")] = TrackOrder.ARTIST,
    limit: Limit = 50,
    page: PageNumber = 1,
    as_json: Json = False,
) -> None:
    """List tracks: number, title, artist, year, language, source."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.pipeline.listing import list_tracks

    query = ListQuery(Filters(artist, *parse_years(year), language), source, sort, limit, page)
    run(_show("tracks", list_tracks, query, as_json=as_json))


@app.command("artists")
def artists(
    artist: Annotated[str | None, typer.Option(help="Only those with this in their name.")] = None,
    year: Year = None,
    language: Language = None,
    source: Source = None,
    sort: Annotated[ArtistOrder, typer.Option(help="What comes first.")] = ArtistOrder.TRACKS,
    limit: Limit = 50,
    page: PageNumber = 1,
    as_json: Json = False,
) -> None:
    """List artists: name, tracks of their own and as a guest, years."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.pipeline.listing import list_artists

    query = ListQuery(Filters(artist, *parse_years(year), language), source, sort, limit, page)
    run(_show("artists", list_artists, query, as_json=as_json))


async def _show(
    name: str, load: Callable[[CorpusLists, ListQuery], Awaitable[ListPage]], query: ListQuery, *, as_json: bool
) -> None:
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        found = await load(services.lists, query)
    if as_json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(found.to_json(name), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _print(name, found)


def _print(name: str, found: ListPage) -> None:
    from rap_analyzer.cli.console import err, out

    width = max((len(str(getattr(row, "track_id", 0))) for row in found.rows), default=0)
    for row in found.rows:
        line = _track_line(row, width) if isinstance(row, TrackRow) else _artist_line(row)
        out.print(line, markup=False)
    first, total = found.query.offset + 1, counted(found.total, name.removesuffix("s"))
    if not found.total:
        err.print(f"No {name} to list; fewer filters, or: rap demo, rap scrape, rap import.", markup=False)
    elif len(found.rows) < found.total:
        more = f"; more: --page {found.next_page}" if found.next_page else ""
        err.print(f"{first:,} to {first + len(found.rows) - 1:,} of {total}{more}", style="dim", markup=False)
    else:
        err.print(total, style="dim", markup=False)


def _track_line(row: TrackRow, width: int) -> str:
    year = f", {row.year}" if row.year else ""
    origin = ", ".join(filter(None, [row.language, row.source]))
    return f"#{row.track_id:<{width}}  {row.title} by {row.artist}{year}  ({origin})"


def _artist_line(row: ArtistRow) -> str:
    guest = f", {row.features:,} as a guest" if row.features else ""
    span = f"{row.first_year}" if row.first_year == row.last_year else f"{row.first_year}–{row.last_year}"
    years = f", {span}" if row.first_year else ""
    return f"{row.name}: {counted(row.tracks, 'track')}{guest}{years}"
