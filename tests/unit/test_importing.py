"""How the rows of a file become songs."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.adapters.song_files import SongFile
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.track import Outcome, Role
from rap_analyzer.pipeline.importing import draft_row, plan_import

DUMP = [
    "title",
    "tag",
    "artist",
    "year",
    "views",
    "features",
    "lyrics",
    "id",
    "language_cld3",
    "language_ft",
    "language",
]


def test_the_public_dump_needs_no_mapping() -> None:
    """The Genius dump's columns are known by name."""
    plan = plan_import("dump", DUMP, {}, None)
    assert {plan.columns[f] for f in ("title", "artist", "lyrics", "id", "views", "features")} <= set(DUMP)


def test_a_missing_column_is_named_with_the_way_out() -> None:
    """The error says which column is missing, what the file has, and how to map it."""
    with pytest.raises(InputError, match=r"no column 'title'.*'Song'.*--map title=COLUMN"):
        plan_import("x", ["Song", "artist", "lyrics"], {}, None)


def test_a_mapping_to_a_column_that_is_not_there_is_refused() -> None:
    """--map title=Nope names the columns that there are."""
    with pytest.raises(InputError, match=r"no column 'Nope'"):
        plan_import("x", ["Song", "artist", "lyrics"], {"title": "Nope"}, None)


def test_a_full_row_keeps_all_it_has() -> None:
    """Year, views, language, release date and featured artists come through."""
    fields = {
        "title": " Night  Sort ", "artist": "Kilo", "lyrics": "bar one\r\nbar two", "id": 7, "year": "2015",
        "views": "1200", "features": '{"Ann B.","C\\"D"}', "language": "en", "release_date": "2015-02-03",
    }  # fmt: skip
    draft = draft_row(fields, "set", 1)
    assert draft.outcome is Outcome.STORED
    assert draft.lyrics == "bar one\nbar two"
    assert (draft.song.title, draft.song.year, draft.song.page_views) == ("Night Sort", 2015, 1200)
    assert draft.song.released_on == date(2015, 2, 3)
    assert [c.artist.name for c in draft.song.credits if c.role is Role.FEATURED] == ["Ann B.", 'C"D']
    assert draft.provenance.source_id == "set:7"


@pytest.mark.parametrize(
    ("fields", "outcome", "reason"),
    [
        ({"title": "T", "artist": "A", "lyrics": "x" * 3_000_000}, Outcome.FAILED, "more than any song"),
        ({"title": "", "artist": "A", "lyrics": "la"}, Outcome.FAILED, "no title"),
        ({"title": "T", "artist": None, "lyrics": "la"}, Outcome.FAILED, "no artist"),
        ({"title": "T", "artist": "A", "lyrics": " \x00 "}, Outcome.MISSING, ""),
        ({"title": "T", "artist": "A", "lyrics": "[Instrumental]"}, Outcome.INSTRUMENTAL, ""),
    ],
)
def test_a_row_that_is_no_song_has_an_outcome_and_keeps_no_words(
    fields: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    """Nothing raises: the outcome and the reason say what is wrong."""
    draft = draft_row(fields, "set", 3)
    assert draft.outcome is outcome
    assert reason in draft.reason
    assert not draft.lyrics


@given(
    st.dictionaries(
        st.sampled_from(["title", "artist", "lyrics", "id", "year", "views", "features"]),
        st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.lists(st.text())),
    )
)
def test_no_row_raises(fields: dict[str, Any]) -> None:
    """Whatever a file holds, a row becomes a draft that can be stored as text."""
    draft = draft_row(fields, "set", 1)
    assert (draft.outcome is Outcome.STORED) == bool(draft.lyrics)
    assert "\x00" not in draft.song.title + draft.song.artist


def test_odd_encodings_keep_what_can_be_read(tmp_path: Path) -> None:
    """A file of UTF-8 with single bytes of Windows-1252 loses neither; NUL bytes are dropped."""
    file = tmp_path / "songs.csv"
    file.write_bytes("title,artist,lyrics\nÉté,A,à la mode\n".encode() + "Café,B,d\xe9j\xe0 vu\x00\n".encode("latin-1"))
    rows = [row.values for row in SongFile(file).rows()]
    assert rows == [
        {"title": "Été", "artist": "A", "lyrics": "à la mode"},
        {"title": "Café".encode("latin-1").decode("cp1252"), "artist": "B", "lyrics": "déjà vu"},
    ]


def test_a_broken_json_line_harms_no_other(tmp_path: Path) -> None:
    """It comes through as a row with its fault; blank lines count."""
    file = tmp_path / "songs.jsonl"
    file.write_text('{"title":"a","artist":"b","lyrics":"c"}\n{oops\n\n[1]\n' + json.dumps({"title": "d"}) + "\n")
    rows = [(row.number, bool(row.fault)) for row in SongFile(file).rows()]
    assert rows == [(1, False), (2, True), (4, True), (5, False)]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("a.csv", b"", "empty"), ("a.xyz", b"x", "no kind we read"), ("a.parquet", b"no", "no Parquet")],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    """Empty, of an unknown kind, or not what its name says."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        list(SongFile(tmp_path / name).rows())


def test_parquet_rows_come_as_they_are(tmp_path: Path) -> None:
    """Columns and values of a Parquet file."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"title": ["a"], "artist": ["b"], "lyrics": ["c"]}), tmp_path / "x.parquet")
    songs = SongFile(tmp_path / "x.parquet")
    assert songs.header == ["title", "artist", "lyrics"]
    assert [row.values for row in songs.rows()] == [{"title": "a", "artist": "b", "lyrics": "c"}]
