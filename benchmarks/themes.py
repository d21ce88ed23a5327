"""How well themes are told: on 120 couplets of our own, half of them never looked at while anything was picked.

The couplets (`tests/data/theme_bars.tsv`) were written before any prediction was seen: four to show each of 27
themes, and twelve to show none. The label is their author's intent; many a couplet has a second theme, which counts as
wrong here. The same author wrote the sentences that the themes are told by, and the keywords of the baseline.

usage: themes.py     MiniLM's files must be there (`rap models fetch`)
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.themes import PRESENT, THEMES, read_prototypes
from rap_analyzer.domain.verdict import Theme
from train_themes import NO_THEME, ThemeBars, demo_passages, load_bars, open_embedder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]

DRAWS = 2000
TOP = 3

KEYWORDS: Mapping[Theme, str] = {
    Theme.AMBITION: (
        "dream dreams goal goals hustle grind success succeed hungry rise climb top future sky ceiling ladder win"
    ),
    Theme.BETRAYAL: (
        "betray betrayed traitor snake snakes fake snitch trust lied liar cheated behind back judas switched sold"
    ),
    Theme.BRAGGADOCIO: (
        "best king greatest rappers rapper mc mcs goat better nobody verse verses bars ahead weak body lyrical"
    ),
    Theme.CRAFT: (
        "rhyme rhymes pen pad notebook syllable syllables metaphor flow beat beats mic write wrote line lines "
        "verse snare"
    ),
    Theme.CRIME: (
        "rob robbed robbery steal stole jail prison judge cops police warrant heist cell court guilty mask vault bank"
    ),
    Theme.DRUGS: (
        "weed smoke smoking high blunt joint pill pills coke cocaine crack lean syrup dope drug drugs dealer "
        "overdose rolled"
    ),
    Theme.FAITH: (
        "god lord jesus allah pray prayer prayers church bible heaven hell sin faith amen preacher pastor angel"
    ),
    Theme.FAME: (
        "fame famous fans star stars celebrity camera cameras paparazzi magazine spotlight autograph "
        "interview billboard"
    ),
    Theme.FAMILY: (
        "mama mother mom father dad pops brother sister son daughter grandma granny family auntie uncle cousin"
    ),
    Theme.FRIENDSHIP: (
        "friend friends homie homies bro dog dawg crew day one ones loyal loyalty together squad handshake"
    ),
    Theme.HUMOUR: "joke jokes funny laugh laughing haha clown silly cheese monkey chicken parrot karate toilet pants",
    Theme.IDENTITY: (
        "black white brown skin race roots heritage immigrant name gay accent culture mixed identity passport from"
    ),
    Theme.LOSS: "rip rest peace died dead death gone funeral grave grief miss buried coffin tears heaven poured",
    Theme.LOVE: "love heart baby kiss girl wife marry ring forever darling sweet valentine yours together hold",
    Theme.MENTAL_HEALTH: (
        "depressed depression anxiety panic therapist therapy mind head mental pills suicide lonely numb tired voices"
    ),
    Theme.MONEY: (
        "money cash dollar dollars bank rich paid cheque check bands stacks bread million millions invoice royalties"
    ),
    Theme.NOSTALGIA: (
        "remember back used memories childhood kids school old days nineties summer cassette tape arcade young"
    ),
    Theme.PARTY: "party club dance dancing dj floor bottles drink shake hands friday saturday night bass champagne",
    Theme.PLACE: "city town south north east west side river bridge home block postcode street avenue borough coast",
    Theme.POLITICS: (
        "president government senator vote votes election congress parliament war tax taxes politician law "
        "minister flag"
    ),
    Theme.SEX: "sex bed naked body thighs lips moan sheets touch strip wet legs hips undress kiss",
    Theme.SOCIAL_JUSTICE: (
        "justice police racism racist march protest rights freedom oppression brutality system slavery equal "
        "black chains"
    ),
    Theme.STREET: "street streets hood block corner gang trap projects ghetto ends hustler sirens kerb stoop",
    Theme.STRUGGLE: (
        "struggle broke poor hungry rent eviction pain starving nothing welfare cold bills survive hunger fell"
    ),
    Theme.STYLE: "fresh drip shoes sneakers jacket coat leather silk gold chain watch designer denim jeans suit hat",
    Theme.VIOLENCE: "gun guns shoot shot kill killed blood knife blade stab bullet bullets clip murder fight casket",
    Theme.WORK: "work working job boss shift clock wage overtime factory labour labor hours office uniform mop",
}
"""The baseline: words that come to mind with a theme.

Written before any prediction was seen, but after the couplets and by their author, which flatters it.
"""


def main() -> None:
    """Command line."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    bars = load_bars()
    embedder = open_embedder()
    prototypes = read_prototypes()
    ways = {
        "always the first theme": np.tile(-np.arange(len(THEMES), dtype=np.float64), (len(bars.texts), 1)),
        "keywords": _keyword_scores(bars.texts),
        "prototypes": prototypes.scores(asyncio.run(embedder.embed(bars.texts))),
    }
    for half, chosen in (("for picking", bars.for_picking), ("held out", ~bars.for_picking)):
        _report_order(half, ways, bars, chosen & (bars.meant != NO_THEME))
        _report_presence(ways["prototypes"], bars, chosen)
    _report_each(ways["prototypes"], bars)
    _report_demo(prototypes.scores(asyncio.run(embedder.embed(demo_passages(embedder)))))
    _report_speed(prototypes.scores)


def _keyword_scores(texts: Sequence[str]) -> Floats:
    """How many words of each text are keywords of each theme; of themes with as many, the first wins."""
    sets = [frozenset(KEYWORDS[theme].split()) for theme in THEMES]
    words = [re.findall(r"[a-z]+", text.lower()) for text in texts]
    return np.array([[sum(word in own for word in said) for own in sets] for said in words], np.float64)


def _report_order(half: str, ways: Mapping[str, Floats], bars: ThemeBars, chosen: npt.NDArray[np.bool_]) -> None:
    """Whether the theme that was meant comes first, or among the first three."""
    meant = bars.meant[chosen]
    print(f"\n{half}: {len(meant)} couplets with a theme; 95 % intervals of a bootstrap over couplets")
    print(f"{'':24}{'top-1':24}{f'top-{TOP}':24}{'macro-F1':24}")
    for name, scores in ways.items():
        order = np.argsort(-scores[chosen], axis=1, kind="stable")
        figures = (_interval(meant, order, figure) for figure in (_top_1, _top_3, _macro_f1))
        print(f"{name:24}" + "".join(f"{figure:24}" for figure in figures))
    gains = [_gain(meant, ways["prototypes"][chosen], ways["keywords"][chosen], f) for f in (_top_1, _top_3, _macro_f1)]
    print(f"{'gained over keywords':24}" + "".join(f"{gain:24}" for gain in gains))


def _top_1(meant: Labels, order: Labels) -> float:
    return float((order[:, 0] == meant).mean())


def _top_3(meant: Labels, order: Labels) -> float:
    return float((order[:, :TOP] == meant[:, None]).any(1).mean())


def _macro_f1(meant: Labels, order: Labels) -> float:
    """Mean F1 of the first theme told, over the themes that are meant or told."""
    told = order[:, 0]
    scores = []
    for theme in np.unique(np.concatenate([meant, told])):
        hits = ((told == theme) & (meant == theme)).sum()
        scores.append(2 * hits / ((told == theme).sum() + (meant == theme).sum()))
    return float(np.mean(scores))


def _interval(meant: Labels, order: Labels, figure: Callable[[Labels, Labels], float]) -> str:
    drawn = [figure(meant[draw], order[draw]) for draw in _draws(len(meant))]
    return _told(figure(meant, order), drawn)


def _gain(meant: Labels, scores: Floats, other: Floats, figure: Callable[[Labels, Labels], float]) -> str:
    """By how much the first does better; each draw has the same couplets for both."""
    one, two = (np.argsort(-given, axis=1, kind="stable") for given in (scores, other))
    drawn = [figure(meant[draw], one[draw]) - figure(meant[draw], two[draw]) for draw in _draws(len(meant))]
    return _told(figure(meant, one) - figure(meant, two), drawn)


def _draws(texts: int) -> list[Labels]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, texts, texts) for _ in range(DRAWS)]


def _told(value: float, drawn: Sequence[float]) -> str:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _report_presence(scores: Floats, bars: ThemeBars, chosen: npt.NDArray[np.bool_]) -> None:
    """What is said of a couplet: themes from PRESENT on, maybe none."""
    told = scores[chosen] >= PRESENT
    meant = bars.meant[chosen][:, None] == np.arange(len(THEMES))
    none = bars.meant[chosen] == NO_THEME
    hits = (told & meant).sum()
    print(f"  from a score of {PRESENT}: precision {hits / told.sum():.3f}, recall {hits / meant.sum():.3f}", end="")
    print(f"; {(~told[none].any(1)).sum()} of {none.sum()} couplets about nothing are told no theme")


def _report_each(scores: Floats, bars: ThemeBars) -> None:
    """Of each theme's two held-out couplets, how many are told first and among three."""
    held = ~bars.for_picking
    order = np.argsort(-scores[held], axis=1, kind="stable")
    print("\nheld out, of two: told first, told among three, told first in its place")
    for k, theme in enumerate(THEMES):
        own = order[bars.meant[held] == k]
        instead = ", ".join(THEMES[row[0]] for row in own if row[0] != k)
        print(f"  {theme:16}{(own[:, 0] == k).sum()}  {(own[:, :TOP] == k).any(1).sum()}  {instead}")


def _report_demo(scores: Floats) -> None:
    told = scores >= PRESENT
    print(f"\n{len(told)} passages of the demo corpus: {told.sum(1).mean():.2f} themes each", end="")
    print(f", none in {(~told.any(1)).mean():.0%}")
    counts = sorted(zip(told.sum(0).tolist(), THEMES, strict=True), reverse=True)
    print("  " + ", ".join(f"{theme} {count}" for count, theme in counts))


def _report_speed(scores: Callable[[npt.ArrayLike], Floats]) -> None:
    """What a look at a track costs: eight stored vectors."""
    vectors = np.random.default_rng(0).normal(size=(8, 384)).astype(np.float32)
    began = time.perf_counter()
    for _ in range(200):
        scores(vectors)
    print(f"\na track of eight passages: {(time.perf_counter() - began) / 200 * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
