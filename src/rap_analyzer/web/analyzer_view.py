"""The analyzers side by side: how each ended, what it says in a few figures, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.analysis import Status
from rap_analyzer.domain.chat import is_simulated
from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.measures import MEASURES
from rap_analyzer.domain.verdict import HIGHEST, MARKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rap_analyzer.domain.analysis import Analysis
    from rap_analyzer.wiring import Analyzers

COUNTED = ("rhyme_density", "multisyllabic_share", "syllables_per_bar", "mtld")
NOT_YET = "Not analysed yet: rap analyze"
Figures = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Missing:
    """Analyzers that have said nothing of a track.

    Attributes:
        why: a sentence for each that is enabled.
        not_enabled: those that the configuration switches off.
    """

    why: Mapping[str, str]
    not_enabled: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """As programs get it."""
        return {"why": dict(self.why), "not_enabled": list(self.not_enabled)}


@dataclass(frozen=True, slots=True)
class AnalyzerRow:
    """An analyzer in the table.

    Attributes:
        name: the analyzer's.
        version: its version; empty where it has said nothing.
        status: how it ended, as people read it.
        confidence: its own in percent; empty where it makes no claim.
        fallback: the analyzer whose figures these are; empty for its own.
        figures: the main ones, with what they are.
        reason: a sentence, or none.
        model: the model that was asked; empty where there is none.
    """

    name: str
    status: str
    reason: str
    version: str = ""
    confidence: str = ""
    fallback: str = ""
    figures: Sequence[tuple[str, str]] = ()
    model: str = ""

    @property
    def is_simulated(self) -> bool:
        """Whether a simulator answered, whose figures judge nothing."""
        return is_simulated(self.model)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the parts of `hybrid` agree.

    Attributes:
        names: parts that speak.
        rows: for each thing that is judged: name, what each part says, all together, how far they agree.
        whole: over all of it, in percent; empty where nothing could be compared.
        silent: parts that do not speak, with why.
        reason: of the analysis.
    """

    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str], str, str]]
    whole: str
    silent: Sequence[tuple[str, str]]
    reason: str


async def missing_of(analyzers: Analyzers, analyses: Sequence[Analysis], known: Sequence[str]) -> Missing:
    """Which analyzers have said nothing of a track, and why.

    Args:
        analyzers: the table of all.
        analyses: what there is.
        known: names of all that exist, in the order of the page.
    """
    there = {analysis.analyzer for analysis in analyses}
    try:
        _, left_out = await analyzers.steps()
        enabled = analyzers.enabled
    except ConfigError as error:
        return Missing({"config.yaml": str(error)}, ())
    why = {name: left_out.get(name, NOT_YET) for name in known if name in enabled and name not in there}
    return Missing(why, [name for name in known if name not in enabled and name not in there])


def analyzer_rows(analyses: Sequence[Analysis], missing: Missing, known: Sequence[str]) -> list[AnalyzerRow]:
    """The table's rows: those that have spoken, then those that are missing."""
    order = list(known)
    spoken = sorted(analyses, key=lambda one: order.index(one.analyzer) if one.analyzer in order else len(order))
    rows = [_row(analysis) for analysis in spoken]
    return rows + [
        AnalyzerRow(name, "missing" if why == NOT_YET else "left out", why) for name, why in missing.why.items()
    ]


def agreement_of(analysis: Analysis | None) -> Agreement | None:
    """What `hybrid` says of the agreement; None where it says nothing."""
    if analysis is None or analysis.status is not Status.DONE:
        return None
    measures = analysis.measures
    parts = measures["parts"]
    names = [part["analyzer"] for part in parts if part["there"]]
    rows = [
        (name, [_place(one["by"].get(part)) for part in names], _place(one["value"]), _share(one["agreement"]))
        for name, one in sorted(measures["dimensions"].items())
    ]
    silent = [(part["analyzer"], part.get("why", "")) for part in parts if not part["there"]]
    return Agreement(names, rows, _share(measures["agreement"]), silent, analysis.reason)


def told_themes(analyses: Sequence[Analysis]) -> list[dict[str, Any]]:
    """Themes that chat models name, with quotations, and their summaries, by analyzer; a stand-in names none."""
    return [
        {
            "analyzer": one.analyzer,
            "themes": one.measures["themes"],
            "summary": one.measures.get("summary", ""),
            "is_simulated": is_simulated(str(one.measures.get("model", ""))),
        }
        for one in analyses
        if one.status is Status.DONE and not one.fallback and "themes" in one.measures
    ]


def _row(analysis: Analysis) -> AnalyzerRow:
    read = FIGURES.get(analysis.fallback or analysis.analyzer)
    figures = read(analysis.measures) if read and analysis.status is Status.DONE else []
    return AnalyzerRow(
        analysis.analyzer,
        str(analysis.status).replace("_", " "),
        analysis.reason,
        analysis.version,
        _share(analysis.confidence),
        analysis.fallback or "",
        figures,
        "" if analysis.fallback else str(analysis.measures.get("model", "")),
    )


def _counted(measures: Mapping[str, Any]) -> Figures:
    return [
        (MEASURES[name].label, _share(measures[name]) if MEASURES[name].unit == "share" else f"{measures[name]:,.1f}")
        for name in COUNTED
        if name in measures
    ]


def _felt(measures: Mapping[str, Any]) -> Figures:
    sentiment = measures["sentiment"]["value"]
    return [
        ("Mostly", measures["dominant"]),
        ("Leading besides neutral", measures["leading"]),
        ("Sentiment, derived", _place(sentiment)),
    ]


def _told(measures: Mapping[str, Any]) -> Figures:
    marks = [(name.capitalize(), f"{measures[name]:g} of {HIGHEST}") for name in MARKS if name in measures]
    explicit = measures["explicit"]
    level = ": ".join(filter(None, (explicit["level"], ", ".join(explicit["kinds"]))))
    return [("Mood", measures["mood"]), *marks, ("Explicit", level)]


def _combined(measures: Mapping[str, Any]) -> Figures:
    figures = [
        (f"{name.capitalize()}, on its scale", _place(one["value"]))
        for name, one in sorted(measures["dimensions"].items())
    ]
    return [*figures, ("Agreement", _share(measures["agreement"]) or "nothing to compare")]


FIGURES: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {
    "algorithmic_basic": _counted,
    "emotion": _felt,
    "qwen": _told,
    "ollama": _told,
    "hybrid": _combined,
}
"""How the main figures of each analyzer are read."""


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f}\u00a0%"


def _place(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")
