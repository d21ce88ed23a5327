"""What an analyzer says of one track, and how it is filed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How an analysis ended. Only `done` has measures."""

    DONE = "done"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    NO_WORDS = "no_words"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analyzer's result for one text.

    Attributes:
        analyzer: the analyzer's name.
        version: the analyzer's version.
        config_hash: hash of its configuration.
        status: `done`, or why there are no measures.
        measures: name to figure or nested figures; JSON-ready; empty unless done.
        confidence: in [0, 1], the analyzer's own; None where it makes no claim.
        fallback: the analyzer that stood in, or None.
        reason: a sentence, when the status is not `done` or sections were left out.
    """

    analyzer: str
    version: str
    config_hash: str
    status: Status
    measures: dict[str, Any] = field(default_factory=dict)
    confidence: float | None = None
    fallback: str | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """As programs get it; what there is nothing to say of is left out."""
        body = {
            "analyzer": self.analyzer,
            "version": self.version,
            "status": str(self.status),
            "measures": self.measures,
            "confidence": self.confidence,
            "fallback": self.fallback,
            "reason": self.reason,
        }
        return {name: value for name, value in body.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class StandIns:
    """Analyses of a run that a fallback made in an analyzer's place.

    Attributes:
        analyzer: whose place it was.
        status: of the analyses.
        fallback: the analyzer that stood in.
        count: how many.
        reason: the commonest reason, in a sentence.
    """

    analyzer: str
    status: Status
    fallback: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class AnalysisInput:
    """What an analyzer is given.

    Attributes:
        lyrics: the words.
        language: what the source says of their language (ISO 639-1), or None.
        parts: what the analyzers say of them that this one combines; empty for all others.
    """

    lyrics: str
    language: str | None = None
    parts: tuple[Analysis, ...] = ()
