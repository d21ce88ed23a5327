"""What `rap rhymes --for` does: rhymes from the dictionary at once, then bars of the corpus."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import StoreError
from rap_analyzer.domain.near_rhymes import asked_ending, checked_limit
from rap_analyzer.domain.rhyming_words import rhyming_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.bar_endings import Ending
    from rap_analyzer.domain.near_bars import NearBar, NearBars
    from rap_analyzer.domain.rhyming_words import Answer

SAID = {"perfect": "perfect", "slant": "slant", "mosaic": "two words"}
STYLES = {"perfect": "bold green", "slant": "yellow", "mosaic": "cyan"}
EMPTY = "The corpus is empty, so there are no bars to show: rap demo fills it, or rap scrape."


def answer(asked: str, limit: int, *, as_json: bool) -> None:
    """Print what rhymes with a text's end.

    The dictionary answers before the store is opened; without a store, or when it does not answer, that is all, and a
    sentence says so.

    Raises:
        InputError: nothing can be heard in the text, or the limit is out of range.
    """
    from rap_analyzer.cli.console import run

    ending, limit = asked_ending(asked), checked_limit(limit)
    words = rhyming_words(ending, limit)
    if not as_json:
        _print_words(ending, words)
    found, notice = run(_look(ending, limit))
    if as_json:
        _print_json(_json(ending, words, found, notice))
    else:
        _print_bars(found, notice)


async def _look(ending: Ending, limit: int) -> tuple[NearBars | None, str]:
    """Bars of the corpus, or why there are none."""
    from rap_analyzer.cli.opening import opened_services, settings_in_force
    from rap_analyzer.wiring import has_store

    if not has_store(settings_in_force()):
        return None, EMPTY
    try:
        async with opened_services() as services:
            found = await services.bar_finder.find(ending, limit)
    except StoreError as error:
        return None, f"The corpus was not looked at. {error}"
    return found, _notice(found)


def _notice(found: NearBars) -> str:
    """What to do about tracks that are not looked at."""
    if not found.tracks:
        return EMPTY
    unread = found.tracks - found.read
    tracks = counted(found.tracks, "track")
    return (
        f"{unread:,} of {tracks} {'is' if unread == 1 else 'are'} not read by sound yet: rap analyze." if unread else ""
    )


def _print_words(ending: Ending, words: Sequence[Answer]) -> None:
    from rich.text import Text

    from rap_analyzer.cli.console import out

    out.print(Text(" ".join(ending.words), style="bold"))
    if not words:
        out.print("Nothing in the dictionary rhymes with it.")
    for span, of_span in groupby(words, key=lambda one: one.span):
        out.print(Text(f"\n{counted(span, 'syllable')}", style="bold"))
        for kind, of_kind in groupby(of_span, key=lambda one: one.kind):
            line = Text(f"  {SAID[kind]:<10}", style="dim")
            line.append(", ".join(one.text for one in of_kind), style=STYLES[kind])
            out.print(line)


def _print_bars(found: NearBars | None, notice: str) -> None:
    from rich.text import Text

    from rap_analyzer.cli.console import out

    if found and found.read:
        demo = any(one.bar.source == "demo" for one in found.bars)
        songs = "of the demo's invented songs" if demo else "of your corpus"
        heading = f"{counted(len(found.bars), 'bar')} {songs}" if found.bars else "No bar of your corpus ends so"
        out.print(
            Text(f"\n{heading}", style="bold").append(
                f" ({counted(found.read, 'track')} looked at)", style="not bold dim"
            )
        )
        for one in found.bars:
            out.print(_bar(one))
    if notice:
        out.print(Text(f"\n{notice}", style="yellow"))


def _bar(near: NearBar) -> Any:
    from rich.text import Text

    before, rhyming = near.words[: -near.rhyming], near.words[-near.rhyming :]
    line = Text(" ".join(before) + (" " if before else "")).append(" ".join(rhyming), style="bold")
    source = "  [demo]" if near.bar.source == "demo" else ""
    told = f"   {near.bar.title} by {near.bar.artist}  #{near.bar.track_id}{source}"
    return Text.assemble((f"  {near.match.span}  ", "dim"), line, (told, "dim"))


def _json(ending: Ending, words: Sequence[Answer], found: NearBars | None, notice: str) -> dict[str, Any]:
    """The answer as `docs/reference/commands.md` has it."""
    from rap_analyzer.domain.bar_endings import heard

    bars = found.bars if found else ()
    value: dict[str, Any] = {
        "for": " ".join(ending.words),
        "syllables": [syllable.phones for syllable in heard(ending.sound).syllables],
        "dictionary": [{**one._asdict(), "strength": round(one.strength, 4)} for one in words],
        "corpus": [_bar_json(one) for one in bars],
        "tracks": found.read if found else 0,
    }
    if any(one.bar.source == "demo" for one in bars):
        value["source"] = "demo"
    return value | ({"notice": notice} if notice else {})


def _bar_json(near: NearBar) -> dict[str, Any]:
    return {
        "track_id": near.bar.track_id,
        "title": near.bar.title,
        "artist": near.bar.artist,
        "bar": near.bar.bar,
        "text": " ".join(near.words),
        "span": near.match.span,
        "strength": round(near.match.strength, 4),
    }


def _print_json(value: dict[str, Any]) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
