"""Words as syllables: onset, nucleus, coda and stress."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rap_analyzer.domain.pronunciation import VOWELS, pronounce

_VOWEL = "".join(sorted(VOWELS))
SYLLABIC_N = re.compile(f"ʔn(?![{_VOWEL}])")
SYLLABIC = re.compile(f"(?<=[ptkbdɡfvθðszʃʒʧʤ])(?=[nm](?![{_VOWEL}ˈˌjw]))")
"""Where a nasal between consonants is a syllable of its own that the dictionary writes no vowel for: "remittance"."""
MERGED = (("kᵊli", "kli"), ("Iᵊl", "Il"), ("ˈiᵊl", "ˈil"))
"""Vowels that nobody says in verse: "basic'ly"; "trial" rhymes with "style", "ideal" with "deal"."""
PLAIN = str.maketrans({"ʔ": "t", "ᵊ": "ə", "ᵻ": "ɪ"})
STRESS = {"ˈ": 1, "ˌ": 2}
R_VOWELS = {"ɜ": "ɝ", "ə": "ɝ", "ᵊ": "ɝ"}
COLOURED = frozenset("ɑɔɛɪʊi")
"""Vowels that an r after them in the syllable colours: "ɑɹ" is a nucleus of its own."""
ONSET_CLUSTERS = (
    "pl pɹ pj bl bɹ bj tɹ tw tj dɹ dw dj kl kɹ kw kj ɡl ɡɹ ɡw fl fɹ fj vj θɹ θw sl sm sn sp st sk sw sf ʃɹ mj nj lj hj "
    "spl spɹ stɹ skɹ skw spj skj"
)
ONSETS = frozenset(ONSET_CLUSTERS.split())
"""Clusters that can begin an English syllable."""


class Syllable(NamedTuple):
    """One syllable.

    Attributes:
        onset: consonants before the vowel.
        nucleus: the vowel; with its r where one colours it ("ɑɹ"; "ɝ" as in bird and butter).
        coda: consonants after it.
        stress: 1 main, 2 second, 0 none.
        follow: all consonants of the word up to its next vowel: the coda and the next syllable's onset. Where a
            syllable ends is a matter of taste; what is heard between two vowels is not.
    """

    onset: str
    nucleus: str
    coda: str
    stress: int
    follow: str

    @property
    def phones(self) -> str:
        """Onset, nucleus and coda, without stress marks."""
        return self.onset + self.nucleus + self.coda


@lru_cache(maxsize=65536)
def syllables(text: str) -> tuple[Syllable, ...]:
    """Syllables of a word as it stands in a transcription; empty when nothing can be said of it. Never raises."""
    return syllabify(pronounce(text))


@lru_cache(maxsize=65536)
def syllabify(phones: str) -> tuple[Syllable, ...]:
    """Splits phones into syllables: each takes the longest onset that English allows."""
    vowels, clusters = _skeleton(phones)
    onsets = [clusters[0]] + [_onset(cluster) for cluster in clusters[1:-1]] if vowels else []
    codas = [c[: len(c) - len(o)] for c, o in zip(clusters[1:], [*onsets[1:], ""], strict=True)] if vowels else []
    return tuple(
        Syllable(onset, nucleus, coda, stress, follow)
        for onset, (nucleus, stress), coda, follow in zip(onsets, vowels, codas, clusters[1:], strict=True)
    )


Vowel = tuple[str, int]


def _skeleton(phones: str) -> tuple[list[Vowel], list[str]]:
    """The vowels with their stress, and the consonants before, between and after them (one more than vowels)."""
    vowels: list[Vowel] = []
    clusters = [""]
    stress = 0
    for phone in _said(phones):
        if phone in STRESS:
            stress = STRESS[phone]
        elif phone in VOWELS:
            _colour(vowels, clusters, stress)
            vowels.append((phone, stress))
            clusters.append("")
            stress = 0
        else:
            clusters[-1] += phone
    _colour(vowels, clusters, 0)
    return vowels, clusters


def _said(phones: str) -> str:
    for written, said in MERGED:
        phones = phones.replace(written, said)
    return SYLLABIC.sub("ə", SYLLABIC_N.sub("tən", phones)).translate(PLAIN)


def _colour(vowels: list[Vowel], clusters: list[str], next_stress: int) -> None:
    """Lets an r after the last vowel colour it, unless it begins a stressed syllable ("around")."""
    if not vowels or not clusters[-1].startswith("ɹ") or (next_stress and clusters[-1] == "ɹ"):
        return
    nucleus, stress = vowels[-1]
    if nucleus in R_VOWELS or nucleus in COLOURED:
        vowels[-1] = (R_VOWELS.get(nucleus, nucleus.replace("i", "ɪ") + "ɹ"), stress)
        clusters[-1] = clusters[-1][1:]


def _onset(cluster: str) -> str:
    """The longest end of a cluster between vowels that can begin a syllable."""
    for length in (3, 2):
        if cluster[-length:] in ONSETS and len(cluster) >= length:
            return cluster[-length:]
    return "" if cluster[-1:] == "ŋ" else cluster[-1:]
