"""What a song's title says: its words, its numbers, which version of the song it is, and who else is on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from anyascii import anyascii

if TYPE_CHECKING:
    from collections.abc import Iterator

BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
DASHED = re.compile(r"\s-\s")
FEATURED = re.compile(r"^(?:feat|ft|featuring|with|w/)\b\.?\s*")
FEATURED_BARE = re.compile(r"\s(?:feat|ft|featuring)\b\.?\s+")
BETWEEN_NAMES = re.compile(r"\s*(?:[,;+/&]|\s(?:and|x|with|vs\.?|feat\.?|ft\.?|featuring)\s)\s*")
TOKEN = re.compile(r"[a-z0-9*]+")
INITIALS = re.compile(r"(?<=\b[a-z])\.(?=[a-z]\b)")
DIGIT_GROUPS = re.compile(r"(?<=\d),(?=\d{3})")
NUMBER_EDGE = re.compile(r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)")
DROPPED_G = re.compile(r"in'(?=\W|$)")
LETTER_SIGNS = str.maketrans({"$": "s", "@": "a"})

KINDS = {
    "remix": r"re-?mix(?:ed)?|mix(?:ed)?|rework(?:ed)?|re-?edit|bootleg|mash-?up|flip|vip|dub",
    "live": r"live|sessions?|in concert",
    "acoustic": r"acoustic|unplugged|stripped(?: down)?|piano",
    "orchestral": r"orchestral|symphonic",
    "instrumental": r"instrumental",
    "a cappella": r"a ?capp?ell?a",
    "sung along": (
        r"karaoke|originally performed|in the style of|made (?:popular|famous) by|tribute|backing track|cover(?:ed)?"
    ),
    "sped up": r"sped[ -]up|speed up|nightcore|fast(?:er)?",
    "slowed": r"slowed|reverb(?:ed)?|chopped|screwed",
    "demo": r"demo",
    "edit": r"edit|radio|clean",
    "extended": r"extended|club|long version",
    "skit": r"skit",
    "interlude": r"interlude",
    "reprise": r"reprise",
    "another": (
        r"version|rendition|8-?bit|8d|lullaby|workout|solo|alternat(?:e|ive)|re-?recorded|take|bass boosted|type beat"
        r"|commentary"
    ),
}
"""Versions of a song that are recordings of their own, by how an aside in a title says so."""
KIND_PATTERNS = {kind: re.compile(rf"\b(?:{pattern})\b") for kind, pattern in KINDS.items()}
TRAILING = ("remix", "instrumental", "acoustic", "karaoke", "skit", "interlude", "demo")
"""Kinds that are told by a bare last word too; `live` is not: songs are called so."""
NEUTRAL_WORDS = """
    remaster remastered remasterised deluxe edition expanded bonus track explicit album version original single lp ep
    mono stereo anniversary reissue digital main dirty uncut uncensored official audio video music lyric lyrics
"""
NEUTRAL = frozenset(NEUTRAL_WORDS.split())
"""Words of asides that name no other recording."""
NEUTRAL_NUMBER = re.compile(r"\d+(?:st|nd|rd|th)?")
NAMELESS = "the a an at from in on by of and recorded performed style popular made up down"
OF_NO_NAME = NEUTRAL | frozenset(NAMELESS.split())
"""Words of a version's aside that do not say whose or where it is."""

PART_WORDS = "pt pts part parts vol volume no number chapter ch episode act"
PARTS = frozenset(PART_WORDS.split())
COUNTED = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
NUMBER_WORDS = {word: str(value) for value, word in enumerate(COUNTED.split())}
ROMAN_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii"
ROMAN = {numeral: str(value) for value, numeral in enumerate(ROMAN_NUMERALS.split(), start=1)}
SPELLED_OUT = {
    "gimme": "give me",
    "lemme": "let me",
    "gonna": "going to",
    "gotta": "got to",
    "wanna": "want to",
    "outta": "out of",
    "cuz": "because",
    "coz": "because",
    "cause": "because",
    "til": "until",
    "till": "until",
    "nite": "night",
    "tonite": "tonight",
    "lite": "light",
    "thru": "through",
    "tha": "the",
    "da": "the",
    "u": "you",
    "ya": "you",
    "ur": "your",
    "n": "and",
    "luv": "love",
}
"""Spellings that a title has on one page and not on the other."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title, taken apart.

    Attributes:
        words: in order, ASCII lower case, numbers as digits, without asides.
        aside: words of the brackets that belong to the title, such as a subtitle.
        raw: the whole, ASCII lower case, for titles without letters.
        kinds: which version it is, keys of KINDS; empty for the song itself.
        named: words that tell that version from others of its kind: the remixer, the place of the concert.
        featured: names of guests.
        is_latin: whether it was written in Latin letters.
    """

    words: tuple[str, ...]
    aside: tuple[str, ...]
    raw: str
    kinds: frozenset[str]
    named: frozenset[str]
    featured: tuple[str, ...]
    is_latin: bool

    @property
    def all_words(self) -> tuple[str, ...]:
        """Words of the title with those of its asides."""
        return self.words + self.aside

    @property
    def numbers(self) -> tuple[str, ...]:
        """Words with a digit in them, sorted: two titles with other numbers are two songs."""
        return tuple(sorted(word for word in self.all_words if re.search(r"\d", word)))


@lru_cache(maxsize=4096)
def parse_title(title: str) -> Title:
    """Take a title apart."""
    text = plain(title)
    bare, *dashed = DASHED.split(BRACKETED.sub(" ", text))
    bare, *featured = FEATURED_BARE.split(bare, maxsplit=1)
    asides = [*BRACKETED.findall(text), *(part for rest in dashed for part in re.split(r"\s/\s", rest))]
    if not TOKEN.search(bare) and len(asides) > 0:
        bare, *asides = asides
    names = [name for part in featured for name in split_names(part)]
    kinds: set[str] = set()
    named: set[str] = set()
    kept: list[str] = []
    for aside in map(str.strip, asides):
        if FEATURED.match(aside):
            names += split_names(FEATURED.sub("", aside))
        elif found := _kinds(aside):
            kinds |= found
            named |= set(_named(aside))
        elif not _is_neutral(aside):
            kept += words_of(aside)
    return Title(
        tuple(words_of(bare)),
        tuple(kept),
        text.strip(),
        frozenset(kinds),
        frozenset(named),
        tuple(names),
        title.isascii() or not re.search(r"[^\W\d_a-zA-Z\u00aa-\u024f\u1e00-\u1eff]", title),
    )


def readings(title: str) -> Iterator[Title]:
    """The title taken apart, and once more with a version told by its bare last word ("Tide Table Remix")."""
    yield (parsed := parse_title(title))
    if len(parsed.words) > 1 and parsed.words[-1] in TRAILING:
        kinds = parsed.kinds | {"sung along" if parsed.words[-1] == "karaoke" else parsed.words[-1]}
        rest = parsed.words[:-1]
        yield Title(rest, parsed.aside, parsed.raw, kinds, parsed.named, parsed.featured, parsed.is_latin)


def plain(text: str) -> str:
    """ASCII lower case, with one kind of apostrophe, dash and space."""
    return " ".join(anyascii(text).lower().replace("`", "'").split())


def split_names(names: str) -> list[str]:
    """Names that were joined as on a record sleeve, in plain form."""
    return [name for name in map(str.strip, BETWEEN_NAMES.split(plain(names))) if name]


def words_of(text: str) -> list[str]:
    """Words in a spelling that can be compared; a number is in digits, and `part` before one falls away."""
    text = DROPPED_G.sub("ing", text.translate(LETTER_SIGNS).replace("&", " and "))
    text = INITIALS.sub("", DIGIT_GROUPS.sub("", text.replace("'", "").replace('"', "")))
    text = NUMBER_EDGE.sub(" ", text.replace(".", " "))
    words = [word for word in TOKEN.findall(text) if word.strip("*")]
    words = [part for word in words for part in SPELLED_OUT.get(word, word).split()]
    return list(_with_digits(words))


def _with_digits(words: list[str]) -> Iterator[str]:
    for place, word in enumerate(words):
        before, last = words[place - 1] if place else "", place == len(words) - 1
        after = "" if last else words[place + 1]
        if word in PARTS and _is_number(after):
            continue
        if word in ROMAN and place and (before in PARTS or last):
            yield ROMAN[word]
        elif word.isdecimal():
            yield word.lstrip("0") or "0"
        else:
            yield NUMBER_WORDS.get(word, re.sub(r"(?<=[a-z]{2})our(?=s?$)", "or", word))


def _is_number(word: str) -> bool:
    return word[:1].isdecimal() or word in ROMAN or word in NUMBER_WORDS


def _kinds(aside: str) -> set[str]:
    if _is_neutral(aside):
        return set()
    found = {kind for kind, pattern in KIND_PATTERNS.items() if pattern.search(aside)}
    return found - {"another"} or found


def _named(aside: str) -> list[str]:
    for pattern in KIND_PATTERNS.values():
        aside = pattern.sub(" ", aside)
    return [word for word in words_of(aside) if word not in OF_NO_NAME]


def _is_neutral(aside: str) -> bool:
    words = TOKEN.findall(aside)
    return all(word in NEUTRAL or NEUTRAL_NUMBER.fullmatch(word) for word in words) and not set(words).isdisjoint(
        NEUTRAL
    )
