"""The words of the dictionary by how they end: where rhymes are looked for."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rap_analyzer.domain.bar_endings import CLASSES, vowel_class
from rap_analyzer.domain.dictionaries import common_ranks, entry_sound, gold_entries, silver_entries
from rap_analyzer.domain.lexicon import Form, form_of
from rap_analyzer.domain.phonology import syllabify
from rap_analyzer.domain.pronunciation import VOWELS
from rap_analyzer.domain.rap_spellings import SPELLINGS
from rap_analyzer.domain.word_lists import PROFANE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rap_analyzer.domain.bar_endings import Tail
    from rap_analyzer.domain.phonology import Syllable

FAMILIAR = 6000
"""Words, the commonest first, that everybody has at hand."""
INFLECTED, RARE_FROM, UNCOMMON = 22_000, 22_001, 23_000
"""Ranks of inflections of the 21,719 commonest words, from which words are rare, of those that nothing is made from."""
VOWEL_LETTER = re.compile("[aeiouy]")
ROMAN = re.compile("x{0,3}(ix|iv|v?i{0,3})")
SHORTEST = 2
"""Letters."""
LONGEST_INITIALISM = 3
MAIN = "ˈ"
CLOSING = frozenset((
    "me", "him", "her", "them", "us", "em", "you", "it", "this", "that", "these", "there", "here", "up", "down", "out",
    "off", "all",
))  # fmt: skip
"""Function words that end a phrase, after a verb."""

VOWEL = "".join(sorted(VOWELS))
BETWEEN, STRESS = f"[^{VOWEL}ˈˌ\t\n]*", "[ˈˌ]"
"""Consonants; a mark before a vowel."""
FURTHEST_STRESS = 4
"""Syllables from the end; a word with its last stress before that rhymes with nothing."""
WRITTEN = {"ə": "əᵊ", "ɪ": "ɪᵻ", "ɪɹ": "ɪi", "ɝ": "ɜəᵊ"}
"""How the dictionary writes a nucleus, where it is not by its own first phone."""
WEAKEST = ("ə", "ɪ")
"""Vowels that are one when they are not stressed: "orange" ends like "hinge"."""
NASAL = "(?:(?<=^[nm])|(?<=[^AIOWYæɑɔɛɜɪiʊuʌəᵊᵻˈˌjw][nm]))"
UNWRITTEN = f"(?<=n)ʔ|{NASAL}(?=[ptkbdɡfvθðszʃʒʧʤ])"
"""Weak vowels that it does not write: in "kitten", between the t and the n."""


class Entry(NamedTuple):
    """A word that may answer: its text, which begins with a capital in a name, and its sound."""

    text: str
    syllables: tuple[Syllable, ...]


def words_ending(tail: Tail) -> Iterator[Entry]:
    """Words whose vowels are of the tail's classes from their last stressed one on; bleeped words are left out.

    To an unstressed ending, a last syllable with stress answers only with the same vowel, or nearly.
    """
    for phones, text in _pattern(tail).findall(_book()):
        if _is_fit(text, phones):
            yield Entry(text, syllabify(phones[::-1]))


def familiar_words(syllables: Sequence[Syllable]) -> Iterator[Entry]:
    """Words among the `FAMILIAR` commonest with as many syllables as these, their vowels of the same classes."""
    vowels = "".join(f"{BETWEEN}{_written(_alike(one))}{STRESS}?" for one in reversed(syllables))
    for phones, text in re.findall(f"^({vowels}{BETWEEN})\t(.+)$", _familiar_book(), re.MULTILINE):
        said = syllabify(phones[::-1])
        if len(said) == len(syllables) and all(map(alike, said, syllables)):
            yield Entry(text, said)


def alike(one: Syllable, other: Syllable) -> bool:
    """Whether two syllables have vowels of one class."""
    return vowel_class(one) == vowel_class(other)


@lru_cache(maxsize=65536)
def rank_of(word: str) -> int:
    """How many words are commoner, about: those that are inflections of common ones come after the commonest.

    Then come others by how many words the dictionary has that are made from them: "hinged", but no "qurshed".
    """
    known = common_ranks().get(word.lower())
    if known is not None:
        return known
    if form_of(word) is Form.COMMON:
        return INFLECTED
    return UNCOMMON - sum(map(is_known, _made_from(word)))


def is_verb(word: str) -> bool:
    """Whether the dictionary has its -ing form, as of "face" or "run"; it says little of names."""
    return is_known(f"{word.removesuffix('e')}ing") or is_known(f"{word}{word[-1]}ing")


def is_known(word: str) -> bool:
    """Whether one of the dictionaries has it, written so."""
    return word in gold_entries() or word in silver_entries()


def _made_from(word: str) -> tuple[str, ...]:
    stem = word.removesuffix("e")
    return f"{word}s", f"{stem}ed", f"{stem}ing", f"{stem}er", f"{stem}y", f"{word}less"


def _pattern(tail: Tail) -> re.Pattern[str]:
    """What lines of the book end as the tail does, from the word's last stressed vowel on; reversed, as they are."""
    last, *before = reversed(tail.syllables[-FURTHEST_STRESS:])
    alone = _written(_alike(last) if last.stress else WEAKEST if last.nucleus in WEAKEST else [last.nucleus])
    longer = ""
    for one in reversed(before):
        longer = f"{BETWEEN}{_written(_alike(one))}(?:{STRESS}[^\t\n]*{f'|{longer}' if longer else ''})"
    ends = f"{alone}(?:{STRESS}[^\t\n]*|{BETWEEN})"
    ends += f"|{_written(_alike(last))}{longer}" if longer else ""
    return re.compile(f"^({BETWEEN}(?:{ends}))\t(.+)$", re.MULTILINE)


def _alike(one: Syllable) -> Collection[str]:
    return CLASSES[vowel_class(one)]


def _written(nuclei: Collection[str]) -> str:
    """What matches these vowels in a reversed line, and a little more."""
    phones = "".join(WRITTEN.get(vowel, vowel[0]) for vowel in nuclei)
    # "trial" and "ideal" are said in one syllable.
    return f"(?:(?:(?<=l)ᵊ(?=[Ii]))?[{phones}]" + (f"|{UNWRITTEN})" if "ə" in nuclei else ")")


@cache
def _book() -> str:
    """A line for each word: its phones from the last to the first, because rhymes begin at the end, a tab, the word."""
    return "\n".join([f"{phones[::-1]}\t{word}" for word, phones in _phones().items()])


@cache
def _familiar_book() -> str:
    """The lines of familiar words."""
    familiar = (_written_as(word) for word, rank in common_ranks().items() if rank < FAMILIAR)
    lines = ((word, _phones().get(word, "")) for word in familiar)
    return "\n".join([f"{phones[::-1]}\t{word}" for word, phones in lines if _is_fit(word, phones)])


@cache
def _phones() -> dict[str, str]:
    """The hand-made dictionary with rap's spellings, and what the other one adds to the common words."""
    said = {word: entry if isinstance(entry, str) else entry_sound(entry) for word, entry in gold_entries().items()}
    said |= {
        word: entry_sound(silver_entries().get(word)) for word in map(_written_as, common_ranks()) if word not in said
    }
    return said | {word: phones if MAIN in phones or word in CLOSING else "" for word, phones in SPELLINGS.items()}


def _written_as(word: str) -> str:
    """A common word, with a capital if the dictionary has it as a name only."""
    return word if word in gold_entries() or word.capitalize() not in gold_entries() else word.capitalize()


def _is_fit(word: str, phones: str) -> bool:
    """Whether it is a word that stands alone; of names, and words without stress ("than"), only the common ones do."""
    plain = word.lower()
    if plain in PROFANE_WORDS or len(word) < SHORTEST or not word.isalpha() or ROMAN.fullmatch(word):
        return False
    if not (MAIN in phones and word == plain) and (plain not in common_ranks() or _written_as(plain) != word):
        return False
    letters, sounds = len(VOWEL_LETTER.findall(plain)), len(VOWELS.intersection(phones))
    return letters > 0 and sounds > 0 and (len(word) > LONGEST_INITIALISM or sounds <= letters)
