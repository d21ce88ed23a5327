"""How well tracks are tied to recordings, on the labelled pairs of tests/data/matching.txt.

The questions were written before the cascade was tuned, and half of each trap was held out from tuning. All of them are
made up to be hard: the figures tell how the cascade stands traps, not how many songs of a real corpus it gets right.

usage: matching.py               both halves, and by trap
       matching.py --mistakes    the questions of the tuning half that it gets wrong, too
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rap_analyzer.pipeline.matching import best_match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelled_matches import Question

NORMAL_975 = 1.959964
"""97.5th percentile of the normal distribution."""
SUPPORT = Path(__file__).parents[1] / "tests" / "support"


def main() -> None:
    """Print precision and recall with 95 % intervals."""
    sys.path.append(str(SUPPORT))
    from labelled_matches import halves, read_questions

    questions = read_questions()
    tuning, held_out = halves(questions)
    pairs = sum(len(question.candidates) for question in questions)
    print(f"{len(questions)} questions, {pairs} pairs; 95 % intervals after Wilson")
    for name, part in (("all", questions), ("tuned on", tuning), ("held out", held_out)):
        print(f"  {name:<10} {len(part):>4} questions   {_figures(part)}")
    print("by trap: right, wrong, missed, rightly left alone")
    for trap in dict.fromkeys(question.trap for question in questions):
        counts = [sum(kind) for kind in zip(*(_ending(q) for q in questions if q.trap == trap), strict=True)]
        print(f"  {trap:<34}" + "".join(f"{count:>5}" for count in counts))
    if "--mistakes" in sys.argv[1:]:
        _print_mistakes(tuning)


def _ending(question: Question) -> tuple[bool, bool, bool, bool]:
    """Right, wrong, missed, rightly left alone: exactly one of them, but a wrong one can be a missed one too."""
    found, _, _ = best_match(question.query, question.candidates)
    right = found is not None and found.id in question.right
    return right, found is not None and not right, bool(question.right) and not right, not (found or question.right)


def _figures(questions: Sequence[Question]) -> str:
    right, wrong, missed, _ = (sum(kind) for kind in zip(*map(_ending, questions), strict=True))
    shares = (("precision", right, right + wrong), ("recall", right, right + missed))
    return "   ".join(f"{name} {part} of {all_} = {_with_interval(part, all_)}" for name, part, all_ in shares)


def _with_interval(part: int, whole: int) -> str:
    """A share with its 95 % interval (Wilson 1927), which stays honest where the share is 1."""
    share, spread = part / whole, NORMAL_975**2 / whole
    centre = (share + spread / 2) / (1 + spread)
    half = NORMAL_975 * math.sqrt(share * (1 - share) / whole + spread / (4 * whole)) / (1 + spread)
    return f"{share:.3f} [{max(0.0, centre - half):.3f}, {min(1.0, centre + half):.3f}]"


def _print_mistakes(questions: Sequence[Question]) -> None:
    for question in questions:
        found, method, far = best_match(question.query, question.candidates)
        if (found.id if found else None) not in (question.right or {None}):
            asked = question.query
            print(f"{question.trap}: {asked.title} | {asked.artist} | {asked.duration_ms}")
            print(f"    took {found.title + ' | ' + ', '.join(found.artists) if found else None} ({method}, {far:.3f})")
            for one in question.candidates:
                if one.id in question.right:
                    print(f"    right: {one.title} | {', '.join(one.artists)} | {one.duration_ms}")


if __name__ == "__main__":
    main()
