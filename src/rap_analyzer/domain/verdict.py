"""A chat model's opinion of a song: what it may say, what of it stands up to the words, and how parts become one.

An opinion is a model's word. A verdict is what is left when every quotation that does not occur in the lyrics is gone,
and every theme with it for which no quotation is left.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rap_analyzer.domain.quotations import QuotableBars, Quotation

MARKS = ("technique", "complexity", "storytelling", "wordplay", "quality")
"""What is marked from 1 to 10, by the rubric of the prompt."""
LOWEST, HIGHEST = 1, 10
MOST_THEMES, MOST_QUOTES = 6, 6


class Mood(StrEnum):
    """The mood that most of a song is in."""

    AGGRESSIVE = "aggressive"
    ANXIOUS = "anxious"
    BITTER = "bitter"
    CELEBRATORY = "celebratory"
    COLD = "cold"
    CONFIDENT = "confident"
    DEFIANT = "defiant"
    HOPEFUL = "hopeful"
    HUMOROUS = "humorous"
    JOYFUL = "joyful"
    MELANCHOLIC = "melancholic"
    MENACING = "menacing"
    NOSTALGIC = "nostalgic"
    REFLECTIVE = "reflective"
    ROMANTIC = "romantic"
    NEUTRAL = "neutral"


class Theme(StrEnum):
    """What a song can be about."""

    AMBITION = "ambition"
    BETRAYAL = "betrayal"
    BRAGGADOCIO = "braggadocio"
    CRAFT = "craft"
    CRIME = "crime"
    DRUGS = "drugs"
    FAITH = "faith"
    FAME = "fame"
    FAMILY = "family"
    FRIENDSHIP = "friendship"
    HUMOUR = "humour"
    IDENTITY = "identity"
    LOSS = "loss"
    LOVE = "love"
    MENTAL_HEALTH = "mental_health"
    MONEY = "money"
    NOSTALGIA = "nostalgia"
    PARTY = "party"
    PLACE = "place"
    POLITICS = "politics"
    SEX = "sex"
    SOCIAL_JUSTICE = "social_justice"
    STREET = "street"
    STRUGGLE = "struggle"
    STYLE = "style"
    VIOLENCE = "violence"
    WORK = "work"
    OTHER = "other"


class Explicitness(StrEnum):
    """How explicit a song is."""

    CLEAN = "clean"
    MILD = "mild"
    STRONG = "strong"


class ExplicitKind(StrEnum):
    """In what way a song is explicit."""

    PROFANITY = "profanity"
    SLURS = "slurs"
    SEX = "sex"
    VIOLENCE = "violence"
    DRUGS = "drugs"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of some lyrics; its quotations may be invented.

    Attributes:
        mood: the prevailing one.
        themes: each with the words that are to show it.
        marks: from 1 to 10, for each of MARKS.
        wordplay: words that are to show it.
        explicitness: how explicit the words are.
        explicit_kinds: in what way.
        summary: a paragraph in English.
        confidence: the model's own, from 1 to 10.
    """

    mood: Mood
    themes: tuple[tuple[Theme, tuple[str, ...]], ...]
    marks: Mapping[str, int]
    wordplay: tuple[str, ...]
    explicitness: Explicitness
    explicit_kinds: tuple[ExplicitKind, ...]
    summary: str
    confidence: int


class QuoteCount(NamedTuple):
    """Quotations that a model gave, and those of them that occur in the lyrics."""

    given: int
    found: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What of an opinion, or of the opinions of several parts, stands up to the words.

    Attributes:
        mood: the prevailing one.
        themes: those that the words show, the strongest first, with the bars that show them.
        marks: from 1 to 10, for each of MARKS.
        wordplay: bars that show it.
        explicitness: how explicit the words are.
        explicit_kinds: in what way.
        summary: a paragraph, or one for each part, in English.
        confidence: in [0, 1]: the model's own, times the share of its quotations that occur in the lyrics.
        quotes: how many it gave, how many are there.
    """

    mood: Mood
    themes: Mapping[Theme, tuple[Quotation, ...]]
    marks: Mapping[str, float]
    wordplay: tuple[Quotation, ...]
    explicitness: Explicitness
    explicit_kinds: tuple[ExplicitKind, ...]
    summary: str
    confidence: float
    quotes: QuoteCount


def check_quotes(opinion: Opinion, bars: QuotableBars) -> Verdict:
    """The verdict on one part: the opinion without quotations and themes that the words do not bear out."""
    found: dict[Theme, tuple[Quotation, ...]] = {}
    for theme, evidence in opinion.themes:
        found[theme] = _distinct(chain(found.get(theme, ()), bars.find_all(evidence)))
    quotes = _count_quotes(opinion, bars)
    return Verdict(
        mood=opinion.mood,
        themes={theme: shown for theme, shown in found.items() if shown},
        marks=opinion.marks,
        wordplay=_distinct(bars.find_all(opinion.wordplay)),
        explicitness=opinion.explicitness,
        explicit_kinds=opinion.explicit_kinds,
        summary=opinion.summary,
        confidence=opinion.confidence / HIGHEST * (quotes.found / quotes.given if quotes.given else 1.0),
        quotes=quotes,
    )


def merge(verdicts: Sequence[Verdict], weights: Sequence[int]) -> Verdict:
    """One verdict on several parts of a song, each counting as its weight (how much of the song it is).

    Marks and confidence are weighted means, mood is that of the greatest weight, explicitness the strongest; themes
    come by the weight of the parts that have them.
    """
    if len(verdicts) == 1:
        return verdicts[0]
    parts = list(zip(verdicts, weights, strict=True))
    total = sum(weights)
    return Verdict(
        mood=_heaviest((v.mood, weight) for v, weight in parts)[0],
        themes=_merged_themes(parts),
        marks={name: round(sum(v.marks[name] * weight for v, weight in parts) / total, 1) for name in MARKS},
        wordplay=_distinct(chain.from_iterable(v.wordplay for v in verdicts)),
        explicitness=max((v.explicitness for v in verdicts), key=list(Explicitness).index),
        explicit_kinds=tuple(dict.fromkeys(chain.from_iterable(v.explicit_kinds for v in verdicts))),
        summary=" ".join(v.summary for v in verdicts),
        confidence=sum(v.confidence * weight for v, weight in parts) / total,
        quotes=QuoteCount(sum(v.quotes.given for v in verdicts), sum(v.quotes.found for v in verdicts)),
    )


def as_measures(verdict: Verdict) -> dict[str, Any]:
    """The verdict as an analysis keeps it: marks flat, the rest under names of their own; JSON-ready."""
    return {
        **verdict.marks,
        "mood": str(verdict.mood),
        "themes": [{"theme": str(theme), "evidence": _as_json(shown)} for theme, shown in verdict.themes.items()],
        "wordplay_evidence": _as_json(verdict.wordplay),
        "explicit": {"level": str(verdict.explicitness), "kinds": [str(kind) for kind in verdict.explicit_kinds]},
        "summary": verdict.summary,
        "quotes": {"given": verdict.quotes.given, "found": verdict.quotes.found},
    }


def _as_json(shown: Iterable[Quotation]) -> list[dict[str, Any]]:
    return [{"bar": quote.bar, "text": quote.text} for quote in shown]


def _count_quotes(opinion: Opinion, bars: QuotableBars) -> QuoteCount:
    given = list(_all_quotes(opinion))
    return QuoteCount(len(given), sum(bars.find(quote) is not None for quote in given))


def _all_quotes(opinion: Opinion) -> Iterator[str]:
    yield from opinion.wordplay
    for _, quotes in opinion.themes:
        yield from quotes


def _distinct(shown: Iterable[Quotation]) -> tuple[Quotation, ...]:
    """In order, one for each place, and no more than are read."""
    return tuple({quote.bar: quote for quote in reversed(list(shown))}.values())[::-1][:MOST_QUOTES]


def _merged_themes(parts: Iterable[tuple[Verdict, int]]) -> dict[Theme, tuple[Quotation, ...]]:
    shown: defaultdict[Theme, list[Quotation]] = defaultdict(list)
    weights: Counter[Theme] = Counter()
    for verdict, weight in parts:
        for theme, quotes in verdict.themes.items():
            shown[theme] += quotes
            weights[theme] += weight
    return {theme: _distinct(shown[theme]) for theme, _ in weights.most_common(MOST_THEMES)}


def _heaviest(weighted: Iterable[tuple[Mood, int]]) -> tuple[Mood, int]:
    weights: Counter[Mood] = Counter()
    for mood, weight in weighted:
        weights[mood] += weight
    return weights.most_common(1)[0]
