"""Letter-to-sound rules for words that no dictionary has: the longest rule that fits, from left to right.

A first rule set in the spirit of Elovitz and others (1976, "Letter-to-sound rules for automatic translation of English
text to phonetics"), cut to what matters for rhyme: the vowel that is heard, the consonants after it, and the number of
syllables.
"""

from __future__ import annotations

import re
from functools import cache

VOWEL_PHONES = "AIOWYæɑɔɛɜɪiʊuʌəᵊ"

# Spelling:phones; `<` stands for the word's beginning, `>` for its end. Longer spellings win.
RULES = """
    a:æ a>:ə ai:A ay:A au:ɔ aw:ɔ ar:ɑɹ are>:ɛɹ air:ɛɹ al>:ᵊl all:ɔl alk:ɔk ange:Anʤ aste>:Ast ah:ɑ aa:ɑ ae:i ate>:At
    ast:æst a_e:A ai_e:A b:b bb:b mb>:m bt>:t c:k cc:k ce>:s ch:ʧ chr:kɹ ck:k cia:ʃə cio:ʃə cqu:kw d:d dd:d dge:ʤ
    dg:ʤ e:ɛ e>:_ ee:i ea:i ead:ɛd ear:ɪɹ eer:ɪɹ er:ɜɹ er>:əɹ ers>:əɹz ere>:ɪɹ ei:i eigh:A ey:A ey>:i eu:u ew:u
    eau:O el>:ᵊl en>:ən <e>:i <be>:bi <he>:hi es>:ᵻz ed>:d ted>:tᵻd ded>:dᵻd ces>:sᵻz ses>:zᵻz ches>:ʧᵻz shes>:ʃᵻz
    ges>:ʤᵻz zes>:zᵻz xes>:ksᵻz eo:iO e_e:i f:f ff:f g:ɡ gg:ɡ ge>:ʤ gh:ɡ ght:t igh:I ough:ɔ ought:ɔt augh:ɔ gn:n
    <gn:n gue>:ɡ <gu:ɡ h:h i:ɪ ie:i ie>:i ies>:iz ied>:Id ir:ɜɹ ire>:Iəɹ i>:i io:iO ia:iə ind>:Ind ild>:Ild ing>:ɪŋ
    in'>:ɪn ious>:iəs ius>:iəs i_e:I j:ʤ k:k kk:k <kn:n l:l ll:l le>:ᵊl les>:ᵊlz led>:ᵊld m:m mm:m n:n nn:n ng:ŋ
    ng>:ŋ nge>:nʤ nk:ŋk nx:ŋks o:ɑ o>:O oa:O oe:O oh:O oi:Y oy:Y oo:u ook:ʊk ood:ʊd oor:ɔɹ ou:W ow:W ow>:O or:ɔɹ
    ore>:ɔɹ our:ɔɹ ould:ʊd ous>:əs on>:ən old:Old oll:Ol olt:Olt ost:Ost os>:Oz o_e:O p:p pp:p ph:f <ps:s <pn:n
    qu:kw q:k que>:k r:ɹ rr:ɹ rh:ɹ s:s ss:s sh:ʃ sch:sk sion:ʒən ssion:ʃən sc:sk t:t tt:t th:θ tch:ʧ tion:ʃən
    tious:ʃəs ture>:ʧəɹ tle>:tᵊl ture:ʧʊɹ u:ʌ u>:u ue:u ui:u ur:ɜɹ ure>:jʊɹ <uni:junɪ us>:əs um>:əm u_e:u v:v ve>:v
    w:w wh:w who:hu wa:wɑ war:wɔɹ wor:wɜɹ <wr:ɹ x:ks <x:z y:ɪ <y:j y>:i <my>:mI yr:ɪɹ y_e:I z:z zz:z izzle>:ɪzᵊl
    ism>:ɪzəm isms>:ɪzəmz iest>:iəst ier>:iəɹ iers>:iəɹz ness>:nəs eness>:nəs less>:ləs eless>:ləs ive>:ɪv ives>:ɪvz
    ally>:əli ically>:ɪkli ously>:əsli iously>:iəsli ation:Aʃən ations>:Aʃənz ful>:fᵊl ment>:mənt ements>:mənts
    ement>:mənt ety>:əti ity>:əti ities>:ətiz ified>:əfId ify>:əfI age>:ɪʤ eful>:fᵊl ely>:li ial>:iəl cial>:ʃəl
    tial>:ʃəl kes>:ks pes>:ps tes>:ts fes>:fs bes>:bz des>:dz mes>:mz nes>:nz res>:ɹz ves>:vz iew:ju
"""
TABLE = dict(rule.split(":") for rule in RULES.split())
LONGEST = max(map(len, TABLE))
MAGIC = re.compile(r"(ai|[aeiouy])(?=(?:[bcdfgjklmnpstvz]|th|ch|st|r)e(?:s|d|r|rs|ful|ly|less|ness|ment)?>)")
"""A vowel that a silent e makes long."""
SOFT = {"c": "s", "g": "ʤ"}
"""Letters that e, i and y after them soften."""
HEAVY_ENDING = re.compile(r"(?:[ᵊəɪ](?:ʃ|ʒ|k|kᵊl|t|ʃəs|bᵊl)|ʃən|ʒən|ɪk|iə|iəs|iən|ɪti|əti)(?:z|s|li)?$")
NUCLEUS = re.compile(f"[{VOWEL_PHONES}ᵻ]")


def sound_out(word: str) -> str:
    """Phones for a word of the letters a to z in lower case; other characters are passed over.

    The main stress lies before endings such as -ion and -ic, else on the first syllable, or the second after a- and
    re-like beginnings; a later full vowel with two syllables between keeps a second stress.
    """
    letters = re.sub(r"[^a-z]", "", word)
    phones = _phones(f"<{letters}>") if letters else ""
    if phones and not NUCLEUS.search(phones):
        phones = _with_vowel(phones)
    return _stressed(phones)


def _phones(text: str) -> str:
    magic = {match.start(): match[0] for match in MAGIC.finditer(text)}
    out, at = [], 1
    while at < len(text) - 1:
        if at in magic:
            out.append(TABLE[f"{magic[at]}_e"])
            at += len(magic[at])
            continue
        if text[at] in SOFT and text[at + 1] in "eiy" and not text.startswith(("<ge", "<gi", "gg"), at - 1):
            out.append(SOFT[text[at]])
            at += 1
            continue
        spelling, taken = _longest(text, at)
        out.append(TABLE.get(spelling, "").replace("_", ""))
        at += taken
    return "".join(out)


def _longest(text: str, at: int) -> tuple[str, int]:
    """The longest rule at a place, and how many letters it takes; a `<` before and a `>` after are part of a rule."""
    begin = at - 1 if at == 1 else at
    for length in range(LONGEST, 0, -1):
        for start in (begin, at):
            piece = text[start : at + length]
            if piece in TABLE and piece.strip("<>"):
                return piece, max(1, len(piece.strip("<>")))
    return "", 1


def _with_vowel(phones: str) -> str:
    return phones[0] + "ə" + phones[1:]


@cache
def _light_beginnings() -> re.Pattern[str]:
    return re.compile(r"(?:ə|ɹɛ|ɹi|dɛ|di|bɛ|bi|ɪn|ɛks|ʌn|kən|pɹi)(?=[^AIOWYæɑɔɛɜɪiʊuʌəᵊᵻ])")


def _stressed(phones: str) -> str:
    nuclei = [m.start() for m in NUCLEUS.finditer(phones)]
    if not nuclei:
        return phones
    main = _main_stress(phones, nuclei)
    marks = {nuclei[main]: "ˈ"}
    for index in range(main + 2, len(nuclei)):
        if phones[nuclei[index]] not in "əᵊᵻɪi":
            marks[nuclei[index]] = "ˌ"
            break
    return "".join(marks.get(i, "") + phone for i, phone in enumerate(phones))


def _main_stress(phones: str, nuclei: list[int]) -> int:
    ending = HEAVY_ENDING.search(phones)
    if ending and len(nuclei) > 2:  # noqa: PLR2004 - shorter words carry it on the first syllable
        before = [i for i, at in enumerate(nuclei) if at < ending.start()]
        if before:
            return before[-1]
    return 1 if len(nuclei) > 1 and _light_beginnings().match(phones) else 0
