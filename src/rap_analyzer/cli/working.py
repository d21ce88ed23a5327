"""`rap worker` and `rap jobs`: the queue, by whoever empties it and whoever looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from rap_analyzer.domain.job import JobRow, QueueCount
    from rap_analyzer.wiring import Services

STATUSES = ("todo", "doing", "succeeded", "failed", "cancelled", "aborted")
SHOWN = 20
SILENCE_S = 16.0
"""Seconds after which a worker that shows no sign of life counts as gone."""

jobs_app = typer.Typer(help="Batches that wait, are being done, or have ended.", invoke_without_command=True)


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that work at once. [default: one per core]")
    ] = None,
    queues: Annotated[
        str, typer.Option(help="Only these queues, such as algorithmic_basic,emotion. [default: all that can be had]")
    ] = "",
) -> None:
    """Do queued batches until it is stopped (Ctrl-C): it then finishes what it is at, or gives it back within 10 s."""
    from rap_analyzer.cli.console import run

    run(_work(concurrency, [name.strip() for name in queues.split(",") if name.strip()]))


@jobs_app.callback()
def jobs(
    context: typer.Context,
    status: Annotated[
        list[str] | None, typer.Option(help=f"Only batches of this status ({', '.join(STATUSES)}); again for each.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most batches to list.")] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """How queues and budgets stand, how fast queues are emptied, and the newest batches that have not ended well."""
    if context.invoked_subcommand is None:
        from rap_analyzer.cli.console import run

        wrong = set(status or ()) - set(STATUSES)
        if wrong:
            raise InputError(f"--status {min(wrong)!r}: there are {', '.join(STATUSES)}.")
        run(_show(status, limit, as_json))


@jobs_app.command("retry")
def retry(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of batches. [default: all that failed]")] = None,
) -> None:
    """Queue failed batches again."""
    from rap_analyzer.cli.console import run

    run(_change("retry", numbers))


@jobs_app.command("cancel")
def cancel(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of batches.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait or are being done.")] = False,
) -> None:
    """Take batches out of the queue; one that is being done is stopped. What it has saved stays."""
    from rap_analyzer.cli.console import run

    if not numbers and not every:
        raise InputError("Which batches? Give their numbers (rap jobs shows them), or --all.")
    run(_change("cancel", numbers or None))


async def _work(concurrency: int | None, queues: list[str]) -> None:
    import asyncio

    from rap_analyzer.cli.console import err, stop_on_signals
    from rap_analyzer.cli.opening import opened_services
    from rap_analyzer.wiring.working import working

    async with opened_services(processes=concurrency) as services:
        names = await _available(services, queues)
        err.print(f"working on {', '.join(names)}; Ctrl-C stops", markup=False)
        with stop_on_signals() as stopped:
            async with working(services, names, concurrency) as work:
                stopping = asyncio.create_task(stopped.wait())
                await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
                if stopped.is_set():
                    err.print("stopping: finishing what is under way, or giving it back")
                stopping.cancel()


async def _available(services: Services, queues: list[str]) -> list[str]:
    from rap_analyzer.cli.console import err

    steps, left_out = await services.analyzers.steps(queues or None)
    for name, why in left_out.items():
        err.print(f"{name}: left out. {why}", markup=False)
    if not steps:
        raise ConfigError(f"No analyzer can be had. {' '.join(left_out.values())}")
    return [step.key.analyzer for step in steps]


async def _show(status: list[str] | None, limit: int, as_json: bool) -> None:
    from dataclasses import asdict

    import orjson

    from rap_analyzer.cli.console import out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        counts = await services.jobs.count()
        is_worked = await services.jobs.has_workers(SILENCE_S)
        budgets = await services.budgets.load_wanted()
        rows = await services.jobs.list_jobs(status or ("doing", "failed"), limit)
    if as_json:
        body = {
            "workers": is_worked,
            "queues": [asdict(c) | {"seconds_left": c.seconds_left if is_worked else None} for c in counts],
            "budgets": list(map(asdict, budgets)),
            "jobs": list(map(asdict, rows)),
        }
        out.print(orjson.dumps(body, default=str).decode(), markup=False)
        return
    lines = [_queue_line(count, is_worked=is_worked) for count in counts]
    out.print("\n".join(lines) or "Nothing was ever queued: rap analyze --detach queues work.", markup=False)
    if not is_worked and any(count.tracks_left for count in counts):
        out.print("No worker runs, so nothing of it is done: rap worker, or rap analyze.")
    for budget in budgets:
        out.print(str(budget), markup=False)
    for row in rows:
        out.print(_job_line(row), markup=False)


def _queue_line(count: QueueCount, *, is_worked: bool) -> str:
    line = (
        f"{count.queue}: {count.todo:,} waiting + {count.doing:,} being done + {count.succeeded:,} done"
        f" + {count.failed:,} failed + {count.cancelled:,} cancelled"
    )
    if not count.tracks_left:
        return line
    speed = f", {count.tracks_a_second:,.0f}/s" if is_worked and count.tracks_a_second else ""
    left = f", {_duration(count.seconds_left)} left" if is_worked and count.seconds_left else ""
    return f"{line}; {counted(count.tracks_left, 'track')} to go{speed}{left}"


def _job_line(row: JobRow) -> str:
    due = f", again at {row.due_at:%H:%M:%S}" if row.due_at else ""
    why = f": {row.reason}" if row.reason else ""
    return (
        f"  {row.id}  {row.queue}  {row.status}, {counted(row.tracks, 'track')}, attempt {row.attempts + 1}{due}{why}"
    )


def _duration(seconds: float | None) -> str:
    minutes, rest = divmod(round(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


async def _change(what: str, numbers: list[int] | None) -> None:
    from rap_analyzer.cli.console import out
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        change = services.jobs.retry if what == "retry" else services.jobs.cancel
        count = await change(numbers)
    done = "queued again" if what == "retry" else "cancelled"
    out.print(f"{counted(count, 'batch', 'batches')} {done}")
