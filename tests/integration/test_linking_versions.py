"""Versions of one song in the store: linked, handed over, counted once, and never deleted."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.exporting import ExportStore, Wanted
from rap_analyzer.adapters.postgres.failures import FailureStore
from rap_analyzer.adapters.postgres.forgetting import ForgettingStore
from rap_analyzer.adapters.postgres.pages import CorpusPages
from rap_analyzer.adapters.postgres.passages import PassageStore, SearchStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.postgres.versions import VersionStore
from rap_analyzer.domain.analysis import Analysis, Status
from rap_analyzer.domain.errors import ModelError
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.passage import TrackEmbedding
from rap_analyzer.domain.track import (
    ArtistRef,
    Credit,
    Outcome,
    Provenance,
    Relationship,
    Role,
    Song,
    TrackDraft,
)
from rap_analyzer.domain.versions import VersionKind
from rap_analyzer.pipeline.search import Searcher
from rap_analyzer.pipeline.versions import link_versions
from statements import rows

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from rap_analyzer.adapters.postgres.database import Database

ANN, BEA = ArtistRef("Ann Tenna", "1"), ArtistRef("Bea Side", "2")
SAME, REMIX, COVER = VersionKind.SAME_WORDS, VersionKind.REMIX, VersionKind.COVER


class InThisProcess:
    """`ports.CpuPool` without processes."""

    async def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """`[function(x) for x in items]`."""
        return [function(item) for item in items]


class Progress:
    """`ports.Progress` that counts what was done."""

    def __init__(self) -> None:
        self.done = 0

    def start(self, what: str, total: int | None) -> None:
        """Says nothing."""

    def expect(self, more: int) -> None:
        """Says nothing."""

    def advance(self, count: int = 1, now: str = "") -> None:  # noqa: ARG002  # as the port has it
        """Counts."""
        self.done += count

    def finish(self) -> None:
        """Says nothing."""


def words(seed: int, count: int = 120) -> list[str]:
    """A made-up song, six words a bar."""
    chance = random.Random(seed)
    return [f"word{chance.randrange(2000)}" for _ in range(count)]


def text(spoken: Sequence[str]) -> str:
    """It, transcribed."""
    return "\n".join(" ".join(spoken[n : n + 6]) for n in range(0, len(spoken), 6))


def draft(
    number: int,
    lyrics: str,
    *,
    artist: ArtistRef = ANN,
    year: int | None = 1994,
    links: Sequence[tuple[str, int]] = (),
    source: str = "genius",
) -> TrackDraft:
    """A track of that number at its source."""
    song = Song(
        str(number), f"Song {number}", "", (Credit(artist, Role.PRIMARY),), year=year, language="en",
        released_on=date(year, 5, 1) if year else None,
        relationships=tuple(Relationship(kind, str(other)) for kind, other in links),
    )  # fmt: skip
    return TrackDraft(song, Outcome.STORED, Provenance(source, str(number), "", datetime.now(UTC), "1", ""), lyrics)


async def link(database: Database, batch_size: int = 2) -> tuple[Counter[VersionKind], int]:
    """Links; returns the versions by kind, and how many tracks were fingerprinted and compared."""
    progress = Progress()
    return await link_versions(
        VersionStore(database), FailureStore(database), InThisProcess(), batch_size, progress
    ), progress.done


async def versions(database: Database) -> dict[int, tuple[int, str]]:
    """Number at the source of each version, to that of its original and the kind."""
    found = await rows(
        database,
        "SELECT t.source_id::int, o.source_id::int, v.kind FROM versions v "
        "JOIN tracks t ON t.id = v.track_id JOIN tracks o ON o.id = v.version_of",
    )
    return {track: (original, kind) for track, original, kind in found}


async def ids(database: Database) -> dict[int, int]:
    """Track ids by the numbers at the source."""
    return dict(await rows(database, "SELECT source_id::int, id FROM tracks"))


async def test_tracks_with_nearly_the_same_words_are_linked(database: Database) -> None:
    """The same in other spelling, with an edit, and by another artist; another song is none of them."""
    song = words(1)
    edited = text(["other", *song[1:60], "word", *song[61:]])
    await TrackStore(database).save_tracks(
        [
            draft(1, text(song), year=1990),
            draft(2, f"[Verse 1]\n{text(song).upper()} (yeah!)"),
            draft(3, edited),
            draft(4, text(song), artist=BEA),
            draft(5, text(words(5))),
        ]
    )
    found, _ = await link(database)
    assert found == {SAME: 2, COVER: 1}
    assert await versions(database) == {2: (1, SAME), 3: (1, SAME), 4: (1, COVER)}
    number = await ids(database)
    listed = await CorpusPages(database).load_versions(number[3])
    assert [(v["id"], v["kind"], v["is_version"]) for v in listed] == [
        (number[1], "original", True), (number[4], COVER, True), (number[2], SAME, True),
    ]  # fmt: skip
    assert [v["similarity"] for v in listed] == [pytest.approx(110 / 122, abs=0.001)] * 3
    assert await CorpusPages(database).load_version(number[3]) == {"version_of": number[1], "version_kind": SAME}
    assert await CorpusPages(database).load_version(number[1]) == {"version_of": None, "version_kind": None}


async def test_what_the_source_says_links_tracks_with_other_words(database: Database) -> None:
    """From either end, and only when both are stored; a sample is another song."""
    await TrackStore(database).save_tracks(
        [
            draft(1, text(words(1)), links=[("remixed_by", 2), ("samples", 5)]),
            draft(2, text(words(2)), year=1980),
            draft(3, text(words(3)), links=[("live_version_of", 1), ("remix_of", 99)]),
            draft(4, text(words(4)), links=[("translation_of", 1), ("cover_of", 5)]),
            draft(5, text(words(5))),
        ]
    )
    await link(database)
    assert await versions(database) == {2: (1, "remix"), 3: (1, "live"), 4: (1, "translation")}
    number = await ids(database)
    listed = await CorpusPages(database).load_versions(number[1])
    assert [(v["title"], v["kind"], v["is_version"], v["similarity"]) for v in listed] == [
        ("Song 2", "remix", True, None), ("Song 3", "live", True, None), ("Song 4", "translation", True, None),
        ("Song 5", "samples", False, None),
    ]  # fmt: skip


async def test_a_few_words_are_a_version_only_by_the_same_artist(database: Database) -> None:
    """What stands for missing words is no song; an interlude that comes out twice is one."""
    await TrackStore(database).save_tracks(
        [
            draft(1, "Words are not out yet"),
            draft(2, "words are not out yet", artist=BEA),
            draft(3, "Words are not out yet!"),
        ]
    )
    await link(database)
    assert await versions(database) == {3: (1, SAME)}


async def test_tracks_without_a_word_are_no_versions(database: Database) -> None:
    """Whatever their headers."""
    await TrackStore(database).save_tracks([draft(1, "[Intro]\n(Uh)"), draft(2, "[Outro]\n[laughs]")])
    assert (await link(database))[0] == {}


async def test_demo_and_real_tracks_are_never_one_song(database: Database) -> None:
    """As in all statistics."""
    song = text(words(1))
    await TrackStore(database).save_tracks([draft(1, song), draft(2, song, source="demo")])
    assert (await link(database))[0] == {}


async def test_linking_again_does_nothing(database: Database) -> None:
    """The second time nothing is due; a new track is compared with those that were there."""
    song = text(words(1))
    tracks = TrackStore(database)
    await tracks.save_tracks([draft(1, song), draft(2, song, links=[("remix_of", 1)])])
    assert await link(database) == ({REMIX: 1}, 4)
    before = await rows(database, "SELECT xmin::text, * FROM versions")
    assert await link(database) == ({REMIX: 1}, 0)
    assert await rows(database, "SELECT xmin::text, * FROM versions") == before
    await tracks.save_tracks([draft(3, text([*words(1), "more"]))])
    assert await link(database) == ({REMIX: 1, SAME: 1}, 2)


async def test_changed_words_are_fingerprinted_anew(database: Database) -> None:
    """What was the same song is none any more, and nothing is kept of the former words."""
    tracks, song = TrackStore(database), words(1)
    await tracks.save_tracks([draft(1, text(song)), draft(2, text([*song, "more"]))])
    assert (await link(database))[0] == {SAME: 1}
    assert len(await rows(database, "SELECT 1 FROM alike_wordings")) == 1
    await tracks.save_tracks([draft(2, text(words(2)))])
    assert await link(database) == ({}, 2)
    assert await rows(database, "SELECT 1 FROM alike_wordings") == []
    await tracks.save_tracks([draft(2, text(song))])
    assert (await link(database))[0] == {SAME: 1}


async def test_a_forgotten_original_hands_its_role_on(database: Database) -> None:
    """At once, to the earliest of the others; nothing else goes, and nothing is left of the forgotten words."""
    song, forgetting = words(1), ForgettingStore(database)
    await TrackStore(database).save_tracks(
        [draft(n, text([*song, *["more"] * n]), year=year) for n, year in ((1, 1990), (2, 2003), (3, 2001), (4, None))]
    )
    await link(database)
    assert set((await versions(database)).values()) == {(1, SAME)}
    number = await ids(database)
    wording = (await rows(database, f"SELECT wording FROM fingerprints WHERE track_id = {number[1]}"))[0][0]
    await forgetting.forget(await forgetting.find_tracks([number[1]]))
    assert await versions(database) == {2: (3, SAME), 4: (3, SAME)}
    assert await rows(database, f"SELECT 1 FROM alike_wordings WHERE {wording} IN (wording, other)") == []
    assert (await link(database))[0] == {SAME: 2}
    assert await versions(database) == {2: (3, SAME), 4: (3, SAME)}


async def test_a_whole_song_may_be_forgotten(database: Database) -> None:
    """Original and some versions in one statement; whoever stays is the original."""
    song, forgetting = text(words(1)), ForgettingStore(database)
    await TrackStore(database).save_tracks([draft(n, song) for n in (1, 2, 3)] + [draft(4, song, artist=BEA)])
    await link(database)
    await forgetting.forget(await forgetting.find_artist("Ann Tenna"))
    assert await versions(database) == {}
    assert (await CorpusPages(database).load_overview())["songs"] == 1
    await TrackStore(database).delete_source("genius")
    assert await rows(database, "SELECT 1 FROM versions UNION ALL SELECT 1 FROM fingerprints") == []


async def test_a_link_between_two_that_goes_parts_them(database: Database) -> None:
    """Two songs that only a third tied are two again after the next look."""
    one, other = words(1), words(2)
    await TrackStore(database).save_tracks(
        [draft(1, text(one)), draft(2, text(one), links=[("remixed_by", 3)]), draft(3, text(other))]
    )
    await link(database)
    assert await versions(database) == {1: (2, SAME), 3: (2, REMIX)}
    number, forgetting = await ids(database), ForgettingStore(database)
    await forgetting.forget(await forgetting.find_tracks([number[2]]))
    await link(database)
    assert await versions(database) == {}


async def test_two_processes_at_once_find_the_same(database: Database) -> None:
    """Whoever comes second finds it done, or does it again."""
    songs = [text(words(n // 3)) for n in range(12)]
    await TrackStore(database).save_tracks([draft(n, song) for n, song in enumerate(songs)])
    found = await asyncio.gather(*(link(database, batch_size=3) for _ in range(3)))
    assert [kinds for kinds, _ in found] == [{SAME: 8}] * 3
    assert len(await versions(database)) == 8


async def analyzed(database: Database, drafts: Sequence[TrackDraft], densities: Sequence[float]) -> None:
    """Stores tracks, links them, and gives them these rhyme densities."""
    await TrackStore(database).save_tracks(drafts)
    await link(database, 50)
    wanted = {d.lyrics: {"rhyme_density": density, "tokens": 9} for d, density in zip(drafts, densities, strict=True)}
    store = AnalysisStore(database)
    due = await store.load_unanalyzed(AnalyzerKey("algorithmic_basic", "1", "c"), 1000, 0)
    await store.save_analyses(
        [
            (track, digest, Analysis("algorithmic_basic", "1", "c", Status.DONE, wanted[given.lyrics]))
            for track, digest, given in due
        ]
    )
    await store.refresh_percentiles()


async def test_statistics_count_a_song_once_unless_asked(database: Database) -> None:
    """Decades, densest, artists, means, vocabulary and overview."""
    song = words(1)
    drafts = [
        draft(1, text(song), year=1990),
        draft(2, text([*song, "more"]), year=2001),
        draft(3, text(words(3)), year=2002, links=[("remix_of", 1)]),
        draft(4, text(words(4)), year=2003),
        draft(5, text([*song, "else"]), year=2004, artist=BEA),
    ]
    await analyzed(database, drafts, [0.1, 0.2, 0.6, 0.4, 0.5])
    pages = CorpusPages(database)
    overview = await pages.load_overview()
    assert (overview["tracks"], overview["songs"]) == (5, 2)

    def decades(rows: list[dict[str, Any]]) -> list[tuple[int, int, float]]:
        return [(row["decade"], row["tracks"], round(row["rhyme_density"], 3)) for row in rows]

    assert decades(await pages.load_decades()) == [(1990, 1, 0.1), (2000, 1, 0.4)]
    assert decades(await pages.load_decades(every_version=True)) == [(1990, 1, 0.1), (2000, 4, 0.425)]
    assert [row["title"] for row in await pages.load_densest(3)] == ["Song 4", "Song 1"]
    assert [row["title"] for row in await pages.load_densest(2, every_version=True)] == ["Song 3", "Song 5"]
    assert {row["name"]: row["tracks"] for row in await pages.load_artists(5)} == {"Ann Tenna": 2, "Bea Side": 1}
    every = await pages.load_artists(5, every_version=True)
    assert {row["name"]: row["tracks"] for row in every} == {"Ann Tenna": 4, "Bea Side": 1}
    artist = {row["name"]: row["id"] for row in every}
    found = await pages.load_artist(artist["Ann Tenna"])
    assert (found["songs"], len(found["tracks"])) == (2, 4)
    assert [(t["title"], t["version_kind"], t["original_title"]) for t in found["tracks"]] == [
        ("Song 4", None, None), ("Song 3", "remix", "Song 1"),
        ("Song 2", "same_words", "Song 1"), ("Song 1", None, None),
    ]  # fmt: skip
    for name, once, all_ in (("Ann Tenna", (0.25, 2), (0.325, 4)), ("Bea Side", (0.5, 1), (0.5, 1))):
        for every_version, wanted in ((False, once), (True, all_)):
            [row] = await pages.load_artist_standing(artist[name], every_version=every_version)
            assert (round(row["mean"], 4), row["tracks"]) == wanted
    assert [lyrics for lyrics, _ in await pages.load_words(artist["Ann Tenna"])] == [drafts[0].lyrics, drafts[3].lyrics]


async def test_an_artists_vocabulary_is_counted_anew_when_a_version_is_found(database: Database) -> None:
    """The digest of what it is counted from changes with the links, not only with the words."""
    song = words(1)
    await analyzed(database, [draft(1, text(song)), draft(2, text([*song, "more"]))], [0.1, 0.2])
    pages = CorpusPages(database)
    [ann] = await pages.load_artists(1)
    linked = await pages.load_wording(ann["id"])
    await rows(database, "DELETE FROM versions")
    assert linked != await pages.load_wording(ann["id"])
    assert len(await pages.load_words(ann["id"])) == 2


async def test_quantiles_leave_versions_out_and_are_made_anew_when_there_are_others(database: Database) -> None:
    """A version's own page still tells where it stands."""
    drafts = [draft(n, text(words(n))) for n in range(1, 41)] + [draft(n, text(words(1))) for n in range(41, 61)]
    await analyzed(database, drafts[:40], [n / 100 for n in range(40)])
    number, pages, store = await ids(database), CorpusPages(database), AnalysisStore(database)
    assert (await pages.load_standing(number[1])).tracks == {"corpus": 40, "decade": 40, "artist": 40}
    await analyzed(database, drafts, [0.5] * 60)
    number = await ids(database)
    standing = await pages.load_standing(number[41])
    assert standing.tracks == {"corpus": 40, "decade": 40, "artist": 40}
    assert standing.percentiles["rhyme_density"]["corpus"] > 0
    assert not await store.refresh_percentiles()
    await TrackStore(database).save_tracks([draft(60, text(words(60)))])
    await rows(database, "UPDATE analyses a SET lyrics_digest = t.lyrics_digest FROM tracks t WHERE t.id = a.track_id")
    await link(database, 50)
    assert await store.refresh_percentiles()
    assert (await pages.load_standing(number[41])).tracks["corpus"] == 41


async def test_neighbours_are_other_songs_each_once(database: Database) -> None:
    """Nearly the same words, and remixes, are no neighbours; of two versions of another song the original answers."""
    one, other = words(1), words(2)
    await TrackStore(database).save_tracks(
        [
            draft(1, text(one)), draft(2, text([*one, "more"])), draft(3, text(words(3)), links=[("remix_of", 1)]),
            draft(4, text(other), year=2001), draft(5, text([*other, "more"]), year=1990), draft(6, text(words(6))),
        ]
    )  # fmt: skip
    await link(database)
    number, store = await ids(database), PassageStore(database)
    due = await store.load_unembedded("m", 9, 0)
    embeddings = [TrackEmbedding(t.id, t.lyrics_digest, [], [], [1.0, t.id / 100, *[0.0] * 382]) for t in due]
    await store.save_embeddings(embeddings, "m")
    for track in (number[1], number[2], number[3]):
        assert {s.track_id for s in await SearchStore(database).load_similar(track, 9)} == {number[5], number[6]}


class NoModel:
    """`ports.Embedder` without its model."""

    model, dimensions = "m", 384

    def split(self, lyrics: str) -> Any:
        """Is not asked for."""
        raise NotImplementedError(lyrics)

    async def embed(self, texts: Sequence[str]) -> Any:
        """As when the model was not fetched."""
        raise ModelError(f"{len(texts)} texts cannot be embedded")


async def test_a_search_finds_a_song_once_where_its_best_version_stands(database: Database) -> None:
    """A remix far down the list takes the original from no place."""
    lyrics = ["night bus", "night slow bus", "night slow red bus"]
    await TrackStore(database).save_tracks(
        [draft(n, words_, links=[("remix_of", 1)] * (n == 3)) for n, words_ in enumerate(lyrics, start=1)]
    )
    number, searcher = await ids(database), Searcher(SearchStore(database), NoModel())
    assert [hit.track_id for hit in (await searcher.search("night bus")).hits] == [number[n] for n in (1, 2, 3)]
    await link(database)
    assert [hit.track_id for hit in (await searcher.search("night bus")).hits] == [number[1], number[2]]


async def test_an_export_says_what_is_a_version(database: Database) -> None:
    """Number of the original, and the kind."""
    await TrackStore(database).save_tracks(
        [draft(1, text(words(1))), draft(2, text(words(2)), links=[("remix_of", 1)])]
    )
    await link(database)
    number = await ids(database)
    exported = ExportStore(database, Wanted(), with_lyrics=False)
    assert [(t["version_of"], t["version_kind"]) async for t in exported.tracks()] == [
        (None, None),
        (number[1], "remix"),
    ]
