"""The program of a sub-topology as the processors of one task.

Built from the leaves up: what is below a stateful node is loaded before its processor is made, and
what is below a source before the source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from streamsql.broker.ports import Message
from streamsql.codegen.load import load
from streamsql.codegen.namespace import TASK, Supplied
from streamsql.codegen.program import Program
from streamsql.codegen.supplies import NodeSupplies, Reader, TaskSupplies, Writer
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
from streamsql.runtime.environment import Environment, OutputTarget, SkipAndCount
from streamsql.runtime.processors.table import (
    ChangeReceiver,
    ChangeSender,
    TableSourceProcessor,
    UnkeptTableSourceProcessor,
)
from streamsql.topology.naming import repartition_topic
from streamsql.topology.nodes import (
    Node,
    Output,
    Repartition,
    Sink,
    StreamSource,
    TableRepartition,
    TableSource,
)

ProcessMessages = Callable[[Sequence[Message]], None]


@dataclass(slots=True)
class Processors:
    """The processors of one task.

    Attributes:
        sources: By physical topic, what its messages go through, in topology order.
        flushes: Functions to call before a commit, upstream first.
    """

    sources: dict[str, list[ProcessMessages]] = field(default_factory=dict)
    flushes: list[Callable[[], None]] = field(default_factory=list)


def build(program: Program, environment: Environment, wiring: Wiring) -> Processors:
    """Return the processors of one task; ``wiring`` holds its stores and clocks."""
    return _Builder(program, environment, wiring).build()


@dataclass(frozen=True, slots=True)
class _Taker:
    """Hands rows to the program that runs the topology."""

    process: OutputTarget


class _Builder:
    def __init__(self, program: Program, environment: Environment, wiring: Wiring) -> None:
        self._program = program
        self._nodes = [program.topology.nodes[name] for name in program.part.nodes]
        self._environment = environment
        self._wiring = wiring
        self._supplies: dict[str, Any] = {TASK: TaskSupplies(self._report)}
        self._stateful = StatefulBuilder(program, environment, wiring, self._supplies)

    def build(self) -> Processors:
        """Build what writes, then stateful processors from the last to the first, then sources."""
        for node in self._nodes:
            self._supply_end(node)
        for name in self._program.part.exits:
            self._supply_exit(self._program.topology.nodes[name])
        flushes: list[Callable[[], None]] = []
        for node in reversed(self._nodes):
            built = self._stateful.build(node, partial(self._forward, node))
            if built is not None:
                processor, flush = built
                self._supplies[node.name] = NodeSupplies(processor=processor)
                if flush is not None:
                    flushes.append(flush)
        processors = Processors(flushes=flushes[::-1])
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
                sender = ChangeSender(
                    key_encoder(node.format.key, node.format.schema),
                    ChangeCodec(node.format.schema.value),
                    self._environment.producer.sender(self._physical(node)),
                )
                self._supplies[node.name] = NodeSupplies(processor=sender)
            case _:
                raise AssertionError(f"{node.name} is no exit")

    def _writer(self, node: Sink | Repartition, topic: str) -> Writer:
        encoder = value_encoder(node.format.value, node.format.schema)
        schema = node.format.schema
        return Writer(
            send=self._environment.producer.sender(topic, window_bytes(schema.window)),
            encode_key=key_encoder(node.format.key, schema),
            row_type=encoder.row_type,
            encode_value=encoder.encode,
        )

    def _physical(self, node: Repartition | TableRepartition) -> str:
        return repartition_topic(self._environment.config.application, node.topic.name)

    # What is forwarded

    def _forward(self, node: Node) -> Callable[..., None]:
        """Return what a stateful node calls for each record or change that it makes."""
        match self._program.stages.get(node.name):
            case None:
                return _nothing
            case Supplied(target, attribute):
                process: Callable[..., None] = attrgetter(attribute)(self._supplies[target])
                return process
            case stage:
                return load(stage, self._supplies)["stage"]

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
                    key_decoder(node.format.key, node.format.schema),
                    ChangeCodec(node.format.schema.value),
                    self._forward(node),
                    self._environment.metrics,
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
        source = self._program.sources.get(node.name)
        if source is not None:
            supplies = NodeSupplies(reader=self._reader(node), processor=update)
            loaded = load(source, {**self._supplies, node.name: supplies})
            processes.append(loaded["source"])

    def _reader(self, node: StreamSource | TableSource | Repartition) -> Reader:
        schema, columns = node.format.schema, self._program.reads[node.name]
        decoder = value_decoder(node.format.value, schema, columns)
        ahead_ms = self._environment.config.max_ahead_ms
        policy = SkipAndCount(decoder, self._environment.metrics, ahead_ms)
        return Reader(
            decoder=decoder,
            decode_key=raw_key_decoder(node.format.key, schema, node.format.window_size_ms),
            repair=policy.repair,
            repair_key=policy.repair_key,
            latest_ms=policy.latest_ms(),
            is_bad_timestamp=policy.is_bad_timestamp,
            unreadable_timestamp=policy.unreadable_timestamp,
        )

    def _report(self, error: Exception, text: str, record: Any) -> None:
        message = record if hasattr(record, "offset") else None
        self._environment.metrics.fail(text, error, message)


def _nothing(*_: object) -> None:
    """Take a record that nobody reads."""
