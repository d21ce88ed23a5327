"""How large, deep and crowded a page may be: parsers of HTML take quadratic time for what no song page has."""

from __future__ import annotations

import re

from rap_analyzer.domain.errors import PageChanged

MOST_BYTES = 8 * 2**20
"""Song pages have half a megabyte, the largest two."""
MOST_TAGS = 200_000
FEW_TAGS = 3_000
"""However these are nested, they are read in a fraction of a second; of more, the depth is counted first."""
DEEPEST = 400
"""Elements that stand in one another; song pages have some forty."""
LONGEST_TAG = 20_000
"""Bytes. An element with thousands of attributes takes seconds."""

TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d}" % LONGEST_TAG)
RAW = re.compile(rb"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
UNCOUNTED = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option"
    b" a abbr b big code em font i nobr s small span strike strong sub sup tt u".split()
)
"""Elements without content; those that need no end tag and nest within counted ones only; and those of running text,
which are read in linear time however deep they are."""


def check_bounds(html: bytes) -> None:
    """Whether a page can be parsed in a time that is bounded.

    Raises:
        PageChanged: it is larger, deeper or more crowded than any song page.
    """
    if len(html) > MOST_BYTES:
        raise PageChanged(f"The page has {len(html) >> 20} MB, more than any song page: it is not read.")
    tags = html.count(b"<")
    if tags > FEW_TAGS:
        _check_tree(RAW.sub(b"", html))
    if b"=" in html and LONG_TAG.search(html):
        raise PageChanged("The page has an element with more attributes than any song page: it is not read.")


def _check_tree(html: bytes) -> None:
    if html.count(b"<") > MOST_TAGS:
        raise PageChanged(f"The page has more than {MOST_TAGS:,} elements, as no song page has: it is not read.")
    depth = 0
    for closing, name in TAG.findall(html):
        if name.lower() in UNCOUNTED:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        if depth > DEEPEST:
            raise PageChanged(f"The page has more than {DEEPEST} elements in one another: it is not read.")
