"""Sounds that are no words: "sss", "brr", "skrrt", "hmm", written without a vowel."""

from __future__ import annotations

import re

CONSONANTS = "[b-df-hj-np-tv-xz]"
NO_VOWEL = re.compile(f"{CONSONANTS}+")
DRAWN_OUT = re.compile(rf"(.)\1\1|{CONSONANTS}(?:rr|ss|hh|zz|ff|mm)|^(?:mm|ss|sh|zz)")
RUN = re.compile(r"(.)\1+")
PHONES = "sh:ʃ ch:ʧ th:θ ph:f ck:k c:k g:ɡ j:ʤ q:k x:ks r:ɹ"
SPELLED = dict(pair.split(":") for pair in PHONES.split())
SPELLING = re.compile("|".join(sorted(SPELLED, key=len, reverse=True)))
HEARTS = (("ɹ", "ˈɜ"), ("[mn]", "ˈʌ"), ("l", "ˈʌ"), ("[szʃfvθ]", "ˈɪ"))
"""The consonants that carry such a sound, the most sonorous first, and the vowel that is heard before them."""


def vocal_sound(word: str) -> str:
    """Phones, in one syllable, for a word in lower case without vowel letters that is drawn out; else ""."""
    if not (NO_VOWEL.fullmatch(word) and DRAWN_OUT.search(word)):
        return ""
    phones = SPELLING.sub(lambda found: SPELLED[found[0]], RUN.sub(r"\1", word))
    for consonant, vowel in HEARTS:
        if found := re.search(consonant, phones):
            return phones[: found.start()] + vowel + phones[found.start() :]
    return phones + "ˈʌ"
