"""What an export holds, told in a page: counts, sources, dates, analyzers, stand-ins, and whose the words are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

MOST_LISTED = 12
CAUTION = (
    "Lyrics belong to those who wrote them, and each source has terms of its own: this file gives no licence to pass "
    "on words, or what a metadata service says. Figures that were computed from the words are ours."
)


@dataclass(slots=True)
class _Judged:
    """What became of an analyzer's verdicts."""

    versions: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    stand_ins: int = 0


class DataCard:
    """Counts tracks as they are exported.

    Args:
        made_at: when the export was made.
        program: name and version of the program.
        chosen: what was asked for, as (what, which); empty for everything.
        with_lyrics: whether the words are in it.
    """

    def __init__(
        self, made_at: datetime, program: str, chosen: Iterable[tuple[str, str]], *, with_lyrics: bool
    ) -> None:
        self._made_at, self._program, self._chosen = made_at, program, list(chosen)
        self._with_lyrics = with_lyrics
        self._tracks = self._versions = self._demo = 0
        self._years: list[int] = []
        self._dates: list[datetime] = []
        self._artists: set[str] = set()
        self._languages: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._services: Counter[str] = Counter()
        self._judged: dict[str, _Judged] = {}

    def add(self, track: dict[str, Any]) -> None:
        """One more track, with the fields of an export."""
        self._tracks += 1
        self._versions += track["version_of"] is not None
        self._demo += track["source"] == "demo"
        self._artists.update(track["credits"].get("primary", ()))
        self._languages[track["language"] or "unknown"] += 1
        self._sources[_source_of(track)] += 1
        if track["year"]:
            self._years = [min([*self._years, track["year"]]), max([*self._years, track["year"]])]
        self._dates = [min([*self._dates, track["stored_at"]]), max([*self._dates, track["changed_at"]])]
        if track.get("audio_source"):
            self._services[track["audio_source"]] += 1
        for name, analysis in track["analyses"].items():
            judged = self._judged.setdefault(name, _Judged())
            judged.versions[analysis["version"]] += 1
            judged.statuses[analysis["status"]] += 1
            judged.stand_ins += bool(analysis["fallback"])

    def markdown(self) -> str:
        """The page."""
        return "\n".join([*self._head(), *self._contents(), *self._analyses(), "", "## Use", "", CAUTION, ""])

    def _head(self) -> Iterator[str]:
        kind = "invented songs of the demo" if self._demo else "real songs"
        if 0 < self._demo < self._tracks:
            kind = f"{self._demo:,} invented songs of the demo, the others real"
        chosen = "; ".join(f"{what} {which}" for what, which in self._chosen) or "everything in the store"
        yield from ("# Data card", "", f"Written by {self._program} on {self._made_at:%Y-%m-%d %H:%M} UTC.", "")
        yield from ("| | |", "|---|---|")
        yield f"| tracks | {self._tracks:,}, of which {self._versions:,} are versions of others |"
        yield f"| kind | {kind} |"
        yield f"| chosen | {chosen} |"
        yield f"| words | {'in it' if self._with_lyrics else 'not in it'} |"

    def _contents(self) -> Iterator[str]:
        yield f"| artists | {len(self._artists):,} |"
        if self._years:
            yield f"| years of release | {self._years[0]} to {self._years[1]} |"
        if self._dates:
            yield f"| collected | {self._dates[0]:%Y-%m-%d} to {self._dates[1]:%Y-%m-%d} |"
        yield f"| sources | {_listed(self._sources)} |"
        yield f"| languages | {_listed(self._languages)} |"
        yield f"| audio features | {_listed(self._services) or 'none'} |"

    def _analyses(self) -> Iterator[str]:
        yield from ("", "## Analyses", "")
        if not self._judged:
            yield "None."
            return
        yield from ("| analyzer | versions | done | others | stand-ins |", "|---|---|---|---|---|")
        for name, judged in sorted(self._judged.items()):
            total = judged.statuses.total()
            others = Counter({status: count for status, count in judged.statuses.items() if status != "done"})
            share = f"{judged.stand_ins:,} ({judged.stand_ins / total:.0%})"
            yield (
                f"| {name} | {_listed(judged.versions, counted=False)} | {judged.statuses['done']:,} of "
                f"{self._tracks:,} | {_listed(others) or 'none'} | {share} |"
            )
        yield from ("", "A stand-in is another analyzer's answer in place of one that could not be had.")


def _source_of(track: dict[str, Any]) -> str:
    """The source, of an import with the file's name."""
    if track["source"] != "import":
        return str(track["source"])
    return f"import of {track['source_id'].partition(':')[0]}"


def _listed(counts: Counter[str], *, counted: bool = True) -> str:
    listed = [f"{name} {count:,}" if counted else name for name, count in counts.most_common(MOST_LISTED)]
    others = f" and {len(counts) - MOST_LISTED:,} others" if len(counts) > MOST_LISTED else ""
    return ", ".join(listed).replace("|", "\\|") + others
