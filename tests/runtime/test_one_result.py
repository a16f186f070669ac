"""One result, however an application is run.

The committed results over a finite input are those of one worker that reads one partition in the
order of event time: with any number of partitions and workers, caches, commit intervals and sizes
of blocks, whether the input is there at the start or comes while the application runs, with workers
that die in between. Late records are within the grace; look-ups are tested on input in order.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.mishaps import kill
from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.program import compile_program
from streamsql.expr.builtins import builtins
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker
from streamsql.types.record import SourceKind

_DECLARED = """
CREATE STREAM a (k STRING KEY, g STRING, v BIGINT)
    WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS={0});
CREATE STREAM b (k STRING KEY, g STRING, v BIGINT)
    WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS={0});
CREATE TABLE d (g STRING PRIMARY KEY, v BIGINT)
    WITH (KAFKA_TOPIC='d', VALUE_FORMAT='JSON', PARTITIONS={0});
"""
_RECORDS = 240
_ROUNDS = 20_000
_GRACE_MS = 5_000


@dataclass(frozen=True, slots=True)
class Script:
    """Queries over ``a``, ``b`` and ``d``; ``late``: whether records may come late."""

    sql: str
    late: bool = True


_REKEYED = "CREATE STREAM ag AS SELECT g, k, v FROM a PARTITION BY g;"

SCRIPTS = {
    "tumbling": Script(
        "CREATE TABLE o AS SELECT g, COUNT(*) AS c, SUM(v) AS s FROM a "
        "WINDOW TUMBLING (SIZE 3 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY g;"
    ),
    "hopping": Script(
        "CREATE TABLE o AS SELECT g, COUNT(*) AS c, MAX(v) AS s FROM a "
        "WINDOW HOPPING (SIZE 4 SECONDS, ADVANCE BY 1 SECOND, GRACE PERIOD 5 SECONDS) GROUP BY g;"
    ),
    "session": Script(
        "CREATE TABLE o AS SELECT g, COUNT(*) AS c, SUM(v) AS s FROM a "
        "WINDOW SESSION (2 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY g;"
    ),
    "merged": Script(
        "CREATE STREAM m AS SELECT k, v FROM a; INSERT INTO m SELECT k, v FROM b;"
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, SUM(v) AS s FROM m "
        "WINDOW TUMBLING (SIZE 3 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY k;"
    ),
    "merged and re-keyed": Script(
        "CREATE STREAM m AS SELECT k, g, v FROM a; INSERT INTO m SELECT k, g, v FROM b;"
        "CREATE TABLE o AS SELECT g, COUNT(*) AS c, SUM(v) AS s FROM m "
        "WINDOW TUMBLING (SIZE 3 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY g;"
    ),
    "twice re-keyed": Script(
        f"{_REKEYED} CREATE STREAM ak AS SELECT k, g, v FROM ag PARTITION BY k;"
        "CREATE TABLE o AS SELECT v % 5 AS w, COUNT(*) AS c, SUM(v) AS s FROM ak "
        "WINDOW TUMBLING (SIZE 3 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY v % 5;"
    ),
    "table of the same file": Script(
        f"CREATE TABLE t AS SELECT g, COUNT(*) AS c, SUM(v) AS s FROM b GROUP BY g; {_REKEYED}"
        "CREATE STREAM o AS SELECT ag.g, k, ag.v AS v, c, s FROM ag LEFT JOIN t ON ag.g = t.g;",
        late=False,
    ),
    "table of the same stream": Script(
        f"CREATE TABLE t AS SELECT g, COUNT(*) AS c, SUM(v) AS s FROM a GROUP BY g; {_REKEYED}"
        "CREATE STREAM o AS SELECT ag.g, k, ag.v AS v, c, s FROM ag LEFT JOIN t ON ag.g = t.g;",
        late=False,
    ),
    "re-keyed look-up": Script(
        f"{_REKEYED}"
        "CREATE STREAM o AS SELECT ag.g, k, ag.v AS v, d.v AS w FROM ag LEFT JOIN d ON ag.g = d.g;",
        late=False,
    ),
    "re-keyed join": Script(
        f"{_REKEYED} CREATE STREAM bg AS SELECT g, k, v FROM b PARTITION BY g;"
        "CREATE STREAM o AS SELECT ag.g, ag.v AS v, bg.v AS w FROM ag JOIN bg "
        "WITHIN 1 SECOND GRACE PERIOD 5 SECONDS ON ag.g = bg.g;"
    ),
    "windows of a joined stream": Script(
        f"{_REKEYED}"
        "CREATE STREAM j AS SELECT ag.g, k, ag.v AS v, d.v AS w FROM ag JOIN d ON ag.g = d.g;"
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, SUM(v) AS s, SUM(w) AS x FROM j "
        "WINDOW TUMBLING (SIZE 3 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY k;",
        late=False,
    ),
    "order of one partition": Script(
        "CREATE TABLE o AS SELECT g, COUNT(*) AS c, LATEST_BY_OFFSET(v) AS l, "
        "COLLECT_LIST(v) AS e FROM a WINDOW TUMBLING (SIZE 3 SECONDS, GRACE PERIOD 5 SECONDS) "
        "WHERE k = 'k1' GROUP BY g;"
    ),
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a script is run."""

    partitions: int = 1
    workers: int = 1
    cache_bytes: int = 0
    keeps_state: bool = True
    commit_ms: int = 100
    poll_records: int = 500
    live: bool = False
    deaths: int = 0


Record = tuple[str, str | None, bytes | None, int]


def _input(late: bool) -> list[Record]:
    """Return (topic, key, value, time) in the order in which they are written."""
    choose = random.Random(7)
    records: list[Record] = []
    for now in range(1_000, 1_000 + 100 * _RECORDS, 100):
        topic = choose.choice("aaabbd")
        time = now - choose.choice((0, 0, 0, 700, _GRACE_MS - 200)) if late else now
        g, k, v = f"g{choose.randrange(5)}", f"k{choose.randrange(12)}", choose.randrange(100)
        value = {"V": v} if topic == "d" else {"G": g, "V": v}
        records.append((topic, g if topic == "d" else k, json.dumps(value).encode(), max(0, time)))
    return records


class _Run:
    def __init__(self, script: Script, how: Circumstances, seed: int) -> None:
        self._how = how
        self._choose = random.Random(seed)
        self._broker = SimulatedBroker(keeps_state=how.keeps_state, seed=seed)
        self._broker.create([TopicConfig(topic, how.partitions) for topic in "abd"])
        text = _DECLARED.format(how.partitions) + script.sql
        context = PlannerContext(Catalog(functions=builtins()), partial=True)
        program = compile_program((text,), context, "app")
        assert program.application is not None
        self._sinks = [s for s in program.context.catalog.sources.values() if s.writers]
        topology = program.application.topology
        topics = self._broker.topics()
        self._layout = lay_out("app", topology, topics, state_topics(self._broker))
        self._broker.create(self._layout.create)
        self._left = _input(script.late)
        self._workers: dict[str, Worker] = {}

    def results(self) -> dict[str, object]:
        """Run to the end and return the final rows of tables, the records of streams."""
        self._feed(0 if self._how.live else len(self._left))
        deaths = sorted(self._choose.randrange(5, 120) for _ in range(self._how.deaths))
        for number in range(_ROUNDS):
            if number in deaths:
                self._die(self._choose.choice(sorted(self._workers)))
            self._start_missing()
            for worker in self._choose.sample(list(self._workers.values()), len(self._workers)):
                worker.step(0)
                self._broker.clock.advance(self._choose.randrange(self._how.commit_ms))
            self._feed(self._choose.choice((0, 0, 1, 7)))
            if not self._left and number % 5 == 0 and Completion(self._broker, self._layout).done():
                break
        else:
            raise AssertionError("stuck")
        for worker in self._workers.values():
            worker.close()
        return {s.name: self._read(s.topic, s.kind is SourceKind.TABLE) for s in self._sinks}

    def _feed(self, count: int) -> None:
        fed, self._left = self._left[:count], self._left[count:]
        for topic, key, value, time in fed:
            encoded = None if key is None else key.encode()
            self._broker.append(topic, [(encoded, value, time, ())])

    def _start_missing(self) -> None:
        how = self._how
        for name in {f"w{number}" for number in range(how.workers)} - self._workers.keys():
            config = RuntimeConfig("app", how.commit_ms, how.cache_bytes, None, how.poll_records)
            worker = Worker(self._layout, self._broker, config, name, self._broker.clock)
            worker.start()
            self._workers[name] = worker

    def _die(self, name: str) -> None:
        worker = self._workers.pop(name)
        kill(self._broker, name, f"app-{name}")
        worker.abandon()

    def _read(self, topic: str, is_table: bool) -> object:
        records = []
        for number in range(self._broker.topics()[topic].partitions):
            reader = self._broker.reader()
            reader.assign({TopicPartition(topic, number): 0})
            while found := next(iter(reader.poll(1000, 0).messages.values()), ()):
                records += [(m.key(), m.value(), m.timestamp()[1]) for m in found]
        if not is_table:
            return sorted(records, key=repr)
        rows = {key: (value, time) for key, value, time in records}
        return {key: row for key, row in rows.items() if row[0] is not None}


@cache
def _expected(name: str) -> dict[str, object]:
    return _Run(SCRIPTS[name], Circumstances(), 0).results()


def _circumstances(seed: int) -> Circumstances:
    choose = random.Random(seed)
    return Circumstances(
        partitions=choose.choice((1, 2, 3, 8)),
        workers=choose.choice((1, 1, 2, 4)),
        cache_bytes=choose.choice((0, 10_000, 1_000_000)),
        keeps_state=choose.random() < 0.5,
        commit_ms=choose.choice((10, 30, 100, 400)),
        poll_records=choose.choice((1, 3, 20, 500)),
        live=choose.random() < 0.5,
        deaths=choose.choice((0, 0, 1, 3)),
    )


def _check(name: str, seed: int) -> None:
    how = _circumstances(seed)
    if SCRIPTS[name].late and how.live:
        how = replace(how, live=False)
    print(f"{name!r}, seed {seed}: {how}")
    assert _Run(SCRIPTS[name], how, seed).results() == _expected(name)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("how", [Circumstances(), Circumstances(4, 2, 1_000_000, poll_records=50)])
def test_partitions_and_workers(name: str, how: Circumstances) -> None:
    assert _Run(SCRIPTS[name], how, 1).results() == _expected(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_however_it_is_run(name: str, seeds: Callable[[int], Iterator[int]]) -> None:
    for seed in seeds(25):
        _check(name, seed)
