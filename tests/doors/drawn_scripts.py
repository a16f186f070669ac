"""Random scripts of several queries, and how far their results are the same however they are run.

Every relation has the columns ``k`` (STRING, the key), ``v`` (BIGINT) and ``g`` (STRING), so that
anything can be read by anything. What is promised of a relation follows from how it is made and
from how its input comes: *calm*, each record worked off before the next, or all *at once*.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

COLUMNS = "(k STRING{} KEY, v BIGINT, g STRING)"
KEYS, GROUPS = ("a", "b", "c", "d"), ("b", "c", "x")
WINDOWS = (
    "TUMBLING (SIZE 3 SECONDS)",
    "HOPPING (SIZE 4 SECONDS, ADVANCE BY 2 SECONDS)",
    "SESSION (2 SECONDS)",
)
STEP_MS = 700


class Promise(IntEnum):
    """What of a relation's records must be the same."""

    NOTHING = 0
    CONTENT = 1
    """The records of a stream in any order, the last row for each key of a table."""
    ORDER = 2
    """All records of each key, in order."""
    SINGLE = 3
    """The same, and one record of the input leads to one record at most."""


@dataclass(frozen=True)
class Above:
    """What a rule is asked with.

    Attributes:
        promises: Of what is read, in order.
        apart: Whether at any time all but one of these stand still.
    """

    promises: Sequence[Promise]
    apart: bool

    @property
    def first(self) -> Promise:
        return self.promises[0]

    def moved(self) -> Promise:
        """Return what is left of the first when records of several partitions come together."""
        if self.apart and self.first is Promise.SINGLE:
            return Promise.SINGLE
        return min(self.first, Promise.CONTENT)


Rule = Callable[[Above], Promise]


@dataclass(eq=False)
class Relation:
    """A stream or table of a script.

    Attributes:
        topic: Shared by those that are declared over it again.
        parents: What its query reads; of a declaration over another's topic that other.
        rule: What is promised of it, given that of its parents.
        fed_by: What INSERT INTO … SELECT writes into it.
        windowed: Its key is windowed: nothing reads it.
    """

    name: str
    is_table: bool
    topic: str
    parents: "tuple[Relation, ...]"
    rule: Rule
    fed_by: "list[Relation]" = field(default_factory=list)
    windowed: bool = False

    def origins(self) -> frozenset[str]:
        """Return the topics that its records come from."""
        return self._own_origins().union(*(source.origins() for source in self.fed_by))

    def promise(self, *, calm: bool) -> Promise:
        """Return what must be the same of it, however a script is run."""
        apart = calm and _are_apart([parent.origins() for parent in self.parents])
        above = tuple(parent.promise(calm=calm) for parent in self.parents)
        made = self.rule(Above(above, apart))
        if not self.fed_by:
            return made
        least = min(made, *(source.promise(calm=calm) for source in self.fed_by))
        fed = [source.origins() for source in self.fed_by]
        if calm and _are_apart([self._own_origins(), *fed]):
            return least
        return Promise.NOTHING if self.is_table else min(least, Promise.CONTENT)

    def _own_origins(self) -> frozenset[str]:
        """Return where the records of its own query come from."""
        if not self.parents:
            return frozenset((self.topic,))
        return frozenset().union(*(parent.origins() for parent in self.parents))


def _are_apart(lines: Sequence[frozenset[str]]) -> bool:
    """Tell whether no record of the input can reach two of these."""
    return len(frozenset().union(*lines)) == sum(map(len, lines))


@dataclass(frozen=True)
class Script:
    """Statements, the records that are written afterwards, and the relations in the end."""

    statements: tuple[str, ...]
    inserts: tuple[str, ...]
    relations: tuple[Relation, ...]

    def __str__(self) -> str:
        return "\n".join((*self.statements, *self.inserts))


def draw_script(seed: int) -> Script:
    """Return the script of a seed."""
    return _Drawing(random.Random(seed)).script()


class _Drawing:
    """One script while it is being made."""

    def __init__(self, choose: random.Random) -> None:
        self._choose = choose
        self._partitions = choose.choice((1, 2, 2, 3))
        self._statements: list[str] = []
        self._relations: list[Relation] = []

    def script(self) -> Script:
        for name, is_table in (("s", False), ("r", False), ("t", True)):
            self._declare_source(name, is_table=is_table)
        for _ in range(self._choose.randint(2, 7)):
            self._choose.choice(
                (
                    self._filter,
                    self._rekey,
                    self._aggregate,
                    self._aggregate,
                    self._window,
                    self._stream_table_join,
                    self._stream_table_join,
                    self._stream_stream_join,
                    self._table_table_join,
                    self._insert,
                    self._redeclare,
                )
            )()
        return Script(tuple(self._statements), tuple(self._records()), tuple(self._relations))

    def _records(self) -> Iterator[str]:
        for number in range(self._choose.randint(6, 14)):
            topic = self._choose.choice("srt")
            values = (
                1_000_000 + number * STEP_MS,
                f"'{self._choose.choice(KEYS)}'",
                self._choose.randint(0, 9),
                f"'{self._choose.choice(GROUPS)}'",
            )
            listed = ", ".join(map(str, values))
            yield f"INSERT INTO {topic} (ROWTIME, k, v, g) VALUES ({listed});"

    # -- statements ------------------------------------------------------------------------------

    def _declare_source(self, name: str, *, is_table: bool) -> None:
        partitions = self._partitions
        if self._choose.random() < 0.1:
            partitions = self._choose.choice((1, 2, 3))
        self._declare(name, name, f", PARTITIONS = {partitions}", is_table=is_table)
        self._add(Relation(name, is_table, name, (), lambda _above: Promise.SINGLE))

    def _declare(self, name: str, topic: str, more: str, *, is_table: bool) -> None:
        kind, key = ("TABLE", " PRIMARY") if is_table else ("STREAM", "")
        self._statements.append(
            f"CREATE {kind} {name} {COLUMNS.format(key)} "
            f"WITH (KAFKA_TOPIC = '{topic}', VALUE_FORMAT = 'JSON'{more});"
        )

    def _redeclare(self) -> None:
        """Declare the topic of something that is there once more, as the same or the other."""
        old = self._pick()
        name, is_table = self._name(), self._choose.random() < 0.5
        more = f", PARTITIONS = {self._partitions}" if self._choose.random() < 0.3 else ""
        self._declare(name, old.topic, more, is_table=is_table)
        same = is_table == old.is_table

        def rule(above: Above) -> Promise:
            return above.first if same or above.first >= Promise.ORDER else Promise.NOTHING

        self._add(Relation(name, is_table, old.topic, (old,), rule))

    def _insert(self) -> None:
        """Let a query write into a stream that it does not come from."""
        source = self._pick(is_table=False)
        targets = [
            relation
            for relation in self._relations
            if not relation.is_table and not _comes_from(source, relation.topic)
        ]
        if not targets:
            return
        target = self._choose.choice(targets)
        self._statements.append(
            f"INSERT INTO {target.name} SELECT k, v + 100 AS v, g FROM {source.name};"
        )
        root = next(r for r in self._relations if r.topic == target.topic)
        root.fed_by.append(source)

    def _filter(self) -> None:
        old = self._pick()
        query = f"SELECT k, v + 1 AS v, g FROM {old.name} WHERE v > {self._choose.randint(0, 5)}"
        self._create(
            "TABLE" if old.is_table else "STREAM", query, (old,), lambda above: above.first
        )

    def _rekey(self) -> None:
        old = self._pick(is_table=False)
        query = f"SELECT g AS k, v, k AS g FROM {old.name} PARTITION BY g"
        self._create("STREAM", query, (old,), Above.moved)

    def _aggregate(self) -> None:
        old = self._pick()
        by = "g" if old.is_table else self._choose.choice(("k", "g"))
        query = (
            f"SELECT {by} AS k, SUM(v) AS v, CAST(COUNT(*) AS STRING) AS g "
            f"FROM {old.name} GROUP BY {by}"
        )

        def rule(above: Above) -> Promise:
            if not old.is_table:
                return above.first if by == "k" else above.moved()
            # A row's way through groups is seen in them, and each step of it is two changes.
            if above.first < Promise.ORDER:
                return Promise.NOTHING
            return min(above.moved(), Promise.ORDER)

        self._create("TABLE", query, (old,), rule)

    def _window(self) -> None:
        old = self._pick(is_table=False)
        window = self._choose.choice(WINDOWS)
        by = self._choose.choice(("k", "g"))
        query = (
            f"SELECT {by} AS k, SUM(v) AS v, COUNT(*) AS n "
            f"FROM {old.name} WINDOW {window} GROUP BY {by}"
        )

        def rule(above: Above) -> Promise:
            return min(above.first if by == "k" else above.moved(), Promise.ORDER)

        self._create("TABLE", query, (old,), rule, windowed=True)

    def _stream_table_join(self) -> None:
        left, right = self._pick(is_table=False), self._pick(is_table=True)
        on = self._choose.choice(("k", "g"))
        other = "g" if on == "k" else "k"
        kind = self._choose.choice(("JOIN", "LEFT JOIN"))
        query = (
            f"SELECT a.{on} AS k, a.v + COALESCE(b.v, 50) AS v, a.{other} AS g "
            f"FROM {left.name} a {kind} {right.name} b ON a.{on} = b.k"
        )

        def rule(above: Above) -> Promise:
            if not above.apart or above.promises[1] is Promise.NOTHING:
                return Promise.NOTHING
            return above.first if on == "k" else above.moved()

        self._create("STREAM", query, (left, right), rule)

    def _stream_stream_join(self) -> None:
        left, right = self._pick(is_table=False), self._pick(is_table=False)
        if left is right:
            return
        on = self._choose.choice(("k", "g"))
        other = "g" if on == "k" else "k"
        is_left = self._choose.random() < 0.3
        query = (
            f"SELECT a.{on} AS k, a.v + COALESCE(b.v, 50) AS v, a.{other} AS g FROM {left.name} a "
            f"{'LEFT JOIN' if is_left else 'JOIN'} {right.name} b WITHIN 3 SECONDS ON a.{on} = b.k"
        )

        def rule(above: Above) -> Promise:
            if Promise.NOTHING in above.promises or (is_left and not above.apart):
                return Promise.NOTHING
            most = Promise.ORDER if above.apart and on == "k" else Promise.CONTENT
            return min(*above.promises, most)

        self._create("STREAM", query, (left, right), rule)

    def _table_table_join(self) -> None:
        left, right = self._pick(is_table=True), self._pick(is_table=True)
        if left is right:
            return
        kind = self._choose.choice(("JOIN", "LEFT JOIN"))
        query = (
            "SELECT a.k AS k, a.v + COALESCE(b.v, 50) AS v, a.g AS g "
            f"FROM {left.name} a {kind} {right.name} b ON a.k = b.k"
        )

        def rule(above: Above) -> Promise:
            return min(*above.promises, Promise.SINGLE if above.apart else Promise.CONTENT)

        self._create("TABLE", query, (left, right), rule)

    # -- names -----------------------------------------------------------------------------------

    def _create(
        self,
        kind: str,
        query: str,
        parents: tuple[Relation, ...],
        rule: Rule,
        *,
        windowed: bool = False,
    ) -> None:
        name = self._name()
        is_table = kind == "TABLE"
        self._statements.append(f"CREATE {kind} {name} AS {query} EMIT CHANGES;")
        self._add(Relation(name, is_table, name.upper(), parents, rule, windowed=windowed))

    def _add(self, relation: Relation) -> None:
        self._relations.append(relation)

    def _name(self) -> str:
        return f"q{len(self._relations) - 3}"

    def _pick(self, *, is_table: bool | None = None) -> Relation:
        """Choose something to read, rather what was made last."""
        fitting = [
            relation
            for relation in self._relations
            if not relation.windowed and is_table in {None, relation.is_table}
        ]
        late = max(self._choose.randrange(len(fitting)), self._choose.randrange(len(fitting)))
        return fitting[late]


def _comes_from(relation: Relation, topic: str) -> bool:
    return relation.topic == topic or any(
        _comes_from(source, topic) for source in (*relation.parents, *relation.fed_by)
    )
