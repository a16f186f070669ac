"""The DSL from Python: programs without SQL."""

import json
from typing import Any

from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.expr.nodes import ColumnRef, NamedExpression
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.nodes import Filter, Repartition, StreamSource, TableSource
from streamsql.topology.topology import Topology
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import BIGINT, STRING
from streamsql.types.windows import SessionWindows, TimeWindows

CLICKS = Schema((Column("USER", STRING),), (Column("PAGE", STRING), Column("MS", BIGINT)))
PAGE = NamedExpression("PAGE", ColumnRef("PAGE", STRING))


def run(topology: Topology, clicks: list[tuple[str, str, int]], sink: str) -> list[Any]:
    """Run to the end, and return (key, row) as written; rows of one key in order."""
    broker = SimulatedBroker()
    broker.create([TopicConfig("clicks", 2)])
    broker.append(
        "clicks",
        [
            (user.encode(), json.dumps({"page": page, "ms": ms}).encode(), ms, ())
            for user, page, ms in clicks
        ],
    )
    config = RuntimeConfig("program", 10, 0)
    layout = lay_out("program", topology, broker.topics(), state_topics(broker))
    broker.create(layout.create)
    completion = Completion(broker, layout)
    worker = Worker(layout, broker, config, "w", broker.clock)
    worker.start()
    while not completion.done():
        worker.step(0)
        broker.clock.advance(5)
    worker.close()
    reader = broker.reader()
    reader.assign({TopicPartition(sink, number): 0 for number in range(2)})
    messages = [m for found in reader.poll(1000, 0).messages.values() for m in found]
    return [(m.key(), json.loads(m.value() or b"null")) for m in messages]


def test_filter_and_count_with_python_functions() -> None:
    builder = StreamsBuilder()
    clicks = builder.stream("clicks", CLICKS)
    clicks.filter(lambda row: row["PAGE"] != "/" and row["MS"] < 100).group_by_key().count("N").to(
        "counts"
    )
    written = run(
        builder.build(),
        [("ann", "/", 1), ("ann", "/a", 2), ("bob", "/b", 3), ("ann", "/c", 4), ("ann", "/d", 200)],
        "counts",
    )
    assert sorted(written, key=str) == [(b"ann", {"N": 1}), (b"ann", {"N": 2}), (b"bob", {"N": 1})]


def test_predicates_see_key_and_value_and_failures_keep_the_record_out() -> None:
    builder = StreamsBuilder()
    clicks = builder.stream("clicks", CLICKS)
    clicks.filter(lambda row: row["USER"] == "ann" and 10 / row["MS"] > 1).to("kept")
    written = run(builder.build(), [("ann", "/a", 0), ("ann", "/b", 5), ("bob", "/c", 5)], "kept")
    assert written == [(b"ann", {"PAGE": "/b", "MS": 5})]


def test_grouping_by_another_column_repartitions() -> None:
    builder = StreamsBuilder("p")
    builder.stream("clicks", CLICKS).group_by([PAGE]).count("N").to("pages")
    topology = builder.build()
    assert [type(node) for node in topology.nodes.values()].count(Repartition) == 1
    written = run(topology, [("ann", "/a", 1), ("bob", "/a", 2), ("eve", "/b", 3)], "pages")
    assert sorted(written, key=str) == [(b"/a", {"N": 1}), (b"/a", {"N": 2}), (b"/b", {"N": 1})]


def test_windows_are_part_of_the_key() -> None:
    builder = StreamsBuilder()
    grouped = builder.stream("clicks", CLICKS).group_by_key()
    grouped.windowed_by(TimeWindows(10, 10, 0, 10)).count("N").to("windows")
    written = run(builder.build(), [("ann", "/", 1), ("ann", "/", 9), ("ann", "/", 12)], "windows")
    assert [(int.from_bytes((key or b"")[-8:], "big"), row["N"]) for key, row in written] == [
        (0, 1),
        (0, 2),
        (10, 1),
    ]
    sessions = StreamsBuilder()
    grouped = sessions.stream("clicks", CLICKS).group_by_key()
    grouped.windowed_by(SessionWindows(5, 0, 100)).count("N").to("sessions")
    written = run(sessions.build(), [("ann", "/", 1), ("ann", "/", 4)], "sessions")
    assert [row for _, row in written] == [{"N": 1}, None, {"N": 2}]


def test_names_depend_on_operators_of_the_same_prefix_alone() -> None:
    builder = StreamsBuilder("one")
    builder.stream("clicks", CLICKS).filter(lambda row: True).to("a")
    alone = list(builder.build().nodes)
    builder = StreamsBuilder("one")
    builder.within("zero").stream("clicks", CLICKS).filter(lambda row: False).to("z")
    builder.stream("clicks", CLICKS).filter(lambda row: True).to("a")
    assert [name for name in builder.build().nodes if not name.startswith("zero")] == alone
    assert alone == ["source-clicks", "one-filter", "one-sink-a"]


def test_equal_sources_are_read_once() -> None:
    builder = StreamsBuilder()
    builder.stream("clicks", CLICKS).to("a")
    builder.stream("clicks", CLICKS).to("b")
    nodes = builder.build().nodes.values()
    assert sum(isinstance(node, StreamSource) for node in nodes) == 1


def test_a_table_keeps_its_rows_only_when_somebody_needs_them() -> None:
    def stored(make: Any) -> bool:
        builder = StreamsBuilder()
        make(builder.table("clicks", CLICKS))
        (source,) = builder.build().sources()
        assert isinstance(source, TableSource)
        return source.store is not None

    assert not stored(lambda table: table.to("copy"))
    assert not stored(lambda table: table.select([PAGE]).to("copy"))
    assert stored(lambda table: table.filter(lambda row: True).to("copy"))
    assert not stored(lambda table: table.filter(lambda row: True).materialize().to("copy"))
    assert stored(lambda table: table.group_by([PAGE]).aggregate((), ()).to("groups"))


def test_building_twice_gives_the_same_topology() -> None:
    builder = StreamsBuilder()
    builder.table("clicks", CLICKS).filter(lambda row: True).to("copy")
    first = builder.build()
    assert builder.build() == first
    assert isinstance(next(builder.build().children("source-clicks")), Filter)
