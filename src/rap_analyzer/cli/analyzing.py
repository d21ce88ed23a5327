"""`rap analyze`: every enabled analyzer over every track that lacks its verdict."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from rap_analyzer.domain.budget import money
from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import ConfigError, InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.cli.console import Bars
    from rap_analyzer.domain.track_filter import Condition
    from rap_analyzer.pipeline.analyze import Step
    from rap_analyzer.wiring import Services
    from rap_analyzer.wiring.working import AnalysisReport

MOST_REASONS = 5
MOST_FAILED = 10


class Summary(NamedTuple):
    """What the analyze step came to."""

    text: str
    ended_well: bool


def analyze(
    file: Annotated[
        Path | None, typer.Argument(help="With --jsonl: what to read. [default: standard input, as is -]")
    ] = None,
    analyzer: Annotated[list[str] | None, typer.Option(help="Only this analyzer; again for each.")] = None,
    where: Annotated[
        str, typer.Option(help="Only tracks that meet conditions, such as 'artist=Juno Halogen, year>=1990'.")
    ] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Only queue the work, for `rap worker` to do.")] = False,
    budget: Annotated[
        float | None, typer.Option(min=0, help="US dollars that chat models may cost, by all workers together.")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="OLD NEW", help="Show what changed between two versions of an analyzer; analyse nothing."),
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='No store: read {"id","lyrics"} lines, write analyses as JSON lines.')
    ] = False,
) -> None:
    """Analyse every track that lacks a verdict by the enabled analyzers. Stop it and go on at any time."""
    from rap_analyzer.cli.console import run
    from rap_analyzer.domain.track_filter import parse_filter

    conditions = parse_filter(where)
    if budget is not None and not math.isfinite(budget):
        raise InputError(f"--budget {budget}: US dollars are a number; leave it out for no limit.")
    if jsonl or file:
        _judge_lines(file, analyzer, jsonl=jsonl, others=bool(where or detach or compare or budget is not None))
    elif compare:
        from rap_analyzer.cli.version_changes import compare_versions

        run(compare_versions(analyzer or ["algorithmic_basic"], *compare))
    elif detach:
        run(_queue(analyzer, conditions, budget))
    else:
        run(_analyze(analyzer, conditions, budget))


def _judge_lines(file: Path | None, names: list[str] | None, *, jsonl: bool, others: bool) -> None:
    from rap_analyzer.cli.judging import judge_lines

    if not jsonl:
        raise InputError("A file is read with --jsonl; to analyse the songs of the store, leave FILE out.")
    if others:
        raise InputError("--jsonl needs no store: of the other options, only --analyzer goes with it.")
    judge_lines(file, names)


async def _analyze(names: list[str] | None, where: Sequence[Condition], budget: float | None) -> None:
    from rap_analyzer.cli.console import EXIT_CODES, Bars, out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        with Bars() as bars:
            versions = await link_with(services, bars)
            summary = await analyze_with(services, names, bars, where, budget)
        out.print(f"{versions}\n{summary.text}", markup=False)
    if not summary.ended_well:
        raise typer.Exit(EXIT_CODES[ModelError])


async def _queue(names: list[str] | None, where: Sequence[Condition], dollars: float | None) -> None:
    from rap_analyzer.cli.console import out
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.wiring.working import open_budget, plan_analyses

    async with opened_services() as services:
        steps, left_out = await services.analyzers.steps(names)
        budget = await open_budget(services, steps, dollars)
        waiting = await plan_analyses(services, steps, where, budget)
        out.print("\n".join(_left_out(left_out)), markup=False, end="\n" if left_out else "")
        names = [step.key.analyzer for step in steps]
        limit = "" if budget is None else f" within budget {budget} of {money(dollars or 0)}"
        verb = "waits" if waiting == 1 else "wait"
        waits = f"{counted(waiting, 'analysis', 'analyses')} {verb} for a worker ({', '.join(names)}){limit}."
        out.print(f"{waits} Next: rap worker; rap jobs shows them.", markup=False)


async def link_with(services: Services, bars: Bars) -> str:
    """Find the versions of songs, on open services. Returns a line that says how many there are.

    It comes before the analyses, which end with comparing each song with all others once.
    """
    from rap_analyzer.domain.versions import VersionKind
    from rap_analyzer.pipeline.versions import link_versions

    found = await link_versions(
        services.versions, services.failures, services.pool, services.settings.analysis_batch_size, bars
    )
    if not found:
        return "no track is a version of another"
    kinds = ", ".join(f"{found[kind]:,} {kind.replace('_', ' ')}" for kind in VersionKind if found[kind])
    total = found.total()
    return f"{'1 track is a version of another' if total == 1 else f'{total:,} tracks are versions of others'}: {kinds}"


async def analyze_with(
    services: Services,
    names: list[str] | None,
    bars: Bars,
    where: Sequence[Condition] = (),
    dollars: float | None = None,
) -> Summary:
    """The analyze step, on open services. Returns lines that say how the analyses ended, and whether all did well.

    It ends with comparing the tracks anew, and with reading how bars end, for search by sound, of the tracks that this
    has not been done for. Chat models cost no more than so many US dollars, if a limit is given.

    Raises:
        ConfigError: a named analyzer does not exist or cannot be had, or none can be had.
    """
    from rap_analyzer.analyzers.bar_endings import READING_VERSION
    from rap_analyzer.domain.fingerprint import FINGERPRINT_VERSION
    from rap_analyzer.pipeline.tails import STEP as ENDINGS
    from rap_analyzer.pipeline.tails import read_tails
    from rap_analyzer.pipeline.versions import STEP as FINGERPRINT
    from rap_analyzer.wiring.working import run_analyses

    steps, left_out = await services.analyzers.steps(names)
    if not steps:
        raise ConfigError(f"No analyzer can be had. {' '.join(left_out.values())}")
    report = await run_analyses(services, steps, where, bars, dollars)
    await services.analyses.refresh_percentiles()
    await read_tails(services.tails, services.failures, services.pool, services.settings.analysis_batch_size, bars)
    account = [_account(step.key.analyzer, report) for step in steps]
    account += [str(report.budget)] if report.budget else []
    apart = await failed_lines(services, {ENDINGS: READING_VERSION, FINGERPRINT: FINGERPRINT_VERSION}, steps)
    silent = _silent(report)
    lines = [*account, *silent, *_left_out(left_out), *_failures(report), *apart]
    return Summary("\n".join(lines), not report.failures and not silent)


async def failed_lines(services: Services, steps: Mapping[str, str], analyses: Sequence[Step] = ()) -> list[str]:
    """Lines that name the tracks which these versions of steps, or these analyzers, have set apart."""
    failed = await services.failures.load_failed(steps, [step.key for step in analyses], MOST_FAILED + 1)
    if not failed:
        return []
    shown = [f"  {f.title} by {f.artist} (track {f.track_id}, {f.step}): {f.reason}" for f in failed[:MOST_FAILED]]
    more = ["  ... and more"] if len(failed) > MOST_FAILED else []
    return ["Set apart, so that all others go on; new words or a new version are tried again:", *shown, *more]


def _account(name: str, report: AnalysisReport) -> str:
    """How many of an analyzer's analyses ended how; what a fallback said in its place is told apart."""
    counts, stand_ins = Counter(report.counts.get(name, {})), [one for one in report.stand_ins if one.analyzer == name]
    for one in stand_ins:
        counts[one.status] -= one.count
    parts = [f"{count:,} {status}" for status, count in sorted(counts.items()) if count > 0]
    for fallback in dict.fromkeys(one.fallback for one in stand_ins):
        count = sum(one.count for one in stand_ins if one.fallback == fallback)
        parts.append(f"{count:,} by {fallback} in its place")
    reasons = [f"\n  {one.count:,} × {one.reason}" for one in stand_ins[:MOST_REASONS]]
    nothing = "nothing done" if report.failures else "nothing was due"
    return f"{name}: {' + '.join(parts) or nothing}{''.join(reasons)}"


def _silent(report: AnalysisReport) -> list[str]:
    """A line for each analyzer that judged nothing itself, while a fallback stood in for all of it."""
    lines = []
    for name in dict.fromkeys(one.analyzer for one in report.stand_ins):
        stood_in = sum(one.count for one in report.stand_ins if one.analyzer == name)
        if stood_in == sum(report.counts.get(name, {}).values()):
            lines.append(f"{name} gave no usable answer in this run: all {stood_in:,} are stand-ins.")
    return lines


def _left_out(left_out: dict[str, str]) -> list[str]:
    return [f"{name}: left out. {why}" for name, why in left_out.items()]


def _failures(report: AnalysisReport) -> list[str]:
    """The commonest reasons why batches ended badly. What they had not finished is still due."""
    common = sorted(report.failures.items(), key=lambda item: -item[1])[:MOST_REASONS]
    lines = [f"  {count:,} × {reason}" for reason, count in common]
    return ["Not all batches ended well; the same command goes on with what they left:", *lines] if lines else []
