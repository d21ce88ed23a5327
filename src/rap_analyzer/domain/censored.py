"""What stars and other signs hide: "f**k", "motherf***er", "b!tch", "A$AP"."""

from __future__ import annotations

import re

HIDDEN = """
    fuck shit bitch nigga niggas ass damn fucks fucked fucker fuckers fuckin fucking fucka shits shitty shittin shitting
    bullshit bitches bitchin niggaz nigger niggers asses asshole assholes dick dicks pussy pussies cock cocks cunt cunts
    whore whores hoes slut sluts hoe goddamn tits titties motherfuck motherfucker motherfuckers motherfuckin
    motherfucking motherfucka muthafucka muthafuckas muthafuckin mothafucka mothafuckas mothafuckin dumbass badass
    jackass hell
"""
PROFANITIES = tuple(HIDDEN.split())
"""The likeliest first."""
DISGUISED = re.compile(r"[^0-9]*(?:[a-zA-Z][*#@$]+[a-zA-Z*#]|[@$][a-zA-Z]|[a-zA-Z](?:[*#]+|\$\$+)$)")
"""Signs that stand for letters, in a word that counts no money."""
SIGNS = re.compile(r"[*#@$!–—-]+")
AS_LETTERS = str.maketrans({"@": "a", "$": "s"})
HIDDEN_VOWEL = re.compile(r"[*#]+")


def uncensored(word: str) -> str:
    """The word behind the signs, in lower case; a word without such signs comes back as it is.

    A profanity with as many letters wins, then one of any length, then the letters that the signs look like; stars that
    are left hide a vowel. A hyphen or an exclamation mark hides a letter only in a profanity ("f-ck", "b!tch").
    """
    disguised = DISGUISED.match(word)
    if not disguised and "-" not in word and "!" not in word:
        return word
    stem, mark, ending = word.lower().partition("'")
    if found := _profanity(stem, ".{%d}") or (_profanity(stem, ".+") if disguised else ""):
        return found + mark + ending
    return HIDDEN_VOWEL.sub("u", word.lower().translate(AS_LETTERS)) if disguised else word


def _profanity(word: str, hidden: str) -> str:
    """The first profanity that fits, signs standing for as many letters as `hidden` says; "" for none."""
    letters = [re.escape(part) for part in SIGNS.split(word)]
    if not any(letters):
        return ""
    signs = [hidden.replace("%d", str(len(run))) for run in SIGNS.findall(word)]
    pattern = re.compile("".join(map("".join, zip(letters, [*signs, ""], strict=True))))
    return next((known for known in PROFANITIES if pattern.fullmatch(known)), "")
