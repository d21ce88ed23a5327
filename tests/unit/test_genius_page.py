"""Song pages of every era give their words, all of them and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rap_analyzer.adapters.genius import decode_page, read_page
from rap_analyzer.adapters.genius_page import parse_page
from rap_analyzer.domain.errors import Blocked, PageChanged
from rap_analyzer.domain.non_songs import is_no_song
from rap_analyzer.domain.page_text import song_words
from rap_analyzer.domain.placeholders import placeholder
from rap_analyzer.domain.track import Outcome, RawPage
from rap_analyzer.domain.transcription import clean_transcription
from rap_analyzer.simulators.corpus import ERAS
from rap_analyzer.simulators.genius_pages import CHALLENGE, NOT_FOUND, SongPage, render_page

LYRICS = (
    '[Verse 1: Ada & Bo]\nTea & toast, <b>"burnt"</b> [laughs]\nIt\'s five\n\n[Hook]\nLa la\nLa la la\n\n[Outro]\nBye'
)
SHARES = '<div class="x1"><span>123</span>Embed</div>'

# No page has control characters or Unicode line separators: what a browser makes of them is no matter of ours.
line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40) | st.sampled_from(
    [
        "[Hook]",
        "[Verse 2: A & B]",
        "[laughs]",
        "",
        "a  b",
        "&amp;",
        "</div>",
        "'",
        '\\"',
        "\\u0041",
        "</script>",
        "<br>",
    ]
)
lyrics_texts = st.lists(line, min_size=1, max_size=30).map("\n".join)


def page_of(inner: str, title: str = "Ada – Tea Lyrics | Genius Lyrics", after: str = "") -> str:
    """A whole page around some markup."""
    return f"<html><head><title>{title}</title></head><body>{inner}{after}</body></html>"


def box(inner: str) -> str:
    """A box of lyrics as Genius marks them."""
    return f'<div data-lyrics-container="true" class="Lyrics__Container-xyz">{inner}</div>'


@pytest.mark.parametrize("era", ERAS)
@given(lyrics=lyrics_texts, song_id=st.integers(0, 500))
@settings(max_examples=150)
@example(lyrics=LYRICS, song_id=3)
@example(lyrics="[A]\nx\n[B]\ny", song_id=2)
def test_every_era_gives_the_words_back(era: str, lyrics: str, song_id: int) -> None:
    """Whatever the lyrics, the parser takes out of a page what the page was made of."""
    expected = clean_transcription(lyrics)
    assume(expected)
    assume(song_words(lyrics, "Tea") == expected)
    assume(placeholder(expected) is None)
    page = parse_page(render_page(SongPage(song_id, "Tea", "Ada", lyrics, bio="About tea."), era))
    assert (page.outcome, page.lyrics) == (Outcome.STORED, expected)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("kind", ["instrumental", "unreleased"])
def test_a_song_without_words_says_why(era: str, kind: str) -> None:
    """Instrumental and unreleased songs are told apart in every era."""
    page = parse_page(render_page(SongPage(4, "Tea", "Ada", "", kind), era))
    assert (page.outcome, page.lyrics) == (Outcome(kind), "")


@pytest.mark.parametrize("era", ERAS)
def test_the_size_of_a_page_changes_nothing(era: str) -> None:
    """A page padded to half a megabyte gives the same words."""
    html = render_page(SongPage(4, "Tea", "Ada", LYRICS), era, 500_000)
    assert 450_000 < len(html) < 550_000
    assert parse_page(html).lyrics == LYRICS


@pytest.mark.parametrize("era", ERAS)
@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=40)
def test_a_cut_page_is_never_lyrics(era: str, share: float) -> None:
    """Wherever a page is cut, it is an error, not a shorter song."""
    html = render_page(SongPage(4, "Tea", "Ada", LYRICS), era).rstrip()
    with pytest.raises(PageChanged):
        parse_page(html[: int(share * len(html))])


@given(html=st.text(max_size=300) | st.lists(st.sampled_from([*"<>/=\"'&;[] \n", "div", "html", "br"])).map("".join))
@settings(max_examples=200)
def test_any_text_is_a_page_or_a_known_error(html: str) -> None:
    """No text makes the parser fail in a way that nobody expects."""
    try:
        page = parse_page((html + "</html>").encode())
    except (PageChanged, Blocked):
        return
    assert page.outcome is not Outcome.STORED or page.lyrics


def test_deep_nesting_is_no_trouble() -> None:
    """Ten thousand elements inside each other are walked without recursion."""
    depth = 10_000
    html = page_of(box("<i>" * depth + "deep" + "</i>" * depth))
    assert parse_page(html.encode()).lyrics == "deep"


@pytest.mark.parametrize(
    "inner",
    [
        *("<div>" * 16_000, "<ul><li>" * 16_000, "<i><div>" * 16_000, "<div>x " * 16_000, "<table><tr><td>" * 16_000),
        *("<section><b>" * 9_000, "<p " + " ".join(f"a{n}=1" for n in range(16_000)) + ">"),
    ],
)
def test_a_page_deeper_than_any_is_refused_unread(inner: str) -> None:
    """Parsers take quadratic time for it: the page is of another shape, and nothing is walked."""
    with pytest.raises(PageChanged, match="it is not read"):
        parse_page(page_of(box(inner)).encode())


def test_a_page_larger_than_any_is_refused_unread() -> None:
    """Nine megabytes of words are no song."""
    with pytest.raises(PageChanged, match="more than any song page"):
        parse_page(page_of(box("la " * 3_200_000)).encode())


@pytest.mark.parametrize(
    ("told", "state", "outcome"),
    [
        (None, {"instrumental": True, "lyricsState": "complete"}, Outcome.INSTRUMENTAL),
        (None, {"instrumental": False, "lyricsState": "unreleased"}, Outcome.UNRELEASED),
        (Outcome.INSTRUMENTAL, {}, Outcome.INSTRUMENTAL),
        (Outcome.UNRELEASED, {}, Outcome.UNRELEASED),
    ],
)
def test_a_page_with_a_picture_is_what_flags_say(
    told: Outcome | None, state: dict[str, object], outcome: Outcome
) -> None:
    """A score in place of words: the page's state or the API says what it is; without either the shape is unknown."""
    entities = {"songPage": {"song": 1}, "entities": {"songs": {"1": state}}}
    literal = json.dumps(json.dumps(entities))
    picture = box('<a href="/2"><img src="score.png" width="790"></a>')
    page = page_of(f"{picture}<script>window.__PRELOADED_STATE__ = JSON.parse({literal});</script>").encode()
    assert parse_page(page, told).outcome is outcome
    with pytest.raises(PageChanged):
        parse_page(page_of(picture).encode())


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (box("one<hr>two<hr/>three"), "one\ntwo\nthree"),
        (box("<h4>one</h4><h5>two</h5><h6>three</h6>four"), "one\ntwo\nthree\nfour"),
        (box("<center>one</center><dl><dt>two</dt><dd>three</dd></dl>"), "one\ntwo\nthree"),
        (box("<table><tr><td>one</td><td>two</td></tr><tr><td>three</td></tr></table>"), "one\ntwo\nthree"),
        (box("zero<pre>one\ntwo\n\n[Hook]\nthree</pre>four"), "zero\none\ntwo\n\n[Hook]\nthree\nfour"),
        (box("A") + box("B"), "A\nB"),
        (box("A<br>") + box("[Hook]<br>B"), "A\n\n[Hook]\nB"),
        (box('A<br/><a href="/1"><span>B<br>C</span></a><br><i>D</i> <b>E</b>'), "A\nB\nC\nD E"),
        (box('<div><p><span data-exclude-from-selection="true">no</span></p></div>A'), "A"),
        (box('A<span><span data-exclude-from-selection="true">no</span></span>, B'), "A, B"),
        (box('<div class="LyricsHeader__C-1">12 Contributors<h2>Tea Lyrics</h2></div>[Intro]<br>A'), "[Intro]\nA"),
        (box("<div>12 Contributors<div>Tea Lyrics</div>About it… Read More</div>A"), "A"),
        (
            box("263 ContributorsTranslationsEspañolTea Lyrics“Tea” is about tea… Read More\u00a0[Intro]<br>A"),
            "[Intro]\nA",
        ),
        (box("1 ContributorTea LyricsA<br>B"), "A\nB"),
        (box(f"A{SHARES}"), "A"),
        (box("A<br>the end123Embed"), "A\nthe end"),
        (box("A<br>the endEmbed"), "A\nthe end"),
        (box("A<div>You might also like<a>Other</a></div>B"), "A\nB"),
        (box("A<br>You might also like<br>B"), "A\nYou might also like\nB"),
        (box("tom &amp; jerry &lt;3 &#x27;n&#39; caf&eacute;&nbsp;x"), "tom & jerry <3 'n' café x"),
        (box("A<script>alert(1)</script><style>b{}</style><!-- no -->B"), "AB"),
        (box(box("A")), "A"),
        ('<div class="lyrics">\n<!--sse--><p>A<br>\nB</p>\n<p>[Hook]<br>\nC</p><!--/sse--></div>', "A\nB\n\n[Hook]\nC"),
        ('<div class="lyrics"><p>old</p></div>' + box("new"), "new"),
        (box("[Instrumental]<br>A"), "[Instrumental]\nA"),
        (box("1. A<br>2. B<br>and 3"), "1. A\n2. B\nand 3"),
    ],
)
def test_words_stay_and_furniture_goes(inner: str, expected: str) -> None:
    """Breaks, entities, links and nesting are read as a reader sees them."""
    page = parse_page(page_of(inner).encode())
    assert (page.outcome, page.lyrics) == (Outcome.STORED, expected)


@pytest.mark.parametrize(
    ("inner", "title", "outcome"),
    [
        (box("[Instrumental]"), "Tea", Outcome.INSTRUMENTAL),
        (box("This song is an instrumental"), "Tea", Outcome.INSTRUMENTAL),
        ("<p>This song is an instrumental</p>", "Tea", Outcome.INSTRUMENTAL),
        (box("Lyrics for this song have yet to be released. Please check back."), "Tea", Outcome.UNRELEASED),
        ("<p>Lyrics for this song have yet to be transcribed.</p>", "Tea", Outcome.UNRELEASED),
        (box("") + "<p>Lyrics for this song have yet to be released</p>", "Tea", Outcome.UNRELEASED),
        (box("A"), "Ada – Tea [Tracklist + Album Art] Lyrics | Genius Lyrics", Outcome.NOT_A_SONG),
        (box("1. A<br>2. B<br>3. C<br>4. D"), "Tea", Outcome.NOT_A_SONG),
    ],
)
def test_pages_without_lyrics_have_an_outcome(inner: str, title: str, outcome: Outcome) -> None:
    """Why there are no lyrics is an outcome of its own, never an empty song."""
    page = parse_page(page_of(inner, title).encode())
    assert (page.outcome, page.lyrics) == (outcome, "")


@pytest.mark.parametrize(
    "title",
    [
        "Wick [Tracklist + Album Art]",
        "Wick (Track List)",
        "Wick Tracklist",
        "Wick (Radio 9 Interview)",
        "Wick [Booklet]",
        "Wick (English Translation)",
        "Wick (Traducción al Español)",
        "Genius English Translations – Ada - Wick",
        "Wick [Liner Notes]",
    ],
)
def test_titles_of_what_is_no_song(title: str) -> None:
    """Track lists, interviews, booklets and translations are known by their titles."""
    assert is_no_song(title)


@pytest.mark.parametrize(
    "title",
    [
        "Whiskittens",
        "Interview",
        "Credits Roll",
        "Tracklisted",
        "Lost in Translation",
        "Tea (Lost in Translation)",
        "Script",
        "Block Party (Live at the Interview Room)",
        "The Artworks",
        "Skit",
        "Tea (Remix)",
    ],
)
def test_titles_of_songs(title: str) -> None:
    """A telling word inside another, or a song that is called so, makes nothing of a song but a song."""
    assert not is_no_song(title)


def test_a_challenge_is_no_page() -> None:
    """A challenge for browsers is `Blocked`, whatever its status was."""
    with pytest.raises(Blocked, match="challenge"):
        parse_page(CHALLENGE.encode())


def test_a_page_with_the_watchers_script_is_a_page() -> None:
    """Ordinary pages carry the challenge platform's script; that blocks nobody."""
    html = page_of(box("A"), after="<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>")
    assert parse_page(html.encode()).lyrics == "A"


@pytest.mark.parametrize(
    "html", [NOT_FOUND, page_of("<p>Tea is nice</p>"), page_of("<a>Instrumental</a>"), page_of("")]
)
def test_an_unknown_shape_says_so(html: str) -> None:
    """A page in which lyrics stand nowhere is an error that tells of a change, not an empty song."""
    with pytest.raises(PageChanged, match="none of the places"):
        parse_page(html.encode())


def test_a_state_that_cannot_be_read_is_an_unknown_shape() -> None:
    """A broken state is as good as none."""
    html = page_of("", after="<script>window.__PRELOADED_STATE__ = JSON.parse('{\\\"a\\\": ');</script>")
    with pytest.raises(PageChanged):
        parse_page(html.encode())


def test_escapes_of_scripts_are_undone() -> None:
    r"""`\x27`, `\u{1F600}`, surrogate pairs and escaped quotes in the state are what they stand for."""
    body = json.dumps({"songPage": {"lyricsData": {"body": {"html": "@"}}}}).replace('"', '\\"')
    words = r"<p>it\x27s \u{1F600} \uD83D\uDE00 \'q\' \u00e9<br>\nend<\/p>"
    html = page_of("", after=f"<script>window.__PRELOADED_STATE__ = JSON.parse('{body.replace('@', words)}');</script>")
    with pytest.raises(PageChanged):
        parse_page(html.encode())  # a bare line break is no JSON
    html = html.replace(r"<br>\n", "<br>")
    assert parse_page(html.encode()).lyrics == "it's 😀 😀 'q' é\nend"


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ("é".encode(), "text/html; charset=utf-8", "é"),
        ("é—".encode("windows-1252"), "text/html; charset=windows-1252", "é—"),
        ("—".encode("windows-1252"), "text/html; charset=iso-8859-1", "—"),
        ('<meta charset="windows-1251">Ж'.encode("windows-1251"), "text/html", '<meta charset="windows-1251">Ж'),
        ("é".encode("windows-1252"), "text/html; charset=utf-8", "é"),
        ("é".encode(), "text/html; charset=klingon", "é"),
        ("é".encode(), "", "é"),
        ("é".encode("utf-8-sig"), "text/html; charset=ascii", "é"),
        ("é".encode("utf-16"), "", "é"),
        (b"\x81", "", "\ufffd"),
    ],
)
def test_pages_are_read_in_their_charset(body: bytes, kind: str, expected: str) -> None:
    """The charset is the one declared; one that does not fit costs no accents."""
    assert decode_page(body, kind) == expected


@given(
    body=st.binary(max_size=80),
    charset=st.sampled_from(["", "utf-8", "big5", "x", "utf-16", "idna", "base64", "rot13"]),
)
def test_any_bytes_are_some_text(body: bytes, charset: str) -> None:
    """Decoding never fails, also for labels that name no charset."""
    assert isinstance(decode_page(body, f"text/html; charset={charset}"), str)


@pytest.mark.parametrize(
    "kind", ["text/html", "text/html; charset=utf-8", "text/html; charset=UTF8", "text/html; charset=x"]
)
@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "utf-8-sig", "utf-16"])
def test_words_keep_their_accents(kind: str, charset: str) -> None:
    """A page in another charset than it says, or than nothing says, gives the same words."""
    raw = RawPage(page_of(box("café — naïve")).encode(charset), kind)
    assert read_page(raw).lyrics == "café — naïve"


def test_bytes_that_are_no_characters_stay_out_of_words_that_have_none() -> None:
    """An odd byte in a script takes no accent from the words."""
    raw = RawPage(page_of(box("café"), after="<script>'@'</script>").encode().replace(b"@", b"\xe9"), "")
    assert read_page(raw).lyrics == "café"
