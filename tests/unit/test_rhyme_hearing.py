"""How the hearings judge: the quick tables say what the rules say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from rap_analyzer.domain import rhyme_company, rhyme_pairs
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme_company import chance_of, company
from rap_analyzer.domain.rhyme_first import first_hearing
from rap_analyzer.domain.rhyme_ground import ground_of
from rap_analyzer.domain.rhyme_hearing import Heard, packaged_model, rhyme_odds, second_hearing, third_hearing
from rap_analyzer.domain.rhyme_pairs import CEILING, FLOOR, UNLIKELY, WINDOW, Weights, cluster_kinds
from rap_analyzer.domain.rhyme_phrases import phrasing
from rap_analyzer.domain.rhyme_stream import Stream, listen

FIRST = """[Verse 1]
I left a candle burning by the window in the hall
you held a broken handle and you never heard me call
the winter took the garden and the river took the wall
because the summer waits for no one, not for anyone at all"""
SECOND = """[Verse 2]
wait
a late train, a grey crane, a plain name on a gate
they say the day is paper and the paper's getting thin
so paint it any colour (colour) and let the morning in"""
SONG = listen(parse(f"{FIRST}\n{SECOND}"))


def scored(stream: Stream, weights: Weights, i: int, j: int) -> float:
    """Log-odds of one pair by the rules, one after another."""
    one, other = (weights.nuclei.index(stream.nuclei[stream.nucleus[at]]) for at in (i, j))
    kind = cluster_kinds((stream.clusters[stream.follow[i]], stream.clusters[stream.follow[j]]))[0, 1]
    bars, words = stream.bar[j] - stream.bar[i], stream.word[j] - stream.word[i]
    place = [
        stream.onset[i] == stream.onset[j],
        np.log(j - i),
        bars == 0,
        bars == 1,
        bars in (3, 4),
        bars >= 5,
        words == 0,
        words == 1,
        stream.to_end[i] == stream.to_end[j] < 5,
    ]
    role = rhyme_pairs.role_table()[stream.role[i], stream.role[j]] @ weights.role
    sound = weights.nucleus[one, other] + np.append(weights.cluster, 0)[kind]
    return float(sound + role + np.array(place, dtype=float) @ weights.place + weights.bias)


def within_earshot(stream: Stream) -> list[tuple[int, int]]:
    size = len(stream)
    near = [(i, j) for i in range(size) for j in range(i + 1, min(i + WINDOW + 1, size))]
    return [(i, j) for i, j in near if stream.section[i] == stream.section[j]]


def heard_twice(stream: Stream) -> Heard:
    model = packaged_model()
    band, pairs = first_hearing(stream, model.first, ground_of(stream))
    return second_hearing(stream, pairs, band, phrasing(stream, band, model.phrases), model.first)


def test_the_first_hearing_adds_up_sound_role_and_place() -> None:
    """Every pair within earshot has the log-odds that the rules give it; likely ones of two words are kept."""
    weights = packaged_model().first
    band, pairs = first_hearing(SONG, weights, ground_of(SONG))
    near = within_earshot(SONG)
    odds = np.clip([scored(SONG, weights, i, j) for i, j in near], FLOOR, CEILING)
    one, other = np.array(near).T
    assert band.at(one, other) == pytest.approx(odds, abs=1e-4)
    likely = (odds > UNLIKELY) & (SONG.word_id[one] != SONG.word_id[other])
    assert list(zip(pairs.earlier.tolist(), pairs.later.tolist(), strict=True)) == [
        near[k] for k in np.flatnonzero(likely)
    ]
    assert pairs.score == pytest.approx(odds[likely], abs=1e-4)


def test_the_band_ends_at_the_section() -> None:
    """Nothing rhymes across sections, and no step along the diagonal leaves one."""
    band, _ = first_hearing(SONG, packaged_model().first, ground_of(SONG))
    edge = int(np.flatnonzero(SONG.section == SONG.section[-1])[0])
    one = np.repeat(np.arange(edge - 3, edge), 3)
    other = np.tile(np.arange(edge, edge + 3), 3)
    assert (band.at(one, other) == FLOOR).all()
    around = band.around(np.array([edge - 2]), np.array([edge - 1]))
    assert [around.at(step).item() for step in (1, 2, 3)] == [FLOOR] * 3
    behind = band.around(np.array([edge]), np.array([edge + 1]))
    assert [behind.at(step).item() for step in (-1, -2, -3)] == [FLOOR] * 3


def test_the_best_between_is_the_best_of_those_between() -> None:
    """For a pair's earlier syllable the best with those before the later one, and the other way round."""
    band, pairs = first_hearing(SONG, packaged_model().first, ground_of(SONG))
    found = band.around(pairs.earlier, pairs.later).between()
    for k, (i, j) in enumerate(zip(pairs.earlier.tolist(), pairs.later.tolist(), strict=True)):
        between = np.arange(i + 1, j)
        after = band.at(np.full(len(between), i), between)
        before = band.at(between, np.full(len(between), j))
        assert [of[k] for of in found] == [after.max(initial=FLOOR), before.max(initial=FLOOR)]


@pytest.mark.parametrize("crowd", [0, 1000])
def test_company_is_the_sum_over_third_syllables(crowd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Computed for all syllables at once or for each pair, it is the product of the matrix of chances with itself."""
    monkeypatch.setattr(rhyme_company, "CROWD", crowd)
    _, pairs = first_hearing(SONG, packaged_model().first, ground_of(SONG))
    chances = np.zeros((len(SONG), len(SONG)))
    chances[pairs.earlier, pairs.later] = chances[pairs.later, pairs.earlier] = chance_of(pairs.score)
    shared, degree = company(len(SONG), pairs.earlier, pairs.later, chance_of(pairs.score))
    assert shared == pytest.approx((chances @ chances)[pairs.earlier, pairs.later], abs=1e-4)
    assert degree == pytest.approx(chances.sum(axis=0), abs=1e-4)


def test_codes_say_what_features_say() -> None:
    """A network that looks codes up judges as one that multiplies all features."""
    model, heard = packaged_model(), heard_twice(SONG)
    late = third_hearing(SONG, heard, heard.judged(model.second))
    for net, known in ((model.second, heard), (model.third, late)):
        syllables, features = known.syllables.features().T, known.facts.features().T
        assert (features.shape[1], syllables.shape[1]) == (len(net.pair), len(net.earlier))
        units = syllables[known.pairs.earlier] @ net.earlier + syllables[known.pairs.later] @ net.later
        units = np.maximum(units + features @ net.pair + net.first_bias, 0)
        odds = np.maximum(units @ net.second + net.second_bias, 0) @ net.out + net.out_bias
        assert known.judged(net) == pytest.approx(odds, abs=1e-3)


def test_flags_of_a_syllable_are_spelt_out() -> None:
    """The features begin with one flag for each vowel, and one of them is up."""
    nuclei = packaged_model().first.nuclei
    flags = heard_twice(SONG).syllables.features()[: len(nuclei)]
    assert [nuclei[k] for k in flags.argmax(axis=0)] == [SONG.nuclei[k] for k in SONG.nucleus]
    assert (flags.sum(axis=0) == 1).all()


def test_sections_are_heard_as_if_alone() -> None:
    """A song's log-odds are those of its sections."""
    model = packaged_model()
    whole, begin = rhyme_odds(SONG, model), 0
    for text in (FIRST, SECOND):
        alone = listen(parse(text))
        odds = rhyme_odds(alone, model)
        mine = (whole.earlier >= begin) & (whole.earlier < begin + len(alone))
        assert (whole.earlier[mine] - begin).tolist() == odds.earlier.tolist()
        assert (whole.later[mine] - begin).tolist() == odds.later.tolist()
        assert whole.value[mine] == pytest.approx(odds.value, abs=1e-3)
        begin += len(alone)


def test_one_syllable_rhymes_with_nothing() -> None:
    """The shortest stream has no pairs."""
    assert len(rhyme_odds(listen(parse("wait")), packaged_model()).value) == 0


def test_clusters_that_were_forgotten_are_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clusters come, all are compared rightly."""
    monkeypatch.setattr(rhyme_pairs, "MOST_CLUSTERS", 3)
    songs = [("t", "p", "d"), ("n", "", "t"), ("st", "t", "ft"), ("t", "p", "n")]
    kinds = [cluster_kinds(song).tolist() for song in songs]
    assert kinds[0] == [[1, 4, 5], [4, 1, 5], [5, 5, 1]]
    assert kinds[1] == [[1, 2, 8], [2, 0, 2], [8, 2, 1]]
    assert kinds[2] == [[1, 6, 4], [6, 1, 6], [4, 6, 1]]
    assert kinds[3] == [[1, 4, 8], [4, 1, 8], [8, 8, 1]]


def test_the_ground_parts_sections() -> None:
    """Columns ascend by one within a section and by more between two."""
    ground = ground_of(SONG)
    steps = [after - before for before, after in pairwise(ground.column.tolist())]
    edges = [one != other for one, other in pairwise(SONG.section.tolist())]
    assert [step > 1 for step in steps] == edges
    assert ground.start.tolist() == np.searchsorted(SONG.section, SONG.section).tolist()
    assert ground.stop.tolist() == np.searchsorted(SONG.section, SONG.section, side="right").tolist()
