"""The query-validation tests: JSON files of statements, input records and what must come of them.

A case passes only when everything it says was compared; what this runner does not know how to
compare makes it fail.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamsql.errors import EngineError, StatementError, StreamSQLError, UnsupportedError
from streamsql.testing.driver import TestDriver
from streamsql.testing.json_numbers import plain, read_json
from streamsql.testing.outcomes import Mismatch, Outcome, Status
from streamsql.testing.qtt.compare import compare_records, unknown_members
from streamsql.testing.qtt.functions import qtt_functions
from streamsql.testing.qtt.post_conditions import check_post
from streamsql.testing.qtt.records import read_record, write_record
from streamsql.testing.qtt.schemas import register_declared, register_topic

_REMARKS = frozenset({
    "comment", "comments", "description", "issues", "note", "tracked by",
})  # fmt: skip
_MEMBERS = frozenset({
    "name", "statements", "inputs", "outputs", "post", "expectedException", "format", "topics",
    "properties", "config", "versions", "enabled",
})  # fmt: skip
_CHOICES_OF_KSQLDB = frozenset({
    "ksql.new.query.planner.enabled",
    "ksql.streams.__emit.interval.ms.kstreams.windowed.aggregation__",
    "ksql.streams.topology.optimization",
})  # fmt: skip
"""Properties that choose between two ways to the same results: here there is one way each."""


@dataclass(frozen=True, slots=True)
class QttCase:
    """One case: a test in one format.

    Attributes:
        file: Name of the file, without directory.
        test: The test's members, with ``{FORMAT}`` and ``{CONFIG}`` replaced.
    """

    file: str
    name: str
    test: Mapping[str, Any]


def read_cases(path: Path) -> list[QttCase]:
    """Return the cases of a file.

    Raises:
        EngineError: It cannot be read, or is not a file of query-validation tests.
    """
    try:
        content = read_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f'cannot read "{path}": {error}') from error
    tests = content.get("tests") if isinstance(content, dict) else None
    if not isinstance(tests, list) or not all("statements" in test for test in tests):
        raise EngineError(f'"{path}" is not a file of query-validation tests')
    return [case for test in tests for case in _expand(path.name, test)]


def _expand(file: str, test: Mapping[str, Any]) -> Iterator[QttCase]:
    config = (test.get("config") or [""])[0]
    for chosen in test.get("format") or [""]:
        name = f"{test['name']} - {chosen}" if chosen else test["name"]
        one = {member: node for member, node in test.items() if member not in {"format", "config"}}
        yield QttCase(file, name, _replaced(one, {"{FORMAT}": chosen, "{CONFIG}": config}))


def _replaced(node: Any, texts: Mapping[str, str]) -> Any:
    match node:
        case str():
            for old, new in texts.items():
                node = node.replace(old, new)
            return node
        case dict():
            return {_replaced(k, texts): _replaced(v, texts) for k, v in node.items()}
        case list():
            return [_replaced(item, texts) for item in node]
        case _:
            return node


def run_case(case: QttCase, *, keeps_state: bool = False) -> Outcome:
    """Run a case and say what became of it; nothing it does raises."""
    skipped = _skipped(case.test)
    if skipped is not None:
        return Outcome(case.file, case.name, Status.SKIPPED, skipped)
    try:
        with _Quiet():
            _run(case, keeps_state=keeps_state)
    except Mismatch as error:
        return _failed(case, error.reason, error.expected, error.actual)
    except UnsupportedError as error:
        return _failed(case, f"unsupported: {error.message}")
    except StatementError as error:
        return _failed(case, f"rejected: {error.message}", actual=error.render())
    except StreamSQLError as error:
        return _failed(case, f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - an internal error is the outcome of its case
        return _failed(case, f"internal error: {type(error).__name__}: {error}")
    return Outcome(case.file, case.name, Status.PASSED)


def _failed(case: QttCase, reason: str, expected: Any = None, actual: Any = None) -> Outcome:
    line = " ".join(reason.split())
    return Outcome(case.file, case.name, Status.FAILED, line, plain(expected), plain(actual))


def _skipped(test: Mapping[str, Any]) -> str | None:
    if test.get("enabled") is False:
        return "not enabled"
    if "max" in test.get("versions", {}):
        return f"for versions up to {test['versions']['max']}"
    return None


def _run(case: QttCase, *, keeps_state: bool) -> None:
    test = case.test
    unknown = sorted(test.keys() - _MEMBERS - _REMARKS)
    if unknown:
        raise Mismatch(f'this runner does not know member "{unknown[0]}" of a test')
    settings = {
        name: str(value)
        for name, value in test.get("properties", {}).items()
        if name not in _CHOICES_OF_KSQLDB
    }
    try:
        driver = TestDriver(settings, functions=qtt_functions(), keeps_state=keeps_state)
    except EngineError as error:
        raise Mismatch(f"unsupported: {error}") from error
    with driver:
        topics = test.get("topics", ())
        register_declared(test["statements"], {topic["name"] for topic in topics}, driver.registry)
        for topic in topics:
            if "partitions" in topic:
                driver.create_topic(topic["name"], topic["partitions"])
            register_topic(topic, driver.registry)
        if "expectedException" in test:
            _expect_rejection(test, driver)
        else:
            _expect_outputs(test, driver)


def _expect_rejection(test: Mapping[str, Any], driver: TestDriver) -> None:
    """Carry out the statements, one of which must be rejected as wrong."""
    message = test["expectedException"].get("message")
    try:
        driver.execute("\n".join(test["statements"]))
    except UnsupportedError:
        raise
    except StatementError:
        return
    raise Mismatch("was accepted", {"rejected": plain(message)}, "accepted")


def _expect_outputs(test: Mapping[str, Any], driver: TestDriver) -> None:
    """Carry out the statements, pipe the inputs in, and compare what comes out."""
    before = set(driver.topics())
    driver.execute("\n".join(test["statements"]))
    for node in test.get("inputs", ()):
        sources = driver.sources_of(node["topic"])
        if not sources:
            raise Mismatch(f'no source reads topic "{node["topic"]}" of an input')
        driver.pipe(node["topic"], write_record(node, sources[0], driver.registry))
    _check_outputs(test.get("outputs", ()), driver)
    check_post(test.get("post", {}), driver, before)


def _check_outputs(nodes: Sequence[Mapping[str, Any]], driver: TestDriver) -> None:
    unknown = unknown_members(nodes)
    if unknown:
        raise Mismatch(f'this runner does not know member "{unknown[0]}" of an output')
    outputs: dict[str, list[Mapping[str, Any]]] = {topic: [] for topic in driver.result_topics()}
    for node in nodes:
        outputs.setdefault(node["topic"], []).append(node)
    for topic, expected in outputs.items():
        sources = driver.sources_of(topic)
        if not sources:
            raise Mismatch(f'no statement made topic "{topic}" of an output')
        messages, source = driver.read(topic), sources[-1]
        actual = [read_record(message, source, driver.registry) for message in messages]
        compare_records(topic, expected, actual, source)


class _Quiet:
    """Keeps what the engine logs to itself: records that fail are part of many tests."""

    def __enter__(self) -> None:
        logging.disable(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        logging.disable(logging.NOTSET)
