"""Which aggregations may hold their changes back until the commit: the record cache.

What counts of a table is mostly where it ends up, so that of many changes of a key between two
commits the last one is enough. Not so where a stream looks the table up: a record sees the row as
of its own time, and would see one of the future.
"""

from streamsql.topology.nodes import Sink, StreamAggregate, StreamTableJoin, TableSource
from streamsql.topology.topology import Topology


def cacheable(topology: Topology) -> frozenset[str]:
    """Return the names of the aggregations of streams whose single changes nobody can see."""
    aggregates = {n.name for n in topology.nodes.values() if isinstance(n, StreamAggregate)}
    return frozenset(aggregates - _observed(topology))


def _observed(topology: Topology) -> set[str]:
    """Return what the tables that streams look up are made of, down to aggregations of streams."""
    joins = [node for node in topology.nodes.values() if isinstance(node, StreamTableJoin)]
    found: set[str] = set()
    ahead = {join.parents[1] for join in joins}
    while ahead:
        name = ahead.pop()
        found.add(name)
        node = topology.nodes[name]
        if isinstance(node, TableSource):
            ahead.update(_writers(topology, node.topic) - found)
        elif not isinstance(node, StreamAggregate):
            ahead.update(set(node.parents) - found)
    return found


def _writers(topology: Topology, topic: str) -> set[str]:
    sinks = (node for node in topology.nodes.values() if isinstance(node, Sink))
    return {sink.name for sink in sinks if sink.topic.name == topic}
