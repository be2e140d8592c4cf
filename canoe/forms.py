"""The forms in which one item is shown, each by its name on the command line."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from canoe.home import Home
from canoe.marc_records import agency, marcxml_record
from metadata.bibtex_export import bibtex
from metadata.csl import csl
from metadata.datacite import datacite
from metadata.dublin_core import oai_dc
from metadata.errors import NotFound, UsageError
from metadata.hocr import hocr_document
from metadata.kernel import MandatoryMissing
from metadata.model import Item
from metadata.mods_export import mods
from metadata.openaire import openaire
from metadata.ris_export import ris
from metadata.schemaorg import schemaorg
from metadata.serial import to_json

# What canoe edit sets so that a field of a form has a value.
_SETS = {
    "identifier": "--set doi=10.…",
    "publicationYear": "--set date=…",
    "date": "--set date=…",
    "title": "--set title=…",
}


class Form(StrEnum):
    """Forms an item is shown in."""

    JSON = "json"
    DC = "dc"
    MARCXML = "marcxml"
    MODS = "mods"
    DATACITE = "datacite"
    OPENAIRE = "openaire"
    SCHEMAORG = "schemaorg"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL = "csl"
    HOCR = "hocr"


def shown(form: Form, home: Home, item: Item) -> str:
    """Return an item in a form, ending in a newline; raises UsageError where it lacks what the form demands."""
    try:
        return _FORMS[form](home, item).rstrip("\n") + "\n"
    except MandatoryMissing as fault:
        given = " ".join(_SETS[field] for field in fault.fields if field in _SETS)
        hint = f"Add what is missing: canoe edit {item.id} {given}".rstrip(" :")
        raise UsageError(f"Item {item.id} cannot be shown as {form}: {fault}.", hint) from fault


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _hocr(home: Home, item: Item) -> str:
    """Return the words of an item's pages; raises NotFound where it has none."""
    if not any(item.files_as("pages")):
        raise NotFound(f"Item {item.id} has no pages.", "Only what was digitised has words on pages.")
    by = next((event.agent for event in home.library.events(item.id) if event.type == "digitisation"), "")
    name = next((file.name for file in item.files_as("original")), "")
    return hocr_document(home.library.pages(item.id), "".join(item.languages[:1]), name, by).decode()


_FORMS: Mapping[Form, Callable[[Home, Item], str]] = {
    Form.JSON: lambda _, item: to_json(item).decode(),
    Form.DC: lambda home, item: oai_dc(item, home.settings.library.base_url, home.vocabulary),
    Form.MARCXML: lambda home, item: marcxml_record(home, item).decode(),
    Form.MODS: lambda home, item: mods(item, home.vocabulary, agency(home, item)),
    Form.DATACITE: lambda home, item: datacite(item, home.settings.library.name, home.vocabulary),
    Form.OPENAIRE: lambda home, item: openaire(item, home.settings.library.base_url, home.vocabulary),
    Form.SCHEMAORG: lambda home, item: _json(schemaorg(item, home.settings.library.base_url, home.vocabulary)),
    Form.BIBTEX: lambda home, item: bibtex(item, home.settings.library.base_url, home.vocabulary),
    Form.RIS: lambda home, item: ris(item, home.settings.library.base_url, home.vocabulary),
    Form.CSL: lambda home, item: _json(csl(item, home.settings.library.base_url, home.vocabulary)),
    Form.HOCR: lambda home, item: _hocr(home, item),
}
