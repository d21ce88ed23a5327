"""What `rap rhymes` does: a coloured song for people, JSON lines for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rap_analyzer.cli.json_lines import as_lines, opened, read_line
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.text_record import too_long

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rap_analyzer.cli.json_lines import Line

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


def show(file: Path | None) -> None:
    """Print a text's bars with rhyming syllables in colour, scheme letters, and a line of figures."""
    from rap_analyzer.adapters.song_files import decoded
    from rap_analyzer.analyzers.rhymes import rhymes_json
    from rap_analyzer.cli.console import out
    from rap_analyzer.domain.transcription import clean_transcription

    with opened(file) as source:
        text = clean_transcription(decoded(source.read()))
    name = file or "standard input"
    if not text:
        raise InputError("There are no lyrics to read: name a file, or pipe a text in.")
    if fault := too_long(text):
        raise InputError(f"{name}: {fault}.")
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


def answer_all(lines: list[Line]) -> bytes:
    """The rhyme chains of the records that lines are, as JSON lines; a bad line is answered by an error."""
    from rap_analyzer.analyzers.rhymes import all_rhymes_json

    records = [read_line(*line) for line in lines]
    heard = all_rhymes_json([(record.id, record.lyrics) for record in records if not record.fault])
    return as_lines(records, iter(heard))


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
