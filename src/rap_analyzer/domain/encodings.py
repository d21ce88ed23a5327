"""In which legacy encoding a text may be written: one in which it reads like a language."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

TYPOGRAPHIC = frozenset("“”‘’„‚–—…«»‹›€£°·•¿¡´†™©®§×№\u00a0ªº½¼¾¹²³“”、。，！？：；「」『』（）・～〜ー《》【】ー·")
"""Signs that no letters are and stand in lyrics of many languages."""
MOST_STRANGE = 0.02
"""Share of signs beyond ASCII that may be none of a language's."""
LEAST_SCORE = 0.8
ONLY_CAPITALS = 0.85
"""What a reading is worth that has no small letter, in a script that has them or not: few songs are written so."""
CLEAR = 0.1
"""By so much the best reading is to be better than the next."""

LATIN = {
    "cp1252": (
        "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "ãáâàçéêíõôóúü", "àèéìíîòóùú", "åäöæøéüà", "ðþáéíóúýæö", "äëïöüéèíóáúê",
        "àçéèíïóòúü·",
    ),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîșțşţ"),
    "cp1254": ("çğıöşüâîû",),
    "mac_roman": ("äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "ãáâàçéêíõôóú", "åäöæøé"),
    "cp850": ("äöüß", "àâæçéèêëîïôùûü", "áéíñóúü"),
    "iso8859_2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű"),
}  # fmt: skip
"""Letters beyond ASCII of the languages that are written in an encoding, a string for each language."""
OTHER_SCRIPTS = {
    "cp1251": ("оеаинтсрвліи", "\u0400", "\u04ff"),
    "koi8_r": ("оеаинтсрвл", "\u0400", "\u04ff"),
    "cp866": ("оеаинтсрвл", "\u0400", "\u04ff"),
    "iso8859_5": ("оеаинтсрвл", "\u0400", "\u04ff"),
    "cp1253": ("αοιετσνηυρςίά", "\u0370", "\u03ff"),
    "cp1255": ("יוהלאתרבמשנ", "\u0590", "\u05ff"),
    "cp1256": ("اليمنورتبهة", "\u0600", "\u06ff"),
}
"""The commonest letters of an encoding's main language, and the range of its script."""
FREQUENT = 0.5
"""The commonest letters of a language are more than this share of a text; of letters in disorder they are not."""
COMMON_HAN = frozenset(
    "的一是不了在人有我他这個个上们來来到时時大地为為子中你说說生国國年着著就那和要她出也得里裡后後自以会會家可下而过過天去能对對小多然于"
    "心学學么麼之都好看起发發当當没沒成只如事把还還用第样樣道想作种種开開美总從从无無情己面最女但现現前些所同日手又行意动動方期它头頭经經长長"
    "儿兒回位分爱愛老因很给給名法间間斯知世什两兩次使身者被高已亲親其进進此话話常与與活正感见見明问問力理尔点點文几定本公特做外孩相西果走将將"
    "月十实實向声聲车車全信重三机機工物气氣每并並别別真打太新比才便夜晚梦夢歌唱光城市风風雨火眼笑哭路街灯燈窗户戶慢失"
)
COMMON_HANGUL = frozenset(
    "이가는은을를의에고하다나지어아도로서한그내너기자사리라대있게해인만일수시오우정면보무여네말제"
)
HAN = ("\u4e00", "\u9fff")
EAST_ASIAN = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
SPOKEN_OF = {"cp932": "shift_jis", "cp949": "euc_kr"}
"""What people call an encoding of which we read the wider form."""
CANDIDATES = (*LATIN, *OTHER_SCRIPTS, *EAST_ASIAN)

WORD = re.compile(r"[^\W\d_]+")


def likely_encodings(raw: bytes) -> list[str]:
    """Encodings in which bytes that are no UTF-8 read like a language, the likeliest first.

    Args:
        raw: lines that hold bytes beyond ASCII.

    Returns:
        One name when there is no doubt; several when they give different texts of which none is clearly the best;
        none when the bytes read like a language in no encoding that we know.
    """
    texts: dict[str, tuple[float, str]] = {}
    for encoding in CANDIDATES:
        text = _decoded(raw, encoding)
        score = _score(encoding, text) if text else 0.0
        if score >= LEAST_SCORE and text not in texts:
            texts[text] = (score, encoding)
    ranked = sorted(texts.values(), key=lambda found: -found[0])
    best = ranked[0][0] if ranked else 0.0
    return [encoding for score, encoding in ranked if score > best - CLEAR]


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _score(encoding: str, text: str) -> float:
    """How much a text reads like one of an encoding's languages, from 0 to 1."""
    signs = [character for character in text if not character.isascii()]
    strange = sum(not (c.isalpha() or c in TYPOGRAPHIC) for c in signs)
    if not signs or strange > MOST_STRANGE * len(signs):
        return 0.0
    letters = [character for character in signs if character.isalpha() and character not in TYPOGRAPHIC]
    if not letters:
        return 1.0 if encoding == "cp1252" else 0.9
    if encoding in LATIN:
        return max(_share(letters, alphabet) for alphabet in _alphabets(encoding)) * _case(text)
    if encoding in OTHER_SCRIPTS:
        return _other_script(encoding, letters) * _case(text) * _apart(text)
    return _east_asian(encoding, letters)


@cache
def _alphabets(encoding: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(alphabet + alphabet.upper()) for alphabet in LATIN[encoding])


def _share(letters: list[str], alphabet: frozenset[str]) -> float:
    share = sum(letter in alphabet for letter in letters) / len(letters)
    return share if share >= 1 - MOST_STRANGE else 0.0


def _case(text: str) -> float:
    """1 where small letters are not followed by capitals within words; near 0 where that is the rule."""
    letters = sum(len(str(word)) for word in WORD.findall(text))
    turns = sum(
        a.islower() and b.isupper() and not (a.isascii() and b.isascii())
        for word in WORD.findall(text)
        for a, b in pairwise(word)
    )
    return float(max(0.0, 1 - 10 * turns / max(letters, 1)))


def _apart(text: str) -> float:
    """1 where words are wholly in one script; near 0 where the letters of another stand within Latin words."""
    words = [str(word) for word in WORD.findall(text) if not word.isascii()]
    mixed = sum(any(map(str.isascii, word)) for word in words)
    return 1 - mixed / max(len(words), 1)


def _other_script(encoding: str, letters: list[str]) -> float:
    common, first, last = OTHER_SCRIPTS[encoding]
    own = sum(first <= letter <= last for letter in letters) / len(letters)
    frequent = sum(letter.lower() in common for letter in letters) / len(letters)
    if own < 1 - MOST_STRANGE or frequent < FREQUENT:
        return 0.0
    capitals = all(map(str.isupper, letters))
    return own * (ONLY_CAPITALS if capitals else 1.0)


def _east_asian(encoding: str, letters: list[str]) -> float:
    kana = _within(letters, "\u3041", "\u30ff")
    han = _within(letters, *HAN)
    if encoding == "cp949":
        common = sum(letter in COMMON_HANGUL for letter in letters) / len(letters)
        return _within(letters, "\uac00", "\ud7a3") if common >= 0.15 else 0.0  # noqa: PLR2004
    if encoding in {"cp932", "euc_jp"}:
        return kana + han if kana >= 0.1 else 0.0  # noqa: PLR2004  # no sentence of Japanese goes without
    common = sum(letter in COMMON_HAN for letter in letters) / len(letters)
    likely = common >= 0.15 and kana < 0.1  # noqa: PLR2004  # of Han in disorder the common ones are a twentieth
    return han * min(1.0, 0.7 + common) if likely else 0.0


def _within(letters: list[str], first: str, last: str) -> float:
    return sum(first <= letter <= last for letter in letters) / len(letters)
