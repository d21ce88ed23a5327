"""Who raps what: names that a header tears apart are whole again where the credits have them."""

from __future__ import annotations

import pytest

from rap_analyzer.domain.headers import Kind, parse_header
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.measures import measure
from rap_analyzer.domain.performers import all_guests, whole_names, with_roles

TORN = ["Tyler, The Creator", "Earth, Wind & Fire", "AC/DC", "Скриптонит (Scriptonite)"]


def song(guest: str) -> str:
    return (
        f"[Verse 1: Marlow Quick]\nKites on the wire and I never get tired\n\n[Verse 2: {guest}]\nGarden in the winter"
        f" and the flower never bloom\n\n[Hook: Marlow Quick & {guest}]\nFly low, fly low"
    )


@pytest.mark.parametrize("guest", TORN)
def test_a_name_with_signs_is_one_performer(guest: str) -> None:
    """With the figures of all its bars, and featured; beside others in a header too."""
    rows = with_roles(measure(parse(song(guest)))["by_performer"], [guest], ["Marlow Quick"])
    assert [(row["name"], row["role"], row["bars"]) for row in rows] == [
        ("Marlow Quick", "primary", 2),
        (guest, "featured", 2),
    ]


@pytest.mark.parametrize("guest", TORN)
def test_its_verses_are_no_words_of_the_main_artist(guest: str) -> None:
    """A section that it shares with the main artist is the main artist's too."""
    verse, hook = parse(song(guest)).sections[1:]
    assert whole_names(verse.performers, [guest]) == [guest]
    assert all_guests(verse.performers, [guest])
    assert not all_guests(hook.performers, [guest])
    assert not all_guests((), [guest])


def test_parts_with_figures_of_their_own_stay_apart() -> None:
    """Somebody of the same word who raps elsewhere too is not drawn in."""
    rows = [{"name": "Tyler", "bars": 2}, {"name": "The Creator", "bars": 1}]
    assert [row["name"] for row in with_roles(rows, ["Tyler, The Creator"])] == ["Tyler", "The Creator"]


@pytest.mark.parametrize(
    ("line", "kind", "number", "performers"),
    [
        ("[Verse 2 (Rosa)]", Kind.VERSE, 2, ("Rosa",)),
        ("[Verse (Rosa & Bob)]", Kind.VERSE, None, ("Rosa", "Bob")),
        ("[Hook (x2)]", Kind.HOOK, None, ()),
        ("[Chorus (Repeat)]", Kind.HOOK, None, ()),
        ("[Verse 2 (Live)]", Kind.VERSE, 2, ()),
        ("[Rosa - Verse 2]", Kind.VERSE, 2, ("Rosa",)),
        ("[Rosa: Hook]", Kind.HOOK, None, ("Rosa",)),
        ("[Rosa & Bob – Verse 3]", Kind.VERSE, 3, ("Rosa", "Bob")),
        ("[1st Verse: Rosa]", Kind.VERSE, 1, ("Rosa",)),
        ("[Second Verse]", Kind.VERSE, 2, ()),
        ("[2. Strophe: Rosa]", Kind.VERSE, 2, ("Rosa",)),
        ("[1er couplet]", Kind.VERSE, 1, ()),
        ("[Last Hook: Rosa]", Kind.HOOK, None, ("Rosa",)),
        ("[サビ]", Kind.HOOK, None, ()),
        ("[サビ：Rosa]", Kind.HOOK, None, ("Rosa",)),
        ("[バース1]", Kind.VERSE, 1, ()),
        ("[1절]", Kind.VERSE, 1, ()),
        ("[후렴]", Kind.HOOK, None, ()),
        ("[副歌]", Kind.HOOK, None, ()),
        ("[פזמון]", Kind.HOOK, None, ()),
        ("[בית 2]", Kind.VERSE, 2, ()),
        ("[Zwrotka 1: Rosa]", Kind.VERSE, 1, ("Rosa",)),
        ("[Refren]", Kind.HOOK, None, ()),
        ("[Nakarat]", Kind.HOOK, None, ()),
        ("[Kıta 2]", Kind.VERSE, 2, ()),
        ("[Vers 1]", Kind.VERSE, 1, ()),
        ("[Refräng: Rosa]", Kind.HOOK, None, ("Rosa",)),
        ("[Omkvæd]", Kind.HOOK, None, ()),
        ("[Refreng]", Kind.HOOK, None, ()),
        ("[Säkeistö 1]", Kind.VERSE, 1, ()),
        ("[Kertosäe]", Kind.HOOK, None, ()),
        ("[Κουπλέ 1]", Kind.VERSE, 1, ()),
        ("[Ρεφρέν]", Kind.HOOK, None, ()),
    ],
)
def test_headers_are_read_as_they_are_written(
    line: str, kind: Kind, number: int | None, performers: tuple[str, ...]
) -> None:
    """Names behind, before or in brackets; numbers before the word; words of many languages."""
    header = parse_header(line, opens_stanza=False)
    assert header is not None
    assert (header.read.kind, header.read.number, header.read.performers) == (kind, number, performers)


@pytest.mark.parametrize("line", ["[7 shots fired]", "[2 gunshots]", "[Rosa - laughs]", "[first time I saw you]"])
def test_bars_in_brackets_stay_bars(line: str) -> None:
    """A number or a dash makes no header of what names no part of a song."""
    assert parse_header(line, opens_stanza=False) is None
