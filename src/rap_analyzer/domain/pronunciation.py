"""How a written word sounds, as phones: rap spellings and dictionaries, then endings, numbers, letters, at last rules.

Phones are those of the misaki dictionaries (American English): one character a phone, `ˈ` and `ˌ` right before the
vowel that carries main or second stress, `A I O W Y` the diphthongs of day, my, go, now, boy, `ʧ ʤ` as in church and
judge, `ɾ` the flapped t of butter.
"""

from __future__ import annotations

import importlib.resources
import json
import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from rap_analyzer.domain.letter_to_sound import sound_out
from rap_analyzer.domain.rap_spellings import CENSORED, LETTERS, SPELLINGS
from rap_analyzer.domain.spoken_numbers import spoken_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VOWELS = frozenset("AIOWYæɑɔɛɜɪiʊuʌəᵊᵻ")
VOICELESS = frozenset("ptkfθ")
SIBILANT = frozenset("szʃʒʧʤ")

OUTSIDE = re.compile(r"^[^\w'$£€]+|[^\w'%$]+$")
PIECES = re.compile(r"[-‐‑–—/_+&.,:;!?…*\"“”()\[\]]+")
INITIALS = re.compile(r"(?:[a-zA-Z]\.){2,}[a-zA-Z]?\.?")
DIGIT = re.compile(r"[0-9]")
MIXED = re.compile(r"[$£€]?[0-9][0-9,.:]*(?:%|(?:st|nd|rd|th|'?s)\b)?|[^\W\d_]+(?:'[^\W\d_]+)*'?|'[^\W\d_]+'?")
STRETCH = re.compile(r"(.)\1{2,}")
DOUBLED = re.compile(r"(.)\1+")
MARKS = re.compile(r"[ˈˌ]")
CONTRACTED = {"'ll": "ᵊl", "'ve": "v", "'d": "d", "'re": "ɹ", "'m": "m", "n't": "nt"}
MAX_LETTERS = 40
"""A longer run of letters is noise; only so much of it is sounded out."""
MIN_PART = 3
"""Letters of the shortest half of a compound."""
MAX_INITIALS = 5


@lru_cache(maxsize=65536)
def pronounce(text: str) -> str:
    """Phones of a word as it stands in a transcription, whatever its case and punctuation.

    Never raises. Empty when nothing can be said, as for a word of another script.
    """
    word = OUTSIDE.sub("", text.replace("\u2019", "'").replace("\u2018", "'").replace("\u02bc", "'"))
    whole = word.lower()
    return (
        _known(whole)
        or _known(whole.strip("'"))
        or (_spelled(word.replace(".", "")) if INITIALS.fullmatch(word) else "")
        or _pieces(CENSORED.sub("u", word))
    )


def _pieces(word: str) -> str:
    """Hyphens, slashes and changes from digits to letters split; each piece has main stress of its own."""
    folded = _folded(word)
    parts = [folded] if DIGIT.search(folded) else PIECES.split(folded)
    return "".join(_piece(piece) for part in parts for piece in MIXED.findall(part))


def _piece(piece: str) -> str:
    if DIGIT.search(piece):
        return "".join(map(_piece, spoken_number(piece).split()))
    whole = piece.lower()
    if not whole.strip("'").isascii():
        return ""
    return (
        _known(whole)
        or _known(whole.strip("'"))
        or _inflected(whole.strip("'"))
        or (_spelled(piece) if _is_initialism(piece) else "")
        or _unstretched(whole)
        or _compound(whole)
        or sound_out(whole.replace("'", "")[:MAX_LETTERS])
    )


def _known(word: str) -> str:
    """Phones from our own table, or the dictionaries: as written, capitalised, then in capitals."""
    if word in SPELLINGS:
        return SPELLINGS[word]
    gold, silver = _gold(), _silver()
    title = word.capitalize()
    for form, book in ((word, gold), (title, gold), (word, silver), (title, silver), (word.upper(), gold)):
        if found := _entry(book.get(form)):
            return found
    return ""


def _entry(entry: Any) -> str:
    """An entry's phones: heteronyms ("read") give the sound that misaki takes by default."""
    if isinstance(entry, dict):
        return entry.get("DEFAULT") or next((sound for sound in entry.values() if sound), "")
    return entry or ""


@cache
def _gold() -> dict[str, Any]:
    return _dictionary("us_gold.json")


@cache
def _silver() -> dict[str, Any]:
    return _dictionary("us_silver.json")


def _dictionary(name: str) -> dict[str, Any]:
    # Only the data files are read: importing misaki's English module would need spaCy.
    words: dict[str, Any] = json.loads((importlib.resources.files("misaki") / "data" / name).read_bytes())
    return words


def _inflected(word: str) -> str:
    """Phones of a known stem with an ending: runnin, hustlers, nobody'll, skated, bouncy."""
    if not word.isascii():
        return ""
    for ending, sounded in ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending) + 1:
            for stem in _stems(word[: -len(ending)], ending):
                if phones := _known(stem):
                    return sounded(phones)
    return ""


def _stems(rest: str, ending: str) -> Iterator[str]:
    """Stems that English spelling may have bent before an ending: hustl(e), bod(y), run(n)."""
    yield rest
    if ending.startswith("'"):
        return
    if rest.endswith("i"):
        yield rest[:-1] + "y"
    if ending[0] in "aeiou":
        yield rest + "e"
        if DOUBLED.fullmatch(rest[-2:]):
            yield rest[:-1]


def _plural(phones: str) -> str:
    last = phones[-1]
    return phones + ("ᵻz" if last in SIBILANT else "s" if last in VOICELESS else "z")


def _past(phones: str) -> str:
    last = phones[-1]
    return phones + ("ᵻd" if last in "td" else "t" if last in VOICELESS | SIBILANT - {"z", "ʒ", "ʤ"} else "d")


def _contraction(tail: str) -> Callable[[str], str]:
    def sounded(phones: str) -> str:
        return phones + ("ᵊ" + tail if phones[-1] not in VOWELS and tail[0] not in VOWELS else tail)

    return sounded


def _syllabic(tail: str) -> Callable[[str], str]:
    return lambda phones: phones + tail


ENDINGS: dict[str, Callable[[str], str]] = {
    **{ending: _contraction(tail) for ending, tail in CONTRACTED.items()},
    "'s": _plural,
    "s'": _plural,
    "in'": _syllabic("ɪn"),
    "ing": _syllabic("ɪŋ"),
    "in": _syllabic("ɪn"),
    "ers": _syllabic("əɹz"),
    "est": _syllabic("əst"),
    "er": _syllabic("əɹ"),
    "es": _plural,
    "s": _plural,
    "z": _plural,
    "ed": _past,
    "d": _past,
    "as": _syllabic("əz"),
    "az": _syllabic("əz"),
    "a": _syllabic("ə"),
    "able": _syllabic("əbᵊl"),
    "ness": _syllabic("nəs"),
    "less": _syllabic("ləs"),
    "ful": _syllabic("fᵊl"),
    "ly": _syllabic("li"),
    "y": _syllabic("i"),
}
"""Endings, in the order they are tried, and how each is said after a stem's phones."""


def _is_initialism(piece: str) -> bool:
    """Short and in capitals, or without a vowel letter: said letter by letter."""
    letters = piece.strip("'")
    return len(letters) <= MAX_INITIALS and (letters.isupper() or not re.search("[aeiouyAEIOUY]", letters))


def _spelled(letters: str) -> str:
    return "".join(LETTERS.get(letter, "") for letter in letters.lower())


def _unstretched(word: str) -> str:
    """Runs of three letters and more are tried as two, then as one: "goood" is "good", "sooo" is "so"."""
    if not STRETCH.search(word):
        return ""
    for kept in (r"\1\1", r"\1"):
        short = STRETCH.sub(kept, word)
        if phones := _known(short) or _inflected(short):
            return phones
    once = STRETCH.sub(r"\1", word)
    return _known(DOUBLED.sub(r"\1", once)) or sound_out(once.replace("'", "")[:MAX_LETTERS])


def _compound(word: str) -> str:
    """Two known words written as one, the longest first half first; the second half keeps a second stress."""
    for cut in range(min(len(word), MAX_LETTERS) - MIN_PART, MIN_PART - 1, -1):
        first = _known(word[:cut])
        second = first and (_known(word[cut:]) or _inflected(word[cut:]))
        if first and second:
            return first + second.replace("ˈ", "ˌ")
    return ""


def _folded(word: str) -> str:
    """Letters without their accents: "Renée" is read as "Renee" when the dictionary has neither."""
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
