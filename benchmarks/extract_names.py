"""Writes the words and names that misaki's dictionaries lack from gruut's English lexicon (MIT, made from CMUdict).

usage: extract_names.py LEXICON.db [FILE]

LEXICON.db is gruut_lang_en/lexicon.db of the package gruut-lang-en. Only plain words are taken that our dictionaries
do not have and that the letters alone would not be sounded out to, and no common words with an ending.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from pathlib import Path

from rap_analyzer.domain.dictionaries import common_sound, in_dictionary
from rap_analyzer.domain.letter_to_sound import sound_out
from rap_analyzer.domain.pronunciation import FLAPPED_AFTER, VOWELS, stems_of

TARGET = Path(__file__).parents[1] / "src" / "rap_analyzer" / "domain" / "names.txt"
PLAIN = re.compile(r"[a-z]{2,}")
PHONES = {"aɪ": "I", "oʊ": "O", "eɪ": "A", "aʊ": "W", "ɔɪ": "Y", "d͡ʒ": "ʤ", "t͡ʃ": "ʧ"}
INFLECTIONS = ("s", "es", "ed", "ing", "er", "ers", "est", "ly", "ness", "less", "ful", "able")
LOOSE = str.maketrans({"ᵊ": "ə", "ᵻ": "ə", "ɪ": "ə", "ɾ": "t", "ˌ": None})
"""Weak vowels that dictionaries write one way or another, and second stress."""


def main() -> None:
    """Command line."""
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    found = _first_sounds(Path(sys.argv[1]))
    names = {word: sound for word, sound in found.items() if _is_new(word, sound)}
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else TARGET
    target.write_text("".join(f"{word} {names[word]}\n" for word in sorted(names)), "utf8")
    print(f"{len(names):,} of {len(found):,} words in {target}")


def _first_sounds(lexicon: Path) -> dict[str, str]:
    """The first sound of each word, as our phones."""
    with sqlite3.connect(lexicon) as database:
        rows = database.execute("SELECT word, phonemes FROM word_phonemes ORDER BY word, pron_order DESC")
        return {word: phones_of(phonemes) for word, phonemes in rows if PLAIN.fullmatch(word)}


def _is_new(word: str, sound: str) -> bool:
    return (
        not in_dictionary(word)
        and not _is_inflected(word)
        and sound_out(word).translate(LOOSE) != sound.translate(LOOSE)
    )


def _is_inflected(word: str) -> bool:
    """Whether it is a common word with an ending, which sounds as that word does."""
    endings = [ending for ending in INFLECTIONS if word.endswith(ending)]
    return any(common_sound(stem) for ending in endings for stem in stems_of(word.removesuffix(ending), ending))


def phones_of(phonemes: str) -> str:
    """IPA phonemes, separated by spaces, in misaki's alphabet; a t between vowels is flapped as misaki writes it."""
    phones = [_phone(phoneme) for phoneme in phonemes.split()]
    for place in range(1, len(phones) - 1):
        before, after = phones[place - 1][-1], phones[place + 1][0]
        if phones[place] == "t" and before in FLAPPED_AFTER and after in VOWELS:
            phones[place] = "ɾ"
    return "".join(phones)


def _phone(phoneme: str) -> str:
    stress = phoneme[0] if phoneme[0] in "ˈˌ" else ""
    phone = phoneme.removeprefix(stress)
    if phone in {"ɚ", "ɝ"}:
        return f"{stress}ɜɹ" if stress else "əɹ"
    return stress + PHONES.get(phone, phone)


if __name__ == "__main__":
    main()
