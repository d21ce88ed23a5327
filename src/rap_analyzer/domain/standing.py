"""Where a track stands among others: how many percent have less, and what scores that makes. More is never better."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEAST_GROUP = 30
"""Tracks from which a group is compared with."""
LEAST_SCORED = 200
"""Real tracks from which there are scores."""
SCORES: dict[str, tuple[str, ...]] = {
    "technique": ("rhyme_density", "rhyme_factor", "mean_chain", "multisyllabic_share", "internal_share"),
    "vocabulary": ("mtld", "mattr", "hdd", "rare_share"),
    "structure": ("scheme_entropy", "syllables_per_bar_spread", "stress_variation"),
    "repetition": ("repetition", "repeated_bars", "hook_share"),
}
"""What each score is the mean percentile rank of, divided by ten. `overall` is the mean of the four."""
GROUPS = ("corpus", "decade", "artist")


@dataclass(slots=True)
class Standing:
    """A track among others.

    Attributes:
        percentiles: for each measure and group (`corpus`, `decade`, `artist`) the percentage, in whole percent and
            rounded down, of the group's tracks whose figure is lower. Groups of fewer than 30 tracks are absent.
        tracks: tracks in each of the groups.
        scores: `technique`, `vocabulary`, `structure`, `repetition` and `overall`, from 0 to 10; empty for a demo
            track, and until there are 200 real ones.
        real_tracks: real tracks that scores are made from.
    """

    percentiles: dict[str, dict[str, int]] = field(default_factory=dict)
    tracks: dict[str, int] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    real_tracks: int = 0

    def percentiles_json(self) -> dict[str, dict[str, Any]]:
        """For each measure its percentiles, with the number of tracks in each group as `n`."""
        return {
            measure: {**ranks, "n": {group: self.tracks[group] for group in ranks}}
            for measure, ranks in self.percentiles.items()
        }

    def scores_json(self) -> dict[str, float]:
        """The scores with `n`, the real tracks behind them, and `needed`, the fewest that there must be."""
        return {**self.scores, "n": self.real_tracks, "needed": LEAST_SCORED}


def standing_of(rows: Iterable[Mapping[str, Any]]) -> Standing:
    """A standing from what the store answers: rows of kind, name, tracks, value."""
    standing = Standing()
    for row in rows:
        if row["kind"] == "real":
            standing.real_tracks = row["tracks"]
        elif row["kind"] == "score":
            standing.scores[row["name"]] = row["value"]
        else:
            standing.percentiles.setdefault(row["name"], {})[row["kind"]] = int(row["value"])
            standing.tracks[row["kind"]] = row["tracks"]
    ordered = {name: standing.scores[name] for name in (*SCORES, "overall") if name in standing.scores}
    standing.scores = ordered
    return standing
