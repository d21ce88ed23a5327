"""What people see: progress, accounts, errors, and the codes that a command ends with."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
from rich.segment import Segment
from rich.text import Text

from rap_analyzer.domain.errors import ConfigError, InputError, ModelError, NotFound, RapError, SourceError, StoreError
from rap_analyzer.domain.shown_text import shown
from rap_analyzer.domain.track import Account, Outcome

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator
    from types import TracebackType

    from rich.console import ConsoleOptions, RenderableType
    from rich.progress import Task, TaskID

T = TypeVar("T")


class ShowingConsole(Console):
    """A console on which titles, names and bars cannot steer the terminal: only the styles of ours do."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces that are written, cleared of control characters and marks of direction."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(shown(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Called by rich while it handles the BrokenPipeError of a reader that has left, as `head` does."""
        raise  # noqa: PLE0704 - the error that is being handled: an error like others, not the end of the process


out = ShowingConsole(highlight=False, soft_wrap=True)
err = ShowingConsole(stderr=True, highlight=False, soft_wrap=True)

EXIT_CODES: dict[type[RapError], int] = {
    InputError: 2,
    ConfigError: 3,
    NotFound: 4,
    SourceError: 5,
    StoreError: 6,
    ModelError: 7,
}
INTERRUPTED = 130
MOST_REASONS = 8
"""Reasons of an account that are printed, those of most songs first."""
READER_GONE = 141
"""What a shell reports of a program whose output nobody reads any more."""
QUIET_SECONDS = 5.0
"""Without a terminal, a line is printed this often."""


def exit_code(error: RapError) -> int:
    """The code that a command ends with on this error: that of its nearest class in the table."""
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; Ctrl-C stops it in order."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        err.print("Stopped. What was saved stays; the same command goes on from here.")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set, in place of what they else do; to be used inside the loop."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def first_expected(error: BaseException) -> RapError | None:
    """The expected error inside a group of errors, or the error itself; None when it is a bug."""
    if isinstance(error, RapError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for inner in error.exceptions if (found := first_expected(inner))), None)
    return None


def is_reader_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more."""
    try:
        sys.stdout.flush()
        look = select.poll()
        look.register(sys.stdout, select.POLLERR)
        return any(happened & select.POLLERR for _, happened in look.poll(0))
    except BrokenPipeError:
        return True
    except (OSError, ValueError):
        return False


def leave_without_reader() -> NoReturn:
    """End as Unix programs do whose reader has left: quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    sys.exit(READER_GONE)


def print_account(account: Account) -> None:
    """One line that adds up, and the reasons of what failed."""
    parts = [
        f"{account.counts[o]:,} {o}" for o in Outcome if account.counts[o] or o in {Outcome.STORED, Outcome.UNCHANGED}
    ]
    verdict = "" if account.adds_up else "  [red](does not add up: please report this)[/red]"
    out.print(f"{account.found:,} found = {' + '.join(parts)}{verdict}")
    for reason, count in sorted(account.reasons.items(), key=lambda r: -r[1])[:MOST_REASONS]:
        out.print(f"  {count:,} × {reason}", style="yellow", markup=False)
    if len(account.reasons) > MOST_REASONS:
        out.print(f"  and {len(account.reasons) - MOST_REASONS:,} reasons more", style="yellow", markup=False)
    for note in account.notes:
        out.print(f"  {note}", markup=False)


class Bars:
    """Progress bars on a terminal, a line now and then elsewhere; implements `ports.Progress`."""

    def __init__(self) -> None:
        self._rich = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<26}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _Rate(),
            TextColumn("[dim]{task.fields[now]}", table_column=None),
            console=err,
            disable=not err.is_terminal,
        )
        self._task: TaskID | None = None
        self._plain = _PlainProgress()

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rich.stop()

    def start(self, what: str, total: int | None) -> None:
        """A step begins."""
        self._task = self._rich.add_task(what, total=total, now="")
        self._plain.start(what, total)

    def expect(self, more: int) -> None:
        """The total has grown."""
        if self._task is not None:
            self._rich.update(self._task, total=(self._rich.tasks[-1].total or 0) + more)
        self._plain.total = (self._plain.total or 0) + more

    def advance(self, count: int = 1, now: str = "") -> None:
        """More are done."""
        if self._task is not None:
            self._rich.update(self._task, advance=count, now=_shortened(now))
        self._plain.advance(count, now)

    def finish(self) -> None:
        """The step is over."""
        if self._task is not None:
            self._rich.update(self._task, now="")
            task = self._rich.tasks[-1]
            if task.total is None:
                self._rich.update(self._task, total=task.completed)
            self._rich.stop_task(self._task)
        self._plain.finish()


class _Rate(ProgressColumn):
    """Items a second, and the time that is left."""

    def render(self, task: Task) -> Text:
        if task.finished or not task.speed:
            seconds = f"{task.elapsed:.1f} s" if task.elapsed and task.finished else ""
            return Text(seconds, style="dim")
        left = f", {task.time_remaining:.0f} s left" if task.time_remaining is not None else ""
        return Text(f"{task.speed:,.0f}/s{left}", style="dim")


class _PlainProgress:
    """Progress for logs: one line every few seconds and one at the end."""

    def __init__(self) -> None:
        self.total: int | None = None
        self._what, self._done, self._began, self._said = "", 0, 0.0, 0.0

    def start(self, what: str, total: int | None) -> None:
        self._what, self.total, self._done = what, total, 0
        self._began = self._said = time.monotonic()

    def advance(self, count: int, now: str) -> None:
        self._done += count
        if time.monotonic() - self._said >= QUIET_SECONDS:
            self._said = time.monotonic()
            self._say(f"{self._figure()}, {self._done / (self._said - self._began):,.0f}/s, {now}")

    def finish(self) -> None:
        self._say(f"{self._figure()} in {time.monotonic() - self._began:.1f} s")

    def _figure(self) -> str:
        return f"{self._done:,} of {self.total:,}" if self.total else f"{self._done:,}"

    def _say(self, text: str) -> None:
        if not err.is_terminal:
            print(f"{self._what}: {text}", file=sys.stderr, flush=True)  # noqa: T201


def _shortened(text: str) -> str:
    limit = 40
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
