"""The picture of a song's emotions: where columns stand, how high, what is said at each, and what is left out."""

from __future__ import annotations

import itertools
import re

from rap_analyzer.analyzers.emotion import score
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.emotion import LONGEST_ARC
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.web.arc_view import BAR, ROW, SHOWN, ArcView, view_arc

SONG = """[Verse 1: Ann]
I love this happy morning, what a joy
I am so afraid of what is in the dark
...
She is angry and she hates it all

[Hook]
I am so sad that I could cry"""


def viewed(text: str) -> ArcView:
    view = view_arc(score(AnalysisInput(text)), parse(text))
    assert view
    return view


def columns(path: str) -> list[tuple[int, float, int]]:
    """Left, top and right of each column of a path."""
    found = re.findall(r"M(\d+) [\d.]+V([\d.]+)H(\d+)V[\d.]+z", path)
    return [(int(left), float(top), int(right)) for left, top, right in found]


def test_each_judged_bar_has_a_column_in_its_place() -> None:
    """A bar without words leaves a gap; columns stand on the ground and reach no higher than the row."""
    view = viewed(SONG)
    assert view.width == 5 * BAR
    for row in view.rows:
        found = columns(row.bars)
        assert [(left, right) for left, _, right in found] == [(0, 10), (10, 20), (30, 40), (40, 50)]
        assert all(0 <= top <= ROW for _, top, _ in found)
    assert [row.name for row in view.rows] == list(SHOWN)


def test_the_highest_column_fills_its_row_and_each_emotion_peaks_where_it_is_said() -> None:
    """All rows have one scale."""
    view = viewed(SONG)
    tops = {row.name: [top for _, top, _ in columns(row.bars)] for row in view.rows}
    assert min(min(row) for row in tops.values()) == 0.0
    assert {name: row.index(min(row)) for name, row in tops.items() if name in {"joy", "fear", "anger", "sadness"}} == {
        "joy": 0, "fear": 1, "anger": 2, "sadness": 3,
    }  # fmt: skip


def test_a_song_without_emotion_looks_it() -> None:
    """A full row is never less than a score that means something."""
    view = viewed("\n".join(["The number of the bus is on the door"] * 4))
    assert view.top >= 0.3
    assert all(top > ROW / 4 for row in view.rows for _, top, _ in columns(row.bars))


def test_sentiment_hangs_below_its_middle_where_it_is_unpleasant() -> None:
    """Pleasant up, unpleasant down, from -1 to 1."""
    first, second, third, last = columns(viewed(SONG).sentiment.bars)
    assert first[1] < ROW / 2
    assert min(second[1], third[1], last[1]) > ROW / 2
    assert viewed(SONG).sentiment.figure[0] in "+−"


def test_sections_are_named_and_those_left_out_are_told_apart() -> None:
    """In percent of the width; a section in another language has no figures."""
    foreign = "\n".join(["Je suis né dans la rue avec le cœur plein de rêves", "Mais la nuit est longue et brève"] * 6)
    text = f"{SONG}\n\n[Verse 2]\n{foreign}"
    first, hook, second = viewed(text).sections
    assert [(s.label, s.letter, s.header) for s in (first, second)] == [
        ("Verse 1", "V1", "Verse 1: Ann"), ("Verse 2", "V2", "Verse 2"),
    ]  # fmt: skip
    assert (first.first_bar, hook.first_bar, second.first_bar) == (1, 5, 6)
    assert (first.judged is not None, second.judged) == (True, None)
    assert round(first.width + hook.width + second.width, 1) == 100.0
    assert hook.left == first.width


def test_a_point_says_its_number_its_scores_and_its_words() -> None:
    """The strongest first."""
    last = viewed(SONG).points[-1]
    assert last.number == 5
    assert last.title.startswith("Bar 5: ")
    assert last.title.endswith("\nI am so sad that I could cry")
    shares = [int(share) for share in re.findall(r"(\d+)\u00a0%", last.title)]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == 7


def test_a_text_without_end_has_a_picture_of_bounded_size() -> None:
    """Several bars to a column, and no bar left out."""
    view = viewed("\n".join(f"I love the number {n}" for n in range(2 * LONGEST_ARC + 1)))
    assert (view.bars_per_point, len(view.points)) == (3, 1334)
    found = columns(view.rows[0].bars)
    assert found[0][0] == 0
    assert found[-1][2] == view.width
    assert all(before[2] == after[0] for before, after in itertools.pairwise(found))
    assert view.points[0].title.startswith("Bars 1 to 3: ")


def test_nothing_is_drawn_of_what_was_not_judged() -> None:
    """No analysis, one without figures, or one of other bars than there are."""
    assert view_arc(None, parse(SONG)) is None
    assert view_arc(Analysis("emotion", "1", "c", Status.NO_WORDS), parse(SONG)) is None
    assert view_arc(score(AnalysisInput(SONG)), parse("one bar")) is None
