"""A script is accepted, and answered, the same whichever way it is run."""

import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from streamsql.runtime.processors.running_aggregate import RunningAggregateProcessor
from streamsql.runtime.processors.session_aggregate import SessionAggregateProcessor
from streamsql.runtime.processors.stream_stream_join import StreamStreamJoinProcessor
from streamsql.runtime.processors.stream_table_join import StreamTableJoinProcessor
from streamsql.runtime.processors.table import TableSourceProcessor
from streamsql.runtime.processors.window_aggregate import WindowAggregateProcessor
from tests.doors.drawn_scripts import Promise, Relation, Script, draw_script
from tests.doors.three_doors import Answer, Record, Run, file, library, text


@pytest.mark.parametrize("calm", [True, False], ids=["calm", "at-once"])
@pytest.mark.parametrize("rounds", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_drawn_scripts(
    seeds: Callable[[int], Iterator[int]], tmp_path: Path, rounds: int, calm: bool
) -> None:
    for seed in seeds(rounds):
        check(draw_script(seed), tmp_path / str(seed), calm=calm)


@pytest.mark.parametrize("calm", [True, False], ids=["calm", "at-once"])
@pytest.mark.parametrize("rounds", [8, pytest.param(60, marks=pytest.mark.slow)])
def test_queries_that_fail_lose_and_double_nothing(
    seeds: Callable[[int], Iterator[int]], rounds: int, calm: bool
) -> None:
    for seed in seeds(rounds):
        script = draw_script(seed)
        run = Run(script.statements, script.inserts, calm)
        expected = file(run)
        with pytest.MonkeyPatch.context() as patched:
            fail_once(patched, random.Random(seed).randint(1, 30))
            answer = file(run, keeps_state=seed % 2 == 0, bugs=1)
        assert answer.refused == expected.refused
        if answer.refused is None:
            compare(script, answer, expected, calm=calm, about=f"a query failed in\n{script}")


def fail_once(patched: pytest.MonkeyPatch, call: int) -> None:
    """Let one of the calls of stateful processors fail."""
    calls = itertools.count(1)

    def patch(kind: type, method: str) -> None:
        process = getattr(kind, method)

        def failing(*arguments: object) -> None:
            if next(calls) == call:
                raise ZeroDivisionError("once")
            process(*arguments)

        patched.setattr(kind, method, failing)

    for kind in (
        RunningAggregateProcessor,
        SessionAggregateProcessor,
        StreamTableJoinProcessor,
        TableSourceProcessor,
        WindowAggregateProcessor,
    ):
        patch(kind, "process")
    patch(StreamStreamJoinProcessor, "left")


def check(script: Script, directory: Path, *, calm: bool) -> None:
    """Run a script through the three doors, and compare."""
    run = Run(script.statements, script.inserts, calm)
    expected = library(run)
    others = {
        "-e": text(run, directory),
        "run": file(run),
        "run on a broker that keeps state": file(run, keeps_state=True),
    }
    for door, answer in others.items():
        about = f"library and {door} differ over\n{script}"
        if expected.refused is None or answer.refused is None:
            assert answer.refused == expected.refused, about
            compare(script, answer, expected, calm=calm, about=about)


def compare(script: Script, answer: Answer, expected: Answer, *, calm: bool, about: str) -> None:
    """Compare what is promised of each relation."""
    for relation in script.relations:
        promise = relation.promise(calm=calm)
        seen = promised_part(relation, promise, answer)
        assert seen == promised_part(relation, promise, expected), f"{relation.name}: {about}"


def promised_part(relation: Relation, promise: Promise, answer: Answer) -> Any:
    """Return what of a relation must be the same."""
    records = answer.topics[relation.topic]
    match promise:
        case Promise.NOTHING:
            return None
        case Promise.CONTENT if relation.is_table:
            last = {key: value for key, value, _ in records}
            return {key: value for key, value in last.items() if value is not None}
        case Promise.CONTENT:
            return sorted(records, key=repr)
        case Promise.ORDER | Promise.SINGLE:
            return _by_key(records)


def _by_key(records: Sequence[Record]) -> dict[bytes | None, list[Any]]:
    found: dict[bytes | None, list[Any]] = defaultdict(list)
    for key, value, timestamp_ms in records:
        found[key].append((value, timestamp_ms))
    return found
