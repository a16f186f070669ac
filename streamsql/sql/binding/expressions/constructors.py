"""``ARRAY[…]``, ``MAP(…)`` and ``STRUCT(…)``: the type of what they make."""

from collections.abc import Callable

from sqlglot import exp

from streamsql.errors import BindError
from streamsql.expr.nodes import Expression, MakeArray, MakeMap, MakeStruct
from streamsql.sql.binding.expressions.coercion import Operand, unified
from streamsql.sql.dialect.nodes.node import required, several, span
from streamsql.types.sqltypes import Array, Field, Map, Struct

BindOperand = Callable[[exp.Expr], Operand]

_CAST_HINT = "Convert one of them to a type, as in CAST(NULL AS STRING)."


def bind_array(node: exp.Array, bind: BindOperand) -> Expression:
    """Return an array of the elements' common type.

    Raises:
        BindError: It is empty, or its elements have no common type.
    """
    if not node.expressions:
        raise BindError(
            "an empty array has no type",
            span(node),
            hint="Make it from an element and remove that, or use CAST(NULL AS ARRAY<…>).",
        )
    found = unified([bind(element) for element in node.expressions])
    if found is None:
        raise BindError(
            "the array has no type: all its elements are NULL", span(node), hint=_CAST_HINT
        )
    element, elements = found
    return MakeArray(elements, Array(element))


def bind_map(node: exp.Map, bind: BindOperand) -> Expression:
    """Return a map of the common types of the keys and of the values.

    Raises:
        BindError: It is empty, or keys or values have no common type.
    """
    written_keys, written_values = (required(node, part, exp.Array) for part in ("keys", "values"))
    if not written_keys.expressions:
        raise BindError("an empty map has no type", span(node), hint="Use CAST(NULL AS MAP<…>).")
    keys = unified([bind(key) for key in written_keys.expressions])
    values = unified([bind(value) for value in written_values.expressions])
    if keys is None or values is None:
        part = "keys" if keys is None else "values"
        raise BindError(
            f"the map has no type: all its {part} are NULL", span(node), hint=_CAST_HINT
        )
    entries = tuple(zip(keys[1], values[1], strict=True))
    return MakeMap(entries, Map(keys[0], values[0]))


def bind_struct(node: exp.Struct, bind: Callable[[exp.Expr], Expression]) -> Expression:
    """Return a struct of the values.

    Raises:
        BindError: A field is given twice, or a value has no type.
    """
    fields: list[Field] = []
    values: list[Expression] = []
    for entry in several(node, "expressions", exp.PropertyEQ):
        name = entry.this.name
        if any(field.name == name for field in fields):
            raise BindError(f'field "{name}" is given twice', span(entry.this))
        value = bind(entry.expression)
        fields.append(Field(name, value.type))
        values.append(value)
    return MakeStruct(tuple(values), Struct(tuple(fields)))
