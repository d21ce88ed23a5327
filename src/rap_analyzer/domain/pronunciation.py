"""How a written word sounds, as phones: rap spellings and dictionaries, then endings, numbers, letters, at last sight.

Phones are those of the misaki dictionaries (American English): one character a phone, `ˈ` and `ˌ` right before the
vowel that carries main or second stress, `A I O W Y` the diphthongs of day, my, go, now, boy, `ʧ ʤ` as in church and
judge, `ɾ` the flapped t of butter.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rap_analyzer.domain.censored import uncensored
from rap_analyzer.domain.dictionaries import common_ranks, common_sound, gold_entries, known_sound, name_sound
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
SYLLABIC_L = re.compile("ᵊlə$")
DROPPED_R = re.compile(r"([a-z]{3,})a([sz])?")
INITIALS = re.compile(r"((?:[a-zA-Z]\.)+[a-zA-Z])\.?('?s)?")
LETTER_ENDINGS = ("'s", "s", "'d", "'in'", "'ing", "'in", "in'", "ing", "in")
"""What may follow letters that are read by their names: "OGs", "DM'in'", "MC'd"; each is one of `ENDINGS`."""
INFLECTED_LETTERS = re.compile(rf"([A-Z]{{1,5}}|[b-df-hj-np-tv-z])({'|'.join(LETTER_ENDINGS)})")
DIGIT = re.compile(r"[0-9]")
MIXED = re.compile(
    r"#(?=[0-9])|[$£€]?[0-9][0-9,.:]*(?:%|(?:st|nd|rd|th|'?s)\b|[kKMB]\b)?|[^\W\d_]+(?:'[^\W\d_]+)*'?|'[^\W\d_]+'?"
)
LETTER_CODE = re.compile(r"(?<![^\W\d_])([A-Za-z])(\d+)([A-Za-z])(?![^\W\d_])")
"""Letters and numbers in turn ("B2B", "R2D2"): here B is no billion."""
CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
"""Where a name in one word has its next one: "TikTok", "iPhone"."""
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
PLURAL_IN_ES = ("s", "x", "z", "ch", "sh", "o")
"""Ends of stems that may take -es: "boxes" is of "box", but "oranges" of "orange" and "finales" of "finale"."""
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
SHORTEST_BACKRONYM = 4
"""Letters with dots that are said as the word they make; fewer are spelled ("T.I.P.")."""
SHORT_INITIALS, LONG_INITIALS = 3, 5
"""Capitals up to here are read as letters; up to there if no word can be made of them."""
MOST_STRETCHES = 4
ACUTE_VOWELS = {"á": "ɑ", "í": "i", "ó": "O", "ú": "u"}
ACCENTED_END = re.compile(r"[a-zñ]*[aeiou][a-zñ]*([áíóú])[b-df-hj-np-tv-z]{0,2}")
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
        or known_sound(word)
        or name_sound(word)
        or _dropped_g(word.strip("'"))
        or known_sound(word.strip("'"))
        or name_sound(word.strip("'"))
    )


def _dropped_g(word: str) -> str:
    """Phones of "takin'" and "takin", which the large dictionary has for an animal, else ""."""
    rest = word.removesuffix("'").removesuffix("in")
    if len(rest) < SHORTEST_VERB or not word.endswith(("in", "in'")):
        return ""
    if (
        common_sound(word)
        or word.capitalize() in gold_entries()
        or (name_sound(word) and f"{word}g" not in common_ranks())
    ):
        return ""
    phones = _first(common_sound, stems_of(rest, "in"))
    return ENDINGS["in"](phones) if phones else ""


def _initials(word: str) -> str:
    """Phones of "M.O.P." and "L-O-V-E", read letter by letter, and of "G.O.A.T.", which makes a word; else ""."""
    dotted = INITIALS.fullmatch(word)
    if dotted:
        letters = dotted[1].replace(".", "")
        said = (common_sound(letters.lower()) if len(letters) >= SHORTEST_BACKRONYM else "") or _spelled(letters)
        return _plural(said) if dotted[2] else said
    letters = word.split("-")
    if len(letters) > 1 and all(letter.lower() in LETTERS for letter in letters) and len(set(letters)) > 1:
        return _spelled("".join(letters[:MAX_PIECES]))
    return ""


def _pieces(word: str) -> str:
    """Hyphens, slashes and changes from digits to letters split; each piece has main stress of its own."""
    joined = LETTER_CODE.sub(r"\1 \2 \3", CAMEL_CASE.sub("-", word.replace("&", "-'n'-")))
    parts = [joined] if DIGIT.search(joined) else PIECES.split(joined)
    pieces = [piece for part in parts for piece in MIXED.findall(part)][:MAX_PIECES]
    if len(pieces) < 2:  # noqa: PLR2004 - a word that is one piece
        return "".join(map(_piece, pieces))
    following = [*pieces[1:], ""]
    return "".join(
        _stutter(piece, pieces[-1]) or _single_letter(piece, after) or _piece(piece)
        for piece, after in zip(pieces, following, strict=True)
    )


def _single_letter(piece: str, after: str) -> str:
    """The name of a letter that is a piece by itself: a capital ("A-list"), or before a number ("a1"); else ""."""
    if piece.lower() in LETTERS and (piece.isupper() or after[:1].isdecimal()):
        return LETTERS[piece.lower()]
    return ""


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
        return known_sound("number")
    if DIGIT.search(piece):
        return "".join(map(_piece, spoken_number(piece).split()))
    written = _folded(piece)
    whole = written.lower()
    if not whole.strip("'").isascii():
        return ""
    return (
        _accented_end(piece)
        or _whole(whole)
        or _drawn_end(whole)
        or _dropped_r(whole)
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


def _inflected(word: str) -> str:
    """Phones of a known stem with an ending: runnin, hustlers, nobody'll, skated."""
    if not word.isascii() or len(word) > MAX_LETTERS or word.endswith(NO_PLURAL):
        return ""
    for ending, sounded in ENDINGS.items():
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < (SHORTEST_VERB if ending[0] in "'i" else SHORTEST_STEM):
            continue
        stems = stems_of(rest, ending)
        if phones := _first(common_sound, stems) or _first(known_sound, stems) or _first(name_sound, stems):
            return sounded(phones)
    return ""


def _dropped_r(word: str) -> str:
    """Phones of "hustla" and "hustlas": those of "hustler" without the r, in two syllables; else ""."""
    written = DROPPED_R.fullmatch(word)
    phones = known_sound(f"{written[1]}er") if written else ""
    if not (written and phones.endswith("əɹ")):
        return ""
    return SYLLABIC_L.sub("lə", phones[:-1]) + ("z" if written[2] else "")


def _first(look_up: Callable[[str], str], words: list[str]) -> str:
    return next((phones for word in words if (phones := look_up(word))), "")


def stems_of(rest: str, ending: str) -> list[str]:
    """Stems that English spelling may have bent before an ending, the likeliest first: bod(y), com(e), run(n)."""
    if ending.startswith("'"):
        return [rest]
    if rest.endswith("i"):
        return [rest[:-1] + "y", rest]
    if ending[0] not in "aeiou":
        return [rest]
    if ending == "es":
        return [rest + "e", rest] if rest.endswith(PLURAL_IN_ES) else [rest + "e"]
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
    return common_sound(DRAWN_END.sub(r"\1", word)) if len(word) >= SHORTEST_DRAWN and DRAWN_END.search(word) else ""


def _unstretched(word: str) -> str:
    """Runs of three letters and more are tried as two and as one: "goood" is "good", "sooo" is "so"."""
    if not STRETCH.search(word):
        return ""
    short = [STRETCH.sub(kept, word) for kept in (r"\1\1", r"\1")]
    tried = [_runs(word, choice) for choice in range(1 << min(len(STRETCH.findall(word)), MOST_STRETCHES))]
    once = short[1]
    for form in (*tried, DRAWN_END.sub(r"\1", short[0]), DOUBLED.sub(r"\1", once)):
        if phones := common_sound(form):
            return phones
    return known_sound(short[0]) or known_sound(once) or _inflected(short[0]) or _inflected(once) or sound_out(once)


def _runs(word: str, choice: int) -> str:
    """The word with each of its stretches as two letters, or as one where the choice has a bit."""
    bits = iter(range(len(word)))
    return STRETCH.sub(lambda run: run[1] if choice >> next(bits) & 1 else run[1] * 2, word)


def _folded(word: str) -> str:
    """Letters without their accents: "Renée" is "Renee" in the dictionary; where none has it, é is heard as ay."""
    if word.isascii():
        return word
    plain = _without_accents(word)
    known = known_sound(plain.lower()) or name_sound(plain.lower()) or _inflected(plain.lower())
    if known and (known[-1] == "A" or not word.endswith(("é", "ée"))):
        return plain
    sounded = unicodedata.normalize("NFC", word)
    for accented, heard in ACCENTED:
        sounded = sounded.replace(accented, heard)
    return _without_accents(sounded)


def _accented_end(word: str) -> str:
    """Phones of a word whose last syllable bears an acute, as Spanish writes stress: "Patrón", "Cancún"; else ""."""
    found = ACCENTED_END.fullmatch(unicodedata.normalize("NFC", word).lower())
    if not found:
        return ""
    plain = _without_accents(found[0])
    phones = (_whole(plain) or sound_out(plain)).replace("ˈ", "")
    last = max(place for place, phone in enumerate(phones) if phone in VOWELS)
    return f"{phones[:last]}ˈ{ACUTE_VOWELS[found[1]]}{phones[last + 1 :]}".replace("ˌˈ", "ˈ")


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
