"""The end of a stretch that folds: groups are found and changed right in the source's loop.

What was touched since the last flush is found in one dict. Everything else (a key seen for the
first time, another window, a record that is late) goes through the ``touch`` of the aggregation.
"""

from collections.abc import Collection

from streamsql.codegen.aggregates.accumulate import Texts, accumulate, aggregators, inputs_of
from streamsql.codegen.expressions.evaluation import Columns, Evaluation
from streamsql.codegen.expressions.failure import may_fail
from streamsql.codegen.scope import RecordScope, tuple_text
from streamsql.codegen.source import Lines, Module
from streamsql.codegen.stretches.ends import Ends
from streamsql.codegen.stretches.place import Place
from streamsql.expr.nodes import ColumnRef, Literal
from streamsql.topology.nodes import StreamAggregate
from streamsql.types.sqltypes import is_hashable
from streamsql.types.windows import SessionWindows, TimeWindows


def is_held(node: StreamAggregate, cached: Collection[str]) -> bool:
    """Tell whether the aggregation holds groups for a loop to fold into.

    Not when each change is forwarded at once, and sessions are found otherwise.
    """
    return (node.name in cached or node.final) and not isinstance(node.windows, SessionWindows)


def folds_in_loop(node: StreamAggregate, scope: RecordScope, place: Place) -> bool:
    """Tell whether the fold stands in the loop, rather than a call of its ``process``."""
    hashable = all(is_hashable(column.type) for column in node.store.key)
    findable = hashable or scope.late_key is not None
    return place.before is not None and findable and not scope.is_null


def hand_over(ends: Ends, node: StreamAggregate, scope: RecordScope, lines: Lines) -> None:
    """Write the call of what folds any record; it gets the columns that it needs."""
    if scope.late_key is not None:
        lines.add(scope.late_key.fetch, *scope.late_key.decode)
    values = [scope.columns.get(column, "None") for column in scope.values]
    value = "None" if scope.is_null else tuple_text(values)
    target = ends.target(node, node.parents[0])
    lines.add(f"{target}({scope.key}, {value}, {scope.timestamp})")


class FoldEnd:
    """Writes one fold."""

    def __init__(
        self, module: Module, ends: Ends, node: StreamAggregate, scope: RecordScope, place: Place
    ) -> None:
        self._module = module
        self._ends = ends
        self._node = node
        self._scope = scope
        self._place = place
        self._lines = place.lines
        self._new = place.names.new
        known = len(scope.keys) == 1 and scope.keys[0] in scope.not_null
        self._nullable = not known and not scope.key.startswith("(")
        self._hopping = isinstance(node.windows, TimeWindows) and (
            node.windows.advance_ms < node.windows.size_ms
        )

    def emit(self) -> None:
        """Write the statements for the record in scope.

        A record of which an input fails is handed over as a whole.
        """
        texts, computed = self._inputs()
        if not any(may_fail(expression) for expression, _ in texts):
            self._lines.add(*computed)
            self._fold(texts)
            return
        with self._lines.block("try:"):
            self._lines.add(*computed)
        with self._lines.block("except Exception:"):
            hand_over(self._ends, self._node, self._scope, self._lines)
            if self._place.leave is not None:
                self._lines.add(self._place.leave)
        if self._place.leave is not None:
            self._fold(texts)
        else:
            with self._lines.block("else:"):
                self._fold(texts)

    def _fold(self, texts: Texts) -> None:
        found = self._new("groups" if self._hopping else "group")
        identity = self._identity()
        if self._node.windows is None:
            self._find_running(identity, found)
        else:
            self._find_in_window(identity, found)
        if self._place.leave is None and self._nullable:
            with self._lines.block(f"if {found} is not None:"):
                self._add(found, texts)
        else:
            self._add(found, texts)

    def _inputs(self) -> tuple[Texts, list[str]]:
        """Return where the inputs of the fold are, and the statements that compute some."""
        evaluation = self._evaluation()
        columns = Columns(self._scope.columns, self._scope.not_null)
        texts: Texts = []
        computed = []
        for expression in inputs_of(self._node.columns, self._node.aggregates):
            text = evaluation.text(expression, columns)
            if not isinstance(expression, ColumnRef | Literal):
                argument = self._new("argument")
                computed.append(f"{argument} = {text}")
                text = argument
            texts.append((expression, text))
        return texts, computed

    def _evaluation(self) -> Evaluation:
        return Evaluation(self._module, self._place.names, self._lines, self._scope.record)

    def _supply(self, hint: str, attribute: str, about: str) -> str:
        return self._ends.supply(hint, self._node, attribute, about)

    # Finding

    def _identity(self) -> str:
        """Return the local by which groups are found: the key, or its bytes."""
        if self._scope.late_key is not None:
            self._lines.add(self._scope.late_key.fetch)
            return self._scope.late_key.raw
        if self._scope.key.isidentifier():
            return self._scope.key
        local = self._new("group_key")
        self._lines.add(f"{local} = {self._scope.key}")
        return local

    def _find_running(self, identity: str, found: str) -> None:
        late = self._scope.late_key is not None
        by, arguments = ("bytes", f"{identity}, key") if late else ("key", identity)
        held = self._supply(
            "held", f"processor.groups.by_{by}", f"groups touched since the last flush, by {by}"
        )
        attribute = "processor.groups.touch_bytes" if late else "processor.groups.touch"
        touch = self._supply("touch", attribute, "looks a group up in the store and holds it")
        self._lines.add(f"{found} = {held}.get({identity})")
        self._touch_unless_found(identity, found, f"{found} = {touch}({arguments})")

    def _find_in_window(self, identity: str, found: str) -> None:
        assert self._place.before is not None, "a loop remembers the slot"
        low, high, held = self._new("low"), self._new("high"), self._new("held")
        self._place.before.add(f"{low}, {high}, {held} = 0, 0, {{}}")
        timestamp = self._scope.timestamp
        inside = f"{low} <= {timestamp} < {high}"
        self._lines.add(f"{found} = {held}.get({identity}) if {inside} else None")
        key = identity if self._scope.late_key is None else "key"
        about = "holds the group of a key in each window of a time"
        touch = self._supply("touch", "processor.groups.touch", about)
        call = f"{touch}({identity}, {key}, {timestamp})"
        self._touch_unless_found(identity, found, f"{low}, {high}, {held}, {found} = {call}")

    def _touch_unless_found(self, identity: str, found: str, touch: str) -> None:
        lines, leave, late = self._lines, self._place.leave, self._scope.late_key
        with lines.block(f"if {found} is None:"):
            if late is not None:
                lines.add(*late.decode)
            if not self._nullable:
                lines.add(touch)
                return
            process = self._ends.target(self._node, self._node.parents[0])
            with lines.block(f"if {identity if late is None else 'key'} is None:"):
                lines.add(f"{process}(None, None, {self._scope.timestamp})  # belongs to no group")
                if leave is not None:
                    lines.add(leave)
            if leave is not None:
                lines.add(touch)
            else:
                with lines.block("else:"):
                    lines.add(touch)

    # Adding

    def _add(self, found: str, texts: Texts) -> None:
        texts = self._in_locals(texts)
        if self._node.windows is not None:
            clock = self._supply(
                "clock", "processor.groups.clock", "the stream time of the aggregation"
            )
            self._at_least(f"{clock}.now")
        if self._hopping:
            group = self._new("group")
            with self._lines.block(f"for {group} in {found}:"):
                self._change(group, texts)
        else:
            self._change(found, texts)

    def _in_locals(self, texts: Texts) -> Texts:
        """Return where the inputs are, columns of the row now in locals."""
        found: Texts = []
        for expression, text in texts:
            if isinstance(expression, ColumnRef) and not text.isidentifier():
                local = self._new(expression.name)
                self._lines.add(f"{local} = {text}")
                found.append((expression, local))
            else:
                found.append((expression, text))
        return found

    def _change(self, group: str, texts: Texts) -> None:
        node, state = self._node, self._new("state")
        self._at_least(f"{group}[1]")
        self._lines.add(f"{state} = {group}[0]")
        calls = list(zip(node.aggregates, aggregators(node), strict=True))
        accumulate(self._evaluation(), node.columns, calls, texts, state)

    def _at_least(self, target: str) -> None:
        """Raise a time to that of the record."""
        timestamp = self._scope.timestamp
        with self._lines.block(f"if {timestamp} > {target}:"):
            self._lines.add(f"{target} = {timestamp}")
