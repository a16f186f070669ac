"""From a line's columns to a record's key and timestamp."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from streamsql.errors import EngineError
from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import check
from streamsql.formats.registry import NO_REGISTRY
from streamsql.formats.serdes import Serdes
from streamsql.shell.commands.lines import BadLine
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import BIGINT, BIGINT_MAX, BOOLEAN, DOUBLE, INTEGER, STRING, SqlType

_KEY_TYPES = {"BIGINT": BIGINT, "BOOLEAN": BOOLEAN, "DOUBLE": DOUBLE, "STRING": STRING}
_KEY_TYPES |= {"INTEGER": INTEGER, "INT": INTEGER, "VARCHAR": STRING}
_PYTHON_TYPES: dict[SqlType, tuple[type, ...]] = {
    BIGINT: (int,),
    BOOLEAN: (bool,),
    DOUBLE: (int, float),
    INTEGER: (int,),
    STRING: (str,),
}
_GUESSED: dict[type, SqlType] = {str: STRING, int: BIGINT, float: DOUBLE, bool: BOOLEAN}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Write: TypeAlias = Callable[[Any], bytes | None]
_WHOLE = re.compile(r"-?0*[0-9]{1,19}")
_MILLISECOND = dt.timedelta(milliseconds=1)


class KeyWriter:
    """Writes the values of one column as keys."""

    def __init__(self, column: str, format_name: str, type_name: str | None) -> None:
        """Choose how keys are written.

        Args:
            type_name: ``None``: by what the values are.

        Raises:
            EngineError: The format has no such keys.
        """
        self._column = column
        self._spec = FormatSpec(format_name)
        self._type: SqlType | None = None
        self._writers: dict[type, Write] = {type(None): lambda _: None}
        if type_name is not None:
            self._type = _KEY_TYPES.get(type_name.upper())
            if self._type is None:
                names = ", ".join(sorted(_KEY_TYPES))
                raise EngineError(f'a key cannot be of type "{type_name}": use one of {names}')
            self._encoder(self._type)

    def __call__(self, value: Any) -> bytes | None:
        """Return the key's bytes; NULL has none.

        Raises:
            BadLine: The value is not of the type of the keys.
        """
        write = self._writers.get(type(value))
        if write is None:
            write = self._writers[type(value)] = self._writer(value)
        try:
            return write(value)
        except (ValueError, OverflowError) as error:
            raise self._bad(value) from error

    def _writer(self, value: Any) -> Write:
        """Return how values of the same Python type are written."""
        sql_type = self._type or self._guess(value)
        encode = self._encoder(sql_type)
        if sql_type is STRING and type(value) is int:
            return lambda number: encode(str(number))
        if type(value) not in _PYTHON_TYPES[sql_type]:
            raise self._bad(value)
        if sql_type is DOUBLE:
            return lambda number: encode(float(number))
        return encode

    def _guess(self, value: Any) -> SqlType:
        guessed = _GUESSED.get(type(value))
        if guessed is None:
            raise BadLine(f'key column "{self._column}" holds an array or an object')
        if self._spec.name == "KAFKA" and guessed is not STRING:
            raise EngineError(
                f'key column "{self._column}" does not hold strings: say the SQL type of the keys '
                "with --key-type, as the column is declared"
            )
        return guessed

    def _encoder(self, sql_type: SqlType) -> Callable[[Any], bytes]:
        columns = (Column(self._column, sql_type),)
        reason = check(self._spec, columns, is_key=True)
        if reason is not None:
            raise EngineError(reason)
        return Serdes(NO_REGISTRY).key_encoder(self._spec, Schema(columns, ()), "")

    def _bad(self, value: Any) -> BadLine:
        wanted = f"of type {self._type}" if self._type else "a key"
        return BadLine(f'{value!r} in key column "{self._column}" is not {wanted}')


def timestamp_ms(value: Any, column: str) -> int:
    """Return the time that a column says: epoch milliseconds, or ISO 8601 (UTC without a zone).

    Raises:
        BadLine: It is neither, before 1970, or later than the milliseconds of a record can say.

    >>> timestamp_ms(1357020000000, "t"), timestamp_ms("2013-01-01T06:00:00Z", "t")
    (1357020000000, 1357020000000)
    """
    found = _time(value)
    if found is None:
        raise BadLine(
            f'{value!r} in timestamp column "{column}" is neither epoch milliseconds nor ISO 8601'
        )
    if found < 0:
        raise BadLine(f'{value!r} in timestamp column "{column}" is before 1970')
    if found > BIGINT_MAX:
        raise BadLine(f'{value!r} in timestamp column "{column}" is later than any time')
    return found


def _time(value: Any) -> int | None:
    if type(value) is int:
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - _EPOCH) // _MILLISECOND
