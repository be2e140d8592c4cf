"""MARC's geographic area codes that mean exactly a country or a part of one, with their codes in ISO 3166.

Specification: MARC Code List for Geographic Areas (https://www.loc.gov/marc/geoareas/), ISO 3166-1
and ISO 3166-2. Continents, seas, mountains and states that are no more have no code there and are
left out, and so is what covers more or less than the country it names.
"""

_COUNTRIES = """
a-af:AF a-ai:AM a-aj:AZ a-ba:BH a-bg:BD a-br:MM a-bt:BT a-bx:BN a-cb:KH a-cc:CN a-cc-hk:HK a-cc-mh:MO a-ce:LK
a-ch:TW a-cy:CY a-em:TL a-gs:GE a-ii:IN a-io:ID a-iq:IQ a-ir:IR a-is:IL a-ja:JP a-jo:JO a-kg:KG a-kn:KP a-ko:KR
a-ku:KW a-kz:KZ a-le:LB a-ls:LA a-mk:OM a-mp:MN a-my:MY a-np:NP a-ph:PH a-pk:PK a-pp:PG a-qa:QA a-si:SG a-su:SA
a-sy:SY a-ta:TJ a-th:TH a-tk:TM a-ts:AE a-tu:TR a-uz:UZ a-vt:VN a-ye:YE
e-aa:AL e-an:AD e-au:AT e-be:BE e-bn:BA e-bu:BG e-bw:BY e-ci:HR e-dk:DK e-er:EE e-fi:FI e-fr:FR e-gi:GI e-gr:GR
e-gx:DE e-hu:HU e-ic:IS e-ie:IE e-it:IT e-lh:LI e-li:LT e-lu:LU e-lv:LV e-mc:MC e-mm:MT e-mo:ME e-mv:MD e-ne:NL
e-no:NO e-pl:PL e-po:PT e-rb:RS e-rm:RO e-ru:RU e-sm:SM e-sp:ES e-sw:SE e-sz:CH e-uk:GB e-uk-en:GB-ENG
e-uk-ni:GB-NIR e-uk-st:GB-SCT e-uk-wl:GB-WLS e-un:UA e-vc:VA e-xn:MK e-xo:SK e-xr:CZ e-xv:SI
f-ae:DZ f-ao:AO f-bd:BI f-bs:BW f-cd:TD f-cf:CG f-cg:CD f-cm:CM f-cx:CF f-dm:BJ f-ea:ER f-eg:GQ f-et:ET f-ft:DJ
f-gh:GH f-gm:GM f-go:GA f-gv:GN f-iv:CI f-ke:KE f-lb:LR f-lo:LS f-ly:LY f-mg:MG f-ml:ML f-mr:MA f-mu:MR f-mw:MW
f-mz:MZ f-ng:NE f-nr:NG f-pg:GW f-rh:ZW f-rw:RW f-sa:ZA f-sd:SS f-sf:ST f-sg:SN f-sj:SD f-sl:SL f-so:SO f-sq:SZ
f-ss:EH f-sx:NA f-tg:TG f-ti:TN f-tz:TZ f-ua:EG f-ug:UG f-uv:BF f-za:ZM
i-bi:IO i-cq:KM i-hm:HM i-mf:MU i-my:YT i-re:RE i-se:SC i-xa:CX i-xb:CC i-xc:MV
lnbm:BM lncv:CV lnfa:FO lsbv:BV lsfk:FK
n-cn:CA n-gl:GL n-mx:MX n-us:US n-xl:PM ncbh:BZ nccr:CR nces:SV ncgt:GT ncho:HN ncnq:NI ncpn:PA
nwaq:AG nwaw:AW nwbb:BB nwbf:BS nwcj:KY nwco:CW nwcu:CU nwdq:DM nwdr:DO nwgd:GD nwgp:GP nwht:HT nwjm:JM nwmj:MS
nwmq:MQ nwpr:PR nwsn:SX nwst:MF nwtc:TC nwtr:TT nwvb:VG nwvi:VI nwxa:AI nwxi:KN nwxk:LC nwxm:VC
poas:AS pobp:SB pocw:CK pofj:FJ pofp:PF pogu:GU pokb:KI pomi:FM ponl:NC ponn:VU ponu:NR popc:PN popl:PW potl:TK
poto:TO potv:TV powf:WF pows:WS poxe:MH
s-ag:AR s-bl:BR s-bo:BO s-ck:CO s-cl:CL s-ec:EC s-fg:GF s-gy:GY s-pe:PE s-py:PY s-sr:SR s-uy:UY s-ve:VE
t:AQ u-at:AU u-at-ac:AU-ACT u-at-ne:AU-NSW u-at-no:AU-NT u-at-qn:AU-QLD u-at-sa:AU-SA u-at-tm:AU-TAS u-at-vi:AU-VIC
u-at-we:AU-WA u-nz:NZ
n-cn-ab:CA-AB n-cn-bc:CA-BC n-cn-mb:CA-MB n-cn-nf:CA-NL n-cn-nk:CA-NB n-cn-ns:CA-NS n-cn-nt:CA-NT n-cn-nu:CA-NU
n-cn-on:CA-ON n-cn-pi:CA-PE n-cn-qu:CA-QC n-cn-sn:CA-SK n-cn-yk:CA-YT n-us-nb:US-NE
"""
_STATES = (
    "ak al ar az ca co ct dc de fl ga hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd nh nj nm nv ny oh ok or pa"
    " ri sc sd tn tx ut va vt wa wi wv wy"
)


def iso3166(area: str) -> str:
    """Return the ISO 3166-1 or ISO 3166-2 code of a geographic area code (043 $a), ``""`` where it has none."""
    return _CODES.get(area.strip().rstrip("-").lower(), "")


def known(code: str) -> bool:
    """Say whether an ISO 3166 code is among those that area codes give."""
    return code in _KNOWN


_CODES = dict(pair.split(":") for pair in _COUNTRIES.split()) | {
    f"n-us-{state}": f"US-{state.upper()}" for state in _STATES.split()
}
_KNOWN = frozenset(_CODES.values())
