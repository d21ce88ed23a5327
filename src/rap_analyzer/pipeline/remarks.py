"""What a run has to say of the rows of a file: each kind once, with how many and where the first of them stand."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_KINDS = 200
PLACES = 3
OTHERS = "other reasons"


@dataclass(slots=True)
class _Kind:
    count: int = 0
    places: list[str] = field(default_factory=list)


class Remarks:
    """Counts remarks; memory stays bounded whatever the file."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, text: str, place: str) -> None:
        """One more row of which this is to be said."""
        if text not in self._kinds and len(self._kinds) >= MOST_KINDS:
            text = OTHERS
        kind = self._kinds.setdefault(text, _Kind())
        kind.count += 1
        if len(kind.places) < PLACES:
            kind.places.append(place)

    def counted(self) -> dict[str, int]:
        """Each remark with its places, and how many rows it is said of."""
        return {f"{text} ({_listed(kind)})": kind.count for text, kind in self._kinds.items()}

    def sentences(self) -> list[str]:
        """Each remark with the number of rows and its places."""
        return [f"{kind.count:,} × {text} ({_listed(kind)})" for text, kind in self._kinds.items()]


def _listed(kind: _Kind) -> str:
    return "; ".join(kind.places) + ("; …" if kind.count > len(kind.places) else "")
