"""What `rap rhymes` does: a coloured song for people, JSON lines for programs."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.transcription import MAX_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    chains = [c for c in answer["chains"] if c["kinds"] != ["identical"]]
    longest = max((c["length"] for c in chains), default=0)
    out.print(
        f"\n{answer['metrics']['rhyme_density']:.0%} of syllables rhyme, in {len(chains)} chains; "
        f"the longest span has {longest} syllables.", style="dim",
    )  # fmt: skip


def answer_lines(file: Path | None) -> None:
    """One JSON line for each line read, in order; a bad line is answered by an error and harms no other."""
    import orjson

    from rap_analyzer.cli.console import run

    with _opened(file) as source:
        records = [_record(number, line) for number, line in enumerate(source, start=1) if line.strip()]
    for answer in run(_answers(records)):
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")


@contextmanager
def _opened(file: Path | None) -> Iterator[IO[bytes]]:
    if file is None:
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as handle:
            yield handle
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error


def _record(number: int, line: bytes) -> dict[str, Any]:
    import orjson

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


async def _answers(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(records) <= FEW_RECORDS:
        return [_answer(record) for record in records]
    from rap_analyzer.adapters.processes import ProcessPool

    pool = ProcessPool()
    try:
        return await pool.map(_answer, records)
    finally:
        pool.close()


def _answer(record: dict[str, Any]) -> dict[str, Any]:
    from rap_analyzer.analyzers.rhymes import rhymes_json

    if "error" in record:
        return record
    return rhymes_json(record["lyrics"], record.get("id"))


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
