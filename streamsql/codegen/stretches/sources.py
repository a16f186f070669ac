"""The loop over the messages of a source: decoding, keys, times, headers, and then its stretch."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsql.codegen import support
from streamsql.codegen.namespace import Locals, Supplied
from streamsql.codegen.scope import LateKey, RecordScope, key_columns
from streamsql.codegen.source import Lines, Module, SourceText
from streamsql.codegen.stretches.flow import Below, Flow
from streamsql.codegen.stretches.folding import is_held
from streamsql.codegen.stretches.liveness import WHOLE_KEY, Uses, spread, uses
from streamsql.codegen.stretches.place import Place
from streamsql.codegen.stretches.records import RecordStatements
from streamsql.codegen.stretches.sending import time_reader
from streamsql.codegen.supplies import SKIPPED
from streamsql.formats.format import attribute_names
from streamsql.topology.nodes import (
    Filter,
    Node,
    Project,
    Repartition,
    StreamAggregate,
    StreamSource,
    TableSource,
)
from streamsql.types.schema import (
    PLACE_COLUMNS,
    ROWOFFSET,
    ROWPARTITION,
    ROWTIME,
    WINDOWEND,
    WINDOWSTART,
    Column,
    HeaderColumn,
    TimestampSpec,
)

Read = StreamSource | TableSource | Repartition
"""A node that reads a topic record by record."""

_PLACES = {ROWPARTITION: "message.partition()", ROWOFFSET: "message.offset()"}


def below_read(flow: Flow, node: Read) -> Below:
    """Return what takes the records as they are read: a table first keeps its row."""
    return Below(node.name, (node,)) if isinstance(node, TableSource) else flow.below(node.name)


def columns_read(flow: Flow, node: Read) -> list[Column]:
    """Return the value columns of the topic that are decoded: those that anything needs."""
    found = spread(uses(flow, below_read(flow, node)), node.schema)
    needed = {name for name, times in found.items() if times}
    time, headers = _time_and_headers(node)
    if time is not None:
        needed.add(time.column)
    elsewhere = {header.column for header in headers} | {c.name for c in _places(node)}
    return [c for c in node.schema.value if c.name in needed and c.name not in elsewhere]


def generate_source(flow: Flow, node: Read, *, cached: frozenset[str]) -> SourceText | None:
    """Return ``source(messages)`` of the node; ``None`` where nothing takes its records.

    ``cached``: the aggregations that hold their groups until the next flush.
    """
    below = below_read(flow, node)
    if not below.nodes:
        return None
    module = Module(node.name)
    _Loop(module, flow, node, below, cached=cached).define()
    return module.source()


@dataclass(slots=True)
class _Reading:
    """The globals by which a node reads its topic."""

    module: Module
    node: Read

    def supply(self, attribute: str, about: str) -> str:
        return self.module.namespace.supply(
            attribute, Supplied(self.node.name, f"reader.{attribute}"), about
        )

    def skipped(self) -> str:
        return self.module.namespace.add("SKIPPED", SKIPPED, "stands for a record to be skipped")


class _Loop:
    """Writes the function of a source."""

    def __init__(
        self, module: Module, flow: Flow, node: Read, below: Below, *, cached: frozenset[str]
    ) -> None:
        self._module = module
        self._namespace = module.namespace
        self._flow = flow
        self._node = node
        self._below = below
        self._cached = cached
        self._reading = _Reading(module, node)
        self._statements = RecordStatements(module, flow, below, cached=cached)
        self._keys = tuple(column.name for column in node.schema.key)
        self._values = tuple(column.name for column in node.schema.value)
        self._time, self._headers = _time_and_headers(node)
        self._columns = columns_read(flow, node)
        self._uses: Uses = spread(uses(flow, below), node.schema)
        if self._time is not None:
            self._uses[self._time.column] += 1

    def define(self) -> None:
        names = self._namespace.locals("messages", "message", "payload", "decode", "row")
        topic = self._node.format.value.name
        read = ", ".join(column.name for column in self._columns) or "no column"
        decoder = self._reading.supply("decoder", f"reads values as {topic}: {read}")
        null = self._null_record()
        before, lines = Lines(), Lines(2)
        before.add(f"decode = {decoder}.decode")
        lines.add("payload = message.value()")
        with lines.block("if payload is None:"):
            lines.add(*null, "continue")
        self._decode(lines, decoder, null)
        scope = self._scope(lines, names, "continue", late_key=self._key_can_wait())
        place = Place(lines, names, "continue", before)
        self._statements.emit(self._below, scope, place)
        before.add("for message in messages:")
        before.text += lines.text
        description = describe(self._flow, self._node)
        if isinstance(self._node, TableSource):
            description = f"{self._node.name}, which keeps its rows"
        self._module.define("source", ["messages"], description, before)

    def _key_can_wait(self) -> bool:
        """Tell whether the key is needed only to find the groups of a single fold."""
        parts = [*self._keys, WINDOWSTART, WINDOWEND]
        if not self._keys or any(self._uses[name] for name in parts):
            return False
        below = self._below
        while len(below.nodes) == 1 and isinstance(below.nodes[0], Filter | Project):
            below = self._flow.below(below.nodes[0].name)
        match below.nodes:
            case (StreamAggregate() as node,):
                return is_held(node, self._cached)
            case _:
                return False

    def _decode(self, lines: Lines, decoder: str, null: Sequence[str]) -> None:
        repair = self._reading.supply(
            "repair", "reads a value the general way, or notes that it cannot be read"
        )
        with lines.block("try:"):
            lines.add("row = decode(payload)")
        with lines.block(f"except {decoder}.errors as error:"):
            lines.add(f"row = {repair}(message, error)", f"decode = {decoder}.decode")
            with lines.block(f"if row is {self._reading.skipped()}:"):
                lines.add("continue")
            with lines.block("if row is None:"):
                lines.add(*null, "continue")

    def _null_record(self) -> list[str]:
        """Return the statements for a message without a value, defining their function."""
        if not self._flow.survives_null(self._below):
            return []
        name = self._module.function("null")
        names = self._namespace.locals("message")
        lines = Lines()
        scope = self._scope(lines, names, "return", is_null=True)
        self._statements.emit_null(self._below, scope, names, lines)
        description = "Hand on a record without a value."
        self._module.define_helper(name, ["message"], description, lines)
        return [f"{name}(message)"]

    # Where the columns are

    def _scope(
        self,
        lines: Lines,
        names: Locals,
        leave: str,
        *,
        is_null: bool = False,
        late_key: bool = False,
    ) -> RecordScope:
        columns = dict(_PLACES)
        key = self._key(names, leave)
        if late_key:
            columns |= dict.fromkeys(self._keys, "None")
        else:
            columns |= self._key_columns(lines, names, key)
        if not is_null:
            columns |= self._value_columns(lines, names)
        timestamp = self._timestamp(lines, names, leave, columns)
        return RecordScope(
            columns=columns | {ROWTIME: timestamp},
            keys=self._keys,
            values=self._values,
            key="None" if key is None else "key",
            timestamp=timestamp,
            record="message",
            value=None,
            not_null=frozenset([ROWTIME, ROWPARTITION, ROWOFFSET]),
            late_key=key if late_key else None,
        )

    def _key(self, names: Locals, leave: str) -> LateKey | None:
        """Return how the key is decoded into the local ``key``; ``None``: nothing needs it."""
        parts = [*self._keys, WINDOWSTART, WINDOWEND, WHOLE_KEY]
        if not self._keys or not any(self._uses[name] for name in parts):
            return None
        decode_key = self._reading.supply(
            "decode_key", f"reads keys as {self._node.format.key.name}"
        )
        repair_key = self._reading.supply("repair_key", "notes that a key cannot be read")
        key, raw_key = names.new("key"), names.new("raw_key")
        lines = Lines(0)
        with lines.block("try:"):
            lines.add(f"{key} = None if {raw_key} is None else {decode_key}({raw_key})")
        with lines.block("except Exception as error:"):
            lines.add(f"{key} = {repair_key}(message, error)")
            with lines.block(f"if {key} is {self._reading.skipped()}:"):
                lines.add(leave)
        return LateKey(raw_key, f"{raw_key} = message.key()", tuple(lines.text))

    def _key_columns(self, lines: Lines, names: Locals, key: LateKey | None) -> dict[str, str]:
        """Decode the key when a node needs it; return the text of its columns."""
        windowed = self._node.schema.window is not None
        if key is None:
            parts = [*self._keys, *((WINDOWSTART, WINDOWEND) if windowed else ())]
            return dict.fromkeys(parts, "None")
        lines.add(key.fetch, *key.decode)
        return key_columns(lines, names, self._keys, self._uses, windowed=windowed)

    def _value_columns(self, lines: Lines, names: Locals) -> dict[str, str]:
        attributes = attribute_names(self._columns)
        columns = {
            column.name: f"row.{attribute}"
            for column, attribute in zip(self._columns, attributes, strict=True)
        }
        for header in self._headers:
            columns[header.column] = self._header(header.key)
        hoisted = {
            name: names.new(name)
            for name, text in columns.items()
            if self._uses[name] > 1 or (self._uses[name] and not text.startswith("row."))
        }
        lines.add(*(f"{local} = {columns[name]}" for name, local in hoisted.items()))
        return columns | hoisted

    def _header(self, key: str | None) -> str:
        if key is None:
            return f"{self._namespace.add('all_headers', support.all_headers)}(message.headers())"
        last = self._namespace.add("last_header", support.last_header)
        name = self._namespace.add(f"header_{key}", key, f'the header key "{key}"')
        return f"{last}(message.headers(), {name})"

    # The time of the record

    def _timestamp(self, lines: Lines, names: Locals, leave: str, columns: dict[str, str]) -> str:
        """Write the statements that find the record's time; return its text."""
        bad = self._reading.supply(
            "is_bad_timestamp", "notes a time before the epoch or far ahead of the clock"
        )
        latest = self._reading.supply("latest_ms", "times up to this one need no question")
        timestamp = names.new("timestamp")
        if self._time is None or self._time.column not in columns:
            found = timestamp
            lines.add(f"{timestamp} = message.timestamp()[1]")
            condition = f"not 0 <= {timestamp} <= {latest}"
        else:
            found = self._column_time(lines, names, leave, self._time, columns, timestamp)
            condition = f"({timestamp} is None or not 0 <= {timestamp} <= {latest})"
        with lines.block(f"if {condition} and {bad}(message, {timestamp}, {found}):"):
            lines.add(leave)
        return timestamp

    def _column_time(
        self,
        lines: Lines,
        names: Locals,
        leave: str,
        spec: TimestampSpec,
        columns: dict[str, str],
        timestamp: str,
    ) -> str:
        """Write the statements that find the time in a column; return what it is made of."""
        if spec.pattern is None:
            lines.add(f"{timestamp} = {columns[spec.column]}")
            return timestamp
        convert = time_reader(self._namespace, spec.pattern)
        unreadable = self._reading.supply(
            "unreadable_timestamp", "notes that the time of a record cannot be read"
        )
        text = names.new("time")
        lines.add(f"{text} = {columns[spec.column]}")
        with lines.block("try:"):
            lines.add(f"{timestamp} = None if {text} is None else {convert}({text})")
        with lines.block("except Exception as error:"):
            lines.add(f"{unreadable}(message, {text}, error)", leave)
        return text


def describe(flow: Flow, node: Node) -> str:
    """Return one line on the way of the records below a node."""
    ends = dict.fromkeys(end.name for end in flow.ends(flow.below(node.name)))
    return " → ".join([node.name, ", ".join(ends)] if ends else [node.name])


def _time_and_headers(node: Read) -> tuple[TimestampSpec | None, tuple[HeaderColumn, ...]]:
    return (None, ()) if isinstance(node, Repartition) else (node.timestamp, node.headers)


def _places(node: Read) -> list[Column]:
    """Return the columns of a table that hold where its rows were read.

    They are known where the message is read, and not any more where its row is.
    """
    kept = isinstance(node, TableSource)
    return [column for column in node.schema.value if kept and column in PLACE_COLUMNS]
