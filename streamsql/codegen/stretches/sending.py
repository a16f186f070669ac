"""Records as they leave for a topic: encoded in a ``try``, sent outside of it."""

from functools import partial

from streamsql.codegen import support
from streamsql.codegen.expressions.evaluation import Evaluation
from streamsql.codegen.expressions.fragment import Fragment, NewLocal, perhaps_null, strict
from streamsql.codegen.namespace import Namespace
from streamsql.codegen.scope import RecordScope
from streamsql.codegen.source import Module
from streamsql.codegen.stretches.ends import Ends
from streamsql.codegen.stretches.flow import Written
from streamsql.codegen.stretches.place import Place
from streamsql.expr.dates.javatime import parse_timestamp
from streamsql.topology.nodes import Sink
from streamsql.types.schema import TimestampSpec


def send_record(
    module: Module, ends: Ends, node: Written, scope: RecordScope, place: Place, *, raw_key: bool
) -> None:
    """Write the statements that encode the record in scope and send it."""
    writing = Writing(module.namespace, ends, node)
    body, arguments = _encoded(writing, scope, place, raw_key=raw_key)
    lines, sending = place.lines, f"{writing.send()}({', '.join(arguments)})"
    if not body:
        lines.add(sending)
        return
    evaluation = Evaluation(module, place.names, lines, scope.record)
    with lines.block("try:"):
        lines.add(*body)
    with lines.block("except Exception as error:"):
        lines.add(evaluation.report_of(node.topic.name))
        if place.leave is not None:
            lines.add(place.leave)
    if place.leave is not None:
        lines.add(sending)
    else:
        with lines.block("else:"):
            lines.add(sending)


def _encoded(
    writing: "Writing", scope: RecordScope, place: Place, *, raw_key: bool
) -> tuple[list[str], list[str]]:
    """Return the statements that encode the record, and what is then to be sent."""
    body: list[str] = []
    key, value, timestamp = "None", "None", scope.timestamp
    if raw_key:
        assert scope.message_key, "a new key needs an encoder"
        key = "message.key()"
    elif scope.key != "None":
        key = place.names.passing("key_bytes")
        body.append(f"{key} = {writing.key(_key(scope), place.names.new)}")
    if not scope.is_null:
        value = place.names.passing("value_bytes")
        columns = [scope.columns[name] for name in scope.values]
        body.append(f"{value} = {writing.value(', '.join(columns))}")
        spec = writing.timestamp
        if spec is not None:
            timestamp = place.names.passing("sent_at")
            time = writing.time(scope.columns[spec.column], spec, place.names.new)
            body.append(f"{timestamp} = {time}")
    return body, [key, value, timestamp]


def _key(scope: RecordScope) -> Fragment:
    known = len(scope.keys) == 1 and scope.keys[0] in scope.not_null
    return Fragment(scope.key) if known or scope.key.startswith("(") else perhaps_null(scope.key)


class Writing:
    """The texts by which records are written to one topic."""

    def __init__(self, namespace: Namespace, ends: Ends, node: Written) -> None:
        self._namespace = namespace
        self._supply = partial(ends.supply, node=node)
        self._node = node
        self.timestamp = node.timestamp if isinstance(node, Sink) else None

    def send(self) -> str:
        """Return the name of what sends a record."""
        topic = self._node.topic.name
        return self._supply("send", attribute="writer.send", about=f"writes to topic {topic}")

    def key(self, key: Fragment, new_local: NewLocal) -> str:
        """Return the text of the key's bytes."""
        about = f"writes the key as {self._node.format.key.name}"
        encode = self._supply("encode_key", attribute="writer.encode_key", about=about)
        return strict([key], lambda o: Fragment(f"{encode}({o[0].text})"), new_local).text

    def value(self, arguments: str) -> str:
        """Return the text of the payload of a row with these values."""
        about = f"writes the value as {self._node.format.value.name}"
        encode = self._supply("encode_value", attribute="writer.encode_value", about=about)
        about = f"the columns of topic {self._node.topic.name}"
        row = self._supply("row_type", attribute="writer.row_type", about=about)
        return f"{encode}({row}({arguments}))"

    def time(self, column: str, spec: TimestampSpec, new_local: NewLocal) -> str:
        """Return the text of the time in a column; it raises for what is none."""
        check = self._namespace.add("record_time", support.record_time)
        found = perhaps_null(column)
        if spec.pattern is not None:
            convert = time_reader(self._namespace, spec.pattern)
            found = strict([found], lambda o: Fragment(f"{convert}({o[0].text})"), new_local)
        return f"{check}({found.text})"


def time_reader(namespace: Namespace, pattern: str) -> str:
    """Return the name of what reads times written in a pattern."""
    return namespace.make(
        "read_time",
        pattern,
        lambda: partial(parse_timestamp, pattern=pattern),
        f"reads a time written as {pattern}",
    )
