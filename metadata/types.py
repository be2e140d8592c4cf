"""Types of resource: one controlled list, and its names in the vocabularies of others.

COAR Resource Types 3 (http://purl.org/coar/resource_type/), DataCite 4
``resourceTypeGeneral``, the DCMI Type Vocabulary, and ``info:eu-repo/semantics`` as the
DRIVER guidelines list them. Where another's list has no such thing, the nearest wider
term stands, or ``""`` where even that would mislead.
"""

from dataclasses import dataclass

from metadata.folding import fold

_COAR = "http://purl.org/coar/resource_type/"
_NO_OTHER = _COAR + "c_1843"  # "other": the name of no type but that


@dataclass(frozen=True, slots=True)
class PublicationType:
    """A kind of publication. ``synonyms`` are what people write instead, in any language."""

    code: str
    en: str
    fr: str
    es: str
    coar: str
    datacite: str
    dcmi: str = ""
    eu_repo: str = ""
    synonyms: tuple[str, ...] = ()

    def label(self, language: str = "en") -> str:
        """Return the label in ``en``, ``fr`` or ``es``; in English for any other language."""
        return {"fr": self.fr, "es": self.es}.get(language.partition("-")[0], self.en)


_LIST = (
    PublicationType(
        "book", "Book", "Livre", "Libro", _COAR + "c_2f33", "Book", "Text", "book",
        ("monograph", "monographie", "monografía", "books", "livres", "libros", "ouvrage",
         "handbook", "atlas"),
    ),
    PublicationType(
        "report", "Report", "Rapport", "Informe", _COAR + "c_93fc", "Report", "Text", "report",
        ("reports", "technical report", "rapport technique", "informe técnico", "reporte", "working paper",
         "document de travail", "documento de trabajo", "rapports", "informes"),
    ),
    PublicationType(
        "article", "Article", "Article", "Artículo", _COAR + "c_6501", "JournalArticle", "Text", "article",
        ("journal article", "article de revue", "article de périodique", "artículo de revista", "articles",
         "artículos", "paper", "journalarticle"),
    ),
    PublicationType(
        "periodical", "Periodical", "Périodique", "Publicación periódica",
        _COAR + "c_0640", "Journal", "Text", "",
        ("journal", "serial", "magazine", "newsletter", "bulletin", "revue", "revista", "boletín",
         "publication en série", "publicación seriada", "periodicals"),
    ),
    PublicationType(
        "proceedings", "Proceedings", "Actes de conférence", "Actas de congreso",
        _COAR + "c_f744", "ConferenceProceeding", "Text", "conferenceObject",
        ("conference proceedings", "actes", "actes de congrès", "actes de colloque", "actas", "memorias",
         "actas de conferencia", "conferenceproceeding"),
    ),
    PublicationType(
        "guideline", "Guideline", "Lignes directrices", "Directrices",
        _COAR + "c_93fc", "Report", "Text", "report",
        ("guidelines", "guide", "manual", "manuel", "ligne directrice", "directriz", "guía", "toolkit",
         "boîte à outils", "best practice", "bonnes pratiques", "buenas prácticas"),
    ),
    PublicationType(
        "map", "Map", "Carte", "Mapa", _COAR + "c_12cd", "Image", "StillImage", "",
        ("maps", "cartes", "mapas", "cartographic material", "carte géographique", "plan"),
    ),
    PublicationType(
        "thesis", "Thesis", "Thèse", "Tesis", _COAR + "c_46ec", "Dissertation", "Text", "",
        ("dissertation", "mémoire", "theses", "thèses", "tesina", "disertación", "doctoral thesis",
         "master thesis", "thèse de doctorat", "tesis doctoral"),
    ),
    PublicationType(
        "image", "Image", "Image", "Imagen", _COAR + "c_c513", "Image", "Image", "",
        ("images", "imágenes", "photograph", "photo", "photographie", "fotografía", "foto", "poster",
         "affiche", "póster", "cartel", "drawing", "dessin", "dibujo", "still image", "stillimage"),
    ),
    PublicationType(
        "dataset", "Dataset", "Jeu de données", "Conjunto de datos",
        _COAR + "c_ddb1", "Dataset", "Dataset", "dataset",
        ("data", "données", "datos", "datasets", "data set", "jeux de données", "conjuntos de datos",
         "database", "base de données", "base de datos"),
    ),
    PublicationType(
        "video", "Video", "Vidéo", "Vídeo", _COAR + "c_12ce", "Audiovisual", "MovingImage", "",
        ("videos", "film", "película", "moving image", "movingimage", "audiovisual",
         "documental", "documentaire"),
    ),
    PublicationType(
        "sound", "Sound recording", "Enregistrement sonore", "Grabación sonora",
        _COAR + "c_18cc", "Sound", "Sound", "",
        ("sound", "son", "sonido", "audio", "sound recordings", "recording", "spoken word", "audiobook", "podcast",
         "livre audio", "audiolibro", "oral history", "histoire orale", "historia oral", "nonmusical sound recording"),
    ),
    PublicationType(
        "music", "Music recording", "Enregistrement musical", "Grabación musical",
        _COAR + "c_18cd", "Sound", "Sound", "",
        ("musique", "música", "musical sound recording", "musical recording", "song", "chanson", "canción",
         "musical composition", "composition musicale", "composición musical"),
    ),
    PublicationType(
        "score", "Score", "Partition", "Partitura", _COAR + "c_18cw", "Text", "Text", "",
        ("scores", "partitions", "partituras", "sheet music", "notated music", "musical notation",
         "notation musicale", "notación musical", "musique imprimée", "música impresa", "música notada"),
    ),
    PublicationType(
        "software", "Software", "Logiciel", "Programa informático",
        _COAR + "c_5ce6", "Software", "Software", "",
        ("computer program", "computer file", "computer files", "logiciels", "programme informatique", "software libre",
         "fichier informatique", "archivo de ordenador", "archivo informático", "video game", "jeu vidéo",
         "videojuego"),
    ),
    PublicationType(
        "object", "Object", "Objet", "Objeto", _COAR + "c_1843", "PhysicalObject", "PhysicalObject", "",
        ("objects", "objets", "objetos", "physical object", "physicalobject", "realia", "artefact", "artifact",
         "artefacto", "three-dimensional object", "specimen", "spécimen", "espécimen"),
    ),
    PublicationType(
        "mixed", "Mixed materials", "Documents mixtes", "Materiales mixtos",
        _COAR + "c_1843", "Collection", "Collection", "",
        ("mixed material", "kit", "kits", "archival collection", "fonds d'archives", "fondo de archivo",
         "collection", "colección"),
    ),
    PublicationType(
        "other", "Other", "Autre", "Otro", _COAR + "c_1843", "Other", "", "other",
        ("others", "autres", "otros", "miscellaneous", "divers"),
    ),
)  # fmt: skip

TYPES: dict[str, PublicationType] = {kind.code: kind for kind in _LIST}


def from_label(label: str) -> str:
    """Return the code of a publication type, ``""`` when unknown.

    ``label`` is a code, a label or a usual synonym in English, French or Spanish, or a
    type's URI; case, accents and extra spaces do not matter.
    """
    return _BY_LABEL.get(fold(label), "")


def _by_label() -> dict[str, str]:
    table: dict[str, str] = {}
    for kind in _LIST:
        semantic = f"info:eu-repo/semantics/{kind.eu_repo}" if kind.eu_repo else kind.code
        coar = kind.code if kind.coar == _NO_OTHER and kind.code != "other" else kind.coar
        for label in (kind.code, kind.en, kind.fr, kind.es, coar, semantic, *kind.synonyms):
            table.setdefault(fold(label), kind.code)
    return table


_BY_LABEL = _by_label()
