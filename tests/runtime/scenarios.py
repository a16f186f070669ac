"""Applications for the simulation: SQL, input, and what may be compared of their output."""

import random
from dataclasses import dataclass

from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.program import compile_program
from streamsql.expr.builtins import builtins
from streamsql.topology.topology import Topology

APPLICATION = "app"
_STREAM = """CREATE STREAM {0} (k STRING KEY, v BIGINT, g STRING)
    WITH (KAFKA_TOPIC='{0}', VALUE_FORMAT='JSON', PARTITIONS=1);"""
_TABLE = """CREATE TABLE {0} (k STRING PRIMARY KEY, v BIGINT, g STRING)
    WITH (KAFKA_TOPIC='{0}', VALUE_FORMAT='JSON', PARTITIONS=1);"""

Record = tuple[bytes | None, bytes | None, int, tuple[()]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """An application over topics ``s``, ``r`` (streams) and ``t`` (a table).

    Attributes:
        ordered: Whether the output of a key is the same however tasks take turns on several
            partitions; if not, only its last record and the state are.
    """

    sql: str
    sinks: tuple[str, ...]
    streams: tuple[str, ...] = ("s",)
    tables: tuple[str, ...] = ()
    ordered: bool = True

    @property
    def topics(self) -> tuple[str, ...]:
        """The input topics."""
        return self.streams + self.tables

    def topology(self, partitions: int) -> Topology:
        """Return the application's topology."""
        declared = [_STREAM.format(name) for name in self.streams]
        declared += [_TABLE.format(name) for name in self.tables]
        text = "\n".join([*declared, self.sql]).replace("PARTITIONS=1", f"PARTITIONS={partitions}")
        context = PlannerContext(Catalog(functions=builtins()), partial=True)
        program = compile_program((text,), context, APPLICATION)
        assert program.application is not None
        return program.application.topology

    def records(self, topic: str, choose: random.Random, count: int) -> list[Record]:
        """Return the input of a topic: mostly in order, some late, some without key or value."""
        now = 0
        records: list[Record] = []
        for number in range(count):
            now += choose.choice((0, 10, 100, 100, 1000))
            late = choose.choice((0, 0, 0, 500, 5_000)) if topic in self.streams else 0
            key = f"k{choose.randrange(6)}".encode()
            value = b'{"V":%d,"G":"g%d"}' % (number, choose.randrange(3))
            gone = choose.random() < 0.1
            records.append((key, None if gone else value, max(0, now - late), ()))
        return records


SCENARIOS = {
    "stateless": Scenario(
        "CREATE STREAM o AS SELECT k, v + 1 AS w, UCASE(g) AS u FROM s WHERE v % 3 <> 0;", ("O",)
    ),
    "count": Scenario(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, SUM(v) AS w, COLLECT_LIST(v) AS l "
        "FROM s GROUP BY k;",
        ("O",),
    ),
    "tumbling": Scenario(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, MAX(v) AS w FROM s "
        "WINDOW TUMBLING (SIZE 2 SECONDS, RETENTION 8 SECONDS, GRACE PERIOD 1 SECONDS) GROUP BY k;",
        ("O",),
    ),
    "hopping": Scenario(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, MAX(v) AS w FROM s "
        "WINDOW HOPPING (SIZE 3 SECONDS, ADVANCE BY 1 SECONDS, GRACE PERIOD 1 SECONDS) GROUP BY k;",
        ("O",),
    ),
    "final": Scenario(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, MAX(v) AS w FROM s "
        "WINDOW TUMBLING (SIZE 2 SECONDS, GRACE PERIOD 1 SECONDS) GROUP BY k EMIT FINAL;",
        ("O",),
    ),
    "session": Scenario(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, MAX(v) AS w FROM s "
        "WINDOW SESSION (1 SECONDS, GRACE PERIOD 2 SECONDS) GROUP BY k;",
        ("O",),
    ),
    "stream-table": Scenario(
        "CREATE STREAM o AS SELECT s.k AS k, s.v AS sv, t.v AS tv FROM s LEFT JOIN t ON s.k = t.k;",
        ("O",),
        tables=("t",),
    ),
    "stream-stream": Scenario(
        "CREATE STREAM o AS SELECT ROWKEY AS k, s.v AS sv, r.v AS rv FROM s FULL OUTER JOIN r "
        "WITHIN 1 SECONDS GRACE PERIOD 2 SECONDS ON s.k = r.k;",
        ("O",),
        streams=("s", "r"),
    ),
    "table-table": Scenario(
        "CREATE TABLE o AS SELECT t.k AS k, t.v AS tv, u.v AS uv FROM t LEFT JOIN u ON t.k = u.k;",
        ("O",),
        streams=(),
        tables=("t", "u"),
    ),
    "repartition": Scenario(
        "CREATE TABLE o AS SELECT k + '!' AS kk, COUNT(*) AS c, SUM(v) AS w FROM s "
        "GROUP BY k + '!';",
        ("O",),
    ),
    "chain": Scenario(
        "CREATE STREAM m AS SELECT g, v, k FROM s PARTITION BY g;"
        "CREATE TABLE o AS SELECT k + '?' AS kk, COUNT(*) AS c, SUM(v) AS w FROM m "
        "WHERE k IS NOT NULL GROUP BY k + '?';"
        "CREATE TABLE p AS SELECT g, COUNT(*) AS c FROM m GROUP BY g;",
        ("O", "P"),
        ordered=False,
    ),
    "table-aggregate": Scenario(
        "CREATE TABLE o AS SELECT g, COUNT(*) AS c, SUM(v) AS w FROM t GROUP BY g;",
        ("O",),
        streams=(),
        tables=("t",),
        ordered=False,
    ),
}
