"""What is forgotten is gone, with all that was made of it, and does not come back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.forgetting import ForgettingStore
from rap_analyzer.adapters.postgres.frontier import open_frontier
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.errors import NotFound
from rap_analyzer.domain.frontier import Scope, SongPage
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, SongStub, TrackDraft

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.adapters.postgres.database import Database

EVERYWHERE = """
    SELECT (SELECT count(*) FROM tracks) + (SELECT count(*) FROM lyrics_versions) + (SELECT count(*) FROM passages)
         + (SELECT count(*) FROM analyses) + (SELECT count(*) FROM credits) + (SELECT count(*) FROM provenance)
         + (SELECT count(*) FROM enrichments) + (SELECT count(*) FROM rhyme_tails)
         + (SELECT count(*) FROM tail_readings)
"""


def draft(number: int, *artists: str, lyrics: str = "words") -> TrackDraft:
    """A song of these primary artists."""
    credits_ = tuple(Credit(ArtistRef(name, f"id of {name}"), Role.PRIMARY) for name in artists)
    song = Song(str(number), f"Song {number}", "", credits_)
    return TrackDraft(song, Outcome.STORED, Provenance("shelf", str(number), "", datetime.now(UTC), "1", ""), lyrics)


async def test_a_forgotten_track_does_not_come_back(database: Database) -> None:
    """Its words are gone; a later visit or import brings nothing; other tracks of the artist stay."""
    store, forgetting = TrackStore(database), ForgettingStore(database)
    await store.save_tracks([draft(1, "Ann"), draft(2, "Ann")])
    await store.save_tracks([draft(1, "Ann", lyrics="other words")])
    [found] = await store.find_tracks("Song 1")
    chosen = await forgetting.find_tracks([found["id"]])
    assert chosen.what == "'Song 1' by Ann"
    await forgetting.forget(chosen)
    assert await store.find_tracks("Song 1") == []
    assert await store.save_tracks([draft(1, "Ann"), draft(2, "Ann")]) == [Outcome.FORGOTTEN, Outcome.UNCHANGED]
    assert await store.find_tracks("Song 1") == []


async def test_a_forgotten_artist_does_not_come_back(database: Database) -> None:
    """Neither with songs that were here nor with new ones, nor together with somebody else; a guest verse may."""
    store, forgetting = TrackStore(database), ForgettingStore(database)
    await store.save_tracks([draft(1, "Ann"), draft(2, "Bo"), draft(3, "Ann", "Bo")])
    chosen = await forgetting.find_artist("ann")
    assert chosen.what == "Ann and 2 tracks"
    await forgetting.forget(chosen)
    again = await store.save_tracks([draft(1, "Ann"), draft(2, "Bo"), draft(4, "Ann"), draft(5, "Bo", "Ann")])
    assert again == [Outcome.FORGOTTEN, Outcome.UNCHANGED, Outcome.FORGOTTEN, Outcome.FORGOTTEN]
    assert [track["title"] for track in await store.find_tracks("Song")] == ["Song 2"]


async def test_a_forgotten_artist_may_be_recalled(database: Database) -> None:
    """Then their songs are stored again when they are collected."""
    store, forgetting = TrackStore(database), ForgettingStore(database)
    await store.save_tracks([draft(1, "Ann")])
    await forgetting.forget(await forgetting.find_artist("Ann"))
    assert await forgetting.recall("ANN") == 2
    assert await forgetting.recall("ANN") == 0
    assert await store.save_tracks([draft(1, "Ann")]) == [Outcome.STORED]


async def test_who_is_not_here_cannot_be_forgotten(database: Database) -> None:
    """A name or a number of nobody is an error."""
    forgetting = ForgettingStore(database)
    with pytest.raises(NotFound, match="called 'Ann'"):
        await forgetting.find_artist("Ann")
    with pytest.raises(NotFound, match="number 7"):
        await forgetting.find_tracks([7])


async def test_the_frontier_leaves_forgotten_songs_alone(database: Database) -> None:
    """They are known and not due, also when they have changed; a forgotten artist is known as one."""
    store, forgetting = TrackStore(database), ForgettingStore(database)
    ann = ArtistRef("Ann", "id of Ann")
    async with open_frontier(database, "shelf") as frontier:
        await frontier.ask_for(["Ann"])
        await frontier.save_artist("Ann", ann)
        await frontier.save_page("Ann", ann, SongPage([SongStub("1", "Song 1", "Ann", "", 4_000_000_000)], 0, None))
        await store.save_tracks([draft(1, "Ann")])
        assert not (await frontier.listing("Ann", Scope())).is_forgotten
        await forgetting.forget(await forgetting.find_artist("Ann"))
        assert (await frontier.listing("Ann", Scope())).is_forgotten
    async with open_frontier(database, "shelf") as later:
        [song] = await later.songs_of(ann, Scope(refresh=True))
        assert (song.outcome, song.is_due) == (Outcome.FORGOTTEN, False)
        assert await later.claim_songs(["1"], Scope(refresh=True), 5) == []


def test_nothing_that_was_made_of_the_words_is_left(rap: Rap, data_dir: Callable[[], Path]) -> None:
    """On the command line: a file is imported and analysed, the artist forgotten, and imported again."""
    folder = data_dir()
    (folder / "songs.csv").write_text(
        'title,artist,lyrics\nDoor,Ann,"the night is bright\nI hold the light"\n', encoding="utf8"
    )
    server = EmbeddedServer(folder)
    server.acquire()
    try:
        for command in (["import", folder / "songs.csv"], ["analyze"]):
            assert rap(*command, data_dir=folder).returncode == 0
        unsure = rap("forget", "--artist", "Ann", data_dir=folder)
        assert unsure.returncode == 2
        assert "--yes" in unsure.stderr
        done = rap("forget", "--artist", "Ann", "--yes", data_dir=folder)
        assert done.stdout.strip() == "Forgotten: Ann and 1 track. They will not be collected again."
        with psycopg.connect(server.conninfo()) as connection:
            assert connection.execute(EVERYWHERE.encode()).fetchone() == (0,)
        again = rap("import", folder / "songs.csv", data_dir=folder)
        assert "1 forgotten" in again.stdout
        recalled = rap("forget", "--undo", "--artist", "ann", data_dir=folder)
        assert recalled.returncode == 0
        assert "1 stored" in rap("import", folder / "songs.csv", data_dir=folder).stdout
    finally:
        server.release()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Say what to forget"),
        (["--artist", "Ann", "--track", "1"], "Say what to forget"),
        (["--undo", "--track", "1"], "--undo goes with --artist"),
    ],
)
def test_what_to_forget_must_be_said(rap: Rap, tmp_path: Path, arguments: list[str], says: str) -> None:
    """Before anything is opened."""
    done = rap("forget", *arguments, data_dir=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
