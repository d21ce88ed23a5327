"""A stream of syllables is the same however a process came to hear it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rap_analyzer.domain import rhyme_factor, word_sounds
from rap_analyzer.domain.lyrics import Lyrics, parse
from rap_analyzer.domain.rhyme_stream import BEYOND, Stream, listen, listen_all

if TYPE_CHECKING:
    import pytest

SPOKEN = "never (uh, huh) read [laughs] paper 🔥 the runnin' cat 24/7 LA live"
WORDS = st.sampled_from(SPOKEN.split())
SONGS = st.lists(st.lists(WORDS, max_size=9).map(" ".join), max_size=9).map("\n".join)
LIVE = "[Verse 1]\nwe live above the market\n[Verse 2]\nthey played it live from Berlin (yeah, yeah)"


def columns(stream: Stream) -> dict[str, Any]:
    """What a stream holds, with names in place of their numbers."""
    found = {field.name: getattr(stream, field.name) for field in fields(stream)}
    nuclei, clusters = found.pop("nuclei"), found.pop("clusters")
    found["nucleus"] = [nuclei[k] for k in found["nucleus"]]
    found |= {name: [clusters[k] for k in found[name]] for name in ("follow", "onset")}
    for name in ("word_id", "spelling"):
        order = list(dict.fromkeys(found[name].tolist()))
        found[name] = list(map(order.index, found[name]))
    return {name: np.asarray(column).tolist() for name, column in found.items()}


def without_bars(lyrics: Lyrics, section: int) -> Lyrics:
    """The song with a section emptied, as one in another language is."""
    return Lyrics(tuple(replace(s, bars=()) if k == section else s for k, s in enumerate(lyrics.sections)))


@given(st.lists(SONGS, min_size=1, max_size=4))
@settings(max_examples=40)
def test_songs_of_one_stream_are_as_they_are_alone(texts: list[str]) -> None:
    """Each song cut out of the stream of several has the columns of its own stream."""
    songs = [parse(text) for text in texts]
    stream, cuts = listen_all(songs)
    for song, cut in zip(songs, cuts, strict=True):
        assert columns(stream.song(cut)) == columns(listen(song))


def test_bars_of_songs_keep_apart_when_one_lacks_a_section() -> None:
    """A song whose first section is left out counts its bars on; the next song's come after them."""
    short = without_bars(parse("[Verse 1]\na\nb\nc\n[Verse 2]\nthe paper\nthe window"), 0)
    stream, cuts = listen_all([short, parse("one\ntwo\nthree\nfour\nfive")])
    assert (np.diff(stream.bar) >= 0).all()
    assert [place.bar for place in stream.song(cuts[0]).places] == [3, 3, 3, 4, 4, 4]
    assert [place.bar for place in stream.song(cuts[1]).places] == [0, 1, 2, 3, 4]


def test_places_count_words_that_nobody_says() -> None:
    """A note keeps its place in the bar, an ad-lib has syllables beyond the bar's end."""
    stream = listen(parse("[Verse]\n[laughs] paper [x2] moon (yeah)"))
    assert stream.places == ((0, 1, 0), (0, 1, 1), (0, 3, 0), (0, 4, 0))
    assert stream.to_end.tolist() == [2, 1, 0, BEYOND]
    assert stream.word.tolist() == [0, 0, 1, 2]


def test_bounds_are_those_of_the_section_in_any_part() -> None:
    """Where a section begins and ends is counted from the part's first syllable, and stays within the part."""
    stream = listen(parse("[Verse 1]\nhold the paper\n[Verse 2]\nold moon"))
    assert [bounds.tolist() for bounds in stream.bounds] == [[0] * 4 + [4] * 2, [4] * 4 + [6] * 2]
    assert [bounds.tolist() for bounds in stream.part(2, 5).bounds] == [[0, 0, 2], [2, 2, 3]]


def test_a_full_book_of_sounds_is_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded, and what is heard with the next book is the same."""
    before, book = columns(listen(parse(LIVE))), word_sounds.sound_book()
    monkeypatch.setattr(word_sounds, "MOST_WORDS", 1)
    assert columns(listen(parse(LIVE))) == before
    assert word_sounds.sound_book() is not book
    assert not len(word_sounds.sound_book())


def test_threads_that_share_a_book_hear_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even while books are put aside under their hands."""
    monkeypatch.setattr(word_sounds, "MOST_WORDS", 6)
    expected = columns(listen(parse(LIVE)))
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: columns(listen(parse(LIVE))), range(64)):
            assert found == expected


def test_rhyme_factor_does_not_hang_on_how_many_words_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words at the edge of a batch find their rhymes in the one before."""
    bars = [f"{one} lake will {other} fade" for one in ("paper", "later", "window") for other in ("never", "clever")]
    stream = listen(parse("\n".join(bars)))
    whole = rhyme_factor.rhyme_factor(stream)
    for words in (1, 2, 7):
        monkeypatch.setattr(rhyme_factor, "WORDS_AT_ONCE", words)
        assert rhyme_factor.rhyme_factor(stream) == whole > 0
