"""What the other tests and the documentation run goes through the three doors as well."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streamsql.broker.ports import TopicConfig
from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.binding import bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.planner import compile_script
from streamsql.engine.planning.program import compile_program
from streamsql.errors import StatementError, StreamSQLError
from streamsql.expr.builtins import builtins
from streamsql.sql.dialect.parse import parse_script
from streamsql.sql.statements import CreateSource
from streamsql.testing.qtt.case import read_cases
from streamsql.testing.sqltest import read_tests
from tests.conformance import query_validation_tests
from tests.doors.three_doors import Answer, Run, file, library, text
from tests.queries.scripts import cases
from tests.test_documentation import BLOCK, PAGES, ROOT
from tests.testing.cases import OWN

LASTING = re.compile(
    r"(CREATE|DROP|TERMINATE|ALTER|SET|UNSET|DEFINE|UNDEFINE|INSERT)\b", re.IGNORECASE
)
FOR_ENGINES_ONLY = re.compile(r"DELETE\s+TOPIC", re.IGNORECASE)
VALUES = re.compile(r"INSERT\s+INTO\s+\S+\s*(\([^)]*\)\s*)?VALUES\b", re.IGNORECASE)


def scripts() -> Iterator[Any]:
    """Yield the statements that last of each query script and of each page with examples."""
    for case in cases():
        yield pytest.param(statements_of(case.statements), id=case.name)
    for page in PAGES:
        blocks = [
            match["body"] for match in BLOCK.finditer(page.read_text()) if match["info"] == "sql"
        ]
        if blocks:
            yield pytest.param(statements_of(*blocks), id=str(page.relative_to(ROOT)))


def statements_of(*texts: str) -> list[str]:
    """Return those statements of some texts that are not there for what they show."""
    parsed = [statement.text for text in texts for statement in parse_script(text)]
    return [
        f"{statement};"
        for statement in parsed
        if LASTING.match(statement) and not FOR_ENGINES_ONLY.search(statement)
    ]


@pytest.mark.parametrize("statements", list(scripts()))
@pytest.mark.parametrize("calm", [True, False], ids=["calm", "at-once"])
def test_scripts(statements: Sequence[str], tmp_path: Path, calm: bool) -> None:
    inserts = [statement for statement in statements if VALUES.match(statement)]
    run = Run([each for each in statements if each not in inserts], inserts, calm)
    expected = in_any_order(library(run))
    assert in_any_order(text(run, tmp_path)) == expected
    assert in_any_order(file(run)) == expected


def in_any_order(answer: Answer) -> Answer:
    topics = {name: sorted(records, key=repr) for name, records in answer.topics.items()}
    return replace(answer, topics=topics)


@pytest.mark.slow
def test_conformance_cases() -> None:
    """Every case is planned as the statements of an engine and as a file."""
    paths = (*sorted(query_validation_tests().glob("*.json")), OWN)
    for path in paths:
        for case in read_cases(path):
            given = {
                topic["name"]: topic.get("partitions", 1) for topic in case.test.get("topics", ())
            }
            check_plans("\n".join(case.test["statements"]), given)


def test_semantics() -> None:
    for test in read_tests(ROOT / "tests/testing/semantics.sql"):
        statements = statements_of(test.text) if test.error is None else [test.text]
        check_plans("\n".join(statements), {})


def check_plans(script: str, partitions: Mapping[str, int]) -> None:
    """Plan a script both ways, on topics that are there as far as its sources do not make them."""
    topics = {name: TopicConfig(name, number) for name, number in partitions.items()}
    context = PlannerContext(Catalog(functions=builtins()), topics=topics)
    if refusal(lambda: list(bind_script(script, context))) is None:
        for bound in bind_script(script, context):
            if isinstance(bound.statement, CreateSource):
                source = bound.statement.source
                if source.partitions is None:
                    topics.setdefault(source.topic, TopicConfig(source.topic, 1))
    by_engine = refusal(lambda: compile_script(script, context))
    by_file = refusal(lambda: compile_program([script], context, "app"))
    assert by_file == by_engine, script


def refusal(plan: Callable[[], object]) -> str | None:
    """Return why something is refused."""
    try:
        plan()
    except StatementError as error:
        return f"{type(error).__name__}: {error.message}"
    except StreamSQLError as error:
        return str(error)
    return None
