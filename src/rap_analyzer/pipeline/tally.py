"""What a collecting run has found, and what became of it: each song counted once, whoever visited it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rap_analyzer import telemetry
from rap_analyzer.domain.track import Account, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rap_analyzer.domain.errors import RapError
    from rap_analyzer.domain.frontier import KnownSong
    from rap_analyzer.domain.selection import Selection
    from rap_analyzer.domain.track import SongStub
    from rap_analyzer.ports import Progress


@dataclass(slots=True)
class ScrapeReport:
    """How a run ended.

    Attributes:
        account: one outcome for each song found. A song that another process stored counts as `unchanged`.
        problems: what went wrong with whole lists, by what was asked for: it is not there, or cannot be read.
        left_out: songs that are listed and not wanted, by why; they are not among those found.
        stopped: why the source made us stop early; empty when the run is complete.
        ended: what of the budget was used up; empty when nothing was.
        left: songs that are listed and not accounted for, because the budget was used up, or nothing was to be visited.
        kept: pages of an unknown shape, which are kept.
        resting: songs that were not asked for again, because it was tried lately; they count as they did then.
        next_at: when the first of them is asked for again.
        remark: what else there is to say; empty when nothing is.
    """

    account: Account = field(default_factory=Account)
    problems: dict[str, RapError] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    stopped: str = ""
    ended: str = ""
    left: int = 0
    kept: int = 0
    resting: int = 0
    next_at: datetime | None = None
    remark: str = ""


class Tally:
    """Counts a run's songs.

    Args:
        label: what the source is called in the store.
        progress: told of each song.
        visits: whether songs are visited; else they are only counted.
    """

    def __init__(self, label: str, progress: Progress, *, visits: bool) -> None:
        self.report = ScrapeReport()
        self._label, self._progress, self._visits = label, progress, visits
        self._left_out: dict[str, str] = {}
        self._ours: set[str] = set()
        self._seen: set[str] = set()
        self._open: set[str] = set()

    def take(self, songs: Sequence[SongStub]) -> None:
        """Songs that this process visits."""
        self._ours.update(song.source_id for song in songs)

    def is_ours(self, source_id: str) -> bool:
        """Whether this process visits it, or has."""
        return source_id in self._ours

    def refusal(self, source_id: str) -> str:
        """Why a song turned out not to be wanted when we visited it; empty when we did not, or it is."""
        return self._left_out.get(source_id, "") if source_id in self._ours else ""

    def count(self, songs: Sequence[KnownSong]) -> None:
        """Counts songs as found, each once; what others have visited, and what rests, with what became of it."""
        new = {song.source_id for song in songs} - self._seen
        self._seen |= new
        self._open |= new
        self.report.account.found += len(new)
        for source_id in new:
            self._left_out.pop(source_id, None)
        if self._visits:
            self._progress.expect(len(new))
        elif new:
            self._progress.advance(len(new))
        for song in songs:
            if song.source_id in self._open and song.source_id not in self._ours and not song.is_due:
                self._leave_alone(song)

    def _leave_alone(self, song: KnownSong) -> None:
        """Counts a song that is not to be visited as the last visit found it, whosever that was."""
        if song.outcome is None:
            return
        self.record(song.source_id, Outcome.UNCHANGED if song.outcome is Outcome.STORED else song.outcome)
        if song.next_at is not None:
            self.report.resting += 1
            self.report.next_at = min(self.report.next_at or song.next_at, song.next_at)

    def leave_out(self, source_id: str, reason: str) -> None:
        """A song is not wanted, unless another list has shown that it is; one that was counted no longer counts."""
        if source_id in self._ours and source_id in self._open:
            self._open.discard(source_id)
            self._seen.discard(source_id)
            self.report.account.found -= 1
            self._progress.advance()
        if source_id not in self._seen:
            self._left_out[source_id] = reason

    def record(self, source_id: str, outcome: Outcome, reason: str = "", now: str = "") -> None:
        """What became of a song."""
        self._open.discard(source_id)
        self.report.account.record(outcome, reason)
        if self._visits:
            telemetry.song_outcomes.labels(self._label, outcome).inc()
            self._progress.advance(now=now)

    def is_under_way(self, songs: Sequence[KnownSong], selection: Selection) -> bool:
        """Whether more may come of these songs: others are at some, or ours may yet turn out not to be wanted."""
        is_told_late = selection.max_songs is not None and selection.needs_description
        if is_told_late and any(song.source_id in self._open for song in songs):
            return True
        return any(song.is_due and song.source_id in self._open and song.source_id not in self._ours for song in songs)

    def close(self) -> None:
        """Accounts for songs that were listed and not visited: blocked when the source stopped us, else left."""
        if self.report.stopped and self._visits:
            for source_id in sorted(self._open):
                self.record(source_id, Outcome.BLOCKED)
        self.report.left = len(self._open)
        self.report.account.found -= len(self._open)
        self.report.left_out.update(self._left_out.values())
