"""What query-validation tests say about the sources and topics there are in the end."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from streamsql.catalog.catalog import Catalog, Source
from streamsql.engine.planning.binding import bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.errors import StatementError
from streamsql.sql.statements import CreateSource
from streamsql.testing.driver import TestDriver
from streamsql.testing.outcomes import Mismatch
from streamsql.types.record import SourceKind
from streamsql.types.schema import Column, Schema

_KEY = re.compile(r"(?<!PRIMARY)\s+KEY\b(?=\s*(,|$))", re.IGNORECASE)
_MARK = "$"
_RESERVED = re.compile(r"\b(ROWTIME|ROWOFFSET|ROWPARTITION)\b(?!`)", re.IGNORECASE)
"""Names that a key column may have after PARTITION BY, though nobody may declare such a column."""

_BOTH_WAYS = frozenset({"JSON", "JSON_SR", "AVRO", "PROTOBUF_NOSR"})
"""Formats that write a single column with or without a record around it."""

_REMARKS = frozenset({"comment", "comments"})


def check_post(post: Mapping[str, Any], driver: TestDriver, before: set[str]) -> None:
    """Compare the sources, and the names of the topics that were not there before.

    Raises:
        Mismatch: At the first thing that differs, or that nothing here can compare.
    """
    _check_members(post, {"sources", "topics"}, "post")
    for node in post.get("sources", ()):
        source = driver.catalog.sources.get(node["name"])
        if source is None:
            raise Mismatch(f'source "{node["name"]}" does not exist')
        _check_source(node, source)
    pattern = post.get("topics", {}).get("blacklist")
    if pattern is not None:
        for topic in sorted({*driver.topics(), *driver.repartition_topics()} - before):
            if re.fullmatch(pattern, topic):
                raise Mismatch(f'topic "{topic}" must not be created', pattern, topic)


def _check_source(node: Mapping[str, Any], source: Source) -> None:
    _check_members(node, {"name", *_CHECKS}, "a source of post")
    for member, check in _CHECKS.items():
        if node.get(member) is not None:
            expected, actual = check(node, source)
            if expected != actual:
                raise Mismatch(
                    f'{member} of source "{source.name}" is {actual}, not {expected}',
                    str(expected),
                    str(actual),
                )


def _check_members(node: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(node.keys() - known - _REMARKS)
    if unknown:
        raise Mismatch(f'this runner does not know member "{unknown[0]}" of {what}')


Pair = tuple[object, object]


def _kind(node: Mapping[str, Any], source: Source) -> Pair:
    return node["type"].upper(), source.kind.value


def _schema(node: Mapping[str, Any], source: Source) -> Pair:
    return str(read_schema(node["schema"], source.kind)), str(
        Schema(source.schema.key, source.schema.value)
    )


def _key_format(node: Mapping[str, Any], source: Source) -> Pair:
    written = node["keyFormat"]
    _check_members(
        written, {"format", "windowType", "windowSize", "properties", "features"}, "a keyFormat"
    )
    window = source.schema.window
    expected = (written["format"], written.get("windowType"), written.get("windowSize"))
    kind = None if window is None else window.value
    return expected, (source.key_format.name, kind, source.window_size_ms)


def _value_format(node: Mapping[str, Any], source: Source) -> Pair:
    return node["valueFormat"], source.value_format.name


def _key_features(node: Mapping[str, Any], source: Source) -> Pair:
    unwraps = len(source.schema.key) == 1 and source.key_format.name in _BOTH_WAYS
    return node["keyFeatures"], ["UNWRAP_SINGLES"] if unwraps else []


def _value_features(node: Mapping[str, Any], source: Source) -> Pair:
    wrap = source.value_format.wrap
    features = [] if wrap is None else ["WRAP_SINGLES" if wrap else "UNWRAP_SINGLES"]
    return node["valueFeatures"], features


def _is_source(node: Mapping[str, Any], source: Source) -> Pair:
    return node["isSource"], source.read_only


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], Source], Pair]] = {
    "type": _kind,
    "schema": _schema,
    "keyFormat": _key_format,
    "valueFormat": _value_format,
    "keyFeatures": _key_features,
    "valueFeatures": _value_features,
    "isSource": _is_source,
}


def read_schema(text: str, kind: SourceKind) -> Schema:
    """Return the schema of a list of columns, such as ``K INT KEY, V STRING``.

    Raises:
        Mismatch: The text is none.
    """
    columns = _KEY.sub(" PRIMARY KEY", text) if kind is SourceKind.TABLE else text
    columns = _RESERVED.sub(rf"`{_MARK}\1`", columns)
    statement = f"CREATE {kind.value} X ({columns}) WITH (KAFKA_TOPIC = 'x', FORMAT = 'JSON');"
    try:
        (bound,) = bind_script(statement, PlannerContext(Catalog()))
    except StatementError as error:
        raise Mismatch(f'schema "{text}" of post cannot be read: {error.message}') from error
    assert isinstance(bound.statement, CreateSource)
    schema = bound.statement.source.schema
    return Schema(_unmarked(schema.key), _unmarked(schema.value))


def _unmarked(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(Column(column.name.removeprefix(_MARK), column.type) for column in columns)
