"""Words that are counted by list: slang, and words that many find profane. The lists are short, and say so."""

from __future__ import annotations

SLANG = """
    'bout 'cause 'cuz 'em 'fore 'nuff 'round 'til ain't aint an' ayo bae balla ballas baller ballers ballin
    balling bangin beefin benjamins betcha blicky blud blunted boi bougie boujee bouncin brah bro bros brotha
    brothas bruh bruv bumpin bustin c'mon cappin capping chedda chillin chilling clappin cmon copped cos coulda
    coz cray creepin crunk cuh cuz cypher da dank dat dawg dawgs deadass dem dere dey dimepiece diss dissed dissin
    doe dogg dontcha dope drank drip dunno emcee emcees fam fetti finna flex flexin flexing floss flossin flossing
    fo fo' frontin frontin' gangsta gangstas ganja gat gats getcha gimme glizzy glock glocks goated gon gon' gonna
    goon goons gotcha gotta grands grill grillz grindin grinding grrl guap gurl gwop gyal gyaldem hafta hata hatas
    hater haters hecka hella henny highkey holla holler homeboy homegirl homeslice homie homies hundo hunnid
    hunnids hustler hustlers hustlin hustling hyped i'ma i'mma i'mo ima imma innit iono iont jackin juke jus jus'
    killa killas kinda krunk kush legit lemme leng lil lil' litty lotta lowkey luv mandem mc mcs mighta mo mo'
    moolah musta nah naw needa nite nope nothin nothin' nuff nuthin nuttin og ogs ol' opp opps oughta outta peeped
    peeps peng phat playa playas po-po popo poppin probly prolly rappin realer realest reefer reppin rida ridas
    roadman rollin scrilla shawties shawty sho sho' shorty shotta shoulda sista sistas slangin slay slayed
    slinging snitch snitches somethin somethin' sorta spittin spliff sucka suckas sumn sumthin swag tha thang
    thangs tho thru thug thugs ting tings tonite toolie trappin trapping trill trippin tryhard tryina tryna turnt
    u ur vibe vibes vibin wack wagwan wanksta wanna wassup watcha wazzup weed whack whassup whatcha whattup wid
    wifey wit woke woulda y'all y'all's ya ya'll yak yall yep yo youngin youngins yup yute yutes zoot zooted
"""
SLANG_WORDS = frozenset(SLANG.split())
"""Slang and rap spellings. A word whose slang is a second sense of an everyday one ("paper", "fly") is not in it: a
list cannot tell which is meant, and would count too much."""

PROFANE = """
    apeshit arse arsehole ass asses asshole assholes badass bastard bastards beyotch biatch biatches bigass bitch
    bitches bitchin bitching bitchy bollocks bullshit cock cocks cocksucker cocksuckers crap crappy cum cumming
    cunt cunts damn damned dick dickhead dickheads dicks dipshit dumbass dyke dykes fag faggot faggots fags fuck
    fucka fuckas fuckboy fuckboys fucked fucker fuckers fuckery fuckin fuckin' fucking fucks goddamn goddamned
    hell ho hoe hoes horseshit hos jackass mofo mofos mothafucka mothafuckas mothafuckin motherfuck motherfucker
    motherfuckers motherfuckin motherfuckin' motherfucking muthafucka muthafuckas muthafuckin nigga nigga's niggas
    niggaz nigger niggers piss pissed pissin pissing prick pricks pussies pussy retard retarded retards shit
    shitbag shithead shits shitted shittin shitting shitty slut sluts slutty smartass thot thots tit tits titties
    titty tranny twat twats wank wanker wankers whore whores
"""
PROFANE_WORDS = frozenset(PROFANE.split())
"""Words that broadcasters bleep, slurs among them, whatever is meant by them and whoever says them."""
