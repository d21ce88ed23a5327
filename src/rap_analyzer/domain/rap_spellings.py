"""Words whose spelling or sound in rap a dictionary does not have, as phones (see `pronunciation`)."""

from __future__ import annotations

LETTER_NAMES = """
    a:ˈA b:bˈi c:sˈi d:dˈi e:ˈi f:ˈɛf g:ʤˈi h:ˈAʧ i:ˈI j:ʤˈA k:kˈA l:ˈɛl m:ˈɛm n:ˈɛn o:ˈO p:pˈi q:kjˈu r:ˈɑɹ s:ˈɛs t:tˈi
    u:jˈu v:vˈi w:dˈʌbᵊlju x:ˈɛks y:wˈI z:zˈi
"""
LETTERS = dict(pair.split(":") for pair in LETTER_NAMES.split())
"""Names of the letters."""

CAPITALS = frozenset(("AC", "AP", "AR", "EP", "ET", "IG", "KO", "LA", "LP", "MIA", "OD", "OT", "PG", "RIP", "US"))
"""Said letter by letter in capitals, though the same letters make a word."""

WEAK = "a:ə the:ðə an:ən to:tə of:əv and:ənd yeah:jˈæ our:ɑɹ ours:ˈɑɹz"
DROPPED = """
    really:ɹˈili realer:ɹˈiləɹ realest:ɹˈiləst every:ˈɛvɹi everything:ˈɛvɹiθˌɪŋ everybody:ˈɛvɹibˌɑdi everyone:ˈɛvɹiwˌʌn
    different:dˈɪfɹənt difference:dˈɪfɹəns favorite:fˈAvɹət favourite:fˈAvɹət favorites:fˈAvɹəts chocolate:ʧˈɑklət
    family:fˈæmli diamond:dˈImənd diamonds:dˈIməndz probably:pɹˈɑbli usually:jˈuʒəli casually:kˈæʒəli average:ˈævɹɪʤ
    natural:nˈæʧɹəl desperate:dˈɛspɹət several:sˈɛvɹəl camera:kˈæmɹə cameras:kˈæmɹəz listening:lˈɪsnɪŋ
    listenin':lˈɪsnɪn listenin:lˈɪsnɪn jewel:ʤˈul jewels:ʤˈulz comfortable:kˈʌmftəbᵊl vegetable:vˈɛʤtəbᵊl
    vegetables:vˈɛʤtəbᵊlz miserable:mˈɪzɹəbᵊl generally:ʤˈɛnɹəli separately:sˈɛpɹətli earl:ˈɜɹl drawing:dɹˈɔɪŋ
    drawings:dɹˈɔɪŋz withdrawing:wɪðdɹˈɔɪŋ thawing:θˈɔɪŋ gnawing:nˈɔɪŋ bass:bˈAs live:lˈɪv senor:sAnjˈɔɹ
"""
SHORTENED = """
    'bout:bˌWt bout:bˌWt 'til:tɪl til:tɪl em:əm cause:kˈʌz coz:kˈʌz cos:kˈʌz 'cuz:kˈʌz 'round:ɹˈWnd 'fore:fˈɔɹ
    'less:lˈɛs 'nuff:nˈʌf 'gon:ɡˈɔn gon:ɡˈɔn gon':ɡˈɔn goin:ɡˈOɪn fenna:fˈɛnə fixina:fˈɪksɪnə tryina:tɹˈIɪnə
    tryin:tɹˈIɪn boutta:bˈWɾə bouta:bˈWɾə 'bouta:bˈWɾə imma:ˈImə ima:ˈImə i'mma:ˈImə i'm'a:ˈImə i'mo:ˈImO ion:ˈIOn
    iono:ˌIənˈO iont:ˈIOnt yall:jˈɔl ya'll:jˈɔl y'all'd:jˈɔld y'all're:jˈɔləɹ yall's:jˈɔlz yer:jəɹ ur:jˈʊɹ ye:jˈA
    yknow:jənˈO d'you:ʤˈu i'd've:ˈIdəv that'd:ðˈæɾəd that'll:ðˈæɾᵊl what'd:wˈʌɾəd what'll:wˈʌɾᵊl there'd:ðˈɛɹəd
    there'll:ðˈɛɹᵊl who'd've:hˈudəv ain':ˈAn don':dˈOn won':wˈOn wouldn':wˈʊdᵊn couldn':kˈʊdᵊn shouldn':ʃˈʊdᵊn
    didn':dˈɪdᵊn wasn':wˈʌzᵊn cain't:kˈAnt dont:dˈOnt aint:ˈAnt wont:wˈOnt didnt:dˈɪdᵊnt im:ˈIm ive:ˈIv jus:ʤˈʌs
    jus':ʤˈʌs mos':mˈOs an':ən n:ən 'n:ən o':ə 'spose:spˈOz 'scuse:skjˈuz 'preciate:pɹˈiʃiˌAt 'member:mˈɛmbəɹ 'fro:fɹˈO
    'hood:hˈʊd alotta:əlˈɑɾə outa:ˈWɾə buncha:bˈʌnʧə coulda:kˈʊdə shoulda:ʃˈʊdə woulda:wˈʊdə mighta:mˈIɾə musta:mˈʌstə
    needa:nˈidə oughta:ˈɔɾə useta:jˈustə usta:jˈustə gotchu:ɡˈɑʧu getcha:ɡˈɛʧə letcha:lˈɛʧə watcha:wˈʌʧə whatchu:wˈʌʧu
    watchu:wˈʌʧu whachu:wˈʌʧu dontcha:dˈOnʧə dontchu:dˈOnʧu wontcha:wˈOnʧə didja:dˈɪʤə wouldja:wˈʊʤə couldja:kˈʊʤə
    chu:ʧu cha:ʧə wassup:wəsˈʌp whassup:wəsˈʌp wazzup:wəzˈʌp wussup:wəsˈʌp whattup:wˌʌtˈʌp cmon:kəmˈɑn cmere:kəmˈɪɹ
    c'mere:kəmˈɪɹ probly:pɹˈɑbli nothin:nˈʌθɪn nothin':nˈʌθɪn nuttin:nˈʌtɪn nuthin:nˈʌθɪn somethin:sˈʌmθɪn
    sumthin:sˈʌmθɪn sumn:sˈʌmən som'n:sˈʌmən suttin:sˈʌtɪn summ:sˈʌm anythin:ˈɛniθˌɪn everythin:ˈɛvɹiθˌɪn
    errbody:ˈɜɹbˌɑdi erbody:ˈɜɹbˌɑdi er'body:ˈɜɹbˌɑdi errthing:ˈɜɹθˌɪŋ errthang:ˈɜɹθˌæŋ erryday:ˈɜɹidˌA errday:ˈɜɹdˌA
    evryday:ˈɛvɹidˌA aight:ˌIˈIt aiight:ˌIˈIt iight:ˈIt ight:ˈIt alright:ˌɔlɹˈIt nahmean:nˈɑmin nahmsayin:nˌɑmsˈAɪn
    knamean:nˈɑmin knowmsayin:nˌOmsˈAɪn tomorra:təmˈɑɹə tomorrah:təmˈɑɹə tmr:təmˈɑɹO
"""
RESPELLED = """
    takin:tˈAkɪn thangs:θˈæŋz sho':ʃˈO tho':ðˈO tonite:tənˈIt gurl:ɡˈɜɹl grrl:ɡˈɜɹl boi:bˈY dese:dˈiz dose:dˈOz dey:dˈA
    dere:dˈɛɹ de:də tha:ðə wit':wˈɪt wid:wˈɪd w/:wˈɪð w/o:wɪðˈWt fa:fə fo:fˈO fo':fˈO mo':mˈO yo':jˈO ol:ˈOl ol':ˈOl
    'ol:ˈOl lil:lˈɪl lil':lˈɪl kno:nˈO thur:ðˈɜɹ hurr:hˈɜɹ hur:hˈɜɹ brudda:bɹˈʌdə cuh:kˈʌ mami:mˈɑmi papi:pˈɑpi
    dogg:dˈɔɡ dawgs:dˈɔɡz thugga:θˈʌɡə playa:plˈAə playas:plˈAəz hata:hˈAɾə hatas:hˈAɾəz balla:bˈɔlə ballas:bˈɔləz
    brotha:bɹˈʌðə brothas:bɹˈʌðəz sista:sˈɪstə sistas:sˈɪstəz motha:mˈʌðə anotha:ənˈʌðə otha:ˈʌðə neva:nˈɛvə eva:ˈɛvə
    foreva:fɔɹˈɛvə wateva:wʌtˈɛvə betta:bˈɛɾə lova:lˈʌvə unda:ˈʌndə afta:ˈæftə wata:wˈɔɾə rida:ɹˈIdə killa:kˈɪlə
    sucka:sˈʌkə suckas:sˈʌkəz gawd:ɡˈɔd lawd:lˈɔd baws:bˈɔs bawse:bˈɔs hos:hˈOz yessir:jˌɛsˈɜɹ yessuh:jˌɛsˈʌ
    nossir:nˌOsˈɜɹ plz:plˈiz pls:plˈiz ppl:pˈipᵊl thx:θˈæŋks nvr:nˈɛvəɹ bday:bˈiˌdA str8:stɹˈAt b4:bəfˈɔɹ gr8:ɡɹˈAt
    l8r:lˈAɾəɹ l8:lˈAt m8:mˈAt h8:hˈAt 2nite:tənˈIt 2day:tədˈA 4ever:fɔɹˈɛvəɹ 1/2:hˈæf sum1:sˈʌmwˌʌn every1:ˈɛvɹiwˌʌn
    dollas:dˈɑləz dolla:dˈɑlə paypa:pˈApə wheneva:wɛnˈɛvə
"""
CURSES = """
    niggas:nˈɪɡəz niggaz:nˈɪɡəz nigga's:nˈɪɡəz niggah:nˈɪɡə fucka:fˈʌkə fuckas:fˈʌkəz muthafucka:mˈʌðəfˌʌkə
    mothafucka:mˈʌðəfˌʌkə muthafuckas:mˈʌðəfˌʌkəz mothafuckas:mˈʌðəfˌʌkəz mothafuckin:mˈʌðəfˌʌkɪn
    muthafuckin:mˈʌðəfˌʌkɪn motherfuckin:mˈʌðəɹfˌʌkɪn muhfucka:mˈʌfˌʌkə muhfuckin:mˈʌfˌʌkɪn mufucka:mˈʌfˌʌkə mf:ˌɛmˈɛf
    mfs:ˌɛmˈɛfs biatch:biˈɑʧ biznatch:bɪznˈæʧ beyotch:biˈɑʧ fck:fˈʌk fuk:fˈʌk fvck:fˈʌk fxck:fˈʌk phuck:fˈʌk sht:ʃˈɪt
    shyt:ʃˈɪt shiet:ʃˈit btch:bˈɪʧ bih:bˈɪ bihh:bˈɪ azz:ˈæz thots:θˈɑts diss:dˈɪs disses:dˈɪsᵻz
"""
VOICED = """
    soo:sˈO noo:nˈO yoo:jˈO yea:jˈæ ay:ˈA ayy:ˈA aye:ˈA ayo:ˈAjO eh:ˈɛ ehh:ˈɛ uhh:ˈʌ ahh:ˈɑ aah:ˈɑ ohh:ˈO oooh:ˈu ou:ˈu
    oou:ˈu woah:wˈO whoo:wˈu tch:ʧˈɪ hm:hˈʌm mhm:əmhˈʌm mm-hmm:əmhˈʌm mmhmm:əmhˈʌm nuh-uh:nˈʌˌʌ tsk:tˈɪsk haha:hˈɑhˌɑ
    hahaha:hˈɑhˌɑhɑ hehe:hˈihˌi grrah:ɡɹˈɑ grra:ɡɹˈɑ grah:ɡɹˈɑ nah:nˈɑ nall:nˈɔl blaow:blˈW brap:bɹˈæp braap:bɹˈæp
    prr:pˈɜɹ baow:bˈW boaw:bˈW bow-bow:bˈWbˌW la:lˈɑ na:nˈɑ doo:dˈu sheeesh:ʃˈiʃ skrt:skˈɜɹt
"""
NAMED = """
    opp:ˈɑp opps:ˈɑps glizzy:ɡlˈɪzi glock:ɡlˈɑk glocks:ɡlˈɑks ak:ˌAkˈA benz:bˈɛnz benzes:bˈɛnzᵻz bimmer:bˈɪməɹ
    lambo:lˈæmbO rari:ɹˈɑɹi lexus:lˈɛksəs hyundai:hˈʌndA rollie:ɹˈOli rolex:ɹˈOlɛks patek:pətˈɛk gucci:ɡˈuʧi
    prada:pɹˈɑdə fendi:fˈɛndi versace:vəɹsˈɑʧi givenchy:ʒivˈɑnʃi cristal:kɹɪstˈɑl hennessy:hˈɛnəsi hennessey:hˈɛnəsi
    moet:mOˈɛt goodyear:ɡˈʊdjˌɪɹ mcdonald:məkdˈɑnəld mcdonalds:məkdˈɑnəldz mcdonald's:məkdˈɑnəldz beyonce:biˈɑnsA
    kanye:kˈɑnjA dre:dɹˈA sean:ʃˈɔn andre:ˈɑndɹA pharrell:fəɹˈɛl chanel:ʃənˈɛl cartier:kˈɑɹɾiA vuitton:vitˈɑn
    porsche:pˈɔɹʃ doug:dˈʌɡ mae:mˈA alize:ˌælɪzˈA moschino:mOskˈinO menage:mAnˈɑʒ xzibit:ɛɡzˈɪbɪt juan:wˈɑn jose:hOzˈA
    migos:mˈiɡOs hustler:hˈʌsləɹ hustlers:hˈʌsləɹz hermes:ɛɹmˈɛz piguet:piɡˈA audemars:ˈOdəmɑɹ louboutin:lˈubutˌæn
    louboutins:lˈubutˌænz mbappe:əmbˈɑpA neymar:nAmˈɑɹ shakira:ʃəkˈiɹə khalid:kəlˈid zendaya:zɛndˈAə tupac:tˈupˌɑk
    mase:mˈAs sadie:sˈAdi lebron:ləbɹˈɑn goyard:ɡOjˈɑɹd bjork:bjˈɔɹk iphone:ˈIfˌOn iphones:ˈIfˌOnz ipad:ˈIpˌæd
    moe:mˈO duce:dˈus lois:lˈOɪs renee:ɹᵻnˈA fiance:fˌiɑnsˈA fiancee:fˌiɑnsˈA jalapeno:hˌɑləpˈAnjO
    jalapenos:hˌɑləpˈAnjOz senorita:sˌAnjəɹˈitə mc:ˌɛmsˈi mcs:ˌɛmsˈiz djs:dˈiʤˌAz tv:tˌivˈi tvs:tˌivˈiz cd:sˌidˈi
    cds:sˌidˈiz dvd:dˌividˈi ok:OkˈA lapd:ˌɛlˌApˌidˈi od:ˌOdˈi od'd:ˌOdˈid idk:ˌIdˌikˈA idc:ˌIdˌisˈi
    idgaf:ˌIdˌiʤˌiˌAˈɛf omw:ˌOˌɛmdˈʌbᵊlju q&a:kjˌuənˈA a&r:ˌAənˈɑɹ m&m:ˌɛmənˈɛm m&ms:ˌɛmənˈɛmz m&m's:ˌɛmənˈɛmz
    r&b:ˌɑɹənbˈi rnb:ˌɑɹənbˈi vip:vˌiIpˈi ceo:sˌiiˈO suv:ˌɛsjuvˈi id:ˌIdˈi ids:ˌIdˈiz pc:pˌisˈi og:ˌOʤˈi ogs:ˌOʤˈiz
    usa:jˌuɛsˈA ny:ˌɛnwˈI nyc:ˌɛnwIsˈi atl:ˌAtiˈɛl ucla:jˌusiɛlˈA aka:ˌAkAˈA omg:ˌOɛmʤˈi lol:ˌɛlOˈɛl asap:ˈAsˌæp
    ms:mˈɪz mrs:mˈɪsᵻz st:stɹˈit vs:vˈɜɹsəs ft:fˈiʧəɹɪŋ 9mm:nˈInˌɛmɛm km:kˈA ii:tˈu iii:θɹˈi iv:ˌIvˈi ap:ˌApˈi
"""
ISLANDS = """
    mandem:mˈændɛm gyal:ɡjˈæl gyaldem:ɡjˈældɛm blud:blˈʌd wagwan:wˌɑɡwˈɑn yute:jˈut yutes:jˈuts ched:ʧˈɛd dunya:dˈʌnjə
    wallahi:wəlˈɑhi akhi:ˈɑki shotta:ʃˈɑɾə bredda:bɹˈɛdə bredren:bɹˈɛdɹən bredrin:bɹˈɛdɹɪn likkle:lˈɪkᵊl gwan:ɡwˈɑn
    gwaan:ɡwˈɑn cyaan:kjˈɑn deh:dˈɛ nuh:nˈʌ weh:wˈɛ seh:sˈɛ inna:ˈɪnə pon:pˈɑn fi:fˈi haffi:hˈæfi unu:ˈunu tek:tˈɛk
    mek:mˈɛk dutty:dˈʌti bwoy:bwˈY riddim:ɹˈɪdɪm wukkin:wˈʌkɪn mon:mˈɑn
"""

PAIRS = f"{WEAK} {DROPPED} {SHORTENED} {RESPELLED} {CURSES} {VOICED} {NAMED} {ISLANDS}"
SPELLINGS: dict[str, str] = dict(pair.rsplit(":", 1) for pair in PAIRS.split())
"""Lower-case spelling to phones. Looked up before the dictionaries."""
