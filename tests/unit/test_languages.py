"""A song's language is told for each section, and only English is measured."""

from __future__ import annotations

import pytest

from rap_analyzer.analyzers.algorithmic import score, score_all
from rap_analyzer.analyzers.languages import SectionLanguage, english_only
from rap_analyzer.analyzers.rhymes import rhymes_json
from rap_analyzer.domain.analysis import AnalysisInput, Status
from rap_analyzer.domain.lyrics import parse

ENGLISH = """I left my only jacket on the handle of the door
My mother mopped the hallway and the water hit the floor
A radio was playing what the preacher said before
I never had a dollar but I always wanted more"""
SPANISH = """Salgo de mi barrio con la luna en la mano
La calle me conoce, me saluda como hermano
Guardo tres monedas y un sueño en el bolsillo
Mi abuela me espera con café y un cigarrillo"""
FRENCH = """Je monte les escaliers, la lumière est cassée
Ma mère dort encore, la nuit l'a fatiguée
On parle dans le hall jusqu'au petit matin
J'ai froid dans ma veste mais j'ai chaud dans les mains"""
GERMAN = """Ich laufe durch die Straße mit dem Regen im Gesicht
Meine Mutter macht das Fenster zu und löscht das Licht
Wir haben nichts gehabt, nur den Hof und den Ball
Heute zähl ich keine Scheine und ich komme nicht zu Fall"""
RUSSIAN = """Я иду по двору, под ногами скрипит снег
Мама смотрит в окно, замедляя свой бег"""
ROMAJI = """Yoru no machi de boku wa hitori aruku
Kaze ga fuite kimi no koe ga todoku
Asa ga kuru made mado o akete matsu
Kokoro no naka ni hi ga moete iru"""
JAPANESE = """夜の街で僕はひとり歩く
風が吹いて君の声が届く"""
PATOIS = """Mi nuh waan dem come round inna mi yard
Dem a chat bout mi but dem cyaan draw card
Mi granny seh time rough and di road well hard
So mi haffi hold mi corner like a security guard"""
SLANG = """Ion kno why dey be actin like dey ain seen us
Boutta pull up wit da whole gang, finna bring da heater
Tryna stack it up fo mama, she been workin since da mornin
N dat's why I'm up late nite, cuh, ion do no yawnin"""
BRANDS = """Glizzy, blicky, diamonds dancing, water in the party
Fendi, Prada, velvet sofa, silver-plated Harley
Copper, nickel, pocket, wallet, paper, ladder, trolley
Engine, pistol, cherry, lemon, purple potion, holly"""
SPANGLISH = """Yo vengo de la calle but I made it to the stage
Mi madre siempre dijo, son, you gotta turn the page
La vida es una fiesta and I came here for the rage
No quiero más problemas, let the lion out the cage"""
LALA = """La la la la la la la
Na na na na na na
Hey hey hey"""


def song(*sections: str) -> str:
    """Verses under headers."""
    return "\n\n".join(f"[Verse {k}]\n{text}" for k, text in enumerate(sections, 1))


def languages(text: str) -> list[tuple[int, str]]:
    """Section and language of what is left out."""
    return [tuple(found) for found in english_only(parse(text))[1]]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "language"),
    [(SPANISH, "es"), (FRENCH, "fr"), (GERMAN, "de"), (RUSSIAN, "ru"), (JAPANESE, "ja"), (ROMAJI, "und")],
)
def test_another_language_is_named_and_left_out(text: str, language: str) -> None:
    """Between English verses, and alone; without a script of its own it may only be told that it is not English."""
    assert languages(song(ENGLISH, text, ENGLISH)) == [(1, language)]
    assert languages(text) == [(0, language)]


@pytest.mark.parametrize("text", [ENGLISH, PATOIS, SLANG, BRANDS, SPANGLISH], ids=str.split)
def test_english_in_all_its_spellings_is_english(text: str) -> None:
    """Patois, AAVE, lists of things and mixed verses are heard, also beside a foreign verse."""
    assert languages(text) == []
    assert languages(song(text, SPANISH, text)) == [(1, "es")]


def test_what_cannot_be_told_goes_with_the_song() -> None:
    """A hook of syllables is in the language of the verses, and in English when it stands alone."""
    assert languages(LALA) == []
    assert languages(song(ENGLISH, LALA, ENGLISH)) == []
    assert languages(song(SPANISH, LALA, SPANISH)) == [(0, "es"), (1, "es"), (2, "es")]


def test_short_sections_are_told_together() -> None:
    """Four sections of one line each say what one of them does not."""
    assert languages(song(*SPANISH.splitlines())) == [(k, "es") for k in range(4)]
    assert languages(song(*ENGLISH.splitlines())) == []


def test_the_detector_is_not_asked_of_plain_english() -> None:
    """It is slow to load, and not needed for most songs."""

    def detect(text: str) -> tuple[str, float]:
        raise AssertionError(text)

    lyrics = parse(song(ENGLISH, LALA, SLANG))
    assert english_only(lyrics, detect) == (lyrics, ())


def test_an_unsure_detector_is_not_believed() -> None:
    """Its name for a language is dropped; what is foreign stays so."""
    lyrics = parse(song(ENGLISH, ROMAJI))
    assert english_only(lyrics, lambda _: ("sw", 0.3))[1] == (SectionLanguage(1, "und"),)
    assert english_only(lyrics, lambda _: ("ja", 0.9))[1] == (SectionLanguage(1, "ja"),)


def test_what_is_left_keeps_its_place() -> None:
    """The foreign section is there without bars, and the bars after it keep their index."""
    english, _ = english_only(parse(song(ENGLISH, SPANISH, ENGLISH)))
    assert [len(section.bars) for section in english.sections] == [4, 0, 4]
    assert [bar.index for bar in english.bars] == [0, 1, 2, 3, 8, 9, 10, 11]


def test_figures_are_those_of_the_english_sections() -> None:
    """A foreign verse changes no figure of words, and the analysis says what it left out."""
    mixed, plain = score(AnalysisInput(song(ENGLISH, SPANISH))), score(AnalysisInput(song(ENGLISH)))
    assert mixed.status is Status.DONE
    assert mixed.reason == "Measured without what is not in English: Verse 2 ('es')."
    assert plain.reason == ""
    assert mixed.measures["rhyme_density"] == plain.measures["rhyme_density"]
    assert mixed.measures["syllables_per_bar"] == plain.measures["syllables_per_bar"]
    assert mixed.measures["tokens"] == plain.measures["tokens"]


def test_a_song_without_an_english_section_has_no_figures() -> None:
    """A status and the languages, no zeros."""
    answer = score(AnalysisInput(song(SPANISH, FRENCH)))
    assert (answer.status, answer.measures) == (Status.UNSUPPORTED_LANGUAGE, {})
    assert "'es', 'fr'" in answer.reason


def test_texts_measured_together_have_the_figures_that_they_have_alone() -> None:
    """Whatever stands beside them: a text without words, a song in another language, one without a section of its."""
    texts = [song(ENGLISH), "🔥", song(SPANISH, ENGLISH), song(SPANISH, FRENCH), "", song(SLANG, ENGLISH, ENGLISH)]
    inputs = [AnalysisInput(text) for text in texts]
    assert score_all(inputs) == list(map(score, inputs))


def test_rhymes_keep_foreign_bars_in_place_without_chains() -> None:
    """Every bar and word is in the answer; the foreign ones rhyme with nothing, and are named."""
    answer = rhymes_json(song(ENGLISH, SPANISH, ENGLISH), 7)
    assert [len(bar["words"]) for bar in answer["bars"]] == [len(line.split()) for line in _lines()]
    assert not any(word["syllables"] for bar in answer["bars"][4:8] for word in bar["words"])
    assert not any(member["bar"] in range(4, 8) for chain in answer["chains"] for member in chain["members"])
    assert answer["chains"]
    assert answer["unsupported_language"] == [{"section": 1, "language": "es"}]
    assert len(answer["schemes"]) == 3


def _lines() -> list[str]:
    return [*ENGLISH.splitlines(), *SPANISH.splitlines(), *ENGLISH.splitlines()]


def test_plain_english_says_nothing_of_languages() -> None:
    """The key is absent."""
    assert "unsupported_language" not in rhymes_json(ENGLISH)
