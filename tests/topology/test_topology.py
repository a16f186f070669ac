"""Topologies: their order, their cut into sub-topologies, and topologies without repartitions."""

from typing import Any

from streamsql.expr.nodes import ColumnRef, NamedExpression
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.describe import describe
from streamsql.topology.topology import Topology, cut, stores_of, without_repartitions
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import STRING

ROWS = Schema((Column("K", STRING),), (Column("G", STRING),))
BY_G = [NamedExpression("G2", ColumnRef("G", STRING))]


def built(make: Any) -> Topology:
    builder = StreamsBuilder()
    make(builder)
    return builder.build()


def parts(topology: Topology) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(part.topics, part.exits) for part in cut(topology)]


def _two_streams(builder: StreamsBuilder) -> None:
    builder.stream("a", ROWS).to("x")
    builder.stream("b", ROWS).to("y")


def _regrouped(builder: StreamsBuilder) -> None:
    builder.stream("a", ROWS).group_by(BY_G).count().to("x")


def _twice_regrouped(builder: StreamsBuilder) -> None:
    stream = builder.stream("a", ROWS)
    stream.group_by(BY_G).count("C").to("x")
    stream.group_by([NamedExpression("K2", ColumnRef("K", STRING))]).count("C").to("y")
    builder.table("t", ROWS).group_by(BY_G).aggregate((), ()).to("z")


def test_what_shares_nothing_is_apart() -> None:
    assert parts(built(_two_streams)) == [(("a",), ()), (("b",), ())]


def test_readers_of_one_topic_are_together() -> None:
    def make(builder: StreamsBuilder) -> None:
        builder.stream("a", ROWS).to("x")
        builder.table("a", ROWS).to("y")

    assert parts(built(make)) == [(("a",), ())]


def test_a_repartition_belongs_to_its_readers_and_is_an_exit_of_its_writers() -> None:
    topology = built(_regrouped)
    writer, reader = cut(topology)
    assert (writer.topics, writer.exits) == (("a",), ("repartition",))
    assert (reader.topics, reader.exits) == (("repartition",), ())
    assert "repartition" in reader.nodes
    assert "repartition" not in writer.nodes


def test_every_node_is_in_one_part_and_parents_come_first() -> None:
    topology = built(_twice_regrouped)
    nodes = [name for part in cut(topology) for name in part.nodes]
    assert sorted(nodes) == sorted(topology.nodes)
    for part in cut(topology):
        seen: set[str] = set()
        for name in part.nodes:
            inside = set(topology.nodes[name].parents) & set(part.nodes)
            assert inside <= seen
            seen.add(name)


def test_without_repartitions_parents_feed_children() -> None:
    topology = built(_regrouped)
    merged = without_repartitions(topology, ["repartition"])
    assert "repartition" not in merged.nodes
    assert parts(merged) == [(("a",), ())]
    assert merged.nodes["aggregate"].parents == topology.nodes["repartition"].parents
    assert without_repartitions(topology, []) == topology


def test_streams_and_tables_are_told_apart() -> None:
    topology = built(_twice_regrouped)
    assert not topology.is_table("source-a")
    assert not topology.is_table("repartition")
    assert topology.is_table("source-t")
    assert topology.is_table("regroup")
    assert topology.is_table("sink-x")


def test_stores_have_unique_names() -> None:
    topology = built(_twice_regrouped)
    names = [store.name for node in topology.nodes.values() for store in stores_of(node)]
    assert len(names) == len(set(names)) == 4


def test_describe_names_topics_stores_and_exits() -> None:
    text = describe(built(_regrouped))
    assert text.splitlines() == [
        "Sub-topology 0 reads a",
        "  StreamSource source-a",
        "    topic a (KAFKA, JSON)",
        "  Rekey rekey <- source-a",
        "  Repartition repartition <- rekey",
        "Sub-topology 1 reads repartition",
        "  Repartition repartition",
        "    topic repartition, keys as ROW",
        "  StreamAggregate aggregate <- repartition",
        "    store aggregate",
        "  Sink sink-x <- aggregate",
        "    topic x (KAFKA, JSON)",
    ]
