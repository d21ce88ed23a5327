"""What came back over HTTP, and what can be read of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import orjson

from rap_analyzer.domain.track import Validators

if TYPE_CHECKING:
    from collections.abc import Mapping

CHALLENGE = re.compile(
    rb"""_cf_chl_opt|cf-chl-|id=["']challenge-(?:form|running|error)"""
    rb"""|<title>(?:just a moment\.\.\.|attention required!)"""
)
CHALLENGE_HINTS = (b"cf_chl", b"cf-chl", b"challenge-", b"<title>just", b"<title>attention")
"""One of these stands wherever the pattern matches; to look for them first is twenty times as quick."""
PAGE_END = re.compile(rb"</html\s*>")
LAST = 65_536
"""The end of a whole page stands this late; half a megabyte need not be searched for it."""
LIKELY_LAST = 256
"""Where it is looked for first."""
ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')
DATE = re.compile(r"[A-Za-z0-9,: +-]{1,60}")
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        url: where it came from in the end.
        status: of HTTP.
        headers: by name; upper and lower case are the same to `get`.
        body: decompressed.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Garbled(Exception):
    """Raised by a reader: the body is cut or malformed, and another attempt may bring a whole one."""


def shows_challenge(html: bytes) -> bool:
    """Whether the page is a challenge for browsers; a page that only carries the watcher's script is none."""
    small = html.lower()
    return any(hint in small for hint in CHALLENGE_HINTS) and CHALLENGE.search(small) is not None


def is_whole_page(html: bytes) -> bool:
    """Whether it has its end."""
    return any(PAGE_END.search(html[-last:].lower()) for last in (LIKELY_LAST, LAST))


def is_challenge(answer: Answer) -> bool:
    """Whether a challenge came in place of an answer."""
    if answer.headers.get("cf-mitigated") == "challenge":
        return True
    if answer.status not in (403, 503) or "html" not in answer.headers.get("content-type", ""):
        return False
    return shows_challenge(answer.body[:65_536])


def read_json(answer: Answer) -> tuple[int, Any]:
    """The status and the document; None where an error has none.

    Raises:
        Garbled: it is no JSON.
    """
    try:
        return answer.status, orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        if answer.status >= 400:  # noqa: PLR2004
            return answer.status, None
        raise Garbled("it is no JSON") from error


def read_whole_page(answer: Answer) -> Answer:
    """The answer, when it is a page to its end, or says that the page has not changed.

    Raises:
        Garbled: it was cut.
    """
    if answer.status != NOT_MODIFIED and not is_whole_page(answer.body):
        raise Garbled("it ends before </html>")
    return answer


def validators_of(answer: Answer) -> Validators:
    """By what the page can be asked whether it has changed; what is not written as RFC 9110 has it is left out."""
    etag, date = (answer.headers.get(name, "").strip() for name in ("etag", "last-modified"))
    return Validators(etag if ETAG.fullmatch(etag) else "", date if DATE.fullmatch(date) else "")


def conditions(known: Validators) -> dict[str, str]:
    """Headers that ask for a page only if it is no longer the one with these validators."""
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in headers.items() if value}


def retry_after(answer: Answer) -> float | None:
    """Seconds that Retry-After asks for, written as a number or as a date; None when it is absent or says neither."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
