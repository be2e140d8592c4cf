"""Classification: concepts suggested for texts, beside plain exact matching, against what people or we know is right.

    python -m benchmarks.classification [--gold FOLDER VOCABULARY] [--vocabulary FILE] [--texts 600] [--seed 5]

FOLDER holds abstracts as text files, ``X.txt`` in Finnish beside ``X.tsv`` with the URIs that librarians gave it,
VOCABULARY is theirs, or a part of it: what it does not hold is not asked for. FILE is a vocabulary in English, French
and Spanish (Turtle), of which a library is made:

* A text is about two to four concepts that lie near each other: one, and others beside, above or below it. They are
  what it should be classified under. Each is named one to five times, by its preferred label or, one time in three, by
  another, in the singular or the plural; one in eight is not named at all, only a concept below it.
* As often it names others: fifteen to thirty drawn by lot, once or twice each; the neighbours of its own
  concepts; and a dozen words of general use that are labels too, again and again, the same in all texts.
* All stand in sentences of ordinary prose, in one of the three languages, on three to eight pages. The title names
  the first concept in two texts of three; of the others it speaks in general terms.
* One half of the texts is learnt from, the other is asked of.

Shown are precision, recall and F1 of the five best, each the mean over the texts: exact matching counts the labels
of a text, preferred or alternative, in its own language, folded but otherwise as they are, and takes the most
frequent. Speed is pages of some 350 words a second of processor time.
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.suggest import Suggester
from ingest.suggest_hits import Part
from ingest.suggest_training import learn_from
from metadata.folding import fold
from metadata.matching_labels import Labels
from metadata.model import Concept
from metadata.vocabulary import Vocabulary, read_skos

BEST = 5
LONGEST = 6  # words of a label that exact matching looks for
WORD = re.compile(r"[^\W_]+")
LANGUAGES = ("en", "fr", "es")


@dataclass(frozen=True, slots=True)
class Case:
    """A text, and the concepts it should be classified under."""

    parts: tuple[Part, ...]
    wanted: frozenset[str]


Method = Callable[[Case], Sequence[str]]


def main() -> None:
    """Measure what is asked for, and print a table of each."""
    parser = argparse.ArgumentParser(description="Suggest concepts for texts, beside exact matching.")
    parser.add_argument("--gold", nargs=2, type=Path, metavar=("FOLDER", "VOCABULARY"))
    parser.add_argument("--vocabulary", type=Path)
    parser.add_argument("--texts", type=int, default=600)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args()
    if asked.gold:
        folder, path = asked.gold
        labels = Labels(read_skos(path.read_bytes()))
        show("Abstracts that librarians classified", gold(folder, labels.vocabulary), beside(labels))
    if asked.vocabulary:
        labels = Labels(read_skos(asked.vocabulary.read_bytes()))
        lot = random.Random(asked.seed)  # noqa: S311 - the same each time, as is meant
        cases = Library(labels.vocabulary, lot).cases(asked.texts)
        learnt_from, asked_of = cases[::2], cases[1::2]
        begun = time.process_time()
        model = learn_from([(one.parts, one.wanted) for one in learnt_from], labels)
        print(f"learnt from {len(learnt_from)} texts in {time.process_time() - begun:.1f} s")
        trained = Suggester(labels, model)
        show("A library made from labels", asked_of, {**beside(labels), "trained": suggesting(trained)})
        speed(trained, asked_of)


def gold(folder: Path, vocabulary: Vocabulary) -> list[Case]:
    """Return the abstracts of a folder, whose first line is the title, with their concepts in the vocabulary."""
    cases = []
    for path in sorted(folder.glob("*.txt")):
        title, _, rest = path.read_text("utf-8").partition("\n")
        lines = path.with_suffix(".tsv").read_text("utf-8").splitlines()
        given = {line.split("\t")[0].strip("<>") for line in lines if line}
        wanted = frozenset(uri for uri in given if uri in vocabulary.concepts)
        cases.append(Case((Part(title, "fi", "title"), Part(rest, "fi", "abstract")), wanted))
    return cases


def beside(labels: Labels) -> dict[str, Method]:
    """Return the ways that need no training."""
    return {"exact": exact(labels.vocabulary), "untrained": suggesting(Suggester(labels))}


def suggesting(suggester: Suggester) -> Method:
    """Return the way of Canoe."""
    return lambda case: [one.concept for one in suggester.suggest(case.parts, BEST)]


def exact(vocabulary: Vocabulary) -> Method:
    """Return the plain way: labels as they are, folded, the most frequent first."""
    named: dict[tuple[str, str], set[str]] = {}
    for concept in vocabulary.concepts.values():
        for label in (*concept.labels, *concept.alternatives):
            named.setdefault((label.language, " ".join(WORD.findall(fold(label.value)))), set()).add(concept.uri)

    def found(case: Case) -> Sequence[str]:
        counts: Counter[str] = Counter()
        for part in case.parts:
            words = WORD.findall(fold(part.text))
            for start in range(len(words)):
                for length in range(1, LONGEST + 1):
                    counts.update(named.get((part.language, " ".join(words[start : start + length])), ()))
                    if start + length >= len(words):
                        break
        return [uri for uri, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:BEST]]

    return found


def show(name: str, cases: Sequence[Case], methods: dict[str, Method]) -> None:
    """Print precision, recall and F1 of each method."""
    print(f"\n{name}: {len(cases)} texts, {sum(len(one.wanted) for one in cases) / len(cases):.1f} concepts each")
    print("| | precision@5 | recall@5 | F1@5 |\n|---|---|---|---|")
    for method, suggest in methods.items():
        rows = [judged(suggest(case), case.wanted) for case in cases]
        means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        print(f"| {method} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")


def judged(found: Sequence[str], wanted: frozenset[str]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of what was found."""
    right = len(wanted.intersection(found))
    precision, recall = right / max(len(found), 1), right / max(len(wanted), 1)
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0


def speed(suggester: Suggester, cases: Sequence[Case]) -> None:
    """Print how many pages a second are gone through."""
    pages = sum(part.kind == "page" for case in cases for part in case.parts)
    begun = time.process_time()
    for case in cases:
        suggester.suggest(case.parts, BEST)
    spent = time.process_time() - begun
    print(f"{pages} pages in {spent:.2f} s of processor time: {pages / spent:.0f} pages/s")


# --- a library made from labels ---------------------------------------------------------------

SENTENCES = {
    "en": [
        "This report was written for those who have to decide what is done about {0}.",
        "In many places {0} was seen as a matter of {1} for a long time.",
        "The authors asked the people of the village what they thought of {0}.",
        "Nobody knows how much of this is due to {0}, and how much to {1}.",
        "What was said about {0} in the last chapter holds here as well.",
        "The figures of that year say little about {0}.",
        "Compared with {0}, the costs were small, and the meeting agreed that more should be done.",
        "A list of {0} follows at the end.",
        "Of all the questions that were put, those on {0} and {1} were answered least.",
        "It rained, and the visit had to be put off until the month after.",
        "The team thanks all those who gave their time and their boats.",
        "Table 3 shows the results by year; the trend is clear enough.",
    ],
    "fr": [
        "Ce rapport est écrit pour ceux qui doivent décider que faire en matière de {0}.",
        "Dans bien des lieux, {0} a longtemps été vu comme relevant de {1}.",
        "Les auteurs ont demandé aux gens du village ce qu’ils pensaient de {0}.",
        "Personne ne sait quelle part revient à {0}, et quelle part à {1}.",
        "Ce qui a été dit de {0} au chapitre précédent vaut ici aussi.",
        "Les chiffres de cette année-là disent peu sur {0}.",
        "À côté de {0}, les coûts étaient faibles, et la réunion a convenu de faire davantage.",
        "Une liste de {0} se trouve à la fin.",
        "Parmi toutes les questions posées, celles sur {0} et {1} ont eu le moins de réponses.",
        "Il a plu, et la visite a dû être remise au mois suivant.",
        "L’équipe remercie tous ceux qui ont donné leur temps et leurs bateaux.",
        "Le tableau 3 montre les résultats par année ; la tendance est assez claire.",
    ],
    "es": [
        "Este informe se escribió para quienes deben decidir qué hacer en materia de {0}.",
        "En muchos lugares {0} se vio durante mucho tiempo como asunto de {1}.",
        "Los autores preguntaron a la gente del pueblo qué pensaba de {0}.",
        "Nadie sabe cuánto de esto se debe a {0} y cuánto a {1}.",
        "Lo que se dijo de {0} en el capítulo anterior vale también aquí.",
        "Las cifras de aquel año dicen poco sobre {0}.",
        "Comparado con {0}, los costos fueron pequeños, y la reunión acordó hacer más.",
        "Una lista de {0} sigue al final.",
        "De todas las preguntas, las que trataban de {0} y {1} tuvieron menos respuestas.",
        "Llovió, y la visita tuvo que aplazarse hasta el mes siguiente.",
        "El equipo agradece a todos los que dieron su tiempo y sus barcas.",
        "El cuadro 3 muestra los resultados por año; la tendencia es bastante clara.",
    ],
}
TITLES = {
    "en": ("A study of {0}", "{0}: what is known", "{0} in three districts", "Notes of the year", "To the members"),
    "fr": ("Étude de {0}", "{0} : ce qu’on sait", "{0} dans trois districts", "Notes de l’année", "Aux membres"),
    "es": ("Estudio de {0}", "{0}: lo que se sabe", "{0} en tres distritos", "Notas del año", "A los miembros"),
}  # fmt: skip
WORDS_A_PAGE = 350
GENERAL = 12


class Library:
    """Texts made from the labels of a vocabulary; the same vocabulary and seed make the same."""

    def __init__(self, vocabulary: Vocabulary, lot: random.Random) -> None:
        self.lot = lot
        self.concepts = vocabulary.concepts
        self.children: dict[str, list[str]] = {}
        for concept in self.concepts.values():
            for parent in concept.broader:
                self.children.setdefault(parent, []).append(concept.uri)
        spoken = [one for one in self.concepts.values() if all(label_in(one, tag) for tag in LANGUAGES)]
        self.usable = sorted(one.uri for one in spoken)
        known = set(self.usable)
        self.children = {parent: sorted(known.intersection(below)) for parent, below in self.children.items()}
        # What many concepts lie below is spoken of everywhere.
        general = sorted(self.usable, key=lambda uri: (-len(self.children.get(uri, ())), uri))
        self.general = [uri for uri in general if " " not in label_in(self.concepts[uri], "en")][:GENERAL]

    def cases(self, number: int) -> list[Case]:
        """Return so many texts with what they should be classified under."""
        return [self.case(LANGUAGES[n % len(LANGUAGES)]) for n in range(number)]

    def case(self, language: str) -> Case:
        """Return one text in a language."""
        first = self.lot.choice(self.usable)
        near = self.near(first)
        wanted = [first, *self.lot.sample(near, min(len(near), self.lot.randint(1, 3)))]
        rest = [uri for uri in near if uri not in wanted]
        mentions = [name for uri in wanted for name in self.mentions(uri)]
        others = [*self.lot.sample(self.usable, self.lot.randint(15, 30)), *self.lot.sample(rest, min(len(rest), 4))]
        mentions += [uri for uri in others if uri not in wanted for _ in range(self.lot.randint(1, 2))]
        mentions += [uri for uri in self.general if uri not in wanted for _ in range(self.lot.randint(1, 4))]
        self.lot.shuffle(mentions)
        parts = (self.title(first, language), *self.pages(mentions, language))
        return Case(parts, frozenset(wanted))

    def near(self, uri: str) -> list[str]:
        """Return the concepts beside, above and below one."""
        parents = [parent for parent in self.concepts[uri].broader if parent in self.concepts]
        beside = [one for parent in parents for one in self.children.get(parent, ())]
        found = {*parents, *beside, *self.children.get(uri, ())} & set(self.usable)
        return sorted(found - {uri})

    def mentions(self, uri: str) -> Sequence[str]:
        """Return what is named for a concept that the text is about, as often as it is named."""
        if self.lot.random() < 1 / 8:
            below = self.children.get(uri, ())
            return [self.lot.choice(below)] * self.lot.randint(1, 3) if below else []
        return [uri] * self.lot.randint(1, 5)

    def title(self, uri: str, language: str) -> Part:
        """Return a title, which names a concept or not."""
        speaking = self.lot.random() < 2 / 3
        forms = TITLES[language][:3] if speaking else TITLES[language][3:]
        return Part(self.lot.choice(forms).format(self.name(uri, language)), language, "title")

    def pages(self, mentions: Sequence[str], language: str) -> Iterable[Part]:
        """Yield pages of prose that name all of ``mentions``."""
        names = [self.name(uri, language) for uri in mentions]
        lines: list[str] = []
        while names:
            sentence = self.lot.choice(SENTENCES[language])
            gaps = sentence.count("{")
            lines.append(sentence.format(*(names.pop() if names else "…" for _ in range(gaps))))
        words = " ".join(lines).split()
        number = min(max(3, len(words) // WORDS_A_PAGE), 8)
        size = -(-len(words) // number)
        plain = [one for one in SENTENCES[language] if "{" not in one]
        for page in range(number):
            text = words[page * size : (page + 1) * size]
            while len(text) < WORDS_A_PAGE:
                text += self.lot.choice(plain).split()
            yield Part(" ".join(text), language, "page", page + 1)

    def name(self, uri: str, language: str) -> str:
        """Return a label of a concept as a text has it."""
        concept = self.concepts[uri]
        others = [text.value for text in concept.alternatives if text.language == language]
        label = self.lot.choice(others) if others and self.lot.random() < 1 / 3 else label_in(concept, language)
        label = label if label.isupper() else label.lower()
        return label if self.lot.random() < 1 / 2 else other_number(label, language)


def label_in(concept: Concept, language: str) -> str:
    """Return the preferred label in a language, ``""`` where there is none."""
    return next((text.value for text in concept.labels if text.language == language), "")


def other_number(label: str, language: str) -> str:
    """Return a label in the plural where it is in the singular, and the other way round, by the simplest rules."""
    words = label.split()
    # In English the last word is the noun; in French and Spanish the first, and its adjective agrees with it.
    places = [len(words) - 1] if language == "en" else list(range(min(2, len(words))))
    if language != "en" and len(words) > 1 and len(words[1]) < 4:
        places = [0]
    for place in places:
        words[place] = _turned(words[place], language)
    return " ".join(words)


def _turned(word: str, language: str) -> str:
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies") and language == "en":
        return word[:-3] + "y"
    if word.endswith("y") and language == "en":
        return word[:-1] + "ies"
    if word.endswith("ss") or word[-2:] in ("is", "us"):
        return word
    if word.endswith("s"):
        return word[:-2] if language == "es" and word.endswith(("ones", "ades", "ores", "ales")) else word[:-1]
    return word + ("es" if language == "es" and word[-1] not in "aeiouáéíóú" else "s")


if __name__ == "__main__":
    main()
