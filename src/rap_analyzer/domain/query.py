"""What a person types into a search box, taken apart: words, phrases in quotes, and what must not be there."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02"), '"')
"""Quotation marks that keyboards and word processors put in the place of the plain one."""
TERM = re.compile(r'(?P<minus>(?:(?<=\s)|^)[-\u2212](?=["\w]))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query in its parts.

    Attributes:
        wanted: what is looked for, as it was typed, without what is excluded.
        words: the words outside quotes, separated by spaces.
        phrases: what stands in quotes; all of it must be in a song, word by word.
        excluded: words and phrases after a minus; a song that has one of them is no answer.
    """

    wanted: str
    words: str = ""
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def parse_query(typed: str) -> SearchQuery:
    """Take a query apart. Never raises.

    A minus excludes where it stands before a word or a quote and not within a word: "sedan -beige", but "hip-hop".
    """
    text = unicodedata.normalize("NFC", typed.replace("\x00", " ")).translate(QUOTES).strip()
    if text.count('"') % 2:  # one that was never closed quotes nothing
        text = "".join(text.rsplit('"', 1))
    words: list[str] = []
    phrases: list[str] = []
    excluded: list[str] = []
    wanted: list[str] = []
    for term in TERM.finditer(text):
        said = term["phrase"] if term["word"] is None else term["word"]
        if not any(map(str.isalnum, said)):
            continue
        if term["minus"]:
            excluded.append(said)
            continue
        wanted.append(term[0])
        (words if term["word"] else phrases).append(said)
    return SearchQuery(" ".join(wanted) if excluded else text, " ".join(words), tuple(phrases), tuple(excluded))
