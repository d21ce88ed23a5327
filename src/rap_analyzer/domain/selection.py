"""Which songs of a list are wanted, by what the list says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.language_names import language_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.frontier import KnownSong

UNKNOWN = "unknown"
"""Stands for what the source does not say."""
LATEST_YEAR = 9999


class Sort(StrEnum):
    """In which order songs are taken where only some are wanted."""

    POPULARITY = "popularity"
    TITLE = "title"
    RELEASE_DATE = "release_date"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which songs of a list are wanted.

    Attributes:
        max_songs: only the first so many of them; all when None.
        sort: what comes first: the most popular, the first in the alphabet, or the newest.
        features: also songs on which the artist is only a guest.
        excluded: terms of which a title may contain none as whole words, whatever the case.
        languages: codes such as `en`, or `unknown`; any when empty.
        years: of release, first and last; None where there is no bound.
    """

    max_songs: int | None = None
    sort: Sort = Sort.POPULARITY
    features: bool = True
    excluded: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    years: tuple[int | None, int | None] = (None, None)

    @property
    def needs_description(self) -> bool:
        """Whether it asks for what a list often leaves out and only the song itself tells."""
        return bool(self.languages) or self._has_years

    @property
    def _has_years(self) -> bool:
        return self.years != (None, None)

    def first(self, songs: Sequence[KnownSong]) -> list[KnownSong]:
        """The wanted ones in order, as many as are wanted, of songs that are not refused, the most popular first."""
        if self.sort is Sort.TITLE:
            songs = sorted(songs, key=lambda song: song.title.casefold())
        elif self.sort is Sort.RELEASE_DATE:
            songs = sorted(songs, key=_age)
        return list(songs[: self.max_songs])

    def refusal(self, song: KnownSong, list_id: str | None) -> str:
        """Why a song of a list is not wanted, in a few words; empty when it is, or when only a visit can tell.

        Args:
            song: what is known of it.
            list_id: of the artist whose list it is.
        """
        is_guest = song.primary_ids and ":" not in (list_id or ":") and list_id not in song.primary_ids
        if is_guest and not self.features:
            return "only featured"
        for term in self.excluded:
            if re.search(rf"(?<!\w){re.escape(term)}(?!\w)", song.title, re.IGNORECASE):
                return f"{term!r} in the title"
        return self._unfit_language(song) or self._unfit_year(song)

    def _unfit_language(self, song: KnownSong) -> str:
        if not self.languages or (song.language is None and not song.is_described):
            return ""
        language = song.language or UNKNOWN
        return "" if language in self.languages else f"language {language}"

    def _unfit_year(self, song: KnownSong) -> str:
        if not self._has_years or (song.year is None and not song.is_described):
            return ""
        if song.year is None:
            return "year unknown"
        first, last = self.years
        return "" if (first or 0) <= song.year <= (last or LATEST_YEAR) else f"not of {_span(self.years)}"


EVERYTHING = Selection()


def parse_years(text: str | None) -> tuple[int | None, int | None]:
    """First and last year of `1994`, `1990-1999`, `1990-` or `-1999`; None where there is no bound.

    Raises:
        InputError: it is none of these.
    """
    if not text:
        return None, None
    first, dash, last = text.partition("-")
    try:
        low = int(first) if first else None
        high = (int(last) if last else None) if dash else low
    except ValueError as error:
        raise InputError(f"--year {text!r} is neither a year nor a range such as 1990-1999.") from error
    if any(year is not None and not 0 <= year <= LATEST_YEAR for year in (low, high)):
        raise InputError(f"--year {text!r} is no year between 0 and {LATEST_YEAR}.")
    if low is not None and high is not None and low > high:
        raise InputError(f"--year {text!r} ends before it begins.")
    return low, high


def parse_languages(codes: Sequence[str]) -> frozenset[str]:
    """Languages by their codes or names, whatever the case.

    Raises:
        InputError: one is none.
    """
    cleaned = [(name, name.strip().lower()) for name in codes]
    found = {name: lower if lower == UNKNOWN else language_code(lower) for name, lower in cleaned}
    for name, code in found.items():
        if code is None:
            raise InputError(f"--language {name!r} is no language that we know: write a code such as en, or unknown.")
    return frozenset(code for code in found.values() if code)


def _age(song: KnownSong) -> tuple[bool, int]:
    """The newest first; songs without a date last."""
    newest = song.released_on or (date(song.year, 1, 1) if song.year else None)
    return newest is None, -newest.toordinal() if newest else 0


def _span(years: tuple[int | None, int | None]) -> str:
    first, last = ("" if year is None else str(year) for year in years)
    return first if first == last else f"{first}-{last}"
