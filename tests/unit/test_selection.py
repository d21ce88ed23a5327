"""Which songs of a list are wanted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rap_analyzer.adapters.genius_answers import read_stub
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.frontier import KnownSong, Wish, WishKind
from rap_analyzer.domain.selection import Selection, Sort, parse_languages, parse_years


def song(title: str = "Kettle", **known: Any) -> KnownSong:
    """A song of a list."""
    return KnownSong("1", None, is_due=True, title=title, **known)


@pytest.mark.parametrize(
    ("title", "term", "is_out"),
    [
        ("Whiskittens", "skit", False),
        ("The Bus Stop (Skit)", "skit", True),
        ("Kettle - Remix", "REMIX", True),
        ("Remixed Feelings", "remix", False),
        ("Part 2", "part 2", True),
        ("Part 22", "part 2", False),
        ("Что? (Ремикс)", "ремикс", True),
        ("C++ Love", "c++", True),
    ],
)
def test_terms_are_whole_words(title: str, term: str, is_out: bool) -> None:
    """Whatever the case, the script and the signs in them."""
    assert bool(Selection(excluded=(term,)).refusal(song(title), "7")) == is_out


def test_guests_are_left_out_of_an_artists_list_only() -> None:
    """An album has the guests' songs too, and a list that does not say whose a song is leaves it in."""
    own, guest, untold = song(primary_ids=("7",)), song(primary_ids=("8",)), song()
    only_own = Selection(features=False)
    assert [only_own.refusal(s, "7") for s in (own, guest, untold)] == ["", "only featured", ""]
    assert only_own.refusal(guest, "album:3") == ""
    assert Selection().refusal(guest, "7") == ""


def test_what_a_list_does_not_tell_a_visit_may() -> None:
    """Only a song that was asked itself is refused because its language or year is unknown."""
    french = Selection(languages=frozenset({"fr"}))
    assert french.refusal(song(), "7") == ""
    assert french.refusal(song(language="en"), "7") == "language en"
    assert french.refusal(song(is_described=True), "7") == "language unknown"
    assert Selection(languages=frozenset({"fr", "unknown"})).refusal(song(is_described=True), "7") == ""
    nineties = Selection(years=(1990, 1999))
    assert nineties.refusal(song(), "7") == ""
    assert nineties.refusal(song(year=1994), "7") == ""
    assert nineties.refusal(song(year=2001), "7") == "not of 1990-1999"
    assert nineties.refusal(song(is_described=True), "7") == "year unknown"


def test_what_comes_first() -> None:
    """In the list's order, in the alphabet's, or by the newest; songs without a date come last."""
    songs = [
        song("b", year=1990),
        song("A", released_on=date(2001, 2, 3), year=2001),
        song("c"),
        song("d", released_on=date(2001, 5, 1), year=2001),
    ]
    assert [s.title for s in Selection(max_songs=2).first(songs)] == ["b", "A"]
    assert [s.title for s in Selection(max_songs=3, sort=Sort.TITLE).first(songs)] == ["A", "b", "c"]
    assert [s.title for s in Selection(sort=Sort.RELEASE_DATE).first(songs)] == ["d", "A", "b", "c"]


@pytest.mark.parametrize(
    ("text", "years"),
    [("1994", (1994, 1994)), ("1990-1999", (1990, 1999)), ("1990-", (1990, None)), ("-1999", (None, 1999))],
)
def test_spans_of_years(text: str, years: tuple[int | None, int | None]) -> None:
    """One year, or from one to another, either of which may be left out."""
    assert parse_years(text) == years
    selection = Selection(years=years)
    assert selection.refusal(song(year=1994), "7") == ""
    outside = 2005 if years[1] else 1970
    assert selection.refusal(song(year=outside), "7") == f"not of {text}"


@pytest.mark.parametrize("text", ["1999-1990", "the nineties", "1990 to 1999", "12345", "1990-1995-1999"])
def test_what_is_no_span_of_years(text: str) -> None:
    """The error names the option and what it was given."""
    with pytest.raises(InputError, match=f"--year {text!r}"):
        parse_years(text)


def test_languages_are_codes() -> None:
    """Or names, in either case; what is neither is an error."""
    assert parse_languages(["EN", " unknown ", "French", "de-AT"]) == {"en", "unknown", "fr", "de"}
    with pytest.raises(InputError, match="'englsh' is no language"):
        parse_languages(["englsh"])


def test_wishes_have_keys_of_their_own() -> None:
    """An artist's is the name, as stores made before know it."""
    keys = [Wish(kind, "Kettle", artist).key for kind in WishKind for artist in ("", "Ann")]
    assert len(set(keys)) == 9  # an artist's and an address's are just their names
    assert Wish(WishKind.ARTIST, "Ann").key == "Ann"


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ({}, None),
        ({"lyrics_updated_at": 5}, 5),
        ({"updated_by_human_at": 9}, 9),
        ({"lyrics_updated_at": 5, "updated_by_human_at": 9}, 9),
        ({"lyrics_updated_at": None, "updated_by_human_at": "soon"}, None),
    ],
)
def test_a_list_tells_when_a_song_changed(said: dict[str, Any], changed: int | None) -> None:
    """The later of its two stamps; either may be missing, or no number."""
    listed = {"id": 1, "title": "Kettle", "path": "/Ann-kettle-lyrics", "artist_names": "Ann", **said}
    assert read_stub(listed).changed_at == changed
