"""Section headers, as transcribers of many languages write them: "[Verse 1: A & B]", "[Pré-refrain]", "[サビ]"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(StrEnum):
    """What part of a song a section is."""

    VERSE = "verse"
    HOOK = "hook"
    BRIDGE = "bridge"
    PRE_HOOK = "pre_hook"
    INTRO = "intro"
    OUTRO = "outro"
    INTERLUDE = "interlude"
    SKIT = "skit"
    REFRAIN = "refrain"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SectionHeader:
    """What a header says: the section's kind, its number, and who raps it."""

    kind: Kind
    number: int | None = None
    performers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """A header: its text without the brackets, and what it says."""

    text: str
    read: SectionHeader


KIND_WORDS: dict[Kind, str] = {
    Kind.PRE_HOOK: "pre-chorus pre-hook prechorus prehook pré-refrain pre-refrain pre-coro precoro pre-estribillo "
    "pre-ritornello pre-refrão pré-refrão pre-refrain предприпев пред-припев пре-припев pre-verse build build-up "
    "pre-refren przedrefren för-refräng pre-refräng pre-refreng bro-omkvæd ön-nakarat "
    "προρεφρέν передприспів",
    Kind.VERSE: "verse vers verso versos estrofa couplet strophe part parte strofa куплет verse-chorus freestyle "
    "zwrotka kıta sloka verze säkeistö erindi κουπλέ κουπλε στροφή στίχος バース ヴァース ラップ 벌스 절 主歌 בית مقطع",
    Kind.HOOK: "hook chorus coro estribillo ritornello refrão припев хук post-chorus post-hook postchorus post-refrain "
    "post-coro post-estribillo post-ritornello pós-refrão пост-припев постприпев refren refrein refrén refräng refreng "
    "omkvæd nakarat kertosäe viðlag ρεφρέν ρεφρεν приспів サビ フック コーラス 후렴 훅 副歌 פזמון لازمة اللازمة كورس",
    Kind.BRIDGE: "bridge pont puente ponte brücke бридж мост middle-eight most mostek köprü brygga bro silta väliosa "
    "γέφυρα міст ブリッジ 브릿지 브리지 桥段 גשר",
    Kind.INTRO: "intro introduction introducción introduzione introdução вступление интро opening wstęp giriş εισαγωγή "
    "вступ イントロ 인트로 前奏 פתיחה مقدمة",
    Kind.OUTRO: "outro аутро ending closing final finale coda zakończenie çıkış κλείσιμο アウトロ "
    "아웃트로 尾奏 סיום خاتمة",
    Kind.INTERLUDE: "interlude interludio interlúdio zwischenspiel intermezzo интерлюдия проигрыш break breakdown "
    "mellanspel mellemspil 间奏 間奏 "
    "instrumental instrumental-break solo drop beat-switch",
    Kind.SKIT: "skit скит sketch dialogue diálogo dialog",
    Kind.REFRAIN: "refrain refrán рефрен",
    Kind.OTHER: "produced prod sample scratches spoken letra letras paroles songtext testo текст lyrics tracklist "
    "non-lyrical part-of художник продюсер",
}
KIND_OF = {word: kind for kind, words in KIND_WORDS.items() for word in words.split()}
REFRAIN_IS_HOOK = frozenset(
    ("couplet", "strophe", "part", "pont", "brücke", "pré-refrain", "pre-refrain", "post-refrain")
)
"""Words beside which "Refrain" is French or German for the hook; in English it is a line that comes back."""

SOUNDS = re.compile(
    r"\b(?:laugh|giggl|chuckl|cheer|applau|clap|crowd|audience|gun|shot|cough|sigh|phone|ring|siren|music|beat|static|"
    r"scream|shout|whistl|vocali|inaudible|silence|pause|breath|gasp|sniff|cries|crying|sobs|hum|beep|bleep|censor|"
    r"record|scratch|noise|sound|voice|glass|door|footstep|car|engine|thunder|rain|repeat|unintelligible|\?)",
    re.IGNORECASE,
)
BRACKETED = re.compile(r"\[([^\[\]]+)\]")
FIRST = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
NUMBER = re.compile(r"\s*(?:#\s*)?(?:(\d{1,3})|([IVX]{1,5})\b)")
NAMES = re.compile(r"\s*[:：–—]\s*|\s+-\s+")
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|ère|ème|[ªº°.]|[:.]?[ae](?=\s))?\s*(?=[^\W\d_])", re.IGNORECASE)
"""A number before the word: "1st Verse", "2. Strophe", "1er couplet", "2절"."""
COUNTED = re.compile(r"(first|second|third|fourth|fifth|last|final)\s+(?=\w)", re.IGNORECASE)
COUNTS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
IN_BRACKETS = re.compile(r"\s*(?:#?\s*\d{1,3}|[IVX]{1,5})?\s*\(([^()]+)\)\s*")
NO_NAME = re.compile(
    r"x ?\d+|\d+ ?x?|.*\b(?:repeat\w*|live|remix|reprise|instrumental|spoken|sung|clean|explicit|demo|original|extended"
    r"|partial|part|pt|version|sample\w*|ad-?libs?|reversed|slowed|screwed|acapella|reference|outro|intro|hook|chorus"
    r"|verse|bridge|refrain)\b.*",
    re.IGNORECASE,
)
"""What stands in brackets behind a kind and is nobody's name."""
BETWEEN = re.compile(r"\s*(?:[,;&()/+]|\b(?:and|with|feat\.?|ft\.?|y|et|und|e|и)\s)\s*")
ROMAN = {"I": 1, "V": 5, "X": 10}
LONGEST = 200
"""Characters. A longer line in brackets is text."""


def parse_header(line: str, *, opens_stanza: bool) -> Header | None:
    """Reads a line as a header.

    Args:
        line: without outer white space.
        opens_stanza: whether a blank line or the text's start stands before it. Only there is a bracketed line with
            no known first word ("[Marlow Quick]") taken for a header, of kind `other`.

    Returns:
        The header, or None when the line is a bar.
    """
    if len(line) > LONGEST or not line.startswith("["):
        return None
    match = BRACKETED.fullmatch(line)
    return _read(match[1], opens_stanza) if match else None


def refrain_means_hook(headers: Iterable[Header]) -> bool:
    """Whether the song's other headers are French or German, where "Refrain" is the hook."""
    return any(_first_word(header.text) in REFRAIN_IS_HOOK for header in headers)


@lru_cache(maxsize=1024)
def _read(text: str, opens_stanza: bool) -> Header | None:
    stripped = text.strip()
    if found := _numbered(stripped) or _named_first(stripped):
        return Header(text, found)
    kind, length = _kind(stripped)
    if kind is None:
        title = stripped[:1].isupper() and not SOUNDS.search(stripped)
        return Header(text, SectionHeader(Kind.OTHER)) if title and opens_stanza else None
    return Header(text, _details(kind, stripped[length:]))


def _numbered(text: str) -> SectionHeader | None:
    """What a header says whose number stands before the word: "1st Verse: Rosa", "Second Hook"."""
    before = ORDINAL.match(text) or COUNTED.match(text)
    if before is None:
        return None
    kind, length = _kind(text[before.end() :])
    if kind in (None, Kind.OTHER):
        return None
    read = _details(kind, text[before.end() + length :])
    number = int(before[1]) if before[1].isdecimal() else COUNTS.get(before[1].lower())
    return SectionHeader(kind, read.number if number is None else number, read.performers)


def _named_first(text: str) -> SectionHeader | None:
    """What a header says whose names stand before the word: "Rosa - Verse 2"."""
    parts = NAMES.split(text)
    if len(parts) != 2 or _kind(parts[0])[0] is not None:  # noqa: PLR2004 - names, and the part of the song
        return None
    kind, length = _kind(parts[1])
    rest = parts[1][length:]
    if kind in (None, Kind.OTHER) or (rest.strip() and not NUMBER.fullmatch(rest.rstrip())):
        return None
    return SectionHeader(kind, _number(NUMBER.match(rest)), split_performers(parts[0]))


def split_performers(names: str) -> tuple[str, ...]:
    """The names that a header gives, each once: what stands between commas, "and", "feat.", slashes and the like."""
    return tuple(dict.fromkeys(name for name in map(str.strip, BETWEEN.split(names)) if name))


def _kind(text: str) -> tuple[Kind | None, int]:
    """The kind that the first word or two name, and how many characters they take."""
    pair = re.match(r"[^\W\d_]+[\s-][^\W\d_]+", text)
    if pair and (kind := KIND_OF.get(re.sub(r"\s", "-", pair[0].lower()))):
        return kind, pair.end()
    first = FIRST.match(text)
    kind = KIND_OF.get(first[0].lower()) if first else None
    return (kind, first.end()) if first and kind else (None, 0)


def _first_word(text: str) -> str:
    match = FIRST.match(text.strip())
    return match[0].lower() if match else ""


def _details(kind: Kind, rest: str) -> SectionHeader:
    if kind is Kind.OTHER:
        return SectionHeader(kind)
    number = NUMBER.match(rest)
    parts = NAMES.split(rest, maxsplit=1)
    bracketed = IN_BRACKETS.fullmatch(rest)
    if len(parts) > 1:
        names = parts[1]
    else:
        names = bracketed[1] if bracketed and not NO_NAME.fullmatch(bracketed[1].strip()) else ""
    return SectionHeader(kind, _number(number), split_performers(names))


def _number(match: re.Match[str] | None) -> int | None:
    if match is None:
        return None
    return int(match[1]) if match[1] else _roman(match[2])


def _roman(numeral: str) -> int:
    values = [ROMAN[letter] for letter in numeral]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))
