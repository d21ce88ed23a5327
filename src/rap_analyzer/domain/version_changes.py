"""What changed between two versions of an analyzer: measure by measure, over the tracks that both have judged."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SAME = 1e-9
"""Figures that differ by less are the same."""
MOST_CHANGED = 3


class Change(NamedTuple):
    """How far a measure moved on one track."""

    size: float
    track_id: int
    title: str
    old: float
    new: float


@dataclass(slots=True)
class MeasureChange:
    """How a measure moved.

    Attributes:
        tracks: tracks on which both versions have it.
        changed: how many of them have another figure now.
        old_sum, new_sum: sums of the figures.
        moved: sum of the absolute differences.
        most: the tracks on which it moved furthest.
    """

    tracks: int = 0
    changed: int = 0
    old_sum: float = 0.0
    new_sum: float = 0.0
    moved: float = 0.0
    most: list[Change] = field(default_factory=list)

    def add(self, track_id: int, title: str, old: float, new: float) -> None:
        """Count one track."""
        size = abs(new - old)
        self.tracks += 1
        self.changed += size > SAME
        self.old_sum += old
        self.new_sum += new
        self.moved += size
        if size > SAME:
            heapq.heappush(self.most, Change(size, track_id, title, old, new))
            if len(self.most) > MOST_CHANGED:
                heapq.heappop(self.most)

    @property
    def means(self) -> tuple[float, float]:
        """Of the old and of the new figures."""
        return self.old_sum / self.tracks, self.new_sum / self.tracks


@dataclass(slots=True)
class VersionChanges:
    """What changed between two versions.

    Attributes:
        tracks: tracks that both have judged by the same words.
        statuses: how often a status became another.
        measures: by name; figures within figures as `outer.inner`.
    """

    tracks: int = 0
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    measures: dict[str, MeasureChange] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a track: its id, title, old_status, new_status, old and new measures."""
        self.tracks += 1
        if row["old_status"] != row["new_status"]:
            self.statuses[row["old_status"], row["new_status"]] += 1
        old, new = dict(_figures(row["old"])), dict(_figures(row["new"]))
        for name in old.keys() & new.keys():
            change = self.measures.setdefault(name, MeasureChange())
            change.add(row["id"], f"{row['artist']}: {row['title']}", old[name], new[name])

    def moved(self) -> list[tuple[str, MeasureChange]]:
        """Measures that changed on any track, by the share of tracks on which they did."""
        found = [(name, change) for name, change in self.measures.items() if change.changed]
        return sorted(found, key=lambda item: (-item[1].changed / item[1].tracks, item[0]))


def _figures(measures: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for name, value in measures.items():
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            yield f"{before}{name}", float(value)
        elif isinstance(value, dict):
            yield from _figures(value, f"{before}{name}.")
