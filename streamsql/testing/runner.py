"""``streamsql test``: the test files of some paths, run one case after the other."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from streamsql.errors import EngineError
from streamsql.testing.outcomes import Outcome, Status
from streamsql.testing.qtt.case import read_cases, run_case
from streamsql.testing.sqltest import read_tests, run_test

_SUFFIXES = (".json", ".sql")


def run_tests(
    paths: Sequence[Path], report: Path | None, out: TextIO, *, only: str | None = None
) -> int:
    """Run all tests of the paths; print each, and last how many passed, failed and were skipped.

    Args:
        paths: Files, or directories that are searched for ``.json`` and ``.sql``.
        report: Where to write every case with its outcome as JSON.
        only: Run only the cases with this in ``file: name``, in any case.

    Returns:
        0, or 1 when a case failed.

    Raises:
        EngineError: A path is not there or holds no tests, or the report cannot be written.
    """
    outcomes = []
    for outcome in outcomes_of(paths, only):
        outcomes.append(outcome)
        _print(outcome, out)
    if report is not None:
        _write_report(outcomes, report)
    count = Counter(outcome.status for outcome in outcomes)
    print(", ".join(f"{count[status]} {status.value}" for status in Status), file=out)
    return 1 if count[Status.FAILED] else 0


def outcomes_of(paths: Sequence[Path], only: str | None = None) -> Iterator[Outcome]:
    """Run the cases of the paths and yield their outcomes; see :func:`run_tests`."""
    wanted = "" if only is None else only.lower()
    for file in _files(paths):
        if file.suffix == ".json":
            for case in read_cases(file):
                if wanted in f"{case.file}: {case.name}".lower():
                    yield run_case(case)
        else:
            for test in read_tests(file):
                if wanted in f"{test.file}: {test.name}".lower():
                    yield run_test(test)


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES and p.is_file())
            if not found:
                raise EngineError(f'directory "{path}" holds no .json or .sql files')
            files += found
        elif path.suffix in _SUFFIXES:
            files.append(path)
        else:
            raise EngineError(f'"{path}" is neither a directory nor a .json or .sql file')
    return files


def _print(outcome: Outcome, out: TextIO) -> None:
    match outcome.status:
        case Status.PASSED:
            print(f"passed  {outcome.id}", file=out)
        case Status.SKIPPED:
            print(f"skipped {outcome.id}: {outcome.reason}", file=out)
        case Status.FAILED:
            print(f"FAILED  {outcome.id}: {outcome.reason}", file=out)
            for what, node in (("expected", outcome.expected), ("actual", outcome.actual)):
                if node is not None:
                    print(f"        {what}: {_text(node)}", file=out)


def _text(node: Any) -> str:
    if isinstance(node, str):
        return node.replace("\n", "\n        ")
    return json.dumps(node, ensure_ascii=False, default=str)


def _write_report(outcomes: Sequence[Outcome], report: Path) -> None:
    count = Counter(outcome.status for outcome in outcomes)
    content = {
        **{status.value: count[status] for status in Status},
        "cases": [{**asdict(outcome), "status": outcome.status.value} for outcome in outcomes],
    }
    try:
        text = json.dumps(content, ensure_ascii=False, indent=1, default=str)
        report.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise EngineError(f'cannot write "{report}": {error}') from error
