"""agents.db: whose each contribution is, made of the authorities in the archive and the items of the catalogue.

It stands in a file of its own in the home, and may be lost: it is then made again. It follows the catalogue by
its change numbers, as the DOI ledger does (:mod:`archive.agents_following`). Of an authority that is being
written it notes the id first, so that after a kill it is known which ones to read again.

A *form* is an agent just as records have it: name, kind and identifiers. Each form belongs to one agent, by the
keys of :mod:`metadata.agents`; a contribution belongs to the agent of its form, unless it was given to another.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from archive.agents_file import EDITION
from metadata.agents import Authority, agent_id, bare_key, from_json, identifier_key, to_json
from metadata.agents_identifiers import SCHEMES, checked, tells_agents
from metadata.agents_names import letter_of, name_key, sort_key
from metadata.model import Agent, Item

_TABLES = (
    "CREATE TABLE authorities (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE claims (key TEXT, agent TEXT, name TEXT, PRIMARY KEY (key, agent)) WITHOUT ROWID",
    "CREATE INDEX claims_by_agent ON claims (agent)",
    "CREATE INDEX claims_by_name ON claims (name) WHERE name <> ''",
    "CREATE TABLE redirects (id TEXT, agent TEXT, PRIMARY KEY (id, agent)) WITHOUT ROWID",
    "CREATE INDEX redirects_by_agent ON redirects (agent)",
    "CREATE TABLE parts (agent TEXT, parent TEXT, PRIMARY KEY (agent, parent)) WITHOUT ROWID",
    "CREATE INDEX parts_by_parent ON parts (parent)",
    "CREATE TABLE agents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, key TEXT UNIQUE, name TEXT, kind TEXT,"
    " sort TEXT, letter TEXT, items INTEGER)",
    "CREATE INDEX agents_by_letter ON agents (letter, sort) WHERE items > 0",
    "CREATE TABLE forms (number INTEGER PRIMARY KEY, name TEXT, kind TEXT, ids TEXT, key TEXT, agent INTEGER,"
    " UNIQUE (name, kind, ids))",
    "CREATE INDEX forms_by_agent ON forms (agent)",
    "CREATE TABLE bearers (key TEXT, form INTEGER, PRIMARY KEY (key, form)) WITHOUT ROWID",
    "CREATE TABLE items (number INTEGER PRIMARY KEY, id TEXT UNIQUE, year INTEGER, change INTEGER)",
    "CREATE TABLE contributions (item INTEGER, place INTEGER, form INTEGER, role TEXT, agent INTEGER,"
    " PRIMARY KEY (item, place)) WITHOUT ROWID",
    "CREATE INDEX contributions_by_agent ON contributions (agent, item, role)",
    "CREATE INDEX contributions_by_form ON contributions (form)",
    "CREATE TABLE concepts (number INTEGER PRIMARY KEY, uri TEXT UNIQUE)",
    "CREATE TABLE subjects (item INTEGER, concept INTEGER, PRIMARY KEY (item, concept)) WITHOUT ROWID",
    "CREATE TABLE faults (item INTEGER, name TEXT, scheme TEXT, value TEXT)",
    "CREATE INDEX faults_by_item ON faults (item)",
    "CREATE TABLE state (change INTEGER, pending TEXT, writes INTEGER)",
    "INSERT INTO state VALUES (0, '', 0)",
    f"PRAGMA user_version = {EDITION}",
)


class AgentIndex:
    """The index of one home, opened by :func:`open_agents`; one process at a time has it open to write."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._touched: set[int] = set()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done within together; counts and names of the agents that it touches are brought up."""
        self._touched.clear()
        self.connection.execute("BEGIN IMMEDIATE")
        with self.connection:
            yield
            self._refresh()
            self.connection.execute("UPDATE state SET writes = writes + 1")

    def ask(self, statement: str, *values: str | float | None) -> list[tuple[Any, ...]]:
        """Return all rows of a statement."""
        return self.connection.execute(statement, values).fetchall()

    def position(self) -> int:
        """Return the number of the last change of the catalogue that was taken in."""
        return int(self.connection.execute("SELECT change FROM state").fetchone()[0])

    def writes(self) -> int:
        """Return a number that is another after each write."""
        return int(self.connection.execute("SELECT writes FROM state").fetchone()[0])

    def pending(self) -> list[str]:
        """Return the ids of authorities that were being written, and may have been."""
        return str(self.connection.execute("SELECT pending FROM state").fetchone()[0]).split()

    def announce(self, agents: Iterable[str]) -> None:
        """Note, for good, that these authorities are about to be written; none: that all of them are taken in."""
        with self.connection:
            self.connection.execute("UPDATE state SET pending = ?", (" ".join(agents),))

    def authority(self, agent: str) -> Authority | None:
        """Return an authority, whatever became of it; None where there is none."""
        found = self.ask("SELECT json FROM authorities WHERE id = ?", agent)
        return from_json(found[0][0]) if found else None

    def put(self, authorities: Sequence[Authority]) -> None:
        """Put authorities in place of what was known of them; contributions go where they now belong."""
        keys: set[str] = set()
        for one in authorities:
            keys |= {row[0] for row in self.ask("SELECT key FROM claims WHERE agent = ?", one.id)} | {*one.own_keys()}
            keys |= {row[0] for row in self.ask("SELECT key FROM agents WHERE id = ? AND key IS NOT NULL", one.id)}
            self._put_record(one)
        for one in authorities:
            self._put_row(one)
        self._settle(keys)

    def take_in(self, item: Item, change: int) -> None:
        """Take in an item as it now is, in place of what it was."""
        self._forget_item(item.id)
        if item.status != "published":
            return
        made = self.connection.execute("INSERT INTO items VALUES (NULL, ?, ?, ?)", (item.id, item.year, change))
        number = made.lastrowid or 0
        for place, part in enumerate(item.contributions):
            form, agent = self._form(part.agent, number)
            if not form:
                continue
            agent = self._claimed(item.id, form) or agent
            row = (number, place, form, part.role, agent)
            self.connection.execute("INSERT INTO contributions VALUES (?, ?, ?, ?, ?)", row)
            self._touched.add(agent)
        for uri in dict.fromkeys(item.concepts):
            self.connection.execute("INSERT OR IGNORE INTO concepts VALUES (NULL, ?)", (uri,))
            chosen = "INSERT INTO subjects SELECT ?, number FROM concepts WHERE uri = ?"
            self.connection.execute(chosen, (number, uri))

    def reached(self, change: int) -> None:
        """Note how far the catalogue was followed."""
        self.connection.execute("UPDATE state SET change = ?", (change,))

    def empty(self) -> None:
        """Make the tables anew, with nothing in them."""
        self.connection.execute("BEGIN IMMEDIATE")
        with self.connection:
            for (name,) in self.ask("SELECT name FROM sqlite_master WHERE type = 'table'"):
                self.connection.execute(f"DROP TABLE {name}")
            for statement in _TABLES:
                self.connection.execute(statement)

    def _put_record(self, one: Authority) -> None:
        execute = self.connection.execute
        execute("INSERT OR REPLACE INTO authorities VALUES (?, ?)", (one.id, to_json(one).decode()))
        execute("DELETE FROM claims WHERE agent = ?", (one.id,))
        execute("DELETE FROM redirects WHERE agent = ?", (one.id,))
        execute("DELETE FROM parts WHERE agent = ?", (one.id,))
        if not one.bears:
            return
        for key in one.own_keys():
            name = key.split(":", 2)[2] if key.startswith("item:") else ""
            execute("INSERT OR IGNORE INTO claims VALUES (?, ?, ?)", (key, one.id, name))
        for parent in one.parents:
            execute("INSERT OR IGNORE INTO parts VALUES (?, ?)", (one.id, parent.agent))
        for former in one.formerly:
            execute("INSERT OR IGNORE INTO redirects VALUES (?, ?)", (former, one.id))

    def _put_row(self, one: Authority) -> None:
        """Give an authority that bears names a row among the agents, and take it from one that does not."""
        if not one.bears:
            self.connection.execute("DELETE FROM agents WHERE id = ?", (one.id,))
            return
        name = one.name.value
        row = (one.id, name, one.kind, sort_key(name), letter_of(name))
        self.connection.execute(
            "INSERT INTO agents VALUES (NULL, ?, NULL, ?, ?, ?, ?, 0) ON CONFLICT (id) DO UPDATE SET"
            " key = NULL, name = excluded.name, kind = excluded.kind, sort = excluded.sort, letter = excluded.letter",
            row,
        )
        self._touched.add(self._number(one.id))

    def _settle(self, keys: Iterable[str]) -> None:
        """Find out anew whose the forms are that have one of these keys."""
        forms: set[int] = set()
        for key in keys:
            bare = bare_key(key.split(":", 2)[2]) if key.startswith("item:") else key
            forms |= {int(row[0]) for row in self.ask("SELECT form FROM bearers WHERE key = ?", bare)}
        for form in sorted(forms):
            self._settle_form(form)

    def _settle_form(self, form: int) -> None:
        ((ids, key),) = self.ask("SELECT ids, key FROM forms WHERE number = ?", form)
        agent = self._owner(ids.split(), key)
        former = self.ask("SELECT DISTINCT agent FROM contributions WHERE form = ?", form)
        self._touched |= {agent, *(int(row[0]) for row in former)}
        self.connection.execute("UPDATE forms SET agent = ? WHERE number = ?", (agent, form))
        self.connection.execute(
            "UPDATE contributions SET agent = ? WHERE form = ? AND agent <> ?", (agent, form, agent)
        )
        for claimed, *_ in self.ask("SELECT DISTINCT key FROM claims WHERE name = ?", key):
            item = claimed.split(":", 2)[1]
            if owner := self._claimed(item, form):
                chosen = "form = ? AND item = (SELECT number FROM items WHERE id = ?)"
                self.connection.execute(f"UPDATE contributions SET agent = ? WHERE {chosen}", (owner, form, item))  # noqa: S608
                self._touched.add(owner)

    def _form(self, agent: Agent, item: int) -> tuple[int, int]:
        """Return the numbers of a form and of its agent; 0 for a name that has no word, and no identifier."""
        found = [(one, checked(one)) for one in agent.identifiers if tells_agents(one)]
        for given, right in found:
            if right is None:
                row = (item, agent.name, given.scheme, given.value)
                self.connection.execute("INSERT INTO faults VALUES (?, ?, ?, ?)", row)
        sure = sorted({right for _, right in found if right}, key=lambda one: (SCHEMES.index(one.scheme), one.value))
        ids, key = [identifier_key(one).replace(" ", "") for one in sure], name_key(agent.name, agent.kind)
        if not (ids or key):
            return 0, 0
        asked = (agent.name, agent.kind, " ".join(ids))
        known = self.ask("SELECT number, agent FROM forms WHERE name = ? AND kind = ? AND ids = ?", *asked)
        if known:
            return int(known[0][0]), int(known[0][1])
        owner = self._owner(ids, key)
        made = self.connection.execute("INSERT INTO forms VALUES (NULL, ?, ?, ?, ?, ?)", (*asked, key, owner))
        number = made.lastrowid or 0
        keys = [(one, number) for one in dict.fromkeys([*ids, bare_key(key)])]
        self.connection.executemany("INSERT INTO bearers VALUES (?, ?)", keys)
        return number, owner

    def _owner(self, ids: Sequence[str], key: str) -> int:
        """Return the agent of a form: of its identifiers; of its name, where it has none; else a provisional one.

        What has an identifier that nobody claims is not taken for another's by its name: that is proposed.
        """
        for one in ids or (bare_key(key),):
            if claimant := self._claimant(one):
                return self._number(claimant)
        return self._provisional(ids[0] if ids else bare_key(key))

    def _claimant(self, key: str) -> str:
        """Return the one authority that claims a key; ``""`` where none does, or several do."""
        found = self.ask("SELECT agent FROM claims WHERE key = ? LIMIT 2", key)
        return str(found[0][0]) if len(found) == 1 else ""

    def _claimed(self, item: str, form: int) -> int:
        """Return the agent to which a form was given in one item, 0 for none; an identifier is stronger."""
        found = self.ask(
            "SELECT c.agent, f.ids FROM forms f JOIN claims c ON c.key = 'item:' || ? || ':' || f.key"
            " WHERE f.number = ? LIMIT 2",
            item,
            form,
        )
        if len(found) != 1 or any(map(self._claimant, found[0][1].split())):
            return 0
        return self._number(found[0][0])

    def _number(self, agent: str) -> int:
        return int(self.ask("SELECT number FROM agents WHERE id = ?", agent)[0][0])

    def _provisional(self, key: str) -> int:
        """Return the agent that is all that bears a key; a new one has an id that nobody else has or had."""
        if found := self.ask("SELECT number FROM agents WHERE key = ?", key):
            return int(found[0][0])
        attempt = 0
        while self._is_taken(made := agent_id(key, attempt)):
            attempt += 1
        row = (made, key)
        return (
            self.connection.execute("INSERT INTO agents VALUES (NULL, ?, ?, '', 'person', '', '', 0)", row).lastrowid
            or 0
        )

    def _is_taken(self, agent: str) -> bool:
        known = self.authority(agent)
        rows = "SELECT 1 FROM agents WHERE id = ?1 UNION ALL SELECT 1 FROM redirects WHERE id = ?1"
        return bool(known and known.standing) or bool(self.ask(rows, agent))

    def _forget_item(self, item: str) -> None:
        for (number,) in self.ask("SELECT number FROM items WHERE id = ?", item):
            rows = self.ask("SELECT DISTINCT agent FROM contributions WHERE item = ?", number)
            self._touched |= {int(row[0]) for row in rows}
            for table in ("contributions", "subjects", "faults"):
                self.connection.execute(f"DELETE FROM {table} WHERE item = ?", (number,))  # noqa: S608 - of constants
            self.connection.execute("DELETE FROM items WHERE number = ?", (number,))

    def _refresh(self) -> None:
        """Count the items of the agents that were touched, and name the provisional ones by their commonest form."""
        for agent in self._touched:
            ((items,),) = self.ask("SELECT count(DISTINCT item) FROM contributions WHERE agent = ?", agent)
            ((key,),) = self.ask("SELECT key FROM agents WHERE number = ?", agent) or [("",)]
            if key and not items:
                gone = "(SELECT number FROM forms WHERE agent = ?)"
                self.connection.execute(f"DELETE FROM bearers WHERE form IN {gone}", (agent,))  # noqa: S608
                self.connection.execute("DELETE FROM forms WHERE agent = ?", (agent,))
                self.connection.execute("DELETE FROM agents WHERE number = ?", (agent,))
            elif key:
                name, kind = self._commonest(agent)
                row = (name, kind, sort_key(name), letter_of(name), items, agent)
                told = "name = ?, kind = ?, sort = ?, letter = ?, items = ?"
                self.connection.execute(f"UPDATE agents SET {told} WHERE number = ?", row)  # noqa: S608 - of constants
            else:
                self.connection.execute("UPDATE agents SET items = ? WHERE number = ?", (items, agent))

    def _commonest(self, agent: int) -> tuple[str, str]:
        forms = self.ask(
            "SELECT f.name, f.kind, count(*) FROM contributions c JOIN forms f ON f.number = c.form WHERE c.agent = ?"
            " GROUP BY f.number ORDER BY 3 DESC, length(f.name) DESC, f.name DESC LIMIT 1",
            agent,
        )
        return forms[0][0], forms[0][1]
