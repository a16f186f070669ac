"""Types by name: which are sqlglot's, and how they are written here."""

from sqlglot import exp

_WRITTEN = "written"

BUILT_IN: dict[str, exp.DType] = {
    "BOOLEAN": exp.DType.BOOLEAN,
    "INT": exp.DType.INT,
    "INTEGER": exp.DType.INT,
    "BIGINT": exp.DType.BIGINT,
    "DOUBLE": exp.DType.DOUBLE,
    "DECIMAL": exp.DType.DECIMAL,
    "STRING": exp.DType.TEXT,
    "VARCHAR": exp.DType.TEXT,
    "BYTES": exp.DType.VARBINARY,
    "DATE": exp.DType.DATE,
    "TIME": exp.DType.TIME,
    "TIMESTAMP": exp.DType.TIMESTAMP,
}
"""The types that need no declaration, by all their names."""

NAMES: dict[exp.DType, str] = {kind: name for name, kind in reversed(BUILT_IN.items())}
"""The name that each of them is printed by."""


def named_type(name: exp.Identifier, parameters: list[exp.DataTypeParam]) -> exp.DataType:
    """Return a type without parts; one that is not built in, or is quoted, is the user's."""
    kind = None if name.args.get("quoted") else BUILT_IN.get(name.name)
    if kind is None:
        return exp.DataType(this=exp.DType.USERDEFINED, kind=name, expressions=parameters)
    made = exp.DataType(this=kind, expressions=parameters)
    made.meta[_WRITTEN] = name.name
    return made


def written_name(data_type: exp.DataType) -> str:
    """Return the name of a type without parts, as far as it can be told as it was written.

    A user's type may have a name of a built-in one, and hides it.
    """
    kind = data_type.args.get("kind")
    if isinstance(kind, exp.Identifier):
        return kind.name
    written = data_type.meta.get(_WRITTEN)
    return written if isinstance(written, str) else NAMES[data_type.this]
