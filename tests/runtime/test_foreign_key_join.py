"""Foreign-key joins: the published sequences, answers out of order, and random tables.

The random tables are compared with a join of dicts, on any partitions and with workers that die.
"""

import json
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from streamsql.broker.ports import Message
from streamsql.runtime.processors.foreign_key_join import (
    ForeignKeyJoinProcessor,
    ForeignKeyResponseProcessor,
    ForeignKeySubscriptionProcessor,
    InnerResult,
    LeftResult,
)
from streamsql.runtime.processors.table import MaterializeProcessor
from streamsql.state.key_value import KeyValueStore
from streamsql.state.keys import KeyCodec
from streamsql.state.memory import MemoryStorage
from streamsql.topology.nodes import JoinKind
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import STRING
from tests.runtime.drawn import Circumstances, DrawnRun

Out = tuple[Key, Row | None, int]


class Steps:
    """The steps of one join; what goes between them waits until it is delivered.

    A left row is (value, foreign key), a right one (value,).
    """

    def __init__(self, kind: JoinKind) -> None:
        storage = MemoryStorage()
        left = KeyValueStore("left", [STRING], [STRING, STRING], storage)
        right = KeyValueStore("right", [STRING], [STRING], storage)
        asked = KeyValueStore("asked", [STRING, STRING], [], storage)
        codec = KeyCodec([STRING])
        self.out: list[Out] = []
        self.subscriptions: deque[Out] = deque()
        self.responses: deque[Out] = deque()
        self._subscribe = ForeignKeySubscriptionProcessor(
            codec, lambda *record: self.subscriptions.append(record), composite=False
        )
        self._respond = ForeignKeyResponseProcessor(
            asked, right, (None,), lambda *record: self.responses.append(record)
        )
        matched = KeyValueStore("matched", [STRING], [], storage)
        inner = kind is JoinKind.INNER
        result = InnerResult(matched, self._take) if inner else LeftResult((None,), self._take)
        self._join = ForeignKeyJoinProcessor(left, codec, result)
        self._left = MaterializeProcessor(left, self._both)
        self._right = MaterializeProcessor(right, self._respond.right)

    def left(self, key: str, row: Row | None, time: int) -> None:
        self._left.process(key, row, None, time)

    def right(self, key: str, row: Row | None, time: int) -> None:
        self._right.process(key, row, None, time)

    def subscribe(self, foreign_key: str) -> None:
        """Deliver what waits for a foreign key."""
        for record in [record for record in self.subscriptions if record[0] == foreign_key]:
            self.subscriptions.remove(record)
            self._respond.left(*record)

    def deliver(self) -> list[Out]:
        """Deliver everything; return what came out since the last time."""
        while self.subscriptions:
            self._respond.left(*self.subscriptions.popleft())
        while self.responses:
            self._join.right(*self.responses.popleft())
        out, self.out = self.out, []
        return out

    def _both(self, key: Key, new: Row | None, old: Row | None, time: int) -> None:
        self._subscribe.process(key, new, old, time)
        self._join.left(key, new, old, time)

    def _take(self, key: Key, new: Row | None, _old: Row | None, time: int) -> None:
        self.out.append((key, new, time))


NOTHING: list[Row | None] = []
SEQUENCE: list[tuple[str, str, Row | None, list[Row | None], list[Row | None]]] = [
    # side, key, row, what an inner join forwards, what a left join forwards
    ("left", "k", ("1", "foo"), NOTHING, [("1", None)]),
    ("right", "foo", ("bar",), [("1", "bar")], [("1", "bar")]),
    ("left", "k", ("2", "foo"), [("2", "bar")], [("2", "bar")]),
    ("left", "k", ("2", "bar"), [None], [("2", None)]),
    ("right", "foo", ("baz",), NOTHING, NOTHING),
    ("right", "bar", ("qux",), [("2", "qux")], [("2", "qux")]),
    ("left", "k", ("3", None), [None], [("3", None)]),
    ("left", "k", ("4", "bar"), [("4", "qux")], [("4", "qux")]),
    ("right", "bar", None, [None], [("4", None)]),
    ("left", "k", None, [None], [None]),
    ("right", "bar", ("qux",), NOTHING, NOTHING),
    ("left", "k", ("5", None), NOTHING, [("5", None)]),
    ("left", "k", None, NOTHING, [None]),
]


@pytest.mark.parametrize("kind", [JoinKind.INNER, JoinKind.LEFT])
def test_published_sequence(kind: JoinKind) -> None:
    steps = Steps(kind)
    for time, (side, key, row, inner, left) in enumerate(SEQUENCE):
        (steps.left if side == "left" else steps.right)(key, row, time)
        expected = inner if kind is JoinKind.INNER else left
        assert steps.deliver() == [("k", joined, time) for joined in expected], (time, row)


@pytest.mark.parametrize("kind", [JoinKind.INNER, JoinKind.LEFT])
def test_stale_answers_are_dropped(kind: JoinKind) -> None:
    steps = Steps(kind)
    steps.right("old", ("o",), 0)
    steps.right("new", ("n",), 1)
    steps.left("k", ("1", "old"), 2)
    steps.left("k", ("1", "new"), 3)
    steps.subscribe("new")
    steps.subscribe("old")
    assert steps.deliver() == [("k", ("1", "n"), 3)]
    steps.left("k", ("2", "old"), 4)
    steps.subscribe("old")
    steps.left("k", None, 5)
    assert steps.deliver() == [("k", None, 5)]
    steps.right("old", ("o2",), 6)
    assert steps.deliver() == []


def test_a_row_that_comes_again_before_the_answer() -> None:
    steps = Steps(JoinKind.INNER)
    steps.right("a", ("x",), 0)
    steps.left("k", ("1", "a"), 1)
    steps.subscribe("a")
    steps.left("k", None, 2)
    steps.subscribe("a")
    steps.right("a", None, 3)
    steps.left("k", ("2", "a"), 4)
    assert steps.deliver() == [("k", None, 2), ("k", ("2", "x"), 4), ("k", None, 4)]


def test_an_answer_meets_the_row_as_it_is_by_then() -> None:
    steps = Steps(JoinKind.INNER)
    steps.right("a", ("x",), 0)
    steps.left("k", ("1", "a"), 5)
    steps.subscribe("a")
    steps.left("k", ("2", "a"), 6)
    assert steps.deliver() == [("k", ("2", "x"), 6), ("k", ("2", "x"), 6)]


_SCRIPT = """
CREATE TABLE l (id STRING PRIMARY KEY, fk STRING, v BIGINT)
    WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS={left});
CREATE TABLE r (id STRING PRIMARY KEY, w BIGINT)
    WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS={right});
CREATE TABLE i AS SELECT l.id, r.id AS rid, v, w FROM l JOIN r ON LCASE(l.fk) = r.id;
CREATE TABLE o AS SELECT l.id, v, w FROM l LEFT JOIN r ON LCASE(l.fk) = r.id;
CREATE TABLE s AS SELECT w, COUNT(*) AS n, SUM(v) AS t FROM l JOIN r ON l.fk = r.id GROUP BY w;
"""
_SINKS = ("I", "O", "S")


@dataclass(slots=True)
class Tables:
    """Random changes of both tables, and the rows that they leave behind."""

    left: dict[str, dict[str, object]] = field(default_factory=dict)
    right: dict[str, dict[str, object]] = field(default_factory=dict)
    changes: list[tuple[str, str, bytes | None]] = field(default_factory=list)

    def change(self, choose: random.Random) -> None:
        if choose.random() < 0.6:
            fk = choose.choice((None, "a", "A", "b", "c", "d", "e"))
            row: dict[str, object] = {"FK": fk, "V": choose.randrange(100)}
            self._put("l", self.left, f"k{choose.randrange(12)}", row, choose)
        else:
            row = {"W": choose.randrange(4)}
            self._put("r", self.right, choose.choice("abcd"), row, choose)

    def joined(self) -> dict[str, dict[str, dict[str, object]]]:
        """Return the rows of the three results, as JSON has them."""
        rows: dict[str, dict[str, dict[str, object]]] = {name: {} for name in _SINKS}
        groups: dict[object, list[object]] = {}
        for key, row in self.left.items():
            fk = row["FK"]
            found = self.right.get(str(fk).lower()) if fk is not None else None
            rows["O"][key] = {"V": row["V"], "W": None if found is None else found["W"]}
            if found is not None:
                rows["I"][key] = {"RID": str(fk).lower(), "V": row["V"], "W": found["W"]}
                if fk in self.right:
                    groups.setdefault(found["W"], []).append(row["V"])
        for w, values in groups.items():
            rows["S"][str(w)] = {"N": len(values), "T": sum(map(int, map(str, values)))}
        return rows

    def _put(
        self,
        topic: str,
        table: dict[str, dict[str, object]],
        key: str,
        row: dict[str, object],
        choose: random.Random,
    ) -> None:
        if choose.random() < 0.2:
            table.pop(key, None)
            self.changes.append((topic, key, None))
        else:
            table[key] = row
            self.changes.append((topic, key, json.dumps(row).encode()))


def _check(seed: int) -> None:
    choose, tables = random.Random(seed), Tables()
    left, right = choose.choice((1, 3)), choose.choice((1, 3))
    how = Circumstances(
        workers=choose.choice((1, 2)),
        cache_bytes=choose.choice((0, 100_000)),
        keeps_state=choose.random() < 0.5,
        commit_ms=50,
        poll_records=20,
        live=choose.random() < 0.5,
        deaths=choose.choice((0, 0, 2)),
    )
    for _ in range(150):
        tables.change(choose)
    print(f"seed {seed}: {left} and {right} partitions, {how}")
    records = [(*change, time) for time, change in enumerate(tables.changes)]
    sql = _SCRIPT.format(left=left, right=right)
    run = DrawnRun(sql, {"l": left, "r": right}, records, how, seed)
    run.finish()
    assert {name: _rows(name, run.read(name)) for name in _SINKS} == tables.joined()


def _rows(topic: str, messages: Sequence[Message]) -> dict[str, dict[str, object]]:
    """Return the last row of each key."""
    rows: dict[str, dict[str, object]] = {}
    for message in messages:
        key, value = message.key() or b"", message.value()
        name = str(int.from_bytes(key, "big")) if topic == "S" else key.decode()
        rows.pop(name, None)
        if value is not None:
            rows[name] = json.loads(value)
    return {name: row for name, row in rows.items() if row.get("N") != 0}


@pytest.mark.parametrize("seed", range(6))
def test_random_tables(seed: int) -> None:
    _check(seed)


@pytest.mark.slow
def test_many_random_tables(seeds: Callable[[int], Iterator[int]]) -> None:
    for seed in seeds(60):
        _check(seed)
