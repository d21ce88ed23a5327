"""What is taken off the words of a song that came with a page, a database or a program around them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.guests import parse_names
from rap_analyzer.domain.markup import as_text, without_markup
from rap_analyzer.domain.mojibake import mend
from rap_analyzer.domain.page_text import song_words
from rap_analyzer.domain.placeholders import is_nothing, placeholder
from rap_analyzer.domain.track import Outcome

WORDS = "[Verse 1]\nKites on the wire\nNight shift hired"


@pytest.mark.parametrize(
    "text",
    [
        f"27 ContributorsTranslationsPortuguêsDeutschPaper Kites Lyrics{WORDS}",
        f"1 ContributorPaper Kites Lyrics{WORDS}",
        f"Paper Kites Lyrics{WORDS}",
        f"Paper Kites Lyrics\n{WORDS}",
        f"Paper Kites (Remix) Lyrics{WORDS}",
        f"3 ContributorsPaper Kites Lyrics“Paper Kites” is about [a kite]… Read More {WORDS}",
        f"Paper Kites Lyrics\nA song of a kite...\nRead More\u00a0\n{WORDS}",
        f"{WORDS}3Embed",
        f"{WORDS}Embed",
        f"{WORDS} 12Embed",
        f"{WORDS}1.2KEmbed",
        f"{WORDS}134EmbedShare URLCopyEmbedCopy",
        f"{WORDS}\nYou might also like5Embed",
        f"{WORDS}\nYou might also like",
        f"{WORDS}\nSee Marlow LiveGet tickets as low as $17",
        WORDS.replace("Night", "You might also likeNight"),
        WORDS.replace("[Verse 1]", "[\nVerse 1\n]"),
        f"[\n{WORDS}\n]",
        WORDS.replace("\nNight", "\n[]\nNight"),
    ],
)
def test_what_a_page_says_around_the_words_goes(text: str) -> None:
    """Heads, bios, offers, counts and lines of brackets, glued to the words or not."""
    assert song_words(text, "Paper Kites") == WORDS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("back in 1999Embed", "back in 1999"),
        ("back in 19993Embed", "back in 1999"),
        ("back in '99Embed", "back in '99"),
        ("they call 911\nthey call 9113Embed", "they call 911\nthey call 911"),
        ("it rhymes with low4Embed", "it rhymes with low"),
        ("so I Embed", "so I Embed"),
        ("You might also like the way", "You might also like the way"),
        ("These are my Lyrics\nand more", "These are my Lyrics\nand more"),
        ("I wrote the Lyrics to it", "I wrote the Lyrics to it"),
        ("27 contributors stood there", "27 contributors stood there"),
        ("(ad-lib)\n[Hook]\nyeah", "(ad-lib)\n[Hook]\nyeah"),
    ],
)
def test_words_that_look_alike_stay(text: str, words: str) -> None:
    """A year, a number that another line ends with, and sentences of the song's own."""
    assert song_words(text, "Paper Kites") == words


@given(st.text(max_size=300), st.text(max_size=20))
def test_no_text_and_title_break_the_function(text: str, title: str) -> None:
    """Whatever they hold, no line is made up."""
    words = song_words(text, title)
    assert len(words) <= len(text) * 3 + 3


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("one<br>two<BR />\nthree &amp; four", "one\ntwo\nthree & four"),
        ("<p>one</p><p>two</p>", "\n\none\n\ntwo\n\n"),
        ("<div class='x'>one</div><i>two</i> &quot;three&quot;", '\none\ntwo "three"'),
        ("I <3 you <- <laughs> a < b > c", "I <3 you <- <laughs> a < b > c"),
        ("one\\ntwo\\r\\nit\\'s \\u2019 \\\"x\\\"", "one\ntwo\nit's ’ \"x\""),
        ("&lt;br&gt;one &amp;amp; two &lt;3", "\none & two <3"),
        ("<script>var x = 1 < 2;</script>one", "one"),
        ("AT&T and R&B;", "AT&T and R&B;"),
    ],
)  # fmt: skip
def test_markup_and_escapes_become_lines_and_characters(text: str, plain: str) -> None:
    """Tags of HTML go, other angle brackets are words."""
    assert without_markup(text) == plain


@given(st.text(st.characters(exclude_characters="<&\\", exclude_categories=["Cs"])))
def test_a_text_without_markup_stays_as_it_is(text: str) -> None:
    """Nothing but markup is touched."""
    assert without_markup(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["[Verse 1]", "a", None, "b"], "[Verse 1]\na\n\nb"),
        ("['[Verse 1]', 'it\\'s', \"b\"]", "[Verse 1]\nit's\nb"),
        ('["[Verse 1]", "a"]', "[Verse 1]\na"),
        ([["a", "b"], ["c"]], "a\nb\n\nc"),
        ([{"header": "Verse 1", "lines": ["a", "b"]}], "[Verse 1]\na\nb"),
        ("[Intro]", "[Intro]"), ("['quoted'] words", "['quoted'] words"), (None, ""),
    ],
)  # fmt: skip
def test_lists_of_lines_become_lines(value: Any, text: str) -> None:
    """As JSON has them, or written out by a program."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Lyrics for this song have yet to be released. Please check back later.", "unreleased"),
        ("Lyrics will be available upon release", "unreleased"),
        ("Lyrics will be added soon!", "unreleased"),
        ("The lyrics for this song have not been transcribed yet", "unreleased"),
        ("Unreleased", "unreleased"),
        ("[Instrumental]", "instrumental"), ("Instrumental", "instrumental"),
        ("This song is an instrumental", "instrumental"), ("This track has no lyrics.", "instrumental"),
        ("1. One\n2. Two\n3. Three\n4. Four", "not_a_song"),
        ("Instrumental to my growth\nwas the street", None), ("This song is an instrumental\nof war\nthey said", None),
        ("Words here", None),
    ],
)  # fmt: skip
def test_what_stands_in_place_of_lyrics_is_told_apart(text: str, outcome: str | None) -> None:
    """Only where it is all that there is."""
    assert placeholder(text) == (Outcome(outcome) if outcome else None)


@pytest.mark.parametrize("text", ["NaN", "nan", "None", "null", "N/A", "", " ", "[]", "\\N", "<NA>"])
def test_words_for_nothing_are_nothing(text: str) -> None:
    """As programs write them."""
    assert is_nothing(text)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ('{"Tyler, The Creator"}', ["Tyler, The Creator"]),
        ('{"Earth, Wind & Fire",Bob}', ["Earth, Wind & Fire", "Bob"]),
        ("{AC/DC}", ["AC/DC"]), ('["Tyler, The Creator", "Bob"]', ["Tyler, The Creator", "Bob"]),
        ("['Rosa', 'Bob']", ["Rosa", "Bob"]), ('{"Cam\\\\\'ron"}', ["Cam'ron"]),
        ('{"\\"Odd\\" Al"}', ['"Odd" Al']), ("Rosa, Bob", ["Rosa", "Bob"]), ("Rosa; Bob", ["Rosa", "Bob"]),
        ("A, B | C", ["A, B", "C"]), ("feat. Rosa & Bob", ["Rosa & Bob"]),
        ('"Tyler, The Creator", Bob', ["Tyler, The Creator", "Bob"]), ([{"name": "Rosa"}], ["Rosa"]),
        (["Rosa", None, "rosa"], ["Rosa"]), ("nan", []), (math.nan, []), ("[]", []), ("{}", []), ("{NULL}", []),
        (None, []), ("", []), ("None", []),
    ],
)  # fmt: skip
def test_guests_are_named_whole(value: Any, names: list[str]) -> None:
    """In every spelling of a list, and none where there is none."""
    assert parse_names(value) == names


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("CafÃ© OlÃ©", "Café Olé"), ("Iâ€™m dÃ©jÃ\xa0 vu â€œstopâ€\ufffd", "I’m déjà vu “stop”"),
        ("РџСЂРёРІРµС‚ РјРёСЂ", "Привет мир"), ("ã\x81\x82ã\x81\x84ã\x81\x86ã\x81\x88", "あいうえ"),
        ("CafÃƒÂ©", "Café"),
    ],
)  # fmt: skip
def test_a_double_encoding_is_mended(text: str, mended: str) -> None:
    """Whatever it was read as, once or twice."""
    assert mend(text) == mended


LETTERS = "aeéèêàçñöüßøåœæÉÀÖÑłśżęąčřžőűğışöДжазпесняяОгоньعربيעברית日本語の歌한국어노래ΑΩφως😀🔥“”‘’—…«»€™ \n"


@given(st.text(st.sampled_from(LETTERS), max_size=80))
def test_right_text_is_never_damaged(text: str) -> None:
    """Any mixture of scripts, emoji and curly quotes passes unchanged."""
    assert mend(text) == text


@pytest.mark.parametrize("text", ["MÃE É TUDO", "SÃO PAULO…", "“CAFÉ”—ÉTÉ", "Â moi", "naïve—“très”", "Ünïcödé"])
def test_capitals_with_accents_are_no_double_encoding(text: str) -> None:
    """They stand alone, or before letters."""
    assert mend(text) == text
