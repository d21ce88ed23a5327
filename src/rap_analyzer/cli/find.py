"""`rap search`, `rap similar` and `rap rhymes`: questions to the corpus, and to a text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.search import Answer, Filters, Hit, SimilarTrack
    from rap_analyzer.wiring import Services

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(help="Most hits, up to 100.")]


def search(
    query: Annotated[str, typer.Argument(help="What the song is about, or words in it.")],
    artist: Annotated[str | None, typer.Option(help="Only this artist.")] = None,
    year: Annotated[str | None, typer.Option(help="A year or a range, such as 1994 or 1990-1999.")] = None,
    language: Annotated[str | None, typer.Option(help="Code or name, such as en or english.")] = None,
    limit: Limit = 10,
    as_json: Json = False,
) -> None:
    """Search the corpus by meaning and by words."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.search import Filters
    from rap_analyzer.domain.selection import parse_years

    first, last = parse_years(year)
    run(_search(query, Filters(artist, first, last, language), limit, as_json=as_json))


def similar(
    track: Annotated[str, typer.Argument(help="A track's number or title.")], limit: Limit = 10, as_json: Json = False
) -> None:
    """Tracks that are about the same."""
    from rap_analyzer.cli.console import run

    run(_similar(track, limit, as_json=as_json))


def rhymes(
    file: Annotated[Path | None, typer.Argument(help="Lyrics; standard input if not given.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read {"id","lyrics"} lines, write chains as JSON lines.')
    ] = False,
    asked: Annotated[
        str | None, typer.Option("--for", metavar="TEXT", help="What rhymes with this word or bar's end.")
    ] = None,
    limit: Annotated[int, typer.Option(help="With --for: most answers of a kind, up to 100.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="With --for: print JSON.")] = False,
    markup: Annotated[
        bool, typer.Option("--markup", help="Mark what rhymes as {a:table}, by its chain, instead of by colour.")
    ] = False,
) -> None:
    """Show which syllables rhyme; or, with --for, what rhymes with a word or a bar's end."""
    if asked is not None and (file or jsonl):
        raise InputError("--for brings its own text: leave FILE and --jsonl out.")
    if markup and (jsonl or asked is not None):
        raise InputError("--markup is for the text of a song: leave --jsonl and --for out.")
    if asked is None and as_json:
        raise InputError("--json goes with --for; the chains of a text are written by --jsonl.")
    if asked is not None:
        from rap_analyzer.cli import near

        near.answer(asked, limit, as_json=as_json)
        return
    from rap_analyzer.cli import json_lines, rhyming

    if jsonl:
        json_lines.answer_lines(file, rhyming.answer_all)
    else:
        rhyming.show(file, markup=markup)


async def _search(query: str, filters: Filters, limit: int, *, as_json: bool) -> None:
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.domain.search import answer_json

    async with opened_services() as services:
        answer = await services.searcher.search(query, filters, limit)
        if as_json:
            _print_json(answer_json(answer))
        else:
            await _print_answer(services, answer)


async def _print_answer(services: Services, answer: Answer) -> None:
    from rap_analyzer.cli.console import err, out

    if answer.notice:
        err.print(answer.notice, style="yellow", markup=False)
    if not answer.hits:
        tracks = (await services.pages.load_overview()).get("tracks", 0)
        hint = "try other words or fewer filters" if tracks else "the corpus is empty: rap demo fills it, or rap scrape"
        out.print(f"Nothing found in {counted(tracks, 'track')}; {hint}.")
    for place, hit in enumerate(answer.hits, start=1):
        out.print(_hit_text(place, hit))
    if any(hit.source == "demo" for hit in answer.hits):
        out.print("These are the demo's invented songs.", style="dim")


def _hit_text(place: int, hit: Hit) -> Any:
    from rich.text import Text

    text = Text(f"{place:>2}. ")
    text.append(hit.title, style="bold")
    text.append(f" by {hit.artist}" + (f", {hit.year}" if hit.year else ""))
    near = f"meaning {hit.similarity:.2f}" if hit.similarity is not None else ""
    text.append(f"   #{hit.track_id}  {', '.join(filter(None, [near, hit.section]))}\n", style="dim")
    for line in _excerpt(hit.marked):
        text.append("      ")
        text.append_text(_with_marks(line))
        text.append("\n")
    return text


def _excerpt(marked: str, most: int = 4) -> list[str]:
    """The four lines around the most matching words."""
    from rap_analyzer.domain.search import MARK_START

    lines = marked.splitlines()
    counts = [line.count(MARK_START) for line in lines]
    start = max(range(max(1, len(lines) - most + 1)), key=lambda n: (sum(counts[n : n + most]), -n))
    return lines[start : start + most]


def _with_marks(line: str) -> Any:
    from rich.text import Text

    from rap_analyzer.domain.search import MARK_END, MARK_START

    text = Text()
    for n, part in enumerate(line.replace(MARK_END, MARK_START).split(MARK_START)):
        text.append(part, style="bold yellow" if n % 2 else "")
    return text


async def _similar(track: str, limit: int, *, as_json: bool) -> None:
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.domain.search import similar_json

    async with opened_services() as services:
        track_id = await _track_id(services, track)
        title = (await services.tracks.load_track(track_id)).title
        found = await services.searcher.similar(track_id, limit)
        if as_json:
            _print_json(similar_json(track_id, found))
        else:
            _print_similar(title, found)


async def _track_id(services: Services, track: str) -> int:
    if track.lstrip("#").isdecimal():
        return int(track.lstrip("#"))
    found = await services.tracks.find_tracks(track)
    if not found:
        raise NotFound(f"No track has {track!r} in its title; `rap search` finds by meaning.")
    if len({row["title"].lower() for row in found}) > 1:
        names = "; ".join(f"#{row['id']} {row['title']} by {row['artist']}" for row in found[:5])
        raise InputError(f"Several tracks have {track!r} in their title: {names}. Give the number.")
    return int(found[0]["id"])


def _print_similar(title: str, found: Sequence[SimilarTrack]) -> None:
    from rap_analyzer.cli.console import out

    if not found:
        out.print(f"{title!r} has no neighbours: it is not embedded yet (rap embed), or stands alone.")
        return
    out.print(f"Nearest to {title!r} by meaning:")
    for s in found:
        out.print(
            f"  {s.similarity:.2f}  {s.title} by {s.artist}{f', {s.year}' if s.year else ''}  #{s.track_id}",
            markup=False,
        )


def _print_json(value: Any) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
