"""The compiled part of the rhyme engine: its answers are those of numpy, and without it everything works."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rap_analyzer.domain import rhyme_classes as joining
from rap_analyzer.domain import rhyme_kernel
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.repetition import repetition
from rap_analyzer.domain.rhyme import find_all, find_rhymes
from rap_analyzer.domain.rhyme_classes import LONGEST, PIECE, RhymeClass, rhyme_classes
from rap_analyzer.domain.rhyme_factor import rhyme_factor
from rap_analyzer.domain.rhyme_hearing import packaged_model
from rap_analyzer.domain.rhyme_stream import listen, listen_all
from rap_analyzer.domain.vocabulary import mtld
from rap_analyzer.simulators.corpus import load_corpus

if TYPE_CHECKING:
    from pathlib import Path

    from rap_analyzer.domain.rhyme import Chain, RhymeAnalysis

CLOSE = 1e-5
"""Sums of 32-bit numbers in another order."""
ROUNDED = 1.1e-4
"""The same, where four decimals are told."""
EDGES = ["", "wait", "[Hook]", "sh\nbrr", "la " * 300, "cat hat " * 400, "sky\n\n[Verse]\ndie"]
EDGES += ["(yeah)\n(yeah)\n(what)"]
ECHOES = [
    "we run\nthey run\na\nb\nc\nd\ne\nyou run\nI run",
    "I read\nwe read\nhave read\nhad read",
    "make it\ntake it\nshake it\nthe paper chaser\nthe later wager\na neighbour's favour",
    "hold the\nold the\ncold a\nbold a",
]
SONGS = [song.lyrics for song in load_corpus().written.values()]
WORDS = [word for song in SONGS for word in song.split() if "[" not in word]

compiled = pytest.mark.skipif(
    rhyme_kernel.library() is None and not os.environ.get("CI"), reason="there was no C compiler"
)


def same(some: list[RhymeClass], others: list[RhymeClass]) -> bool:
    """Whether these are the same classes, as sure."""
    return [one.members for one in some] == [one.members for one in others] and np.allclose(
        [chance for one in some for chance in one.chances],
        [chance for one in others for chance in one.chances],
        rtol=0,
        atol=CLOSE,
    )


def same_answers(texts: list[str]) -> bool:
    """Whether the chains and schemes of these songs, heard together, are the same compiled or not, and as sure."""
    songs = list(map(parse, texts))
    quick, slow = (find_all(songs, compiled=compiled) for compiled in (True, False))
    told = list(map(_told, quick)) == list(map(_told, slow))
    return told and np.allclose(_sure(quick), _sure(slow), rtol=0, atol=ROUNDED)


def _sure(found: list[RhymeAnalysis]) -> list[float]:
    """How sure all chains and members are."""
    return [sure for one in found for c in one.chains for sure in (c.confidence, *(m.confidence for m in c.members))]


def _told(found: RhymeAnalysis) -> object:
    """All of an analysis but how sure it is."""
    chains = [(c.id, c.kinds, c.length, [m._replace(confidence=0) for m in c.members]) for c in found.chains]
    return chains, found.chain_of.tolist(), found.position.tolist(), found.density, found.schemes


def chance_song(seed: int) -> str:
    """Words of the demo in an order that no one wrote: bars of one word to 30, sections of one bar to 20."""
    chance = random.Random(seed)
    bars = (" ".join(chance.choices(WORDS, k=chance.randint(1, 30))) for _ in range(chance.randint(1, 60)))
    return "\n".join(f"[Verse]\n{bar}" if chance.random() < 0.1 else bar for bar in bars)


def test_the_library_is_there_where_the_tests_must_not_skip() -> None:
    assert rhyme_kernel.library() or not os.environ.get("CI")


@compiled
def test_demo_songs_have_the_same_classes_compiled_or_not() -> None:
    for begin in range(0, len(SONGS), 4):
        stream, _ = listen_all(list(map(parse, SONGS[begin : begin + 4])))
        assert same(rhyme_classes(stream), rhyme_classes(stream, compiled=False))


@compiled
@pytest.mark.parametrize("seed", range(12))
def test_texts_by_chance_have_the_same_classes_compiled_or_not(seed: int) -> None:
    stream = listen(parse(chance_song(seed)))
    assert same(rhyme_classes(stream), rhyme_classes(stream, compiled=False))


@compiled
@pytest.mark.parametrize("text", EDGES)
def test_texts_at_the_edge_have_the_same_classes_compiled_or_not(text: str) -> None:
    stream = listen(parse(text))
    assert same(rhyme_classes(stream), rhyme_classes(stream, compiled=False))


@compiled
def test_demo_songs_have_the_same_chains_compiled_or_not() -> None:
    assert all(same_answers(SONGS[begin : begin + 4]) for begin in range(0, len(SONGS), 4))


@compiled
@pytest.mark.parametrize("seed", range(12, 24))
def test_texts_by_chance_have_the_same_chains_compiled_or_not(seed: int) -> None:
    assert same_answers([chance_song(seed), EDGES[seed % len(EDGES)], chance_song(seed + 12)])


@compiled
@pytest.mark.parametrize("texts", [EDGES, ECHOES, EDGES[:1], []])
def test_texts_at_the_edge_have_the_same_chains_compiled_or_not(texts: list[str]) -> None:
    assert same_answers(texts)


@compiled
@pytest.mark.parametrize("seed", range(24, 32))
def test_measures_are_the_same_compiled_or_not(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [chance_song(seed), SONGS[seed], EDGES[seed % len(EDGES)], f"{chance_song(seed)}\n" * 20]
    streams = [listen(parse(text)) for text in texts]

    def figures() -> list[tuple[float, float, float]]:
        columns = zip(texts, streams, strict=True)
        return [(repetition(text), mtld(text.split()), rhyme_factor(stream)) for text, stream in columns]

    quick = figures()
    monkeypatch.setattr(rhyme_kernel, "library", lambda: None)
    assert figures() == quick


@compiled
def test_a_section_that_is_cut_has_the_same_classes_compiled_or_not() -> None:
    stream = listen(parse("\n".join(" ".join(WORDS[at : at + 10]) for at in range(0, LONGEST, 10))))
    assert len(stream) > LONGEST > PIECE
    assert same(rhyme_classes(stream), rhyme_classes(stream, compiled=False))


@compiled
def test_another_model_is_heard_by_its_own_numbers() -> None:
    packaged = packaged_model()
    other = replace(packaged, third=replace(packaged.third, out_bias=packaged.third.out_bias - np.float32(1.5)))
    stream = listen(parse(SONGS[0]))
    assert same(rhyme_classes(stream, other), rhyme_classes(stream, other, compiled=False))
    assert not same(rhyme_classes(stream, other), rhyme_classes(stream))


@compiled
def test_each_threshold_of_joining_reaches_the_library() -> None:
    library = rhyme_kernel.library()
    assert library
    stream, model = listen_all(list(map(parse, SONGS[:40])))[0].part(0, LONGEST), packaged_model()
    usual = rhyme_kernel.Kernel(library, stream, model, joining.JOINING).classes(0, len(stream))
    for number in range(len(joining.JOINING)):
        changed = (_with(number, by) for by in (0.6, -6.0))
        heard = [rhyme_kernel.Kernel(library, stream, model, limits).classes(0, len(stream)) for limits in changed]
        assert any(classes != usual for classes in heard), number


def _with(number: int, by: float) -> tuple[float, ...]:
    """The thresholds of joining, one of them changed."""
    limits = list(joining.JOINING)
    limits[number] += by
    return tuple(limits)


@pytest.fixture
def unread() -> None:
    rhyme_kernel.library.cache_clear()


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("held", [None, b"no library at all"])
def test_without_a_library_that_loads_numpy_answers(
    held: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = find_rhymes(parse(SONGS[0])).chains
    rhyme_kernel.library.cache_clear()
    path = tmp_path / "librhyme.so"
    if held:
        path.write_bytes(held)
    with monkeypatch.context() as patched:
        patched.setattr(rhyme_kernel, "LIBRARY", path)
        assert rhyme_kernel.library() is None
        alone = find_rhymes(parse(SONGS[0])).chains
    rhyme_kernel.library.cache_clear()
    assert [_spans(chain) for chain in alone] == [_spans(chain) for chain in usual]


def _spans(chain: Chain) -> list[tuple[int, int, int, int]]:
    return [(member.bar, member.word, member.syllable, member.length) for member in chain.members]


@compiled
@pytest.mark.usefixtures("unread")
def test_a_library_of_another_version_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rhyme_kernel, "VERSION", rhyme_kernel.VERSION + 1)
        assert rhyme_kernel.library() is None
    rhyme_kernel.library.cache_clear()
    assert rhyme_kernel.library()
