"""The runner of query-validation tests: what it must notice."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from streamsql.errors import EngineError
from streamsql.runtime.processors.running_aggregate import RunningAggregateProcessor
from streamsql.testing.outcomes import Status
from streamsql.testing.qtt.case import QttCase, read_cases, run_case
from tests.testing.cases import passing_cases
from tests.testing.corruption import corruptions

CASES = passing_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("keeps_state", [False, True], ids=["changelogs", "broker's state"])
def test_a_right_case_passes(case: QttCase, keeps_state: bool) -> None:
    outcome = run_case(case, keeps_state=keeps_state)
    assert (outcome.status, outcome.reason) == (Status.PASSED, "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_corruption_is_noticed(case: QttCase) -> None:
    for what, test in corruptions(case.test, random.Random(1)):
        outcome = run_case(QttCase(case.file, case.name, test))
        assert outcome.status is Status.FAILED, what
        assert not outcome.reason.startswith("internal"), (what, outcome.reason)


def _case(**members: Any) -> QttCase:
    test = {
        "name": "x",
        "statements": [
            "CREATE STREAM S (K STRING KEY, N INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON');"
        ],
        **members,
    }
    return QttCase("x.json", "x", test)


def test_what_nothing_compares_fails() -> None:
    members: list[dict[str, Any]] = [
        {"surprise": 1},
        {"post": {"queries": []}},
        {"post": {"sources": [{"name": "S", "mood": "good"}]}},
        {"outputs": [{"topic": "s", "key": None, "value": None, "mood": 1}]},
        {"outputs": [{"topic": "nowhere", "key": None, "value": None}]},
        {"inputs": [{"topic": "nowhere", "key": None, "value": None}]},
        {"properties": {"no.such.setting": "1"}},
    ]
    for one in members:
        assert run_case(_case(**one)).status is Status.FAILED, one


def test_a_rejection_must_be_of_the_statement_as_wrong() -> None:
    wanted = {"message": "no"}
    wrong = run_case(_case(statements=["CREATE STREAM S;"], expectedException=wanted))
    assert wrong.status is Status.PASSED
    unsupported = "ALTER SYSTEM 'ksql.service.id' = 'x';"
    outcome = run_case(_case(statements=[unsupported], expectedException=wanted))
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("unsupported: ")
    accepted = run_case(_case(expectedException=wanted))
    assert (accepted.status, accepted.reason) == (Status.FAILED, "was accepted")


def test_an_input_that_stops_a_query_fails_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr(RunningAggregateProcessor, "process", fail)
    statements = [
        "CREATE STREAM S (K STRING KEY, N INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON');",
        "CREATE TABLE T AS SELECT K, SUM(N) AS N FROM S GROUP BY K;",
    ]
    inputs = [{"topic": "s", "key": "a", "value": {"N": 9}}]
    outcome = run_case(_case(statements=statements, inputs=inputs))
    assert outcome.status is Status.FAILED
    assert "a query has failed" in outcome.reason


def test_a_result_that_nobody_expects_fails_the_case() -> None:
    case = CASES[0]
    outcome = run_case(QttCase(case.file, case.name, {**case.test, "outputs": []}))
    assert (outcome.status, outcome.reason) == (
        Status.FAILED,
        'topic "OUTPUT" has 2 records, not 0',
    )


def test_blacklisted_repartition_topics_count_even_between_single_partitions() -> None:
    statements = [
        "CREATE STREAM S (K STRING KEY, N INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON');",
        "CREATE TABLE T AS SELECT N, COUNT(*) AS C FROM S GROUP BY N;",
    ]
    post = {"topics": {"blacklist": ".*-repartition"}}
    outcome = run_case(_case(statements=statements, post=post))
    assert outcome.status is Status.FAILED
    assert "must not be created" in outcome.reason


def test_formats_make_cases_and_old_versions_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "formats.json"
    source = "CREATE STREAM S (K STRING KEY, N INT) WITH (KAFKA_TOPIC='s', FORMAT='{FORMAT}');"
    tests = [
        {"name": "in", "format": ["JSON", "DELIMITED"], "statements": [source]},
        {"name": "old", "versions": {"max": "5.5.0"}, "statements": [source]},
        {"name": "off", "enabled": False, "statements": [source]},
    ]
    path.write_text(json.dumps({"tests": tests}), encoding="utf-8")
    cases = read_cases(path)
    assert [case.name for case in cases] == ["in - JSON", "in - DELIMITED", "old", "off"]
    statuses = [run_case(case).status for case in cases]
    assert statuses == [Status.PASSED, Status.PASSED, Status.SKIPPED, Status.SKIPPED]


def test_other_files_are_refused(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"tests": [{}]}'):
        path = tmp_path / "other.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(EngineError, match=r"other\.json"):
            read_cases(path)
