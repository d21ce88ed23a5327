"""Pages of a new shape are kept, and read again offline by a parser that knows it."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rap_analyzer.adapters.genius import try_page
from rap_analyzer.adapters.postgres import kept_pages
from rap_analyzer.adapters.postgres.forgetting import ForgettingStore
from rap_analyzer.adapters.postgres.kept_pages import KeptPages
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.track import (
    ArtistRef,
    Credit,
    Outcome,
    Provenance,
    RawPage,
    Relationship,
    Role,
    Song,
    TrackDraft,
)
from rap_analyzer.pipeline.reparse import reparse
from rap_analyzer.simulators.faults import NEW_NAMES
from silence import Silence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pytest
    from tests.conftest import Rap

    from rap_analyzer.adapters.genius_page import GeniusPage
    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.domain.track import Account

PAGE = b"""<html><head><title>Ann - Kettle Lyrics</title></head><body>
<div data-song-words="true">[Verse]<br>Kettle on the hob, I let it whistle till the neighbours know</div>
</body></html>"""


class Inline:
    """A pool without processes."""

    async def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return [function(item) for item in items]


def read_new_shape(raw: RawPage) -> tuple[GeniusPage | None, str]:
    """A parser of a later release."""
    body = raw.body
    for known, new in NEW_NAMES:
        body = body.replace(new, known)
    return try_page(RawPage(body, raw.content_type))


def failed(number: int, *, artist: str = "Ann", fetched: datetime | None = None, body: bytes = PAGE) -> TrackDraft:
    """A song whose page has a new shape."""
    credits_ = (
        Credit(ArtistRef(artist, f"id of {artist}"), Role.PRIMARY),
        Credit(ArtistRef("Bo", "id of Bo"), Role.WRITER),
    )
    song = Song(
        str(number),
        f"Song {number}",
        f"https://genius.com/{number}",
        credits_,
        released_on=datetime(2019, 4, 1, tzinfo=UTC).date(),
        year=2019,
        relationships=(Relationship("remix_of", "7"),),
    )
    provenance = Provenance("shelf", str(number), song.url, fetched or datetime.now(UTC), "1", "")
    return TrackDraft(song, Outcome.FAILED, provenance, reason="PageChanged: new", raw=RawPage(body, "text/html"))


async def read_again(database: Database, read: Callable[[RawPage], Any]) -> Account:
    """The step, on what is kept of the shelf."""
    kept, store = KeptPages(database, "shelf"), TrackStore(database)
    return await reparse(kept, store, Inline(), read, "shelf", "2", Silence())


async def test_a_parser_that_knows_the_shape_stores_the_words(database: Database) -> None:
    """With all that was known of the song and when it was fetched; the page is no longer kept."""
    store = TrackStore(database)
    draft = failed(1)
    assert await store.save_tracks([draft, failed(2)]) == [Outcome.FAILED, Outcome.FAILED]
    [page, _] = await KeptPages(database, "shelf").load(10, "")
    assert (page.song, page.raw, page.url) == (draft.song, draft.raw, draft.song.url)
    still = await read_again(database, try_page)
    assert (still.found, still.counts[Outcome.FAILED]) == (2, 2)
    assert await KeptPages(database, "shelf").count() == 2
    account = await read_again(database, read_new_shape)
    assert account.adds_up
    assert account.counts[Outcome.STORED] == 2
    [found] = await store.find_tracks("Song 1")
    track = await store.load_track(found["id"])
    assert track.lyrics.startswith("[Verse]\nKettle on the hob")
    assert track.year == 2019
    assert await KeptPages(database, "shelf").count() == 0


async def test_a_song_that_is_read_after_all_is_kept_no_longer(database: Database) -> None:
    """Whatever became of it, unless it failed again."""
    store, kept = TrackStore(database), KeptPages(database, "shelf")
    await store.save_tracks([failed(1), failed(2)])
    again = failed(1)
    await store.save_tracks([TrackDraft(again.song, Outcome.STORED, again.provenance, "words")])
    assert [page.song.source_id for page in await kept.load(10, "")] == ["2"]


async def test_pages_are_kept_for_ninety_days(database: Database) -> None:
    """Then they go."""
    store, kept = TrackStore(database), KeptPages(database, "shelf")
    await store.save_tracks([failed(1, fetched=datetime.now(UTC) - timedelta(days=89))])
    await store.save_tracks([failed(2, fetched=datetime.now(UTC) - timedelta(days=91))])
    await kept.drop_old()
    assert [page.song.source_id for page in await kept.load(10, "")] == ["1"]


async def test_the_oldest_make_room(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them together are bounded."""
    store, kept = TrackStore(database), KeptPages(database, "shelf")
    monkeypatch.setattr(kept_pages, "MOST_BYTES", 3 * len(zlib.compress(PAGE)))
    for number in range(6):
        await store.save_tracks([failed(number, fetched=datetime.now(UTC) - timedelta(days=number))])
    assert [page.song.source_id for page in await kept.load(10, "")] == ["0", "1", "2"]


async def test_a_forgotten_artist_leaves_no_page(database: Database) -> None:
    """Also one of whom nothing but such pages is here; and none is kept afterwards."""
    store, kept, forgetting = TrackStore(database), KeptPages(database, "shelf"), ForgettingStore(database)
    await store.save_tracks([failed(1), failed(2, artist="Cy")])
    await forgetting.forget(await forgetting.find_artist("Ann"))
    assert [page.song.source_id for page in await kept.load(10, "")] == ["2"]
    assert await store.save_tracks([failed(1)]) == [Outcome.FORGOTTEN]
    assert await kept.count() == 1


def test_the_command_takes_no_artists(rap: Rap, tmp_path: Path) -> None:
    """It reads everything that is kept."""
    wrong = rap("scrape", "Ann", "--reparse", data_dir=tmp_path)
    assert wrong.returncode == 2
    assert "takes no artists" in wrong.stderr
