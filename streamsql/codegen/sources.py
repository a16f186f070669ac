"""The loop over the messages of a source: decoding, keys, times, headers, and then the steps."""

from collections import Counter
from dataclasses import replace

from streamsql.codegen import support
from streamsql.codegen.evaluation import Place
from streamsql.codegen.liveness import WHOLE_KEY, references, spread
from streamsql.codegen.module import Lines, Module
from streamsql.codegen.namespace import Locals
from streamsql.codegen.scope import LateKey, Scope
from streamsql.codegen.segments import StreamSegments, survives_null
from streamsql.codegen.stretch import (
    SKIPPED,
    EventTime,
    FilterStep,
    FoldStep,
    ProjectStep,
    SourceInput,
    Stretch,
)
from streamsql.types.schema import ROWOFFSET, ROWPARTITION, ROWTIME, WINDOWEND, WINDOWSTART


class SourceLoop:
    """Writes ``source(messages)`` for a stretch below a source."""

    def __init__(self, module: Module, stretch: Stretch, source: SourceInput, name: str) -> None:
        self._module = module
        self._namespace = module.namespace
        self._source = source
        self._steps = stretch.steps
        self._description = stretch.description
        self._name = name
        self._segments = StreamSegments(module, name, stretch.report)
        self._keys = tuple(column.name for column in source.schema.key)
        self._values = tuple(column.name for column in source.schema.value)
        self._uses = spread(references(stretch.steps, self._keys, self._values), self._values)

    def generate(self) -> None:
        """Define the function."""
        names = self._namespace.locals("messages", "message", "payload", "decode", "row")
        before, lines = Lines(), Lines(2)
        decoder = self._namespace.add("decoder", self._source.decoder)
        null = self._null_record()
        before.add(f"decode = {decoder}.decode")
        lines.add("payload = message.value()")
        with lines.block("if payload is None:"):
            lines.add(*null, "continue")
        self._decode(lines, decoder, null)
        scope = self._scope(lines, names, "continue", late_key=self._key_can_wait())
        self._segments.emit(self._steps, scope, Place(lines, names, "continue", before=before))
        before.add("for message in messages:")
        before.text += lines.text
        self._module.define(self._name, ["messages"], self._description, before, rank=0)

    def _key_can_wait(self) -> bool:
        """Tell whether the key is needed only to find the groups of a single fold."""
        parts = [*self._keys, WINDOWSTART, WINDOWEND]
        event_time = self._source.event_time
        return (
            bool(self._keys)
            and isinstance(self._steps[-1], FoldStep)
            and all(isinstance(step, FilterStep | ProjectStep) for step in self._steps[:-1])
            and not any(self._uses[name] for name in parts)
            and (event_time is None or event_time.column not in self._keys)
        )

    def _decode(self, lines: Lines, decoder: str, null: list[str]) -> None:
        repair = self._namespace.add("repair", self._source.policy.repair)
        skipped = self._namespace.add("SKIPPED", SKIPPED)
        with lines.block("try:"):
            lines.add("row = decode(payload)")
        with lines.block(f"except {decoder}.errors as error:"):
            lines.add(f"row = {repair}(message, error)", f"decode = {decoder}.decode")
            with lines.block(f"if row is {skipped}:"):
                lines.add("continue")
            with lines.block("if row is None:"):
                lines.add(*null, "continue")

    def _null_record(self) -> list[str]:
        """Return the statements for a message without a value, defining their function."""
        if not survives_null(self._steps):
            return []
        name = self._namespace.function(f"{self._name}_null")
        names = self._namespace.locals("message")
        lines = Lines()
        scope = self._scope(lines, names, "return", is_null=True)
        columns = scope.columns | dict.fromkeys(self._values, "None")
        null = replace(scope, columns=columns, value="None")
        self._segments.emit(self._steps, null, Place(lines, names, "return", careful=True))
        self._module.define(name, ["message"], "Hand on a record without a value.", lines, rank=2)
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
    ) -> Scope:
        uses = self._uses
        event_time = self._source.event_time
        if event_time is not None:
            uses = uses + Counter([event_time.column])
        columns = {ROWPARTITION: "message.partition()", ROWOFFSET: "message.offset()"}
        key = self._key(names, leave, uses)
        if late_key:
            columns |= dict.fromkeys(self._keys, "None")
        else:
            columns |= self._key_columns(lines, names, key, uses)
        if not is_null:
            columns |= self._value_columns(lines, names, uses)
        timestamp = self._timestamp(lines, names, leave, columns)
        return Scope(
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

    def _key(self, names: Locals, leave: str, uses: Counter[str]) -> LateKey | None:
        """Return how the key is decoded into the local ``key``; ``None``: no step needs it."""
        parts = [*self._keys, WINDOWSTART, WINDOWEND, WHOLE_KEY]
        if not self._keys or not any(uses[name] for name in parts):
            return None
        assert self._source.decode_key is not None, "key columns need a key decoder"
        decode_key = self._namespace.add("decode_key", self._source.decode_key)
        repair_key = self._namespace.add("repair_key", self._source.policy.repair_key)
        skipped = self._namespace.add("SKIPPED", SKIPPED)
        key, raw_key = names.new("key"), names.new("raw_key")
        lines = Lines(0)
        with lines.block("try:"):
            lines.add(f"{key} = None if {raw_key} is None else {decode_key}({raw_key})")
        with lines.block("except Exception as error:"):
            lines.add(f"{key} = {repair_key}(message, error)")
            with lines.block(f"if {key} is {skipped}:"):
                lines.add(leave)
        return LateKey(raw_key, f"{raw_key} = message.key()", tuple(lines.text))

    def _key_columns(
        self, lines: Lines, names: Locals, key: LateKey | None, uses: Counter[str]
    ) -> dict[str, str]:
        """Decode the key when a step needs it; return the text of its columns."""
        windowed = self._source.schema.window is not None
        if key is None:
            parts = [*self._keys, *((WINDOWSTART, WINDOWEND) if windowed else ())]
            return dict.fromkeys(parts, "None")
        lines.add(key.fetch, *key.decode)
        return key_columns(lines, names, self._keys, uses, windowed=windowed)

    def _value_columns(self, lines: Lines, names: Locals, uses: Counter[str]) -> dict[str, str]:
        columns = {column: f"row.{path}" for column, path in self._source.attributes.items()}
        for column, header in self._source.headers:
            columns[column] = self._header(header)
        hoisted = {
            name: names.new(name)
            for name, text in columns.items()
            if uses[name] > 1 or (uses[name] and not text.startswith("row."))
        }
        lines.add(*(f"{local} = {columns[name]}" for name, local in hoisted.items()))
        return columns | hoisted

    def _header(self, key: str | None) -> str:
        if key is None:
            return f"{self._namespace.add('all_headers', support.all_headers)}(message.headers())"
        last = self._namespace.add("last_header", support.last_header)
        return f"{last}(message.headers(), {self._namespace.add(f'header_{key}', key)})"

    def _timestamp(self, lines: Lines, names: Locals, leave: str, columns: dict[str, str]) -> str:
        """Write the statements that find the record's time; return its text."""
        event_time = self._source.event_time
        bad = self._namespace.add("is_bad_timestamp", self._source.policy.is_bad_timestamp)
        latest = self._namespace.add("latest", self._source.policy.latest_ms)
        timestamp = names.new("timestamp")
        if event_time is None or event_time.column not in columns:
            found = timestamp
            lines.add(f"{timestamp} = message.timestamp()[1]")
            lines.add(f"if not 0 <= {timestamp} <= {latest}:")
        else:
            found = self._event_time(lines, names, leave, event_time, columns, timestamp)
            lines.add(f"if {timestamp} is None or not 0 <= {timestamp} <= {latest}:")
        lines.add(f"    if {bad}(message, {timestamp}, {found}):", f"        {leave}")
        return timestamp

    def _event_time(
        self,
        lines: Lines,
        names: Locals,
        leave: str,
        event_time: EventTime,
        columns: dict[str, str],
        timestamp: str,
    ) -> str:
        column = columns[event_time.column]
        if event_time.convert is None:
            lines.add(f"{timestamp} = {column}")
            return timestamp
        convert = self._namespace.add("convert_time", event_time.convert)
        unreadable = self._namespace.add(
            "unreadable_timestamp", self._source.policy.unreadable_timestamp
        )
        text = names.new("time")
        lines.add(f"{text} = {column}")
        with lines.block("try:"):
            lines.add(f"{timestamp} = None if {text} is None else {convert}({text})")
        with lines.block("except Exception as error:"):
            lines.add(f"{unreadable}(message, {text}, error)", leave)
        return text


def key_columns(
    lines: Lines, names: Locals, keys: tuple[str, ...], uses: Counter[str], *, windowed: bool
) -> dict[str, str]:
    """Return the text of the key columns, given the local ``key``, which may be ``None``."""
    inner = "key[0]" if windowed else "key"
    texts = {name: f"{inner}[{i}]" for i, name in enumerate(keys)} if len(keys) > 1 else {}
    if len(keys) == 1:
        texts = {keys[0]: inner}
    if windowed:
        texts |= {WINDOWSTART: "key[1]", WINDOWEND: "key[2]"}
    for name, text in texts.items():
        if text == "key":
            continue
        if uses[name]:
            local = names.new(name)
            lines.add(f"{local} = None if key is None else {text}")
            texts[name] = local
        else:
            texts[name] = "None"
    return texts
