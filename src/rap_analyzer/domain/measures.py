"""Every figure that the words of a song give, under one name each, with what it means."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from rap_analyzer.domain.devices import devices_of
from rap_analyzer.domain.flow import flow_of
from rap_analyzer.domain.readability import readability_of
from rap_analyzer.domain.repetition import repetition_of
from rap_analyzer.domain.rhyme import RhymeAnalysis, RhymeKind, find_rhymes
from rap_analyzer.domain.rhyme_factor import rhyme_factor
from rap_analyzer.domain.rhyme_stream import LAST_WORD, Place
from rap_analyzer.domain.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rap_analyzer.domain.lyrics import Lyrics
    from rap_analyzer.domain.rhyme import Chain, Member

T = TypeVar("T")

DECIMALS = 4


class Measure(NamedTuple):
    """How a measure is shown: a label, its unit ("" for a plain number), and one sentence that says what it means."""

    label: str
    unit: str
    meaning: str


MEASURES: dict[str, Measure] = {
    "rhyme_density": Measure("Rhyme density", "share", "Share of all syllables that rhyme with another, from 0 to 1."),
    "rhyme_factor": Measure(
        "Rhyme factor", "vowels", "How many vowels in a row a word shares, on average, with one of the 15 words before."
    ),
    "chains": Measure("Rhyme chains", "chains", "Groups of syllable spans that all rhyme together."),
    "longest_chain": Measure("Longest chain", "spans", "Spans in the chain that comes back most often."),
    "longest_multi": Measure("Longest multi", "syllables", "Syllables in the longest span that another span answers."),
    "multisyllabic_share": Measure(
        "Multisyllabic share", "share", "Share of the rhyming spans that are two syllables or longer, from 0 to 1."
    ),
    "internal_share": Measure(
        "Internal share", "share", "Share of the rhyming spans that are not at the end of their bar, from 0 to 1."
    ),
    "syllables_per_bar": Measure("Syllables a bar", "syllables", "Mean number of syllables in a transcribed line."),
    "syllables_per_bar_spread": Measure(
        "Spread of syllables a bar", "syllables", "Standard deviation of the syllables a bar: 0 when all are alike."
    ),
    "syllables_by_bar": Measure("Syllables by bar", "syllables", "Syllables of each bar that has any, in order."),
    "stress_variation": Measure(
        "Stress variation", "share", "How far the stress pattern changes from bar to bar, from 0 (never) to 1."
    ),
    "tokens": Measure("Words", "words", "Words that are said, stage directions left out."),
    "types": Measure("Different words", "words", "Different words, blind to case and punctuation."),
    "mtld": Measure("MTLD", "words", "How many words go by, on average, before words come back too often: diversity."),
    "mattr": Measure("MATTR", "share", "Share of different words in a moving window of 50 words, from 0 to 1."),
    "hdd": Measure("HD-D", "share", "Share of different words to expect among 42 drawn by chance, from 0 to 1."),
    "repetition": Measure("Repetition", "share", "Share of the text that a compressor leaves out as already said."),
    "repeated_bars": Measure("Repeated bars", "bars", "Bars that an earlier bar has already said, word for word."),
    "hook_share": Measure("Hook share", "share", "Share of the words that stand in hooks and refrains, from 0 to 1."),
    "bars": Measure("Bars", "bars", "Transcribed lines with words."),
    "words_per_bar": Measure("Words a bar", "words", "Mean number of words in a bar."),
    "adlib_share": Measure("Ad-lib share", "share", "Share of the words that stand in round brackets, from 0 to 1."),
    "sections": Measure("Sections", "sections", "How many verses, hooks, bridges … the song has."),
    "performers": Measure("Performers", "names", "Who the section headers say raps, in order of appearance."),
    "flesch": Measure("Reading ease", "", "Flesch's reading ease with bars as sentences: higher is easier."),
    "grade": Measure("School grade", "grade", "US school grade (Flesch–Kincaid) with bars as sentences."),
    "alliteration": Measure(
        "Alliteration", "share", "Share of the stressed syllables that begin like one just before them in the bar."
    ),
    "assonance": Measure(
        "Assonance", "share", "Share of the stressed syllables that echo a vowel, not its ending, just before them."
    ),
    "consonance": Measure(
        "Consonance", "share", "Share of the stressed syllables that echo closing consonants after another vowel."
    ),
    "anaphora": Measure("Anaphora", "bars", "Bars that begin with the same two words as the bar before."),
    "similes": Measure("Similes", "similes", "Comparisons with “like” and “as … as”, told by rule."),
}
"""What `measure` gives, in the order in which pages show it."""


def measure(lyrics: Lyrics) -> dict[str, Any]:
    """All of `MEASURES` for a song in English; JSON-ready, every number finite, 0 where there is nothing to count."""
    analysis = find_rhymes(lyrics)
    figures = {**_rhyme(analysis), **_flow(analysis), **_words(lyrics), **_structure(lyrics), **_devices(analysis)}
    return {name: _rounded(figures[name]) for name in MEASURES}


def _rhyme(analysis: RhymeAnalysis) -> dict[str, Any]:
    chains = [chain for chain in analysis.chains if chain.rhymes]
    members = [member for chain in chains for member in chain.members]
    return {
        "rhyme_density": analysis.density,
        "rhyme_factor": rhyme_factor(analysis.stream),
        "chains": len(chains),
        "longest_chain": max((len(chain.members) for chain in chains), default=0),
        "longest_multi": max(map(_second_length, chains), default=0),
        "multisyllabic_share": _share(members, lambda member: member.length > 1),
        "internal_share": _internal_share(analysis, members),
    }


def _second_length(chain: Chain) -> int:
    """Syllables of the longest span of a chain that another of at least its length answers; 0 if no multi."""
    lengths = sorted(member.length for member in chain.members)
    return lengths[-2] if RhymeKind.MULTISYLLABIC in chain.kinds else 0


def _internal_share(analysis: RhymeAnalysis, members: list[Member]) -> float:
    """Members whose last syllable is not in the last word of its bar ÷ members."""
    number = {place: at for at, place in enumerate(analysis.stream.places)}
    role = analysis.stream.role.tolist()
    return _share(members, lambda m: not role[number[Place(m.bar, m.word, m.syllable)] + m.length - 1] & LAST_WORD)


def _flow(analysis: RhymeAnalysis) -> dict[str, Any]:
    flow = flow_of(analysis.stream)
    words, bars = len(list(analysis.lyrics.words)), len(flow.series)
    readability = readability_of(words, len(analysis.stream), bars)
    return {
        "syllables_per_bar": flow.syllables_per_bar,
        "syllables_per_bar_spread": flow.syllables_per_bar_spread,
        "syllables_by_bar": list(flow.series),
        "stress_variation": flow.stress_variation,
        "flesch": readability.flesch,
        "grade": readability.grade,
    }


def _words(lyrics: Lyrics) -> dict[str, Any]:
    words = list(lyrics.words)
    vocabulary = vocabulary_of([word.bare for word in words])
    return {
        "tokens": vocabulary.tokens,
        "types": vocabulary.types,
        "mtld": vocabulary.mtld,
        "mattr": vocabulary.mattr,
        "hdd": vocabulary.hdd,
        "adlib_share": _share(words, lambda word: word.adlib),
    }


def _structure(lyrics: Lyrics) -> dict[str, Any]:
    repetition = repetition_of(lyrics)
    bars = sum(bool(bar.sung) for bar in lyrics.bars)
    words = sum(1 for _ in lyrics.words)
    kinds = Counter(section.kind.value for section in lyrics.sections if any(bar.sung for bar in section.bars))
    return {
        "repetition": repetition.removed,
        "repeated_bars": repetition.repeated_bars,
        "hook_share": repetition.hook_share,
        "bars": bars,
        "words_per_bar": words / bars if bars else 0.0,
        "sections": dict(kinds),
        "performers": list(dict.fromkeys(name for section in lyrics.sections for name in section.performers)),
    }


def _devices(analysis: RhymeAnalysis) -> dict[str, Any]:
    devices = devices_of(analysis.lyrics, analysis.stream)
    return {
        "alliteration": devices.alliteration,
        "assonance": devices.assonance,
        "consonance": devices.consonance,
        "anaphora": devices.anaphora,
        "similes": devices.similes,
    }


def _share(items: list[T], holds: Callable[[T], bool]) -> float:
    return sum(map(holds, items)) / len(items) if items else 0.0


def _rounded(value: Any) -> Any:
    return round(value, DECIMALS) if isinstance(value, float) else value
