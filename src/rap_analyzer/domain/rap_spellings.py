"""Words whose spelling or sound in rap a dictionary does not have, as phones (see `pronunciation`)."""

from __future__ import annotations

import re

CENSORED = re.compile(r"(?<=[A-Za-z])[*#@]+(?=[A-Za-z])")
"""Signs inside a word stand for its vowel: "f**k", "sh*t"; any vowel keeps the count of syllables."""

LETTER_NAMES = """
    a:ˈA b:bˈi c:sˈi d:dˈi e:ˈi f:ˈɛf g:ʤˈi h:ˈAʧ i:ˈI j:ʤˈA k:kˈA l:ˈɛl m:ˈɛm n:ˈɛn o:ˈO p:pˈi q:kjˈu r:ˈɑɹ s:ˈɛs t:tˈi
    u:jˈu v:vˈi w:dˈʌbᵊlju x:ˈɛks y:wˈI z:zˈi
"""
LETTERS = dict(pair.split(":") for pair in LETTER_NAMES.split())
"""Names of the letters."""

WEAK = "a:ə the:ðə an:ən to:tə of:əv and:ənd yeah:jˈæ our:ɑɹ ours:ˈɑɹz"
DROPPED = """
    real:ɹˈil really:ɹˈili realer:ɹˈiləɹ realest:ɹˈiləst every:ˈɛvɹi everything:ˈɛvɹiθˌɪŋ everybody:ˈɛvɹibˌɑdi
    everyone:ˈɛvɹiwˌʌn different:dˈɪfɹənt favorite:fˈAvɹət favourite:fˈAvɹət chocolate:ʧˈɑklət
"""
SLANG = """
    'bout:bˌWt bout:bˌWt 'til:tɪl til:tɪl 'em:əm em:əm 'cause:kˈʌz cause:kˈʌz cuz:kˈʌz coz:kˈʌz cos:kˈʌz 'cuz:kˈʌz
    'round:ɹˈWnd 'fore:fˈɔɹ 'less:lˈɛs 'nuff:nˈʌf 'gon:ɡˈɔn gon:ɡˈɔn gon':ɡˈɔn gonna:ɡˈʌnə gunna:ɡˈʌnə goin:ɡˈOɪn
    finna:fˈɪnə tryna:tɹˈInə tryin:tɹˈIɪn imma:ˈImə ima:ˈImə i'ma:ˈImə i'mma:ˈImə i'mo:ˈImO iont:ˈIOnt yall:jˈɔl
    ya'll:jˈɔl y'all:jˈɔl ya:jə yo:jˈO yer:jəɹ ur:jˈʊɹ u:jˈu ye:jˈA yuh:jˈʌ yup:jˈʌp yep:jˈɛp yeh:jˈɛ ay:ˈA ayy:ˈA
    aye:ˈA ayo:ˈAjO eh:ˈɛ uh:ˈʌ uhh:ˈʌ huh:hˈʌ ah:ˈɑ ahh:ˈɑ aah:ˈɑ oh:ˈO ohh:ˈO ooh:ˈu oooh:ˈu whoa:wˈO hm:hˈʌm
    hmm:hˈʌm mm:ˈʌm mmm:ˈʌm shh:ʃˈɪ sh:ʃˈɪ brr:bɹˈɜɹ brrr:bɹˈɜɹ grr:ɡɹˈɜɹ skrt:skˈɜɹt skrrt:skˈɜɹt skrr:skˈɜɹ
    pssh:pˈɪʃ tsk:tˈɪsk haha:hˈɑhˌɑ hahaha:hˈɑhˌɑhɑ bruh:bɹˈʌ bro:bɹˈO brah:bɹˈɑ cuh:kˈʌ da:də dat:dˈæt dis:dˈɪs
    dem:dˈɛm dey:dˈA den:dˈɛn dere:dˈɛɹ de:də wit:wˈɪt wit':wˈɪt wid:wˈɪd fa:fə fo:fˈO fo':fˈO mo:mˈO mo':mˈO ol:ˈOl
    ol':ˈOl 'ol:ˈOl ole:ˈOl lil:lˈɪl lil':lˈɪl lotta:lˈɑɾə outta:ˈWɾə kinda:kˈIndə sorta:sˈɔɹɾə coulda:kˈʊdə
    shoulda:ʃˈʊdə woulda:wˈʊdə mighta:mˈIɾə musta:mˈʌstə needa:nˈidə hafta:hˈæftə hadda:hˈædə oughta:ˈɔɾə
    gotta:ɡˈɑɾə gotcha:ɡˈɑʧə getcha:ɡˈɛʧə betcha:bˈɛʧə watcha:wˈʌʧə whatcha:wˈʌʧə lemme:lˈɛmi gimme:ɡˈɪmi
    dunno:dənˈO wanna:wˈɑnə dontcha:dˈOnʧə doncha:dˈOnʧə wassup:wəsˈʌp whassup:wəsˈʌp wazzup:wəzˈʌp whattup:wˌʌtˈʌp
    sup:sˈʌp c'mon:kəmˈɑn cmon:kəmˈɑn prolly:pɹˈɑli probly:pɹˈɑbli nothin:nˈʌθɪn nothin':nˈʌθɪn nuttin:nˈʌtɪn
    nuthin:nˈʌθɪn somethin:sˈʌmθɪn sumthin:sˈʌmθɪn sumn:sˈʌmən som'n:sˈʌmən anythin:ˈɛniθˌɪn thang:θˈæŋ thangs:θˈæŋz
    sho:ʃˈO sho':ʃˈO doe:dˈO tho:ðˈO tho':ðˈO thru:θɹˈu nite:nˈIt tonite:tənˈIt luv:lˈʌv gurl:ɡˈɜɹl grrl:ɡˈɜɹl
    boi:bˈY phat:fˈæt fam:fˈæm ion:ˈIən iono:ˌIənˈO ain':ˈAn don':dˈOn jus:ʤˈʌs jus':ʤˈʌs mos':mˈOs an':ən n:ən
    'n:ən 'n':ən o':ə s'pose:spˈOz ma:mˈɑ mama:mˈɑmə momma:mˈɑmə mami:mˈɑmi papi:pˈɑpi homie:hˈOmi shorty:ʃˈɔɹɾi
    shawty:ʃˈɔɾi shotta:ʃˈɑɾə dawg:dˈɔɡ dogg:dˈɔɡ dawgs:dˈɔɡz thugga:θˈʌɡə playa:plˈAə playas:plˈAəz hater:hˈAɾəɹ
    hata:hˈAɾə hatas:hˈAɾəz balla:bˈɔlə ballas:bˈɔləz brotha:bɹˈʌðə brothas:bɹˈʌðəz sista:sˈɪstə sistas:sˈɪstəz
    motha:mˈʌðə mutha:mˈʌðə anotha:ənˈʌðə otha:ˈʌðə neva:nˈɛvə eva:ˈɛvə foreva:fɔɹˈɛvə wateva:wʌtˈɛvə betta:bˈɛɾə
    lova:lˈʌvə ova:ˈOvə rida:ɹˈIdə killa:kˈɪlə nigga:nˈɪɡə niggas:nˈɪɡəz niggaz:nˈɪɡəz nigga's:nˈɪɡəz fucka:fˈʌkə
    sucka:sˈʌkə suckas:sˈʌkəz muthafucka:mˈʌðəfˌʌkə mothafucka:mˈʌðəfˌʌkə mothafuckin:mˈʌðəfˌʌkɪn
    motherfuckin:mˈʌðəɹfˌʌkɪn biatch:biˈɑʧ biznatch:bɪznˈæʧ gawd:ɡˈɔd lawd:lˈɔd baws:bˈɔs bawse:bˈɔs hoe:hˈO
    hoes:hˈOz ho:hˈO hos:hˈOz thot:θˈɑt thots:θˈɑts opp:ˈɑp opps:ˈɑps glizzy:ɡlˈɪzi blicky:blˈɪki drip:dɹˈɪp
    trill:tɹˈɪl gat:ɡˈæt gats:ɡˈæts glock:ɡlˈɑk glocks:ɡlˈɑks uzi:ˈuzi ak:ˌAkˈA benz:bˈɛnz benzes:bˈɛnzᵻz
    beemer:bˈiməɹ bimmer:bˈɪməɹ lambo:lˈæmbO rari:ɹˈɑɹi lex:lˈɛks lexus:lˈɛksəs rollie:ɹˈOli rolex:ɹˈOlɛks
    gucci:ɡˈuʧi prada:pɹˈɑdə fendi:fˈɛndi versace:vəɹsˈɑʧi cristal:kɹɪstˈɑl henny:hˈɛni hennessy:hˈɛnəsi
    hennessey:hˈɛnəsi moet:mOˈɛt mc:ˌɛmsˈi mcs:ˌɛmsˈiz emcee:ˌɛmsˈi emcees:ˌɛmsˈiz dj:dˈiʤˌA djs:dˈiʤˌAz tv:tˌivˈi
    cd:sˌidˈi cds:sˌidˈiz dvd:dˌividˈi ok:OkˈA vip:vˌiIpˈi ceo:sˌiiˈO suv:ˌɛsjuvˈi id:ˌIdˈi ids:ˌIdˈiz pc:pˌisˈi
    usa:jˌuɛsˈA la:lˈɑ ny:ˌɛnwˈI nyc:ˌɛnwIsˈi atl:ˌAtiˈɛl aka:ˌAkAˈA rip:ɹˈɪp omg:ˌOɛmʤˈi lol:ˌɛlOˈɛl ms:mˈɪz
    mr:mˈɪstəɹ mrs:mˈɪsᵻz dr:dˈɑktəɹ st:stɹˈit vs:vˈɜɹsəs ft:fˈiʧəɹɪŋ feat:fˈit 9mm:nˈInˌɛmɛm km:kˈA ii:tˈu iii:θɹˈi
    innit:ˈɪnɪt ting:tˈɪŋ tings:tˈɪŋz mandem:mˈændɛm gyal:ɡjˈæl gyaldem:ɡjˈældɛm bruv:bɹˈʌv blud:blˈʌd peng:pˈɛŋ
    ends:ˈɛndz wagwan:wˌɑɡwˈɑn allow:əlˈW dun:dˈʌn nah:nˈɑ naw:nˈɔ nope:nˈOp wah:wˈɑ yute:jˈut yutes:jˈuts
    feds:fˈɛdz ched:ʧˈɛd dunya:dˈʌnjə wallahi:wəlˈɑhi akhi:ˈɑki trappin:tɹˈæpɪn whippin:wˈɪpɪn rappin:ɹˈæpɪn
    drippin:dɹˈɪpɪn
"""

SPELLINGS: dict[str, str] = dict(pair.rsplit(":", 1) for pair in f"{WEAK} {DROPPED} {SLANG}".split())
"""Lower-case spelling to phones. Looked up before the dictionaries."""
