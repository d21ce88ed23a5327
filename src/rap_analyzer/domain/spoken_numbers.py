"""Digits as they are said: "24/7", "$100", "9mm", "1992"."""

from __future__ import annotations

import re

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
SMALL = ONES.split()
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
ORDINAL_SUFFIXES = ("st", "nd", "rd", "th")
SUFFIX = re.compile(r"(?<=\d)(?:'?s|st|nd|rd|th)$")
SCALE_LETTERS = {"k": "k", "K": "k", "M": "million", "B": "billion"}
DIGIT_BY_DIGIT = frozenset(("211", "212", "213", "313", "411", "718", "911"))
"""Emergency numbers and area codes that nobody reads as hundreds, nor in pairs."""
SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred"))
CURRENCIES = {"$": "dollars", "£": "pounds", "€": "euros"}
YEARS = range(1100, 2100)
LONGEST = 12
"""Digits. A longer number is read digit by digit."""


def spoken_number(written: str) -> str:
    """Words for a number, in lower case, separated by spaces.

    Four digits between 1100 and 2099 without a comma are read as a year ("nineteen ninety two"), and three as rap reads
    them ("three sixty five", "eight oh eight"), unless they count money; full hundreds below ten thousand are "fifteen
    hundred". A leading zero, a point's decimals and more than twelve digits are read digit by digit. A sum of money
    ends in its currency, but not after a scale ("$50k") nor with cents ("$2.50"). "4th" and "90s" are read as such.
    """
    if written[-1:] in SCALE_LETTERS:
        return f"{spoken_number(written[:-1].lstrip(''.join(CURRENCIES)))} {SCALE_LETTERS[written[-1]]}".strip()
    if suffix := SUFFIX.search(written):
        before, _, last = spoken_number(written[: suffix.start()]).rpartition(" ")
        return f"{before} {_ordinal(last) if suffix[0] in ORDINAL_SUFFIXES else _plural(last)}".strip()
    currency, percent = CURRENCIES.get(written[:1], ""), "percent" if written.endswith("%") else ""
    whole, *groups = re.split(r"[.:]", re.sub(r"[^\d.:]", "", written).strip(".:"))
    words = (_year(whole) or _called(whole)) if "," not in written and not currency and not groups else ""
    spoken = [words or _whole(whole)]
    if currency and len(groups) == 1 and len(groups[0]) == len("50") and groups[0] != "00":
        return f"{spoken[0]} {_whole(groups[0])}".strip()
    for group in groups:
        joint = "point" if "." in written else ""
        spoken += [joint, _digits(group) if joint else "o'clock" if group == "00" else _whole(group)]
    tail = "dollar" if currency == "dollars" and whole == "1" and not groups else currency
    return " ".join(word for word in (*spoken, percent, tail) if word)


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}es" if word.endswith("x") else f"{word}s"


def _ordinal(word: str) -> str:
    return ORDINALS.get(word) or (f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th")


def _year(digits: str) -> str:
    if len(digits) != len("1992") or int(digits) not in YEARS or digits[1:] == "000" or digits[1:3] == "00":
        return ""
    century, rest = divmod(int(digits), 100)
    if rest == 0:
        return f"{_cardinal(century)} hundred"
    return f"{_cardinal(century)} {'oh ' if rest < len(SMALL) // 2 else ''}{_cardinal(rest)}"


def _called(digits: str) -> str:
    """Three digits as a name for something: an area code, a gun, a road; "" for other lengths and full hundreds."""
    if len(digits) != len("365") or digits[0] == "0" or digits.endswith("00"):
        return ""
    if digits in DIGIT_BY_DIGIT:
        return " ".join(SMALL[int(d)] for d in digits)
    return f"{SMALL[int(digits[0])]} {'oh ' if digits[1] == '0' else ''}{_cardinal(int(digits[1:]))}"


def _whole(digits: str) -> str:
    if len(digits) == len("1500") and digits.endswith("00") and "0" not in digits[:2]:
        return f"{_cardinal(int(digits[:2]))} hundred"
    if len(digits) > LONGEST or (len(digits) > 1 and digits.startswith("0")):
        return _digits(digits)
    return _cardinal(int(digits)) if digits else ""


def _digits(digits: str) -> str:
    return " ".join("oh" if d == "0" and len(digits) > 1 else SMALL[int(d)] for d in digits)


def _cardinal(number: int) -> str:
    if number < len(SMALL):
        return SMALL[number]
    for size, name in SCALES:
        if number >= size:
            head, rest = divmod(number, size)
            return f"{_cardinal(head)} {name}{' ' + _cardinal(rest) if rest else ''}"
    tens, ones = divmod(number, 10)
    return TENS[tens] + (f" {SMALL[ones]}" if ones else "")
