"""ksqlDB's query-validation tests: what passes, and the known rest that does not.

``REWRITE=1`` writes the list of the expected failures anew.
"""

import io
import json
import os
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from streamsql.testing.outcomes import Status
from streamsql.testing.qtt.case import QttCase, read_cases, run_case
from streamsql.testing.runner import run_tests
from tests.conformance import query_validation_tests
from tests.testing.corruption import corruptions

EXPECTED_FAILURES = Path(__file__).with_name("expected_failures.txt")

PASSING_WITH_OUTPUTS = 1350
"""A floor under the number of passing cases that have outputs."""

PASSING_REJECTIONS = 320
"""A floor under the number of passing cases that must be rejected."""


@pytest.fixture(scope="module")
def cases() -> list[QttCase]:
    paths = sorted(query_validation_tests().glob("*.json"))
    return [case for path in paths for case in read_cases(path)]


def _id(file: str, name: str) -> str:
    return f"{file}: {name}"


@pytest.mark.slow
def test_passes_and_failures_are_the_expected_ones(cases: list[QttCase], tmp_path: Path) -> None:
    report, out = tmp_path / "report.json", io.StringIO()
    status = run_tests([query_validation_tests()], report, out)
    outcomes = json.loads(report.read_text(encoding="utf-8"))
    failed = {
        _id(one["file"], one["name"]): one["reason"]
        for one in outcomes["cases"]
        if one["status"] == "failed"
    }
    if os.environ.get("REWRITE"):
        EXPECTED_FAILURES.write_text(_list(failed), encoding="utf-8")
    expected = _expected_failures()
    unexpected = {name: reason for name, reason in failed.items() if name not in expected}
    assert not unexpected, f"failed, but should pass: {json.dumps(unexpected, indent=1)}"
    passed = sorted(expected - failed.keys())
    assert not passed, f"passed, or is gone, but is listed as a failure: {passed}"
    assert status == (1 if failed else 0)

    rejections = {_id(case.file, case.name) for case in cases if "expectedException" in case.test}
    good = {_id(o["file"], o["name"]) for o in outcomes["cases"] if o["status"] == "passed"}
    assert len(good - rejections) >= PASSING_WITH_OUTPUTS
    assert len(good & rejections) >= PASSING_REJECTIONS
    counts = (outcomes["passed"], outcomes["failed"], outcomes["skipped"])
    assert sum(counts) == len(outcomes["cases"]) == len(cases)
    assert out.getvalue().splitlines()[-1] == "{} passed, {} failed, {} skipped".format(*counts)


def _expected_failures() -> set[str]:
    lines = EXPECTED_FAILURES.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("# ")}


def _list(failed: Mapping[str, str]) -> str:
    """Return the text of the list: by missing feature, the most missed first, then the others."""
    causes: dict[str, list[str]] = {}
    others: list[str] = []
    for name, reason in sorted(failed.items()):
        if reason.startswith("unsupported: "):
            causes.setdefault(reason, []).append(name)
        else:
            others += ["", f"# {reason}", name]
    lines = [
        "# Query-validation tests that fail, and why; test_qtt.py compares this list, and with",
        "# REWRITE=1 writes it. Those of suppress.json fail on purpose: what they expect loses the",
        "# final results of windows, which ours does not.",
    ]
    for cause, names in sorted(causes.items(), key=lambda one: (-len(one[1]), one[0])):
        lines += ["", f"# {cause}", *names]
    return "\n".join([*lines, *others]) + "\n"


@pytest.fixture(scope="module")
def passing(cases: list[QttCase]) -> list[QttCase]:
    """The cases with outputs that run and pass, by the list of those that do not."""
    failures = _expected_failures()
    return [
        case
        for case in cases
        if case.test.get("outputs")
        and case.test.get("enabled", True)
        and "expectedException" not in case.test
        and _id(case.file, case.name) not in failures
    ]


def _corrupted_fail(case: QttCase, rng: random.Random, most: int) -> None:
    every = list(corruptions(case.test, rng))
    for what, test in rng.sample(every, min(most, len(every))):
        outcome = run_case(QttCase(case.file, case.name, test))
        where = f"{_id(case.file, case.name)}: {what}"
        assert outcome.status is Status.FAILED, f"{where} was not noticed"
        assert not outcome.reason.startswith("internal"), f"{where}: {outcome.reason}"


def test_some_corrupted_expectations_fail(passing: list[QttCase], seed: int) -> None:
    rng = random.Random(seed)
    for case in rng.sample(passing, 40):
        _corrupted_fail(case, rng, 3)


@pytest.mark.slow
def test_corrupted_expectations_fail(passing: list[QttCase], seed: int) -> None:
    rng = random.Random(seed)
    for case in passing:
        _corrupted_fail(case, rng, 2)


@pytest.mark.slow
def test_state_in_the_broker_gives_the_same(passing: list[QttCase]) -> None:
    for case in passing:
        outcome = run_case(case, keeps_state=True)
        assert outcome.status is Status.PASSED, f"{_id(case.file, case.name)}: {outcome.reason}"
