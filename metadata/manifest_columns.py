"""The columns of a manifest, by the names that librarians give them in English, French and Spanish."""

import re
from dataclasses import dataclass

from metadata import languages
from metadata.folding import fold

_NAMES = """
file           file filename file-name files fichier nom-du-fichier fichiers archivo nombre-de-archivo archivos path
page_files     page-files page-images fichiers-des-pages images-des-pages archivos-de-paginas imagenes-de-paginas
title          title titre titulo main-title titre-principal titulo-principal title-proper
other_title    other-title alternative-title title-alternative autre-titre otro-titulo subtitle-alternative
subtitle       subtitle sub-title title-remainder remainder-of-title sous-titre complement-du-titre subtitulo
author         author authors auteur auteurs auteure autor autores autora creator creators createur creador
organisation   organisation organization organisations organizations organismo organisme corporate-author
organisation   collectivite auteur-collectif collectivite-auteur autor-corporativo autor-institucional entidad
editor         editor editors editeur-scientifique directeur-de-publication editor-cientifico contributor-editor
editor         directeur-de-la-publication sous-la-direction-de coordinador editor-literario
translator     translator translators traducteur traducteurs traductrice traductor traductores traductora
contributor    contributor contributors contributeur contributeurs collaborateur colaborador colaboradores
publisher      publisher publishers editeur editeurs maison-d-edition editorial casa-editorial
date           date year annee ano fecha date-issued issued publication-date publication-year pubdate
date           date-de-publication annee-de-publication fecha-de-publicacion ano-de-publicacion anio
created        date-created created date-de-creation fecha-de-creacion
language       language languages lang langue langues idioma idiomas lengua language-iso
type           type types document-type type-de-document tipo tipo-de-documento resource-type
subject        subject subjects keyword keywords sujet sujets mot-cle mots-cles tema temas materia materias
subject        palabra-clave palabras-clave descripteurs descriptores
description    description descriptions abstract summary resume sommaire descripcion resumen description-abstract
rights         rights licence license droits derechos licencia rights-uri droits-d-auteur derechos-de-autor
isbn           isbn identifier-isbn
issn           issn identifier-issn
doi            doi identifier-doi
url            url uri link lien enlace identifier-uri
identifier     identifier identifiers id identifiant cote identificador signatura call-number report-number
collection     collection collections coleccion colecciones
translation_of translation-of traduction-de traduccion-de is-translation-of
part_of        is-part-of part-of fait-partie-de partie-de es-parte-de forma-parte-de parte-de
replaces       replaces remplace reemplaza-a reemplaza sustituye-a
version_of     version-of edition-of version-de edition-de edicion-de is-version-of
edition        edition edicion mention-d-edition mencion-de-edicion edition-statement
extent         extent extension etendue collation pagination paginas pages physical-description
extent         description-physique descripcion-fisica importance-materielle number-of-pages nombre-de-pages
extent         numero-de-paginas
published_in   published-in publication-place place-of-publication lieu-de-publication lieu-d-edition publie-a
published_in   lugar-de-publicacion lugar-de-edicion publicado-en
series         series serie series-title titre-de-serie titre-de-la-serie titulo-de-serie titulo-de-la-serie
series_number  series-number number-in-series numero-de-serie numero-dans-la-serie numero-de-la-serie numero-en-la-serie
series_issn    series-issn issn-of-series issn-de-la-serie issn-de-serie
note           note notes nota notas remarque remarques observacion observaciones
access         access acces acceso access-rights droits-d-acces derechos-de-acceso
embargo        embargo embargo-until embargo-end-date embargo-date fin-d-embargo embargo-jusqu-au fin-de-embargo
embargo        embargo-hasta
place          coverage place places spatial couverture lieu lieux pays cobertura lugar lugares pais country
place          coverage-spatial couverture-spatiale cobertura-espacial
period         period temporal coverage-temporal periode couverture-temporelle periodo cobertura-temporal
"""
IN_LANGUAGES = frozenset({"title", "subtitle", "other_title", "subject", "description", "rights", "place", "note"})
_SUFFIX = re.compile(r"(.+?)-([a-z]{2,3}(?:-[a-z]{2})?|[a-z]{5,12})")
_ENDING = re.compile(r"(?<=\w)\((?:e?s|e|a|ne|rice|ora?|/a)\)|(?<=\w)/a\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds (a key of this module's table), and the language its name gives, else ``""``.

    ``separator`` parts the values of a cell, ``""`` never does, None is the usual ``;`` or
    ``|``. ``default`` stands in for an empty cell.
    """

    field: str
    language: str = ""
    separator: str | None = None
    default: str = ""


def column(header: str) -> Column | None:
    """Return what a header means (``Título``, ``title_fr``, ``Autor(es)``); None where it is not known."""
    if len(header) > 200:
        return None
    return _column(header) or _column(_ENDING.sub("", header))


def _column(header: str) -> Column | None:
    name = "-".join(re.findall(r"[^\W_]+", fold(header))).removeprefix("dc-").removeprefix("dcterms-")
    if field := _BY_NAME.get(name) or _BY_NAME.get(name.removeprefix("contributor-")):
        return Column(field)
    parts = _SUFFIX.fullmatch(name)
    field = _BY_NAME.get(parts[1], "") if parts else ""
    language = languages.from_code(parts[2]) if parts and field in IN_LANGUAGES else ""
    return Column(field, language) if language else None


def _read() -> dict[str, str]:
    lines = (line.split() for line in _NAMES.split("\n") if line)
    return {name: field for field, *names in lines for name in names}


_BY_NAME = _read()
FIELDS = frozenset(_BY_NAME.values())
