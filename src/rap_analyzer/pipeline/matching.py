"""How surely a recording is a track: title, artists and length, weighed as beets does, and what rules it out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from rap_analyzer.domain.artist_names import name_forms
from rap_analyzer.domain.censored import uncensored
from rap_analyzer.domain.enrichment import MatchMethod
from rap_analyzer.domain.lexicon import Form, form_of
from rap_analyzer.domain.word_lists import PROFANE_WORDS
from rap_analyzer.pipeline.titles import parse_title, plain, readings, split_names, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.enrichment import Recording, RecordingQuery
    from rap_analyzer.pipeline.titles import Title

TITLE_WEIGHT, ARTIST_WEIGHT, LENGTH_WEIGHT = 3.0, 2.0, 2.0
LENGTH_GRACE_S, LENGTH_MOST_S = 10.0, 30.0
ACCEPT_BELOW = 0.25
"""Distances under this are accepted; under 0.04 they are sure (beets' `strong_rec_thresh`)."""
OTHER_ALBUM = 0.02
"""What another album adds: enough to prefer the one on the right album, no more."""
TYPO, FILLER, ROMANISED = 0.06, 0.1, 0.05
"""Title distance of a letter that is wrong, of a small word that is missing, and of another romanisation."""
NO_SUBTITLE, UNNAMED_VERSION, UNMARKED_SKIT = 0.15, 0.1, 0.1
"""Title distance where one side alone has a subtitle, says whose remix it is, or that it is a skit."""
NOT_FIRST, MISSING_GUEST = 0.05, 0.1
"""Artist distance of one who does not come first, and of a guest whom only the title asked for names."""
SKITS = frozenset(("skit", "interlude"))
LONGEST_SKIT_MS = 120_000
SHORTEST_TYPO, LONG_WORD = 4, 8
"""Letters from which on one, or two, of a word may be wrong."""
ORIGINS = ("from", "theme")
"""First words of asides that say where a song is from."""
FILLERS = frozenset(("a", "an", "and", "the", "of", "to", "in", "on", "for", "my", "your", "is"))
GENERIC = frozenset(("intro", "introduction", "outro", "interlude", "skit", "prelude", "untitled", "bonus", "track"))
"""Titles that say nothing: such a track is known by its album or its length."""
TITLES_OF_PEOPLE = {"saint": "st", "mister": "mr", "junior": "jr", "doctor": "dr"}
ROMANISATIONS = (("shch", "sh"), ("sch", "sh"), ("kh", "h"), ("ts", "c"), ("tz", "c"), ("yo", "e"), ("jo", "e"))


def best_match(query: RecordingQuery, candidates: Sequence[Recording]) -> tuple[Recording | None, MatchMethod, float]:
    """The accepted candidate, how it was matched, and its distance; (None, NONE, least distance) when none is near.

    The same ISRC settles it; else the least distance under ACCEPT_BELOW does, of equals the service's first.
    """
    code = _code(query.isrc)
    for candidate in candidates:
        if code and _code(candidate.isrc) == code:
            return candidate, MatchMethod.ISRC, 0.0
    ranked = sorted(((distance(query, c), n, c) for n, c in enumerate(candidates)), key=lambda r: r[:2])
    if not ranked:
        return None, MatchMethod.NONE, 1.0
    least, _, nearest = ranked[0]
    if least >= ACCEPT_BELOW:
        return None, MatchMethod.NONE, least
    return nearest, MatchMethod.SEARCH, least


def distance(query: RecordingQuery, recording: Recording) -> float:
    """How far the recording is from what is looked for: 0 (the same) to 1 (another one).

    The weighted mean of title, artist and (where both are known) length distances. It is 1 where one of them rules the
    recording out: another version, another number, a word that only one title has, an artist who is not on it, more
    than 30 seconds of difference; and where a title that says nothing ("Intro") is on another album.
    """
    length = _length_distance(query, recording)
    same_length = length == 0.0
    title = min(
        _title_distance(asked, found, recording, same_length=same_length)
        for asked in readings(query.title)
        for found in readings(recording.title)
    )
    parts = [(TITLE_WEIGHT, title), (ARTIST_WEIGHT, _artist_distance(query, recording))]
    if length is not None:
        parts.append((LENGTH_WEIGHT, length))
    other_album = _is_other_album(query, recording)
    if any(part >= 1.0 for _, part in parts) or (other_album and GENERIC.issuperset(_bare_words(query.title))):
        return 1.0
    mean = sum(weight * part for weight, part in parts) / sum(weight for weight, _ in parts)
    return min(1.0, mean + OTHER_ALBUM * other_album)


def _length_distance(query: RecordingQuery, recording: Recording) -> float | None:
    """0 within ten seconds, 1 from thirty on; None where a length is unknown."""
    if not query.duration_ms or not recording.duration_ms:
        return None
    over = abs(query.duration_ms - recording.duration_ms) / 1000 - LENGTH_GRACE_S
    return min(1.0, max(0.0, over / (LENGTH_MOST_S - LENGTH_GRACE_S)))


def _title_distance(asked: Title, found: Title, recording: Recording, *, same_length: bool) -> float:
    version = _version_distance(asked, found, recording)
    if version >= 1.0 or asked.numbers != found.numbers:
        return 1.0
    if not asked.all_words or not found.all_words:
        return version if asked.raw == found.raw else 1.0
    return min(1.0, version + _wording_distance(asked, found, same_length=same_length))


def _version_distance(one: Title, other: Title, recording: Recording) -> float:
    """How far apart the versions are that the titles name; 1 where they are two recordings."""
    if one.kinds != other.kinds:
        is_skit = bool(one.kinds) and one.kinds <= SKITS and not other.kinds
        return UNMARKED_SKIT if is_skit and 0 < (recording.duration_ms or 0) <= LONGEST_SKIT_MS else 1.0
    if one.named and other.named:
        return 0.0 if 2 * len(one.named & other.named) >= min(len(one.named), len(other.named)) else 1.0
    return UNNAMED_VERSION if one.named or other.named else 0.0


def _wording_distance(asked: Title, found: Title, *, same_length: bool) -> float:
    latin = asked.is_latin and found.is_latin
    whole = _words_distance(asked.all_words, found.all_words, latin=latin)
    # What only the recording's title says may be a version of a kind that we do not know: its length can clear it.
    is_doubtful = found.aside and not same_length and found.aside[0] not in ORIGINS
    if whole < 1.0 or (asked.aside and found.aside) or is_doubtful:
        return whole
    return min(1.0, NO_SUBTITLE + _words_distance(asked.words, found.words, latin=latin))


def _words_distance(one: Sequence[str], other: Sequence[str], *, latin: bool) -> float:
    """0 for the same words however they are spaced, a little for typos and small words, 1 for another word."""
    if "".join(one) == "".join(other):
        return 0.0
    if len(one) == len(other) == 1 and "*" not in one[0] + other[0] and latin:
        return 1.0  # nothing else agrees that would make a typo of it
    if not latin and _is_romanised(one, other):
        return ROMANISED
    # The cheapest alignment, word by word; costs[n] is that of the words of `one` so far with the first n of `other`.
    costs = [sum(map(_gap, other[:n])) for n in range(len(other) + 1)]
    for word in one:
        above, costs[0] = costs[0], costs[0] + _gap(word)
        for n, facing in enumerate(other, start=1):
            cost = min(above + _misspelling(word, facing), costs[n] + _gap(word), costs[n - 1] + _gap(facing))
            above, costs[n] = costs[n], cost
    return min(1.0, costs[-1])


def _gap(word: str) -> float:
    return FILLER if word in FILLERS else 1.0


def _misspelling(one: str, other: str) -> float:
    """0 for the same word, a little for one that may be a typo of the other or hides its letters, else 1."""
    if one == other or one + "g" == other or other + "g" == one:
        return 0.0 if one == other or "in" in (one[-2:], other[-2:]) else 1.0
    if "*" in one + other:
        return _hidden_distance(one, other)
    wrong = OSA.distance(one, other)
    most = 0 if min(len(one), len(other)) < SHORTEST_TYPO else 1 + (max(len(one), len(other)) >= LONG_WORD)
    if wrong > most or one[0] != other[0] or one.startswith(other) or other.startswith(one):
        return 1.0  # an ending makes another word
    is_typo = Form.COINED in (form_of(one), form_of(other))
    return TYPO * wrong if is_typo else 1.0


def _hidden_distance(one: str, other: str) -> float:
    starred, open_word = (one, other) if "*" in one else (other, one)
    if uncensored(starred) == open_word:
        return 0.0
    pattern = re.sub(r"\*+", lambda stars: f"[a-z*]{{{len(stars[0])}}}", starred)
    if not re.fullmatch(pattern, open_word):
        return 1.0
    return 0.0 if open_word in PROFANE_WORDS else TYPO


def _is_romanised(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the words may be two romanisations of the same ones: one letter in six may differ."""
    a, b = _romanised("".join(one)), _romanised("".join(other))
    return OSA.distance(a, b) <= max(len(a), len(b)) // 6


def _romanised(text: str) -> str:
    for written, as_one in ROMANISATIONS:
        text = text.replace(written, as_one)
    return re.sub(r"(.)\1+", r"\1", re.sub("[yj]", "i", text))


def _artist_distance(query: RecordingQuery, recording: Recording) -> float:
    """0 when who is asked for is on it, first; 1 when somebody who is asked for is not."""
    if any(_is_same_artist(query.artist, name) for name in (*recording.artists, " & ".join(recording.artists))):
        first = _is_same_artist(query.artist, recording.artists[0]) or len(recording.artists) != 1
        return _guest_distance(query, recording) + (0.0 if first else NOT_FIRST)
    wanted = [_name_key(name) for name in split_names(query.artist)]
    credited = [_name_key(name) for artist in recording.artists for name in split_names(artist)]
    guests = [_name_key(name) for name in parse_title(recording.title).featured]
    if not wanted or not any(_is_same_name(wanted[0], name) for name in credited):
        return 1.0
    if not all(any(_is_same_name(name, known) for known in credited + guests) for name in wanted):
        return 1.0
    return _guest_distance(query, recording) + (0.0 if _is_same_name(wanted[0], credited[0]) else NOT_FIRST)


def _guest_distance(query: RecordingQuery, recording: Recording) -> float:
    """What it adds that the title asked for names guests who are not on the recording."""
    wanted = [_name_key(name) for name in parse_title(query.title).featured]
    names = [*parse_title(recording.title).featured, *(n for artist in recording.artists for n in split_names(artist))]
    known = [_name_key(name) for name in names]
    missing = [name for name in wanted if not any(_is_same_name(name, one) for one in known)]
    return MISSING_GUEST * len(missing) / len(wanted) if wanted else 0.0


def _name_key(name: str) -> str:
    """A name without what is written in one way here and in another there: dots, spaces, `the`, `$`."""
    words = words_of(re.sub(r"(?<=\w)\.(?=\w)", "", plain(name)))
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return "".join(TITLES_OF_PEOPLE.get(word, word) for word in words if word != "the") or plain(name)


def _is_same_artist(one: str, other: str) -> bool:
    """Whether two names share a form: of one with brackets either part will do, of two with brackets the whole."""
    ours, theirs = name_forms(one), name_forms(other)
    if len(ours) > 1 and len(theirs) > 1:
        ours, theirs = ours[:1], theirs[:1]
    return any(_is_same_name(_name_key(a), _name_key(b)) for a in ours for b in theirs)


def _is_same_name(one: str, other: str) -> bool:
    """Whether two keys are one name: equal, but for two letters that changed places or one that is doubled."""
    if one == other:
        return True
    if min(len(one), len(other)) < LONG_WORD or OSA.distance(one, other) != 1:
        return False
    return sorted(one) == sorted(other) or re.sub(r"(.)\1", r"\1", one) == re.sub(r"(.)\1", r"\1", other)


def _is_other_album(query: RecordingQuery, recording: Recording) -> bool:
    if not query.album or not recording.album:
        return False
    one, other = parse_title(query.album), parse_title(recording.album)
    return _words_distance(one.words, other.words, latin=one.is_latin and other.is_latin) >= 1.0


def _bare_words(title: str) -> list[str]:
    parsed = parse_title(title)
    return [word for word in parsed.words if not word.isdecimal()] + list(parsed.aside)


def _code(isrc: str | None) -> str:
    return re.sub(r"[^A-Z0-9]", "", (isrc or "").upper())
