"""Tests written in SQL: what they can say, and what fails them."""

from pathlib import Path

import pytest

from streamsql.errors import EngineError
from streamsql.testing.outcomes import Outcome, Status
from streamsql.testing.sqltest import SqlTest, read_tests, run_test

SOURCE = "CREATE STREAM S (K STRING KEY, N INT, D DOUBLE) WITH (KAFKA_TOPIC='s', FORMAT='JSON');\n"
COUNTS = "CREATE TABLE T AS SELECT K, COUNT(*) AS C FROM S GROUP BY K HAVING COUNT(*) < 2;\n"
WINDOWS = (
    "CREATE TABLE W AS SELECT K, COUNT(*) AS C FROM S WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY K;\n"
)
ROW = "INSERT INTO S (ROWTIME, K, N, D) VALUES (70000, 'a', 1, 0.5);\n"


def run(text: str, tmp_path: Path) -> Outcome:
    path = tmp_path / "one.sql"
    path.write_text(text, encoding="utf-8")
    (test,) = read_tests(path)
    return run_test(test)


@pytest.mark.parametrize(
    "text",
    [
        SOURCE + ROW + "ASSERT VALUES S (K, N, D, ROWTIME) VALUES ('a', 1, 0.5000001, 70000);",
        SOURCE + COUNTS + ROW + ROW
        + "ASSERT VALUES T (K, C) VALUES ('a', 1);\nASSERT NULL VALUES T (K) KEY ('a');",
        SOURCE + WINDOWS + ROW
        + "ASSERT VALUES W (K, C, WINDOWSTART, WINDOWEND) VALUES ('a', 1, 60000, 120000);",
        SOURCE + "ASSERT STREAM S (K STRING KEY, N INT, D DOUBLE)"
        " WITH (KAFKA_TOPIC='s', FORMAT='JSON');",
        ("SET 'ksql.persistence.default.format.value' = 'JSON';"
         "CREATE STREAM S (N INT) WITH (KAFKA_TOPIC='s');"),
        SOURCE + "CREATE STREAM O AS SELECT * FROM S; DROP STREAM O; DROP STREAM IF EXISTS O;",
        (f"--@test: wrong\n--@expected.error: BindError\n--@expected.message: \"X\"\n{SOURCE}"
         "CREATE STREAM O AS SELECT K, X FROM S;"),
        (f"--@test: ksqlDB's\n--@expected.error: io.confluent.ksql.util.KsqlException\n{SOURCE}"
         "CREATE STREAM O AS SELECT K, X FROM S;"),
        (f"--@test: asserted\n--@expected.error: AssertionError\n{SOURCE}{ROW}"
         "ASSERT VALUES S (K) VALUES ('b');"),
    ],
)  # fmt: skip
def test_what_is_so_passes(text: str, tmp_path: Path) -> None:
    outcome = run(text, tmp_path)
    assert (outcome.status, outcome.reason) == (Status.PASSED, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SOURCE + ROW + "ASSERT VALUES S (K) VALUES ('b');", 'column "K" of the next record'),
        (SOURCE + ROW + "ASSERT VALUES S (D) VALUES (0.6);", 'column "D" of the next record'),
        (SOURCE + ROW + "ASSERT VALUES S (ROWTIME) VALUES (1);", 'column "ROWTIME"'),
        (SOURCE + ROW + "ASSERT NULL VALUES S (K) KEY ('a');", "is a row"),
        (SOURCE + "ASSERT VALUES S (K) VALUES ('a');", "holds no more records"),
        (SOURCE + WINDOWS + ROW + "ASSERT VALUES W (WINDOWSTART) VALUES (0);", "WINDOWSTART"),
        (
            SOURCE + "ASSERT STREAM S (K STRING KEY, N BIGINT, D DOUBLE)"
            " WITH (KAFKA_TOPIC='s', FORMAT='JSON');",
            'schema of source "S"',
        ),
        (SOURCE + "SELECT * FROM S;", "a test cannot hold this statement"),
        (SOURCE + "CREATE STREAM O AS SELECT X FROM S;", 'column "X"'),
        (f"--@test: x\n--@expected.error: BindError\n{SOURCE}", "did not fail"),
        (f"--@test: x\n--@expected.message: nope\n{SOURCE} BAD;", "failed in another way"),
        (f"--@test: x\n--@expected.error: BindError\n{SOURCE} BAD;", "failed in another way"),
    ],
)
def test_what_is_not_so_fails(text: str, reason: str, tmp_path: Path) -> None:
    outcome = run(text, tmp_path)
    assert outcome.status is Status.FAILED
    assert reason in outcome.reason


def test_errors_name_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "two.sql"
    path.write_text(f"-- tests\n--@test: one\n{SOURCE}--@test: two\n{SOURCE}BAD;", "utf-8")
    one, two = read_tests(path)
    assert run_test(one).status is Status.PASSED
    outcome = run_test(two)
    assert outcome.status is Status.FAILED
    assert "LINE 6: BAD;" in outcome.actual


def test_statements_before_the_first_test_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "early.sql"
    path.write_text(f"{SOURCE}--@test: one\n", "utf-8")
    with pytest.raises(EngineError, match="before its first"):
        read_tests(path)


@pytest.mark.parametrize(
    "test", read_tests(Path(__file__).with_name("semantics.sql")), ids=lambda test: test.name
)
def test_semantics(test: SqlTest) -> None:
    outcome = run_test(test)
    assert (outcome.status, outcome.reason) == (Status.PASSED, "")
