"""Literals: what a spelling says about the type."""

from enum import Enum

from sqlglot import exp

_TYPED = "typed literal"

LITERAL_TYPES = {
    "DATE": exp.DType.DATE,
    "TIME": exp.DType.TIME,
    "TIMESTAMP": exp.DType.TIMESTAMP,
    "DECIMAL": exp.DType.DECIMAL,
}
"""The types that have literals of their own: a word and a string."""


class NumberKind(Enum):
    """What the spelling of a number says about its type."""

    INTEGER = "INTEGER"
    DECIMAL = "DECIMAL"
    DOUBLE = "DOUBLE"


def number_kind(literal: exp.Literal) -> NumberKind:
    """Return INTEGER for ``1``, DECIMAL for ``1.5``, ``1.`` and ``.5``, DOUBLE for ``1e3``."""
    assert not literal.is_string
    written = literal.name
    if "e" in written or "E" in written:
        return NumberKind.DOUBLE
    return NumberKind.DECIMAL if "." in written else NumberKind.INTEGER


def typed_literal(text: exp.Literal, data_type: exp.DataType) -> exp.Cast:
    """Return ``DATE '…'``: to sqlglot a conversion, but one that is checked when it is bound."""
    made = exp.Cast(this=text, to=data_type)
    made.meta[_TYPED] = True
    return made


def is_typed_literal(cast: exp.Cast) -> bool:
    """Tell whether a conversion is written as ``DATE '…'``."""
    return _TYPED in cast.meta
