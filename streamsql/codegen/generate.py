"""The code of a sub-topology: everything generated that runs for a record, from nodes alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from streamsql.codegen.aggregates.fold import generate_fold
from streamsql.codegen.namespace import Supplied
from streamsql.codegen.source import Module, SourceText
from streamsql.codegen.stretches.flow import Below, Flow, target_of
from streamsql.codegen.stretches.keys import generate_group
from streamsql.codegen.stretches.sources import columns_read, describe, generate_source
from streamsql.codegen.stretches.streams import define_stage
from streamsql.codegen.stretches.tables import TableStage
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    ForeignKeyJoin,
    Node,
    Output,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamAggregate,
    StreamSource,
    TableAggregate,
    TableRegroup,
    TableSource,
)
from streamsql.topology.topology import SubTopology, Topology
from streamsql.types.schema import Column


@dataclass(frozen=True, slots=True)
class GeneratedCode:
    """The texts of one sub-topology, each by the name of its node; the same for all its tasks.

    Attributes:
        part: The sub-topology.
        cached: The aggregations that hold changed groups until the next flush.
        sources: ``source(messages)`` of the nodes that read a topic record by record.
        reads: The value columns that those decode.
        folds: The functions of aggregations (:class:`streamsql.codegen.aggregates.fold.Fold`).
        groups: ``group(key, row, timestamp)`` of the nodes that regroup a table.
        stages: What takes the results of a stateful node: ``stage(key, value, timestamp)``, of a
            table ``stage(key, new, old, timestamp)``; where results go on as they are, what they
            go to. Missing where nobody takes them.
    """

    topology: Topology
    part: SubTopology
    cached: frozenset[str]
    sources: Mapping[str, SourceText]
    reads: Mapping[str, tuple[Column, ...]]
    folds: Mapping[str, SourceText]
    groups: Mapping[str, SourceText]
    stages: Mapping[str, SourceText | Supplied]

    def in_order(self) -> Iterator[SourceText]:
        """Yield the texts as a record meets them."""
        for name in self.part.nodes:
            for texts in (self.sources, self.groups, self.folds, self.stages):
                text = texts.get(name)
                if isinstance(text, SourceText):
                    yield text


def generate(topology: Topology, part: SubTopology, *, cached: frozenset[str]) -> GeneratedCode:
    """Return the texts of a part of the topology.

    ``cached``: these aggregations hold changed groups until the next flush, so that a source's loop
    can fold records into them.
    """
    flow = Flow(topology)
    nodes = [topology.nodes[name] for name in part.nodes]
    read = [n for n in nodes if isinstance(n, StreamSource | TableSource | Repartition)]
    sources = {node.name: generate_source(flow, node, cached=cached) for node in read}
    return GeneratedCode(
        topology,
        part,
        cached,
        {name: source for name, source in sources.items() if source is not None},
        {node.name: tuple(columns_read(flow, node)) for node in read},
        {
            node.name: generate_fold(node, flow.into(node), cached=node.name in cached)
            for node in nodes
            if isinstance(node, StreamAggregate | TableAggregate)
        },
        {
            node.name: generate_group(node, flow.into(node))
            for node in nodes
            if isinstance(node, TableRegroup)
        },
        {
            node.name: stage
            for node in nodes
            if _is_stateful(node) and (stage := _stage(flow, node)) is not None
        },
    )


def _is_stateful(node: Node) -> bool:
    """Tell whether a stage begins below the node."""
    others = (Filter, Project, Rekey, FlatMap, Sink, Output, StreamSource, Repartition)
    return not isinstance(node, others)


def _stage(flow: Flow, node: Node) -> SourceText | Supplied | None:
    below = flow.below(node.name)
    if not below.nodes:
        return None
    direct = _direct(below)
    if direct is not None:
        return direct
    module = Module(node.name)
    description = describe(flow, node)
    if flow.topology.is_table(node.name):
        known = not (isinstance(node, TableSource | ForeignKeyJoin) and node.store is None)
        TableStage(module, flow, below).define(node.schema, description, old_known=known)
    else:
        define_stage(module, flow, below, node.schema, description)
    return module.source()


def _direct(below: Below) -> Supplied | None:
    """Return the only target of results that go on as they are."""
    if len(below.nodes) != 1:
        return None
    node = below.nodes[0]
    if isinstance(node, Filter | Project | Rekey | FlatMap | Sink | Repartition):
        return None
    return Supplied(node.name, target_of(node, below.parent))
