"""What a statement gives back: a message, a text, or rows that are read like a cursor's.

Values of a :class:`Row` are plain Python: DATE is ``datetime.date``, TIME ``datetime.time``,
TIMESTAMP a naive ``datetime.datetime`` in UTC, STRUCT a ``dict``, and the rest as in flight
(``types.sqltypes``). A date or time outside Python's calendar (years 1 to 9999) stays the integer
it is.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, overload

from streamsql.engine.closing import Closing
from streamsql.engine.values import converters
from streamsql.types.schema import Column


class ResultKind(Enum):
    """What a result holds."""

    STATUS = "status"
    """A statement took effect; ``message`` says what it did."""

    TEXT = "text"
    """EXPLAIN and DESCRIBE: ``message`` is a text of several lines."""

    ROWS = "rows"
    """Rows that are there: of a pull query, or of SHOW."""

    STREAM = "stream"
    """Rows to come: of a push query or PRINT; iteration waits for them."""


class Row(Sequence[Any]):
    """One row: by position as a tuple, by column name as a mapping.

    Names match as in SQL: ``row["n"]`` finds column ``N`` when there is no column ``n``.

    >>> row = Row(("USER", "N"), ("ada", 3))
    >>> row[1], row["USER"], row["n"], dict(row)
    (3, 'ada', 3, {'USER': 'ada', 'N': 3})
    """

    __slots__ = ("_names", "_values")

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self._names = names
        self._values = values

    def keys(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return self._names

    def as_tuple(self) -> tuple[Any, ...]:
        """Return the values in order."""
        return self._values

    @overload
    def __getitem__(self, item: int | str) -> Any: ...
    @overload
    def __getitem__(self, item: slice) -> tuple[Any, ...]: ...
    def __getitem__(self, item: int | slice | str) -> Any:
        if isinstance(item, str):
            return self._values[self._position(item)]
        return self._values[item]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Row):
            return self._values == other._values and self._names == other._names
        return self._values == other if isinstance(other, tuple) else NotImplemented

    def __lt__(self, other: "Row | tuple[Any, ...]") -> bool:
        return self._values < (other._values if isinstance(other, Row) else other)

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        pairs = zip(self._names, self._values, strict=True)
        return f"Row({', '.join(f'{name}={value!r}' for name, value in pairs)})"

    def _position(self, name: str) -> int:
        for spelling in (name, name.upper()):
            if spelling in self._names:
                return self._names.index(spelling)
        raise KeyError(name)


class Result(Closing):
    """The outcome of one statement.

    Iterating a STREAM result waits for rows until its LIMIT is reached or :meth:`close` is called,
    from this thread or another. A result that is not read to its end must be closed; closing twice
    is fine.

    Attributes:
        kind: What it holds.
        columns: Names and types of the rows; empty without rows.
        message: What happened, or the text; empty with rows.
        statement: The text of the statement that was carried out.
    """

    def __init__(
        self,
        kind: ResultKind,
        *,
        columns: Sequence[Column] = (),
        rows: Iterator[tuple[Any, ...]] | None = None,
        message: str = "",
        on_close: Callable[[], None] | None = None,
    ) -> None:
        """Wrap rows whose values are in flight form, in the order of the columns."""
        self.kind = kind
        self.columns = tuple(columns)
        self.message = message
        self.statement = ""
        self._names = tuple(column.name for column in self.columns)
        self._convert = converters(self.columns)
        self._rows: Iterator[tuple[Any, ...]] = iter(()) if rows is None else rows
        self._on_close = on_close

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return self._names

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        try:
            values = next(self._rows)
        except StopIteration:
            self.close()
            raise
        return Row(self._names, self._convert(values))

    def fetchone(self) -> Row | None:
        """Return the next row, or ``None`` after the last."""
        return next(self, None)

    def fetchall(self) -> list[Row]:
        """Return all rows left; of a STREAM without LIMIT this never ends."""
        return list(self)

    def close(self) -> None:
        """Stop the query behind the result, if one runs."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def __repr__(self) -> str:
        return f"<Result {self.kind.value} {self.message or ', '.join(self._names)}>"


def status(message: str) -> Result:
    """Return the result of a statement that took effect."""
    return Result(ResultKind.STATUS, message=message)


def text(lines: str) -> Result:
    """Return a text as a result."""
    return Result(ResultKind.TEXT, message=lines)


def rows(columns: Sequence[Column], values: Iterator[tuple[Any, ...]]) -> Result:
    """Return rows that are there."""
    return Result(ResultKind.ROWS, columns=columns, rows=values)
