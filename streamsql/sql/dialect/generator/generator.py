"""The printer: every syntax tree back to text that reads as the same tree.

It is sqlglot's generator, with printers for what our language writes in another way and for what
sqlglot has no node for. Text is on one line unless it shall be pretty, keywords and plain names in
upper case, other names in back-ticks.
"""

from collections.abc import Callable
from typing import ClassVar

from sqlglot import exp
from sqlglot.generator import Generator

from streamsql.sql.dialect.generator.clauses import CLAUSES, modifiers
from streamsql.sql.dialect.generator.expressions import EXPRESSIONS, call
from streamsql.sql.dialect.generator.statements import STATEMENTS


class StreamGenerator(Generator):
    """sqlglot's generator for our language."""

    TRANSFORMS: ClassVar[dict[type[exp.Expr], Callable[..., str]]] = {
        **Generator.TRANSFORMS,
        **EXPRESSIONS,
        **CLAUSES,
        **STATEMENTS,
    }

    SUPPORTS_WINDOW_EXCLUDE = True

    def query_modifiers(self, expression: exp.Expr, *sqls: str) -> str:
        """Return the clauses of a query in the order of our language."""
        return "".join((*sqls, *modifiers(self, expression)))

    def function_fallback_sql(self, expression: exp.Func) -> str:
        """Return a call of a function that sqlglot knows."""
        if isinstance(expression, exp.AggFunc):
            return call(self, expression)
        return super().function_fallback_sql(expression)
