"""Tracks out of the store: in every format, without their words unless they are asked for."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from rap_analyzer.domain.export_schema import columns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Rap

    from rap_analyzer.simulators.corpus import Corpus


def test_json_lines_have_everything_but_the_words(rap: Rap, demo_data: Path, corpus: Corpus) -> None:
    """Metadata, credits, analyses and enrichment of every track; no bar of any song."""
    done = rap("export", data_dir=demo_data)
    assert done.returncode == 0
    tracks = [json.loads(line) for line in done.stdout.splitlines()]
    assert f"{len(tracks)} tracks in standard output, without their words" in done.stderr
    assert {track["source"] for track in tracks} == {"demo"}
    assert len({track["id"] for track in tracks}) == len(tracks) > 70
    assert all("lyrics" not in track for track in tracks)
    bars = [bar for song in corpus.written.values() for bar in song.lyrics.splitlines() if len(bar) > 25]
    assert not [bar for bar in bars if json.dumps(bar, ensure_ascii=False)[1:-1] in done.stdout]
    english = next(track for track in tracks if track["language"] == "en")
    assert 0 < english["analyses"]["algorithmic_basic"]["measures"]["rhyme_density"] < 1
    assert english["credits"]["primary"]
    assert any(track["enrichment"] for track in tracks)


def test_a_table_for_spreadsheets_comes_back_as_it_was(
    rap: Rap, demo_data: Path, data_dir: Callable[[], Path], tmp_path: Path
) -> None:
    """CSV with the words, imported into an empty store, gives the same words; numbers have columns of their own."""
    file = tmp_path / "songs.csv"
    assert rap("export", file, "--with-lyrics", "--language", "en", data_dir=demo_data).returncode == 0
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert all(0 <= float(row["algorithmic_basic.rhyme_density"]) <= 1 for row in rows)
    folder = data_dir()
    assert f"{len(rows)} stored" in rap("import", file, data_dir=folder).stdout
    again = [json.loads(line) for line in rap("export", "--with-lyrics", data_dir=folder).stdout.splitlines()]
    assert {track["lyrics"] for track in again} == {row["lyrics"] for row in rows}
    assert {(track["title"], track["artist"], track["album"] or "") for track in again} == {
        (row["title"], row["artist"], row["album"]) for row in rows
    }


def test_both_tables_have_the_same_columns_and_values(rap: Rap, demo_data: Path, tmp_path: Path) -> None:
    """CSV and Parquet: emotions, sentiment, audio features, percentiles and stand-ins stand beside the measures."""
    pq = pytest.importorskip("pyarrow.parquet")
    for name in ("songs.csv", "songs.parquet"):
        assert rap("export", tmp_path / name, data_dir=demo_data).returncode == 0
    with (tmp_path / "songs.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    table = pq.read_table(tmp_path / "songs.parquet")
    assert table.schema.names == list(rows[0]) == [column.name for column in columns(with_lyrics=False)]
    typed = table.to_pylist()
    assert [row["title"] for row in typed] == [row["title"] for row in rows]
    done = [row for row in typed if row["algorithmic_basic.status"] == "done"]
    assert all(row["algorithmic_basic.fallback"] is None and row["is_demo"] for row in done)
    assert all(0 <= row["percentile.corpus.rhyme_density"] <= 99 for row in done)
    assert any(0 <= (row["audio.energy"] or -1) <= 1 and row["audio.source"] for row in typed)
    for plain, row in zip(rows, typed, strict=True):
        density = row["algorithmic_basic.rhyme_density"]
        assert plain["algorithmic_basic.rhyme_density"] == ("" if density is None else repr(density))


def test_a_page_tells_what_is_in_an_export(rap: Rap, demo_data: Path, tmp_path: Path) -> None:
    """Counts, sources, analyzers with their stand-ins, whose the words are; beside the file, alone, or printed."""
    done = rap("export", tmp_path / "songs.jsonl", "--data-card", "--language", "en", data_dir=demo_data)
    assert done.returncode == 0, done.stderr
    card = (tmp_path / "songs.card.md").read_text("utf8")
    tracks = (tmp_path / "songs.jsonl").read_text("utf8").splitlines()
    assert f"| tracks | {len(tracks)}, of which" in card
    assert "invented songs of the demo" in card
    assert "| algorithmic_basic | " in card
    assert "| chosen | language en |" in card
    assert "belong to those who wrote them" in card
    assert rap("export", tmp_path / "card.md", "--data-card", data_dir=demo_data).returncode == 0
    assert (tmp_path / "card.md").read_text("utf8").startswith("# Data card")
    assert rap("export", "--data-card", data_dir=demo_data).stdout.startswith("# Data card")


def test_what_looks_like_a_formula_is_none_and_comes_back(
    rap: Rap, data_dir: Callable[[], Path], tmp_path: Path
) -> None:
    """Titles and words that begin with = + - @; guests, what other columns said, and names with commas too."""
    song = {
        "title": "=1+1", "artist": "@home", "lyrics": "-one\n=two", "features": ["Tyler, The Creator", "-B"],
        "album": "'+x", "year": 1999, "label": "Own, Ltd.", "rank": 3,
    }  # fmt: skip
    (tmp_path / "songs.json").write_text(json.dumps([song]))
    first, second = data_dir(), data_dir()
    assert "1 stored" in rap("import", tmp_path / "songs.json", data_dir=first).stdout
    file = tmp_path / "back.csv"
    assert rap("export", file, "--with-lyrics", data_dir=first).returncode == 0
    with file.open(encoding="utf-8", newline="") as source:
        [row] = list(csv.DictReader(source))
    assert (row["title"], row["artist"], row["album"], row["lyrics"]) == ("'=1+1", "'@home", "''+x", "'-one\n=two")
    told = rap("import", file, data_dir=second).stdout
    assert "1 stored" in told
    assert "no field of their own" not in told
    [track] = [json.loads(line) for line in rap("export", "--with-lyrics", data_dir=second).stdout.splitlines()]
    assert (track["title"], track["artist"], track["album"], track["lyrics"]) == ("=1+1", "@home", "'+x", "-one\n=two")
    assert track["credits"] == {"primary": ["@home"], "featured": ["Tyler, The Creator", "-B"]}
    assert (track["year"], track["extra"]) == (1999, {"label": "Own, Ltd.", "rank": 3})


@pytest.mark.parametrize("name", ["songs.json", "songs.jsonl", "songs.csv", "songs.parquet"])
def test_an_export_imported_into_its_own_store_is_unchanged(
    rap: Rap, data_dir: Callable[[], Path], tmp_path: Path, name: str
) -> None:
    """In every format; and the output says where the songs came from."""
    (tmp_path / "mine.csv").write_text("title,artist,lyrics\nOne,Ann,a b c\nTwo,Ann,d e f\n")
    folder = data_dir()
    assert "2 stored" in rap("import", tmp_path / "mine.csv", data_dir=folder).stdout
    assert rap("export", tmp_path / name, "--with-lyrics", data_dir=folder).returncode == 0
    told = rap("import", tmp_path / name, data_dir=folder).stdout
    assert "2 found = 0 stored + 2 unchanged" in told
    assert "stored already, from 'mine'" in told
    assert "2 stored" in rap("import", tmp_path / name, "--copies", data_dir=folder).stdout


def test_only_what_is_asked_for(rap: Rap, demo_data: Path, tmp_path: Path) -> None:
    """Artist, album and year narrow it; a JSON file is one array, also of one track."""
    everything = [json.loads(line) for line in rap("export", data_dir=demo_data).stdout.splitlines()]
    track = next(track for track in everything if track["album"] and track["year"])
    file = tmp_path / "some.json"
    artist, year = track["credits"]["primary"][0], str(track["year"])
    done = rap(
        "export", file, "--artist", artist.upper(), "--album", track["album"], "--year", year, data_dir=demo_data
    )
    assert done.returncode == 0
    found = json.loads(file.read_text("utf8"))
    expected = {
        t["id"]
        for t in everything
        if artist in t["credits"]["primary"] + t["credits"].get("featured", [])
        and (t["album"], t["year"]) == (track["album"], track["year"])
    }
    assert {t["id"] for t in found} == expected


def test_text_is_for_reading(rap: Rap, demo_data: Path, corpus: Corpus) -> None:
    """Each song under its title, and a word on whose they are."""
    song = next(s for s in corpus.written.values() if s.kind == "song" and s.language == "en")
    name = corpus.by_slug[song.artist].name
    done = rap("export", "--format", "text", "--with-lyrics", "--artist", name, data_dir=demo_data)
    assert f"{name}: {song.title}" in done.stdout
    assert song.lyrics.splitlines()[1] in done.stdout
    assert "belong to those who wrote them" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--format", "text"], 2, "add --with-lyrics"),
        (["songs.xlsx"], 2, "a name ends in .jsonl"),
        (["--year", "soon"], 2, "--year 'soon'"),
        (["--format", "parquet"], 2, "name a FILE that ends in .parquet"),
        (["there.csv"], 2, "is there already"),
        (["missing/folder.csv"], 2, "cannot be written: No such file or directory"),
        (["--artist", "Nobody At All"], 4, "No track here is like that"),
    ],
)
def test_what_cannot_be_exported(
    rap: Rap, demo_data: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    """A sentence says why; a file that is there stays as it is."""
    (tmp_path / "there.csv").write_text("mine", "utf8")
    placed = [tmp_path / a if a.endswith((".csv", ".xlsx")) else a for a in arguments]
    done = rap("export", *placed, data_dir=demo_data)
    assert (done.returncode, says in " ".join(done.stderr.split())) == (code, True), done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["there.csv"]
    assert (tmp_path / "there.csv").read_text("utf8") == "mine"
