"""What stands in place of lyrics: a sentence that there are none, a track list, or a program's word for nothing."""

from __future__ import annotations

import re

from rap_analyzer.domain.track import Outcome

LONGEST = 400
"""Characters of a text that may be nothing but such a sentence."""
SAYS_INSTRUMENTAL = re.compile(
    r"\W*(?:(?:this|the) (?:song|track|piece) (?:is|has)(?: an?)?(?: purely| entirely| completely| fully)? instrumental"
    r"|this (?:song|track) (?:has no|contains no|does not have(?: any)?|doesn['’]t have(?: any)?)"
    r" (?:lyrics|words|vocals)"
    r"|no lyrics[^\w\n]+instrumental|instrumental[^\w\n]+no lyrics)\b[^\n]{0,200}",
    re.IGNORECASE,
)
ONLY_INSTRUMENTAL = re.compile(r"\W*(?:an? )?instrumental(?: (?:track|song|version|only|music))?\W*", re.IGNORECASE)
SAYS_UNRELEASED = re.compile(
    r"\W*(?:(?:the |full |complete )*(?:lyrics|words)(?: (?:for|to|of) (?:this|the) (?:song|track))?"
    r"|this (?:song|track)) (?:"
    r"(?:have|has|had) (?:yet to be|not (?:yet )?been) (?:released|transcribed|added|published)"
    r"|(?:is|are) (?:not (?:yet )?(?:available|released|out|transcribed)|unreleased|unavailable|coming soon"
    r"|yet to be (?:released|transcribed|added|published))"
    r"|(?:will|to) be (?:available|added|released|updated|posted|transcribed|provided)"
    r"(?: (?:up)?on (?:the )?(?:song['’]s )?release| (?:once|when|after) [^\n]{0,80}| soon| later|(?=[\s.!…]*\Z))"
    r"|coming soon)\b[^\n]{0,200}",
    re.IGNORECASE,
)
ONLY_UNRELEASED = re.compile(
    r"\W*(?:unreleased|(?:lyrics )?coming soon|lyrics (?:not|un)(?: yet)? ?(?:available|released|found)|tb[ad]"
    r"|to be (?:announced|released|transcribed))\W*",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"(\d{1,3})[.)]\s")
SHORTEST_TRACKLIST = 4
NOTHING = frozenset(
    (
        *(
            "nan",
            "none",
            "null",
            "nil",
            "n/a",
            "#n/a",
            "na",
            "<na>",
            "nat",
            "\\n",
            "[]",
            "{}",
            "[nan]",
            "[none]",
            "[null]",
        ),
        *("undefined", "-", "--", "''", '""'),
    )
)
"""What programs and people write where there is nothing, in lower case."""
NO_NAME = frozenset(
    ("nan", "NaN", "NAN", "None", "null", "NULL", "<NA>", "NaT", "\\N", "#N/A", "N/A", "n/a", "[]", "{}", "undefined")
)
"""The same where a name must stand: spelt as programs do, because a song may be called Null."""
NO_TYPED_NAME = frozenset(("nan", "NaN", "None", "<NA>", "NaT"))
"""The same in files that have a way of their own to say so: what Python writes into them all the same."""


def is_nothing(text: str) -> bool:
    """Whether a value of a file is a word for nothing, or blank."""
    bare = text.strip()
    return not bare or (len(bare) < 10 and bare.lower() in NOTHING)  # noqa: PLR2004


def placeholder(text: str) -> Outcome | None:
    """What a text that stands in place of lyrics says; None when it is lyrics, for all that can be told."""
    if len(text) > LONGEST:
        return Outcome.NOT_A_SONG if is_track_list(text) else None
    if ONLY_INSTRUMENTAL.fullmatch(text):
        return Outcome.INSTRUMENTAL
    if ONLY_UNRELEASED.fullmatch(text):
        return Outcome.UNRELEASED
    lines = [line for line in text.splitlines() if line.strip()]
    told = sentence(lines[0]) if lines else None
    if told and len(lines) <= 2:  # noqa: PLR2004  # the second asks to come back
        return told
    return Outcome.NOT_A_SONG if is_track_list(text) else None


def sentence(line: str) -> Outcome | None:
    """What a line that stands in for lyrics says."""
    if SAYS_INSTRUMENTAL.fullmatch(line):
        return Outcome.INSTRUMENTAL
    return Outcome.UNRELEASED if SAYS_UNRELEASED.fullmatch(line) else None


def is_track_list(text: str) -> bool:
    """Whether every line is numbered, from 1 on without a gap."""
    if not NUMBERED.match(text):
        return False
    lines = [line for line in text.splitlines() if line]
    if len(lines) < SHORTEST_TRACKLIST:
        return False
    numbers = [NUMBERED.match(line) for line in lines]
    return [int(match[1]) for match in numbers if match] == list(range(1, len(lines) + 1))
