"""`rap doctor`: what is configured, reachable, missing or stale, and how to mend it."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.counted import counted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from rap_analyzer.wiring import Settings

GOOD, WARN, BAD = "ok", "note", "problem"
MARKS = {GOOD: "[green]ok     [/green]", WARN: "[yellow]note   [/yellow]", BAD: "[red]problem[/red]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: `ok`, `note` (works, but …) or `problem`.
        subject: what was looked at.
        text: what was found.
        fix: a command or setting that mends it; empty when nothing is to do.
    """

    level: str
    subject: str
    text: str
    fix: str = ""


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out what takes a network or a minute.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is configured, reachable, missing or stale, and how to mend it. Ends with 1 if there is a problem."""
    from rap_analyzer.cli.console import out, run

    findings = run(_findings(quick=quick, shown=not as_json))
    problems = sum(f.level == BAD for f in findings)
    if as_json:
        _print_json(findings, problems)
    else:
        out.print(f"\n{counted(problems, 'problem')}" if problems else "\nAll that is needed is there.")
    if problems:
        raise typer.Exit(1)


def _print_json(findings: list[Finding], problems: int) -> None:
    import orjson

    body = {"problems": problems, "findings": [asdict(finding) for finding in findings]}
    sys.stdout.buffer.write(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")


async def _findings(*, quick: bool, shown: bool) -> list[Finding]:
    from contextlib import aclosing

    from rap_analyzer.cli.opening import settings_in_force

    settings = settings_in_force()
    findings = []
    async with aclosing(_examine(settings, quick=quick)) as examined:
        async for finding in examined:
            findings.append(finding)
            if shown:
                _print(finding)
    return findings


def _print(finding: Finding) -> None:
    from rich.markup import escape

    from rap_analyzer.cli.console import out

    fix = f"  [dim]→ {escape(finding.fix)}[/dim]" if finding.fix else ""
    out.print(f"{MARKS[finding.level]} {finding.subject:<10} {escape(finding.text)}{fix}")


async def _examine(settings: Settings, *, quick: bool) -> AsyncGenerator[Finding, None]:
    import shutil

    yield Finding(GOOD, "Python", sys.version.split()[0])
    folder = settings.data_dir.resolve()
    free = shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free / 2**30
    enough = free > 1
    yield Finding(
        GOOD if enough else BAD, "disk", f"{free:.1f} GiB free for {folder}", "" if enough else "free at least 1 GiB"
    )
    redis = await _examine_redis(settings)
    # What refuses us would keep everything else from being looked at.
    usable = settings.model_copy(update={"redis_host": None}) if redis.level == BAD else settings
    async for finding in _examine_store(usable):
        yield finding
    yield redis
    yield _examine_model(settings)
    yield _token(settings.genius_access_token is not None, "Genius", "GENIUS_ACCESS_TOKEN", "genius.com/api-clients")
    yield _token(
        settings.spotify_client_id is not None, "Spotify", "SPOTIFY_CLIENT_ID", "developer.spotify.com/dashboard"
    )
    if not quick and settings.genius_access_token is not None:
        yield await _examine_genius(usable)


async def _examine_store(settings: Settings) -> AsyncIterator[Finding]:
    from rap_analyzer.domain.errors import RapError
    from rap_analyzer.wiring import open_services

    where = "embedded" if settings.is_embedded else f"{settings.postgres_host}:{settings.postgres_port}"
    try:
        async with open_services(settings) as services:
            version = await services.database.version()
            yield Finding(GOOD, "PostgreSQL", f"{where}, {version}")
            overview = await services.pages.load_overview()
            tracks = overview["tracks"]
            kind = " (the demo's invented songs)" if overview["is_demo"] else ""
            held = f"{counted(tracks, 'track')} by {counted(overview['artists'], 'artist')}{kind}"
            yield Finding(
                GOOD if tracks else WARN, "corpus", held,
                "" if tracks else "rap demo, or rap scrape 'Name of an Artist'",
            )  # fmt: skip
            due = await services.passages.count_unembedded(services.embedder.model)
            yield Finding(
                WARN if due else GOOD, "embeddings", f"{counted(due, 'track')} not embedded", "rap embed" if due else ""
            )
            steps, left_out = await services.analyzers.steps()
            for step in steps:
                due = await services.analyses.count_unanalyzed(step.key)
                text = f"{step.key.analyzer} v{step.key.version}: {counted(due, 'track')} not analysed"
                yield Finding(WARN if due else GOOD, "analyses", text, "rap analyze" if due else "")
            for name, why in left_out.items():
                yield Finding(WARN, "analyses", f"{name} is left out: {why}", "")
    except RapError as error:
        yield Finding(BAD, "PostgreSQL", str(error), "see docs/how-to/troubleshoot.md")


async def _examine_redis(settings: Settings) -> Finding:
    from rap_analyzer.domain.errors import ConfigError
    from rap_analyzer.wiring import connect_cache

    if settings.redis_host is None:
        return Finding(GOOD, "Redis", "not configured; memory of each process is used")
    cache = connect_cache(settings)
    try:
        await cache.check_access()
        status = await cache.status()
    except ConfigError as error:
        return Finding(BAD, "Redis", str(error), "check REDIS_PASSWORD")
    finally:
        await cache.close()
    where = f"{settings.redis_host}:{settings.redis_port}"
    if status == "healthy":
        return Finding(GOOD, "Redis", where)
    return Finding(WARN, "Redis", f"{where} does not take writes; memory stands in", "see docs/how-to/run-redis.md")


def _examine_model(settings: Settings) -> Finding:
    from rap_analyzer.wiring import model_files

    files = model_files(settings)
    if files.is_present and (damaged := files.damaged()):
        return Finding(BAD, "model", f"damaged in {files.folder}: {', '.join(damaged)}", "rap models fetch")
    if files.is_present:
        return Finding(GOOD, "model", f"all-MiniLM-L6-v2 in {files.folder}")
    return Finding(WARN, "model", "all-MiniLM-L6-v2 is missing; only words are searched", "rap models fetch")


def _token(present: bool, service: str, setting: str, where: str) -> Finding:
    if present:
        return Finding(GOOD, service, f"{setting} is set")
    return Finding(WARN, service, f"{setting} is not set", f"get one at {where} and put it into .env")


async def _examine_genius(settings: Settings) -> Finding:
    from rap_analyzer.domain.errors import NotFound, RapError, StoreError
    from rap_analyzer.wiring import open_services
    from rap_analyzer.wiring.sources import open_genius

    try:
        async with open_services(settings) as services, open_genius(services) as source:
            await source.find_artist("a name that nobody has")
    except NotFound:
        return Finding(GOOD, "Genius", "answers, and takes the token")
    except StoreError:
        return Finding(WARN, "Genius", "not asked: whether it may be is written in PostgreSQL", "mend PostgreSQL first")
    except RapError as error:
        return Finding(BAD, "Genius", str(error), "check GENIUS_ACCESS_TOKEN")
    return Finding(GOOD, "Genius", "answers, and takes the token")
