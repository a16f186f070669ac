"""``ARRAY[…]``, ``MAP(…)`` and ``STRUCT(…)``: the type of what they make."""

from collections.abc import Callable

from sqlglot import exp

from streamsql.errors import BindError
from streamsql.expr.nodes import Expression, MakeArray, MakeMap, MakeStruct
from streamsql.sql.binding.expressions.coercion import Operand, unified
from streamsql.sql.dialect.nodes import expressions as ast
from streamsql.sql.dialect.nodes.expressions import span
from streamsql.types.sqltypes import Array, Field, Map, Struct

BindOperand = Callable[[exp.Expr], Operand]

_CAST_HINT = "Convert one of them to a type, as in CAST(NULL AS STRING)."


def bind_array(node: ast.ArrayConstructor, bind: BindOperand) -> Expression:
    """Return an array of the elements' common type.

    Raises:
        BindError: It is empty, or its elements have no common type.
    """
    if not node.elements:
        raise BindError(
            "an empty array has no type",
            span(node),
            hint="Make it from an element and remove that, or use CAST(NULL AS ARRAY<…>).",
        )
    found = unified([bind(element) for element in node.elements])
    if found is None:
        raise BindError(
            "the array has no type: all its elements are NULL", span(node), hint=_CAST_HINT
        )
    element, elements = found
    return MakeArray(elements, Array(element))


def bind_map(node: ast.MapConstructor, bind: BindOperand) -> Expression:
    """Return a map of the common types of the keys and of the values.

    Raises:
        BindError: It is empty, or keys or values have no common type.
    """
    if not node.entries:
        raise BindError("an empty map has no type", span(node), hint="Use CAST(NULL AS MAP<…>).")
    keys = unified([bind(entry.entry_key) for entry in node.entries])
    values = unified([bind(entry.entry_value) for entry in node.entries])
    if keys is None or values is None:
        part = "keys" if keys is None else "values"
        raise BindError(
            f"the map has no type: all its {part} are NULL", span(node), hint=_CAST_HINT
        )
    entries = tuple(zip(keys[1], values[1], strict=True))
    return MakeMap(entries, Map(keys[0], values[0]))


def bind_struct(node: ast.StructConstructor, bind: Callable[[exp.Expr], Expression]) -> Expression:
    """Return a struct of the values.

    Raises:
        BindError: A field is given twice, or a value has no type.
    """
    fields: list[Field] = []
    values: list[Expression] = []
    for entry in node.entries:
        name = entry.field.name
        if any(field.name == name for field in fields):
            raise BindError(f'field "{name}" is given twice', span(entry.field))
        value = bind(entry.value)
        fields.append(Field(name, value.type))
        values.append(value)
    return MakeStruct(tuple(values), Struct(tuple(fields)))
