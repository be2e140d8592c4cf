"""Random queries: how long it takes to read one, and whether every engine finds what the judge does.

    PYTHONPATH=tests python tests/soak/random_queries.py [QUERIES [HOSTILE.jsonl]]

The library, the queries and the judge, a reading of the query in plain Python, are those of
``test_search_contract.py``. The engines are Tantivy and whichever Whoosh is installed: to run it
with whoosh3, install that in place of whoosh in an environment of its own, for both have one name.
Each line of the second argument is an object whose ``q`` is a query, which is only read.
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

import whoosh
from test_search_contract import LIBRARY, expected, found, random_query

from search.engine import ENGINES, SearchReader, open_reader, open_writer
from search.query import parse


def main(count: int, hostile: Path | None) -> None:
    """Read and ask ``count`` queries, print; ends with 1 where an engine finds other items."""
    chance = random.Random(2100)  # noqa: S311 -- not for secrets
    queries = [random_query(chance) for _ in range(count)]
    print(f"to read one of {count} random queries, ms: {_reading(queries)}")
    if hostile:
        read = [json.loads(line)["q"] for line in hostile.read_text("utf-8").splitlines()]
        print(f"to read one of {len(read)} hostile ones, ms: {_reading(read)}")
    with tempfile.TemporaryDirectory() as folder:
        readers = {engine: _filled(Path(folder), engine) for engine in ENGINES}
        wrong = [(engine, query) for query in queries for engine in _wrong(readers, query)]
    version = ".".join(map(str, whoosh.__version__))
    print(
        f"{count} queries, Tantivy and Whoosh {version}: {len(wrong)} answers are not the judge's",
        *wrong[:10],
        sep="\n",
    )
    sys.exit(bool(wrong))


def _reading(queries: list[str]) -> str:
    took = []
    for query in queries:
        began = time.thread_time()
        parse(query)
        took.append((time.thread_time() - began) * 1000)
    return f"{sorted(took)[len(took) // 2]:.2f}, {max(took):.2f} at worst"


def _filled(folder: Path, engine: str) -> SearchReader:
    writer = open_writer(folder, engine)
    writer.put(LIBRARY)
    writer.commit(1)
    writer.close()
    return open_reader(folder, engine)


def _wrong(readers: dict[str, SearchReader], query: str) -> list[str]:
    wanted = expected(query)
    return [engine for engine, reader in readers.items() if found(reader, query) != wanted]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2100, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
