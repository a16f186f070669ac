"""Names that the language makes up: ``KSQL_COL_0``, ``FIELD_1``, ``L_ID``, ``ROWKEY``."""

from collections.abc import Iterable

from sqlglot import exp

from streamsql.sql.binding.scope import Scope

COLUMN_PREFIX = "KSQL_COL_"


class Namer:
    """Names select items that have no alias; a name is made up once in a query."""

    __slots__ = ("_next", "_scope", "_used")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._next = 0
        self._used = set(scope.names())

    def name(self, node: exp.Expr) -> str:
        """Return the name of an item: its column's or field's, else a made-up one."""
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Dot):
            return self.field(node.expression.name)
        return self.made_up()

    def made_up(self) -> str:
        """Return the next ``KSQL_COL_n`` that no source has as a column."""
        while True:
            name = f"{COLUMN_PREFIX}{self._next}"
            self._next += 1
            if name not in self._used:
                return name

    def field(self, name: str) -> str:
        """Return the name for a struct's field, numbered when it is taken."""
        free = unused(name, self._used)
        self._used.add(free)
        return free

    def _column(self, node: exp.Column) -> str:
        name: str = node.this.name
        qualifier = node.args.get("table")
        if qualifier is not None and self._scope.qualified and self._scope.is_clashing(name):
            return f"{qualifier.name}_{name}"
        return name


def unused(name: str, used: Iterable[str]) -> str:
    """Return the name, or ``name_1``, ``name_2``… : the first that is not used.

    >>> unused("ROWKEY", ["ROWKEY", "ROWKEY_1"])
    'ROWKEY_2'
    """
    taken = set(used)
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
