"""What a search is limited to, as people write it: languages by any name, artists in any spelling, years in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anyascii import anyascii
from rapidfuzz import fuzz, process

from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.language_names import read_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rap_analyzer.domain.search import Filters
    from rap_analyzer.ports import SearchStore

NEAR = 75
"""Likeness, of 100, from which a name is suggested for another."""
SUGGESTED = 3


async def checked_filters(store: SearchStore, filters: Filters) -> tuple[Filters, str]:
    """The filters in the store's own spelling, and a notice where no track can meet one of them.

    Raises:
        InputError: a language is none, or the years are the wrong way round.
    """
    filters = replace(filters, language=read_language(filters.language))
    _check_years(filters.year_from, filters.year_to)
    artist, notice = await _artist(store, filters.artist)
    if not notice and filters.language:
        languages = await store.load_languages()
        if filters.language not in languages:
            notice = f"No track is in {filters.language!r}; the corpus has {', '.join(languages) or 'no languages'}."
    return replace(filters, artist=artist), notice


def _check_years(first: int | None, last: int | None) -> None:
    if first is not None and last is not None and first > last:
        raise InputError(f"The years are the wrong way round: {first} comes after {last}; write {last} to {first}.")


async def _artist(store: SearchStore, name: str | None) -> tuple[str | None, str]:
    """An artist's name as the store has it; else a notice with names that are near."""
    wanted = " ".join((name or "").replace("\x00", " ").split())
    if not wanted:
        return None, ""
    if await store.is_artist(wanted):
        return wanted, ""
    names = await store.load_artist_names()
    alike = [other for other in names if _folded(other) == _folded(wanted)]
    if len(alike) == 1:
        return alike[0], ""
    return wanted, f"No artist is called {wanted!r}.{_suggestion(wanted, alike or names)}"


def _suggestion(wanted: str, names: Iterable[str]) -> str:
    near = process.extract(
        wanted, list(names), scorer=fuzz.ratio, processor=_folded, limit=SUGGESTED, score_cutoff=NEAR
    )
    return f" Did you mean {_either([name for name, _, _ in near])}?" if near else ""


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _folded(name: str) -> str:
    """Without case, accents and signs."""
    return "".join(c for c in anyascii(name).casefold() if c.isalnum())
