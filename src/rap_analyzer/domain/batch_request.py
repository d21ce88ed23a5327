"""A request to analyse many texts, or many tracks of the store: what was asked, how it stands, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.analysis import Analysis, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from rap_analyzer.domain.job import AnalyzerKey
    from rap_analyzer.domain.track_filter import Condition

MOST_TEXTS = 1000
KEPT_DAYS = 7
OPEN = frozenset({"todo", "doing"})
ENDED_BADLY = frozenset({"failed", "cancelled", "aborted"})


class BatchState(StrEnum):
    """How a request stands. A finished one is `done` also when something went wrong in it."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What was asked.

    Attributes:
        id: its number, which cannot be guessed.
        keys: the analyses that are wanted, in the order of the answer.
        of_texts: whether it is about texts that came with it; else about tracks of the store.
        entries: texts, or tracks that met the conditions when it was asked.
        faulty: texts that cannot be analysed.
        conditions: what the tracks meet; empty for texts.
        last_track: later tracks are no part of it; 0 for texts.
        body_digest: SHA-256 (hex) of what was sent.
        idempotency_key: the sender's own, under which the same request is made only once.
        created_at: when it was asked; None until it is stored.
        is_cancelled: whether it was given up.
    """

    id: UUID
    keys: tuple[AnalyzerKey, ...]
    of_texts: bool
    entries: int
    body_digest: str
    faulty: int = 0
    conditions: tuple[Condition, ...] = ()
    last_track: int = 0
    idempotency_key: str | None = None
    created_at: datetime | None = None
    is_cancelled: bool = False

    @property
    def wanted(self) -> int:
        """Analyses that it comes to."""
        return (self.entries - self.faulty) * len(self.keys)


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One of the jobs that a request waits for.

    Attributes:
        analyzer: whose.
        status: `todo`, `doing`, `succeeded`, `failed`, `cancelled` or `aborted`.
        first, last: places of its texts, or numbers of its tracks.
        reason: what went wrong; empty when nothing did.
    """

    analyzer: str
    status: str
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How a request stands.

    Attributes:
        state: in a word.
        counts: analyses by analyzer and status.
        failures: jobs that ended badly, by analyzer and reason.
    """

    state: BatchState
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    failures: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def finished(self) -> int:
        """Analyses that are there."""
        return sum(sum(statuses.values()) for statuses in self.counts.values())


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """A text or a track of a request, with what is said of it so far.

    Attributes:
        place: of the text, from 0; or the track's number.
        name: the text's id as JSON; the track's number.
        fault: why the text cannot be analysed; empty for others.
        analyses: in any order.
        about: what else names it.
    """

    place: int
    name: str
    fault: str
    analyses: Sequence[Analysis]
    about: Mapping[str, Any] = field(default_factory=dict)


def progress_of(
    request: BatchRequest, jobs: Sequence[BatchJob], counts: Mapping[str, Mapping[str, int]]
) -> BatchProgress:
    """How a request stands, by how its jobs do and what they have brought."""
    failures: dict[tuple[str, str], int] = {}
    for job in jobs:
        if job.status in ENDED_BADLY and not (request.is_cancelled and not job.reason):
            why = (job.analyzer, job.reason or f"the job was {job.status}")
            failures[why] = failures.get(why, 0) + 1
    return BatchProgress(_state(request, jobs, has_any=any(counts.values())), counts, failures)


def _state(request: BatchRequest, jobs: Sequence[BatchJob], *, has_any: bool) -> BatchState:
    if request.is_cancelled:
        return BatchState.CANCELLED
    statuses = {job.status for job in jobs}
    if not statuses & OPEN:
        return BatchState.DONE
    return BatchState.RUNNING if has_any or statuses != {"todo"} else BatchState.QUEUED


def complete(request: BatchRequest, entry: BatchEntry, jobs: Sequence[BatchJob]) -> list[Analysis]:
    """The analyses of an entry in the order asked for; in place of one that there is not, one that says why."""
    said = {analysis.analyzer: analysis for analysis in entry.analyses}
    return [said.get(key.analyzer) or _missing(key, _why(request, entry, key, jobs)) for key in request.keys]


def _missing(key: AnalyzerKey, why: str) -> Analysis:
    return Analysis(key.analyzer, key.version, key.config_hash, Status.FAILED, reason=why)


def _why(request: BatchRequest, entry: BatchEntry, key: AnalyzerKey, jobs: Sequence[BatchJob]) -> str:
    own = (job for job in jobs if job.analyzer == key.analyzer and job.first <= entry.place <= job.last)
    told = next((job.reason for job in own if job.reason), "")
    if told:
        return told
    return "The batch was cancelled before this was done." if request.is_cancelled else "This was not analysed."
