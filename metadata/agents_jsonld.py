"""schema.org in JSON-LD: a person or an organisation (schema.org 28, Person and Organization)."""

from collections.abc import Mapping

from metadata.agents import Authority
from metadata.agents_identifiers import address

_DATES = {"person": ("birthDate", "deathDate"), "organisation": ("foundingDate", "dissolutionDate")}


def agent_data(one: Authority, base_url: str, parents: Mapping[str, str]) -> dict[str, object]:
    """Return an agent as a JSON-LD object, without what has no value.

    ``base_url`` is the library's web address, without the slash at its end; ``parents`` are names by id. Values are
    plain text: whoever writes the object into HTML escapes ``<``.
    """
    begun, ended = _DATES[one.kind]
    home = f"{base_url}/agent/{one.id}"
    wholes = [
        {"@type": "Organization", "@id": f"{base_url}/agent/{parent.agent}", "name": parents[parent.agent]}
        for parent in one.parents
        if parent.agent in parents
    ]
    values: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Person" if one.kind == "person" else "Organization",
        "@id": home,
        "url": home,
        "name": one.name.value,
        "alternateName": list(dict.fromkeys(text.value for text in one.variants)),
        "sameAs": [made for number in one.identifiers if (made := address(number))],
        begun: one.begun,
        ended: one.ended,
        "affiliation" if one.kind == "person" else "parentOrganization": wholes,
        "description": one.note,
        "knowsLanguage": list(one.languages) if one.kind == "person" else [],
    }
    return {name: value for name, value in values.items() if value not in ("", [])}
