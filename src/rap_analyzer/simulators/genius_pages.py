"""Song pages as Genius has served them in different years, oddities included."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice

LINE_END = re.compile(r"\r\n|[\r\n\f]")
UNRELEASED = "Lyrics for this song have yet to be released. Please check back once the song has been released."
INSTRUMENTAL = "This song is an instrumental"
EXCLUDED = 'data-exclude-from-selection="true"'
STATE = "window.__PRELOADED_STATE__ = JSON.parse("
FILLER = (
    "!function(e){var t={};function n(r){if(t[r])return t[r].exports;var o=t[r]={i:r,l:!1,exports:{}};return e[r]"
    '.call(o.exports,o,o.exports,n),o.l=!0,o.exports}n.m=e,n.c=t}({"0":function(e,t){e.exports=function(){}}});'
)
CHALLENGE = (
    '<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><div id="challenge-error-text">Enable '
    "JavaScript and cookies to continue</div><script>window._cf_chl_opt={cvId:'3'};</script></body></html>"
)
NOT_FOUND = (
    "<!DOCTYPE html><html><head><title>Burrr! | Genius</title></head><body><h1>Oops! Page not found</h1></body></html>"
)


PADDING_STEP = 16_384


@dataclass(frozen=True, slots=True)
class SongPage:
    """What a page shows.

    Attributes:
        song_id: decides the page's oddities: how many boxes, which bars are annotated or in italics.
        kind: `song`, `instrumental`, `unreleased` or `not_a_song`.
        bio: what the header of newer pages says of the song.
        charset: what its `<meta>` declares.
    """

    song_id: int
    title: str
    artist: str
    lyrics: str
    kind: str = "song"
    bio: str = ""
    charset: str = "utf-8"


def render_artist(name: str, number: int) -> bytes:
    """An artist's page: of what the real one has, the title and the number that it tells apps."""
    shown = _escaped(name)
    return (
        f"<!DOCTYPE html><html><head><title>{shown} Lyrics, Songs, and Albums | Genius</title>"
        f'<meta content="genius://artists/{number}" property="twitter:app:url:iphone" />'
        f"</head><body><h1>{shown}</h1></body></html>"
    ).encode()


def render_page(page: SongPage, era: str, page_bytes: int = 0) -> bytes:
    """The page as that era (one of `corpus.ERAS`) wrote it, padded to about `page_bytes` as real ones are."""
    body, state = BODIES[era](page)
    head = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="{page.charset}">\n'
        f"<title>{_escaped(page.artist)} – {_escaped(page.title)} Lyrics | Genius Lyrics</title>\n"
        f'<meta property="og:title" content="{_escaped(page.artist)} – {_escaped(page.title)}">\n'
    )
    written = f"</head>\n<body>\n{body}\n{state}"
    script, styles = _padding(max(0, page_bytes - len(head) - len(written)) // PADDING_STEP * PADDING_STEP)
    end = '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>\n</body>\n</html>\n'
    first, middle, last = (text.encode(page.charset, "xmlcharrefreplace") for text in (head, written, end))
    return b"".join([first, styles, middle, script, last])


def _container(page: SongPage) -> tuple[str, str]:
    """2020–2024: one to three boxes, recommendations between them, share buttons after the last."""
    if not _has_words(page):
        return _placeholder(page), _state(page)
    pieces = _split(_lines(page), 1 + page.song_id % 3)
    between = f'<div class="RecommendedSongs__Container-fhtuij-0 gSAZmp" {EXCLUDED}>{_recommendations()}</div>'
    boxes = (_box(_marked(piece, page.song_id)) for piece in pieces)
    buttons = '<div class="ShareButtons__Root-jkzMHm bBPPRl"><span>123</span><button>Embed</button></div>'
    return f'<div id="lyrics-root">{between.join(boxes)}{buttons}</div>', _state(page)


def _header(page: SongPage) -> tuple[str, str]:
    """Since 2025: contributors, translations, title and bio inside the box, and furniture deep in it."""
    title = _escaped(page.title)
    header = (
        f'<div class="LyricsHeader__Container-sc-6f4ef545-1" {EXCLUDED}><div><button>263 Contributors</button>'
        "<div>Translations<ul><li>Español</li><li>Français</li></ul></div></div>"
        f'<h2 class="LyricsHeader__Title">{title} Lyrics</h2><div class="SongBioPreview__Container-sc-d13d64be-1">'
        f"<span>{_escaped(page.bio)}… <span>Read More\u00a0</span></span></div></div>"
    )
    if not _has_words(page):
        return f'<div id="lyrics-root">{_box(header)}{_placeholder(page)}</div>', _state(page)
    first, *rest = _split(_lines(page), 2)
    deep = f'<div><span><div class="RecommendedSongs__x" {EXCLUDED}>{_recommendations()}</div></span></div>'
    words = _box(header + _marked(first, page.song_id) + (deep if rest else ""))
    more = "".join(_box(_marked(piece, page.song_id + 1)) for piece in rest)
    return f'<div id="lyrics-root">{words}{more}<div class="EmbedForm__Root">123Embed</div></div>', _state(page)


def _legacy(page: SongPage) -> tuple[str, str]:
    """Until 2020: one `div.lyrics` with a paragraph in it."""
    words = UNRELEASED if page.kind == "unreleased" else _marked(_lines(page), page.song_id, "<br>\n")
    words = f"[{INSTRUMENTAL}]" if page.kind == "instrumental" else words
    return f'<div class="lyrics">\n\n<!--sse-->\n<p>{words}</p>\n<!--/sse-->\n\n</div>', ""


def _preloaded(page: SongPage) -> tuple[str, str]:
    """The newest: the words only in the state that the page's scripts start from."""
    words = f"<p>{_marked(_lines(page), page.song_id, '<br>' + chr(10))}</p>" if _has_words(page) else ""
    return '<div id="application"></div>', _state(page, words)


BODIES = {"container": _container, "header": _header, "legacy": _legacy, "preloaded": _preloaded}


def _has_words(page: SongPage) -> bool:
    return page.kind in ("song", "not_a_song")


def _placeholder(page: SongPage) -> str:
    sentence = INSTRUMENTAL if page.kind == "instrumental" else UNRELEASED
    return f'<div class="LyricsPlaceholder__Container-uen8er-1"><div>{sentence}</div></div>'


def _lines(page: SongPage) -> list[str]:
    return LINE_END.split(page.lyrics.replace("\0", ""))


def _split(lines: list[str], count: int) -> list[list[str]]:
    """Cuts the lines into up to `count` boxes at section headers; a line break between boxes is all that lacks."""
    headers = [n for n, line in enumerate(lines) if n and line.startswith("[")]
    cuts = sorted({headers[len(headers) * k // count] for k in range(1, count)}) if headers else []
    return [lines[start:end] for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True)]


def _box(inner: str) -> str:
    return f'<div data-lyrics-container="true" class="Lyrics__Container-sc-78fb6627-1 hiRbsH">{inner}</div>'


def _marked(lines: list[str], seed: int, line_break: str = "<br/>") -> str:
    """The lines as markup: some annotated (two in a row share a link), some words in italics or bold."""
    parts = []
    for number, line in enumerate(lines):
        text = _emphasized(line, seed + number)
        step = (seed + number) % 7
        joins_next = step == 3 and number + 1 < len(lines)  # noqa: PLR2004
        if step == 3:  # noqa: PLR2004
            text = f'<a href="/{seed}{number}/annotated" class="ReferentFragment"><span>{text}'
        if (step == 4 and number) or (step == 3 and not joins_next):  # noqa: PLR2004
            text += "</span></a>"
        parts.append(text)
    return line_break.join(parts)


def _emphasized(line: str, seed: int) -> str:
    """One line escaped; every fifth with its middle in italics, every eleventh in bold."""
    tag = "i" if seed % 5 == 0 else "b" if seed % 11 == 0 else ""
    if not tag or not line.strip():
        return _escaped(line)
    third = len(line) // 3
    first, middle, last = line[:third], line[third : 2 * third], line[2 * third :]
    return f"{_escaped(first)}<{tag}>{_escaped(middle)}</{tag}>{_escaped(last)}"


def _recommendations() -> str:
    return "<div>You might also like</div><a href='/Somebody-somewhere-lyrics'>Somewhere</a><span>Somebody</span>"


def _state(page: SongPage, words: str | None = None) -> str:
    """The page's state as a JSON document in a JavaScript string."""
    reason = page.kind if not _has_words(page) else None
    lyrics = {"body": {"html": words} if words is not None else None, "lyricsPlaceholderReason": reason}
    state = {"songPage": {"song": page.song_id, "lyricsData": lyrics, "title": page.title}, "currentPage": "songPage"}
    literal = json.dumps(state, ensure_ascii=False).replace("\\", "\\\\").replace("'", "\\'").replace("</", "<\\/")
    return f"<script>\n{STATE}'{literal}');\n</script>\n"


@lru_cache(maxsize=4)
def _padding(size: int) -> tuple[bytes, bytes]:
    """Scripts and style sheets of about `size` bytes together; kept: to make them takes longer than to send them."""
    if not size:
        return b"", b""
    script = "".join(islice(cycle([FILLER]), size * 3 // 4 // len(FILLER)))
    styles = "".join(f".c{n}{{margin:0 {n}px}}" for n in range(size // 4 // 20))
    return f"<script>{script}</script>\n".encode(), f"<style>{styles}</style>\n".encode()


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
