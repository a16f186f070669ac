"""A sub-topology as the processors of one task.

Built from the leaves up: what is below a node is first turned into *steps* (stateless nodes, sinks,
calls of stateful processors); the steps below a source or a stateful processor then become one
generated function each, its stretch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from streamsql.broker.ports import Message
from streamsql.codegen.liveness import required_columns
from streamsql.codegen.stretch import (
    BranchStep,
    FilterStep,
    FlatMapStep,
    FoldStep,
    ForwardStep,
    ProjectStep,
    RekeyStep,
    SendStep,
    SourceInput,
    SourcePolicy,
    Step,
    StreamInput,
    Stretch,
    StretchInput,
    TableInput,
)
from streamsql.codegen.stretches import generate
from streamsql.expr.nodes import ColumnRef, NamedExpression
from streamsql.formats.format import attribute_names
from streamsql.formats.formats import (
    key_decoder,
    key_encoder,
    raw_key_decoder,
    value_decoder,
    value_encoder,
)
from streamsql.formats.row import ChangeCodec
from streamsql.formats.windowed import window_bytes
from streamsql.runtime.build_stateful import StatefulBuilder, Wiring
from streamsql.runtime.environment import Environment, SkipAndCount
from streamsql.runtime.event_time import event_time
from streamsql.runtime.processors.table import (
    ChangeReceiver,
    ChangeSender,
    TableSourceProcessor,
    UnkeptTableSourceProcessor,
)
from streamsql.topology.naming import repartition_topic
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    Node,
    Output,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamSource,
    TableRepartition,
    TableSource,
)
from streamsql.topology.topology import SubTopology, Topology
from streamsql.types.schema import PLACE_COLUMNS, Schema
from streamsql.types.sqltypes import STRING

ProcessMessages = Callable[[Sequence[Message]], None]


@dataclass(slots=True)
class Processors:
    """The processors of one task.

    Attributes:
        sources: By physical topic, what its messages go through, in topology order.
        flushes: Functions to call before a commit, upstream first.
        code: Source text of the generated functions, by name.
    """

    sources: dict[str, list[ProcessMessages]] = field(default_factory=dict)
    flushes: list[Callable[[], None]] = field(default_factory=list)
    code: dict[str, str] = field(default_factory=dict)


def build(
    topology: Topology, part: SubTopology, environment: Environment, wiring: Wiring
) -> Processors:
    """Return the processors of one task of the part; ``wiring`` holds its stores and clocks."""
    builder = _Builder(topology, part, environment, wiring)
    return builder.build()


class _Builder:
    def __init__(
        self, topology: Topology, part: SubTopology, environment: Environment, wiring: Wiring
    ) -> None:
        self._topology = topology
        self._part = part
        self._names = frozenset((*part.nodes, *part.exits))
        self._environment = environment
        self._processors = Processors()
        self._targets: dict[tuple[str, str], FoldStep | ForwardStep] = {}
        self._stateful = StatefulBuilder(topology, environment, wiring)
        self._wiring = wiring

    def build(self) -> Processors:
        """Build stateful processors from the last to the first, then the sources."""
        flushes: list[Callable[[], None]] = []
        for name in reversed(self._part.nodes):
            node = self._topology.nodes[name]
            built = self._stateful.build(node, partial(self._forward, node))
            if built is not None:
                for parent, target in built.targets.items():
                    self._targets[name, parent] = built.fold or ForwardStep(target)
                if built.flush is not None:
                    flushes.append(built.flush)
        self._processors.flushes = flushes[::-1]
        for name in self._part.nodes:
            self._source(self._topology.nodes[name])
        return self._processors

    def _source(self, node: Node) -> None:
        """Add what the messages of the node's topic go through, if the node reads one."""
        match node:
            case StreamSource():
                self._add(node.topic, self._read(node, self._steps(node.name)))
            case TableSource():
                forward = self._forward(node)
                source = (
                    UnkeptTableSourceProcessor(forward)
                    if node.store is None
                    else TableSourceProcessor(self._wiring.table(node.store), forward)
                )
                steps = (*_with_places(node), ForwardStep(source.process))
                self._add(node.topic, self._read(node, steps))
            case Repartition():
                topic = repartition_topic(self._environment.config.application, node.topic.name)
                self._add(topic, self._read(node, self._steps(node.name)))
            case TableRepartition():
                topic = repartition_topic(self._environment.config.application, node.topic.name)
                receiver = ChangeReceiver(
                    key_decoder(node.format.key, node.format.schema),
                    ChangeCodec(node.format.schema.value),
                    self._forward(node),
                    self._environment.metrics,
                )
                self._add(topic, receiver.process)
            case _:
                pass

    def _add(self, topic: str, process: ProcessMessages | None) -> None:
        known = self._processors.sources.setdefault(topic, [])
        if process is not None:
            known.append(process)

    def _read(
        self, node: StreamSource | TableSource | Repartition, steps: tuple[Step, ...]
    ) -> ProcessMessages | None:
        """Return the generated source that decodes the node's messages; ``None`` for no steps."""
        if not steps:
            return None
        time = None if isinstance(node, Repartition) else event_time(node.timestamp)
        headers = () if isinstance(node, Repartition) else node.headers
        header_names = {header.column for header in headers}
        schema = _without_places(node) if isinstance(node, TableSource) else node.schema
        needed = required_columns(schema, steps, time)
        used = [c for c in schema.value if c.name in needed and c.name not in header_names]
        decoder = value_decoder(node.format.value, node.format.schema, used)
        decode_key = None
        if node.schema.key:
            decode_key = raw_key_decoder(
                node.format.key, node.format.schema, node.format.window_size_ms
            )
        ahead_ms = self._environment.config.max_ahead_ms
        policy = SkipAndCount(decoder, self._environment.metrics, ahead_ms)
        names = (column.name for column in used)
        source = SourceInput(
            schema=schema,
            decoder=decoder,
            attributes=dict(zip(names, attribute_names(used), strict=True)),
            decode_key=decode_key,
            policy=SourcePolicy(
                policy.repair,
                policy.repair_key,
                policy.latest_ms(),
                policy.is_bad_timestamp,
                policy.unreadable_timestamp,
            ),
            event_time=time,
            headers=tuple((header.column, header.key) for header in headers),
        )
        return self._generate(node.name, source, steps)

    def _generate(
        self, name: str, stretch_input: StretchInput, steps: tuple[Step, ...]
    ) -> Callable[..., Any]:
        description = " → ".join(self._describe(name))
        stretch = Stretch(name, description, stretch_input, steps, self._report)
        compiled = generate(stretch)
        self._processors.code[compiled.name] = compiled.source
        return compiled.function

    def _describe(self, name: str) -> list[str]:
        """Return the names of the node and of what is directly below it."""
        children = [child.name for child in self._topology.children(name)]
        return [name, ", ".join(children)] if children else [name]

    def _report(self, error: Exception, text: str, record: Any) -> None:
        message = record if hasattr(record, "offset") else None
        self._environment.metrics.fail(text, error, message)

    def _forward(self, node: Node) -> Callable[..., None]:
        """Return what a stateful node calls for each record or change that it makes."""
        steps = self._steps(node.name)
        if not steps:
            return _nothing
        if len(steps) == 1 and isinstance(steps[0], ForwardStep):
            return steps[0].target
        if len(steps) == 1 and isinstance(steps[0], FoldStep):
            return steps[0].process
        stretch_input: StretchInput
        if self._topology.is_table(node.name):
            known = not (isinstance(node, TableSource) and node.store is None)
            stretch_input = TableInput(node.schema, known)
        else:
            stretch_input = StreamInput(node.schema)
        return self._generate(f"{node.name}/out", stretch_input, steps)

    def _steps(self, name: str) -> tuple[Step, ...]:
        """Return the steps below a node: of its only child, or a branch for each."""
        branches = []
        for child in self._topology.children(name):
            if child.name in self._names:
                steps = self._step(child, name)
                if steps:
                    branches.append(steps)
        if len(branches) <= 1:
            return branches[0] if branches else ()
        return (BranchStep(tuple(branches)),)

    def _step(self, node: Node, parent: str) -> tuple[Step, ...]:
        """Return the steps that carry out the node for records from the parent."""
        step: Step
        match node:
            case Filter():
                step = FilterStep(node.predicate)
            case Project():
                step = ProjectStep(tuple(c.name for c in node.schema.key), node.columns)
            case Rekey():
                step = RekeyStep(node.keys, node.drop_null_key)
            case FlatMap():
                step = FlatMapStep(node.calls)
            case Sink():
                return (self._send(node, node.topic.name),)
            case Repartition():
                application = self._environment.config.application
                return (self._send(node, repartition_topic(application, node.topic.name)),)
            case TableRepartition():
                return (ForwardStep(self._change_sender(node)),)
            case Output():
                return (ForwardStep(self._environment.outputs[node.name]),)
            case _:
                target = self._targets.get((node.name, parent))
                return () if target is None else (target,)
        below = self._steps(node.name)
        return (step, *below) if below else ()

    def _send(self, node: Sink | Repartition, topic: str) -> SendStep:
        encoder = value_encoder(node.format.value, node.format.schema)
        as_read = self._key_passes_through(node)
        return SendStep(
            send=self._environment.producer.sender(topic, window_bytes(node.format.schema.window)),
            encode_key=None if as_read else key_encoder(node.format.key, node.format.schema),
            row_type=encoder.row_type,
            encode=encoder.encode,
            event_time=event_time(node.timestamp) if isinstance(node, Sink) else None,
            label=topic,
        )

    def _key_passes_through(self, node: Sink | Repartition) -> bool:
        """Tell whether the bytes of a text key can be written as they were read."""
        text = [column.type for column in node.schema.key] == [STRING]
        if not text or node.schema.window is not None or node.format.key.name != "KAFKA":
            return False
        above: Node = node
        while isinstance(above, Sink | Repartition | Filter | Project | FlatMap):
            above = self._topology.nodes[above.parents[0]]
        return isinstance(above, StreamSource) and above.format.key == node.format.key

    def _change_sender(self, node: TableRepartition) -> Callable[..., None]:
        topic = repartition_topic(self._environment.config.application, node.topic.name)
        sender = ChangeSender(
            key_encoder(node.format.key, node.format.schema),
            ChangeCodec(node.format.schema.value),
            self._environment.producer.sender(topic),
        )
        return sender.process


def _nothing(*_: object) -> None:
    """Take a record that nobody reads."""


def _with_places(node: TableSource) -> tuple[Step, ...]:
    """Return the step that makes values of a row's partition and offset, if the table keeps them.

    They are known where the message is read, and not any more where its row is.
    """
    if _without_places(node) == node.schema:
        return ()
    columns = [NamedExpression(c.name, ColumnRef(c.name, c.type)) for c in node.schema.value]
    return (ProjectStep(tuple(c.name for c in node.schema.key), tuple(columns)),)


def _without_places(node: TableSource) -> Schema:
    """Return the schema as the topic and its headers hold it."""
    schema = node.schema
    value = tuple(column for column in schema.value if column not in PLACE_COLUMNS)
    return Schema(schema.key, value, schema.window)
