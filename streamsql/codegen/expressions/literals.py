"""Constants: plain ones as text, the others through the namespace."""

import math
import re
from collections.abc import Sequence

from streamsql.codegen.expressions.fragment import NULL, Fragment, Level
from streamsql.codegen.namespace import Namespace
from streamsql.expr import wording
from streamsql.expr.nodes import Expression, Literal
from streamsql.types.sqltypes import Primitive

_PLAIN = re.compile(r"[ -&(-\[\]-~]{0,40}")  # printable ASCII but quote and backslash
_INLINE_OPTIONS = 8
_LABEL_CHARACTERS = 100


def compile_literal(literal: Literal, namespace: Namespace) -> Fragment:
    """Return the text of a constant."""
    value = literal.value
    if value is None:
        return NULL
    if isinstance(value, int):  # bool too
        text = repr(value)
        return Fragment(text, Level.UNARY if text.startswith("-") else Level.ATOM)
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return Fragment(repr(value))
    if isinstance(value, float) and math.isfinite(value):
        text = repr(value)
        return Fragment(text, Level.UNARY if text.startswith("-") else Level.ATOM)
    kind = str(literal.type).split("(")[0].split("<")[0].lower()
    hint = f"{kind}_{value}" if isinstance(literal.type, Primitive) else kind
    return Fragment(namespace.add(hint[:30], value, f"the constant {wording.describe(literal)}"))


def compile_label(text: str, namespace: Namespace) -> str:
    """Return the text of a string that only reports read: as it is, where it is short."""
    if len(text) <= _LABEL_CHARACTERS and text.isascii() and text.isprintable():
        return repr(text)
    return namespace.add(
        "text", text, text if len(text) < 2 * _LABEL_CHARACTERS else f"{text[:_LABEL_CHARACTERS]}…"
    )


def compile_set(options: Sequence[Expression], namespace: Namespace) -> str | None:
    """Return the text of the set of constants; ``None`` when the options are not all simple."""
    if not all(isinstance(o, Literal) and isinstance(o.type, Primitive) for o in options):
        return None
    constants = [o for o in options if isinstance(o, Literal) and o.value == o.value]  # not NaN
    if not constants:
        return "()"
    if len(constants) > _INLINE_OPTIONS:
        values = frozenset(constant.value for constant in constants)
        return namespace.add("options", values, f"{len(values)} constants")
    texts = dict.fromkeys(compile_literal(constant, namespace).text for constant in constants)
    return "{" + ", ".join(texts) + "}"
