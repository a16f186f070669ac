"""The select list: stars spread out, every item named and bound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from streamsql.errors import BindError, Span
from streamsql.expr.nodes import Expression, FieldRef
from streamsql.sql.binding.expressions.expression import ExpressionBinder
from streamsql.sql.binding.names import Namer
from streamsql.sql.binding.scope import Scope, ScopedSource
from streamsql.sql.dialect.nodes.node import optional, span
from streamsql.types.schema import PSEUDO_COLUMNS, ROW_COLUMNS, WINDOW_COLUMNS, Column
from streamsql.types.sqltypes import Struct


@dataclass(frozen=True, slots=True)
class Item:
    """One column of the result before it is known to be key or value.

    Attributes:
        starred: It comes from ``*``: nobody chose its name.
    """

    name: str
    expression: Expression
    where: Span
    starred: bool = False


@dataclass(frozen=True, slots=True)
class StarRules:
    """What ``*`` means here.

    Attributes:
        first: What comes before the columns of the sources, by name: a made-up join key, what a
            query is partitioned by.
        window_bounds: Whether the bounds of a windowed source are among its columns.
        rekeyed: PARTITION BY: a source's values come before its key, and in a join its pseudo
            columns between the two.
    """

    first: tuple[tuple[str, Expression], ...] = ()
    window_bounds: bool = False
    rekeyed: bool = False


def bind_items(
    written: Sequence[exp.Expr], binder: ExpressionBinder, rules: StarRules, namer: Namer
) -> list[Item]:
    """Return the items in the order of the result.

    Raises:
        BindError: A name or type is wrong, or an alias is reserved.
    """
    items: list[Item] = []
    for item in written:
        match item:
            case exp.Star() | exp.Column() if is_star(item):
                items += _star(item, binder.scope, rules)
            case exp.Dot() if isinstance(item.expression, exp.Star):
                items += _all_fields(item, binder, namer)
            case exp.Alias():
                items.append(_aliased(item, binder))
            case _:
                items.append(Item(namer.name(item), binder.bind(item), span(item)))
    return items


def _aliased(item: exp.Alias, binder: ExpressionBinder) -> Item:
    if item.alias in PSEUDO_COLUMNS:
        raise BindError(
            f'column name "{item.alias}" is reserved',
            span(item.args["alias"]),
            hint="Every row has this column already; choose another alias.",
        )
    return Item(item.alias, binder.bind(item.this), span(item.this))


def is_star(item: exp.Expr) -> bool:
    """Tell whether a select item stands for all columns, of one source or of all."""
    return isinstance(item, exp.Star) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
    )


def _all_fields(node: exp.Dot, binder: ExpressionBinder, namer: Namer) -> Iterator[Item]:
    struct = binder.bind(node.this)
    if not isinstance(struct.type, Struct):
        raise BindError(f"type {struct.type} has no fields", span(node.this))
    for position, field in enumerate(struct.type.fields):
        reference = FieldRef(struct, field.name, position, field.type)
        yield Item(namer.field(field.name), reference, span(node), starred=True)


def _star(node: exp.Star | exp.Column, scope: Scope, rules: StarRules) -> list[Item]:
    where = span(node)
    owner = optional(node, "table", exp.Identifier)
    sources: Sequence[ScopedSource] = scope.sources
    items: list[Item] = []
    if owner is not None:
        sources = [scope.source(owner)]
    else:
        items += [Item(name, reference, where, starred=True) for name, reference in rules.first]
    done = [item.expression for item in items]
    for source in sources:
        for column in _columns(source, rules):
            reference = source.reference(column)
            if reference not in done:
                name = f"{source.alias}_{column.name}" if source.qualified else column.name
                items.append(Item(name, reference, where, starred=True))
    return items


def _columns(source: ScopedSource, rules: StarRules) -> Sequence[Column]:
    schema = source.source.schema
    windowed = schema.window is not None and rules.window_bounds
    bounds = WINDOW_COLUMNS if windowed else ()
    if not rules.rekeyed:
        return [*schema.key, *bounds, *schema.value]
    rows = ROW_COLUMNS if source.qualified else ()
    return [*schema.value, *rows, *bounds, *schema.key]
