"""The final projection: which select items are the key of the result, and which its values."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsql.errors import BindError, Span
from streamsql.expr.nodes import Expression, NamedExpression
from streamsql.logical.nodes import Plan, Project
from streamsql.sql.binding.names import unused
from streamsql.sql.binding.queries.items import Item
from streamsql.types.schema import PSEUDO_COLUMNS, Column, Schema

KeyColumns = Sequence[Sequence[Expression]]
"""For each key column the expressions that it is the value of, the preferred ones first."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Select items told apart.

    Attributes:
        key: The item of each key column, ``None`` where none is selected.
        value: All other items, in order.
    """

    key: tuple[Item | None, ...]
    value: tuple[Item, ...]


def select(items: Sequence[Item], keys: KeyColumns) -> Selection:
    """Tell key items from value items.

    Raises:
        BindError: A key column is selected twice.
    """
    chosen: list[Item | None] = []
    taken: list[Item] = []
    for alternatives in keys:
        item = _key_item(items, alternatives)
        chosen.append(item)
        if item is not None:
            taken.append(item)
    return Selection(
        tuple(chosen), tuple(item for item in items if not any(item is key for key in taken))
    )


def _key_item(items: Sequence[Item], alternatives: Sequence[Expression]) -> Item | None:
    for alternative in alternatives:
        found = [item for item in items if item.expression == alternative]
        if found:
            return found[0]
    return None


def check_persistent(selection: Selection, keys: Sequence[str], where: Span) -> None:
    """Check what a result that is written to a topic must fulfil.

    Args:
        selection: The items.
        keys: How the key columns are written.
        where: The select list.

    Raises:
        BindError: A key is missing or there twice, there is no value, or a name is reserved.
    """
    missing = [text for text, item in zip(keys, selection.key, strict=True) if item is None]
    if missing:
        raise BindError(
            f"the key of the result is not selected: {', '.join(missing)}",
            where,
            hint=f"Add it to the list: SELECT {missing[0].split(' or ')[0]}, …",
        )
    for item in selection.key:
        assert item is not None
        again = next((v for v in selection.value if v.expression == item.expression), None)
        if again is not None:
            raise BindError(
                f'key column "{item.name}" is selected twice, also as "{again.name}"',
                again.where,
                hint="Copy the key into a value with AS_VALUE(…).",
            )
    if not selection.value:
        raise BindError(
            "the result has no value columns",
            where,
            hint="Copy the key into a value with AS_VALUE(…), if there is nothing else.",
        )
    _check_names([item for item in (*selection.key, *selection.value) if item is not None])


def _check_names(items: Sequence[Item]) -> None:
    names: set[str] = set()
    for item in items:
        if item.name in PSEUDO_COLUMNS and not item.starred:
            raise BindError(
                f'column name "{item.name}" is reserved',
                item.where,
                hint=f"Give it an alias, as in {item.name} AS {item.name}_COPY.",
            )
        if item.name in names:
            raise BindError(
                f'two columns of the result are named "{item.name}"',
                item.where,
                hint="Give one of them another alias.",
            )
        names.add(item.name)


def project(plan: Plan, selection: Selection, expressions: Sequence[Expression]) -> Project:
    """Return the projection; ``expressions`` are the value items over the columns of ``plan``.

    A key column that is not selected gets a name of no item, and of two items with one name the
    second is renamed.
    """
    values: list[NamedExpression] = []
    names = [item.name for item in selection.key if item is not None]
    for item, expression in zip(selection.value, expressions, strict=True):
        name = unused(item.name, names)
        names.append(name)
        values.append(NamedExpression(name, expression))
    keys: list[Column] = []
    for column, chosen in zip(plan.schema.key, selection.key, strict=True):
        if chosen is None:
            name = unused(column.name.replace(".", "_"), names)
            names.append(name)
        else:
            name = chosen.name
        keys.append(Column(name, column.type))
    schema = Schema(
        tuple(keys),
        tuple(Column(value.name, value.expression.type) for value in values),
        plan.schema.window,
    )
    return Project(plan, tuple(values), schema)


def output_names(
    items: Sequence[Item], selection: Selection, projection: Project
) -> tuple[str, ...]:
    """Return the result's column names in the order of the items."""
    values = iter(projection.columns)
    keys = [item for item in selection.key if item is not None]
    return tuple(
        item.name if any(item is key for key in keys) else next(values).name for item in items
    )
