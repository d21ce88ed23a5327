"""Where tracks stand: the SQL beside numpy, the smallest groups, scores, and how the quantiles are kept fresh."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rap_analyzer.adapters.postgres import analyses as analyses_module
from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.pages import CorpusPages
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.analysis import Analysis, Status
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.standing import SCORES
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from statements import rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.adapters.postgres.database import Database

ANN, BEA = ArtistRef("Ann Tenna", "1"), ArtistRef("Bea Side", "2")
SCORED = sorted({measure for measures in SCORES.values() for measure in measures})
Figures = dict[str, Any]


def draft(number: int, *, source: str = "genius", year: int | None = 1994, artist: ArtistRef = ANN) -> TrackDraft:
    released = date(year, 5, 1) if year else None
    credits_ = (Credit(artist, Role.PRIMARY), Credit(BEA, Role.FEATURED))
    song = Song(str(number), f"Song {number}", "", credits_, year=year, released_on=released, language="en")
    return TrackDraft(
        song, Outcome.STORED, Provenance(source, str(number), "", datetime.now(UTC), "1", ""), f"w{number}"
    )


async def save(
    database: Database, drafts: Sequence[TrackDraft], figures: Sequence[Figures], version: str = "1"
) -> dict[int, Figures]:
    """Stores the tracks with these measures; returns them by track number."""
    await TrackStore(database).save_tracks(drafts)
    store = AnalysisStore(database)
    wanted = {draft.lyrics: one for draft, one in zip(drafts, figures, strict=True)}
    due = await store.load_unanalyzed(AnalyzerKey("algorithmic_basic", version, "c"), 10_000, 0)
    done = {number: wanted[text.lyrics] for number, _, text in due if text.lyrics in wanted}
    await store.save_analyses(
        [
            (number, digest, Analysis("algorithmic_basic", version, "c", Status.DONE, done[number]))
            for number, digest, text in due
            if number in done
        ]
    )
    return done


def figures(count: int, seed: int = 0) -> list[Figures]:
    """Measures with ties: shares of few values, counts, a series and an object that are not ranked."""
    random = np.random.default_rng(seed)
    rows = []
    for n in range(count):
        row: Figures = {name: round(float(random.random()), 4) for name in SCORED}
        row |= {"tokens": int(random.integers(0, 12)), "hook_share": float(random.integers(0, 3)) / 2}
        rows.append(row | {"syllables_by_bar": [n, n], "sections": {"verse": n}})
    return rows


def lower(value: float, group: Sequence[float]) -> int:
    """Whole percent of a group below a value."""
    return int(100 * int((np.array(group) < value).sum()) // len(group))


async def test_percentiles_are_those_of_numpy(database: Database) -> None:
    """For every track, measure and group of 130 tracks over two decades, by two artists, ties included."""
    drafts = [draft(n, year=1988 + n % 7 if n % 13 else None, artist=ANN if n % 3 else BEA) for n in range(130)]
    saved = await save(database, drafts, figures(130))
    assert await AnalysisStore(database).refresh_percentiles()
    pages, by_words = CorpusPages(database), {d.lyrics: d for d in drafts}
    tracks = {number: by_words[(await TrackStore(database).load_track(number)).lyrics] for number in saved}

    def group(number: int, kind: str) -> list[int]:
        own = tracks[number].song
        return [
            n
            for n, other in tracks.items()
            if kind == "corpus"
            or (kind == "decade" and other.song.year and own.year and other.song.year // 10 == own.year // 10)
            or (kind == "artist" and other.song.credits[0] == own.credits[0])
        ]

    for number in list(saved)[::7]:
        found = (await pages.load_standing(number)).percentiles_json()
        assert set(found) == {*SCORED, "tokens", "hook_share"}
        for measure, ranks in found.items():
            groups = {kind: group(number, kind) for kind in ("corpus", "decade", "artist")}
            large = {kind: members for kind, members in groups.items() if len(members) >= 30}
            value = saved[number][measure]
            assert ranks == {
                **{kind: lower(value, [saved[n][measure] for n in members]) for kind, members in large.items()},
                "n": {kind: len(members) for kind, members in large.items()},
            }


@pytest.mark.parametrize(("count", "shown"), [(29, set()), (30, {"corpus", "decade", "artist"})])
async def test_groups_under_thirty_tracks_are_hidden(database: Database, count: int, shown: set[str]) -> None:
    """Twenty-nine are none, thirty are one."""
    saved = await save(database, [draft(n) for n in range(count)], figures(count))
    await AnalysisStore(database).refresh_percentiles()
    standing = await CorpusPages(database).load_standing(next(iter(saved)))
    assert set(standing.tracks) == shown
    assert bool(standing.percentiles) == bool(shown)


@pytest.mark.parametrize(("count", "shown"), [(199, False), (200, True)])
async def test_scores_are_shown_from_two_hundred_real_tracks_on(database: Database, count: int, shown: bool) -> None:
    """They are means of percentile ranks within the corpus, divided by ten; the count stands beside them."""
    saved = await save(database, [draft(n) for n in range(count)], figures(count))
    await AnalysisStore(database).refresh_percentiles()
    number = next(iter(saved))
    standing = await CorpusPages(database).load_standing(number)
    assert standing.scores_json() == {**standing.scores, "n": count, "needed": 200}
    assert list(standing.scores) == ([*SCORES, "overall"] if shown else [])
    marks = {
        score: np.mean([lower(saved[number][m], [one[m] for one in saved.values()]) for m in measures]) / 10
        for score, measures in SCORES.items()
    }
    for score, mark in standing.scores.items():
        assert mark == pytest.approx(np.mean(list(marks.values())) if score == "overall" else marks[score], abs=0.051)


async def test_demo_tracks_count_for_no_score_and_share_no_group(database: Database) -> None:
    """150 real and 150 demo tracks are two groups of 150, and too few for scores."""
    demo = await save(database, [draft(n, source="demo") for n in range(150)], figures(150, seed=1))
    real = await save(database, [draft(1000 + n) for n in range(150)], figures(150, seed=2))
    await AnalysisStore(database).refresh_percentiles()
    for group in (demo, real):
        number = next(iter(group))
        standing = await CorpusPages(database).load_standing(number)
        assert standing.tracks == {"corpus": 150, "decade": 150, "artist": 150}
        assert (standing.scores, standing.real_tracks) == ({}, 150)
        expected = lower(group[number]["mtld"], [one["mtld"] for one in group.values()])
        assert standing.percentiles["mtld"] == {"corpus": expected, "decade": expected, "artist": expected}


async def test_a_demo_track_has_no_scores_among_many_real_ones(database: Database) -> None:
    """However many there are."""
    [(number, _)] = (await save(database, [draft(1, source="demo")], figures(1))).items()
    await save(database, [draft(1000 + n) for n in range(200)], figures(200))
    await AnalysisStore(database).refresh_percentiles()
    standing = await CorpusPages(database).load_standing(number)
    assert (standing.scores, standing.percentiles, standing.real_tracks) == ({}, {}, 200)


async def test_quantiles_are_made_anew_when_tracks_come_go_or_move(database: Database) -> None:
    """After a new analysis, a deletion and a new year they are stale once; else they are left alone."""
    store, pages = AnalysisStore(database), CorpusPages(database)
    assert not await store.refresh_percentiles()
    saved = await save(database, [draft(n) for n in range(40)], figures(40))
    assert [await store.refresh_percentiles() for _ in range(2)] == [True, False]
    await save(database, [draft(100)], figures(1))
    assert [await store.refresh_percentiles() for _ in range(2)] == [True, False]
    number = next(iter(saved))
    assert (await pages.load_standing(number)).tracks["corpus"] == 41
    await rows(database, "DELETE FROM tracks WHERE source_id = '100'")
    assert [await store.refresh_percentiles() for _ in range(2)] == [True, False]
    await rows(database, f"UPDATE tracks SET year = 1985 WHERE id <> {number}")
    assert [await store.refresh_percentiles() for _ in range(2)] == [True, False]
    assert (await pages.load_standing(number)).tracks == {"corpus": 40, "artist": 40}


async def test_a_large_corpus_waits_for_one_track_in_a_hundred_or_an_hour(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred tracks, called large: one new one changes nothing yet, two do, and so does an hour."""
    monkeypatch.setattr(analyses_module, "SMALL_CORPUS", 100)
    store = AnalysisStore(database)
    await save(database, [draft(n) for n in range(200)], figures(200))
    assert await store.refresh_percentiles()
    await save(database, [draft(300)], figures(1))
    assert not await store.refresh_percentiles()
    await save(database, [draft(301)], figures(1))
    assert await store.refresh_percentiles()
    await save(database, [draft(302)], figures(1))
    await rows(database, "UPDATE quantile_refreshes SET refreshed_at = now() - interval '61 minutes'")
    assert await store.refresh_percentiles()


async def test_refreshes_at_once_do_the_work_once(database: Database) -> None:
    """Four ask, one works, and each finds it done."""
    await save(database, [draft(n) for n in range(60)], figures(60))
    stores = [AnalysisStore(database) for _ in range(4)]
    assert sorted(await asyncio.gather(*(store.refresh_percentiles() for store in stores))) == [False] * 3 + [True]


async def test_only_the_newest_version_is_compared(database: Database) -> None:
    """After the analyzer has changed, old figures are in no group."""
    drafts = [draft(n) for n in range(40)]
    await save(database, drafts, figures(40))
    await AnalysisStore(database).refresh_percentiles()
    newer = await save(database, drafts[:35], figures(35), version="2")
    await AnalysisStore(database).refresh_percentiles()
    standing = await CorpusPages(database).load_standing(next(iter(newer)))
    assert set(standing.tracks.values()) == {35}


async def test_an_artists_means_stand_in_the_corpus(database: Database) -> None:
    """The mean of their own tracks, features left out, and the percentage of the corpus below it."""
    drafts = [draft(n, artist=ANN if n < 3 else BEA) for n in range(40)]
    every = figures(40)
    await save(database, drafts, every)
    await AnalysisStore(database).refresh_percentiles()
    pages = CorpusPages(database)
    [ann] = [a for a in await pages.load_artists(5) if a["name"] == "Ann Tenna"]
    rows: Mapping[str, Any] = {row["measure"]: row for row in await pages.load_artist_standing(ann["id"])}
    own = [one["mtld"] for one in every[:3]]
    assert (rows["mtld"]["tracks"], rows["mtld"]["n"]) == (3, 40)
    assert rows["mtld"]["mean"] == pytest.approx(np.mean(own))
    assert rows["mtld"]["corpus"] == lower(float(np.mean(own)), [one["mtld"] for one in every])


async def test_an_artists_words_come_in_order_of_release(database: Database) -> None:
    """Own tracks only, the undated last; the digest changes with the words."""
    drafts = [draft(1, year=2001), draft(2, year=None), draft(3, year=1990), draft(4, year=1991, artist=BEA)]
    await save(database, drafts, figures(4))
    pages = CorpusPages(database)
    [ann] = [a for a in await pages.load_artists(5) if a["name"] == "Ann Tenna"]
    assert await pages.load_words(ann["id"]) == [(word, ["Bea Side"]) for word in ("w3", "w1", "w2")]
    before = await pages.load_wording(ann["id"])
    await save(database, [draft(5)], figures(1))
    assert before
    assert await pages.load_wording(ann["id"]) != before
