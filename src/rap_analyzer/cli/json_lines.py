"""JSON lines in, JSON lines out, without a store: one answer for each line, in order, whatever is wrong with a line."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from rap_analyzer.domain.errors import InputError, RapError
from rap_analyzer.domain.failure import fault_of
from rap_analyzer.domain.text_record import TextRecord, read_record
from rap_analyzer.domain.transcription import MAX_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

FEW_RECORDS = 8
"""Not worth starting other processes for."""
BATCH = 16
"""Records that a process answers at a time, at most."""
BATCH_BYTES = 100_000
LONGEST_LINE = 8 * MAX_CHARACTERS
"""Bytes. A character takes up to six in JSON."""
STANDARD_INPUT = Path("-")

Line = tuple[int, bytes]
"""A line with its number, from 1."""


def answer_lines(file: Path | None, answer: Callable[[list[Line]], bytes]) -> None:
    """One JSON line for each line read, in order; a bad line is answered by an error and harms no other.

    The first few are answered at once, the others by all cores; memory stays bounded however many there are.

    Args:
        file: what is read; standard input if None or `-`.
        answer: the answers to some lines as JSON lines; pure, for it is called in other processes.

    Raises:
        InputError: the file cannot be read.
    """
    from rap_analyzer.cli.console import run

    with opened(file) as source:
        lines = _numbered(source)
        for line in islice(lines, FEW_RECORDS):
            _write(answer_apart(answer, [line]))
        if (following := next(lines, None)) is not None:
            run(_answer_others(chain([following], lines), partial(answer_apart, answer)))


def answer_apart(answer: Callable[[list[Line]], bytes], lines: list[Line]) -> bytes:
    """The answers to some lines; one that the program stumbles over is answered by an error, the others as ever."""
    try:
        return answer(lines)
    except RapError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other lines are to be answered
        if len(lines) > 1:
            return b"".join(answer_apart(answer, [line]) for line in lines)
        [(number, line)] = lines
        record = replace(read_line(number, line), fault=f"line {number}: {fault_of(error).reason}")
        return as_lines([record], iter(()))


def read_line(number: int, line: bytes) -> TextRecord:
    """The record that a line is; one with a fault that names the line where it is none."""
    import orjson

    if len(line) >= LONGEST_LINE:
        return TextRecord(None, fault=f"line {number}: longer than any song ({MAX_CHARACTERS:,} characters)")
    try:
        record = read_record(orjson.loads(line.decode("utf-8", "replace")))
    except orjson.JSONDecodeError as error:
        return TextRecord(None, fault=f"line {number}: no JSON ({error})")
    return replace(record, fault=f"line {number}: {record.fault}") if record.fault else record


def as_lines(records: Iterable[TextRecord], answers: Iterator[dict[str, Any]]) -> bytes:
    """The answers to the records as JSON lines; one without a text to answer has an error in the answer's place."""
    import orjson

    lines = ({"id": record.id, "error": record.fault} if record.fault else next(answers) for record in records)
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


@contextmanager
def opened(file: Path | None) -> Iterator[IO[bytes]]:
    """A file to read, or standard input if None or `-`.

    Raises:
        InputError: it cannot be read.
    """
    if file is None or file == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        handle = file.open("rb")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    with handle:
        yield handle


def _write(answers: bytes) -> None:
    sys.stdout.buffer.write(answers)
    sys.stdout.buffer.flush()


def _numbered(source: IO[bytes]) -> Iterator[Line]:
    """Lines with their numbers, blank ones left out; of one that no song is as long as, only its beginning."""
    number = 0
    while line := source.readline(LONGEST_LINE):
        number += 1
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            rest = source.readline(LONGEST_LINE)
        if line.strip():
            yield number, line


async def _answer_others(lines: Iterator[Line], answer: Callable[[list[Line]], bytes]) -> None:
    from rap_analyzer.adapters.processes import ProcessPool

    pool = ProcessPool(fork=True)
    pool.start()
    try:
        async for answers in pool.stream(answer, _batches(lines)):
            _write(answers)
        pool.close(wait=True)
    finally:
        pool.close()


async def _batches(lines: Iterator[Line]) -> AsyncIterator[list[Line]]:
    """What has arrived, a few records at a time: a slow writer gets its answer before it has written the next line."""
    arrived: queue.Queue[Line | None] = queue.Queue(2 * BATCH)

    def read() -> None:
        for line in lines:
            arrived.put(line)
        arrived.put(None)

    threading.Thread(target=read, daemon=True).start()
    batch: list[Line] = []
    while (line := await asyncio.to_thread(arrived.get)) is not None:
        batch.append(line)
        ended = _take_waiting(arrived, batch)
        yield batch
        if ended:
            return
        batch = []


def _take_waiting(arrived: queue.Queue[Line | None], batch: list[Line]) -> bool:
    """Fills a batch with what waits already; whether that was the end."""
    size = sum(len(line) for _, line in batch)
    while len(batch) < BATCH and size < BATCH_BYTES:
        try:
            line = arrived.get_nowait()
        except queue.Empty:
            return False
        if line is None:
            return True
        batch.append(line)
        size += len(line[1])
    return False
