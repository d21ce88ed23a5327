"""An artist's name in its forms: catalogues write "Nova (UK)" or "Скриптонит (Scriptonite)", people one of the two."""

from __future__ import annotations

import re

BRACKETED = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
QUALIFIER = re.compile(
    r"\d+|.*\b(?:rapper|singer|producer|artist|group|band|dj|musician|duo|romani[sz]ed|\d{4}s?|rap|hip[- ]hop)\b.*",
    re.IGNORECASE,
)
"""What in brackets tells one artist from another and names nobody."""
LONGEST_CODE = 3
"""Capitals of a country or a city, "UK" or "ATL"."""


def name_forms(name: str) -> tuple[str, ...]:
    """The name as it is written, then without its brackets, then what stands in them where that may be a name too."""
    inside = [part.strip() for part in BRACKETED.findall(name)]
    names = [part for part in inside if part and not _qualifies(part)]
    forms = (name.strip(), BRACKETED.sub(" ", name).strip(), *names)
    return tuple(dict.fromkeys(form for form in forms if form))


def _qualifies(part: str) -> bool:
    return (part.isupper() and len(part) <= LONGEST_CODE) or bool(QUALIFIER.fullmatch(part))
