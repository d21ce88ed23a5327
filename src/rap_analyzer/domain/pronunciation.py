"""How a written word sounds, as phones: rap spellings and dictionaries, then endings, numbers, letters, at last sight.

Phones are those of the misaki dictionaries (American English): one character a phone, `ˈ` and `ˌ` right before the
vowel that carries main or second stress, `A I O W Y` the diphthongs of day, my, go, now, boy, `ʧ ʤ` as in church and
judge, `ɾ` the flapped t of butter.
"""

from __future__ import annotations

import importlib.resources
import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from rap_analyzer.domain.censored import uncensored
from rap_analyzer.domain.letter_to_sound import sound_out
from rap_analyzer.domain.rap_spellings import CAPITALS, LETTERS, SPELLINGS
from rap_analyzer.domain.spoken_numbers import spoken_number
from rap_analyzer.domain.vocal_sounds import vocal_sound

if TYPE_CHECKING:
    from collections.abc import Callable

VOWELS = frozenset("AIOWYæɑɔɛɜɪiʊuʌəᵊᵻ")
VOICELESS = frozenset("ptkfθ")
FLAPPED_AFTER = VOWELS | {"ɹ"}
SIBILANT = frozenset("szʃʒʧʤ")

BRACKETS = re.compile(r"^[^\w'$£€#@*]+|[^\w'%$*#]+$")
OUTSIDE = re.compile(r"^[^\w'$£€#]+|[^\w'%$]+$")
PIECES = re.compile(r"[-‐‑–—/_+.,:;!?…*\"“”()\[\]]+")
INITIALS = re.compile(r"((?:[a-zA-Z]\.)+[a-zA-Z])\.?('?s)?")
LETTER_ENDINGS = ("'s", "s", "'d", "'in'", "'ing", "'in", "in'", "ing", "in")
"""What may follow letters that are read by their names: "OGs", "DM'in'", "MC'd"; each is one of `ENDINGS`."""
INFLECTED_LETTERS = re.compile(rf"([A-Z]{{1,5}}|[b-df-hj-np-tv-z])({'|'.join(LETTER_ENDINGS)})")
DIGIT = re.compile(r"[0-9]")
MIXED = re.compile(
    r"#(?=[0-9])|[$£€]?[0-9][0-9,.:]*(?:%|(?:st|nd|rd|th|'?s)\b|[kKMB]\b)?|[^\W\d_]+(?:'[^\W\d_]+)*'?|'[^\W\d_]+'?"
)
STRETCH = re.compile(r"(.)\1{2,}")
DOUBLED = re.compile(r"(.)\1+")
DRAWN_END = re.compile(r"([a-z])\1+$")
VOWEL_LETTER = re.compile("[aeiouyAEIOUY]")
FIRST_VOWEL = re.compile("[AIOWYæɑɔɛɜɪiʊuʌəᵊᵻˈˌ]")
SAYABLE = re.compile(
    r"(?:[bcdfghjklmnprstvwxyz]|[bcfgpst]l|[bcdfgkpt]r|[cswt]h|s[cklmnptw]|[dt]w|qu)?"
    r"(?:[aeiouy]+(?:[bcdfgklmnprstvxz]|[cst]h|[lnrs][dkpst]|ck|ng|ct|pt|ft|mp)?)+(?:e|s)?"
)
"""Capitals of such letters are read as a word ("NAFTA"), others letter by letter ("LAPD")."""
ONE_VOWEL = re.compile("[^aeiouy]*[aeiouy][^aeiouywx]")
"""Letters that keep a short vowel before an ending only when the last is doubled: "hated" is of "hate", not "hat"."""
SHORTEST_VERB, SHORTEST_STEM = 2, 3
"""Letters before -ing and contractions ("doin"), and before other endings."""
NO_PLURAL = ("ss", "us", "is")
"""Ends in s that are no ending."""
CONTRACTED = {"'ll": "ᵊl", "'ve": "v", "'d": "d", "'re": "ɹ", "'m": "m", "n't": "nt"}
MAX_LETTERS = 40
"""A longer run of letters is noise; only so much of it is looked at."""
APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u2018\u02bc`"), "'")
MAX_CHARACTERS = 200
"""Of a longer word only the beginning is looked at, so that a page without a space takes no time."""
MAX_PIECES = 40
"""Of a longer row of pieces, "la-la-la" and so on, only so many are said."""
SHORTEST_DRAWN = 4
"""Letters of a word whose doubled last letter may be a drawn-out one."""
SHORT_INITIALS, LONG_INITIALS = 3, 5
"""Capitals up to here are read as letters; up to there if no word can be made of them."""
MOST_STRETCHES = 4
ACCENTED = (("ée", "ay"), ("é", "ay"), ("ñ", "ny"), ("ç", "s"), ("ß", "ss"), ("ø", "o"), ("ł", "l"), ("æ", "e"))


@lru_cache(maxsize=65536)
def pronounce(text: str) -> str:
    """Phones of a word as it stands in a transcription, whatever its case and punctuation.

    Never raises. Empty when nothing can be said, as for a word of another script.
    """
    straight = text[:MAX_CHARACTERS].translate(APOSTROPHES)
    word = OUTSIDE.sub("", uncensored(BRACKETS.sub("", straight)))
    whole = word.lower()
    if word in CAPITALS:
        return _spelled(word)
    return _whole(whole) or _initials(word) or _pieces(word)


def _whole(word: str) -> str:
    """Phones of a word that is known as it stands, or is a bare sound; else ""."""
    return (
        SPELLINGS.get(word)
        or vocal_sound(word)
        or _dropped_g(word)
        or _known(word)
        or _dropped_g(word.strip("'"))
        or _known(word.strip("'"))
    )


def _dropped_g(word: str) -> str:
    """Phones of "takin'" and "takin", which the large dictionary has for an animal, else ""."""
    rest = word.removesuffix("'").removesuffix("in")
    if len(rest) < SHORTEST_VERB or not word.endswith(("in", "in'")):
        return ""
    if _common(word) or word.capitalize() in gold_entries():
        return ""
    phones = _first(_common, _stems(rest, "in"))
    return ENDINGS["in"](phones) if phones else ""


def _initials(word: str) -> str:
    """Phones of "M.O.P." and "L-O-V-E", read letter by letter, else ""."""
    dotted = INITIALS.fullmatch(word)
    if dotted:
        spelled = _spelled(dotted[1].replace(".", ""))
        return _plural(spelled) if dotted[2] else spelled
    letters = word.split("-")
    if len(letters) > 1 and all(letter.lower() in LETTERS for letter in letters) and len(set(letters)) > 1:
        return _spelled("".join(letters[:MAX_PIECES]))
    return ""


def _pieces(word: str) -> str:
    """Hyphens, slashes and changes from digits to letters split; each piece has main stress of its own."""
    joined = word.replace("&", "-n-")
    parts = [joined] if DIGIT.search(joined) else PIECES.split(joined)
    pieces = [piece for part in parts for piece in MIXED.findall(part)][:MAX_PIECES]
    return "".join(_stutter(piece, pieces[-1]) or _piece(piece) for piece in pieces)


def _stutter(piece: str, last: str) -> str:
    """The s of "s-s-slow": the consonants that the whole word begins with, and a weak vowel; else ""."""
    if piece == last or VOWEL_LETTER.search(piece) or not last.lower().startswith(piece.lower()):
        return ""
    phones = _piece(last)
    vowel = FIRST_VOWEL.search(phones)
    onset = phones[: vowel.start()] if vowel else ""
    return f"{onset if len(piece) > 1 else onset[:1]}ə" if onset else ""


def _piece(piece: str) -> str:
    if piece == "#":
        return _known("number")
    if DIGIT.search(piece):
        return "".join(map(_piece, spoken_number(piece).split()))
    written = _folded(piece)
    whole = written.lower()
    if not whole.strip("'").isascii():
        return ""
    return (
        _whole(whole)
        or _drawn_end(whole)
        or _inflected(whole.strip("'"))
        or _unstretched(whole)
        or _letters(written)
        or _at_first_sight(whole)
    )


def _at_first_sight(word: str) -> str:
    """Phones by letters alone; a possessive or contraction is read as the word and its ending."""
    stem, mark, tail = word.rpartition("'")
    sounded, phones = ENDINGS.get(mark + tail), sound_out(stem)
    return sounded(phones) if sounded and tail and phones else sound_out(word)


def _known(word: str) -> str:
    """Phones from our own table, or the dictionaries: as written, capitalised, then in capitals."""
    if word in SPELLINGS:
        return SPELLINGS[word]
    gold, title = gold_entries(), word.capitalize()
    if found := entry_sound(gold.get(word)) or entry_sound(gold.get(title)):
        return found
    # The larger dictionary takes a while to load, and a short text may do without it.
    silver = silver_entries()
    return entry_sound(silver.get(word)) or entry_sound(silver.get(title)) or entry_sound(gold.get(word.upper()))


def entry_sound(entry: Any) -> str:
    """An entry's phones: heteronyms ("read") give the sound that misaki takes by default."""
    if isinstance(entry, dict):
        return entry.get("DEFAULT") or next((sound for sound in entry.values() if sound), "")
    return entry or ""


def in_dictionary(word: str) -> bool:
    """Whether a word in lower case, or a name, is known as it stands, from rap's spellings or from the dictionaries."""
    return bool(_known(word))


def parts_of_speech(word: str) -> dict[str, str]:
    """A heteronym's sounds by part of speech ("DEFAULT", "VERB", "NOUN", "ADJ", "VBD" …); empty for other words.

    Weak forms ("to" without stress) are no parts of speech.
    """
    entry = gold_entries().get(word)
    if not isinstance(entry, dict) or "None" in entry:
        return {}
    return {part: sound for part, sound in entry.items() if sound}


@cache
def gold_entries() -> dict[str, Any]:
    """The words of misaki's checked dictionary: a sound each, or sounds by part of speech."""
    return _dictionary("us_gold.json")


@cache
def silver_entries() -> dict[str, Any]:
    """The words of its larger, unchecked one."""
    return _dictionary("us_silver.json")


def _dictionary(name: str) -> dict[str, Any]:
    # Only the data files are read: importing misaki's English module would need spaCy.
    words: dict[str, Any] = orjson.loads((importlib.resources.files("misaki") / "data" / name).read_bytes())
    return words


def _inflected(word: str) -> str:
    """Phones of a known stem with an ending: runnin, hustlers, nobody'll, skated."""
    if not word.isascii() or len(word) > MAX_LETTERS or word.endswith(NO_PLURAL):
        return ""
    for ending, sounded in ENDINGS.items():
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < (SHORTEST_VERB if ending[0] in "'i" else SHORTEST_STEM):
            continue
        stems = _stems(rest, ending)
        if phones := _first(_common, stems) or _first(_known, stems):
            return sounded(phones)
    return ""


def _first(look_up: Callable[[str], str], words: list[str]) -> str:
    return next((phones for word in words if (phones := look_up(word))), "")


def _stems(rest: str, ending: str) -> list[str]:
    """Stems that English spelling may have bent before an ending, the likeliest first: bod(y), com(e), run(n)."""
    if ending.startswith("'"):
        return [rest]
    if rest.endswith("i"):
        return [rest[:-1] + "y", rest]
    if ending[0] not in "aeiou":
        return [rest]
    stems = [rest + "e", rest] if ONE_VOWEL.fullmatch(rest) else [rest, rest + "e"]
    return [*stems, rest[:-1]] if DOUBLED.fullmatch(rest[-2:]) else stems


def _plural(phones: str) -> str:
    last = phones[-1]
    return phones + ("ᵻz" if last in SIBILANT else "s" if last in VOICELESS else "z")


def _past(phones: str) -> str:
    last = phones[-1]
    return _flapped(phones) + ("ᵻd" if last in "td" else "t" if last in VOICELESS | SIBILANT - {"z", "ʒ", "ʤ"} else "d")


def _contraction(tail: str) -> Callable[[str], str]:
    def sounded(phones: str) -> str:
        return phones + ("ᵊ" + tail if phones[-1] not in VOWELS and tail[0] not in VOWELS else tail)

    return sounded


def _syllabic(tail: str) -> Callable[[str], str]:
    return lambda phones: (_flapped(phones) if tail[0] in VOWELS else phones) + tail


def _flapped(phones: str) -> str:
    """The t of "wait" as in "waiter", where a vowel or r stands before it and a vowel follows."""
    return f"{phones[:-1]}ɾ" if phones[-1] == "t" and phones[-2:-1] in FLAPPED_AFTER else phones


def _adverb(phones: str) -> str:
    return phones + ("i" if phones[-1] == "l" else "li")


ENDINGS: dict[str, Callable[[str], str]] = {
    **{ending: _contraction(tail) for ending, tail in CONTRACTED.items()},
    "'s": _plural,
    "s'": _plural,
    "'in'": _syllabic("ɪn"),
    "'in": _syllabic("ɪn"),
    "'ing": _syllabic("ɪŋ"),
    "in'": _syllabic("ɪn"),
    "ing": _syllabic("ɪŋ"),
    "in": _syllabic("ɪn"),
    "ers": _syllabic("əɹz"),
    "est": _syllabic("ᵻst"),
    "er": _syllabic("əɹ"),
    "es": _plural,
    "s": _plural,
    "z": _plural,
    "ed": _past,
    "as": _syllabic("əz"),
    "az": _syllabic("əz"),
    "a": _syllabic("ə"),
    "able": _syllabic("əbᵊl"),
    "ness": _syllabic("nəs"),
    "less": _syllabic("ləs"),
    "ful": _syllabic("fᵊl"),
    "ly": _adverb,
}
"""Endings, in the order they are tried, and how each is said after a stem's phones."""


def _letters(piece: str) -> str:
    """Phones of an initialism ("FBI", "OGs", "smh"), else ""."""
    inflected = INFLECTED_LETTERS.fullmatch(piece)
    letters, ending = (inflected[1], inflected[2]) if inflected else (piece.strip("'"), "")
    if not _is_initialism(letters):
        return ""
    phones = _spelled(letters)
    if ending == "'d":
        return _past(phones)  # "DM'd" is what somebody did, not "DM would"
    return ENDINGS[ending](phones) if ending else phones


def _is_initialism(letters: str) -> bool:
    """Short and in capitals, or without a vowel letter: said letter by letter."""
    if not 0 < len(letters) <= LONG_INITIALS:
        return False
    if not VOWEL_LETTER.search(letters):
        return True
    return letters.isupper() and (len(letters) <= SHORT_INITIALS or not SAYABLE.fullmatch(letters.lower()))


def _spelled(letters: str) -> str:
    """Names of the letters; the last has main stress, the others second stress."""
    *first, last = (LETTERS.get(letter, "") for letter in letters.lower())
    return "".join(first).replace("ˈ", "ˌ") + last


def _drawn_end(word: str) -> str:
    """Phones of "yeahh" and "rightt", whose last letter is doubled, else ""."""
    return _common(DRAWN_END.sub(r"\1", word)) if len(word) >= SHORTEST_DRAWN and DRAWN_END.search(word) else ""


def _unstretched(word: str) -> str:
    """Runs of three letters and more are tried as two and as one: "goood" is "good", "sooo" is "so"."""
    if not STRETCH.search(word):
        return ""
    short = [STRETCH.sub(kept, word) for kept in (r"\1\1", r"\1")]
    tried = [_runs(word, choice) for choice in range(1 << min(len(STRETCH.findall(word)), MOST_STRETCHES))]
    once = short[1]
    for form in (*tried, DRAWN_END.sub(r"\1", short[0]), DOUBLED.sub(r"\1", once)):
        if phones := _common(form):
            return phones
    return _known(short[0]) or _known(once) or _inflected(short[0]) or _inflected(once) or sound_out(once)


def _runs(word: str, choice: int) -> str:
    """The word with each of its stretches as two letters, or as one where the choice has a bit."""
    bits = iter(range(len(word)))
    return STRETCH.sub(lambda run: run[1] if choice >> next(bits) & 1 else run[1] * 2, word)


def _common(word: str) -> str:
    """Phones from our own table or the hand-made dictionary."""
    return SPELLINGS.get(word) or entry_sound(gold_entries().get(word))


def _folded(word: str) -> str:
    """Letters without their accents: "Renée" is "Renee" in the dictionary; where none has it, é is heard as ay."""
    if word.isascii():
        return word
    plain = _without_accents(word)
    known = _known(plain.lower()) or _inflected(plain.lower())
    if known and (known[-1] == "A" or not word.endswith(("é", "ée"))):
        return plain
    sounded = unicodedata.normalize("NFC", word)
    for accented, heard in ACCENTED:
        sounded = sounded.replace(accented, heard)
    return _without_accents(sounded)


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
