"""`rap analyze --compare OLD NEW`: what another version of an analyzer says of the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rap_analyzer.domain.counted import counted
from rap_analyzer.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.version_changes import VersionChanges
    from rap_analyzer.wiring import Services

READ_AT_ONCE = 500


async def compare_versions(names: Sequence[str], old: str, new: str) -> None:
    """Print the comparison for each analyzer.

    Raises:
        InputError: a version has judged nothing; the message lists those that have.
    """
    from rap_analyzer.cli.opening import opened_services

    async with opened_services() as services:
        for name in names:
            _print(name, old, new, await _changes(services, name, old.lstrip("v"), new.lstrip("v")))


async def _changes(services: Services, name: str, old: str, new: str) -> VersionChanges:
    from rap_analyzer.domain.version_changes import VersionChanges

    known = await services.analyses.load_versions_of(name)
    missing = [version for version in (old, new) if version not in known]
    if missing:
        listed = ", ".join(f"{version} ({counted(tracks, 'track')})" for version, tracks in known.items()) or "none"
        raise InputError(f"Version {missing[0]} of {name} has judged no track; these have: {listed}.")
    changes, after = VersionChanges(), 0
    while rows := await services.analyses.load_both(name, old, new, after, READ_AT_ONCE):
        after = rows[-1]["id"]
        for row in rows:
            changes.add(row)
    return changes


def _print(name: str, old: str, new: str, changes: VersionChanges) -> None:
    from rich.table import Table

    from rap_analyzer.cli.console import out

    out.print(f"{name}, version {old} against {new}: {counted(changes.tracks, 'track')} judged by both", markup=False)
    for (was, became), count in changes.statuses.most_common():
        out.print(f"  {count:,} × {was} became {became}", markup=False)
    moved = changes.moved()
    if not moved:
        out.print("No figure has changed.")
        return
    table = Table("measure", "changed", "mean before", "after", "mean move", "furthest on", box=None)
    for measure, change in moved:
        before, after = change.means
        furthest = max(change.most)
        table.add_row(
            measure,
            f"{change.changed:,} of {change.tracks:,}",
            f"{before:.4g}",
            f"{after:.4g}",
            f"{change.moved / change.tracks:.3g}",
            f"{furthest.title} ({furthest.old:.4g} → {furthest.new:.4g})",
        )
    out.print(table)
