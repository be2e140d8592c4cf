"""What was asked: pairs from the wire, held against each verb's rules (OAI-PMH 2.0, 3.1.1, 3.6, 4).

Pairs, never a dictionary: a repeated argument is an error that a dictionary would hide.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import unquote_to_bytes

from metadata.xmltext import legal
from oai import datestamps

ErrorCode = Literal[
    "badVerb",
    "badArgument",
    "badResumptionToken",
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "noMetadataFormats",
    "noRecordsMatch",
    "noSetHierarchy",
]


@dataclass(frozen=True, slots=True)
class OaiError:
    """An error condition of section 3.6, with a sentence for people."""

    code: ErrorCode
    message: str


@dataclass(frozen=True, slots=True)
class OaiRequest:
    """A request that keeps the rules: ``arguments`` are exactly as sent, without the verb."""

    verb: str
    arguments: Mapping[str, str]


Pairs: TypeAlias = tuple[tuple[str, str], ...]
Errors: TypeAlias = tuple[OaiError, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """The arguments of one verb; ``resumable`` verbs take ``resumptionToken`` in place of all others."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    resumable: bool = False


_LIST = Rule(frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"}), resumable=True)

RULES: Mapping[str, Rule] = {
    "Identify": Rule(),
    "ListMetadataFormats": Rule(optional=frozenset({"identifier"})),
    "ListSets": Rule(resumable=True),
    "GetRecord": Rule(required=frozenset({"identifier", "metadataPrefix"})),
    "ListIdentifiers": _LIST,
    "ListRecords": _LIST,
}

_WORD = r"[A-Za-z0-9\-_.!~*'()]+"
_PREFIX = re.compile(_WORD)
_SET = re.compile(rf"{_WORD}(?::{_WORD})*")

# RFC 3986, appendix A, without IP literals.
_U = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
_P = rf"(?:{_U}|[:@])"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_AUTHORITY = rf"//(?:(?:{_U}|:)*@)?{_U}*(?::[0-9]{{0,5}})?(?:/{_P}*)*"
_TAIL = rf"(?:\?(?:{_P}|[/?])*)?(?:\#(?:{_P}|[/?])*)?"
_URI = re.compile(rf"(?:{_SCHEME}(?:{_AUTHORITY}|(?!//)(?:{_P}|/)*)|(?:{_U}|@)+(?:/{_P}*)*){_TAIL}")

_SYNTAX: Mapping[str, Callable[[str], object]] = {
    "metadataPrefix": _PREFIX.fullmatch,
    "set": _SET.fullmatch,
    "identifier": _URI.fullmatch,
    "from": datestamps.parse,
    "until": datestamps.parse,
}


def parse_pairs(raw: bytes) -> Pairs:
    """Return the pairs of an ``application/x-www-form-urlencoded`` query or body, in order.

    Bytes that are not UTF-8 stay in the strings as lone surrogates; :func:`read` refuses them.
    """
    pieces = (piece.partition(b"=") for piece in raw.split(b"&") if piece)
    return tuple((_decode(name), _decode(value)) for name, _, value in pieces)


def read(pairs: Pairs) -> OaiRequest | Errors:
    """Return the request that ``pairs`` make, or every rule that they break.

    An illegal value is badArgument, before anything is looked up: the answer to it may not
    echo the arguments (3.6), while those to all later errors must, and must stay valid.
    """
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in RULES:
        return (OaiError("badVerb", _about_verb(verbs)),)
    rest = [(name, value) for name, value in pairs if name != "verb"]
    names = [name for name, _ in rest]
    if faults := (*_illegal_characters(rest), *_misfits(RULES[verbs[0]], names)):
        return tuple(OaiError("badArgument", fault) for fault in faults)
    arguments = dict(rest)
    return tuple(_illegal_values(arguments)) or OaiRequest(verbs[0], arguments)


def _decode(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "surrogateescape")


def _about_verb(verbs: list[str]) -> str:
    if len(verbs) > 1:
        return "The verb is given more than once."
    return f"The verb is {'unknown' if verbs else 'missing'}; the verbs are {', '.join(RULES)}."


def _illegal_characters(pairs: list[tuple[str, str]]) -> Iterator[str]:
    # What was not UTF-8 was decoded to lone surrogates, which XML cannot hold either.
    if any(legal(part) != part for pair in pairs for part in pair):
        yield "The arguments hold bytes that are not UTF-8, or characters that XML cannot hold."


def _misfits(rule: Rule, names: list[str]) -> Iterator[str]:
    counted = Counter(names)
    allowed = rule.required | rule.optional | ({"resumptionToken"} if rule.resumable else set())
    yield from (f"{name} is given more than once." for name in sorted(allowed) if counted[name] > 1)
    if strangers := counted.keys() - allowed:
        shown = ", ".join(name[:40] for name in sorted(strangers)[:3])
        yield f"{len(strangers)} of the arguments do not belong to this verb: {shown}."
    if rule.resumable and "resumptionToken" in counted:
        if len(counted) > 1:
            yield "resumptionToken stands alone: no other argument beside it."
    else:
        yield from (f"{name} is missing." for name in sorted(rule.required - counted.keys()))


def _illegal_values(arguments: Mapping[str, str]) -> Iterator[OaiError]:
    illegal = [name for name, value in arguments.items() if name in _SYNTAX and not _SYNTAX[name](value)]
    for name in illegal:
        yield OaiError("badArgument", f"{name} is not written as the protocol says.")
    # 3.6 gives an identifier that is "illegal in this repository" a code of its own as well.
    if "identifier" in illegal:
        yield OaiError("idDoesNotExist", "The identifier is not a URI.")
    if not illegal and {"from", "until"} <= arguments.keys():
        yield from (OaiError("badArgument", fault) for fault in _window(arguments["from"], arguments["until"]))


def _window(since: str, until: str) -> Iterator[str]:
    if datestamps.is_in_seconds(since) != datestamps.is_in_seconds(until):
        yield "from and until differ in granularity."
    # Of one granularity, datestamps sort as their text does.
    elif since > until:
        yield "from is later than until."
