"""However a case is run, its outcome is the same: crashes, partitions, workers, stores, caches."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from streamsql.runtime.failpoints import STEPS, react
from tests.queries.scripts import Case, Mode, Run, cases, run

CASES = list(cases())
SPREAD = [case for case in CASES if not case.single]
COMMIT_STEPS = [step for step in STEPS if step != "restore-written"]


class Crash(Exception):
    """The process is gone."""


class CrashAt:
    """Raises at the n-th arrival at a step, once."""

    def __init__(self, step: str, count: int) -> None:
        self.step = step
        self.left = count

    def __call__(self, step: str) -> None:
        if step == self.step:
            self.left -= 1
            if self.left == 0:
                raise Crash(step)


@pytest.fixture(autouse=True)
def _no_reaction() -> Iterator[None]:
    yield
    react(None)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("keeps_state", [False, True], ids=["changelogs", "broker-state"])
def test_crash_at_every_commit_point(case: Case, keeps_state: bool) -> None:
    mode = Mode(keeps_state=keeps_state)
    expected = run(case, mode).final()
    for step in COMMIT_STEPS:
        first, second = CrashAt(step, 1), CrashAt(step, 2)
        assert _crashed(case, mode, [first]) == expected, step
        assert first.left == 0, f"nothing crashed at {step}"
        assert _crashed(case, mode, [second]) == expected, f"the second {step}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rocksdb(case: Case, tmp_path: Path) -> None:
    expected = run(case, Mode()).final()
    assert run(case, Mode(directory=tmp_path)).final() == expected


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_crash_on_rocksdb(case: Case, tmp_path: Path) -> None:
    expected = run(case, Mode()).final()
    for step in COMMIT_STEPS:
        mode = Mode(directory=tmp_path / step)
        crashes = [CrashAt(step, 1), CrashAt(step, 2)]
        assert _crashed(case, mode, crashes) == expected, step


@pytest.mark.parametrize("case", SPREAD, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.slow
def test_three_partitions_and_two_workers(case: Case, seed: int) -> None:
    expected = run(case, Mode()).final()
    spread = case.on_partitions(3)
    mode = Mode(workers=2, seed=seed)
    assert run(spread, mode).final() == expected
    assert run(spread, replace(mode, keeps_state=True)).final() == expected
    for step in COMMIT_STEPS:
        assert _crashed(spread, mode, [CrashAt(step, 2)]) == expected, step


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cache(case: Case) -> None:
    """With the record cache on, tables end in the same rows."""
    expected = run(case, Mode()).tables()
    assert run(case, Mode(cache_bytes=1_000_000)).tables() == expected
    crashed = _crash_run(case, Mode(cache_bytes=1_000_000), [CrashAt("caches-flushed", 2)])
    assert crashed.outcome().tables() == expected


def _crashed(case: Case, mode: Mode, crashes: list[CrashAt]) -> dict[str, object]:
    return _crash_run(case, mode, crashes).outcome().final()


def _crash_run(case: Case, mode: Mode, crashes: list[CrashAt]) -> Run:
    """Run the case; at each crash all its workers die and start again."""
    running = Run(case, mode)
    for crash in crashes:
        react(crash)
        try:
            running.start()
            running.finish()
        except Crash:
            running.kill()
            continue
        break  # the case has fewer commits than that
    react(None)
    running.start()
    running.finish()
    return running
