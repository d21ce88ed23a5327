"""Bars of the corpus by how they end: how the store is filled, what is found in it, and `rap rhymes --for`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rap_analyzer.adapters.postgres.database import query
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.failures import FailureStore
from rap_analyzer.adapters.postgres.tails import TailStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.analyzers.bar_endings import READING_VERSION
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.near_bars import BarTail, TailReading
from rap_analyzer.domain.near_rhymes import asked_ending
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.pipeline.tails import BarFinder, read_tails
from silence import Silence
from statements import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.domain.near_bars import NearBars

KITCHEN = """[Verse 1]
Mama kept the lights on, paper for the waiter
I was doing homework by the refrigerator
Sunday on the corner with a couple of my neighbors
Now it is a quarter after seven on the pager
[laughs]
"""
SPANISH = """[Verso 1]
Camino por la calle con la luna en la mirada
Mi madre me decía que la vida no es jugada
Yo tengo en el bolsillo solamente una moneda
Y canto por la noche con la fuerza que me queda
"""


class Turns:
    """A pool that works here and now, and counts."""

    def __init__(self) -> None:
        self.done = 0

    async def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        self.done += len(items)
        return [function(item) for item in items]


def draft(number: int, lyrics: str, source: str = "genius") -> TrackDraft:
    song = Song(str(number), f"Song {number}", "", (Credit(ArtistRef(f"Ann {number}"), Role.PRIMARY),))
    return TrackDraft(song, Outcome.STORED, Provenance(source, str(number), "", datetime.now(UTC), "1", ""), lyrics)


async def keep(database: Database, *drafts: TrackDraft) -> int:
    """Stores songs and reads what is due; returns how many tracks were read."""
    await TrackStore(database).save_tracks(drafts)
    return await read_tails(TailStore(database), FailureStore(database), Turns(), 2, Silence())


async def find(database: Database, text: str, limit: int = 10) -> NearBars:
    return await BarFinder(TailStore(database)).find(asked_ending(text), limit)


# Filling


async def test_ends_are_read_once_and_again_when_the_words_change(database: Database) -> None:
    """A second run reads nothing; new words replace the old ones' tails; a deleted track takes its tails along."""
    assert await keep(database, *(draft(n, f"{KITCHEN}\nverse {n} is for the paper chaser") for n in range(5))) == 5
    assert await rows(database, "SELECT count(*), count(DISTINCT track_id), max(span) FROM rhyme_tails") == [(25, 5, 6)]
    assert await read_tails(TailStore(database), FailureStore(database), Turns(), 2, Silence()) == 0
    assert await keep(database, draft(0, "only one bar left")) == 1
    kept = await rows(
        database, "SELECT bar, key FROM rhyme_tails r JOIN tracks t ON t.id = track_id WHERE source_id = '0'"
    )
    assert [bar for bar, _ in kept] == [0]
    await TrackStore(database).delete_source("genius")
    assert await rows(database, "SELECT track_id FROM rhyme_tails UNION SELECT track_id FROM tail_readings") == []


async def test_a_killed_run_goes_on_where_it_was(database: Database) -> None:
    """What a batch saved stays; the next run reads the others only."""

    class Dying(Turns):
        async def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
            if self.done:
                raise KeyboardInterrupt
            return await super().map(function, items)

    await TrackStore(database).save_tracks([draft(n, KITCHEN) for n in range(5)])
    with pytest.raises(KeyboardInterrupt):
        await read_tails(TailStore(database), FailureStore(database), Dying(), 2, Silence())
    assert await TailStore(database).count_unread(READING_VERSION) == 3
    assert await read_tails(TailStore(database), FailureStore(database), Turns(), 2, Silence()) == 3


async def test_words_that_changed_while_they_were_read_are_not_filed(database: Database) -> None:
    """They are due still."""
    store = TailStore(database)
    await TrackStore(database).save_tracks([draft(1, KITCHEN)])
    [(track, _, _)] = await store.load_unread("v", 10, 0)
    await store.save_tails([TailReading(track, "digest of former words", [BarTail(0, "eA", "", "tˈApəɹ")])], "v")
    assert await store.count_unread("v") == 1
    assert await rows(database, "SELECT * FROM rhyme_tails") == []


async def test_a_song_in_another_language_is_read_and_has_no_tails(database: Database) -> None:
    """So it is not asked for again; one without any word neither."""
    assert await keep(database, draft(1, SPANISH), draft(2, "...\n[laughs]")) == 2
    assert await rows(database, "SELECT count(*) FROM rhyme_tails") == [(0,)]
    assert await read_tails(TailStore(database), FailureStore(database), Turns(), 2, Silence()) == 0


# Finding


async def test_bars_that_nearly_rhyme_are_found_the_longest_span_first(database: Database) -> None:
    """By the learned strength within a span; what the bar ends with is told, and how much of it rhymes."""
    await keep(database, draft(1, KITCHEN), draft(2, "nothing of the sort in here\nI call her the paper chaser"))
    found = await find(database, "paper chaser")
    ends = [one.words[-1] for one in found.bars]
    assert {"waiter", "refrigerator", "pager"} <= set(ends)
    assert "chaser" not in ends, "that is repetition"
    spans = [one.match.span for one in found.bars]
    assert spans == sorted(spans, reverse=True)
    waiter = next(one for one in found.bars if one.words[-1] == "waiter")
    assert (waiter.bar.title, waiter.bar.artist, waiter.bar.bar) == ("Song 1", "Ann 1", 0)
    assert waiter.words[-waiter.rhyming :] in {("waiter",), ("the", "waiter")}
    assert (found.tracks, found.read) == (2, 2)


async def test_a_bar_that_an_artist_says_again_stands_once(database: Database) -> None:
    """In the same song, and in another version of it."""
    hook = "\n".join(["Carry me home to the river"] * 4)
    await keep(database, draft(1, hook), draft(2, hook))
    found = await find(database, "silver")
    assert [one.bar.artist for one in found.bars] == ["Ann 1", "Ann 2"]


async def test_former_words_are_not_found(database: Database) -> None:
    """Between a change of the words and the next reading, the track is among those that are not read."""
    await keep(database, draft(1, KITCHEN))
    await TrackStore(database).save_tracks([draft(1, "only one bar left")])
    found = await find(database, "paper chaser")
    assert (found.bars, found.tracks, found.read) == ((), 1, 0)


async def test_demo_bars_are_not_mixed_with_real_ones(database: Database) -> None:
    """They answer only where there are no others."""
    await keep(database, draft(1, KITCHEN, "demo"))
    found = await find(database, "paper chaser")
    assert {one.bar.source for one in found.bars} == {"demo"}
    await keep(database, draft(2, "waiting on the later train for the waiter"))
    found = await find(database, "paper chaser")
    assert {one.bar.source for one in found.bars} == {"genius"}
    assert found.tracks == 1


async def test_a_search_reads_the_index_and_no_more_than_its_limit(database: Database) -> None:
    """Among 50,000 tails the plan scans an index for the coda and one for all, and each stops at the limit."""
    await keep(database, draft(1, KITCHEN))
    await rows(
        database,
        "INSERT INTO rhyme_tails (track_id, bar, key, coda, sound) SELECT id, 100 + n, "
        "translate(lpad((n * 7919 % 46656)::text, 6, '0'), '0123456789', 'AIOWaeiouv'), (n % 50)::text, 'tˈApəɹ' "
        "FROM tracks, generate_series(1, 50000) n",
    )
    await rows(database, "ANALYZE")
    parameters = {"prefix": "AO", "coda": "7", "word": "lˈʌv", "limit": 10}
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute(
            b"EXPLAIN (ANALYZE, FORMAT JSON) " + query("search_tails").encode(), parameters
        )
        [[[plan]]] = await cursor.fetchall()
    scans = [node for node in nodes(plan["Plan"]) if node.get("Relation Name") == "rhyme_tails"]
    assert {node["Index Name"] for node in scans} == {"rhyme_tails_coda", "rhyme_tails_key"}
    assert [node["Actual Rows"] for node in scans] == [10, 10]
    assert len(await TailStore(database).search_tails("AO", "7", "lˈʌv", 10)) == 20


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


# The command


def test_without_a_store_the_dictionary_answers_and_none_is_started(rap: Rap, tmp_path: Path) -> None:
    """The corpus is said to be empty."""
    done = rap("rhymes", "--for", "paper chaser", data_dir=tmp_path / "none")
    assert done.returncode == 0, done.stderr
    for expected in ("2 syllables", "perfect", "racer", "place her", "corpus is empty"):
        assert expected in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_json_has_the_shape_of_the_contract(rap: Rap, tmp_path: Path) -> None:
    """Text, syllables, answers; a notice where there is no corpus."""
    done = rap("rhymes", "--for", "orange", "--json", "--limit", "30", data_dir=tmp_path)
    answer = json.loads(done.stdout)
    assert answer["for"] == "orange"
    assert len(answer["syllables"]) == 2
    assert {"text", "span", "strength", "kind"} == set(answer["dictionary"][0])
    assert "door hinge" in {one["text"] for one in answer["dictionary"]}
    assert (answer["corpus"], answer["tracks"]) == ([], 0)
    assert "empty" in answer["notice"]


def test_bars_of_a_corpus_are_found_after_it_is_analysed(rap: Rap, data_dir: Callable[[], Path]) -> None:
    """`rap analyze` reads how they end; before, the command says that it has not."""
    folder = data_dir()
    (folder / "songs.csv").write_text('title,artist,lyrics\n"Kitchen","A. Nobody","' + KITCHEN.strip() + '"\n')
    try:
        assert rap("import", folder / "songs.csv", data_dir=folder).returncode == 0
        before = rap("rhymes", "--for", "paper chaser", data_dir=folder)
        assert "1 of 1 track is not read" in before.stdout
        assert rap("analyze", data_dir=folder).returncode == 0
        after = rap("rhymes", "--for", "paper chaser", data_dir=folder)
        assert "refrigerator   Kitchen by A. Nobody" in after.stdout
        assert "1 track looked at" in after.stdout
        told = json.loads(rap("rhymes", "--for", "paper chaser", "--json", data_dir=folder).stdout)
        assert {"track_id", "title", "artist", "bar", "text", "span", "strength"} == set(told["corpus"][0])
        assert "source" not in told
    finally:
        EmbeddedServer(folder).stop()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--for", ""), "--for has no word"),
        (("--for", "\U0001f525"), "--for has no word"),
        (("--for", "привет"), "cannot be heard as English"),
        (("--for", "la " * 3400), "at most 1,000 are read"),
        (("--for", "love", "--limit", "0"), "--limit is 0"),
        (("--for", "love", "--jsonl"), "leave FILE and --jsonl out"),
        (("--json",), "--json goes with --for"),
    ],
)
def test_bad_input_is_answered_by_a_sentence(rap: Rap, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """That names the option; the code is that of wrong input."""
    done = rap("rhymes", *arguments, data_dir=tmp_path)
    assert done.returncode == EXIT_CODES[InputError]
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_does_not_answer_leaves_the_dictionary(rap: Rap, tmp_path: Path) -> None:
    """With a notice; what the dictionary knows needs no server."""
    done = rap("rhymes", "--for", "love", data_dir=tmp_path, POSTGRES_HOST="127.0.0.1", POSTGRES_PORT="1")
    assert done.returncode == 0, done.stderr
    assert "above" in done.stdout
    assert "The corpus was not looked at" in done.stdout
