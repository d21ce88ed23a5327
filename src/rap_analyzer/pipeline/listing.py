"""Lists what the corpus holds, a page at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import NotFound
from rap_analyzer.domain.language_names import read_language
from rap_analyzer.domain.listing import ListPage

if TYPE_CHECKING:
    from rap_analyzer.domain.listing import ListQuery
    from rap_analyzer.ports import CorpusLists


async def list_tracks(store: CorpusLists, query: ListQuery) -> ListPage:
    """Tracks that meet the query.

    Raises:
        InputError: there can be no such page, or the language is none.
        NotFound: the list ends before that page.
    """
    query = _read(query)
    total, rows = await store.list_tracks(query)
    return _checked(ListPage(query, total, rows))


async def list_artists(store: CorpusLists, query: ListQuery) -> ListPage:
    """Artists with tracks that meet the query, primary or featured; their name has to hold the query's artist.

    Raises:
        InputError: there can be no such page, or the language is none.
        NotFound: the list ends before that page.
    """
    query = _read(query)
    total, rows = await store.list_artists(query)
    return _checked(ListPage(query, total, rows))


def _read(query: ListQuery) -> ListQuery:
    query.check()
    return replace(query, filters=replace(query.filters, language=read_language(query.filters.language)))


def _checked(page: ListPage) -> ListPage:
    if page.total and not page.rows:
        last = (page.total + page.query.limit - 1) // page.query.limit
        raise NotFound(f"There is no page {page.query.page:,}; the last is {last:,}.")
    return page
