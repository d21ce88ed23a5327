"""Every figure that the words of a song give, under one name each, with what it means."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from rap_analyzer.domain.devices import devices_of
from rap_analyzer.domain.flow import flow_of
from rap_analyzer.domain.performers import parts_of
from rap_analyzer.domain.readability import readability_of
from rap_analyzer.domain.repetition import repetition_of
from rap_analyzer.domain.rhyme import UNRHYMED, RhymeAnalysis, RhymeKind, find_all
from rap_analyzer.domain.rhyme_factor import rhyme_factor
from rap_analyzer.domain.vocabulary import vocabulary_of
from rap_analyzer.domain.word_choice import word_choice_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.domain.lyrics import Lyrics, Word
    from rap_analyzer.domain.rhyme import Chain

    SungBars = Mapping[int, tuple[Word, ...]]

DECIMALS = 4


class Measure(NamedTuple):
    """How a measure is shown.

    Attributes:
        label: its name for people.
        unit: "" for a plain number; a `share` is from 0 to 1.
        meaning: one sentence that says what it means.
        more: how a track with a higher figure compares: "denser than 93 % of tracks". Never "better".
    """

    label: str
    unit: str
    meaning: str
    more: str = "more than"


MEASURES: dict[str, Measure] = {
    "rhyme_density": Measure(
        "Rhyme density", "share", "Share of all syllables that rhyme with another, from 0 to 1.", "denser than"
    ),
    "rhyme_factor": Measure(
        "Rhyme factor",
        "vowels",
        "How many vowels in a row a word shares, on average, with one of the 15 words before.",
        "longer than",
    ),
    "chains": Measure("Rhyme chains", "chains", "Groups of syllable spans that all rhyme together."),
    "mean_chain": Measure("Mean chain", "spans", "Mean number of spans that rhyme together in a chain.", "longer than"),
    "longest_chain": Measure("Longest chain", "spans", "Spans in the chain that comes back most often.", "longer than"),
    "longest_multi": Measure(
        "Longest multi", "syllables", "Syllables in the longest span that another span answers.", "longer than"
    ),
    "multisyllabic_share": Measure(
        "Multisyllabic share", "share", "Share of the rhyming spans that are two syllables or longer, from 0 to 1."
    ),
    "internal_share": Measure(
        "Internal share", "share", "Share of the rhyming spans that are not at the end of their bar, from 0 to 1."
    ),
    "internal_to_end": Measure(
        "Internal to end", "", "Rhyming spans inside a bar for each one at a bar's end: 1 when there are as many."
    ),
    "schemes": Measure("Rhyme schemes", "letters", "For each section a letter a bar: bars with the same letter rhyme."),
    "scheme_entropy": Measure(
        "Scheme entropy",
        "bits",
        "How hard it is to guess which rhyme a bar of a section ends in: 0 when all bars share one.",
        "more varied than",
    ),
    "syllables_per_bar": Measure(
        "Syllables a bar", "syllables", "Mean number of syllables in a transcribed line.", "fuller than"
    ),
    "syllables_per_bar_spread": Measure(
        "Spread of syllables a bar",
        "syllables",
        "Standard deviation of the syllables a bar: 0 when all are alike.",
        "more varied than",
    ),
    "syllables_by_bar": Measure("Syllables by bar", "syllables", "Syllables of each bar that has any, in order."),
    "stress_pattern": Measure(
        "Stress pattern", "signs", "The commonest stresses of a bar's last four syllables: x unstressed, / stressed."
    ),
    "stress_pattern_share": Measure(
        "Bars in that pattern", "share", "Share of the bars whose last four syllables have it, from 0 to 1."
    ),
    "stress_variation": Measure(
        "Stress variation",
        "share",
        "How far the stress pattern changes from bar to bar, from 0 (never) to 1.",
        "more varied than",
    ),
    "tokens": Measure("Words", "words", "Words that are said, stage directions left out."),
    "types": Measure("Different words", "words", "Different words, blind to case and punctuation."),
    "mtld": Measure(
        "MTLD",
        "words",
        "How many words go by, on average, before words come back too often: diversity.",
        "more varied than",
    ),
    "mattr": Measure(
        "MATTR", "share", "Share of different words in a moving window of 50 words, from 0 to 1.", "more varied than"
    ),
    "hdd": Measure(
        "HD-D", "share", "Share of different words to expect among 42 drawn by chance, from 0 to 1.", "more varied than"
    ),
    "rare_share": Measure(
        "Rare words", "share", "Share of the different words that are not among the 21,719 commonest, from 0 to 1."
    ),
    "coined_words": Measure("Coined words", "words", "Different words that no dictionary has, names left out."),
    "slang_share": Measure("Slang", "share", "Share of the words that are on a list of slang and rap spellings."),
    "profanity_share": Measure(
        "Profanity",
        "share",
        "Share of the words that are on a list of words that broadcasters bleep, whatever is meant.",
    ),
    "repetition": Measure("Repetition", "share", "Share of the text that a compressor leaves out as already said."),
    "repeated_bars": Measure("Repeated bars", "bars", "Bars that an earlier bar has already said, word for word."),
    "hook_share": Measure("Hook share", "share", "Share of the words that stand in hooks and refrains, from 0 to 1."),
    "bars": Measure("Bars", "bars", "Transcribed lines with words."),
    "words_per_bar": Measure("Words a bar", "words", "Mean number of words in a bar."),
    "adlib_share": Measure("Ad-lib share", "share", "Share of the words that stand in round brackets, from 0 to 1."),
    "sections": Measure("Sections", "sections", "How many verses, hooks, bridges … the song has."),
    "performers": Measure("Performers", "names", "Who the section headers say raps, in order of appearance."),
    "by_performer": Measure(
        "By performer", "figures", "Bars, words, syllables, rhyme density and syllables a bar of each performer."
    ),
    "flesch": Measure(
        "Reading ease", "", "Flesch's reading ease with bars as sentences: higher is easier.", "easier than"
    ),
    "grade": Measure(
        "School grade", "grade", "US school grade (Flesch–Kincaid) with bars as sentences.", "harder than"
    ),
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
    "name_drops": Measure("Name-drops", "names", "Different names in mid-bar, told by their capitals."),
}
"""What `measure` gives, in the order in which pages show it."""


def measure(lyrics: Lyrics) -> dict[str, Any]:
    """All of `MEASURES` for a song in English; JSON-ready, every number finite, 0 where there is nothing to count."""
    return measure_all([lyrics])[0]


def measure_all(songs: Sequence[Lyrics]) -> list[dict[str, Any]]:
    """The same for several songs, in order, which is faster; none changes another's figures."""
    return list(map(figures_of, find_all(songs)))


def figures_of(analysis: RhymeAnalysis) -> dict[str, Any]:
    """The same for a song whose rhymes are found already."""
    bars = {bar.index: bar.sung for bar in analysis.lyrics.bars}
    words = [word for bar in bars.values() for word in bar]
    figures = {
        **_rhyme(analysis),
        **_flow(analysis, len(words)),
        **_words(words),
        **_structure(analysis, bars, len(words)),
        **_devices(analysis, bars),
    }
    return {name: _rounded(figures[name]) for name in MEASURES}


def scheme_entropy(schemes: Sequence[Sequence[str]]) -> float:
    """Mean, over bars, of the Shannon entropy of the rhymes in the bar's section, in bits.

    Shannon 1948: −Σ p log₂ p over the letters of a section, where a bar that rhymes with none is a letter of its own:
    0 for AAAA, 1 for AABB, 2 for four bars without rhyme. From 0 to log₂ of the longest section's bars.
    """
    total = sum(map(len, schemes))
    bits = 0.0
    for scheme in schemes:
        size = len(scheme)
        counts = [1] * scheme.count(UNRHYMED) + list(Counter(x for x in scheme if x != UNRHYMED).values())
        bits -= sum(count * math.log2(count / size) for count in counts)
    return max(0.0, bits / total) if total else 0.0


def _rhyme(analysis: RhymeAnalysis) -> dict[str, Any]:
    chains = [chain for chain in analysis.chains if chain.rhymes]
    members = [member for chain in chains for member in chain.members]
    multis = sum([member.length > 1 for member in members])
    ending = sum([member.ends_bar for member in members])
    inside = len(members) - ending
    return {
        "rhyme_density": analysis.density,
        "rhyme_factor": rhyme_factor(analysis.stream),
        "chains": len(chains),
        "mean_chain": len(members) / len(chains) if chains else 0.0,
        "longest_chain": max((len(chain.members) for chain in chains), default=0),
        "longest_multi": max(map(_second_length, chains), default=0),
        "multisyllabic_share": multis / len(members) if members else 0.0,
        "internal_share": inside / len(members) if members else 0.0,
        "internal_to_end": inside / max(1, ending),
        "schemes": [written_scheme(scheme) for scheme in analysis.schemes],
        "scheme_entropy": scheme_entropy(analysis.schemes),
    }


def written_scheme(letters: Sequence[str]) -> str:
    """A section's scheme as one text: `AABB`; past Z, where letters are pairs, they are separated by spaces."""
    return ("" if all(len(letter) == 1 for letter in letters) else " ").join(letters)


def _second_length(chain: Chain) -> int:
    """Syllables of the longest span of a chain that another of at least its length answers; 0 if no multi."""
    if RhymeKind.MULTISYLLABIC not in chain.kinds:
        return 0
    return sorted([member.length for member in chain.members])[-2]


def _flow(analysis: RhymeAnalysis, words: int) -> dict[str, Any]:
    flow = flow_of(analysis.stream)
    readability = readability_of(words, len(analysis.stream), len(flow.series))
    return {
        "syllables_per_bar": flow.syllables_per_bar,
        "syllables_per_bar_spread": flow.syllables_per_bar_spread,
        "syllables_by_bar": list(flow.series),
        "stress_pattern": flow.stress_pattern,
        "stress_pattern_share": flow.stress_pattern_share,
        "stress_variation": flow.stress_variation,
        "flesch": readability.flesch,
        "grade": readability.grade,
    }


def _words(words: Sequence[Word]) -> dict[str, Any]:
    vocabulary = vocabulary_of([word.bare for word in words])
    choice = word_choice_of(words)
    return {
        "tokens": vocabulary.tokens,
        "types": vocabulary.types,
        "mtld": vocabulary.mtld,
        "mattr": vocabulary.mattr,
        "hdd": vocabulary.hdd,
        "rare_share": choice.rare,
        "coined_words": choice.coined,
        "slang_share": choice.slang,
        "profanity_share": choice.profanity,
        "adlib_share": sum([word.adlib for word in words]) / len(words) if words else 0.0,
    }


def _structure(analysis: RhymeAnalysis, bars: SungBars, words: int) -> dict[str, Any]:
    sections = analysis.lyrics.sections
    repetition = repetition_of(analysis.lyrics, bars)
    worded = sum(map(bool, bars.values()))
    kinds = Counter(section.kind.value for section in sections if any(bars[bar.index] for bar in section.bars))
    return {
        "repetition": repetition.removed,
        "repeated_bars": repetition.repeated_bars,
        "hook_share": repetition.hook_share,
        "bars": worded,
        "words_per_bar": words / worded if worded else 0.0,
        "sections": dict(kinds),
        "performers": list(dict.fromkeys(name for section in sections for name in section.performers)),
        "by_performer": _by_performer(analysis, bars),
    }


def _by_performer(analysis: RhymeAnalysis, bars: SungBars) -> list[dict[str, Any]]:
    parts = parts_of(analysis.lyrics, bars, analysis.stream, analysis.rhymed)
    return [{"name": name, **part.figures()} for name, part in parts.items()]


def _devices(analysis: RhymeAnalysis, bars: SungBars) -> dict[str, Any]:
    devices = devices_of([bar for bar in bars.values() if bar], analysis.stream)
    return {
        "alliteration": devices.alliteration,
        "assonance": devices.assonance,
        "consonance": devices.consonance,
        "anaphora": devices.anaphora,
        "similes": devices.similes,
        "name_drops": devices.names,
    }


def _rounded(value: Any) -> Any:
    return round(value, DECIMALS) if isinstance(value, float) else value
