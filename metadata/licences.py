"""Licences and rights statements by their addresses or short names, and whether there are such.

Creative Commons (https://creativecommons.org/licenses/list), RightsStatements.org 1.0, and
the identifiers of the SPDX License List that publications use.
"""

import re

_HOST = re.compile(
    r"(?:https?://)?(?:www\.)?(creativecommons\.org|rightsstatements\.org|spdx\.org)(/\S*)?", re.IGNORECASE
)
# A jurisdiction, then the page for people in some language.
_PORTS = r"(?:/(?:[a-z]{2,3}|igo|scotland))?(?:/(?:deed|legalcode)(?:\.[a-z]{2}(?:[_-][a-z]{2,4})?)?)?/?"
_KINDS = "by|by-sa|by-nd|by-nc|by-nc-sa|by-nc-nd"
_PATHS = {
    "creativecommons.org": re.compile(
        rf"/licenses/(?:{_KINDS})/(?:1\.0|2\.0|2\.1|2\.5|3\.0|4\.0){_PORTS}"
        rf"|/licenses/(?:sa|nd|nc|nc-sa|nd-nc|by-nd-nc)/[12]\.0{_PORTS}"
        rf"|/publicdomain/(?:zero|mark)/1\.0{_PORTS}",
        re.IGNORECASE,
    ),
    "rightsstatements.org": re.compile(
        r"/(?:vocab|page)/(?:InC|InC-OW-EU|InC-EDU|InC-NC|InC-RUU|NoC-CR|NoC-NC|NoC-OKLR|NoC-US|CNE|UND|NKC)/1\.0/?(?:\?\S*)?"
    ),
    "spdx.org": re.compile(r"/licenses/[A-Za-z0-9.+-]+?(?:\.html|\.json)?"),
}
_SHORT = re.compile(r"CC[ -]?(?:BY|0|SA|NC|ND|PDM)(?:[ 0-9.-]|BY|SA|NC|ND|IGO){0,30}(?:[ -][A-Z]{2})?", re.IGNORECASE)
_VERSION = r"[ -](?:1\.0|2\.0|2\.1|2\.5|3\.0|4\.0)"
_GOOD_SHORT = re.compile(
    rf"CC[ -](?:{_KINDS})(?:{_VERSION}(?:[ -](?:IGO|[A-Z]{{2}}))?)?|CC0(?:[ -]1\.0)?|CC[ -]PDM(?:[ -]1\.0)?",
    re.IGNORECASE,
)


def malformed(text: str) -> bool:
    """Say whether ``text`` names a known licence by an address or a short name that does not exist.

    A sentence about rights is none, and is never malformed; an address within one is looked at.
    """
    for found in _HOST.finditer(text):
        path = (found[2] or "").rstrip(".,;:)>]\"'")
        if not _PATHS[found[1].lower()].fullmatch(path):
            return True
    short = _SHORT.fullmatch(text.strip())
    return short is not None and not _GOOD_SHORT.fullmatch(re.sub(r"\s+", " ", short[0].strip()))
