"""Transcriptions become sections, bars and words, and come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.headers import Kind
from rap_analyzer.domain.lyrics import bare_form, parse, render

SONG = """A line before it all

[Verse 1: Ida & Bo]
Kettle on the burner (on the burner)
Second-hand coat, [laughs] second-hand learner

Still here

[Chorus: Ida (Bo)]
Ring the bell twice
[laughs]
"""
PIECES = st.sampled_from(
    ["[Verse 1]", "[Hook: A & B]", "[laughs]", "[Marlow]", "(uh", "word", "[", "]", "\n", "\n\n", " "]
)


def test_sections_bars_and_words_are_found() -> None:
    """Headers open sections; other lines are bars, numbered through the song."""
    lyrics = parse(SONG)
    assert [(s.header, s.kind, s.number, s.performers) for s in lyrics.sections] == [
        (None, Kind.OTHER, None, ()),
        ("Verse 1: Ida & Bo", Kind.VERSE, 1, ("Ida", "Bo")),
        ("Chorus: Ida (Bo)", Kind.HOOK, None, ("Ida", "Bo")),
    ]
    assert [bar.index for bar in lyrics.bars] == list(range(6))
    assert [bar.after_blank for bar in lyrics.bars] == [False, False, False, True, False, False]


def test_round_brackets_hold_ad_libs_and_square_ones_notes() -> None:
    """A word knows its brackets; notes are not said."""
    _, verse, hook = parse(SONG).sections
    assert [w.text for w in verse.bars[0].words if w.adlib] == ["(on", "the", "burner)"]
    assert [w.bare for w in verse.bars[1].sung] == ["second-hand", "coat", "second-hand", "learner"]
    assert hook.bars[1].sung == ()


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Verse 2", Kind.VERSE),
        ("Pre-Chorus", Kind.PRE_HOOK),
        ("Pre Chorus: Bo", Kind.PRE_HOOK),
        ("Coro", Kind.HOOK),
        ("Estribillo", Kind.HOOK),
        ("Pre-Coro", Kind.PRE_HOOK),
        ("Puente", Kind.BRIDGE),
        ("Couplet 1", Kind.VERSE),
        ("Pré-refrain", Kind.PRE_HOOK),
        ("Pont", Kind.BRIDGE),
        ("Strophe 1", Kind.VERSE),
        ("Part II: Bo", Kind.VERSE),
        ("Brücke", Kind.BRIDGE),
        ("Strofa 1", Kind.VERSE),
        ("Ritornello", Kind.HOOK),
        ("Refrão", Kind.HOOK),
        ("Interlúdio", Kind.INTERLUDE),
        ("Куплет 1", Kind.VERSE),
        ("Припев", Kind.HOOK),
        ("Предприпев", Kind.PRE_HOOK),
        ("INTRO", Kind.INTRO),
        ("Outro - Bo", Kind.OUTRO),
        ("Skit", Kind.SKIT),
        ("Refrain", Kind.REFRAIN),
        ("Produced by Gil Tandem", Kind.OTHER),
        ("Marlow Quick", Kind.OTHER),
    ],
)
def test_headers_of_seven_languages_are_known(header: str, kind: Kind) -> None:
    """The kind is told by the header's first word or two."""
    (section,) = parse(f"[{header}]\nA bar").sections
    assert (section.header, section.kind) == (header, kind)


def test_refrain_is_the_hook_beside_french_headers() -> None:
    """A refrain is the hook in French and German, a returning line in English."""
    assert [s.kind for s in parse("[Couplet 1]\na\n[Refrain]\nb").sections] == [Kind.VERSE, Kind.HOOK]
    assert [s.kind for s in parse("[Verse 1]\na\n[Refrain]\nb").sections] == [Kind.VERSE, Kind.REFRAIN]


@pytest.mark.parametrize(
    ("header", "number", "performers"),
    [
        ("Verse 2: A, B & C", 2, ("A", "B", "C")),
        ("Verse: A (B)", None, ("A", "B")),
        ("Part IV", 4, ()),
        ("Verse 3 – Ida Mae", 3, ("Ida Mae",)),
        ("Hook: A & A", None, ("A",)),
    ],
)
def test_number_and_performers_are_read(header: str, number: int | None, performers: tuple[str, ...]) -> None:
    """Numbers may be Roman; names are parted by commas, ampersands and brackets, each once."""
    (section,) = parse(f"[{header}]").sections
    assert (section.number, section.performers) == (number, performers)


@pytest.mark.parametrize("line", ["[laughs]", "[crowd cheers]", "[Gunshots]", "[Verse 1] and on", "[Verse", "Verse 1]"])
def test_sounds_and_broken_brackets_are_bars(line: str) -> None:
    """A note about a sound is no header, nor is a line with text beside its brackets."""
    (section,) = parse(f"First\n\n{line}").sections
    assert section.bars[1].text == line


def test_a_line_of_emoji_is_a_bar_without_words() -> None:
    """What has neither letter nor digit is no word, but its line stays."""
    (bar,) = parse("🔥 — 🔥").bars
    assert (bar.text, bar.words) == ("🔥 — 🔥", ())


@pytest.mark.parametrize(
    ("text", "bare"), [("“Runnin’,”", "runnin"), ("DON’T!", "don't"), ("'em", "em"), ("24/7,", "24/7"), ("...", "")]
)
def test_the_bare_form_drops_outer_punctuation(text: str, bare: str) -> None:
    """Case, quotes and commas make no other word."""
    assert bare_form(text) == bare


@given(st.lists(PIECES | st.text(max_size=20)).map("".join) | st.text())
def test_rendering_and_parsing_are_inverse(text: str) -> None:
    """`parse(render(x)) == x` for whatever was parsed."""
    lyrics = parse(text)
    assert parse(render(lyrics)) == lyrics


@given(st.text())
def test_every_word_of_the_text_is_kept(text: str) -> None:
    """A word is what white space separates and has a letter or digit: none is lost, none is made up."""
    body = "plain " + " ".join(text.split())
    assert [w.text for bar in parse(body).bars for w in bar.words] == [
        w for w in body.split() if any(map(str.isalnum, w))
    ]


def test_long_texts_are_read() -> None:
    """A hundred thousand bars, and a bar of ten thousand words."""
    assert sum(1 for _ in parse("one two three\n" * 100_000).bars) == 100_000
    assert len(next(parse("la " * 10_000).bars).words) == 10_000
