"""Controlled vocabularies of DSpace: nested ``node`` elements with an ``id`` and a ``label``, no SKOS."""

from io import BytesIO

from lxml import etree

from metadata.errors import UsageError
from metadata.problems import problem
from metadata.skos_drafts import Gathering
from metadata.skos_tables import Naming


def gather(gathering: Gathering, data: bytes, naming: Naming, name: str) -> None:
    """Add the concepts of a document; its outermost node is the scheme. Raises UsageError.

    Labels name no language: ``naming`` does, or nothing is known of it.
    """
    if b"<!DOCTYPE" in data:
        raise UsageError("The vocabulary declares a DOCTYPE, which is not read", "Save it without one.")
    events = etree.iterparse(
        BytesIO(data),
        events=("start", "end"),
        encoding="utf-8",  # as was found, whatever the file says of itself
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    reading = _Reading(gathering, naming, name)
    try:
        for event, found in events:
            if event == "start" and found.tag == "node":
                reading.begin(found.get("id", ""), found.get("label", ""))
            elif event == "end":
                if found.tag == "node":
                    reading.end()
                found.clear()
    except etree.XMLSyntaxError as fault:
        raise UsageError(f"The vocabulary cannot be read: {fault}") from fault


class _Reading:
    def __init__(self, gathering: Gathering, naming: Naming, name: str) -> None:
        self._gathering = gathering
        self._naming = naming
        self._name = name
        self._above: list[str] = []

    def begin(self, notation: str, label: str) -> None:
        """Take in a node."""
        where = f"{self._name}#{notation}"
        if not self._above:
            self._above.append("")
            self._gathering.text(self._gathering.schemes.setdefault("", []), label, self._naming.language, where)
            return
        parent = next((one for one in reversed(self._above) if one), "")
        uri = self._naming.uri(notation) if notation else ""
        known = uri in self._gathering.drafts
        self._above.append("" if known else uri)
        if not notation:
            self._gathering.report(problem("concept-without-key", where))
        elif known:
            self._gathering.report(problem("concept-key-twice", where, key=notation, row="–"))
        elif not (self._gathering.is_uri(uri, self._name) and self._gathering.fits(notation, 0, self._name)):
            self._above[-1] = ""
        else:
            draft = self._gathering.draft(uri)
            draft.is_concept = True
            draft.notations.append(notation)
            draft.broader += [parent] if parent else []
            self._gathering.text(draft.labels, label, self._naming.language, uri)

    def end(self) -> None:
        """Leave a node."""
        self._above.pop()
