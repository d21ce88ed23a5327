"""Which recording is a track."""

import pytest

from labelled_matches import Question, halves, read_questions
from rap_analyzer.domain.enrichment import MatchMethod, Recording, RecordingQuery, audio_embedding
from rap_analyzer.pipeline.matching import ACCEPT_BELOW, best_match, distance
from rap_analyzer.pipeline.titles import parse_title

QUESTIONS = read_questions()


def recording(title: str, *artists: str, **more: object) -> Recording:
    return Recording("r1", title, artists or ("Vesper Okafor",), **more)  # type: ignore[arg-type]


def precision_and_recall(questions: list[Question]) -> tuple[float, float]:
    """Right among the accepted, and right among those that have an answer."""
    found = [(question, best_match(question.query, question.candidates)[0]) for question in questions]
    right = sum(one is not None and one.id in question.right for question, one in found)
    accepted = sum(one is not None for _, one in found)
    return right / accepted, right / sum(bool(question.right) for question in questions)


def test_the_labelled_set_is_worth_asking() -> None:
    """At least 200 questions, none twice, most traps with one that has no answer."""
    assert len(QUESTIONS) >= 200
    assert len({(q.query, q.candidates and q.candidates[0].title) for q in QUESTIONS}) > len(QUESTIONS) - 3
    traps = {question.trap for question in QUESTIONS}
    assert len(traps) >= 20
    assert 2 * len({question.trap for question in QUESTIONS if not question.right}) > len(traps)


@pytest.mark.parametrize("part", ["all", "tuned on", "held out"])
def test_matching_keeps_its_promise(part: str) -> None:
    """Precision of at least .98 at a recall of at least .93, on the half that was never tuned on too."""
    tuning, held_out = halves(QUESTIONS)
    precision, recall = precision_and_recall({"all": QUESTIONS, "tuned on": tuning, "held out": held_out}[part])
    assert precision >= 0.98
    assert recall >= 0.93


def test_the_order_of_candidates_changes_nothing_but_ties() -> None:
    """Whatever a search gives first, the distance of what is taken is the same."""
    for question in QUESTIONS:
        there = best_match(question.query, question.candidates)
        back = best_match(question.query, question.candidates[::-1])
        assert (there[0] is None, there[2]) == (back[0] is None, back[2])


def test_distances_stay_within_their_range() -> None:
    """Of everything to everything: 0 to 1."""
    titles = [question.query for question in QUESTIONS[::9]]
    others = [one for question in QUESTIONS[::9] for one in question.candidates]
    assert all(0.0 <= distance(query, other) <= 1.0 for query in titles for other in others)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le cœur amarré", "Le coeur amarre"),
        ("Salt & Smoke (feat. Ann)", "salt and smoke"),
        ("Плацкарт", "Platskart"),
        ("Kerosene Parade", "Kerosene Parade - 2011 Remaster"),
        ("Night Sort, Pt. II", "Night Sort Part 2"),
        ("Hazard Lights Remix", "Hazard Lights - Remix"),
    ],
)
def test_spelling_does_not_separate_a_song_from_itself(one: str, other: str) -> None:
    """Accents, ampersands, features, scripts, remasters and ways of counting fall away."""
    assert distance(RecordingQuery(one, "Vesper Okafor"), recording(other)) < 0.05


@pytest.mark.parametrize(
    "title",
    [
        "Night Sort (Remix)",
        "Night Sort - Live",
        "Night Sort (Karaoke Version)",
        "Night Sort, Pt. 2",
        "Night Sorts",
        "Night Sort Remix",
    ],
)
def test_another_version_is_another_recording(title: str) -> None:
    """A version, a number or a word on one side only rules a candidate out."""
    assert distance(RecordingQuery("Night Sort", "Kilo Saint-Clair"), recording(title, "Kilo Saint-Clair")) == 1.0


def test_the_same_title_by_somebody_else_is_refused() -> None:
    """The artist counts."""
    query = RecordingQuery("First Draft", "Cassius Bloom")
    found, method, _ = best_match(query, [recording("First Draft", "The Quarry Choir")])
    assert found is None
    assert method is MatchMethod.NONE


@pytest.mark.parametrize("isrc", ["ZZRAP0000001", "zz-rap-00-00001"])
def test_the_same_isrc_settles_it(isrc: str) -> None:
    """Whatever the title says, and however the code is written."""
    query = RecordingQuery("A", "B", isrc=isrc)
    found, method, far = best_match(query, [recording("Quite another", isrc="ZZRAP0000001")])
    assert (found is not None, method, far) == (True, MatchMethod.ISRC, 0.0)


def test_length_separates_an_edit_from_the_song() -> None:
    """Ten seconds are free, thirty rule it out."""
    query = RecordingQuery("A", "Vesper Okafor", duration_ms=200_000)
    near, farther, far = (recording("A", duration_ms=ms) for ms in (205_000, 220_000, 230_000))
    assert distance(query, near) == 0.0
    assert distance(query, farther) == pytest.approx(1 / 7)
    assert distance(query, far) == 1.0


def test_a_title_that_says_nothing_needs_its_album() -> None:
    """There are many intros; elsewhere another album only comes second."""
    intro, song = (RecordingQuery(title, "Vesper Okafor", album="Carry-On") for title in ("Intro", "Aquarium"))
    assert distance(intro, recording("Intro", album="Carry-On (Deluxe)")) == 0.0
    assert distance(intro, recording("Intro", album="Another")) == 1.0
    assert 0.0 < distance(song, recording("Aquarium", album="Another")) < ACCEPT_BELOW


def test_a_song_called_cover_is_not_a_cover() -> None:
    """Versions are told by asides, not by what a song is about."""
    assert parse_title("Live Wire Sermon").kinds == frozenset()
    assert parse_title("Where We Live").kinds == frozenset()
    told = parse_title("Block Party Permit (Live at the Bowl) [feat. Ann & Bo]")
    assert (set(told.kinds), set(told.named), told.featured) == ({"live"}, {"bowl"}, ("ann", "bo"))


@pytest.mark.parametrize("title", ["", "()", "???", "*", " - ", "(((", "feat.", "🔥", "\x00", "[]" * 500])
def test_odd_titles_are_no_obstacle(title: str) -> None:
    """Each is at least itself, or nothing."""
    assert distance(RecordingQuery(title, "Ann"), recording(title, "Ann")) in {0.0, 1.0}
    assert distance(RecordingQuery("Song", ""), recording(title)) == 1.0


def test_an_audio_embedding_needs_every_feature() -> None:
    """A missing feature gives no embedding rather than a wrong one; all are scaled to [0, 1]."""
    features = dict.fromkeys(
        ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence"), 0.5
    )
    assert audio_embedding(features) is None
    full = audio_embedding({**features, "loudness": -6.0, "tempo": 90.0})
    assert full is not None
    assert full[5] == pytest.approx(0.9)
    assert full[7] == pytest.approx(0.36)
