"""SRU 1.2 (http://www.loc.gov/standards/sru/): explain and searchRetrieve over the search, for library systems.

Whatever is wrong with a request is a diagnostic in an answer of status 200, as SRU has it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Held
from metadata.dublin_core import oai_dc
from metadata.xmlbuild import document, element, leaf
from metadata.xmltext import escape
from search.engine import ItemHit, gathered
from search.engine import Request as Question
from web.cql import INDEXES, CqlError, translated
from web.render import Service
from web.results import flat, whole_number
from web.sitemaps import xml_answer

NAMESPACE = "http://www.loc.gov/zing/srw/"
DIAGNOSTIC = "http://www.loc.gov/zing/srw/diagnostic/"
EXPLAIN = "http://explain.z3950.org/dtd/2.0/"
DEFAULT, MOST, DEEPEST_POSITION = 10, 50, 500
"""Records of an answer where nobody says how many, the most, and the last that can be had: beyond it, harvest."""

_VERSIONS = ("1.1", "1.2")
_DC = "info:srw/schema/1/dc-schema"
_KNOWN = frozenset(("operation", "version", "query", "startrecord", "maximumrecords", "recordpacking", "recordschema",
                    "resultsetttl", "recordxpath", "sortkeys", "stylesheet", "extrarequestdata"))  # fmt: skip
_MESSAGES = {
    1: "General system error", 4: "Unsupported operation", 5: "Unsupported version", 6: "Unsupported parameter value",
    7: "Mandatory parameter not supplied", 8: "Unsupported parameter", 9: "Unsupported combination of parameters",
    10: "Query syntax error", 12: "Too many characters in query", 13: "Invalid or unsupported use of parentheses",
    14: "Invalid or unsupported use of quotes", 15: "Unsupported context set", 16: "Unsupported index",
    19: "Unsupported relation", 20: "Unsupported relation modifier", 27: "Empty term unsupported",
    28: "Masking character not supported", 29: "Masked words too short", 31: "Anchoring character not supported",
    36: "Term in invalid format for index or relation", 38: "Too many boolean operators in query",
    39: "Proximity not supported", 46: "Unsupported boolean modifier", 48: "Query feature unsupported",
    61: "First record position out of range", 64: "Record temporarily unavailable",
    66: "Unknown schema for retrieval", 71: "Unsupported record packing", 72: "XPath retrieval unsupported",
    80: "Sort not supported", 110: "Stylesheets not supported",
}  # fmt: skip
_UNSUPPORTED = {"recordxpath": 72, "sortkeys": 80, "stylesheet": 110}
_SHOWN = 200

Make = Callable[[Service, Held], str]


@dataclass(frozen=True, slots=True)
class Schema:
    """A record schema: its short name, its URI, its title, and what makes a record of it."""

    name: str
    uri: str
    title: str
    make: Make


@dataclass(frozen=True, slots=True)
class Asked:
    """A searchRetrieve request, understood; ``query`` is in the library's own query language."""

    cql: str
    query: str
    schema: Schema
    start: int
    limit: int
    packing: str
    version: str


def sru(service: Service, request: Request) -> Response:
    """Answer ``/sru``; without an operation it explains itself."""
    pairs = [(name.lower(), value) for name, value in request.query_params.multi_items()]
    given = {name: value for name, value in pairs if not name.startswith("x-")}
    operation = given.get("operation", "")
    version = given.get("version", "1.2")
    answered = version if version in _VERSIONS else "1.2"
    try:
        _require_sense(pairs, given, operation)
        if operation in ("", "explain"):
            return _document("explainResponse", _explained(service, answered))
        asked = _asked(given)
        return _document("searchRetrieveResponse", _retrieved(service, asked))
    except CqlError as fault:
        return _refused(operation, answered, fault)


def _require_sense(pairs: Sequence[tuple[str, str]], given: Mapping[str, str], operation: str) -> None:
    """Raise CqlError for what makes no request, whatever it asks for."""
    if operation not in ("", "explain", "searchRetrieve"):
        raise CqlError(4, operation)
    if operation and "version" not in given:
        raise CqlError(7, "version")
    if given.get("version", "1.2") not in _VERSIONS:
        raise CqlError(5, "1.2")
    if not operation and "query" in given:
        raise CqlError(7, "operation")
    for name, value in given.items():
        if name not in _KNOWN:
            raise CqlError(8, name)
        if name in _UNSUPPORTED and value:
            raise CqlError(_UNSUPPORTED[name])
    if len(given) < sum(not name.startswith("x-") for name, _ in pairs):
        raise CqlError(9, "A parameter is repeated.")


def _asked(given: Mapping[str, str]) -> Asked:
    cql = given.get("query", "")
    if not cql.strip():
        raise CqlError(7, "query")
    wanted = given.get("recordschema") or "dc"
    schema = next((one for one in SCHEMAS if wanted in (one.name, one.uri)), None)
    if schema is None:
        raise CqlError(66, wanted)
    packing = given.get("recordpacking") or "xml"
    if packing not in ("xml", "string"):
        raise CqlError(71, packing)
    start = _number(given, "startrecord", 1)
    if not 1 <= start <= DEEPEST_POSITION:
        raise CqlError(61 if start else 6, f"startRecord: 1 to {DEEPEST_POSITION}")
    limit = min(_number(given, "maximumrecords", DEFAULT), MOST, DEEPEST_POSITION + 1 - start)
    return Asked(cql, translated(cql), schema, start, limit, packing, given["version"])


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "")
    number = whole_number(text)
    if text and not number and text != "0":
        raise CqlError(6, name)
    return number if text else default


def _retrieved(service: Service, asked: Asked) -> Iterator[str]:
    question = Question(asked.query, limit=_works(asked), pages_per_item=0, facets=())
    answer = service.engine.find(replace(question, limit=0))
    hits = flat(gathered(service.engine, question))[asked.start - 1 :][: asked.limit]
    if asked.start > max(answer.total, 1):
        raise CqlError(61, str(asked.start))
    yield leaf("version", asked.version)
    yield leaf("numberOfRecords", str(answer.total))
    yield element("records", None, _records(service, asked, hits)) if hits else ""
    then = asked.start + len(hits)
    if hits and then <= min(answer.total, DEEPEST_POSITION):
        yield leaf("nextRecordPosition", str(then))
    yield element("echoedSearchRetrieveRequest", None, _echoed(asked))


def _works(asked: Asked) -> int:
    """Return how many works hold the records asked for at the most: each has one at least."""
    return asked.start - 1 + asked.limit if asked.limit else 0


def _echoed(asked: Asked) -> Iterator[str]:
    yield leaf("version", asked.version)
    yield leaf("query", asked.cql)
    yield leaf("startRecord", str(asked.start))
    yield leaf("maximumRecords", str(asked.limit))
    yield leaf("recordPacking", asked.packing)
    yield leaf("recordSchema", asked.schema.name)


def _records(service: Service, asked: Asked, hits: Sequence[ItemHit]) -> Iterator[str]:
    for position, hit in enumerate(hits, asked.start):
        held = service.library.catalogue.shown(hit.id)
        if held is None or held.item.status != "published":  # withdrawn since the index was made
            gone = _diagnostic(CqlError(64, hit.id))
            yield _record("info:srw/schema/1/diagnostics-v1.1", "xml", gone, hit.id, position)
        else:
            data = asked.schema.make(service, held)
            yield _record(asked.schema.uri, asked.packing, data, hit.id, position)


def _record(schema: str, packing: str, data: str, identifier: str, position: int) -> str:
    content = [
        leaf("recordSchema", schema),
        leaf("recordPacking", packing),
        element("recordData", None, [data if packing == "xml" else escape(data)]),
        leaf("recordIdentifier", identifier),
        leaf("recordPosition", str(position)),
    ]
    return element("record", None, content)


def _explained(service: Service, version: str) -> Iterator[str]:
    address = service.site.base_url.partition("://")[2]
    host, _, path = address.partition("/")
    name, _, port = host.partition(":")
    info = {"protocol": "SRU", "version": "1.2", "transport": service.site.base_url.partition(":")[0], "method": "GET"}
    served = [leaf("host", name), leaf("port", port or ("443" if info["transport"] == "https" else "80"))]
    database = leaf("database", "/".join(part for part in (path, "sru") if part))
    content = [
        element("serverInfo", info, [*served, database]),
        element("databaseInfo", None, [leaf("title", service.site.name, {"primary": "true"})]),
        element("indexInfo", None, _indexes()),
        element("schemaInfo", None, _schemas()),
        element("configInfo", None, _configured()),
    ]
    record = element("explain", {"xmlns": EXPLAIN}, content)
    yield leaf("version", version)
    yield element("record", None, [
        leaf("recordSchema", EXPLAIN), leaf("recordPacking", "xml"), element("recordData", None, [record]),
    ])  # fmt: skip


def _indexes() -> Iterator[str]:
    yield element("set", {"name": "cql", "identifier": "info:srw/cql-context-set/1/cql-v1.2"})
    yield element("set", {"name": "dc", "identifier": "info:srw/cql-context-set/1/dc-v1.1"})
    yield element("set", {"name": "bath", "identifier": "http://zing.z3950.org/cql/bath/2.0/"})
    names = {**{name: name for name in INDEXES}, "cql.serverchoice": "cql.serverChoice"}
    for name in ("cql.serverchoice", *(one for one in INDEXES if one.startswith("dc."))):
        prefix, _, short = names[name].partition(".")
        mapped = element("map", None, [leaf("name", short, {"set": prefix})])
        yield element("index", {"search": "true", "scan": "false", "sort": "false"}, [leaf("title", short), mapped])


def _schemas() -> Iterator[str]:
    for one in SCHEMAS:
        told = {"name": one.name, "identifier": one.uri, "sort": "false", "retrieve": "true"}
        yield element("schema", told, [leaf("title", one.title)])


def _configured() -> Iterator[str]:
    yield leaf("default", str(DEFAULT), {"type": "numberOfRecords"})
    yield leaf("default", "dc", {"type": "retrieveSchema"})
    yield leaf("setting", str(MOST), {"type": "maximumRecords"})
    for kind, values in (("relation", ("=", "any", "all", "adj")), ("booleanOperator", ("and", "or", "not"))):
        yield from (leaf("supports", value, {"type": kind}) for value in values)
    yield leaf("supports", "*", {"type": "maskingCharacter"})


def _refused(operation: str, version: str, fault: CqlError) -> Response:
    told = element("diagnostics", None, [_diagnostic(fault)])
    if operation == "searchRetrieve":
        content = [leaf("version", version), leaf("numberOfRecords", "0"), told]
        return _document("searchRetrieveResponse", content)
    return _document("scanResponse" if operation == "scan" else "explainResponse", [leaf("version", version), told])


def _diagnostic(fault: CqlError) -> str:
    content = [
        leaf("uri", f"info:srw/diagnostic/1/{fault.code}"),
        leaf("details", fault.details[:_SHOWN]),
        leaf("message", _MESSAGES[fault.code]),
    ]
    return element("diagnostic", {"xmlns": DIAGNOSTIC}, content)


def _document(name: str, content: Iterator[str] | Sequence[str]) -> Response:
    answer = xml_answer(document(element(name, {"xmlns": NAMESPACE}, content)))
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _dublin_core(service: Service, held: Held) -> str:
    """Return the record in SRU's own wrapper for Dublin Core."""
    whole = oai_dc(held.item, service.site.base_url, service.vocabulary)
    inside = whole[whole.index(">") + 1 : whole.rindex("<")]
    names = {"xmlns:srw_dc": _DC, "xmlns:dc": "http://purl.org/dc/elements/1.1/"}
    return element("srw_dc:dc", names, [inside])


def _harvested(prefix: str) -> Make:
    return lambda service, held: service.renders[prefix](held.item, held.change)


SCHEMAS: Sequence[Schema] = (
    Schema("dc", "info:srw/schema/1/dc-v1.1", "Dublin Core", _dublin_core),
    Schema("mods", "info:srw/schema/1/mods-v3.7", "MODS 3.7", _harvested("mods")),
    Schema("marcxml", "info:srw/schema/1/marcxml-v1.1", "MARCXML", _harvested("marcxml")),
)
