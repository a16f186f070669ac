"""Calls of fragments, none of which is NULL any more: functions, casts, elements of arrays."""

from collections.abc import Sequence

from streamsql.codegen import support
from streamsql.codegen.expressions.fragment import Fragment, Level
from streamsql.codegen.expressions.literals import compile_literal
from streamsql.codegen.namespace import Namespace
from streamsql.expr.nodes import Call, Cast, Expression, Literal, Subscript
from streamsql.expr.values import casts
from streamsql.types.sqltypes import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIMESTAMP,
    Primitive,
    SqlType,
)


def invocation(node: Call, arguments: Sequence[Fragment], namespace: Namespace) -> Fragment:
    """Return the call of a scalar function, or its inline text."""
    function = node.function
    if function.inline is not None and _may_inline(function.inline, arguments):
        text = function.inline.format(*(argument.at(Level.ATOM) for argument in arguments))
        return Fragment(text, Level.LAMBDA)
    name = _implementation(node, namespace)
    return Fragment(f"{name}({', '.join(argument.text for argument in arguments)})")


def _implementation(node: Call, namespace: Namespace) -> str:
    """Return the name of what computes the function for arguments of these types."""
    function = node.function
    about = function.description or f"the function {function.name}"
    if not function.typed:
        return namespace.add(function.name, function.implementation, about)
    types = tuple(argument.type for argument in node.arguments)
    return namespace.make(
        function.name,
        (function.signature, types, node.type),
        lambda: function.implementation(list(types), node.type),
        about,
    )


def conversion(node: Cast, operand: Fragment, namespace: Namespace) -> Fragment:
    """Return the operand converted to the type of the node, which is another one."""
    source, target = node.operand.type, node.type
    constant = _converted(node.operand, target)
    if constant is not None:
        return compile_literal(constant, namespace)
    if source in (INTEGER, BIGINT) and target in (DOUBLE, STRING):
        return Fragment(f"{'float' if target == DOUBLE else 'str'}({operand.text})")
    if (source, target) == (DATE, TIMESTAMP):
        return Fragment(f"{operand.at(Level.PRODUCT)} * 86400000", Level.PRODUCT)
    hint = f"{_word(source)}_to_{_word(target)}"
    name = namespace.make(
        hint,
        (source, target),
        lambda: casts.caster(source, target),
        f"CAST from {source} to {target}",
    )
    return Fragment(f"{name}({operand.text})")


def _converted(operand: Expression, target: SqlType) -> Literal | None:
    """Return a constant converted once and for all, ``None`` where it is none or cannot be."""
    if not isinstance(operand, Literal) or not isinstance(target, Primitive):
        return None
    try:
        return Literal(casts.caster(operand.type, target)(operand.value), target)
    except Exception:  # noqa: BLE001 - it fails for each record, and is reported then
        return None


def element_of(node: Subscript, array: Fragment, index: Fragment, namespace: Namespace) -> Fragment:
    """Return the element of an array, NULL where there is none."""
    position = node.index.value if isinstance(node.index, Literal) else None
    if not isinstance(position, int) or position == 0 or not array.simple:
        name = namespace.add("element", support.element)
        return Fragment(f"{name}({array.text}, {index.text})", nullable=True)
    offset = position - 1 if position > 0 else position
    text = f"{array.text}[{offset}] if len({array.text}) >= {abs(position)} else None"
    return Fragment(text, Level.TERNARY, nullable=True)


def _word(sql_type: SqlType) -> str:
    return str(sql_type).split("(")[0].split("<")[0].lower()


def _may_inline(inline: str, arguments: Sequence[Fragment]) -> bool:
    """Tell whether every argument that the text repeats, as it may ask for NULL, is a name."""
    return all(
        argument.text.isidentifier() or inline.count(f"{{{position}}}") <= 1
        for position, argument in enumerate(arguments)
    )
