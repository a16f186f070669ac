"""Tests written in SQL: statements, rows inserted, and assertions about the records that come.

::

    --@test: counts by user
    CREATE STREAM clicks (user STRING KEY, page STRING) WITH (KAFKA_TOPIC='clicks', FORMAT='JSON');
    CREATE TABLE counts AS SELECT user, COUNT(*) AS n FROM clicks GROUP BY user;
    INSERT INTO clicks VALUES ('ada', '/');
    ASSERT VALUES counts (user, n) VALUES ('ada', 1);

Each test has an engine of its own. ``ASSERT VALUES`` looks at the next record of the source's
topic that no assertion has looked at. ``--@expected.error:`` and ``--@expected.message:`` after the
name say that a statement must fail, with which error and with what in its message.
"""

import logging
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

from streamsql.broker.ports import Message
from streamsql.catalog.catalog import Source
from streamsql.engine.planning.program import Role, role
from streamsql.engine.serving.evaluate import evaluate
from streamsql.errors import DecodeError, EngineError, StatementError, StreamSQLError
from streamsql.expr.nodes import Expression
from streamsql.formats.format import attribute_names
from streamsql.formats.serdes import Serdes
from streamsql.sql.statements import AssertRecord, AssertSource, AssertTopic, DropSource
from streamsql.testing.driver import TestDriver
from streamsql.testing.json_numbers import plain
from streamsql.testing.outcomes import Mismatch, Outcome, Status

_TEST = re.compile(r"^[ \t]*--@test:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_EXPECTED = re.compile(r"^[ \t]*--@expected\.(error|message):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SqlTest:
    """One test of a file.

    Attributes:
        text: Its statements; in front of them as many line ends as the file has lines before, so
            that errors name the line of the file.
        error: Name of the expected error; ``None``: any, if there is a message, else none at all.
        message: What the error's message must contain.
    """

    file: str
    name: str
    text: str
    error: str | None = None
    message: str | None = None


def read_tests(path: Path) -> list[SqlTest]:
    """Return the tests of a file; one without ``--@test:`` is a single test.

    Raises:
        EngineError: It cannot be read, or there are statements before the first test.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise EngineError(f'cannot read "{path}": {error}') from error
    starts = list(_TEST.finditer(text))
    if not starts:
        return [_test(path.name, path.stem, text)]
    if _COMMENT.sub("", text[: starts[0].start()]).strip():
        raise EngineError(f'"{path}" has statements before its first --@test:')
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return [
        _test(
            path.name,
            start.group(1),
            "\n" * text.count("\n", 0, start.start()) + text[start.start() : end],
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def _test(file: str, name: str, text: str) -> SqlTest:
    expected = {found.group(1): found.group(2) for found in _EXPECTED.finditer(text)}
    return SqlTest(file, name, text, expected.get("error"), expected.get("message"))


def run_test(test: SqlTest) -> Outcome:
    """Run a test and say what became of it; nothing it does raises."""
    wanted = {"error": test.error, "message": test.message}
    expects_error = test.error is not None or test.message is not None
    logging.disable(logging.CRITICAL)
    try:
        _run(test)
    except (Mismatch, StreamSQLError) as error:
        if not expects_error:
            return _failed(test, error)
        if _is_expected(error, test):
            return Outcome(test.file, test.name, Status.PASSED)
        found = {"error": _names(error)[0], "message": str(error)}
        return Outcome(test.file, test.name, Status.FAILED, "failed in another way", wanted, found)
    except Exception as error:  # noqa: BLE001 - an internal error is the outcome of its test
        reason = f"internal error: {type(error).__name__}: {error}"
        return Outcome(test.file, test.name, Status.FAILED, reason)
    finally:
        logging.disable(logging.NOTSET)
    if expects_error:
        return Outcome(test.file, test.name, Status.FAILED, "did not fail", wanted, None)
    return Outcome(test.file, test.name, Status.PASSED)


def _failed(test: SqlTest, error: Mismatch | StreamSQLError) -> Outcome:
    if isinstance(error, Mismatch):
        expected, actual = plain(error.expected), plain(error.actual)
        return Outcome(test.file, test.name, Status.FAILED, error.reason, expected, actual)
    reason = error.message if isinstance(error, StatementError) else str(error)
    return Outcome(test.file, test.name, Status.FAILED, reason, actual=str(error))


def _is_expected(error: Mismatch | StreamSQLError, test: SqlTest) -> bool:
    if test.error is not None and test.error.rsplit(".", 1)[-1] not in _names(error):
        return False
    return test.message is None or test.message in str(error)


def _names(error: Mismatch | StreamSQLError) -> list[str]:
    """Return the names that a test may give an error: its classes; ksqlDB's for such an error."""
    if isinstance(error, Mismatch):
        return ["AssertionError"]
    names = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, StreamSQLError)]
    if isinstance(error, StatementError):
        names += ["KsqlException", "KsqlStatementException", "ParseFailedException"]
    return names


def _run(test: SqlTest) -> None:
    with TestDriver() as driver:
        topics = _Topics(driver)
        for planned in driver.compile(test.text):
            match planned.statement:
                case AssertRecord() as statement:
                    with planned.bound.located():
                        _assert_record(statement, topics)
                case AssertSource() as statement:
                    _assert_source(statement, driver)
                case AssertTopic() | DropSource():
                    driver.perform(planned)
                case statement if role(statement) in {Role.RESULT, Role.FOREIGN}:
                    first_line, *_ = planned.bound.text.strip().split("\n", 1)
                    raise Mismatch(f"a test cannot hold this statement: {first_line}")
                case _:
                    driver.perform(planned)


class _Topics:
    """The records that no assertion has looked at, by topic."""

    def __init__(self, driver: TestDriver) -> None:
        self.serdes = Serdes(driver.registry)
        self._driver = driver
        self._waiting: dict[str, deque[Message]] = {}

    def next(self, topic: str) -> Message | None:
        """Return the next record of the topic, or ``None`` when there is none."""
        waiting = self._waiting.setdefault(topic, deque())
        waiting.extend(self._driver.read(topic))
        return waiting.popleft() if waiting else None


def _assert_record(statement: AssertRecord, topics: _Topics) -> None:
    """Compare the next record of the source's topic.

    Raises:
        Mismatch: It differs, or there is none.
    """
    names = list(statement.values)
    values = evaluate([statement.values[name] for name in names])
    expected: dict[str, Any] = dict(zip(names, values, strict=True))
    times: tuple[tuple[str, Expression | None], ...] = (
        ("ROWTIME", statement.timestamp),
        ("WINDOWSTART", statement.window_start),
        ("WINDOWEND", statement.window_end),
    )
    for name, expression in times:
        if expression is not None:
            (expected[name],) = evaluate([expression])
    source = statement.source
    message = topics.next(source.topic)
    if message is None:
        raise Mismatch(f'topic "{source.topic}" holds no more records', expected, None)
    actual = _columns(message, source, topics.serdes)
    if (message.value() is None) != statement.tombstone:
        what = "a tombstone" if message.value() is None else "a row"
        raise Mismatch(f'the next record of "{source.name}" is {what}', expected, actual)
    for name, value in expected.items():
        if not _is_same(value, actual.get(name)):
            raise Mismatch(
                f'column "{name}" of the next record of "{source.name}" is '
                f"{actual.get(name)!r}, not {value!r}",
                expected,
                actual,
            )


def _columns(message: Message, source: Source, serdes: Serdes) -> dict[str, Any]:
    """Return the columns of a record by name."""
    schema = source.schema
    columns: dict[str, Any] = {"ROWTIME": message.timestamp()[1]}
    written = source.written
    payload, key_bytes = message.value(), message.key()
    try:
        if key_bytes is not None:
            key = serdes.key_decoder(source.key_format, schema, source.window_size_ms)(key_bytes)
            if schema.window is not None:
                key, columns["WINDOWSTART"], columns["WINDOWEND"] = key
            keys = (key,) if len(schema.key) == 1 else key or ()
            columns.update(zip((c.name for c in schema.key), keys, strict=False))
        if payload is not None:
            decoder = serdes.value_decoder(source.value_format, written, written.value)
            row = decoder.repair(payload)
            attributes = attribute_names(written.value)
            for column, attribute in zip(written.value, attributes, strict=True):
                columns[column.name] = None if row is None else getattr(row, attribute)
    except DecodeError as error:
        raise Mismatch(f'the next record of "{source.name}" cannot be read: {error}') from error
    return columns


def _is_same(expected: Any, actual: Any) -> bool:
    match expected, actual:
        case float(), float():
            return isclose(expected, actual, rel_tol=1e-15, abs_tol=1e-6) or repr(expected) == repr(
                actual
            )
        case (list(), list()) | (tuple(), tuple()):
            return len(expected) == len(actual) and all(map(_is_same, expected, actual))
        case dict(), dict():
            return expected.keys() == actual.keys() and all(
                _is_same(value, actual[key]) for key, value in expected.items()
            )
        case _:
            return type(expected) is type(actual) and bool(expected == actual)


_PARTS: Sequence[tuple[str, Callable[[Source], object]]] = (
    ("kind", lambda source: source.kind.value),
    ("schema", lambda source: str(source.schema)),
    ("topic", lambda source: source.topic),
    ("key format", lambda source: source.key_format),
    ("value format", lambda source: source.value_format),
    ("window", lambda source: source.schema.window),
    ("window size", lambda source: source.window_size_ms),
    ("timestamp column", lambda source: source.timestamp and source.timestamp.column),
    ("timestamp format", lambda source: source.timestamp and source.timestamp.pattern),
    ("headers", lambda source: source.headers),
)


def _assert_source(statement: AssertSource, driver: TestDriver) -> None:
    """Compare a source with its expected declaration.

    Raises:
        Mismatch: They differ.
    """
    expected = statement.expected
    actual = driver.catalog.sources[expected.name]
    for what, part in _PARTS:
        if part(expected) != part(actual):
            raise Mismatch(
                f'{what} of source "{actual.name}" is {part(actual)}, not {part(expected)}',
                str(part(expected)),
                str(part(actual)),
            )
