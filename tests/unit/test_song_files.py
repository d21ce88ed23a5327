"""What files of songs are read as, however they are separated, quoted, encoded and packed."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.adapters.csv_dialect import Dialect, find_dialect
from rap_analyzer.adapters.csv_records import CsvRecords
from rap_analyzer.adapters.song_files import SongFile, dataset_name
from rap_analyzer.domain.encodings import likely_encodings
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.song_fields import KNOWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = ["title", "artist", "lyrics"]


def read(path: Path, **options: Any) -> list[tuple[str, ...]]:
    """The values of each row, or its fault."""
    return [tuple(map(str, row.values.values())) or (row.fault,) for row in SongFile(path, **options).rows()]


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# Quoting


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ('"He said \\"go\\"",A,"one \\"stop\\"\ntwo"\nN,A,x\n',
         [('He said "go"', "A", 'one "stop"\ntwo'), ("N", "A", "x")]),
        ('"T","A","end \\"stop\\"\nmore"\n"N","A","x"\n', [("T", "A", 'end "stop"\nmore'), ("N", "A", "x")]),
        ('"6\'1"","L","a\nb, c"\n"N","L","x"\n', [("6'1\"", "L", "a\nb, c"), ("N", "L", "x")]),
        ('"T","A","she "said"\n"so" and left"\n"N","A","x"\n',
         [("T", "A", 'she "said"\n"so" and left'), ("N", "A", "x")]),
        ("T,A,a,b,c\nN,A,x\n", [("it has 5 fields where",), ("N", "A", "x")]),
        ("T,A\nN,A,x\n", [("it has 2 fields where",), ("N", "A", "x")]),
        ("T,A,x,,\n", [("T", "A", "x")]),
        ("T,A,one\ntwo\nI came, I saw, I won\nthree\nN,A,x\n", [
            ("the lines after it",), ("it has 1 field where",), ("the lines after it",), ("it has 1 field where",),
            ("N", "A", "x"),
        ]),
        ('T,A,"one"\njunk\nN,A,x\n', [("it has 1 field where",), ("T", "A", "one"), ("N", "A", "x")]),
        ('T,A,"say "","\nmore"\nN,A,x\n', [("the lines after it",), ("it has 1 field where",), ("N", "A", "x")]),
        ('T,A,"one\nN,A,"two"\nM,A,"three"\n', [("its quotes cannot",), ("N", "A", "two"), ("M", "A", "three")]),
        ('N,A,"two"\nT,A,"one\nand on', [("N", "A", "two"), ("the file ends inside quotes",)]),
        ('"{""\\""W\\"" Al""}",A,x\n', [('{"\\"W\\" Al"}', "A", "x")]),
    ],
)  # fmt: skip
def test_a_row_is_whole_or_has_a_fault(tmp_path: Path, body: str, rows: list[tuple[str, ...]]) -> None:
    """Backslashes and quotes that are not doubled are read rightly; what cannot be told apart is no song."""
    found = read(written(tmp_path / "songs.csv", f"title,artist,lyrics\n{body}"))
    assert len(found) == len(rows), found
    for got, expected in zip(found, rows, strict=True):
        assert got == expected or (len(expected) == 1 and got[0].startswith(expected[0])), found


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(st.lists(st.tuples(FIELD, FIELD, FIELD)), st.sampled_from(",;\t|"))
def test_what_a_csv_writer_writes_is_read_as_it_was(rows: list[tuple[str, str, str]], delimiter: str) -> None:
    """Whatever stands in the fields, rows that are not blank come back, whole and in order."""
    rows = [row for row in rows if any(field.strip() for field in row)]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
    lines = io.StringIO(text.getvalue(), newline="")
    found = list(CsvRecords(lines, Dialect(delimiter)))
    assert [(record.fault, tuple(record.fields)) for record in found] == [("", row) for row in rows]


@given(st.text(st.sampled_from('ab,"\\\n; '), max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any lines give records that are as wide as the header, or have a fault."""
    records = CsvRecords(io.StringIO(f"title,artist,lyrics\n{text}", newline=""), Dialect(","))
    assert all((len(record.fields) == 3) != bool(record.fault) for record in records)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str, quoting: int) -> None:
    """By the header's names, whatever signs stand in the words."""
    rows = [["One, two; three", "A|B", "a\tb, c; d\n\n; , |"], ["N", "A", "x"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows([HEADER, *rows])  # type: ignore[arg-type]  # an int of csv's
    assert read(written(tmp_path / "songs.csv", text.getvalue())) == [tuple(row) for row in rows]


def test_unknown_names_are_separated_by_what_gives_equal_rows() -> None:
    """A header without a name that we know is told by its rows."""
    assert find_dialect("Lied;Text, ganz\na;b\nc;d, e, f\n", KNOWN_COLUMNS, None).delimiter == ";"


def test_a_spreadsheets_line_names_the_separator(tmp_path: Path) -> None:
    """`sep=;` stands before the header, and is no row; lines count from it."""
    file = written(tmp_path / "songs.csv", "sep=;\ntitle;artist;lyrics\nT;A;x\n")
    assert [(row.values["title"], row.place) for row in SongFile(file).rows()] == [("T", "row 1, line 3")]


def test_a_delimiter_of_ones_own(tmp_path: Path) -> None:
    """`--delimiter` takes any sign, and words for some."""
    file = written(tmp_path / "songs.csv", "title^artist^lyrics\nT^A^x\n")
    assert read(file, delimiter="^") == [("T", "A", "x")]
    assert read(written(tmp_path / "t.csv", "title\tartist\tlyrics\nT\tA\tx\n"), delimiter="tab") == [("T", "A", "x")]
    with pytest.raises(InputError, match="not one sign"):
        SongFile(file, delimiter="::")


def test_rows_are_numbered_as_the_file_does(tmp_path: Path) -> None:
    """Blank lines count; a fault over several lines says from where to where."""
    file = written(tmp_path / "songs.csv", 'title,artist,lyrics\n\nT,A,x\n\n\nN,A\n\nM,A,"one "two" three\nfour"\n')
    places = [(row.place, bool(row.fault)) for row in SongFile(file).rows()]
    assert places == [("row 2, line 3", False), ("row 5, line 6", True), ("row 7, lines 8 to 9", True)]


# Encodings

WORDS = {
    "cp1252": "Der Bäcker geht über die Straße und fragt nach süßen Brötchen",
    "latin-1": "déjà la fenêtre s'éclaire où la forêt s'arrête",
    "cp1250": "więc idę przez śnieg i myślę o tobie, łódź płynie w ciemność",
    "cp1251": "Ночь на улице, я иду домой, свет в окне, и я не сам не свой",
    "koi8-r": "Ночь на улице, я иду домой, свет в окне, и я не сам не свой",
    "shift_jis": "夜の街を歩いている、窓の光が消えていく、僕は一人で歌う",
    "gb18030": "夜晚的城市我一个人走，窗户的灯光慢慢消失，我唱着歌",
    "big5": "夜晚的城市我一個人走，窗戶的燈光慢慢消失，我唱著歌",
    "euc-kr": "밤의 거리를 혼자 걷고 있어, 창문의 불빛이 사라지고 나는 노래해",
    "cp1253": "Νύχτα στην πόλη περπατάω μόνος, το φως στο παράθυρο σβήνει",
    "cp1254": "Gece şehirde yalnız yürüyorum, ışıklar sönüyor, çığlık",
}


@pytest.mark.parametrize("encoding", WORDS)
def test_a_legacy_encoding_is_found_and_told(tmp_path: Path, encoding: str) -> None:
    """The words come as they were written, and the file says what it was read as."""
    words = WORDS[encoding]
    file = written(tmp_path / "songs.csv", f'title,artist,lyrics\nT,A,"{words}"\n'.encode(encoding))
    assert read(file) == [("T", "A", words)]
    assert SongFile(file).remark.startswith("Read as ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_with_a_mark_and_without(tmp_path: Path, encoding: str) -> None:
    """UTF-16 shows itself by its NUL bytes."""
    text = "title,artist,lyrics\nNaïve,Рома,“déjà vu” 🔥 夜\n"
    assert read(written(tmp_path / "songs.csv", text.encode(encoding))) == [("Naïve", "Рома", "“déjà vu” 🔥 夜")]


def test_an_encoding_that_is_named_is_taken(tmp_path: Path) -> None:
    """`--encoding` says what cannot be found; one that does not exist is refused."""
    file = written(tmp_path / "songs.csv", "title,artist,lyrics\nT,A,þæð\n".encode("mac-iceland"))
    assert read(file, encoding="mac-iceland") == [("T", "A", "þæð")]
    with pytest.raises(InputError, match="no encoding that we know"):
        SongFile(file, encoding="klingon")


def test_bytes_that_may_be_several_are_refused_with_their_names(tmp_path: Path) -> None:
    """Nothing is guessed: the message names the option, and encodings where there are some."""
    with pytest.raises(InputError, match="--encoding"):
        SongFile(written(tmp_path / "songs.csv", b"title,artist,lyrics\nT,A," + bytes(range(128, 256)) * 9))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1))
def test_utf_8_is_never_taken_for_another_encoding(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever the scripts, emoji and quotes."""
    file = tmp_path_factory.mktemp("utf8") / "songs.jsonl"
    file.write_text(json.dumps({"title": text}, ensure_ascii=False), "utf-8")
    songs = SongFile(file)
    assert [row.values["title"] for row in songs.rows()] == [text]
    assert songs.remark == ""


def test_noise_is_no_language() -> None:
    """Bytes in disorder read like a language in no encoding."""
    assert likely_encodings(bytes(range(128, 256)) * 40) == []


# JSON

SONGS: list[dict[str, Any]] = [
    {"title": "T", "artist": "A", "lyrics": "x"},
    {"title": "N", "artist": "A", "lyrics": "y\nz"},
]
EXPECTED = [("T", "A", "x"), ("N", "A", "y\nz")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SONGS),
        json.dumps(SONGS, indent=2),
        "\n".join(map(json.dumps, SONGS)),
        "\ufeff" + json.dumps(SONGS),
        json.dumps({"name": "A", "id": 3, "songs": SONGS}),
        json.dumps({"songs": SONGS, "name": "A"}, indent=1),
        json.dumps({"name": "Album", "tracks": [{"number": 1, "song": song} for song in SONGS]}),
        "\n".join(json.dumps(song, indent=4) for song in SONGS),
        "\n\n".join(map(json.dumps, SONGS)) + "\n",
    ],
)
def test_json_of_any_shape_is_read(tmp_path: Path, text: str) -> None:
    """Arrays, objects with a list of songs, objects a line, objects one after another."""
    for name in ("songs.json", "songs.jsonl"):
        found = [(r.values["title"], r.values["artist"], r.values["lyrics"]) for r in
                 SongFile(written(tmp_path / name, text)).rows()]  # fmt: skip
        assert found == EXPECTED


def test_a_song_that_lyricsgenius_saves_is_one_row(tmp_path: Path) -> None:
    """Names stand where it has objects; views come from the statistics."""
    song = {
        "title": "T", "lyrics": "x", "primary_artist": {"name": "A", "id": 1}, "album": {"name": "Record"},
        "featured_artists": [{"name": "B"}], "stats": {"pageviews": 12},
    }  # fmt: skip
    [row] = SongFile(written(tmp_path / "song.json", json.dumps(song, indent=1))).rows()
    assert (row.values["artist"], row.values["album"], row.values["views"]) == ("A", "Record", 12)


def test_an_array_that_breaks_off_says_so(tmp_path: Path) -> None:
    """The songs before stay; the rest is a row with a fault."""
    rows = list(SongFile(written(tmp_path / "songs.json", json.dumps(SONGS)[:-20])).rows())
    assert [bool(row.fault) for row in rows] == [False, True]


# Packing


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_a_packed_file_is_read_as_what_it_packs(tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]) -> None:
    """The dataset has the name without both endings."""
    file = written(tmp_path / f"songs.csv{ending}", pack(b"title,artist,lyrics\nT,A,x\n"))
    assert read(file) == [("T", "A", "x")]
    assert dataset_name(file) == "songs"


def test_a_packed_file_that_is_cut_off_is_refused_whole(tmp_path: Path) -> None:
    """Before a row of it is stored."""
    text = b"title,artist,lyrics\n" + b"T,A,x\n" * 9000
    for whole in (text, b"\xef\xbb\xbf" + text):
        file = written(tmp_path / "songs.csv.gz", gzip.compress(whole)[:-50])
        for encoding in (None, "utf-8"):
            with pytest.raises(InputError, match="damaged or cut off"):
                SongFile(file, encoding=encoding)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """What unpacks to hundreds of times its size holds no songs, and fills no memory."""
    with gzip.open(tmp_path / "songs.csv.gz", "wb") as bomb:
        for _ in range(300):
            bomb.write(bytes(1 << 20))
    with pytest.raises(InputError, match="200 times its size"):
        SongFile(tmp_path / "songs.csv.gz")


def test_an_excel_sheet_is_read(tmp_path: Path) -> None:
    """The sheet with our columns, rows by the numbers that it shows, empty ones left out."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["notes"])
    sheet = book.create_sheet("songs")
    for row in (["Title", "Artist", "Lyrics", "Year"], [], ["T", "A", "x\ny", 1999], ["N", "A", "z", None]):
        sheet.append(row)
    book.save(tmp_path / "songs.xlsx")
    songs = SongFile(tmp_path / "songs.xlsx")
    assert songs.header == ["Title", "Artist", "Lyrics", "Year"]
    assert [(row.place, row.values["Lyrics"], row.values["Year"]) for row in songs.rows()] == [
        ("row 3 of the sheet", "x\ny", 1999), ("row 4 of the sheet", "z", None)
    ]  # fmt: skip
    with pytest.raises(InputError, match="no Excel workbook"):
        SongFile(written(tmp_path / "no.xlsx", b"no"))
