"""Every way in which a transcription writes a word: how many syllables it has, and what its last one rhymes with."""

from __future__ import annotations

import pytest

from rap_analyzer.domain.phonology import syllables

FORMS = """
    runnin' 2 thin           | hustlin' 3 thin          | goin 2 in                | mothafuckin' 4 thin
    'bout 1 out              | 'em 1 rhythm             | 'til 1 hill              | 'cause 1 buzz
    ya'll 1 fall             | y'all 1 fall             | y'all'd 1 mauled         | tryna 2 hyena
    finna 2 hyena            | ion 2 tone               | iont 2 won't             | gon' 1 lawn
    gonna 2 hyena            | whatchu 2 shoe           | gotchu 2 shoe            | gotcha 2 sofa
    lemme 2 fee              | gimme 2 fee              | dunno 2 low              | boutta 2 sofa
    outta 2 sofa             | I'ma 2 sofa              | shoulda 2 sofa           | ain' 1 lane
    aight 2 night            | c'mon 2 con              | 'preciate 3 late         | 'hood 1 good
    somethin' 2 thin         | nothin 2 thin            | errbody 3 fee            | prolly 2 fee
    nobody'll 4 tunnel       | that'll 2 tunnel         | it'd 2 solid             | I'd've 2 olive
    wouldn't 2 couldn't      | shouldn't've 3 olive     | d'you 1 shoe             | who'd 1 food
    sooo 1 low               | nooooo 1 low             | soo 1 low                | goooood 1 hood
    yeahhh 1 yeah            | YEAHH 1 yeah             | loooove 1 glove          | heyyy 1 day
    pleeease 1 knees         | whaaat 1 what            | hellll 1 fell            | niiiice 1 ice
    bruhhh 1 duh             | damnnn 1 ham             | okayy 2 day              | rightt 1 night
    $100 5 collars           | $1,500 6 collars         | $20 4 collars            | $1 3 taller
    $2.50 3 coffee           | $50k 3 day               | $5M 3 onion              | 24/7 5 oven
    9mm 3 hem                | 50% 4 went               | 100% 5 went              | 1990s 4 babies
    '96 3 six                | 90s 2 babies             | 808s 3 dates             | 3rd 1 bird
    21st 3 burst             | 12th 1 twelfth           | 5'10 2 pen               | 6'4 2 door
    2Pac 2 pack              | 50k 3 day                | 3x 2 decks               | 365 4 hive
    187 5 oven               | 911 3 sun                | 404 3 door               | 1992 5 shoe
    2005 4 hive              | 7:30 4 dirty             | 12:00 3 block            | 1.5 3 hive
    #1 3 sun                 | AK-47 6 oven             | S550 4 coffee            | 50/50 4 coffee
    4ever 3 clever           | b4 2 door                | str8 1 late              | 1/2 1 laugh
    NYC 3 fee                | M.O.P. 3 fee             | ATL 3 fell               | L.A. 2 day
    LA 2 day                 | MCs 2 knees              | MC's 2 knees             | DJ's 2 days
    DJ'd 2 made              | MCing 3 king             | OGs 2 knees              | Gs 1 knees
    gs 1 knees               | FBI 3 eye                | LAPD 4 fee               | NBA 3 day
    DMX 3 decks              | mtv 3 fee                | smh 3 h                  | U.S.A. 3 day
    R&B 3 fee                | Q&A 3 day                | L-O-V-E 4 fee            | OK 2 day
    NASA 2 sofa              | RUN 1 sun                | IT 1 hit                 | BACK 1 pack
    SHEESH 1 leash           | THUGZ 1 bugs             | WHAT 1 what              | RIP 3 fee
    dog's 1 logs             | boss's 2 horses          | James' 1 aims            | niggas' 2 sofas
    Chris's 2 horses         | nobody's 3 babies        | condos 2 foes            | glocks 1 rocks
    dancefloor 2 door        | self-made 2 fade         | mid-air 2 fair           | e-mail 2 pale
    uh-huh 2 duh             | uh-oh 2 low              | nuh-uh 2 duh             | ping-pong 2 song
    hip-hop 2 stop           | la-la-la 3 spa           | b-b-back 3 pack          | s-s-slow 3 low
    sh-she 2 fee             | I-I-I 3 eye              | X-rated 3 faded          | well-known 2 tone
    f**k 1 duck              | f*ck 1 duck              | f-ck 1 duck              | sh*t 1 hit
    s**t 1 hit               | n***a 2 sofa             | n****s 2 sofas           | b!tch 1 rich
    b*tch 1 rich             | b****es 2 riches         | motherf***er 4 sucker    | mothaf**kin' 4 thin
    a$$ 1 glass              | a** 1 glass              | f*** 1 duck              | bulls**t 2 hit
    d*mn 1 ham               | h*e 1 low                | A$AP 2 cap               | Ca$h 1 rash
    (skrrt) 1 hurt           | (brr) 1 fur              | (sss) 1 hiss             | (grrah) 1 spa
    (shh) 1 wish             | (mmm) 1 sum              | (pssh) 1 wish            | (hmm) 1 sum
    psst 1 list              | grrr 1 fur               | zzz 1 fizz               | mm-hmm 2 sum
    prr 1 fur                | (woo) 1 shoe             | (ayy) 1 day              | ooh 1 shoe
    café 2 day               | Beyoncé 3 day            | naïve 2 leave            | señor 2 door
    Renée 2 day              | jalapeño 4 low           | fiancé 3 day             | olé 2 day
    résumé 3 day             | touché 2 day             | façade 2 cod             | piñata 3 sofa
    fire 2 buyer             | hour 2 shower            | our 1 car                | every 2 fee
    different 2 parent       | family 2 fee             | being 2 king             | world 1 curled
    girl 1 curl              | real 1 meal              | ideal 2 meal             | trial 1 style
    diamonds 2 almonds       | probably 2 fee           | drawing 2 king           | listening 2 king
    gyal 1 pal               | mandem 2 hem             | cyaan 1 con              | bredren 2 children
    oranges 3 badges         | concourses 3 badges      | devotees 3 fee's         | finales 3 fee's
    locales 2 pals           | buttes 1 boots           | boxes 2 badges           | heroes 2 rose
    churches 2 badges        | canoes 2 shoes           | referees 3 fee's         | caches 2 badges
    Kevin 2 thin             | Kevin's 2 bins           | Calvin 2 thin            | Stalin 2 thin
    Uber 2 shower            | iPhone 2 phone           | iphone 2 phone           | YouTube 2 tube
    TikTok 2 clock           | eBay 2 day               | Migos 2 gross            | Patrón 2 tone
    Cancún 2 moon            | Ramón 2 tone             | José 2 day               | Rasheed 2 feed
    Toyota 3 sofa            | Lamborghini 4 fee        | A1 2 sun                 | A-1 2 sun
    C4 2 door                | B2B 3 fee                | R2D2 4 shoe              | A-list 2 list
    hustla 2 sofa            | hustlas 2 sofas          | hustler 2 shower         | G.O.A.T. 1 boat
    C.R.E.A.M. 1 dream       | T.I.P. 3 fee             | comin 2 thin             | a-comin' 3 thin
    diss 1 miss              | Gucci 2 fee              | Versace 3 fee            | remittance 3 balance
"""
CASES = [tuple(form.split()) for form in FORMS.replace("\n", "|").split("|") if form.strip()]


def rime(text: str) -> str:
    """The vowel and what follows it, in the last syllable."""
    last = syllables(text)[-1]
    return last.nucleus + last.coda


@pytest.mark.parametrize(("word", "count", "partner"), CASES)
def test_a_form_has_its_syllables_and_its_rime(word: str, count: str, partner: str) -> None:
    """The partner is a plain word whose last syllable sounds the same from its vowel on."""
    assert (len(syllables(word)), rime(word)) == (int(count), rime(partner))


def test_the_table_is_long() -> None:
    """It covers what transcriptions of rap hold, and no form twice."""
    assert len({word for word, _, _ in CASES}) == len(CASES) >= 150
