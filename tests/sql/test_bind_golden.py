"""Golden bind scripts: statements, and what they mean.

A block's input is a script; its output describes the last statement, or the error of the first
wrong one. Every block starts from the sources that ``WORLD`` declares.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from streamsql.catalog.catalog import Catalog, Source
from streamsql.errors import StatementError
from streamsql.expr.builtins import builtins
from streamsql.expr.wording import describe as expression
from streamsql.logical.describe import describe as plan
from streamsql.sql import statements
from streamsql.sql.declaration import declaration, declared
from tests import golden
from tests.sql.scripts import bind_script

GOLDEN = sorted((Path(__file__).parent / "bind").glob("*.txt"))

WORLD = """
CREATE STREAM clicks (id INT KEY, page STRING, price DECIMAL(6, 2), n BIGINT, x DOUBLE,
    tags ARRAY<STRING>, counts MAP<STRING, INT>, who STRUCT<name STRING, age INT>, seen TIMESTAMP)
    WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE STREAM views (user_id INT KEY, page STRING, n BIGINT)
    WITH (KAFKA_TOPIC='views', VALUE_FORMAT='JSON');
CREATE STREAM keyless (a INT, b STRING) WITH (KAFKA_TOPIC='keyless', VALUE_FORMAT='DELIMITED');
CREATE STREAM windowed (id INT KEY, n BIGINT)
    WITH (KAFKA_TOPIC='windowed', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING',
    WINDOW_SIZE='1 MINUTE');
CREATE TABLE users (id INT PRIMARY KEY, name STRING, city INT)
    WITH (KAFKA_TOPIC='users', VALUE_FORMAT='JSON');
CREATE TABLE cities (id INT PRIMARY KEY, name STRING)
    WITH (KAFKA_TOPIC='cities', VALUE_FORMAT='JSON');
CREATE TABLE totals AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page;
"""

OTHERS = {
    "my-app": """
CREATE STREAM readings (city STRING KEY, degrees INT)
    WITH (KAFKA_TOPIC='readings', VALUE_FORMAT='JSON');
CREATE STREAM clicks (city STRING KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON');
CREATE TABLE rain AS SELECT city, COUNT(*) AS n FROM readings GROUP BY city;
""",
    "weather": """
CREATE STREAM readings (city STRING KEY, degrees INT)
    WITH (KAFKA_TOPIC='readings', VALUE_FORMAT='JSON');
CREATE STREAM clicks (city STRING KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON');
""",
}
"""What other applications on the broker declare."""


def _bound(script: str) -> Catalog:
    *_, (_, catalog) = bind_script(script, Catalog(functions=builtins()), {})
    return catalog


@pytest.fixture(scope="module")
def world() -> Catalog:
    return _bound(WORLD)


@pytest.fixture(scope="module")
def foreign(world: Catalog) -> Catalog:
    found: dict[str, tuple[Source, ...]] = {}
    for application, script in OTHERS.items():
        for name, source in _bound(script).sources.items():
            seen = replace(declared(declaration(source)), application=application)
            found[name] = (*found.get(name, ()), seen)
    return replace(world, application="shop", foreign=found)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden(path: Path, world: Catalog, foreign: Catalog) -> None:
    golden.check(path, _run(foreign if path.stem == "foreign" else world))


def _run(world: Catalog) -> Callable[[str], str]:
    def run(text: str) -> str:
        try:
            *_, (statement, _) = bind_script(text, world, {})
        except StatementError as error:
            error.attach(text)
            return f"{type(error).__name__[:-5]} {error.render()}"
        return _describe(statement)

    return run


def _describe(statement: statements.Statement) -> str:
    name = type(statement).__name__
    match statement:
        case statements.CreateSource(source):
            return f"{name} {_source(source)}"
        case statements.CreateAs(source):
            return f"{name} {_source(source)}\nquery {statement.query_id}\n{plan(statement.plan)}"
        case statements.InsertSelect(sink):
            return f"{name} into {sink.name}, query {statement.query_id}\n{plan(statement.plan)}"
        case statements.PushQuery():
            return f"{name} {', '.join(statement.columns)}\n{plan(statement.plan)}"
        case statements.PullQuery():
            keys = statement.lookup
            lookup = "all" if keys is None else ", ".join(map(expression, keys))
            return f"{name} {', '.join(statement.columns)} of {lookup}\n{plan(statement.plan)}"
        case statements.InsertValues(sink, values):
            row = ", ".join(f"{column} = {expression(value)}" for column, value in values.items())
            time = "now" if statement.timestamp is None else expression(statement.timestamp)
            return f"{name} into {sink.name} at {time}: {row}"
        case statements.AssertRecord(source, values):
            row = ", ".join(f"{column} = {expression(value)}" for column, value in values.items())
            return f"{name} of {source.name}{' (tombstone)' if statement.tombstone else ''}: {row}"
        case statements.Explain(what, inner, query_id):
            what_is_explained = query_id if inner is None else _describe(inner)
            return f"{name} {what.value} {what_is_explained}"
        case _:
            return _other(name, statement)


def _other(name: str, statement: statements.Statement) -> str:
    fields = []
    for field in statement.__dataclass_fields__:
        value = getattr(statement, field)
        fields.append(f"{field}={value.name if isinstance(value, Source) else value}")
    return f"{name} {', '.join(fields)}"


def _source(source: Source) -> str:
    parts = [
        f"{source.kind.value} {source.name} ({source.schema})",
        f"topic {source.topic}, key {source.key_format.name}, value {source.value_format.name}",
    ]
    if source.schema.window is not None:
        parts[0] += f" {source.schema.window.value} {source.window_size_ms}"
    for word, value in (
        ("partitions", source.partitions),
        ("replicas", source.replicas),
        ("retention", source.retention_ms),
        ("timestamp", source.timestamp and source.timestamp.column),
        ("wrap", source.value_format.wrap),
        ("delimiter", source.value_format.delimiter),
        ("read only", source.read_only or None),
    ):
        if value is not None:
            parts[1] += f", {word} {value}"
    return "\n".join(parts)
