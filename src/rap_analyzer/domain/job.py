"""Work that is planned, taken by some worker, and counted: batches of tracks for one analyzer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from rap_analyzer.domain.track_filter import Condition

if TYPE_CHECKING:
    from datetime import datetime


class AnalyzerKey(NamedTuple):
    """What an analysis is filed under, besides the words."""

    analyzer: str
    version: str
    config_hash: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some tracks that lack an analysis.

    Attributes:
        key: of the analysis that they lack.
        first: lowest track id.
        last: highest track id. Tracks between them that have the analysis by now are left alone.
        tracks: how many lacked it when this was planned.
        where: conditions that they meet besides.
        texts: number of the request whose texts are meant, by their places; None for tracks of the store.
        budget: number of the one that whoever does it may spend on chat models; None for no limit.
    """

    key: AnalyzerKey
    first: int
    last: int
    tracks: int
    where: tuple[Condition, ...] = ()
    texts: UUID | None = None
    budget: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is queued."""
        conditions = [asdict(condition) for condition in self.where]
        return {
            **self.key._asdict(),
            "first": self.first,
            "last": self.last,
            "tracks": self.tracks,
            "where": conditions,
            **({"texts": str(self.texts)} if self.texts else {}),
            **({"budget": self.budget} if self.budget is not None else {}),
        }

    @classmethod
    def from_json(cls, args: dict[str, Any]) -> Batch:
        """What `to_json` gave, today or in a former version."""
        key = AnalyzerKey(args["analyzer"], args["version"], args["config_hash"])
        where = tuple(Condition(**condition) for condition in args["where"])
        texts = UUID(args["texts"]) if "texts" in args else None
        return cls(key, args["first"], args["last"], args["tracks"], where, texts, args.get("budget"))


@dataclass(frozen=True, slots=True)
class JobRow:
    """A queued batch as `rap jobs` shows it.

    Attributes:
        id: its number.
        queue: the queue that it waits in: the analyzer's name.
        status: `todo`, `doing`, `succeeded`, `failed`, `cancelled` or `aborted`.
        tracks: how many it was planned for.
        attempts: how often it has been begun and not finished.
        due_at: when it may be begun; None for at once.
        reason: what went wrong the last time; empty when nothing did.
    """

    id: int
    queue: str
    status: str
    tracks: int
    attempts: int
    due_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How a queue stands.

    Attributes:
        queue: its name.
        todo, doing, succeeded, failed, cancelled: jobs.
        tracks_left: tracks of the jobs that wait or are being done.
        tracks_a_second: over the last five minutes; 0 when nothing was finished in them.
    """

    queue: str
    todo: int
    doing: int
    succeeded: int
    failed: int
    cancelled: int
    tracks_left: int
    tracks_a_second: float

    @property
    def seconds_left(self) -> float | None:
        """Until it is empty at this rate; None where there is no rate."""
        return self.tracks_left / self.tracks_a_second if self.tracks_a_second else None
