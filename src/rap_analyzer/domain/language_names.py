"""Languages by the names that people give them: a code in any spelling, the English name, or the language's own."""

from __future__ import annotations

import re

from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.suggestion import closest

NAMES = """
    af afrikaans afr | am amharic amh | ar arabic ara العربية | az azerbaijani aze | be belarusian bel
    bg bulgarian bul български | bn bengali ben | bs bosnian bos | ca catalan cat català
    cs czech ces cze čeština | cy welsh cym wel | da danish dan dansk | de german deu ger deutsch
    el greek ell gre ελληνικά | en english eng | es spanish spa español castellano | et estonian est eesti
    eu basque eus baq euskara | fa persian fas per farsi | fi finnish fin suomi | fr french fra fre français
    ga irish gle gaeilge | gl galician glg | gu gujarati guj | ha hausa hau | he hebrew heb עברית | hi hindi hin
    hr croatian hrv hrvatski | ht haitian hat kreyòl | hu hungarian hun magyar | hy armenian hye arm
    id indonesian ind | ig igbo ibo | is icelandic isl ice | it italian ita italiano | ja japanese jpn 日本語
    jv javanese jav | ka georgian kat geo | kk kazakh kaz | km khmer khm | ko korean kor 한국어
    ku kurdish kur kurmanji | ky kyrgyz kir | la latin lat | lb luxembourgish ltz | lo lao
    lt lithuanian lit lietuvių | lv latvian lav latviešu | mg malagasy mlg | mk macedonian mkd mac
    ml malayalam mal | mn mongolian mon | mr marathi mar | ms malay msa may | mt maltese mlt | my burmese mya bur
    ne nepali nep | nl dutch nld dut nederlands flemish | no norwegian nor norsk | nb bokmål nob | nn nynorsk nno
    ny chichewa nya | pa punjabi pan | pl polish pol polski | ps pashto pus | pt portuguese por português
    ro romanian ron rum română | ru russian rus русский | rw kinyarwanda kin | si sinhala sin
    sk slovak slk slo slovenčina | sl slovenian slv slovene | sn shona sna | so somali som
    sq albanian sqi alb shqip | sr serbian srp српски | st sesotho sot | su sundanese sun | sv swedish swe svenska
    sw swahili swa kiswahili | ta tamil tam | te telugu tel | tg tajik tgk | th thai tha | tk turkmen tuk
    tl tagalog tgl filipino | tn tswana tsn | tr turkish tur türkçe | uk ukrainian ukr українська | ur urdu urd
    uz uzbek uzb | vi vietnamese vie | wo wolof wol | xh xhosa xho | yi yiddish yid | yo yoruba yor
    zh chinese zho chi mandarin 中文 | zu zulu zul
"""
CODES = {
    name: names.split()[0]
    for line in NAMES.strip().splitlines()
    for names in line.split("|")
    for name in (names.split() or ())
}
"""Every name in lower case to the ISO 639-1 code."""
CODE = re.compile(r"[a-z]{2,3}")
REGION = re.compile(r"[-_](?:[a-z]{4}|[a-z]{2}|[0-9]{3})\b.*")


def language_code(name: str) -> str | None:
    """The ISO 639-1 code (two letters) of a language: for "EN", "eng", "English", "en-US".

    Other codes of two or three letters are taken as they are, in lower case; None for what is neither code nor name.
    """
    wanted = REGION.sub("", " ".join(name.lower().split()))
    return CODES.get(wanted) or (wanted if CODE.fullmatch(wanted) else None)


def read_language(name: str | None) -> str | None:
    """The code of a language that a filter names; None where it is blank, for any language.

    Raises:
        InputError: it is neither code nor name; the message has the nearest name.
    """
    if name is None or not name.strip():
        return None
    code = language_code(name)
    if code is None:
        near = closest(name.lower(), CODES)
        hint = f" Did you mean {near}?" if near else ""
        raise InputError(f"language {name!r} is no language that we know; write a code such as en.{hint}")
    return code
