"""One result, however an application is run.

The committed results over a finite input are those of one worker that reads one partition in the
order of event time: with any number of partitions and workers, caches, commit intervals and sizes
of blocks, whether the input is there at the start or comes while the application runs, with workers
that die in between. Late records are within the grace; look-ups are tested on input in order.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from streamsql.broker.ports import Message
from streamsql.types.record import SourceKind
from tests.runtime.drawn import Circumstances, DrawnRun, Record

_DECLARED = """
CREATE STREAM a (k STRING KEY, g STRING, v BIGINT)
    WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS={0});
CREATE STREAM b (k STRING KEY, g STRING, v BIGINT)
    WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS={0});
CREATE TABLE d (g STRING PRIMARY KEY, v BIGINT)
    WITH (KAFKA_TOPIC='d', VALUE_FORMAT='JSON', PARTITIONS={0});
"""
_RECORDS = 240
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


def _results(script: Script, partitions: int, how: Circumstances, seed: int) -> dict[str, object]:
    """Return the final rows of tables, the records of streams."""
    text = _DECLARED.format(partitions) + script.sql
    run = DrawnRun(text, dict.fromkeys("abd", partitions), _input(script.late), how, seed)
    run.finish()
    return {
        sink.name: _contents(run.read(sink.topic), is_table=sink.kind is SourceKind.TABLE)
        for sink in run.sinks
    }


def _contents(messages: Sequence[Message], *, is_table: bool) -> object:
    records = [(m.key(), m.value(), m.timestamp()[1]) for m in messages]
    if not is_table:
        return sorted(records, key=repr)
    rows = {key: (value, time) for key, value, time in records}
    return {key: row for key, row in rows.items() if row[0] is not None}


@cache
def _expected(name: str) -> dict[str, object]:
    return _results(SCRIPTS[name], 1, Circumstances(), 0)


def _check(name: str, seed: int) -> None:
    script, choose = SCRIPTS[name], random.Random(seed)
    partitions = choose.choice((1, 2, 3, 8))
    how = Circumstances(
        workers=choose.choice((1, 1, 2, 4)),
        cache_bytes=choose.choice((0, 10_000, 1_000_000)),
        keeps_state=choose.random() < 0.5,
        commit_ms=choose.choice((10, 30, 100, 400)),
        poll_records=choose.choice((1, 3, 20, 500)),
        live=choose.random() < 0.5 and not script.late,
        deaths=choose.choice((0, 0, 1, 3)),
    )
    print(f"{name!r}, seed {seed}: {partitions} partitions, {how}")
    assert _results(script, partitions, how, seed) == _expected(name)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("partitions", [1, 4])
def test_partitions_and_workers(name: str, partitions: int) -> None:
    how = Circumstances(min(partitions, 2), 1_000_000, poll_records=50)
    assert _results(SCRIPTS[name], partitions, how, 1) == _expected(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_however_it_is_run(name: str, seeds: Callable[[int], Iterator[int]]) -> None:
    for seed in seeds(25):
        _check(name, seed)
