"""Golden scripts: queries to plans, optimized plans and topologies."""

from pathlib import Path

import pytest

from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.binding import bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.lowering import lower_query
from streamsql.errors import UnsupportedError
from streamsql.expr.builtins import builtins
from streamsql.logical.describe import describe as describe_plan
from streamsql.logical.optimize import RULES, Rule, optimize
from streamsql.sql.statements import CreateAs, InsertSelect
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.describe import describe as describe_topology
from tests import golden

HERE = Path(__file__).parent
SOURCES = """
CREATE STREAM bids (id STRING KEY, auction BIGINT, price BIGINT, ms BIGINT,
    item STRUCT<name STRING, weight INT>, tags ARRAY<STRING>)
    WITH (KAFKA_TOPIC='bids', VALUE_FORMAT='JSON');
CREATE STREAM asks (id STRING KEY, price BIGINT) WITH (KAFKA_TOPIC='asks', VALUE_FORMAT='JSON');
CREATE STREAM timed (id STRING KEY, ms BIGINT, v INT)
    WITH (KAFKA_TOPIC='timed', VALUE_FORMAT='JSON', TIMESTAMP='ms');
CREATE STREAM jsonkeys (id STRING KEY, v INT)
    WITH (KAFKA_TOPIC='jsonkeys', KEY_FORMAT='JSON', VALUE_FORMAT='JSON');
CREATE STREAM windowed (id STRING KEY, v INT)
    WITH (KAFKA_TOPIC='windowed', VALUE_FORMAT='JSON',
    WINDOW_TYPE='TUMBLING', WINDOW_SIZE='5 SECONDS');
CREATE TABLE people (id STRING PRIMARY KEY, name STRING, city STRING)
    WITH (KAFKA_TOPIC='people', VALUE_FORMAT='JSON');
CREATE TABLE places (city STRING PRIMARY KEY, country STRING)
    WITH (KAFKA_TOPIC='places', VALUE_FORMAT='JSON');
CREATE TABLE jobs (id STRING PRIMARY KEY, job STRING)
    WITH (KAFKA_TOPIC='jobs', KEY_FORMAT='JSON', VALUE_FORMAT='JSON');
"""


def _statements(text: str) -> list[CreateAs | InsertSelect]:
    context = PlannerContext(Catalog(functions=builtins()))
    for bound in bind_script(SOURCES, context):
        context = bound.after
    found = []
    for bound in bind_script(text, context):
        statement = bound.statement
        assert isinstance(statement, CreateAs | InsertSelect)
        found.append(statement)
    return found


def _optimized(text: str) -> str:
    (statement,) = _statements(text)
    before, after = describe_plan(statement.plan), describe_plan(optimize(statement.plan))
    return f"{before}\n=> nothing to gain" if before == after else f"{before}\n=>\n{after}"


def _lowered(text: str) -> str:
    builder, context = StreamsBuilder(), PlannerContext(Catalog())
    try:
        for statement in _statements(text):
            name = statement.source.name if isinstance(statement, CreateAs) else "insert"
            lower_query(statement, optimize(statement.plan), builder, name, context)
    except UnsupportedError as error:
        return f"{type(error).__name__}: {error.message}"
    return describe_topology(builder.build())


def test_rules() -> None:
    golden.check(HERE / "rules.golden", _optimized)


def test_lowering() -> None:
    golden.check(HERE / "lowering.golden", _lowered)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_leaves_what_it_made_alone(rule: Rule) -> None:
    for block in golden.read((HERE / "rules.golden").read_text(encoding="utf-8")):
        (statement,) = _statements(block.input)
        best = optimize(statement.plan)
        assert rule(best) == best
        assert optimize(best) == best
        assert best.schema == statement.plan.schema
