"""``streamsql test``: files found, cases printed and reported, the exit status."""

import io
import json
from pathlib import Path

import pytest

from streamsql.errors import EngineError
from streamsql.testing.runner import run_tests

CLICKS = "CREATE STREAM S (K STRING KEY, N INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON');"
GOOD = f"""--@test: good
{CLICKS}
INSERT INTO S VALUES ('a', 1);
ASSERT VALUES S (K, N) VALUES ('a', 1);
"""
BAD = f"""--@test: bad
{CLICKS}
INSERT INTO S VALUES ('a', 1);
ASSERT VALUES S (K, N) VALUES ('a', 2);
"""


def _run(path: Path, report: Path | None = None, only: str | None = None) -> tuple[int, str]:
    out = io.StringIO()
    return run_tests([path], report, out, only=only), out.getvalue()


def _write(directory: Path) -> None:
    (directory / "deep").mkdir()
    (directory / "one.sql").write_text(GOOD + BAD, encoding="utf-8")
    test = {"name": "off", "enabled": False, "statements": [CLICKS]}
    (directory / "deep" / "two.json").write_text(json.dumps({"tests": [test]}), encoding="utf-8")


def test_a_directory_is_searched_and_every_case_listed(tmp_path: Path) -> None:
    _write(tmp_path)
    report = tmp_path / "report.txt"
    status, text = _run(tmp_path, report)
    assert status == 1
    assert text.splitlines() == [
        "skipped two.json: off: not enabled",
        "passed  one.sql: good",
        'FAILED  one.sql: bad: column "N" of the next record of "S" is 1, not 2',
        '        expected: {"K": "a", "N": 2}',
        '        actual: {"ROWTIME": 0, "K": "a", "N": 1}',
        "1 passed, 1 failed, 1 skipped",
    ]
    content = json.loads(report.read_text(encoding="utf-8"))
    assert [content[name] for name in ("passed", "failed", "skipped")] == [1, 1, 1]
    assert [(case["name"], case["status"]) for case in content["cases"]] == [
        ("off", "skipped"),
        ("good", "passed"),
        ("bad", "failed"),
    ]
    assert content["cases"][2]["expected"] == {"K": "a", "N": 2}
    assert content["cases"][2]["actual"]["N"] == 1


def test_a_filter_chooses_cases_and_only_failures_give_status_1(tmp_path: Path) -> None:
    _write(tmp_path)
    status, text = _run(tmp_path, only="ONE.sql: Good")
    assert status == 0
    assert text.splitlines()[-1] == "1 passed, 0 failed, 0 skipped"


def test_paths_without_tests_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    with pytest.raises(EngineError, match="holds no"):
        _run(tmp_path)
    with pytest.raises(EngineError, match="neither"):
        _run(tmp_path / "x.txt")
    with pytest.raises(EngineError, match="cannot read"):
        _run(tmp_path / "missing.sql")
    (tmp_path / "one.sql").write_text(GOOD, encoding="utf-8")
    with pytest.raises(EngineError, match="cannot write"):
        _run(tmp_path / "one.sql", tmp_path / "no" / "report.json")
