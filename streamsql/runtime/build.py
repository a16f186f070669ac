"""The code of a sub-topology as the processors of one task.

Built from the leaves up: what is below a stateful node is loaded before its processor is made, and
what is below a source before the source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, assert_never

from streamsql.broker.ports import Message, Send
from streamsql.codegen.aggregates.fold import Fold, load_fold
from streamsql.codegen.generate import GeneratedCode
from streamsql.codegen.load import load
from streamsql.codegen.namespace import TASK, Supplied
from streamsql.codegen.supplies import MessageReader, MessageWriter, NodeSupplies, TaskSupplies
from streamsql.formats.row import ChangeCodec
from streamsql.formats.windowed import window_bytes
from streamsql.runtime.environment import Environment, OutputTarget, SkipAndCount
from streamsql.runtime.event_time import sent_in_order
from streamsql.runtime.joins import Joins
from streamsql.runtime.processors.context import ProcessorContext
from streamsql.runtime.processors.emission import Emission
from streamsql.runtime.processors.running_aggregate import RunningAggregateProcessor
from streamsql.runtime.processors.session_aggregate import SessionAggregateProcessor
from streamsql.runtime.processors.table import (
    ChangeReceiver,
    ChangeSender,
    MaterializeProcessor,
    TableRegroupProcessor,
    TableSourceProcessor,
    UnkeptTableSourceProcessor,
)
from streamsql.runtime.processors.window_aggregate import WindowAggregateProcessor
from streamsql.runtime.wiring import Wiring
from streamsql.topology.naming import repartition_topic
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    ForeignKeyJoin,
    ForeignKeyResponse,
    ForeignKeySubscription,
    Materialize,
    Node,
    Output,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamAggregate,
    StreamSource,
    StreamStreamJoin,
    StreamTableJoin,
    TableAggregate,
    TableRegroup,
    TableRepartition,
    TableSource,
    TableTableJoin,
)
from streamsql.topology.stores import KeyValueStoreSpec, SessionStoreSpec, WindowStoreSpec
from streamsql.types.windows import SessionWindows, TimeWindows

ProcessMessages = Callable[[Sequence[Message]], None]


@dataclass(slots=True)
class Processors:
    """The processors of one task.

    Attributes:
        sources: By physical topic, what its messages go through, in topology order.
        flushes: Functions to call before a commit, upstream first.
        latest_ms: Tells which times are too far ahead of the clock to be believed.
    """

    latest_ms: Callable[[], int]
    sources: dict[str, list[ProcessMessages]] = field(default_factory=dict)
    flushes: list[Callable[[], None]] = field(default_factory=list)


def build(code: GeneratedCode, environment: Environment, wiring: Wiring) -> Processors:
    """Return the processors of one task; ``wiring`` holds its stores and clocks."""
    return _Builder(code, environment, wiring).build()


Built = tuple[object, Callable[[], None] | None]
"""A processor, and what forwards what it holds back."""


@dataclass(frozen=True, slots=True)
class _Taker:
    """Hands rows to the code that runs the topology."""

    process: OutputTarget


class _Builder:
    def __init__(self, code: GeneratedCode, environment: Environment, wiring: Wiring) -> None:
        self._code = code
        self._topology = code.topology
        self._nodes = [code.topology.nodes[name] for name in code.part.nodes]
        self._environment = environment
        self._metrics = environment.metrics
        self._wiring = wiring
        self._supplies: dict[str, Any] = {TASK: TaskSupplies(self._report)}

    def build(self) -> Processors:
        """Build what writes, then stateful processors from the last to the first, then sources."""
        for node in self._nodes:
            self._supply_end(node)
        for name in self._code.part.exits:
            self._supply_exit(self._topology.nodes[name])
        flushes: list[Callable[[], None]] = []
        for node in reversed(self._nodes):
            built = self._stateful(node)
            if built is not None:
                processor, flush = built
                self._supplies[node.name] = NodeSupplies(processor=processor)
                if flush is not None:
                    flushes.append(flush)
        processors = Processors(self._environment.latest_ms, flushes=flushes[::-1])
        for node in self._nodes:
            self._read(node, processors)
        return processors

    # What is written

    def _supply_end(self, node: Node) -> None:
        match node:
            case Sink():
                self._supplies[node.name] = NodeSupplies(writer=self._writer(node, node.topic.name))
            case Output():
                taker = _Taker(self._environment.outputs[node.name])
                self._supplies[node.name] = NodeSupplies(processor=taker)
            case _:
                pass

    def _supply_exit(self, node: Node) -> None:
        match node:
            case Repartition():
                writer = self._writer(node, self._physical(node))
                self._supplies[node.name] = NodeSupplies(writer=writer)
            case TableRepartition():
                serdes, topic = self._environment.serdes, self._physical(node)
                sender = ChangeSender(
                    serdes.key_encoder(node.format.key, node.format.schema, topic),
                    ChangeCodec(node.format.schema.value),
                    self._send(node, topic),
                )
                self._supplies[node.name] = NodeSupplies(processor=sender)
            case _:
                raise AssertionError(f"{node.name} is no exit")

    def _writer(self, node: Sink | Repartition, topic: str) -> MessageWriter:
        serdes = self._environment.serdes
        encoder = serdes.value_encoder(node.format.value, node.format.schema, topic)
        schema = node.format.schema
        return MessageWriter(
            send=self._send(node, topic, window_bytes(schema.window)),
            encode_key=serdes.key_encoder(node.format.key, schema, topic),
            row_type=encoder.row_type,
            encode_value=encoder.encode,
        )

    def _send(
        self, node: Sink | Repartition | TableRepartition, topic: str, window_bytes: int = 0
    ) -> Send:
        send = self._environment.producer.sender(topic, window_bytes)
        if topic not in self._environment.timed_topics:
            return send
        return sent_in_order(send, self._wiring.clock(node.name))

    def _physical(self, node: Repartition | TableRepartition) -> str:
        return repartition_topic(self._environment.config.application, node.topic.name)

    # What is forwarded

    def _forward(self, node: Node) -> Callable[..., None]:
        """Return what a stateful node calls for each record or change that it makes."""
        match self._code.stages.get(node.name):
            case None:
                return _nothing
            case Supplied(target, attribute):
                process: Callable[..., None] = attrgetter(attribute)(self._supplies[target])
                return process
            case stage:
                return load(stage, self._supplies)["stage"]

    # What keeps state

    def _stateful(self, node: Node) -> Built | None:
        """Return the processor of the node, or ``None`` when the node is not stateful."""
        match node:
            case StreamAggregate():
                return self._stream_aggregate(node, self._forward(node))
            case TableAggregate():
                fold, store = self._fold(node.name), self._wiring.table(node.store)
                return RunningAggregateProcessor(
                    fold, store, Emission.EACH, self._forward(node), self._metrics
                ), None
            case TableRegroup():
                group_of = load(self._code.groups[node.name], self._supplies)["group"]
                return TableRegroupProcessor(group_of, self._forward(node)), None
            case Materialize():
                return MaterializeProcessor(
                    self._wiring.table(node.store), self._forward(node)
                ), None
            case (
                StreamTableJoin()
                | StreamStreamJoin()
                | TableTableJoin()
                | ForeignKeySubscription()
                | ForeignKeyResponse()
                | ForeignKeyJoin()
            ):
                joins = Joins(self._topology, self._wiring, self._metrics)
                return joins.build(node, self._forward(node)), None
            case StreamSource() | TableSource() | Repartition() | TableRepartition():
                return None
            case Filter() | Project() | Rekey() | FlatMap() | Sink() | Output():
                return None
            case _:
                assert_never(node)

    def _fold(self, name: str) -> Fold:
        return load_fold(self._code.folds[name], self._supplies)

    def _stream_aggregate(self, node: StreamAggregate, forward: Callable[..., None]) -> Built:
        fold, emission = self._fold(node.name), self._emission(node)
        match node.store:
            case KeyValueStoreSpec():
                groups = self._wiring.table(node.store)
                running = RunningAggregateProcessor(fold, groups, emission, forward, self._metrics)
                groups.count_held(running.held)
                return running, running.flush
            case WindowStoreSpec():
                assert isinstance(node.windows, TimeWindows)
                windows = self._wiring.window(node.store, node.windows.advance_ms)
                windowed = WindowAggregateProcessor(
                    fold, windows, node.windows, emission, forward, self._context(node.name)
                )
                windows.count_held(windowed.held)
                return windowed, windowed.flush
            case SessionStoreSpec():
                assert isinstance(node.windows, SessionWindows)
                sessions = self._wiring.session(node.store)
                session = SessionAggregateProcessor(
                    fold, sessions, node.windows, emission, forward, self._context(node.name)
                )
                sessions.count_held(session.held)
                return session, session.flush

    def _emission(self, node: StreamAggregate) -> Emission:
        if node.final:
            return Emission.CLOSE
        return Emission.COMMIT if node.name in self._code.cached else Emission.EACH

    def _context(self, name: str) -> ProcessorContext:
        return ProcessorContext(self._wiring.clock(name), self._metrics)

    # What is read

    def _read(self, node: Node, processors: Processors) -> None:
        """Add what the messages of the node's topic go through, if the node reads one."""
        match node:
            case StreamSource():
                self._add(node.topic, node, processors)
            case TableSource():
                forward = self._forward(node)
                update = (
                    UnkeptTableSourceProcessor(forward)
                    if node.store is None
                    else TableSourceProcessor(self._wiring.table(node.store), forward)
                )
                self._add(node.topic, node, processors, update)
            case Repartition():
                self._add(self._physical(node), node, processors)
            case TableRepartition():
                receiver = ChangeReceiver(
                    self._environment.serdes.key_decoder(node.format.key, node.format.schema),
                    ChangeCodec(node.format.schema.value),
                    self._forward(node),
                    self._metrics,
                )
                processors.sources.setdefault(self._physical(node), []).append(receiver.process)
            case _:
                pass

    def _add(
        self,
        topic: str,
        node: StreamSource | TableSource | Repartition,
        processors: Processors,
        update: TableSourceProcessor | UnkeptTableSourceProcessor | None = None,
    ) -> None:
        """Load the source of the node; ``update`` keeps the rows of a table."""
        processes = processors.sources.setdefault(topic, [])
        source = self._code.sources.get(node.name)
        if source is not None:
            supplies = NodeSupplies(reader=self._reader(node), processor=update)
            loaded = load(source, {**self._supplies, node.name: supplies})
            processes.append(loaded["source"])

    def _reader(self, node: StreamSource | TableSource | Repartition) -> MessageReader:
        schema, columns = node.format.schema, self._code.reads[node.name]
        serdes = self._environment.serdes
        decoder = serdes.value_decoder(node.format.value, schema, columns)
        policy = SkipAndCount(decoder, self._environment)
        return MessageReader(
            decoder=decoder,
            decode_key=serdes.raw_key_decoder(node.format.key, schema, node.format.window_size_ms),
            repair=policy.repair,
            repair_key=policy.repair_key,
            latest_ms=self._environment.latest_ms(),
            is_bad_timestamp=policy.is_bad_timestamp,
            unreadable_timestamp=policy.unreadable_timestamp,
        )

    def _report(self, error: Exception, text: str, record: Any) -> None:
        message = record if hasattr(record, "offset") else None
        self._metrics.fail(text, error, message)


def _nothing(*_: object) -> None:
    """Take a record that nobody reads."""
