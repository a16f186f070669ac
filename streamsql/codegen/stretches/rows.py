"""Functions of one row of a table, of its key and its timestamp."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from streamsql.codegen.expressions.evaluation import Columns, Evaluation
from streamsql.codegen.namespace import Locals
from streamsql.codegen.scope import RecordScope, key_columns
from streamsql.codegen.source import Lines, Module
from streamsql.codegen.stretches.liveness import Uses, above
from streamsql.codegen.stretches.records import project, rekey
from streamsql.topology.nodes import Filter, Project, Rekey
from streamsql.types.schema import ROWTIME, Schema

Link = Filter | Project | Rekey
PARAMETERS = ("key", "row", "timestamp")
REPORTING = "reporting"
"""A further parameter of functions whose caller says where reports go."""


def row_function(
    chain: Sequence[Link],
    schema: Schema,
    needed: Uses,
    result: Callable[[RecordScope], str],
) -> "RowCode":
    """Return what puts rows of the schema through the nodes of a chain.

    Args:
        chain: The nodes, the first one first.
        schema: Of the rows.
        needed: What the result needs of what comes out.
        result: Text of what is returned, given the scope after the nodes.
    """
    flows = [schema, *(node.schema for node in chain)]
    after = [needed]
    for node, into in zip(reversed(chain), reversed(flows[:-1]), strict=True):
        after.append(above(node, after[-1], into))
    uses, *below = reversed(after)
    return RowCode(list(zip(chain, below, strict=True)), schema, uses, result)


class RowCode:
    """Writes one function, which returns ``None`` when a node drops the row."""

    def __init__(
        self,
        chain: Sequence[tuple[Link, Uses]],
        schema: Schema,
        uses: Uses,
        result: Callable[[RecordScope], str],
    ) -> None:
        self._chain = chain
        self._schema = schema
        self._uses = uses
        self._result = result

    def lines(self, module: Module, report: str | None = None) -> Lines:
        """Return the statements of the function; ``report``: a parameter that takes reports."""
        names = module.namespace.locals(*PARAMETERS, *([report] if report else []))
        lines = Lines()
        scope = self._scope(lines, names)
        evaluation = Evaluation(module, names, lines, scope.record, report)
        for node, below in self._chain:
            match node:
                case Filter(predicate=predicate):
                    columns = Columns(scope.columns, scope.not_null)
                    _, not_null = evaluation.only_if(predicate, columns, "return None")
                    scope = replace(scope, not_null=not_null)
                case Project():
                    used = [column.name for column in node.columns if below[column.name]]
                    scope = project(node, scope, evaluation, used)
                case Rekey():
                    _, scope = rekey(node, scope, evaluation, "return None")
        lines.add(f"return {self._result(scope)}")
        return lines

    def _scope(self, lines: Lines, names: Locals) -> RecordScope:
        """Return where the columns of the row are, those used often in locals."""
        keys = tuple(column.name for column in self._schema.key)
        values = tuple(column.name for column in self._schema.value)
        windowed = self._schema.window is not None
        columns = key_columns(lines, names, keys, self._uses, windowed=windowed)
        for position, column in enumerate(values):
            columns[column] = f"row[{position}]"
            if self._uses[column] > 1:
                columns[column] = names.new(column)
                lines.add(f"{columns[column]} = row[{position}]")
        return RecordScope(
            columns=columns | {ROWTIME: "timestamp"},
            keys=keys,
            values=values,
            key="key",
            timestamp="timestamp",
            record="(key, row, timestamp)",
            value="row",
            not_null=frozenset([ROWTIME]),
            message_key=False,
        )
