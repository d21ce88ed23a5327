"""What `rap rhymes` does: a coloured song for people, JSON lines for programs."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.transcription import MAX_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

COLOURS = (
    "yellow",
    "cyan",
    "green",
    "magenta",
    "red",
    "blue",
    "bright_yellow",
    "bright_cyan",
    "bright_magenta",
    "bright_green",
)
FEW_RECORDS = 8
"""Not worth starting other processes for."""
BATCH = 16
"""Records that a process answers at a time, at most."""
BATCH_BYTES = 100_000
LONGEST_LINE = 8 * MAX_CHARACTERS
"""Bytes. A character takes up to six in JSON."""


def show(file: Path | None) -> None:
    """Print a text's bars with rhyming syllables in colour, scheme letters, and a line of figures."""
    from rap_analyzer.adapters.song_files import decoded
    from rap_analyzer.analyzers.rhymes import rhymes_json
    from rap_analyzer.cli.console import out
    from rap_analyzer.domain.transcription import clean_transcription

    with _opened(file) as source:
        text = clean_transcription(decoded(source.read()))
    name = file or "standard input"
    if not text:
        raise InputError("There are no lyrics to read: name a file, or pipe a text in.")
    if too_long := _too_long(text):
        raise InputError(f"{name}: {too_long}.")
    if not any(map(str.isalnum, text)):
        raise InputError(f"{name}: there are no words in the text, so nothing can rhyme; give lyrics, one bar a line.")
    answer = rhymes_json(text)
    for line in _coloured(text, answer):
        out.print(line, soft_wrap=True)
    out.print()
    for line in _figures(answer):
        out.print(line, style="dim", soft_wrap=True)


def _figures(answer: dict[str, Any]) -> Iterator[str]:
    """What is said below a song: its figures, and what was not heard."""
    for left_out in answer.get("unsupported_language", ()):
        number, language = left_out["section"] + 1, left_out["language"]
        yield f"Section {number} is in {language!r} and was left out: only English is heard."
    if not any(word["syllables"] for bar in answer["bars"] for word in bar["words"]):
        yield "No figures: there is no syllable that the English pronunciation rules can read."
        return
    chains = [c for c in answer["chains"] if c["kinds"] != ["identical"]]
    longest = max((c["length"] for c in chains), default=0)
    yield (
        f"{answer['metrics']['rhyme_density']:.0%} of syllables rhyme, in {_counted(len(chains), 'chain')}; "
        f"the longest span has {_counted(longest, 'syllable')}."
        if chains
        else "No syllables rhyme."
    )


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def answer_lines(file: Path | None) -> None:
    """One JSON line for each line read, in order; a bad line is answered by an error and harms no other.

    The first few are answered at once, the others by all cores; memory stays bounded however many there are.
    """
    from rap_analyzer.cli.console import run

    with _opened(file) as source:
        lines = _numbered(source)
        for line in islice(lines, FEW_RECORDS):
            _write(_answer_all([line]))
        if (following := next(lines, None)) is not None:
            run(_answer_others(chain([following], lines)))


def _write(answers: bytes) -> None:
    sys.stdout.buffer.write(answers)
    sys.stdout.buffer.flush()


Line = tuple[int, bytes]


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


async def _answer_others(lines: Iterator[Line]) -> None:
    from rap_analyzer.adapters.processes import ProcessPool

    pool = ProcessPool(fork=True)
    pool.start()
    try:
        async for answers in pool.stream(_answer_all, _batches(lines)):
            _write(answers)
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


def _answer_all(lines: list[Line]) -> bytes:
    """The answers to lines as JSON lines."""
    import orjson

    from rap_analyzer.analyzers.rhymes import all_rhymes_json

    records = [_record(*line) for line in lines]
    heard = iter(all_rhymes_json([(r.get("id"), r["lyrics"]) for r in records if "error" not in r]))
    answers = (record if "error" in record else next(heard) for record in records)
    return b"".join(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE) for answer in answers)


@contextmanager
def _opened(file: Path | None) -> Iterator[IO[bytes]]:
    if file is None:
        yield sys.stdin.buffer
        return
    try:
        handle = file.open("rb")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    with handle:
        yield handle


def _record(number: int, line: bytes) -> dict[str, Any]:
    import orjson

    if len(line) >= LONGEST_LINE:
        return {"id": None, "error": f"line {number}: longer than any song ({MAX_CHARACTERS:,} characters)"}
    try:
        record = orjson.loads(line.decode("utf-8", "replace"))
    except orjson.JSONDecodeError as error:
        return {"id": None, "error": f"line {number}: no JSON ({error})"}
    if not isinstance(record, dict) or not isinstance(record.get("lyrics"), str):
        found = record.get("id") if isinstance(record, dict) else None
        return {"id": found, "error": f'line {number}: an object with "id" and "lyrics" is needed'}
    if too_long := _too_long(record["lyrics"]):
        return {"id": record.get("id"), "error": f"line {number}: {too_long}"}
    return record


def _too_long(text: str) -> str:
    """What is wrong with a text that no song is as long as; empty for others."""
    if len(text) <= MAX_CHARACTERS:
        return ""
    return f"the text has {len(text):,} characters, more than any song ({MAX_CHARACTERS:,})"


def _coloured(text: str, answer: dict[str, Any]) -> Iterator[Any]:
    from rich.text import Text

    from rap_analyzer.domain.hues import assign_hues
    from rap_analyzer.domain.lyrics import parse

    chains = {c["id"]: c for c in answer["chains"] if c["kinds"] != ["identical"]}
    hues = assign_hues(chains.values(), len(COLOURS))
    for section, scheme in zip(parse(text).sections, answer["schemes"], strict=True):
        if section.header:
            yield Text(f"\n   [{section.header}]", style="dim")
        letters = iter(scheme.split() if " " in scheme else scheme)
        for bar in section.bars:
            letter = next(letters, "") if bar.sung else ""  # "..." and "[laughs]" have no letter in the scheme
            yield Text(f"{letter:>2} ", style="dim") + _bar(bar.text, answer["bars"][bar.index]["words"], hues)


def _bar(text: str, words: list[dict[str, Any]], hues: dict[str, int]) -> Any:
    from rich.text import Text

    from rap_analyzer.domain.spelling import split_spelling

    line, answered = Text(), iter(words)
    for n, token in enumerate(text.split()):
        line.append(" " if n else "")
        word = next(answered, None) if any(c.isalnum() for c in token) else None
        syllables = word["syllables"] if word else []
        for part, syllable in zip(
            split_spelling(token, max(1, len(syllables))), syllables or [{"chains": []}], strict=True
        ):
            own = [link["id"] for link in syllable["chains"] if link["id"] in hues]
            line.append(part, style=f"bold {COLOURS[hues[own[0]]]}" if own else "")
    return line
