"""The end of a stretch that folds: groups are found and changed right in the source's loop.

What was touched since the last flush is found in one dict. Everything else (a key seen for the
first time, another window, a record that is late) goes through the ``touch`` of the aggregation.
"""

from streamsql.codegen.accumulate import Texts, accumulate
from streamsql.codegen.evaluation import Place
from streamsql.codegen.namespace import Namespace
from streamsql.codegen.scope import Scope
from streamsql.codegen.stretch import FoldStep, RunningGroups, WindowGroups
from streamsql.expr.nodes import ColumnRef


def folds_in_loop(step: FoldStep, scope: Scope, place: Place) -> bool:
    """Tell whether the fold stands in the loop, rather than a call of its ``process``."""
    findable = step.hashable or scope.late_key is not None
    return place.before is not None and not place.careful and findable and not scope.is_null


class FoldEnd:
    """Writes one fold."""

    def __init__(
        self, namespace: Namespace, step: FoldStep, scope: Scope, texts: Texts, place: Place
    ) -> None:
        """Prepare; ``texts`` are the fold's inputs, evaluated."""
        self._namespace = namespace
        self._step = step
        self._scope = scope
        self._texts = texts
        self._place = place
        self._lines = place.lines
        self._new = place.names.new
        known = len(scope.keys) == 1 and scope.keys[0] in scope.not_null
        self._nullable = not known and not scope.key.startswith("(")

    def emit(self) -> None:
        """Write the statements for the record in scope."""
        groups = self._step.groups
        hopping = isinstance(groups, WindowGroups) and groups.hopping
        found = self._new("groups" if hopping else "group")
        identity = self._identity()
        if isinstance(groups, RunningGroups):
            self._find_running(groups, identity, found)
        else:
            self._find_in_window(groups, identity, found)
        if self._place.leave is None and self._nullable:
            with self._lines.block(f"if {found} is not None:"):
                self._add(found)
        else:
            self._add(found)

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

    def _find_running(self, groups: RunningGroups, identity: str, found: str) -> None:
        if self._scope.late_key is None:
            held = self._namespace.add("held", groups.by_key)
            touch = f"{self._namespace.add('touch', groups.touch)}({identity})"
        else:
            held = self._namespace.add("held", groups.by_bytes)
            touch = f"{self._namespace.add('touch', groups.touch_bytes)}({identity}, key)"
        self._lines.add(f"{found} = {held}.get({identity})")
        self._touch_unless_found(identity, found, f"{found} = {touch}")

    def _find_in_window(self, groups: WindowGroups, identity: str, found: str) -> None:
        assert self._place.before is not None, "a loop remembers the slot"
        low, high, held = self._new("low"), self._new("high"), self._new("held")
        self._place.before.add(f"{low}, {high}, {held} = 0, 0, {{}}")
        timestamp = self._scope.timestamp
        inside = f"{low} <= {timestamp} < {high}"
        self._lines.add(f"{found} = {held}.get({identity}) if {inside} else None")
        key = identity if self._scope.late_key is None else "key"
        touch = f"{self._namespace.add('touch', groups.touch)}({identity}, {key}, {timestamp})"
        self._touch_unless_found(identity, found, f"{low}, {high}, {held}, {found} = {touch}")

    def _touch_unless_found(self, identity: str, found: str, touch: str) -> None:
        lines, leave, late = self._lines, self._place.leave, self._scope.late_key
        with lines.block(f"if {found} is None:"):
            if late is not None:
                lines.add(*late.decode)
            if not self._nullable:
                lines.add(touch)
                return
            process = self._namespace.add("process", self._step.process)
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

    def _add(self, found: str) -> None:
        texts = self._in_locals()
        groups = self._step.groups
        if isinstance(groups, WindowGroups):
            self._at_least(f"{self._namespace.add('clock', groups.clock)}.now")
        if isinstance(groups, WindowGroups) and groups.hopping:
            group = self._new("group")
            with self._lines.block(f"for {group} in {found}:"):
                self._change(group, texts)
        else:
            self._change(found, texts)

    def _in_locals(self) -> Texts:
        """Return where the inputs are, columns of the row now in locals."""
        found: Texts = []
        for expression, text in self._texts:
            if isinstance(expression, ColumnRef) and not text.isidentifier():
                local = self._new(expression.name)
                self._lines.add(f"{local} = {text}")
                found.append((expression, local))
            else:
                found.append((expression, text))
        return found

    def _change(self, group: str, texts: Texts) -> None:
        step, state = self._step, self._new("state")
        self._at_least(f"{group}[1]")
        self._lines.add(f"{state} = {group}[0]")
        calls = list(zip(step.calls, step.aggregators, strict=True))
        self._lines.add(*accumulate(self._namespace, step.columns, calls, texts, state))

    def _at_least(self, target: str) -> None:
        """Raise a time to that of the record."""
        timestamp = self._scope.timestamp
        with self._lines.block(f"if {timestamp} > {target}:"):
            self._lines.add(f"{target} = {timestamp}")
