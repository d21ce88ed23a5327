"""What dictionaries say of a word: misaki's two, our own spellings before them, and gruut's names after."""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import Any

import orjson

from rap_analyzer.domain.rap_spellings import SPELLINGS


def known_sound(word: str) -> str:
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
    return bool(known_sound(word))


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


def common_sound(word: str) -> str:
    """Phones from our own table or the hand-made dictionary."""
    return SPELLINGS.get(word) or entry_sound(gold_entries().get(word))


def name_sound(word: str) -> str:
    """Phones of a name or rare word in lower case that misaki's dictionaries lack; "" for one that is not listed.

    `names.txt` is made from gruut's English lexicon (MIT, made from CMUdict; see NOTICE) by
    `benchmarks/extract_names.py`, without those that the letters alone tell.
    """
    return _names().get(word, "")


@cache
def _names() -> dict[str, str]:
    text = (importlib.resources.files("rap_analyzer.domain") / "names.txt").read_text("utf8")
    return dict(line.split(" ", 1) for line in text.splitlines())


@cache
def common_ranks() -> dict[str, int]:
    """Ranks, from 0, of the commonest forms of the English Wikipedia and of 11,000 novels: BERT's vocabulary."""
    text = (importlib.resources.files("rap_analyzer.domain") / "common_words.txt").read_text("ascii")
    return {word: rank for rank, word in enumerate(text.split())}
