"""The select list: stars spread out, every item named and bound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamsql.errors import BindError, Span
from streamsql.expr.nodes import Expression, FieldRef
from streamsql.sql.binding.expressions.expression import ExpressionBinder
from streamsql.sql.binding.names import Namer
from streamsql.sql.binding.scope import Scope, ScopedSource
from streamsql.sql.dialect.nodes import expressions as ast
from streamsql.sql.dialect.nodes.expressions import span
from streamsql.sql.dialect.nodes.queries import SelectItem
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
    written: Sequence[SelectItem], binder: ExpressionBinder, rules: StarRules, namer: Namer
) -> list[Item]:
    """Return the items in the order of the result.

    Raises:
        BindError: A name or type is wrong, or an alias is reserved.
    """
    items: list[Item] = []
    for item in written:
        value = item.value
        if isinstance(value, ast.Star):
            items += _star(value, binder.scope, rules)
        elif isinstance(value, ast.AllFields):
            items += _all_fields(value, binder, namer)
        else:
            items.append(_item(item, binder, namer))
    return items


def _item(item: SelectItem, binder: ExpressionBinder, namer: Namer) -> Item:
    name = namer.name(item.value) if item.label is None else item.label.name
    if item.label is not None and name in PSEUDO_COLUMNS:
        raise BindError(
            f'column name "{name}" is reserved',
            span(item.label),
            hint="Every row has this column already; choose another alias.",
        )
    return Item(name, binder.bind(item.value), span(item.value))


def _all_fields(node: ast.AllFields, binder: ExpressionBinder, namer: Namer) -> Iterator[Item]:
    struct = binder.bind(node.struct)
    if not isinstance(struct.type, Struct):
        raise BindError(f"type {struct.type} has no fields", span(node.struct))
    for position, field in enumerate(struct.type.fields):
        reference = FieldRef(struct, field.name, position, field.type)
        yield Item(namer.field(field.name), reference, span(node), starred=True)


def _star(node: ast.Star, scope: Scope, rules: StarRules) -> list[Item]:
    where = span(node)
    sources: Sequence[ScopedSource] = scope.sources
    items: list[Item] = []
    if node.source is not None:
        sources = [scope.source(node.source)]
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
