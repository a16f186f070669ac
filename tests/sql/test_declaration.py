"""A source as the statement that declares it to others: bound alone, it is the same source."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pytest

from streamsql.catalog.catalog import Catalog, Source
from streamsql.errors import BindError, StatementError
from streamsql.expr.builtins import builtins
from streamsql.formats.format import FormatSpec
from streamsql.sql.declaration import declaration, declared
from streamsql.types.schema import PSEUDO_COLUMNS
from tests.sql.bind_qtt import Case, cases, catalog
from tests.sql.scripts import bind_script
from tests.sql.test_bind_golden import OTHERS, WORLD

ODD = """
CREATE TYPE place AS STRUCT<`select` INT, `$${x}` ARRAY<MAP<STRING, DECIMAL(4, 2)>>>;
CREATE STREAM `odd name` (`from` STRUCT<`select` INT> KEY, `a``b` place, seen STRING)
    WITH (KAFKA_TOPIC='t.u-v', KEY_FORMAT='JSON', VALUE_FORMAT='JSON',
    TIMESTAMP='seen', TIMESTAMP_FORMAT='yyyy-MM-dd''T''HH:mm:ss');
CREATE STREAM lower (k INT KEY, `at` BIGINT)
    WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', TIMESTAMP='`at`', WRAP_SINGLE_VALUE=false);
CREATE STREAM tabbed (a INT, b STRING)
    WITH (KAFKA_TOPIC='t', KEY_FORMAT='NONE', VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='TAB');
CREATE STREAM barred (a INT KEY, b STRING)
    WITH (KAFKA_TOPIC='t', FORMAT='DELIMITED', KEY_DELIMITER='|', VALUE_DELIMITER='$');
CREATE STREAM headed (k INT KEY, v INT, a BYTES HEADER('$${y}'), b BYTES HEADER('it''s'))
    WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=3, REPLICAS=2, RETENTION_MS=1000);
CREATE STREAM all_headers (v INT, h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS)
    WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');
CREATE SOURCE TABLE fixed (k INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');
CREATE STREAM sessions (k INT KEY, v INT)
    WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', WINDOW_TYPE='SESSION');
CREATE STREAM fixed_stream (k INT KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');
CREATE STREAM keyless WITH (KAFKA_TOPIC='u') AS SELECT v FROM fixed_stream PARTITION BY NULL;
CREATE TABLE counts WITH (KEY_FORMAT='JSON', TIMESTAMP='latest') AS
    SELECT k, v, COUNT(*) AS n, MAX(ROWTIME) AS latest FROM fixed_stream
    WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS) GROUP BY k, v;
"""


def check(source: Source) -> None:
    """Bind the source's declaration and compare."""
    text = declaration(source)
    by_query = source.query is not None
    expected = replace(
        source,
        query=None,
        writers=frozenset(),
        readers=frozenset(),
        read_only=source.read_only or by_query,
        text=text,
    )
    assert declared(text) == expected, text


@pytest.mark.parametrize("script", [WORLD, *OTHERS.values(), ODD], ids=[0, 1, 2, "odd"])
def test_a_declaration_says_everything(script: str) -> None:
    *_, (_, known) = bind_script(script, Catalog(functions=builtins()), {})

    for source in known.sources.values():
        check(source)


def test_schemas_of_a_registry_are_said_beside_the_columns() -> None:
    *_, (_, known) = bind_script(WORLD, Catalog(functions=builtins()), {})
    key, value = FormatSpec("AVRO", schema_id=3), FormatSpec("AVRO", schema_name="shop.Click")

    check(replace(known.sources["VIEWS"], key_format=key, value_format=value))
    value = FormatSpec("PROTOBUF", schema_name="shop.Click", nullable="OPTIONAL")
    check(replace(known.sources["VIEWS"], key_format=key, value_format=value))


@pytest.mark.parametrize("text", ["SHOW TABLES", "CREATE STREAM", "", "SHOW TABLES; SHOW TABLES"])
def test_what_declares_nothing_is_refused(text: str) -> None:
    with pytest.raises(StatementError):
        declared(text)


@pytest.mark.slow
def test_every_source_of_the_query_validation_tests_can_be_declared() -> None:
    counts: Counter[str] = Counter()
    for case in cases():
        for source in sources(case):
            if PSEUDO_COLUMNS.keys() & {column.name for column in source.schema.key}:
                with pytest.raises(BindError, match="is reserved"):
                    check(source)
                counts["reserved"] += 1
            else:
                check(source)
                counts["declared"] += 1
    assert counts["declared"] >= 2305
    assert counts["reserved"] == 3


def sources(case: Case) -> Iterable[Source]:
    """Return the sources that a case makes, up to what must be rejected in it."""
    known = catalog()
    with suppress(StatementError):
        for _, after in bind_script(case.script, known, case.settings):
            known = after
    return known.sources.values()
