"""`rap enrich`: what metadata services say of the stored tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.enrichment import Coverage
    from rap_analyzer.pipeline.enrich import SourceReport
    from rap_analyzer.wiring import Services

Refresh = Annotated[bool, typer.Option("--refresh", help="Ask again where the last answer is older than a week.")]
Report = Annotated[bool, typer.Option("--report", help="Ask nobody: show what is known, from whom and since when.")]
Json = Annotated[bool, typer.Option("--json", help="The report as JSON.")]


def enrich(refresh: Refresh = False, report: Report = False, as_json: Json = False) -> None:
    """Ask metadata services (Spotify, ReccoBeats) about the tracks that they have not been asked about."""
    from rap_analyzer.cli.console import run

    if as_json and not report:
        raise InputError("--json goes with --report.")
    if report and refresh:
        raise InputError("--report asks nobody, so it does not go with --refresh: enrich first, then report.")
    run(_report(as_json=as_json) if report else _enrich(refresh=refresh))


async def _enrich(*, refresh: bool) -> None:
    from rap_analyzer.cli.console import Bars
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            reports = await enrich_with(services, bars, refresh=refresh)
        print_enrichment(reports)


async def enrich_with(services: Services, bars: Bars, *, refresh: bool = False) -> list[SourceReport]:
    """The enrich step, on open services; says which metadata services are left out.

    Raises:
        ConfigError: there is none to ask, or the store's songs are invented and the services real.
    """
    from rap_analyzer.cli.console import out
    from rap_analyzer.pipeline.enrich import enrich as enrich_tracks
    from rap_analyzer.wiring.collecting import check_modes_apart
    from rap_analyzer.wiring.sources import open_metadata_sources

    await check_modes_apart(services, is_demo=services.label == "demo")
    async with open_metadata_sources(services) as (sources, left_out):
        for sentence in left_out:
            out.print(sentence, markup=False)
        return await enrich_tracks(services.enrichments, sources, bars, refresh=refresh)


def print_enrichment(reports: Sequence[SourceReport]) -> None:
    """How the tracks were matched, and what went wrong, by service.

    Raises:
        SourceError: a service made us stop early; of several the last.
        ConfigError: a service refuses our settings.
    """
    from rap_analyzer.cli.console import err, out

    for report in reports:
        out.print(f"{report.name}: {_account(report)}", markup=False)
        for reason, count in report.failures.most_common(8):
            out.print(f"  {count:,} × {reason}", style="yellow", markup=False)
        if report.stopped:
            out.print(f"  {_standing_in(report)}", style="yellow", markup=False)
    problems = [report.stopped for report in reports if report.stopped]
    for problem in problems[:-1]:
        err.print(f"Error: {problem}", style="red", markup=False)
    if problems:
        raise problems[-1]


def _account(report: SourceReport) -> str:
    from rap_analyzer.domain.enrichment import MatchMethod

    total, unmatched = sum(report.methods.values()), report.methods[MatchMethod.NONE]
    failed = sum(report.failures.values())
    left = f"; {failed:,} could not be asked about, the next run does" if failed else ""
    if report.gives_features_only:
        return (
            f"{total:,} asked = {report.with_audio:,} with audio features + {unmatched:,} that it does not have{left}"
        )
    named = [m for m in MatchMethod if report.methods[m] and m is not MatchMethod.NONE]
    by = ", ".join(f"{report.methods[m]:,} by {m}" for m in named)
    matched = f"{total - unmatched:,} matched{f' ({by})' if by else ''}"
    return f"{total:,} asked = {matched} + {unmatched:,} unmatched; {report.with_audio:,} with audio features{left}"


def _standing_in(report: SourceReport) -> str:
    """What becomes of earlier answers of a service that could not be asked."""
    if not report.stale + report.out_of_date:
        return "it could not be asked to the end; the same command goes on from here"
    older = f"; {report.out_of_date:,} are older and out of date" if report.out_of_date else ""
    return (
        f"it could not be asked to the end: {report.stale:,} answers within a week stand in, marked stale{older}; "
        "the same command goes on from here"
    )


async def _report(*, as_json: bool) -> None:
    import json

    from rap_analyzer.cli.console import out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        coverage = await services.enrichments.load_coverage()
    if as_json:
        typer.echo(json.dumps(coverage_json(coverage), ensure_ascii=False, indent=2))
    elif not coverage.tracks:
        out.print("The store holds no tracks yet: rap scrape or rap import brings some.")
    elif not any(source.methods for source in coverage.sources):
        out.print(f"No metadata service was asked about the {counted(coverage.tracks, 'track')} yet: rap enrich does.")
    else:
        _print_coverage(coverage)


def _print_coverage(coverage: Coverage) -> None:
    from rich import box
    from rich.table import Table

    from rap_analyzer.cli.console import out

    embedded = f"{counted(coverage.tracks, 'track')}, {coverage.embedded:,} with an audio embedding"
    table = Table(title=embedded, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("field", "tracks", "share", "oldest", "newest", "from"):
        table.add_column(name, justify="right" if name in ("tracks", "share") else "left", no_wrap=name != "from")
    for field in coverage.fields:
        dates = (f"{field.oldest:%Y-%m-%d}", f"{field.newest:%Y-%m-%d}")
        share = f"{100 * field.tracks / coverage.tracks:.1f} %"
        table.add_row(field.name, f"{field.tracks:,}", share, *dates, _counts(field.sources))
    out.print(table)
    for source in coverage.sources:
        if not source.methods:
            out.print(f"{source.name}: not asked yet", markup=False)
            continue
        out.print(
            f"{source.name}: {counted(sum(source.methods.values()), 'track')} = {_counts(source.methods, ' + ')}",
            markup=False,
        )
        for what, figures in (("withheld", source.withheld), ("answers", source.freshness)):
            if figures:
                out.print(f"  {what}: {_counts(figures).replace('_', ' ')}", markup=False)
        if source.failure:
            out.print(f"  the last run could not ask it: {source.failure}", style="yellow", markup=False)


def _counts(figures: Mapping[str, int], between: str = ", ") -> str:
    return between.join(f"{name} {count:,}" for name, count in figures.items())


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """The report for programs: shares in [0, 1], dates in ISO 8601."""
    return {
        "tracks": coverage.tracks,
        "audio_embeddings": coverage.embedded,
        "fields": [
            {
                "field": field.name,
                "tracks": field.tracks,
                "share": round(field.tracks / coverage.tracks, 4),
                "sources": dict(field.sources),
                "oldest": field.oldest.isoformat(),
                "newest": field.newest.isoformat(),
            }
            for field in coverage.fields
        ],
        "sources": [
            {
                "source": source.name,
                "methods": dict(source.methods),
                "withheld": dict(source.withheld),
                "freshness": dict(source.freshness),
                "failure": source.failure or None,
            }
            for source in coverage.sources
        ],
    }
