"""Topologies of a few nodes, their messages and their ends, all recording what happens to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from streamsql.codegen.generate import GeneratedCode, generate
from streamsql.codegen.load import load
from streamsql.codegen.namespace import TASK
from streamsql.codegen.source import SourceText
from streamsql.codegen.supplies import (
    SKIPPED,
    MessageReader,
    MessageWriter,
    NodeSupplies,
    TaskSupplies,
)
from streamsql.expr.nodes import AggregateCall, Expression, NamedExpression, TableCall
from streamsql.formats.format import FormatSpec
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    JoinKind,
    Materialize,
    Node,
    Output,
    Project,
    Rekey,
    Sink,
    StreamAggregate,
    StreamSource,
    StreamTableJoin,
    TableSource,
)
from streamsql.topology.stores import KeyValueStoreSpec, StoreSpec, WindowStoreSpec
from streamsql.topology.topics import RecordFormat, TopicSpec
from streamsql.topology.topology import SubTopology, Topology
from streamsql.types.schema import Column, HeaderColumn, Schema, TimestampSpec, WindowKind
from streamsql.types.sqltypes import BIGINT, STRING, SqlType
from streamsql.types.windows import TimeWindows

BID = Schema(
    (Column("ID", BIGINT),),
    (
        Column("AUCTION", BIGINT),
        Column("BIDDER", BIGINT),
        Column("PRICE", BIGINT),
        Column("CHANNEL", STRING),
    ),
)
WINDOWED = Schema(BID.key, BID.value, WindowKind.TUMBLING)
BY_TEXT = Schema((Column("ID", STRING),), BID.value)
KEYED_TWICE = Schema((Column("ID", BIGINT), Column("SITE", STRING)), BID.value)


@dataclass
class Message:
    """A consumed record."""

    body: bytes | None
    raw_key: bytes | None = b"1"
    time: int = 5
    at: int = 0
    head: list[tuple[str, bytes | None]] | None = None

    def value(self) -> bytes | None:
        return self.body

    def key(self) -> bytes | None:
        return self.raw_key

    def timestamp(self) -> tuple[int, int]:
        return 1, self.time

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return self.at

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return self.head


LATEST_MS = 10**15
ENTRY = "result/1"


@dataclass(frozen=True)
class Step:
    """A node to be: ``make(name, parents, schema)``, and the schema that it makes of another."""

    make: Callable[[str, tuple[str, ...], Schema], Node]
    schema_after: Callable[[Schema], Schema] = lambda schema: schema
    supplies: NodeSupplies | None = None


@dataclass(frozen=True)
class Branches:
    """Several ways on."""

    ways: tuple[Sequence["Step | Branches"], ...]


Steps = Sequence[Step | Branches]


def branches(*ways: Steps) -> Branches:
    return Branches(ways)


def keep(predicate: Expression) -> Step:
    return Step(lambda name, parents, schema: Filter(name, parents, predicate, schema))


def project(key_names: Sequence[str], columns: Sequence[NamedExpression]) -> Step:
    def schema_after(schema: Schema) -> Schema:
        keys = zip(key_names, schema.key, strict=True)
        value = tuple(Column(c.name, c.expression.type) for c in columns)
        return Schema(tuple(Column(name, c.type) for name, c in keys), value, schema.window)

    return Step(
        lambda name, parents, schema: Project(name, parents, tuple(columns), schema), schema_after
    )


def rekey(keys: Sequence[NamedExpression], *, drop_null_key: bool = False) -> Step:
    return Step(
        lambda name, parents, schema: Rekey(name, parents, tuple(keys), schema, drop_null_key),
        lambda schema: Schema(
            tuple(Column(key.name, key.expression.type) for key in keys), schema.value
        ),
    )


def flat_map(*calls: TableCall) -> Step:
    return Step(
        lambda name, parents, schema: FlatMap(name, parents, calls, schema),
        lambda schema: replace(
            schema, value=(*schema.value, *(Column(call.name, call.type) for call in calls))
        ),
    )


def aggregate(
    call: AggregateCall,
    columns: Sequence[NamedExpression] = (),
    windows: TimeWindows | None = None,
) -> Step:
    def make(name: str, parents: tuple[str, ...], schema: Schema) -> Node:
        store: StoreSpec = KeyValueStoreSpec(name, schema.key, ())
        if windows is not None:
            store = WindowStoreSpec(name, schema.key, (), 0)
        return StreamAggregate(name, parents, tuple(columns), (call,), windows, store, schema)

    return Step(make)


@dataclass(frozen=True)
class Compiled:
    """A generated function and its text."""

    source: str
    function: Callable[..., Any]


@dataclass
class Rig:
    """Collects what ends take, and what was reported."""

    events: list[tuple[Any, ...]] = field(default_factory=list)

    def forward(self, label: str = "forward") -> Step:
        return self.target(self._recorder(label))

    def target(self, process: Callable[..., None]) -> Step:
        return Step(Output, supplies=NodeSupplies(processor=Taker(process)))

    def send(
        self,
        event_time: TimestampSpec | None = None,
        encode: Callable[[Any], bytes | None] = msgspec.json.encode,
    ) -> Step:
        writer = MessageWriter(
            self._recorder("send"), lambda key: str(key).encode(), lambda *values: values, encode
        )
        return Step(
            lambda name, parents, schema: Sink(
                name, parents, TopicSpec("out"), record_format(schema), schema, event_time
            ),
            supplies=NodeSupplies(writer=writer),
        )

    def report(self, error: Exception, text: str, record: Any) -> None:
        self.events.append(("report", type(error).__name__, text))

    def source(
        self,
        steps: Steps,
        schema: Schema = BID,
        event_time: TimestampSpec | None = None,
        headers: tuple[HeaderColumn, ...] = (),
    ) -> Compiled:
        entry = StreamSource(ENTRY, "in", record_format(schema), schema, event_time, headers)
        code, supplies = self.code(entry, steps)
        decoder = Decoder(code.reads[ENTRY])
        supplies[ENTRY] = NodeSupplies(
            reader=MessageReader(
                decoder=decoder,
                decode_key=decode_key,
                repair=lambda message, error: self._noted(
                    "repair", decoder.general(message.value())
                ),
                repair_key=lambda message, error: self._noted("repair_key", SKIPPED),
                latest_ms=LATEST_MS,
                is_bad_timestamp=self._is_bad_timestamp,
                unreadable_timestamp=lambda _message, value, _error: self.events.append(
                    ("bad time", value)
                ),
            )
        )
        return self._loaded(code.sources[ENTRY], "source", supplies)

    def stream(self, steps: Steps, schema: Schema = BID) -> Compiled:
        return self._stage(StreamTableJoin(ENTRY, (), JoinKind.INNER, schema), steps)

    def table(self, steps: Steps, schema: Schema = BID) -> Compiled:
        store = KeyValueStoreSpec("kept", schema.key, ())
        return self._stage(Materialize(ENTRY, (), store, schema), steps)

    def unkept_table(self, steps: Steps, schema: Schema = BID) -> Compiled:
        entry = TableSource(ENTRY, "in", record_format(schema), schema, None)
        return self._stage(entry, steps)

    def code(
        self, entry: Node, steps: Steps, *, cached: bool = False
    ) -> tuple[GeneratedCode, dict[str, object]]:
        """Return the code of the steps below an entry, and what their ends are supplied with."""
        nodes: dict[str, Node] = {ENTRY: entry}
        supplies: dict[str, object] = {TASK: TaskSupplies(self.report)}
        self._grow(nodes, supplies, entry, steps)
        part = SubTopology(0, (), tuple(nodes), ())
        held = frozenset(nodes) if cached else frozenset[str]()
        return generate(Topology(nodes), part, cached=held), supplies

    def _grow(
        self, nodes: dict[str, Node], supplies: dict[str, object], parent: Node, steps: Steps
    ) -> None:
        """Add the nodes of the steps below a parent."""
        for step in steps:
            if isinstance(step, Branches):
                for way in step.ways:
                    self._grow(nodes, supplies, parent, way)
                return
            name = f"node-{len(nodes)}"
            node = step.make(name, (parent.name,), step.schema_after(parent.schema))
            nodes[name] = parent = node
            if step.supplies is not None:
                supplies[name] = step.supplies

    def _stage(self, entry: Node, steps: Steps) -> Compiled:
        code, supplies = self.code(entry, steps)
        stage = code.stages[ENTRY]
        assert isinstance(stage, SourceText)
        return self._loaded(stage, "stage", supplies)

    def _loaded(self, source: SourceText, purpose: str, supplies: Mapping[str, object]) -> Compiled:
        return Compiled(source.text, load(source, supplies)[purpose])

    def _is_bad_timestamp(self, _message: Any, timestamp: int | None, value: Any) -> bool:
        bad = timestamp is None or not 0 <= timestamp <= LATEST_MS
        if bad:
            self.events.append(("bad time", value))
        return bad

    def _noted(self, label: str, result: Any) -> Any:
        self.events.append((label, result))
        return result

    def _recorder(self, label: str) -> Callable[..., None]:
        return lambda *arguments: self.events.append((label, *arguments))


@dataclass(frozen=True)
class Taker:
    """A processor that is one function."""

    process: Callable[..., None]


def record_format(schema: Schema) -> RecordFormat:
    return RecordFormat(schema, FormatSpec("KAFKA"), FormatSpec("JSON"))


class Decoder:
    """JSON objects with the columns in lower case."""

    errors: tuple[type[Exception], ...] = (msgspec.MsgspecError,)
    decode: Callable[[bytes], Any]

    def __init__(self, columns: Sequence[Column]) -> None:
        types: dict[SqlType, Any] = {BIGINT: int | None, STRING: str | None}
        row_type = msgspec.defstruct(
            "Row", [(c.name, types.get(c.type, Any), None) for c in columns], rename=str.lower
        )
        self.decode = msgspec.json.Decoder(row_type).decode

    def general(self, payload: bytes) -> Any:
        """Read ``null`` as a NULL row, and skip everything else."""
        return None if payload == b"null" else SKIPPED


def decode_key(raw: bytes) -> Any:
    key = msgspec.json.decode(raw)
    return tuple(key) if isinstance(key, list) else key


def message(raw_key: bytes | None = b"1", time: int = 5, **columns: Any) -> Message:
    return Message(msgspec.json.encode(columns), raw_key, time)
