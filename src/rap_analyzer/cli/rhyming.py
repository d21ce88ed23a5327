"""What `rap rhymes` does: a coloured song for people, JSON lines for programs."""

from __future__ import annotations

import re
from itertools import groupby
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from rap_analyzer.cli.json_lines import as_lines, opened, read_line
from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.spelling import split_spelling
from rap_analyzer.domain.text_record import too_long

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from pathlib import Path

    from rich.text import Text

    from rap_analyzer.cli.json_lines import Line

SPECIAL = re.compile(r"[{}\\]")
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


def show(file: Path | None, *, markup: bool = False) -> None:
    """Print a text's bars with scheme letters, and a line of figures.

    Args:
        file: where the text is; None for standard input.
        markup: mark rhyming syllables as `{a:table}`, by their chain, instead of by colour.
    """
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
    for line in _lines(text, answer, markup=markup):
        out.print(line, soft_wrap=True)
    out.print()
    for figure in _figures(answer):
        out.print(figure, style="dim", soft_wrap=True)


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
        f"{answer['metrics']['rhyme_density']:.0%} of syllables rhyme, in {counted(len(chains), 'chain')}; "
        f"the longest span has {counted(longest, 'syllable')}."
        if chains
        else "No syllables rhyme."
    )


def answer_all(lines: list[Line]) -> bytes:
    """The rhyme chains of the records that lines are, as JSON lines; a bad line is answered by an error."""
    from rap_analyzer.analyzers.rhymes import all_rhymes_json

    records = [read_line(*line) for line in lines]
    heard = all_rhymes_json([(record.id, record.lyrics) for record in records if not record.fault])
    return as_lines(records, iter(heard))


def _lines(text: str, answer: dict[str, Any], *, markup: bool) -> Iterator[Text]:
    """Headers and bars, each bar with its letter in the scheme."""
    from rich.text import Text

    from rap_analyzer.domain.hues import assign_hues
    from rap_analyzer.domain.lyrics import parse

    chains = [c for c in answer["chains"] if c["kinds"] != ["identical"]]
    hues, labels = assign_hues(chains, len(COLOURS)), _labels(chains)
    for section, scheme in zip(parse(text).sections, answer["schemes"], strict=True):
        if section.header:
            yield Text(f"\n   [{section.header}]", style="dim")
        letters = iter(scheme.split() if " " in scheme else scheme)
        for bar in section.bars:
            letter = next(letters, "") if bar.sung else ""  # "..." and "[laughs]" have no letter in the scheme
            pieces = _pieces(bar.text, answer["bars"][bar.index]["words"], labels)
            line = Text(_marked(pieces, labels)) if markup else _coloured(pieces, hues)
            yield Text.assemble((f"{letter:>2} ", "dim"), line)


def _labels(chains: list[dict[str, Any]]) -> dict[str, str]:
    """A label for each chain, by its id: a to z, then aa, ab, in the order in which they begin."""

    def begins(chain: dict[str, Any]) -> tuple[int, int]:
        return min((member["bar"], member["word"]) for member in chain["members"])

    labels: dict[str, str] = {}
    for number, chain in enumerate(sorted(chains, key=begins)):
        front, last = divmod(number, len(ascii_lowercase))
        labels[chain["id"]] = (ascii_lowercase[front - 1] if front else "") + ascii_lowercase[last]
    return labels


def _pieces(text: str, words: list[dict[str, Any]], known: Container[str]) -> Iterator[tuple[str, str | None]]:
    """A bar's text in parts, each with the id of the chain that it rhymes in, if any of those known."""
    answered = iter(words)
    for n, token in enumerate(text.split()):
        if n:
            yield " ", None
        word = next(answered, None) if any(c.isalnum() for c in token) else None
        syllables = word["syllables"] if word else []
        for part, syllable in zip(
            split_spelling(token, max(1, len(syllables))), syllables or [{"chains": []}], strict=True
        ):
            yield part, next((link["id"] for link in syllable["chains"] if link["id"] in known), None)


def _coloured(pieces: Iterable[tuple[str, str | None]], hues: Mapping[str, int]) -> Text:
    from rich.text import Text

    return Text.assemble(*((part, f"bold {COLOURS[hues[chain]]}" if chain else "") for part, chain in pieces))


def _marked(pieces: Iterable[tuple[str, str | None]], labels: Mapping[str, str]) -> str:
    """Syllables of one chain that stand together as `{a:table}`; braces and backslashes of the text are escaped."""
    line = ""
    for chain, together in groupby(pieces, key=lambda piece: piece[1]):
        text = SPECIAL.sub(r"\\\g<0>", "".join(part for part, _ in together))
        line += f"{{{labels[chain]}:{text}}}" if chain else text
    return line
