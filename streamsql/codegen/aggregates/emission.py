"""How results leave an aggregation: the loops that forward the changes of many groups.

What a processor hands to them are its held groups ``(state, timestamp, old row, key)``, or what its
store yields of closed windows.
"""

from streamsql.codegen.source import Lines, Module
from streamsql.topology.nodes import StreamAggregate
from streamsql.types.windows import SessionWindows, TimeWindows


def define_emission(module: Module, node: StreamAggregate, row: str, *, cached: bool) -> None:
    """Define the loop by which results leave, unless each change leaves at once.

    Args:
        module: Takes the function.
        node: The aggregation.
        row: Text of the results of the local ``state``.
        cached: Whether changes are held until the next flush.
    """
    if node.final:
        _define_close(module, node, row)
    elif cached or isinstance(node.windows, SessionWindows):  # held while they merge
        _define_flush(module, node, row)


def _define_flush(module: Module, node: StreamAggregate, row: str) -> None:
    lines, parameters = Lines(), ["touched", "forward"]
    match node.windows:
        case None:
            with lines.block("for state, timestamp, old, key in touched:"):
                lines.add(f"forward(key, {row}, old, timestamp)")
        case TimeWindows():
            parameters = ["touched", "start", "end", "forward"]
            with lines.block("for state, timestamp, old, key in touched:"):
                lines.add(f"forward((key, start, end), {row}, old, timestamp)")
        case SessionWindows():
            with lines.block("for state, timestamp, old, session in touched:"):
                with lines.block("if state is not None:"):
                    lines.add(f"forward(session, {row}, old, timestamp)")
                with lines.block("elif old is not None:"):
                    lines.add("forward(session, None, old, timestamp)  # merged into another")
    description = "Forward one change of each group touched since the last flush."
    module.define("flush", parameters, description, lines)


def _define_close(module: Module, node: StreamAggregate, row: str) -> None:
    lines = Lines()
    match node.windows:
        case TimeWindows(size_ms=size_ms):
            with lines.block("for key, start, state, timestamp in closed:"):
                lines.add(f"forward((key, start, start + {size_ms}), {row}, None, timestamp)")
        case SessionWindows():
            with lines.block("for key, start, end, state, timestamp in closed:"):
                lines.add(f"forward((key, start, end), {row}, None, timestamp)")
        case None:
            raise AssertionError("a group without a window is never closed")
    module.define("close", ["closed", "forward"], "Forward each closed window once.", lines)
