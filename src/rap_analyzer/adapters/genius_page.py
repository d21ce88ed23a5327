"""Makes lyrics of a Genius song page, whatever year its shape is of. Pure: HTML in, words or why there are none out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser

from rap_analyzer.adapters.genius_answers import PLACEHOLDERS, without_words
from rap_analyzer.adapters.http_answers import is_whole_page, shows_challenge
from rap_analyzer.adapters.page_bounds import check_bounds
from rap_analyzer.domain.errors import Blocked, PageChanged
from rap_analyzer.domain.non_songs import is_no_song
from rap_analyzer.domain.page_text import song_words
from rap_analyzer.domain.placeholders import placeholder, sentence
from rap_analyzer.domain.track import NO_VALIDATORS, Outcome, Validators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

PARSER_VERSION = "3"
"""Raised when the same page would give other words."""

CHALLENGE_BYTES = 65_536
"""A challenge shows itself this early, and is a small page."""
CONTAINER = '[data-lyrics-container="true"]'
LEGACY = "div.lyrics"

UNSEEN_TAGS = frozenset({"script", "style", "noscript", "template", "svg", "button", "iframe", "head"})
FURNITURE_CLASS = re.compile(
    r"LyricsHeader|SongBioPreview|RecommendedSongs|ShareButtons|Lyrics__?Footer|EmbedForm|InreadAd|SidebarAd|AdMarker"
)
BLOCKS = """
    div p section aside header footer ul ol li h1 h2 h3 h4 h5 h6 blockquote hr center table caption tr td th dl dt dd
    pre article main nav figure figcaption address fieldset form details summary
"""
BLOCK_TAGS = frozenset(BLOCKS.split())
FURNITURE_BLOCK = re.compile(
    r"\s*(?:\d[\d.,]*[KM]?\s*)?(?:Contributors?[^\[\]]{0,4000}|Embed\s*)\Z"
    r"|\s*You might also like[^\[\]]{0,1500}\Z"
)
"""What a block without a telling class reads when it is no part of the words."""

UNEVEN_SPACE = re.compile(r"[\t\r\n][ \t\r\n]*| [ \t\r\n]+")
"""White space that is not one plain space already."""


TITLE_DECORATION = re.compile(r"(?:\s+Lyrics)?(?:\s*\|\s*Genius(?: Lyrics)?)?\s*$")

STATE = re.compile(
    rb"__PRELOADED_STATE__\s*=\s*JSON\.parse\(\s*('[^'\\]*(?:\\.[^'\\]*)*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\")\s*\)",
    re.DOTALL,
)
ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)", re.DOTALL)
SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}


@dataclass(frozen=True, slots=True)
class GeniusPage:
    """What a song page holds.

    Attributes:
        outcome: `stored` when there are lyrics, else `instrumental`, `unreleased` or `not_a_song`; `unchanged` when
            it was not sent, because it is the page that was known.
        lyrics: the words, cleaned, sections separated by a blank line; empty unless `stored`.
        raw_digest: SHA-256 (hex) of the page's bytes; empty until whoever fetched them says so.
        validators: by what the page can be asked whether it has changed; whoever fetched it says so.
    """

    outcome: Outcome
    lyrics: str = ""
    raw_digest: str = ""
    validators: Validators = NO_VALIDATORS


def parse_page(html: bytes, told: Outcome | None = None) -> GeniusPage:
    """The lyrics of a song page, or why it has none.

    Section headers and inline marks such as `[laughs]` stay; the header, the bio, recommendations, share buttons and
    whatever the page marks as no part of a selection go.

    Args:
        html: the page in UTF-8, never made into characters as a whole: half a megabyte of it holds a kilobyte of words.
            Bytes that are none are U+FFFD in the words.
        told: what the API says of a song without words; it counts where the page has a place for them and says nothing.

    Raises:
        Blocked: it is a challenge page.
        PageChanged: it is cut short, larger or deeper than any song page, or has neither lyrics nor a reason that we
            know.
    """
    check_bounds(html)
    tree = LexborHTMLParser(html)
    boxes = _outermost(tree.css(CONTAINER)) or tree.css(LEGACY)
    if not boxes and shows_challenge(html[:CHALLENGE_BYTES]):
        raise Blocked("Genius shows a challenge instead of the song page: stop for some hours, then ask more slowly.")
    if not is_whole_page(html):
        raise PageChanged("The song page ends before </html>: it was cut on the way, so ask for it again.")
    title = _title(tree)
    if is_no_song(title):
        return GeniusPage(Outcome.NOT_A_SONG)
    lyrics = song_words("\n".join(_text(box) for box in boxes), title)
    state = _preloaded_state(html) if not lyrics else {}
    lyrics = lyrics or _lyrics_of_state(state, title)
    outcome = (placeholder(lyrics) or Outcome.STORED) if lyrics else _reason(tree, state, told if boxes else None)
    return GeniusPage(outcome, lyrics if outcome is Outcome.STORED else "")


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("title")
    return TITLE_DECORATION.sub("", node.text()) if node else ""


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Boxes that stand in no other of them, in page order."""
    ids = {node.mem_id for node in nodes}
    return [node for node in nodes if not any(parent.mem_id in ids for parent in _ancestors(node))]


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _text(box: LexborNode) -> str:
    """The words in a box: line breaks are `<br>` and the edges of blocks, all other white space is a space."""
    text = _Lines()
    stack: list[LexborNode | None] = [box.child]
    closers: list[str] = [""]
    while stack:
        node = stack.pop()
        if node is None:
            text.edge(closers.pop())
            continue
        stack.append(node.next)
        tag = node.tag or ""
        if node.is_text_node:
            text.add(node.text_content or "", as_written="pre" in closers)
        elif tag == "br":
            text.end_line()
        elif node.is_element_node:
            text.edge(tag)
            if not _is_furniture(node, tag):
                stack.append(node.child)
                closers.append(tag)
    return str(text)


class _Lines:
    """Text under way: a break that the edge of a block asks for is made when words follow it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at_start = True
        self._owed = 0

    def add(self, text: str, *, as_written: bool = False) -> None:
        """Text as it stands; its own line ends count only where they are shown, in `<pre>`."""
        if as_written and "\n" in text:
            first, *others = text.split("\n")
            self.add(first)
            for line in others:
                self.end_line()
                self.add(line)
            return
        words = UNEVEN_SPACE.sub(" ", text)
        if words.strip() or (words and not self._at_start and not self._owed):
            self._pay()
            self._parts.append(words)
            self._at_start = False

    def end_line(self) -> None:
        self._pay()
        self._parts.append("\n")
        self._at_start = True

    def edge(self, tag: str) -> None:
        """A block begins or ends: what follows stands on a line of its own, after a blank one where paragraphs meet."""
        if tag in BLOCK_TAGS and self._parts:
            least = (not self._at_start) + (tag == "p")
            self._owed = max(self._owed, least)

    def _pay(self) -> None:
        self._parts.append("\n" * self._owed)
        self._owed = 0

    def __str__(self) -> str:
        return "".join(self._parts)


def _is_furniture(node: LexborNode, tag: str) -> bool:
    """Whether an element of a lyrics box is no part of the words."""
    attributes = node.attributes
    if tag in UNSEEN_TAGS or attributes.get("data-exclude-from-selection") == "true":
        return True
    if FURNITURE_CLASS.search(attributes.get("class") or ""):
        return True
    return tag in BLOCK_TAGS and tag != "p" and FURNITURE_BLOCK.match(node.text()) is not None


def _reason(tree: LexborHTMLParser, state: dict[str, Any], told: Outcome | None) -> Outcome:
    """Why a page has no lyrics."""
    if reason := _state_reason(state):
        return reason
    body = tree.body
    for line in _text(body).splitlines() if body else ():
        outcome = sentence(line.strip())
        if outcome:
            return outcome
    if told:
        return told
    raise PageChanged(
        "The song page has lyrics in none of the places we know: Genius may have changed, so look for a newer release."
    )


def _state_reason(state: dict[str, Any]) -> Outcome | None:
    lyrics_data = _at(state, "songPage", "lyricsData")
    reason = lyrics_data.get("lyricsPlaceholderReason") if isinstance(lyrics_data, dict) else None
    song = _at(state, "entities", "songs", str(_at(state, "songPage", "song")))
    return PLACEHOLDERS.get(str(reason)) or (without_words(song) if isinstance(song, dict) else None)


def _lyrics_of_state(state: dict[str, Any], title: str) -> str:
    html = _at(state, "songPage", "lyricsData", "body", "html")
    if not isinstance(html, str):
        return ""
    body = LexborHTMLParser(f"<div>{html}</div>").body
    return song_words(_text(body), title) if body else ""


def _preloaded_state(html: bytes) -> dict[str, Any]:
    """The state that the page's scripts start from; empty when it has none that can be read."""
    match = STATE.search(html)
    if not match:
        return {}
    try:
        text = ESCAPE.sub(_unescape, match[1][1:-1].decode("utf-8", "replace"))
        state = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def _unescape(match: re.Match[str]) -> str:
    """One escape of a JavaScript string literal."""
    code = match[1]
    if len(code) > 1 and code[0] in "ux":
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number <= 0x10FFFF else ""  # noqa: PLR2004
    return SIMPLE_ESCAPES.get(code, code)


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
