"""What somebody may have meant who wrote a name that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(name: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """The known name that takes the fewest slips of the pen to write as `name`, if any is near.

    Args:
        name: what was written; case, and `-` for `_`, make no difference.
        known: what could have been meant.
        least: least similarity, 1 less the share of letters left out, put in, changed or swapped; in [0, 1].
    """
    written = _plain(name)
    scored = [(OSA.normalized_similarity(written, _plain(one)), one) for one in known]
    score, best = max(scored, default=(0.0, ""))
    return best if best and score >= least else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean log_level?`, or nothing where no known name is near."""
    best = closest(name, known)
    return f"; did you mean {best}?" if best else ""


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_")
