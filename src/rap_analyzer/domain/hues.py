"""Which chain wears which colour: chains that sound at the same time get different ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def assign_hues(chains: Iterable[Mapping[str, Any]], count: int) -> dict[str, int]:
    """A hue for each chain (in the shape of `rap rhymes --jsonl`), by its id.

    Chains are taken by the bar in which they begin, larger ones first; each gets the hue that has been free longest, so
    hues repeat only when more than `count` chains sound at once.
    """
    free_since = dict.fromkeys(range(count), -1)
    hues: dict[str, int] = {}
    for chain in sorted(chains, key=lambda c: (_first_bar(c), -len(c["members"]))):
        hue = min(free_since, key=lambda h: (free_since[h], h))
        hues[chain["id"]] = hue
        free_since[hue] = max(member["bar"] for member in chain["members"])
    return hues


def _first_bar(chain: Mapping[str, Any]) -> int:
    return int(min(member["bar"] for member in chain["members"]))
