"""Where generated code finds the columns of a record."""

from collections import Counter
from dataclasses import dataclass, replace

from streamsql.codegen.namespace import Locals
from streamsql.codegen.source import Lines
from streamsql.types.schema import ROW_COLUMNS, WINDOWEND, WINDOWSTART


@dataclass(frozen=True, slots=True)
class LateKey:
    """A key that is decoded only where it is needed.

    Attributes:
        raw: The local that holds its bytes once they are looked at.
        fetch: The statement that looks at them.
        decode: The statements that make the key of them.
    """

    raw: str
    fetch: str
    decode: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordScope:
    """The columns of a record, as Python text.

    Attributes:
        columns: Text of each column in sight: key, value and pseudo columns.
        keys: Names of the key columns.
        values: Names of the value columns.
        key: Text of the key in flight.
        timestamp: Text of the timestamp.
        record: Text of what reports are about.
        value: Text of the value tuple where there is one (of a NULL value: "None"), else ``None``.
        not_null: Names of columns that are not NULL here.
        message_key: Whether the key is still that of the message.
        late_key: How the key is made, as long as it is not.
    """

    columns: dict[str, str]
    keys: tuple[str, ...]
    values: tuple[str, ...]
    key: str
    timestamp: str
    record: str
    value: str | None
    not_null: frozenset[str] = frozenset()
    message_key: bool = True
    late_key: LateKey | None = None

    @property
    def is_null(self) -> bool:
        """Whether the record has no value."""
        return self.value == "None"

    def value_text(self) -> str:
        """Return the text of the value tuple."""
        if self.value is not None:
            return self.value
        return tuple_text([self.columns[name] for name in self.values])

    def without_value(self) -> "RecordScope":
        """Return the scope as a new key sees a record without a value: only the old key is there.

        What describes the record (ROWTIME, …) counts among its values.
        """
        names = frozenset(column.name for column in ROW_COLUMNS)
        hidden = names & self.columns.keys() - {*self.keys}
        columns = self.columns | dict.fromkeys(hidden, "None")
        return replace(self, columns=columns, not_null=self.not_null - hidden)

    def projected(
        self, keys: tuple[str, ...], columns: dict[str, str], not_null: frozenset[str]
    ) -> "RecordScope":
        """Return the scope with these value columns and the key columns under these names."""
        kept = {name: text for name, text in self.columns.items() if name not in self.values}
        for new, old in zip(keys, self.keys, strict=True):
            kept[new] = self.columns[old]
        value = "None" if self.is_null else None
        return replace(
            self,
            columns=kept | columns,
            keys=keys,
            values=tuple(columns),
            value=value,
            not_null=not_null,
        )

    def rekeyed(self, keys: dict[str, str], not_null: frozenset[str]) -> "RecordScope":
        """Return the scope with these key columns, no longer windowed."""
        gone = {*self.keys, WINDOWSTART, WINDOWEND} - set(self.values)
        kept = {name: text for name, text in self.columns.items() if name not in gone}
        texts = list(keys.values())
        key = "None" if not texts else texts[0] if len(texts) == 1 else tuple_text(texts)
        return replace(
            self,
            columns=kept | {name: text for name, text in keys.items() if name not in kept},
            keys=tuple(keys),
            key=key,
            not_null=not_null - gone,
            message_key=False,
        )

    def extended(self, columns: dict[str, str]) -> "RecordScope":
        """Return the scope with further value columns."""
        return replace(
            self,
            columns=self.columns | columns,
            values=self.values + tuple(columns),
            value=None,
        )


def tuple_text(parts: list[str]) -> str:
    """Return the text of a tuple."""
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def key_columns(
    lines: Lines, names: Locals, keys: tuple[str, ...], uses: Counter[str], *, windowed: bool
) -> dict[str, str]:
    """Return the text of the key columns, given the local ``key``, which may be ``None``."""
    inner = "key[0]" if windowed else "key"
    texts = {name: f"{inner}[{i}]" for i, name in enumerate(keys)} if len(keys) > 1 else {}
    if len(keys) == 1:
        texts = {keys[0]: inner}
    if windowed:
        texts |= {WINDOWSTART: "key[1]", WINDOWEND: "key[2]"}
    for name, text in texts.items():
        if text == "key":
            continue
        if uses[name]:
            local = names.new(name)
            lines.add(f"{local} = None if key is None else {text}")
            texts[name] = local
        else:
            texts[name] = "None"
    return texts
